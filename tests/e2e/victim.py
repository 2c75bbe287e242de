"""A node with the tests' fast settings, to be killed: victim.py FOLDER."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from kedge.api import Service
from kedge.node import Devnet
from tests.e2e.harness import FAST, QUICK_TERMS, STAKE, VOLATILE


def main(folder: Path) -> None:
    devnet = Devnet(folder, QUICK_TERMS)
    if devnet.deposits() == 0:
        devnet.fund([STAKE] * 4)
    with Service(folder, devnet, VOLATILE, FAST) as service:
        service.wait(threading.Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
