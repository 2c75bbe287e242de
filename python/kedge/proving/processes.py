"""Proofs in processes of their own: they yield to the sequencer, and what kills one costs a retry.

The child gets data, never code: paths of the program and of a witness, and where to put the proof. It says one line
per stage on its standard output, and ends when its standard input does, so that it never outlives its parent.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kedge.proving.system import CancelLike, Progress, ProofCancelled, Verifier
from kedge.sequencer import faults
from kedge.units.errors import Broken

_log = logging.getLogger(__name__)
_ATTEMPTS: Final = 3


def command_of(module: str, *arguments: str) -> list[str]:
    """The command line of a child that runs a module with this interpreter.

    -P: python -m would look for every module in the working directory first, and so run whatever file of a user is
    called like one of the library's, say a `http.py`.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


class ProcessCancel:
    """Kills the process of one proof."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self.is_cancelled = False

    def cancel(self) -> None:
        with self._lock:
            self.is_cancelled = True
            if self._child is not None:
                self._child.kill()

    def watch(self, child: subprocess.Popen[str]) -> None:
        """From now on `cancel` kills this child, at once if it came first."""
        with self._lock:
            self._child = child
            if self.is_cancelled:
                child.kill()


class ProcessProofs:
    """Makes each proof in a child process; checks proofs in this one, with `verifier`."""

    def __init__(self, program: bytes, verifier: Verifier, module: str = "kedge.proving.worker") -> None:
        """`module` is run with python -m in the child, see `kedge.proving.worker`."""
        self.digest = hashlib.sha256(program).digest()
        self._program = program
        self._verifier = verifier
        self._module = module

    def verify(self, proof: bytes) -> Mapping[str, Any]:
        return self._verifier.verify(proof)

    def make_cancel(self) -> CancelLike:
        return ProcessCancel()

    def prove(self, witness: bytes, progress: Progress, cancel: CancelLike) -> bytes:
        if not isinstance(cancel, ProcessCancel):
            raise TypeError("cancel with a token of make_cancel()")
        with faults("cannot prepare a proof"), tempfile.TemporaryDirectory(prefix="kedge-prove-") as folder:
            task = Path(folder)
            (task / "program").write_bytes(self._program)
            (task / "witness").write_bytes(witness)
            for attempt in range(1, _ATTEMPTS + 1):
                code = self._run(task, progress, cancel)
                if cancel.is_cancelled:
                    raise ProofCancelled
                if code == 0:
                    return (task / "proof").read_bytes()
                _log.error("a prover process ended with %d, attempt %d of %d", code, attempt, _ATTEMPTS)
        raise Broken(f"{_ATTEMPTS} prover processes ended without a proof of it")

    def _run(self, task: Path, progress: Progress, cancel: ProcessCancel) -> int:
        """One attempt: 0, or the signal that killed the child; `Broken` with the reason it gave."""
        command = command_of(self._module, str(task))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        ) as child:
            cancel.watch(child)
            for line in child.stdout or ():
                self._hear(line, progress)
        return child.returncode

    def _hear(self, line: str, progress: Progress) -> None:
        try:
            news = json.loads(line)
        except ValueError:
            return
        if "broken" in news:
            raise Broken(news["broken"])
        progress(news["stage"], news["part"])
