"""The demo: the exchange runs and settles, on one machine, from an empty directory to a report."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from kedge import _native
from kedge.lab import Flow, FlowPlan, LiveView, peak_memory
from kedge.node.devnet import Devnet
from kedge.node.node import Node, NodeOptions
from kedge.node.session import Session
from kedge.rules import program
from kedge.settlement import MockCollateral, Vault, reconstruct_from_chain, withdraw
from kedge.state import Tree
from kedge.units.errors import Broken

DEMO_OPTIONS = NodeOptions(chunk_transactions=400, chunk_ms=4_000, anchor_chunks=2, anchor_seconds=3.0, upkeep_ms=500)
SETTLE_TIMEOUT = 90.0

Summary = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the report lies, what it says, and whether the run went to its end."""

    summary: Summary
    page: Path | None
    complete: bool


class Demo:
    """A demo in a data directory; `stop` ends it in order from any thread."""

    def __init__(self, folder: Path, view: LiveView, seconds: float, seed: int | None = None) -> None:
        self.folder, self.view, self.seconds = folder, view, seconds
        self.flow = Flow(FlowPlan() if seed is None else FlowPlan(seed=seed))
        self.session: Session | None = None
        self._begin = time.monotonic()

    def stop(self) -> None:
        """End at the next burst."""
        if self.session is not None:
            self.session.stop()

    def run(self, command: str) -> Outcome:
        """Everything, in order; Fault or Broken if something fails."""
        devnet = Devnet(self.folder)
        try:
            node = Node(self.folder, devnet.chain, devnet.operator, devnet.place, DEMO_OPTIONS)
            try:
                return self._run(devnet, node, command)
            finally:
                node.close()
        finally:
            devnet.close()

    def _run(self, devnet: Devnet, node: Node, command: str) -> Outcome:
        with Session(node, self.flow, self.view, "Kedge demo") as session:
            self.session = session
            session.phase = "deploying and depositing on L1"
            users = devnet.fund(self.flow.deposits)
            session.open()
            session.run(self.seconds, lambda: self.flow.wants_anchoring)
            session.settle(SETTLE_TIMEOUT)
            if session.is_stopped:
                return Outcome({}, None, False)
            session.phase = "withdrawing on L1"
            paid = self._withdraw(devnet, node)
            session.phase = "rebuilding the state from L1 alone"
            rebuilt = self._rebuild(devnet, node)
            summary = self._summary(session, len(users), paid, rebuilt)
            page, _ = session.report(summary, self.folder, command)
            return Outcome(summary, page, True)

    def _withdraw(self, devnet: Devnet, node: Node) -> int:
        """Pay every withdrawal on L1 and compare the Vault's coins before and after; returns quote paid."""
        vault = Vault(devnet.chain, devnet.place.deployment.vault)
        token = MockCollateral(devnet.chain, devnet.place.deployment.token)
        before, total = token.balance_of(vault.address), 0
        with devnet.instantly():
            for number in range(1, node.journal.batch_count() + 1):
                batch = node.withdrawals(number)
                for item in batch:
                    withdraw(vault, devnet.operator, number, batch, item.index)
                    total += item.amount
        if before - token.balance_of(vault.address) != total:
            raise Broken("the Vault paid another amount than the withdrawals on L2")
        return total

    def _rebuild(self, devnet: Devnet, node: Node) -> int:
        """Rebuild the state from L1 and compare it with the node's; returns the number of records."""
        place = devnet.place.deployment
        state = reconstruct_from_chain(
            devnet.chain, place.settlement, program().data, Tree(), _native.poseidon2, first_block=place.block
        )
        last = node.sequencer.chunks()[-1]
        if state.root != last.new_root:
            raise Broken(f"L1 gives root {state.root.hex()}, the node has {last.new_root.hex()}")
        return len(state.records)

    def _summary(self, session: Session, users: int, paid: int, records: int) -> Summary:
        recorder = session.recorder
        proofs = [sum(c.seconds.values()) - c.seconds.get("queue", 0.0) for c in recorder.chunks]
        batches = list(recorder.batches.values())
        transactions = sum(chunk.transactions for chunk in recorder.chunks)
        gas = sum(row.gas for row in batches)
        rates = [sample.rate for sample in recorder.margins]
        return {
            "accounts with deposits from L1": users,
            "transactions settled": transactions,
            "orders": recorder.counts["orders"],
            "fills": recorder.counts["fills"],
            "liquidations": recorder.counts["liquidations"],
            "refused": recorder.counts["refused"],
            "chunks proved off-chain": len(recorder.chunks),
            "time_to_proof without queue, median (s)": statistics.median(proofs),
            "batches anchored": len(batches),
            "gas_per_settlement": gas // max(1, transactions),
            "longest settlement window (s)": max(sample.age for sample in recorder.windows),
            "margin rate, lowest and highest (%)": f"{min(rates) / 10_000:.2f} to {max(rates) / 10_000:.2f}",
            "withdrawn on L1 (coins)": paid / 1e6,
            "records rebuilt from L1 alone, root equal": records,
            "peak memory (MB)": peak_memory() / 1e6,
            "wall time (s)": time.monotonic() - self._begin,
        }
