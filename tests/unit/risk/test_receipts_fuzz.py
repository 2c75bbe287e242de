"""Whatever a file holds, the ruler names it or sets it aside; it never fails and never invents a settlement."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kedge.risk import RiskInputError, receipts
from kedge.risk.receipt_dialects import read_records
from kedge.risk.receipt_files import open_record

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


def _count(values: list[Any]) -> tuple[int, int]:
    """How many were counted at all, and how many of them as settlements."""
    found = receipts.measure(read_records([_valid(), *values]))
    settled = sum(system.settlements for system in found.systems)
    return settled + sum(found.aside.values()) + sum(found.unread.values()), settled


@given(JSON)
def test_any_json_is_set_aside(value: object) -> None:
    assert _count([value])[1] == 1


@given(st.sampled_from(FIELDS), JSON)
def test_a_receipt_with_any_field_replaced_is_counted_once(name: str, value: object) -> None:
    assert _count([{**_valid(), "transactionHash": "0x" + "cd" * 32, name: value}])[0] == 2


PIECES = st.sampled_from(
    [
        json.dumps(_valid()).encode(),
        json.dumps(_valid(), indent=1).encode(),
        *(bytes([byte]) for byte in b'[]{},"\n\xff'),
        *(b"NaN", b"-Infinity", b"1" * 5000, b"123n", b"1e999", b'"\\ud800"', b"\xef\xbb\xbf", b"\r\n"),
        *(b"hash,blockNumber,to\n", b'{"result":', b'{"a":' * 2000, b'{"receipts":['),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=12), st.booleans())
def test_any_bytes_are_read_or_refused_by_number(pieces: list[bytes], packed: bool) -> None:
    text = b"".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        path.write_bytes(gzip.compress(text) if packed else text)
        try:
            with open_record(path) as source:
                receipts_found = receipts.measure(read_records(source.values), name=source.name).receipts
        except RiskInputError as refused:
            receipts_found, code = 0, refused.code
        else:
            code = 0
    assert (code in (1403, 1414)) == (receipts_found == 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_intervals_never_span_a_gap(blocks: list[tuple[int, int]]) -> None:
    anchors = [(block, 100 * block) for block, _ in blocks]
    covered = {block for block, _ in blocks} | {other for _, other in blocks}
    found = receipts.compute_intervals(anchors, covered)
    runs = "".join("x" if block in covered else " " for block in range(62)).split()
    longest = max(len(run) for run in runs)
    assert found is None or found.longest <= 100 * (longest - 1)
