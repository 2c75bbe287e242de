"""kedge risk options: what it costs a contract to settle on marks (A10)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def options(
    contracts: Annotated[
        str,
        typer.Option(
            help="Contracts, separated by commas: (up|down)-and-(out|in)-(call|put), lookback-put, lookback-call, "
            "asian-call, asian-put, twap-call, twap-put, accumulator."
        ),
    ] = "up-and-out-call,lookback-put,twap-call,accumulator",
    spot: Annotated[str, typer.Option(help="Price of the underlying [amount, for example $60000].")] = "$60000",
    strike: Annotated[str, typer.Option(help="Strike [amount, same currency].")] = "$60000",
    barrier: Annotated[str, typer.Option(help="Barrier [amount, same currency].")] = "$63000",
    volatility: Annotated[str, typer.Option(help="Volatility of the diffusion [%/yr].")] = "60%/yr",
    rate: Annotated[str, typer.Option(help="Interest [%/yr].")] = "0%/yr",
    dividend: Annotated[str, typer.Option(help="Dividend or funding yield [%/yr].")] = "0%/yr",
    expiry: Annotated[str, typer.Option(help="Time to expiry [min, h, day].")] = "1day",
    marks: Annotated[str, typer.Option(help="Intervals between marks, separated by commas [s, min, h].")] = (
        "1min,5min,15min,1h,4h"
    ),
    window: Annotated[str, typer.Option(help="Averaging time before expiry, for twap [min, h].")] = "4h",
    fixings: Annotated[int, typer.Option(help="Purchases of the accumulator [count].")] = 6,
    gear: Annotated[float, typer.Option(help="Multiple bought below the strike, accumulator [number].")] = 2.0,
    jump_rate: Annotated[str | None, typer.Option(help="Jumps of the price, if any [/yr].")] = None,
    jump_mean: Annotated[str | None, typer.Option(help="Mean of the logarithm of a jump [%].")] = None,
    jump_deviation: Annotated[str | None, typer.Option(help="Deviation of the logarithm of a jump [%].")] = None,
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Options on marks: exact price on each grid, the 0.5826 correction, and the cost against every instant.

    Hourly beside minutely marks: a barrier seen every hour is worth more to the holder than the usual formula says.
    """
    from kedge.risk import units
    from kedge.risk.options import Terms
    from kedge.risk.underlying import Jumps, Underlying
    from kedge.risk.views.options import show_options

    price = units.amount(spot, "spot")
    level, limit = (
        units.amount(strike, "strike").to(price.currency),
        units.amount(barrier, "barrier").to(price.currency),
    )
    jumps = Jumps.parse(jump_rate, jump_mean, jump_deviation)
    s, r, q = units.volatility(volatility), units.rate(rate, "rate"), units.rate(dividend, "dividend")
    asset = Underlying(price.value, s, r, q, jumps)
    life, seconds = units.time(expiry, "expiry"), sorted(units.times(marks, "marks"))
    last = units.time(window, "window")
    terms = [Terms(name.strip(), life, level, limit, last, fixings, gear) for name in contracts.split(",")]
    present(show_options(asset, terms, seconds, price.currency, expiry), json_out, plot)
