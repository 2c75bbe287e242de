"""The ruler's findings as a result: systems, their gas, what was set aside, what was not understood."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kedge.risk import receipts as ruler
from kedge.risk.receipt_dialects import read_records
from kedge.risk.receipt_files import Source, open_record
from kedge.risk.result import Column, Figure, Result, Series, Table
from kedge.risk.rollups import DATA, PROOF, STATE

_WORDS: Final = {DATA: "data", PROOF: "proofs", STATE: "states"}
_WEI: Final = 10**18


def measure_file(file: Path, covered: Iterable[int] = ()) -> Result:
    """Settlements in a file of receipts, or intervals of a bare list of blocks; refuses (1403, 1404, 1414) others."""
    with open_record(file) as source:
        if ruler.is_list(source.columns):
            return _show_list(file.name, source)
        found = ruler.measure(read_records(source.values), covered, source.name, source.looks)
    tables = [_systems(found), _gas(found)] if found.systems else []
    if found.aside:
        tables.append(_reasons("No settlements", "set aside because", found.aside))
    if found.unread:
        tables.append(_reasons("Not understood", "because", found.unread))
    return Result(f"Settlements in {file.name}", tuple(tables), _notes(found), _picture(found))


def _spread(found: ruler.Intervals | None) -> tuple[int | float | None, ...]:
    return (
        (0, None, None, None, None) if found is None else (found.count, found.mean, found.p50, found.p99, found.longest)
    )


def _systems(found: ruler.Measured) -> Table:
    rows = tuple(
        (
            system.name,
            *(len(system.submissions[kind]) for kind in _WORDS),
            _WORDS[system.measured_on],
            *_spread(found.intervals.get(system.name)),
        )
        for system in found.systems
    )
    columns = (
        *(Column(name) for name in ("system", *_WORDS.values(), "measured on", "intervals")),
        *(Column(name, "s", ".1f") for name in ("mean", "p50", "p99", "longest")),
    )
    return Table(columns, rows, "Submissions and anchoring intervals")


def _gas(found: ruler.Measured) -> Table:
    rows = tuple(
        (
            system.name,
            system.settlements,
            system.anchors,
            system.gas.share(system.anchors),
            system.blob_gas.share(system.anchors),
            system.gas_per_anchor,
            None if (fee := system.fee.share(system.anchors)) is None else fee / _WEI,
        )
        for system in found.systems
    )
    columns = (
        *(Column(name) for name in ("system", "transactions", "anchors")),
        *(Column(name, "gas", ",.0f") for name in ("execution per anchor", "blobs per anchor", "gas per anchor")),
        Column("paid per anchor", "ETH", ".6f"),
    )
    return Table(columns, rows, "Gas")


def _reasons(title: str, heading: str, reasons: dict[str, int]) -> Table:
    return Table((Column(heading), Column("receipts")), tuple(reasons.items()), title)


def _notes(found: ruler.Measured) -> tuple[str, ...]:
    if not found.systems:
        return (f"{found.receipts:,} receipts, and none settles a rollup that we know", *_shortcomings(found))
    return (
        f"{found.receipts:,} receipts; runs of consecutive blocks: {found.runs}; intervals only inside a run (L1 block "
        "times), so a short run shows no interval longer than itself",
        "anchoring interval: between state updates where the file has at least two, else proofs, else data submissions",
        "gas per anchor: all L1 gas, execution and blobs, of the system's settlement transactions over its anchors in "
        "this file; how many state transitions an anchor carries is not on record, so this is not gas per settlement",
        *_shortcomings(found),
    )


def _shortcomings(found: ruler.Measured) -> tuple[str, ...]:
    """What the file does not say, what follows, and what to add."""
    notes = []
    if found.untimed:
        notes.append(
            f"times are missing: {found.untimed:,} submissions are in blocks whose time the file does not say, and no "
            "interval is measured from or to them. Add blockTimestamp to their receipts, or the blocks' headers "
            "(eth_getBlockByNumber) as further lines of the file"
        )
    if found.contradicted:
        notes.append(f"{found.contradicted:,} blocks have two different times in this file: neither counts")
    for words, add, unknown in (
        ("gas", "gasUsed", sum(system.gas.unknown for system in found.systems)),
        ("blob gas", "blobGasUsed", sum(system.blob_gas.unknown for system in found.systems)),
        ("price", "effectiveGasPrice and blobGasPrice", sum(system.fee.unknown for system in found.systems)),
    ):
        if unknown:
            notes.append(f"{unknown:,} settlement transactions do not say their {words}: a dash; add {add}")
    if found.unread:
        count = sum(found.unread.values())
        notes.append(f"{count:,} entries of the file were not understood and are in no figure; their reasons are above")
    return tuple(notes)


def _picture(found: ruler.Measured) -> tuple[Figure, ...]:
    names = tuple(sorted(found.intervals, key=lambda name: found.intervals[name].mean))
    if not names:
        return ()
    means = Series("mean", names, tuple(found.intervals[name].mean for name in names), "bars")
    longest = Series("longest", names, tuple(found.intervals[name].longest for name in names), "points")
    return (Figure("Anchoring intervals", "system", "seconds", (means, longest)),)


def _show_list(name: str, source: Source) -> Result:
    """Intervals of a bare list of blocks with times."""
    blocks, stamps = ruler.read_list(source)
    row = (name, len(blocks), *_spread(ruler.compute_listed(stamps)))
    columns = (
        *(Column(heading) for heading in ("list", "blocks", "intervals")),
        *(Column(heading, "s", ",.1f") for heading in ("mean", "p50", "p99", "longest")),
    )
    note = "a bare list says nothing of what happened in each block: settlements, deposits and withdrawals count alike"
    return Result(f"Blocks listed in {name}", (Table(columns, (row,)),), (note,))
