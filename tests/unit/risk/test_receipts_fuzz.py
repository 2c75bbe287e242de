"""Whatever a file holds, the ruler names it or sets it aside; it never fails and never invents a settlement."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kedge.risk import receipts, rollups

STARKNET = "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4"
EVENT = "0x9866f8ddfe70bb512b2f2b28b49d4017c43f7ba775f1a20c61c13eea8cdac111"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "to",
    "from",
    "inputSelector",
    "blockNumber",
    "blockTimestamp",
    "transactionHash",
    "status",
    "gasUsed",
    "logs",
    "l2",
)


def _valid() -> dict[str, Any]:
    return {
        "to": STARKNET,
        "from": STARKNET,
        "inputSelector": "0x77552641",
        "blockNumber": 5,
        "blockTimestamp": 1_700_000_000,
        "transactionHash": "0x" + "ab" * 32,
        "status": 1,
        "gasUsed": 100_000,
        "logs": [{"address": STARKNET, "topics": [EVENT], "data": "0x"}],
    }


@given(JSON)
def test_any_json_is_set_aside(value: object) -> None:
    assert rollups.classify(value).reason
    assert receipts.measure([value]).systems == ()


@given(st.sampled_from(FIELDS), JSON)
def test_a_receipt_with_any_field_replaced_is_counted_once(name: str, value: object) -> None:
    found = receipts.measure([{**_valid(), name: value}])
    assert sum(system.settlements for system in found.systems) + sum(found.aside.values()) == 1


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_intervals_never_span_a_gap(blocks: list[tuple[int, int]]) -> None:
    anchors = [(block, 100 * block) for block, _ in blocks]
    covered = {block for block, _ in blocks} | {other for _, other in blocks}
    found = receipts.compute_intervals(anchors, covered)
    runs = "".join("x" if block in covered else " " for block in range(62)).split()
    longest = max(len(run) for run in runs)
    assert found is None or found.longest <= 100 * (longest - 1)
