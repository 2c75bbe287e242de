"""kedge risk options: what it costs a contract to settle on marks (A10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present

if TYPE_CHECKING:
    from kedge.risk import Cell, Result
    from kedge.risk.options import Resolution
    from kedge.risk.underlying import Jumps


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
    from kedge.risk import options as room
    from kedge.risk import units
    from kedge.risk.underlying import Underlying

    price = units.amount(spot, "spot")
    limits = [units.amount(text, name).to(price.currency) for text, name in ((strike, "strike"), (barrier, "barrier"))]
    asset = Underlying(
        price.value,
        units.volatility(volatility),
        units.rate(rate, "rate"),
        units.rate(dividend, "dividend"),
        _jumps(jump_rate, jump_mean, jump_deviation),
    )
    life, seconds = units.time(expiry, "expiry"), sorted(units.times(marks, "marks"))
    found = {}
    for name in contracts.split(","):
        terms = room.Terms(name.strip(), life, limits[0], limits[1], units.time(window, "window"), fixings, gear)
        found[terms.contract] = room.price_grid(asset, terms, seconds)
    present(_result(found, price.currency, expiry), json_out, plot)


def _jumps(rate: str | None, mean: str | None, deviation: str | None) -> Jumps | None:
    from kedge.risk import MISSING_CALIBRATION, units
    from kedge.risk.underlying import Jumps

    if rate is None and mean is None and deviation is None:
        return None
    if rate is None or mean is None or deviation is None:
        raise MISSING_CALIBRATION.reject("jumps need --jump-rate, --jump-mean and --jump-deviation together")
    return Jumps(
        units.rate(rate, "jump-rate"), units.fraction(mean, "jump-mean"), units.fraction(deviation, "jump-deviation")
    )


def _result(found: dict[str, list[Resolution]], currency: str, expiry: str) -> Result:
    from kedge.risk import Column, Figure, Result, Series, Table

    columns = (
        Column("a mark every"),
        Column("marks"),
        *(Column(heading, currency, ",.6g") for heading in ("on marks", "corrected", "continuous")),
        Column("cost", currency, "+,.4g"),
        Column("of continuous", "%", "+.2f"),
    )
    tables = tuple(Table(columns, tuple(_row(r) for r in grid), name) for name, grid in found.items())
    curves = tuple(
        Series(
            name,
            tuple(r.interval / 60.0 for r in grid),
            tuple(abs(r.cost or 0.0) / abs(r.continuous or 1.0) * 100.0 for r in grid),
        )
        for name, grid in found.items()
        if all(r.continuous for r in grid)
    )
    figure = Figure("Resolution cost", "minutes between marks", "% of the continuous price", curves, True, True)
    return Result(f"Contracts on marks, {expiry} to expiry", tables, _notes(), (figure,) if curves else ())


def _row(r: Resolution) -> tuple[Cell, ...]:
    from kedge.risk import units

    share = None if r.cost is None or not r.continuous else 100.0 * r.cost / abs(r.continuous)
    return (units.show_time(r.interval), r.marks, r.exact, r.corrected, r.continuous, r.cost, share)


def _notes() -> tuple[str, ...]:
    return (
        "on marks: exact recursion (Gauss-Legendre panels; Spitzer for lookbacks), error about 1e-9 of the spot.",
        "corrected: barrier or extreme moved by exp(0.5826 s sqrt(dt)). It covers the diffusive overshoot only, so it "
        "is left out with jumps; it fails with few marks or close to the barrier.",
        "continuous: every instant counts; cost: the price on marks less this one.",
        "For twap the continuous price is Black with variance s^2 (T - 2w/3).",
        "The interval between marks is a contract term: it belongs on the term sheet.",
    )
