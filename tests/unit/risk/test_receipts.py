"""The ruler on other people's rollups: recorded receipts against their labels, doctored ones with their reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kedge.risk import receipts, rollups
from kedge.risk.errors import RiskInputError
from kedge.risk.recorded import read_blocks, read_lines

STARKNET = "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4"
STATE_EVENT = "0x9866f8ddfe70bb512b2f2b28b49d4017c43f7ba775f1a20c61c13eea8cdac111"
INBOX, BATCHER = "0xff00000000000000000000000000000000008453", "0x5050f69a9786f081509234f1a7f4684b5e5b76c9"


def _update(block: int = 100, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "to": STARKNET,
        "inputSelector": "0x77552641",
        "blockNumber": block,
        "blockTimestamp": 1_700_000_000 + 12 * block,
        "transactionHash": f"0x{number:064x}",
        "status": 1,
        "gasUsed": 250_000,
        "logs": [{"address": STARKNET, "topics": [STATE_EVENT], "data": "0x"}],
        **changes,
    }


def _batch(**changes: Any) -> dict[str, Any]:
    return _update(**{"to": INBOX, "from": BATCHER, "inputSelector": "0x00aabbcc", "logs": [], **changes})


def test_a_settlement_is_recognised() -> None:
    found = rollups.classify(_update())
    assert (found.system, found.kinds, found.gas, found.reason) == ("Starknet", (rollups.STATE,), 250_000, "")
    assert rollups.classify(_batch()).system == "Base"


def test_receipts_of_the_json_rpc_interface_read_the_same() -> None:
    plain = _update(inputSelector=None)
    encoded = _update(
        blockNumber="0x64", blockTimestamp=hex(1_700_001_200), status="0x1", gasUsed="0x3d090", inputSelector=None
    )
    assert rollups.classify(encoded) == rollups.classify(plain)
    assert rollups.classify(plain).system == "Starknet"  # by its event alone


@pytest.mark.parametrize(
    ("receipt", "reason"),
    [
        (_update(status=0), rollups.FAILED),
        (_update(status="0x0"), rollups.FAILED),
        (_update(to="0x" + "11" * 20), rollups.FOREIGN),
        (_update(to=None), rollups.FOREIGN),
        (_update(logs=[]), rollups.NO_EVENT),
        (_update(inputSelector="0xeb672419"), rollups.OTHER_FUNCTION),
        (_update(to="0x32400084c286cf3e17e7b677ea9583e60a000324"), rollups.OTHER_FUNCTION),
        (_update(l2="Scroll"), rollups.MISLABELLED.format("Scroll", "Starknet")),
        (_batch(**{"from": STARKNET}), rollups.WRONG_SENDER),
        (_batch(inputSelector=None), rollups.NO_PAYLOAD),
        (_update(blockNumber=-1), rollups.MALFORMED.format("blockNumber = -1")),
        (_update(blockTimestamp=None), rollups.MALFORMED.format("blockTimestamp = None")),
        (_update(gasUsed=20_999), rollups.MALFORMED.format("gasUsed = 20999")),
        (_update(transactionHash="0x12"), rollups.MALFORMED.format("transactionHash = '0x12'")),
        (None, rollups.MALFORMED.format("no JSON object")),
        (["a"], rollups.MALFORMED.format("no JSON object")),
    ],
)
def test_what_settles_nothing_says_why(receipt: object, reason: str) -> None:
    assert rollups.classify(receipt).reason == reason


def test_the_event_must_be_in_the_receipt_that_claims_it() -> None:
    other = _update(logs=[{"address": STARKNET, "topics": ["0x" + "77" * 32]}, {"topics": None}, "junk"])
    assert rollups.classify(other).reason == rollups.NO_EVENT


def test_intervals_count_only_inside_a_run() -> None:
    rows = [_update(block, number) for number, block in enumerate((100, 102, 105, 400, 401))]
    found = receipts.measure(rows, covered=range(100, 106))
    spread = found.intervals["Starknet"]
    assert (spread.count, spread.mean, spread.p50, spread.longest) == (3, 24.0, 24.0, 36.0)
    assert spread.p99 == pytest.approx(35.76)
    assert found.runs == 2
    assert receipts.measure(rows).intervals["Starknet"].count == 1


def test_gas_per_settlement_and_duplicates() -> None:
    rows = [_update(1, 1), _update(2, 2, gasUsed=150_000), _update(2, 2)]
    found = receipts.measure(rows)
    system = found.systems[0]
    assert system.gas_per_settlement == 200_000
    assert found.aside == {rollups.TWICE: 1}
    unknown = _update(3, 3)
    del unknown["gasUsed"], unknown["logs"], unknown["status"]
    system = receipts.measure([*rows, unknown]).systems[0]
    assert (system.settlements, system.without_gas, system.gas_per_settlement) == (3, 1, None)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(RiskInputError, match="1403 EMPTY_SERIES"):
        receipts.measure([])


LABELLED = "l1/l1_rollup_contract_receipts.jsonl.gz"
BLOCKS_2023 = "l1/l1_full_blocks_receipts_17686110_17686132.jsonl.gz"


@pytest.mark.parametrize("name", [LABELLED, "l1/l1_rollup_transactions_no_receipt.jsonl.gz"])
def test_every_recorded_label_is_found_without_it(recorded: Callable[[str], Path], name: str) -> None:
    for receipt in read_lines(recorded(name)):
        assert isinstance(receipt, dict)
        bare = {key: value for key, value in receipt.items() if key not in ("l2", "contract", "role", "function")}
        found = rollups.classify(bare)
        assert (receipt["role"] == "other") == bool(found.reason)
        if not found.reason and receipt["l2"] is not None:
            assert found.system == receipt["l2"]


def test_recorded_systems_and_counts(recorded: Callable[[str], Path]) -> None:
    found = receipts.measure(read_lines(recorded(LABELLED)))
    counts = {system.name: system.settlements for system in found.systems}
    assert sum(counts.values()) == 84
    assert found.aside == {rollups.OTHER_FUNCTION: 74}
    assert (counts["Starknet"], counts["Arbitrum One"], counts["OP Mainnet"], counts["Base"]) == (8, 20, 13, 12)
    assert counts["StarkWare SHARP"] == 8


def test_settlements_inside_normal_traffic(recorded: Callable[[str], Path]) -> None:
    """23 whole blocks: the labelled receipts of the same blocks are found again among 4,416, and nothing else."""
    labelled = {
        receipt["transactionHash"]
        for receipt in read_lines(recorded(LABELLED))
        if isinstance(receipt, dict)
        and 17_686_110 <= receipt["blockNumber"] <= 17_686_132
        and receipt["role"] != "other"
    }
    rows = list(read_lines(recorded(BLOCKS_2023)))
    found = {c.hash for c in map(rollups.classify, rows) if not c.reason}
    assert labelled <= found
    assert len(found) < 25
    measured = receipts.measure(rows)
    assert measured.runs == 1
    assert measured.intervals["OP Mainnet"].mean == pytest.approx(68.0)
    assert measured.intervals["Base"].p50 == pytest.approx(60.0)


def test_recorded_starkex_blocks(recorded: Callable[[str], Path]) -> None:
    blocks, stamps = read_blocks(recorded("l1/dydx_starkex_l1_block_timestamps_2021_2023.csv.gz"))
    found = receipts.compute_listed(stamps)
    assert blocks.size == 42_328
    assert found.mean == pytest.approx((stamps[-1] - stamps[0]) / 42_327)
    assert found.p50 < found.mean < found.p99 < found.longest
