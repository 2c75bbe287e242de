"""`kedge --help` answers at once: no command loads what only its work needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "scipy", "asyncio", "requests", "uvicorn", "starlette", "eth_abi", "msgspec", "matplotlib")
ROOMS = ("rules", "sequencer", "proving", "settlement", "node", "api", "lab", "show", "risk", "_native")
ASK = "import sys, kedge.cli.commands; print(*sorted(sys.modules))"


def test_the_commands_load_none_of_what_they_run() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)  # noqa: S603
    unwanted = {*HEAVY, *(f"kedge.{room}" for room in ROOMS)}
    assert unwanted & set(done.stdout.split()) == set(), "import it inside the command"
