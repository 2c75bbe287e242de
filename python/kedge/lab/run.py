"""One whole run on a development chain of its own: from an empty directory to a report."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from kedge.lab.report import Clock
from kedge.lab.session import Session
from kedge.lab.source import Source
from kedge.node import Devnet, L1Terms, Node, NodeOptions
from kedge.show import LiveView

Summary = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the report lies, what it says, and whether the run went to its end."""

    summary: Summary
    page: Path | None
    complete: bool


class DevnetRun(ABC):
    """A source driven through a node: deposits from L1, orders, proofs, anchors, report.

    `stop` ends it in order from any thread, whatever stage it is in; what was acknowledged stays durable.
    """

    title: str
    clock: Clock = "machine"
    options: NodeOptions
    settle_seconds: float
    terms: L1Terms | None = None

    def __init__(self, folder: Path, source: Source, view: LiveView) -> None:
        self.folder, self.source, self.view = folder, source, view
        self.begin = time.monotonic()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End at the next burst."""
        self._stopped.set()

    def run(self, command: str) -> Outcome:
        """Everything, in order; Fault or Broken if something fails."""
        devnet = Devnet(self.folder, self.terms)
        try:
            node = Node(self.folder, devnet.chain, devnet.operator, devnet.place, self.options)
            try:
                self.prepare(node)
                with Session(node, self.source, self.view, self.title, self._stopped) as session:
                    return self._run(devnet, session, command)
            finally:
                node.close()
        finally:
            devnet.close()

    def _run(self, devnet: Devnet, session: Session, command: str) -> Outcome:
        session.phase = "deploying and depositing on L1"
        devnet.fund(self.source.deposits, is_stopped=self._stopped.is_set)
        if not session.is_stopped:
            session.open()
            self.feed(session)
            session.settle(self.settle_seconds)
        if session.is_stopped:
            return Outcome({}, None, False)
        summary = self.conclude(devnet, session)
        page, _ = session.report(summary, self.folder, command, self.clock)
        return Outcome(summary, page, True)

    def prepare(self, node: Node) -> None:  # noqa: B027 - most runs have nothing to prepare
        """Before anything is submitted: what the run wants to hear of the node."""

    @abstractmethod
    def feed(self, session: Session) -> None:
        """Run the source to its end."""

    @abstractmethod
    def conclude(self, devnet: Devnet, session: Session) -> Summary:
        """What is left to do once everything is final, and the figures of the run."""
