"""One run of a source against a node: deposits in, transactions paced, everything settled, a report at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kedge.lab.recorder import Recorder
from kedge.lab.report import Clock, RunInfo
from kedge.lab.report_page import write_report
from kedge.lab.source import Source
from kedge.machine import address_of
from kedge.node import Node
from kedge.rules import DEPOSITS, EXCHANGE, Queue, program
from kedge.sequencer import Receipt, Transaction
from kedge.show import LiveView, read_provenance
from kedge.units.errors import Broken, Fault

SAMPLE_SECONDS = 0.25
DEPOSIT_TIMEOUT = 60.0


class Session:
    """Drives a source. Single-threaded but for sampling; `stop` (any thread) ends it at the next burst."""

    def __init__(
        self, node: Node, source: Source, view: LiveView, title: str, stop: threading.Event | None = None
    ) -> None:
        self.node, self.source, self.view, self.title = node, source, view, title
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.recorder = Recorder(node, source.markets)
        self.phase = "starting"
        self._stop = stop or threading.Event()
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="kedge-sampler", daemon=True)

    def stop(self) -> None:
        """End at the next burst; what was acknowledged stays durable."""
        self._stop.set()

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def __enter__(self) -> Session:
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            try:
                self.recorder.sample()
                self.view.update(self.recorder.snapshot(self.phase, self.source.progress))
            except (Fault, Broken):
                return

    def open(self) -> None:
        """Start the clock, open the markets that are not open yet, wait for the deposits of all accounts."""
        self._submit(self.node.due())
        known = set(self.node.upkeep.markets)
        self._submit([Transaction(*m.opening()) for m in self.source.markets if m.index not in known])
        wanted, end = len(self.source.deposits), time.monotonic() + DEPOSIT_TIMEOUT
        self.phase = "waiting for deposits from L1"
        while not self.is_stopped and self.node.get(address_of(Queue, EXCHANGE, DEPOSITS))[0] < wanted:
            self.node.check()
            if time.monotonic() > end:
                raise Fault(f"the deposits did not arrive from L1 within {DEPOSIT_TIMEOUT:.0f} s; is the chain alive?")
            self._stop.wait(0.05)

    def run(
        self,
        seconds: float | None = None,
        anchors: Callable[[], bool] = lambda: True,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Feed the source to the end, spread over `seconds` (None: as fast as it goes); `anchors` pauses anchoring.

        `between` is called after every burst.
        """
        begin = time.monotonic()
        while not self.is_stopped:
            self.node.check()
            burst = [Transaction(*item) for item in self.source.next()]
            if not burst:
                break
            self.phase = self.source.phase
            self.recorder.pause(anchors())
            self._submit([*self.node.due(), *burst])
            between()
            if seconds is not None:
                ahead = self.source.progress * seconds - (time.monotonic() - begin)
                self._stop.wait(max(0.0, ahead))
        self.recorder.pause(True)

    def _submit(self, work: Sequence[Transaction]) -> list[Receipt]:
        if not work:
            return []
        receipts = self.node.submit(work)
        self.recorder.learn(work, receipts)
        sent = [(transaction.step, list(transaction.args)) for transaction in work]
        self.source.feedback(sent, [(r.code, r.events, 0) for r in receipts])
        return receipts

    def settle(self, timeout: float, final: bool = True) -> None:
        """Seal what is open, then wait until everything is proven, anchored and (if asked) final on L1."""
        self.phase = "settling"
        self.node.sequencer.seal()
        end = time.monotonic() + timeout
        while not self.is_stopped and not self._is_settled(final):
            self.node.check()
            if time.monotonic() > end:
                trouble = self.node.anchoring.trouble or "L1 makes no progress"
                raise Fault(f"not everything is settled after {timeout:.0f} s: {trouble}")
            self._stop.wait(0.1)

    def _is_settled(self, final: bool) -> bool:
        if self.node.prover.pending or not self.node.anchoring.is_anchored:
            return False
        return self.node.anchoring.is_settled if final else True

    def report(
        self, summary: dict[str, str | int | float], folder: Path, command: str, clock: Clock
    ) -> tuple[Path, Path]:
        """Write report.html and report.json; returns their paths. `clock` is whose time the exchange kept."""
        facts, recorder = read_provenance(program().digest.hex()), self.recorder
        run = RunInfo(
            title=self.title,
            started=self.started,
            commit=facts.commit,
            machine=facts.machine,
            program=facts.program,
            command=command,
            clock=clock,
        )
        return write_report(recorder.collect(run, summary), folder)
