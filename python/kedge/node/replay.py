"""Replaying a recorded tape through a node: every trade of the tape becomes a fill, and every fill is settled."""

from __future__ import annotations

import time
from pathlib import Path

from kedge.lab import FillsWriter, LiveView, Replay, Tape
from kedge.node.demo import Outcome, Summary
from kedge.node.devnet import Devnet
from kedge.node.node import Node, NodeOptions
from kedge.node.session import Session

REPLAY_OPTIONS = NodeOptions(chunk_transactions=4_000, chunk_ms=None, anchor_chunks=4, anchor_seconds=10.0)
SETTLE_TIMEOUT = 3_600.0


class TapeRun:
    """A replay in a data directory; `stop` ends it in order from any thread."""

    def __init__(self, folder: Path, tape: Tape, fills: Path, view: LiveView) -> None:
        self.folder, self.tape, self.fills, self.view = folder, tape, fills, view
        self.session: Session | None = None
        self._begin = time.monotonic()

    def stop(self) -> None:
        """End at the next burst."""
        if self.session is not None:
            self.session.stop()

    def run(self, command: str) -> Outcome:
        """Deposit, replay, prove, anchor, report; ReplayError if a fill differs from the tape."""
        devnet = Devnet(self.folder)
        try:
            with FillsWriter(self.fills, self.tape.markets) as writer:
                source = Replay(self.tape, on_fill=writer.write)
                node = Node(self.folder, devnet.chain, devnet.operator, devnet.place, REPLAY_OPTIONS)
                try:
                    return self._run(devnet, node, source, command)
                finally:
                    node.close()
        finally:
            devnet.close()

    def _run(self, devnet: Devnet, node: Node, source: Replay, command: str) -> Outcome:
        with Session(node, source, self.view, f"Kedge replay of {self.tape.path.name}") as session:
            self.session = session
            session.phase = "deploying and depositing on L1"
            devnet.fund(source.deposits)
            session.open()
            session.run()
            session.settle(SETTLE_TIMEOUT)
            if session.is_stopped:
                return Outcome({}, None, False)
            summary = self._summary(session, source)
            page, _ = session.report(summary, self.folder, command)
            return Outcome(summary, page, True)

    def _summary(self, session: Session, source: Replay) -> Summary:
        recorder, wall = session.recorder, time.monotonic() - self._begin
        transactions = sum(chunk.transactions for chunk in recorder.chunks)
        prices, sizes = source.rounded
        return {
            "trades on the tape": self.tape.count,
            "fills, equal in count, order, price and size": source.fills,
            "prices and sizes rounded": f"{prices} and {sizes}",
            "liquidations": source.liquidations,
            "transactions settled": transactions,
            "chunks proved off-chain": len(recorder.chunks),
            "batches anchored": len(recorder.batches),
            "transactions settled per second": transactions / wall,
            "wall time (s)": wall,
        }
