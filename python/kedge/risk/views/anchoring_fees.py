"""Recorded base fees beside optimal anchoring: what policies that watch the fee would have saved."""

from __future__ import annotations

from collections.abc import Sequence

from kedge.risk import anchoring as laws
from kedge.risk import constants, policies, posting
from kedge.risk.errors import RiskInputError
from kedge.risk.recorded import BaseFees
from kedge.risk.result import TIME, Column, Figure, Series, Table

_HALF_LIFE = 3600.0
"""Speed (s) of the level that a fee is compared with, for the comparison with immediate posting."""


def compare_policies(
    records: Sequence[BaseFees], gas: float, ether: float, capital: laws.DelayCost
) -> list[policies.Comparison | str]:
    """Policies on every record, or why a record is not judged."""
    found: list[policies.Comparison | str] = []
    for record in records:
        try:
            found.append(policies.compare(record, gas, ether, capital))
        except RiskInputError as error:
            found.append(str(error))
    return found


def compare_queues(records: Sequence[BaseFees]) -> list[tuple[BaseFees, tuple[policies.Queue, ...]]]:
    """Queues on every record that is long enough."""
    found = []
    for record in records:
        try:
            found.append((record, policies.compare_queues(record, _HALF_LIFE)))
        except RiskInputError:
            continue  # `compare_policies` has said why the record is too short
    return found


def show_comparison(found: policies.Comparison | str) -> Table:
    """What each policy would have cost on one record, judged on its second half."""
    if isinstance(found, str):
        return Table((Column("not judged"),), ((found,),), "Recorded fees")
    days = constants.DAY_SECONDS / found.step
    rows = tuple(
        (
            judged.name,
            int(judged.outcome.ages.size),
            float(judged.outcome.ages.mean()) * found.step,
            float(judged.outcome.ages.max()) * found.step,
            judged.outcome.gas * days,
            judged.outcome.total * days,
            judged.gas_saving * 100,
            judged.saving * 100,
        )
        for judged in found.judged
    )
    columns = (
        Column("policy"),
        Column("anchors"),
        Column("mean interval", "s", TIME),
        Column("longest", "s", TIME),
        *(Column(name, "$/day", ",.0f") for name in ("gas", "total")),
        Column("saving on gas (published 8-29)", "%", ".1f"),
        Column("saving in all", "%", ".1f"),
    )
    return Table(columns, rows, f"Recorded fees {found.record}: fitted on the first half, judged on the second")


def show_posting(name: str, queues: tuple[policies.Queue, ...]) -> Table:
    """Saving of one record beside what is published, by delay."""
    rows = tuple((q.mean_delay, q.longest, q.saving * 100, "8-29", q.bound * 100) for q in queues)
    columns = (
        Column("mean delay", "s", TIME),
        Column("longest", "s", TIME),
        Column("saving", "%", ".1f"),
        Column("published", "%"),
        Column("hindsight", "%", ".1f"),
    )
    return Table(columns, rows, f"Posting against immediate posting, {name}: like for like with the published figures")


def draw_frontier(queues: Sequence[tuple[BaseFees, tuple[policies.Queue, ...]]]) -> tuple[Figure, ...]:
    """Saving against delay, a line per record, with the published band."""
    delays = [q.mean_delay / 60 for _, found in queues for q in found]
    low, high = (100 * value for value in posting.PUBLISHED_SAVING)
    ends = (min(delays), max(delays))
    band = Series("published 8-29 %", ends, (high, high), "band", (low, low))
    lines = tuple(
        Series(record.name, tuple(q.mean_delay / 60 for q in found), tuple(q.saving * 100 for q in found))
        for record, found in queues
    )
    return (Figure("Posting saved by waiting", "mean delay [min]", "saving [%]", (band, *lines), x_log=True),)
