"""kedge risk sampling: what samples of published data prove (A12)."""

from __future__ import annotations

from typing import Annotated

import typer

from kedge.cli.risk.app import risk
from kedge.cli.risk.common import Config, JsonOut, PlotOut, present


@risk.command()
def sampling(
    samples: Annotated[str, typer.Option(help="Columns that a node samples, separated by commas.")] = "4,8,16,32",
    nodes: Annotated[int, typer.Option(help="Nodes of the network.", min=100)] = 10_000,
    columns: Annotated[int, typer.Option(help="Columns of the extended data; half of them recover it.")] = 128,
    confidence: Annotated[str, typer.Option(help="Wanted probability that honest nodes recover the data [%].")] = "99%",
    config: Config = None,
    json_out: JsonOut = None,
    plot: PlotOut = None,
) -> None:
    """Data-availability sampling: false accepts of a node, fraction of a network fooled, nodes that recover data."""
    from kedge.risk import units
    from kedge.risk.views.sampling import show_sampling

    level = units.fraction(confidence, "confidence")
    present(show_sampling(units.counts(samples, "samples"), nodes, columns, level), json_out, plot)
