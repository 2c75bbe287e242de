"""The child process of one measurement: `python -m kedge.lab.bench.worker KIND`. See `kedge.lab.bench.apart`."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from kedge.lab.bench.apart import Told
from kedge.lab.bench.prover_run import ProverJob, run_prover
from kedge.lab.bench.river_run import RiverJob, run_river
from kedge.lab.bench.sequencer_run import SequencerJob, run_sequencer
from kedge.units.errors import Fault, KedgeError

INTERRUPTED = 130
KINDS: dict[str, tuple[type[msgspec.Struct], Callable[[Any, Told], msgspec.Struct]]] = {
    "prover": (ProverJob, run_prover),
    "river": (RiverJob, run_river),
    "sequencer": (SequencerJob, run_sequencer),
}


def main(kind: str) -> int:
    """Do one job; 0, or 1 after the reason was said."""
    shape, run = KINDS[kind]
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        return INTERRUPTED  # the parent was stopped before it could say what to do
    job = msgspec.json.decode(line, type=shape)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _print({"result": msgspec.to_builtins(run(job, lambda text, part: _print({"say": text, "part": part})))})
    except KedgeError as failure:
        _print({"fault" if isinstance(failure, Fault) else "broken": str(failure)})
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _print(line: dict[str, Any]) -> None:
    try:
        print(json.dumps(line), flush=True)
    except BrokenPipeError:  # the parent is gone, and with it whoever wanted to know
        os._exit(1)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
