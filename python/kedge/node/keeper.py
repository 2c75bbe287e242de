"""Keeps the exchange's clock, window and margins going while the node runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from kedge.node.node import Node
from kedge.units.errors import Broken, Fault, Rejected

_log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.1


class Keeper:
    """Submits what is due: at the node's own pace while there is work that is not anchored, else at each heartbeat.

    An idle exchange has no risk to follow, and every upkeep costs a proof. Once all work is anchored there is one more
    update, which releases the margin; `freshen` brings the clock up to date before somebody's work, so that nobody
    trades on an old one.
    """

    def __init__(self, node: Node, has_work: Callable[[], bool], heartbeat: float) -> None:
        """`heartbeat` in seconds."""
        self._node, self._has_work, self._heartbeat = node, has_work, heartbeat
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._had_work = False
        self._thread = threading.Thread(target=self._loop, name="kedge-keeper", daemon=True)
        self.failure: Broken | None = None
        self.trouble = ""

    def start(self) -> None:
        """Begin, with an update at once: a clock that is set comes before every other transaction."""
        self.freshen()
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_stale(self) -> bool:
        """Whether the clock is older than the node's pace allows while there is work."""
        return self._age() >= self._node.options.upkeep_ms / 1000

    def freshen(self) -> None:
        """Submit what is due now, whatever the pace."""
        with self._lock:
            work = self._node.due()
            for transaction, receipt in zip(work, self._node.submit(work) if work else [], strict=True):
                if not receipt.accepted:
                    _log.warning("%s was refused: %d %s", transaction.step, receipt.code, receipt.name)

    def _age(self) -> float:
        return time.time() - self._node.upkeep.clock / 1000

    def _loop(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                if self.is_stale:
                    has_work = self._has_work()
                    if has_work or self._had_work or self._age() >= self._heartbeat:
                        self.freshen()
                        self._had_work = has_work
                self.trouble = ""
            except (Fault, Rejected) as busy:  # the disk or the sequencer's queue is full
                if self.trouble != str(busy):
                    _log.warning("%s", busy)
                self.trouble = str(busy)
            except Exception as error:
                self.failure = error if isinstance(error, Broken) else Broken(f"upkeep failed ({error!r}): restart")
                _log.critical("upkeep stopped: %s", self.failure, exc_info=None if error is self.failure else error)
                return
