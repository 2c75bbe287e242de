"""The child process that makes one proof: `python -m kedge.proving.worker TASK`.

TASK is a folder with the files `program` and `witness`; the proof goes to `proof` there. See `kedge.proving.processes`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from kedge.proving.system import NativeProofs, ProofSystem
from kedge.units.errors import Broken

_NICENESS = 5
"""The sequencer's latency matters more than a proof's."""


def main(task: Path, make: Callable[[bytes], ProofSystem] = NativeProofs) -> int:
    """Make the proof with the system that `make` gives for the program; 0, or 1 after the reason was said."""
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        system = make((task / "program").read_bytes())
        proof = system.prove((task / "witness").read_bytes(), _say, system.make_cancel())
    except (Broken, ValueError) as error:
        print(json.dumps({"broken": str(error)}), flush=True)
        return 1
    (task / "proof").write_bytes(proof)
    return 0


def _say(stage: str, part: float) -> None:
    try:
        print(json.dumps({"stage": stage, "part": part}), flush=True)
    except BrokenPipeError:  # the parent is gone, and with it whoever wanted the proof
        os._exit(1)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
