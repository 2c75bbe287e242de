"""The machine's own tables: what ties memory to the state root. Filled natively by column name.

Memory: every access receives (address, time, words) and sends (address, later time, new words). A `leaf` row opens two
neighbouring records at time 0 and closes them. Its digests, before and after, go to the `node` row above, and so on to
the root, which `chunk` compares with the public values. A parent takes each child at most once and the root is taken
once, so by induction from the root no record can enter twice: a second leaf row for the same index would find no taker.
"""

from __future__ import annotations

from kedge.machine.graph import Graph
from kedge.machine.table import Table

LEVELS = 18
DIGEST = 4
RANGE_COLUMNS = 16


def _bit(table: Table, name: str, one: int) -> int:
    graph, bit = table.graph, table.column(name)
    table.assert_zero(f"{name} is a bit", graph.mul(bit, graph.sub(one, bit)))
    return bit


def _on(table: Table) -> int:
    on = table.column("on")
    table.assert_zero("on is a bit", table.graph.sub(table.graph.mul(on, on), on))
    return on


def _digests(table: Table, on: int, before: list[int], after: list[int]) -> tuple[list[int], list[int]]:
    old = [table.column(f"old{i}") for i in range(DIGEST)]
    new = [table.column(f"new{i}") for i in range(DIGEST)]
    table.use("poseidon2", 1, on, [*before, *old])
    table.use("poseidon2", 1, on, [*after, *new])
    return old, new


def leaf() -> Table:
    """Two neighbouring records, before and after the chunk. A record nobody touched is received as it was sent."""
    table = Table("leaf", "leaf")
    graph, on = table.graph, _on(table)
    index = table.column("index")
    before: list[int] = []
    after: list[int] = []
    for place, letter in enumerate("ab"):
        old = [table.column(f"{letter}_old{i}") for i in range(8)]
        new = [table.column(f"{letter}_new{i}") for i in range(8)]
        seen = table.column(f"{letter}_seen")
        address = graph.mul(graph.scalar(2), index)
        if place:
            address = graph.add(address, on)
        table.use("memory", 1, on, [address, graph.scalar(0), *old])
        table.use("memory", -1, on, [address, seen, *new])
        before, after = before + old, after + new
    old_digest, new_digest = _digests(table, on, before, after)
    table.use("node", 1, on, [graph.scalar(0), index, *old_digest, *new_digest])
    return table


def node() -> Table:
    """An inner node: four child digests before and after. A child that is not touched keeps its digest."""
    table = Table("node", "node")
    graph, on = table.graph, _on(table)
    level, index = table.column("level"), table.column("index")
    below = graph.sub(level, on)
    before: list[int] = []
    after: list[int] = []
    for j in range(4):
        touched = _bit(table, f"touched{j}", on)
        old = [table.column(f"o{j}_{i}") for i in range(DIGEST)]
        new = [table.column(f"n{j}_{i}") for i in range(DIGEST)]
        for a, b in zip(old, new, strict=True):
            kept = graph.mul(graph.sub(on, touched), graph.sub(a, b))
            table.assert_zero(f"child {j} keeps its digest unless touched", kept)
        child = graph.mul(graph.scalar(4), index)
        child = graph.add(child, graph.mul(graph.scalar(j), on)) if j else child
        table.use("node", -1, touched, [below, child, *old, *new])
        before, after = before + old, after + new
    old_digest, new_digest = _digests(table, on, before, after)
    table.use("node", 1, on, [level, index, *old_digest, *new_digest])
    return table


def chunk(registers: int) -> Table:
    """One row: the public roots, the first and the last cursor. `first` is fixed by the verifying key."""
    table = Table("chunk", "chunk", preprocessed=["first"], public=2 * DIGEST)
    graph = table.graph
    first = graph.preprocessed(0)
    roots = [table.column(f"{side}{i}") for side in ("old", "new") for i in range(DIGEST)]
    for i, column in enumerate(roots):
        gap = graph.sub(column, graph.public(i))
        table.assert_zero("roots are the public values", graph.mul(first, gap))
    end, zero, one = table.column("end"), graph.scalar(0), graph.scalar(1)
    idle = [zero] * (registers - 1)
    table.use("cursor", 1, first, [one, *idle])
    table.use("cursor", -1, first, [end, *idle])
    table.use("node", -1, first, [graph.scalar(LEVELS), zero, *roots])
    return table


def range16() -> Table:
    """All words of 16 bits, in 16 columns of 4,096; `count` says how often each was looked up.

    Every commitment hashes a leaf per row of the highest table: one column of 65,536 cost 42 % of a small proof.
    """
    table = Table("range16", "range16", preprocessed=[f"value{i}" for i in range(RANGE_COLUMNS)])
    for i in range(RANGE_COLUMNS):
        table.use("range16", -1, table.column(f"count{i}"), [table.graph.preprocessed(i)], weight=0)
    return table


def poseidon2() -> Table:
    """The permutation, compiled into the engine: provides (input, P(input)[:4] + input[:4]) on the bus `poseidon2`.

    The feed-forward matters: a permutation can be inverted, so its bare truncation would open to any record one likes.
    """
    return Table("poseidon2", "poseidon2", columns=[], graph=Graph())


def machine_tables(registers: int) -> list[Table]:
    return [leaf(), node(), chunk(registers), range16(), poseidon2()]
