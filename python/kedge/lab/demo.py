"""The demo: the exchange runs and settles, on one machine, from an empty directory to a report."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from kedge import _native
from kedge.lab.flow import Flow, FlowPlan
from kedge.lab.report import gas_per_settlement
from kedge.lab.run import DevnetRun, Summary
from kedge.lab.session import Session
from kedge.node import Devnet, Node, NodeOptions
from kedge.rules import program
from kedge.settlement import MockCollateral, Vault, reconstruct_from_chain, withdraw
from kedge.show import LiveView, peak_memory
from kedge.state import Tree
from kedge.units.errors import Broken

SETTLE_SECONDS = 90.0


class Demo(DevnetRun):
    """The shipped order flow, spread over `seconds`, with a pause of anchoring; then withdrawals and a rebuild."""

    title = "Kedge demo"
    options = NodeOptions(chunk_transactions=400, chunk_ms=2_500, anchor_chunks=2, anchor_seconds=2.0, upkeep_ms=500)
    settle_seconds = SETTLE_SECONDS

    def __init__(self, folder: Path, view: LiveView, seconds: float, plan: FlowPlan | None = None) -> None:
        self.flow, self.seconds = Flow(plan), seconds
        super().__init__(folder, self.flow, view)

    def feed(self, session: Session) -> None:
        session.run(self.seconds, lambda: self.flow.wants_anchoring)

    def conclude(self, devnet: Devnet, session: Session) -> Summary:
        session.phase = "withdrawing on L1"
        paid = self._withdraw(devnet, session.node)
        session.phase = "rebuilding the state from L1 alone"
        return self._summary(session, paid, self._rebuild(devnet, session.node))

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

    def _summary(self, session: Session, paid: int, records: int) -> Summary:
        recorder = session.recorder
        proofs = [sum(c.seconds.values()) - c.seconds.get("queue", 0.0) for c in recorder.chunks]
        batches = list(recorder.batches.values())
        transactions = sum(chunk.transactions for chunk in recorder.chunks)
        rates = [sample.rate for sample in recorder.margins]
        return {
            "accounts with deposits from L1": len(self.flow.deposits),
            "transactions settled": transactions,
            "orders": recorder.counts["orders"],
            "fills": recorder.counts["fills"],
            "liquidations": recorder.counts["liquidations"],
            "refused": recorder.counts["refused"],
            "chunks proved off-chain": len(recorder.chunks),
            "time_to_proof without queue, median (s)": statistics.median(proofs),
            "batches anchored": len(batches),
            "gas_per_settlement": gas_per_settlement(batches),
            "longest settlement window (s)": max(sample.age for sample in recorder.windows),
            "margin rate, lowest and highest (%)": f"{min(rates) / 10_000:.2f} to {max(rates) / 10_000:.2f}",
            "withdrawn on L1 (coins)": paid / 1e6,
            "records rebuilt from L1 alone, root equal": records,
            "peak memory (MB)": peak_memory() / 1e6,
            "wall time (s)": time.monotonic() - self.begin,
        }
