"""The status in the text form that Prometheus scrapes. Base units: seconds, ratios, counts, wei where money is L1's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily

from kedge.api.queries import MarketView
from kedge.node import Counts, Status
from kedge.units import PPM

PREFIX = "kedge_"


class Metrics:
    """Renders what `status` and `markets` say at the moment of the scrape; holds nothing itself."""

    def __init__(self, status: Callable[[], Status], markets: Callable[[], list[MarketView]]) -> None:
        self._status, self._markets = status, markets
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self) -> bytes:
        """The text format, version 0.0.4."""
        return bytes(generate_latest(self._registry))

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask a node."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        status = self._status()
        yield from _tiers(status)
        yield _gauge("settlement_window_seconds", "Time since the L2 time of the last anchored state.", status.window)
        yield _gauge(
            "anchoring_paused", "1 while the operator keeps anchoring from happening.", status.anchoring.paused
        )
        trouble = bool(status.trouble or status.anchoring.trouble)
        yield _gauge("trouble", "1 while the node waits for the world; /v1/status says what for.", trouble)
        if status.counts is not None:
            yield from _counts(status.counts)
        rates = GaugeMetricFamily(f"{PREFIX}margin_rate_ratio", "Initial margin rate.", labels=["market"])
        marks = GaugeMetricFamily(f"{PREFIX}mark_ticks", "Mark price in ticks.", labels=["market"])
        for market in self._markets():
            rates.add_metric([str(market.market)], market.margin_rate / PPM)
            marks.add_metric([str(market.market)], market.mark)
        yield from (rates, marks)


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=float(value or 0))


def _tiers(status: Status) -> Iterator[Metric]:
    heights = GaugeMetricFamily(f"{PREFIX}height_transactions", "Transactions that hold a tier.", labels=["tier"])
    chunks = GaugeMetricFamily(f"{PREFIX}height_chunks", "Chunks that hold a tier.", labels=["tier"])
    text = "Age of the oldest transaction that does not hold a tier."
    lags = GaugeMetricFamily(f"{PREFIX}lag_seconds", text, labels=["tier"])
    for tier, reached in status.tiers.items():
        label = [tier.replace(" ", "_").replace("-", "_")]
        heights.add_metric(label, reached.transaction)
        chunks.add_metric(label, reached.chunk)
        lags.add_metric(label, reached.lag or 0.0)
    yield from (heights, chunks, lags)


def _counts(counts: Counts) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(f"{PREFIX}transactions", "Transactions by outcome.", labels=["outcome"])
    outcomes.add_metric(["accepted"], counts.accepted)
    outcomes.add_metric(["refused"], counts.refused)
    gas = CounterMetricFamily(f"{PREFIX}l1_gas", "Gas spent on L1.", labels=["job"])
    for job, spent in (("submit", counts.submit_gas), ("finalize", counts.finalize_gas), ("blob", counts.blob_gas)):
        gas.add_metric([job], spent)
    proofs = SummaryMetricFamily(f"{PREFIX}proof_seconds", "Time to prove a chunk, without the queue.")
    proofs.add_metric([], counts.proofs, counts.proof_seconds)
    yield from (outcomes, gas, proofs)
    yield CounterMetricFamily(f"{PREFIX}l1_fee_wei", "Wei paid for inclusion on L1.", value=counts.fee)
    yield CounterMetricFamily(f"{PREFIX}fills", "Fills.", value=counts.fills)
    yield CounterMetricFamily(f"{PREFIX}liquidations", "Takeovers of positions.", value=counts.liquidations)
    yield _gauge("waiting_transactions", "Submitted and not yet answered.", counts.waiting)
