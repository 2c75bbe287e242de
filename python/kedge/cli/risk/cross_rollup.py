"""kedge risk cross-rollup: what one margin across rollups saves while collateral takes its time (A13)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command("cross-rollup")
def cross_rollup(
    legs: Annotated[
        str, typer.Option(help="Signed exposures, one per rollup, separated by commas [amounts of one currency].")
    ] = "$10M,$-8M",
    volatilities: Annotated[
        str, typer.Option(help="Volatility of each leg, separated by commas [%/yr].")
    ] = "60%/yr,70%/yr",
    correlation: Annotated[
        str, typer.Option(help="Correlations above the diagonal, row by row, separated by commas [number].")
    ] = "0.85",
    window: Annotated[str, typer.Option(help="Settlement window [s, min, h].")] = "1h",
    latencies: Annotated[
        str, typer.Option(help="Times for collateral to reach a leg, one row each, separated by commas [s, min, h].")
    ] = "12s,1min,5min,15min,1h,4h",
    level: Annotated[str, typer.Option(help="Confidence level [%].")] = "99%",
    one_sided: Annotated[bool, typer.Option(help="Buffer against moves to one side only.")] = False,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Unified margin across rollups: netting benefit less the buffers for collateral in transit.

    Seconds beside hours of message time: netting pays only while collateral arrives sooner than the window is long.
    """
    from kedge.risk import units
    from kedge.risk.cross_rollup import fill_matrix
    from kedge.risk.views.cross_rollup import Legs, show_cross_rollup

    amounts = [units.amount(text, "legs") for text in legs.split(",")]
    currency = amounts[0].currency
    exposures = [amount.to(currency) for amount in amounts]
    vols = [units.volatility(text, "volatilities") for text in volatilities.split(",")]
    above = [units.fraction(text, "correlation") for text in correlation.split(",") if text.strip()]
    held = Legs(exposures, currency, vols, fill_matrix(above, len(vols)))
    length, delays = units.time(window, "window"), sorted(units.times(latencies, "latencies"))
    certain = units.fraction(level, "level")
    present(show_cross_rollup(held, length, delays, certain, not one_sided, window), json_out, plot)
