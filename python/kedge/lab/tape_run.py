"""Replaying a recorded tape through a node: every trade of the tape becomes a fill, and every fill is settled."""

from __future__ import annotations

import time
from pathlib import Path

from kedge.lab.fills import FillsWriter
from kedge.lab.replay import Replay
from kedge.lab.run import DevnetRun, Summary
from kedge.lab.session import Session
from kedge.lab.tape import Tape
from kedge.node import Devnet, NodeOptions
from kedge.show import LiveView

SETTLE_SECONDS = 3_600.0


class TapeRun(DevnetRun):
    """A tape replayed as fast as it goes; ReplayError if a fill differs from the tape."""

    options = NodeOptions(chunk_transactions=4_000, chunk_ms=None, anchor_chunks=4, anchor_seconds=10.0)
    settle_seconds = SETTLE_SECONDS

    def __init__(self, folder: Path, tape: Tape, writer: FillsWriter, view: LiveView) -> None:
        self.tape, self.replay = tape, Replay(tape, on_fill=writer.write)
        self.title = f"Kedge replay of {tape.path.name}"
        super().__init__(folder, self.replay, view)

    def feed(self, session: Session) -> None:
        session.run()

    def conclude(self, devnet: Devnet, session: Session) -> Summary:
        recorder, wall = session.recorder, time.monotonic() - self.begin
        transactions = sum(chunk.transactions for chunk in recorder.chunks)
        prices, sizes = self.replay.rounded
        return {
            "trades on the tape": self.tape.count,
            "fills, equal in count, order, price and size": self.replay.fills,
            "prices and sizes rounded": f"{prices} and {sizes}",
            "liquidations": self.replay.liquidations,
            "transactions settled": transactions,
            "chunks proved off-chain": len(recorder.chunks),
            "batches anchored": len(recorder.batches),
            "transactions settled per second": transactions / wall,
            "wall time (s)": wall,
        }
