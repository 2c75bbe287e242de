"""Replaying a recorded tape through a node: every trade of the tape becomes a fill, and every fill is settled."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from kedge.lab.replay import Replay
from kedge.lab.report import Clock, gas_per_settlement
from kedge.lab.run import DevnetRun, Summary
from kedge.lab.session import Session
from kedge.lab.tape_time import TapeTime
from kedge.node import Devnet, L1Terms, Node, NodeOptions
from kedge.show import LiveView

SETTLE_SECONDS = 3_600.0
OPTIONS = NodeOptions(chunk_transactions=4_000, chunk_ms=None, anchor_chunks=1, anchor_most=1)


class TapeRun(DevnetRun):
    """A tape replayed as fast as it goes, on the tape's own clock; ReplayError if a fill differs from the tape."""

    clock: Clock = "tape"
    settle_seconds = SETTLE_SECONDS

    def __init__(self, folder: Path, replay: Replay, view: LiveView) -> None:
        self.tape, self.replay, self.time = replay.tape, replay, TapeTime(replay)
        self.title = f"Kedge replay of {self.tape.path.name}"
        self.options = replace(OPTIONS, upkeep_ms=replay.clock_ms, clock=self.time)
        self.terms = L1Terms(genesis_clock=self.tape.first)
        super().__init__(folder, replay, view)

    def feed(self, session: Session) -> None:
        def close_chunk() -> None:
            if self.time.is_chunk_over:
                self.time.closed(session.node.sequencer.seal())

        session.run(between=close_chunk)

    def prepare(self, node: Node) -> None:
        node.hooks.committed.append(self.time.committed)

    def conclude(self, devnet: Devnet, session: Session) -> Summary:
        recorder, wall = session.recorder, time.monotonic() - self.begin
        transactions = sum(chunk.transactions for chunk in recorder.chunks)
        prices, sizes = self.replay.rounded
        mean, longest = self.time.mean / 1000, self.time.longest / 1000
        return {
            "trades on the tape": self.tape.count,
            "fills, equal in count, order, price and size": self.replay.fills,
            "prices and sizes rounded": f"{prices:,} and {sizes:,}",
            "leveraged accounts": self.replay.leveraged_words,
            "liquidations": self.replay.liquidations_words,
            "time on the tape (s)": (self.tape.last - self.tape.first) / 1000,
            "settlement window claimed on the tape, mean and longest (s)": f"{mean:,.1f} and {longest:,.1f}",
            "funding ticks": self.replay.funding_ticks,
            "transactions settled": transactions,
            "chunks proved off-chain": len(recorder.chunks),
            "batches anchored": len(recorder.batches),
            "gas_per_settlement": gas_per_settlement(recorder.batches.values()),
            "transactions settled per second": transactions / wall,
            "wall time (s)": wall,
        }
