"""The ruler on other people's rollups: recorded receipts against their labels, doctored ones with their reason."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kedge.risk import receipts, rollups
from kedge.risk.errors import RiskInputError
from kedge.risk.receipt_dialects import Header, Receipt, Record, read_records
from kedge.risk.receipt_files import Unread, open_record

STARKNET = "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4"
STATE_EVENT = "0x9866f8ddfe70bb512b2f2b28b49d4017c43f7ba775f1a20c61c13eea8cdac111"
LINEA = "0xd19d4b5d358258f05d7b411e21a1460d11b0876f"
SCROLL, SCROLL_EVENT = "0xa13baf47339d63b743e7da8741db5456dac1e556", "0x26ba82f907317eed" + "0" * 48
INBOX, BATCHER = "0xff00000000000000000000000000000000008453", "0x5050f69a9786f081509234f1a7f4684b5e5b76c9"


PRINTS = ("b'\\xzz'", "b'a',5", "b'a' * 9", "b'\u00e9'", "b'\\z'", "b'" + "(" * 300)
"""What begins like bytes that Python printed, and is none."""


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


def _read(value: object) -> Record:
    (found,) = read_records([value])
    return found


def _classify(value: object) -> rollups.Classified:
    found = _read(value)
    assert isinstance(found, Receipt), found
    return rollups.classify(found)


def _measure(values: list[Any], covered: range = range(0)) -> receipts.Measured:
    return receipts.measure(read_records(values), covered)


def _measure_file(path: Path) -> receipts.Measured:
    with open_record(path) as source:
        return receipts.measure(read_records(source.values))


def test_a_settlement_is_recognised() -> None:
    found = _classify(_update())
    assert (found.system, found.kinds, found.reason) == ("Starknet", (rollups.STATE,), "")
    assert _classify(_batch()).system == "Base"


def test_receipts_of_the_json_rpc_interface_read_the_same() -> None:
    plain = _update(inputSelector=None)
    encoded = _update(
        blockNumber="0x64", blockTimestamp=hex(1_700_001_200), status="0x1", gasUsed="0x3d090", inputSelector=None
    )
    assert _read(encoded) == _read(plain)
    assert _classify(plain).system == "Starknet"  # by its event alone


@pytest.mark.parametrize(
    ("receipt", "reason"),
    [
        (_update(status=0), rollups.FAILED),
        (_update(status="0x0"), rollups.FAILED),
        (_update(to="0x" + "11" * 20, logs=[]), rollups.FOREIGN),
        (_update(to=None, logs=[]), rollups.FOREIGN),
        (_update(logs=[]), rollups.NO_EVENT),
        (_update(inputSelector="0xeb672419"), rollups.OTHER_FUNCTION),
        (_update(logs=[], status=0), rollups.FAILED),
        (_update(to="0x32400084c286cf3e17e7b677ea9583e60a000324"), rollups.NOT_KNOWN.format("zkSync Era")),
        (_update(to="0x" + "11" * 20, logs=[{"address": SCROLL, "topics": [SCROLL_EVENT]}]), rollups.THROUGH_OTHER),
        (_update(l2="Scroll"), rollups.MISLABELLED.format("'Scroll'", "Starknet")),
        (_update(to=LINEA, inputSelector=None, logs=[]), rollups.NO_FUNCTION),
        (_batch(**{"from": STARKNET}), rollups.WRONG_SENDER),
        (_batch(**{"from": None}), rollups.NO_SENDER),
        (_batch(inputSelector=None, inputBytes=0), rollups.NO_PAYLOAD),
        (_batch(inputSelector=None, input="0x"), rollups.NO_PAYLOAD),
        (_batch(inputSelector=None, gasUsed=21_000), rollups.NO_PAYLOAD),
        (_batch(inputSelector=None, gasUsed=None), rollups.NO_INPUT),
    ],
)
def test_what_settles_nothing_says_why(receipt: object, reason: str) -> None:
    assert _classify(receipt).reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (_update(blockNumber=-1), "not a receipt: blockNumber = -1"),
        (_update(blockNumber=None), "not a receipt: no blockNumber"),
        (_update(blockNumber=10**60), "not a receipt: blockNumber = 1000000"),
        (_update(blockTimestamp="yesterday"), "not a receipt: blockTimestamp = 'yesterday' is no time in seconds"),
        (_update(blockTimestamp=1_700_000_000_000), "not a receipt: blockTimestamp = 1700000000000 is no time in"),
        (_update(gasUsed=20_999), "not a receipt: gasUsed = 20999"),
        (_update(gasUsed=float("nan")), "not a receipt: gasUsed = nan"),
        (_update(status="[/x]"), "not a receipt: status = '[/x]'"),
        (
            _update(logs=["AttributeDict({'topics': []})"]),
            "not a receipt: a log that is no object with topics (web3.py",
        ),
        (_update(logs=[{"topics": None}]), "not a receipt: a log that is no object with topics"),
        *((_update(transactionHash=text), "not a receipt: transactionHash = ") for text in PRINTS),
        (_update(transactionHash="0x12"), "not a receipt: transactionHash = '0x12'"),
        (_update(transactionHash="\x1b[31m" + "x" * 10**6), "not a receipt: transactionHash = '\\x1b[31mxx"),
        ({"blockNumber": 1, "transactionHash": "0x" + "1" * 64}, "not a receipt: no `to`, the contract called"),
        ({"a": 1, "\x1b[0m": 2}, "neither blockNumber nor transactionHash; it has a, ??0m"),
        (None, "a value that is no JSON object"),
        ("a", "a value that is no JSON object"),
        ({"jsonrpc": "2.0", "id": 1, "result": None}, "an answer without a result"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"message": "too many"}}, "an answer with an error: 'too many'"),
        ({"status": "0", "message": "NOTOK", "result": "rate limit"}, "an answer that says 'rate limit'"),
        ({"receipts": [], "transactions": []}, "`receipts` is empty"),
        ([[[[[[[[1]]]]]]]], "lists or envelopes inside each other"),
    ],
)
def test_what_is_no_receipt_says_why(value: object, reason: str) -> None:
    found = _read(value)
    assert isinstance(found, Unread)
    assert found.reason.startswith(reason)
    assert len(found.reason) < 200
    assert found.reason.isprintable()


def test_a_receipt_without_its_call_data_still_shows_a_batch() -> None:
    """Nodes' receipts carry no `input`: what was paid above the least shows that there was some."""
    bare = _batch()
    del bare["inputSelector"]
    assert _classify(bare).system == "Base"
    assert _classify({**bare, "gasUsed": 21_000, "blobGasUsed": "0x20000", "type": "0x3"}).system == "Base"


def test_the_event_must_be_in_the_receipt_that_claims_it() -> None:
    other = _update(logs=[{"address": STARKNET, "topics": ["0x" + "77" * 32]}, {"topics": []}])
    assert _classify(other).reason == rollups.NO_EVENT


def test_intervals_count_only_inside_a_run() -> None:
    rows = [_update(block, number) for number, block in enumerate((100, 102, 105, 400, 401))]
    found = _measure(rows, covered=range(100, 106))
    spread = found.intervals["Starknet"]
    assert (spread.count, spread.mean, spread.p50, spread.longest) == (3, 24.0, 24.0, 36.0)
    assert spread.p99 == pytest.approx(35.76)
    assert found.runs == 2
    assert _measure(rows).intervals["Starknet"].count == 1


def test_gas_per_anchor_and_duplicates() -> None:
    rows = [_update(1, 1), _update(2, 2, gasUsed=150_000), _update(2, 2)]
    found = _measure(rows)
    system = found.systems[0]
    assert (system.anchors, system.gas_per_anchor) == (2, 200_000)
    assert found.aside == {rollups.TWICE: 1}
    unknown = _update(3, 3)
    del unknown["gasUsed"], unknown["logs"], unknown["status"]
    system = _measure([*rows, unknown]).systems[0]
    assert (system.settlements, system.gas.unknown, system.gas_per_anchor) == (3, 1, None)


def test_blob_gas_counts() -> None:
    prices = {"effectiveGasPrice": "0x64", "blobGasPrice": 3}
    rows = [
        _update(1, 1, type="0x3", blobGasUsed="0x20000", **prices),
        _update(2, 2, type="0x3", blobCount=2, **prices),
        _update(3, 3, type="0x2", **prices),
    ]
    system = _measure(rows).systems[0]
    assert system.gas_per_anchor == 250_000 + 131_072
    assert system.fee.total == 3 * 250_000 * 100 + 3 * 131_072 * 3
    silent = _measure([*rows, _update(4, 4, type="eip4844")]).systems[0]
    assert (silent.blob_gas.unknown, silent.gas_per_anchor, silent.gas.share(silent.anchors)) == (1, None, 250_000)


def test_a_block_has_one_time_whoever_tells_it() -> None:
    rows = [_update(block, block) for block in range(100, 104)]
    for row in rows:
        del row["blockTimestamp"]
    assert _measure(rows).intervals == {}
    assert _measure(rows).untimed == 4
    rows[0]["logs"][0]["blockTimestamp"] = "0x64"
    neighbour = {**_update(101, 900, to="0x" + "11" * 20), "blockTimestamp": 112}
    header = {"jsonrpc": "2.0", "id": 1, "result": {"number": "0x66", "timestamp": "0x7c", "hash": "0x" + "5" * 64}}
    found = _measure([*rows, neighbour, header])
    assert (found.intervals["Starknet"].count, found.intervals["Starknet"].mean) == (2, 12.0)
    assert (found.untimed, found.receipts, found.unread) == (1, 5, {})
    assert _read(header) == Header(102, 124)


def test_an_anchor_without_time_parts_two_intervals() -> None:
    rows = [_update(block, block) for block in (100, 101, 102)]
    del rows[1]["blockTimestamp"]
    assert _measure(rows).intervals == {}


def test_two_times_for_one_block_are_none() -> None:
    rows = [_update(100, 1), _update(101, 2), _update(101, 3, blockTimestamp=5)]
    found = _measure(rows)
    assert (found.intervals, found.contradicted, found.untimed) == ({}, 1, 2)


def test_logs_alone_are_receipts_without_gas_of_blobs() -> None:
    log = {"address": STARKNET, "blockNumber": "0x64", "timeStamp": "0x6553f100", "gasUsed": "0x3d090"}
    first = {**log, "topics": ["0x" + "77" * 32], "data": "0x77", "transactionHash": "0x" + "1" * 64}
    found = _measure([first, {**first, "topics": [STATE_EVENT]}, {**first, "transactionHash": "0x" + "2" * 64}])
    assert found.receipts == 2
    assert found.aside == {rollups.OTHER_FUNCTION: 1}
    assert (found.systems[0].settlements, found.systems[0].gas.total, found.systems[0].blob_gas.unknown) == (
        1,
        250_000,
        1,
    )


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(RiskInputError, match="1403 EMPTY_SERIES"):
        _measure([])


def test_a_file_without_one_receipt_is_refused() -> None:
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE.*understood.*2 x neither blockNumber nor.*it has price"):
        _measure([{"price": 1}, {"price": 2}])
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE.*blocks, but not one receipt"):
        _measure([{"number": 1, "timestamp": 2}])


def test_a_long_file_without_a_receipt_is_given_up() -> None:
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE.*100,000 x"):
        receipts.measure(Unread("no") for _ in itertools.count())
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE: only 1 of 100,000 entries"):
        receipts.measure(itertools.chain([_read(_update())], (Unread("no") for _ in itertools.count())))


LABELLED = "l1/l1_rollup_contract_receipts.jsonl.gz"
BLOCKS_2023 = "l1/l1_full_blocks_receipts_17686110_17686132.jsonl.gz"


@pytest.mark.parametrize("name", [LABELLED, "l1/l1_rollup_transactions_no_receipt.jsonl.gz"])
def test_every_recorded_label_is_found_without_it(recorded: Callable[[str], Path], name: str) -> None:
    with open_record(recorded(name)) as source:
        for receipt in source.values:
            assert isinstance(receipt, dict)
            bare = {key: value for key, value in receipt.items() if key not in ("l2", "contract", "role", "function")}
            found = _classify(bare)
            assert (receipt["role"] == "other") == bool(found.reason)
            if not found.reason and receipt["l2"] is not None:
                assert found.system == receipt["l2"]


def test_recorded_systems_and_counts(recorded: Callable[[str], Path]) -> None:
    found = _measure_file(recorded(LABELLED))
    counts = {system.name: system.settlements for system in found.systems}
    assert sum(counts.values()) == 84
    assert sum(found.aside.values()) == 74
    assert (found.aside[rollups.OTHER_FUNCTION], found.aside[rollups.FAILED]) == (19, 3)
    assert found.aside[rollups.NOT_KNOWN.format("zkSync Era")] == 45
    assert rollups.FOREIGN not in found.aside
    assert (counts["Starknet"], counts["Arbitrum One"], counts["OP Mainnet"], counts["Base"]) == (8, 20, 13, 12)
    assert counts["StarkWare SHARP"] == 8


def test_settlements_inside_normal_traffic(recorded: Callable[[str], Path]) -> None:
    """23 whole blocks: the labelled receipts of the same blocks are found again among 4,416, and nothing else."""
    with open_record(recorded(LABELLED)) as source:
        labelled = {
            receipt["transactionHash"]
            for receipt in source.values
            if isinstance(receipt, dict)
            and 17_686_110 <= receipt["blockNumber"] <= 17_686_132
            and receipt["role"] != "other"
        }
    with open_record(recorded(BLOCKS_2023)) as source:
        rows = [found for found in read_records(source.values) if isinstance(found, Receipt)]
    found = {row.hash for row in rows if not rollups.classify(row).reason}
    assert labelled <= found
    assert len(found) < 25
    measured = receipts.measure(rows)
    assert measured.runs == 1
    assert measured.intervals["OP Mainnet"].mean == pytest.approx(68.0)
    assert measured.intervals["Base"].p50 == pytest.approx(60.0)


def test_recorded_starkex_blocks(recorded: Callable[[str], Path]) -> None:
    with open_record(recorded("l1/dydx_starkex_l1_block_timestamps_2021_2023.csv.gz")) as source:
        assert receipts.is_list(source.columns)
        blocks, stamps = receipts.read_list(source)
    found = receipts.compute_listed(stamps)
    assert blocks.size == 42_328
    assert found.mean == pytest.approx((stamps[-1] - stamps[0]) / 42_327)
    assert found.p50 < found.mean < found.p99 < found.longest
