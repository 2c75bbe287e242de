"""kedge risk anchoring: how often to anchor (A7)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def anchoring(
    open_interest: Annotated[str, typer.Option(help="Open interest under margin [$].")] = "$1bn",
    rate: Annotated[str, typer.Option(help="Cost of the capital that margin locks [%/yr].")] = "20%/yr",
    volatility: Annotated[str, typer.Option(help="Volatility of the price [%/yr, %/day].")] = "60%/yr",
    liquidated: Annotated[str, typer.Option(help="Liquidations caught only at anchors [$ per day].")] = "$5M",
    gas: Annotated[float, typer.Option(help="Execution gas of one anchor [gas].")] = 800_000.0,
    blobs: Annotated[int, typer.Option(help="Blobs of one anchor.")] = 1,
    base_fee: Annotated[float, typer.Option(help="Base fee [gwei].")] = 5.0,
    blob_fee: Annotated[float, typer.Option(help="Blob base fee [gwei].")] = 0.01,
    ether: Annotated[float, typer.Option(help="Price of ether [$].")] = 3000.0,
    latency: Annotated[str, typer.Option(help="Delay that comes on top of every interval [s, min].")] = "15min",
    own_gas: Annotated[
        float, typer.Option(help="Gas that stays each application's own under recursion [gas].")
    ] = 60_000.0,
    intervals: Annotated[
        str, typer.Option(help="Intervals to price, separated by commas [s, min, h].")
    ] = "12s,1min,15min,1h,4h",
    fees: Annotated[
        list[Path] | None,
        typer.Option(help="Recorded base fees (CSV, .gz too); repeat it. Every window of a file is used."),
    ] = None,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Optimal anchoring: the best interval, what others cost beside it, and policies that watch fees or risk."""
    from kedge.risk import YEAR_DAYS, recorded, units
    from kedge.risk import anchoring as laws
    from kedge.risk.gas import GWEI, RESERVE_GAS, compute_anchor_cost
    from kedge.risk.views.anchoring import Costs, show_anchoring

    sigma, stake = units.volatility(volatility), units.amount(open_interest, "open-interest").to("USD")
    yearly = units.amount(liquidated, "liquidated").to("USD") * YEAR_DAYS
    costs = Costs(
        anchor=compute_anchor_cost(gas, blobs, base_fee * GWEI, blob_fee * GWEI, ether),
        capital=laws.compute_capital_cost(stake, units.rate(rate, "rate"), sigma),
        overshoot=laws.compute_overshoot_cost(yearly, sigma),
        latency=units.time(latency, "latency"),
        gas=gas,
        all_gas=gas + blobs * RESERVE_GAS,
        own_gas=own_gas,
        ether=ether,
    )
    records = recorded.read_every_window(fees or [])
    present(show_anchoring(costs, units.times(intervals, "intervals"), records), json_out, plot)
