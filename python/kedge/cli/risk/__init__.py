"""kedge risk: one command per analysis; each import registers the command of its file."""

from kedge.cli.risk import (  # noqa: F401
    anchoring,
    backtest,
    cross_rollup,
    incidents,
    insolvency,
    margin,
    options,
    overshoot,
    portfolio,
    report,
    sampling,
    toxic_flow,
    venues,
    window,
)
from kedge.cli.risk.app import risk

__all__ = ["risk"]
