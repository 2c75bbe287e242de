"""The machine's own tables: what ties memory to the state root. Filled natively by column name.

Memory: every access receives (address, time, words) and sends (address, later time, new words). A `leaf` row opens two
records at time 0 and closes them. What is used together lies together: a leaf's index has the bits of its records'
addresses in another order. Its digests, before and after, go to the `node` row above, and so on to
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


def _narrow(table: Table, name: str, bits: int, on: int) -> int:
    """A column of so many bits, at most 16."""
    word = table.column(name)
    table.use("range16", 1, on, [word])
    if bits < 16:
        table.use("range16", 1, on, [table.graph.mul(table.graph.scalar(1 << (16 - bits)), word)])
    return word


def _place(table: Table, on: int) -> tuple[int, int]:
    """A leaf's index, and the address of the first of its records; that of the other has 2^10 more.

    The index is an integer below 2^36, by induction from the root, and the parts are as narrow as they are stated: so
    they are its digits, no other parts make the same index, and no record has a place in two leaves.
    """
    graph = table.graph
    kind, slot = _bit(table, "kind", on), _bit(table, "slot", on)
    low, high = _narrow(table, "account0", 16, on), _narrow(table, "account1", 8, on)
    slots, far = _narrow(table, "slots", 9, on), _bit(table, "far", on)

    def combine(**weights: int) -> int:
        words = {"kind": kind, "slot": slot, "low": low, "high": high, "slots": slots, "far": far}
        total = graph.scalar(0)
        for name, weight in weights.items():
            total = graph.add(total, graph.mul(graph.scalar(weight), words[name]))
        return total

    index = combine(kind=1, slot=2, low=2**2, high=2**18, slots=2**26, far=2**35)
    address = combine(slot=1, slots=2, kind=2**11, far=2**12, low=2**13, high=2**29)
    return index, address


def leaf() -> Table:
    """Two records, before and after the chunk. A record nobody touched is received as it was sent."""
    table = Table("leaf", "leaf")
    graph, on = table.graph, _on(table)
    index, first = _place(table, on)
    before: list[int] = []
    after: list[int] = []
    for place, letter in enumerate("ab"):
        old = [table.column(f"{letter}_old{i}") for i in range(8)]
        new = [table.column(f"{letter}_new{i}") for i in range(8)]
        seen = table.column(f"{letter}_seen")
        address = graph.add(first, graph.mul(graph.scalar(1 << 10), on)) if place else first
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
