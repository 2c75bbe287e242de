"""What a run did, as it happens: samples for the live view and, at the end, the report."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from kedge.lab.cells import CellCounter, TableCost
from kedge.lab.lags import compute_lag
from kedge.lab.report import (
    BatchRow,
    ChunkRow,
    HeightSample,
    MarginSample,
    Pause,
    Report,
    RunInfo,
    TableCells,
    WindowSample,
    gas_per_settlement,
)
from kedge.node import Node
from kedge.proving import ProofRecord
from kedge.sequencer import Receipt, SealedChunk, Transaction
from kedge.settlement import AnchorEvent, Mined, Tier
from kedge.show import FillLine, MarginState, Snapshot, TierState
from kedge.venue import Fill, Liquidated
from kedge.venue import Market as LabMarket

SHOWN_FILLS, SHOWN_LIQUIDATIONS = 12, 8
TIERS = {
    "published": Tier.PUBLISHED,
    "proved": Tier.PROVED_OFF_CHAIN,
    "anchored": Tier.ANCHORED,
    "final": Tier.FINAL,
}


class Recorder:
    """Collects from the node's hooks and from receipts; safe to call from the node's threads."""

    def __init__(self, node: Node, markets: Sequence[LabMarket]) -> None:
        self.node, self.begin = node, time.monotonic()
        self._markets = {market.index: market for market in markets}
        self._lock = threading.Lock()
        self._counter = CellCounter()
        self.heights: list[HeightSample] = []
        self.windows: list[WindowSample] = []
        self.margins: list[MarginSample] = []
        self.pauses: list[Pause] = []
        self.chunks: list[ChunkRow] = []
        self.batches: dict[int, BatchRow] = {}
        self.tables: dict[str, TableCells] = {}
        self.rates: dict[int, MarginState] = {}
        self.counts: Counter[str] = Counter()
        self._made_final: dict[bytes, list[int]] = {}
        self._fills: deque[FillLine] = deque(maxlen=SHOWN_FILLS)
        self._liquidations: deque[str] = deque(maxlen=SHOWN_LIQUIDATIONS)
        node.hooks.proved.append(self.on_proved)
        node.hooks.anchored.append(self.on_anchored)

    @property
    def floors(self) -> dict[str, int]:
        """Floors of the margin rates by market, in ppm."""
        return {market.name: market.terms.floor for market in self._markets.values()}

    @property
    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.begin

    def on_proved(self, chunk: SealedChunk, record: ProofRecord) -> None:
        """Hook of the node: a proof is on disk."""
        costs = self._counter.count(chunk.witness.read_bytes())
        cells = sum(cost.cells for cost in costs)
        row = ChunkRow(chunk.number, chunk.transactions, chunk.steps, cells, dict(record.seconds), record.size)
        with self._lock:
            self.chunks.append(row)
            for cost in costs:
                self._add(cost)

    def _add(self, cost: TableCost) -> None:
        known = self.tables.get(cost.name, TableCells(cost.name, cost.columns, 0, 0))
        self.tables[cost.name] = TableCells(cost.name, cost.columns, known.rows + cost.rows, known.cells + cost.cells)

    def on_anchored(self, events: list[AnchorEvent]) -> None:
        """Hook of the node: something became true on L1."""
        with self._lock:
            for event in events:
                self._anchored(event)

    def _anchored(self, event: AnchorEvent) -> None:
        number, mined, header = event.mined.number, event.mined, event.header
        if event.what == "final":
            self._finalise(mined)
        elif event.what == "reorganised" and mined.kind == "finalize":
            for one in self._made_final.pop(mined.tx_hash, ()):
                self._set_final(one, None, 0)
        elif event.what == "reorganised":
            self.batches.pop(number, None)
        else:
            data = self.node.journal.data(number) or b""
            sent = min((a.sent_at for a in self.node.journal.open_attempts()), default=time.time())
            self.batches[number] = BatchRow(
                number=number,
                gas=mined.gas_used,
                blob_gas=mined.blob_gas_used,
                bytes=len(data),
                chunks=header.last_chunk - header.first_chunk + 1,
                transactions=self._transactions(header.first_chunk, header.last_chunk),
                sent=max(0.0, self.now - (time.time() - sent)),
                included=self.now,
            )

    def _finalise(self, mined: Mined) -> None:
        """One transaction makes all batches up to a number final: they share its gas, to the unit."""
        ready = [number for number, row in self.batches.items() if number <= mined.number and row.final is None]
        if mined.tx_hash in self._made_final:
            return
        self._made_final[mined.tx_hash] = ready
        for place, number in enumerate(ready):
            share = mined.gas_used * (place + 1) // len(ready) - mined.gas_used * place // len(ready)
            self._set_final(number, self.now, share)

    def _set_final(self, number: int, at: float | None, gas: int) -> None:
        if number in self.batches:
            self.batches[number] = msgspec.structs.replace(self.batches[number], final=at, final_gas=gas)

    def _transactions(self, first: int, last: int) -> int:
        return self.node.last_transaction(last) - self.node.last_transaction(first - 1)

    def learn(self, sent: Sequence[Transaction], receipts: Sequence[Receipt]) -> None:
        """Follow what became of transactions."""
        for transaction, receipt in zip(sent, receipts, strict=True):
            self.counts["orders"] += transaction.step == "place"
            self.counts["refused"] += not receipt.accepted
            for name, fields in receipt.events:
                self._event(name, fields)

    def _event(self, name: str, fields: list[int]) -> None:
        if name == "fill":
            fill = Fill.read(fields)
            market = self._markets[fill.market]
            self.counts["fills"] += 1
            side = "sell" if fill.side else "buy"
            self._fills.append(FillLine(market.name, side, market.price_text(fill.price), market.size_text(fill.size)))
        elif name == "liquidated":
            event, self.counts["liquidations"] = Liquidated.read(fields), self.counts["liquidations"] + 1
            market = self._markets[event.market]
            size = market.size_text(abs(event.size))
            self._liquidations.append(f"{event.account}: {size} {market.name} at {market.price_text(event.price)}")
        elif name == "margin":
            market = self._markets[fields[0]]
            self.rates[fields[0]] = MarginState(market.name, fields[1], fields[2])
            window = self.node.window_seconds
            self.margins.append(MarginSample(self.now, market.name, window, fields[1], fields[2]))

    def pause(self, anchoring: bool) -> None:
        """Note that anchoring was switched on or off."""
        policy = self.node.anchoring.policy
        if policy.is_paused and anchoring:
            policy.resume()
            self.pauses[-1] = Pause(self.pauses[-1].begin, self.now)
        elif not policy.is_paused and not anchoring:
            policy.pause()
            self.pauses.append(Pause(self.now, self.now))

    def sample(self) -> None:
        """Note heights and window as they are now."""
        at, heights = self.now, self._heights()
        with self._lock:
            self.heights.append(HeightSample(at, **heights))
            self.windows.append(WindowSample(at, self.node.window_seconds))

    def collect(self, run: RunInfo, summary: dict[str, str | int | float]) -> Report:
        """The report of one moment: samples and news that come while the page is drawn are not in it."""
        with self._lock:
            return Report(
                run=run,
                heights=list(self.heights),
                windows=list(self.windows),
                pauses=list(self.pauses),
                chunks=sorted(self.chunks, key=lambda chunk: chunk.number),
                batches=[self.batches[number] for number in sorted(self.batches)],
                margins=list(self.margins),
                floors=self.floors,
                tables=sorted(self.tables.values(), key=lambda table: -table.cells),
                summary=summary,
            )

    def _heights(self) -> dict[str, int]:
        reached = self.node.heights()
        tiers = {name: self.node.last_transaction(reached[tier]) for name, tier in TIERS.items()}
        return {"sequenced": self.node.sequencer.head.sequence} | tiers

    def snapshot(self, phase: str, progress: float) -> Snapshot:
        """What the live view shows now."""
        heights = self._heights()
        with self._lock:
            proofs = [sum(chunk.seconds.values()) - chunk.seconds.get("queue", 0.0) for chunk in self.chunks]
            gas = [gas_per_settlement([row]) for row in self.batches.values() if row.transactions]
        return Snapshot(
            time=self.now,
            phase=phase,
            progress=progress,
            tiers={
                name: TierState(height, compute_lag(self.heights, height, self.now)) for name, height in heights.items()
            },
            proof_seconds=proofs,
            gas=gas,
            window=self.node.window_seconds,
            anchoring=not self.node.anchoring.policy.is_paused,
            margins=list(self.rates.values()),
            liquidations=list(self._liquidations),
            liquidated=self.counts["liquidations"],
            fills=list(self._fills),
            orders=self.counts["orders"],
            filled=self.counts["fills"],
            refused=self.counts["refused"],
        )
