"""The prover's child process with the fake proof system."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from kedge.proving import worker
from tests.unit.proving.fake_proofs import FakeProofs


class FaultyProofs(FakeProofs):
    """Made in a child: `die once` and `die always` kill it, `hang` keeps it busy; what follows is the witness."""

    def prove(self, witness: bytes, progress: Callable[[str, float], None], cancel: object) -> bytes:
        died = Path(sys.argv[1]) / "died"
        first = not died.exists()
        died.touch()
        if witness.startswith(b"die always") or (witness.startswith(b"die once") and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if witness.startswith(b"hang"):
            time.sleep(60)
        return super().prove(witness.removeprefix(b"die once"), progress, cancel)


if __name__ == "__main__":
    sys.exit(worker.main(Path(sys.argv[1]), FaultyProofs))
