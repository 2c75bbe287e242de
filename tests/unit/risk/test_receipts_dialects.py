"""One settlement as every node, library, explorer and export writes it: all of them read the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kedge.risk import receipts
from kedge.risk.errors import RiskInputError
from kedge.risk.receipt_dialects import Receipt, read_records, read_time
from kedge.risk.receipt_files import MOST_VALUE, Unread, open_record

TO, SENDER = "0xC662c410C0ECf747543f5bA90660f6ABeBD9C8c4", "0x2C169DFe5fBbA12957Bdd0Ba47d9CEDbFE260CA7"
EVENT = "0x9866f8ddfe70bb512b2f2b28b49d4017c43f7ba775f1a20c61c13eea8cdac111"
HASH, BLOCK, TIME, GAS, PRICE, BLOB_PRICE = "0x" + "ab" * 32, 19_432_087, 1_710_405_215, 136_612, 43_255_556_019, 7
CALL = "0x77552641" + "00" * 64

LOG = {"address": TO, "topics": [EVENT], "data": "0x01", "transactionHash": HASH, "blockNumber": hex(BLOCK)}
NODE: dict[str, Any] = {
    "blockHash": "0x" + "cd" * 32,
    "blockNumber": hex(BLOCK),
    "contractAddress": None,
    "cumulativeGasUsed": "0xb0e0dd",
    "effectiveGasPrice": hex(PRICE),
    "from": SENDER.lower(),
    "gasUsed": hex(GAS),
    "blobGasUsed": "0x20000",
    "blobGasPrice": hex(BLOB_PRICE),
    "logs": [{**LOG, "blockTimestamp": hex(TIME)}],
    "status": "0x1",
    "to": TO.lower(),
    "transactionHash": HASH,
    "transactionIndex": "0x6f",
    "type": "0x3",
}
FOREIGN = {**NODE, "to": "0x" + "11" * 20, "transactionHash": "0x" + "ef" * 32, "logs": []}


def _numbers(write: Any, **changes: Any) -> dict[str, Any]:
    """The same receipt with its numbers written otherwise."""
    names = {"blockNumber": BLOCK, "gasUsed": GAS, "blobGasUsed": 131_072, "blobGasPrice": BLOB_PRICE}
    return {**NODE, **{k: write(v) for k, v in {**names, "effectiveGasPrice": PRICE}.items()}, **changes}


def _rename(receipt: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in receipt.items()}


def _snake(receipt: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): value for name, value in receipt.items()}


ENVELOPE = {"jsonrpc": "2.0", "id": 1, "result": [NODE]}
VIEM = _numbers(str, status="success", type="eip4844", logs=[{**LOG, "blockTimestamp": str(TIME)}])
ETHERS = _rename(
    _numbers(str, _type="TransactionReceipt", status=1, type=3), transactionHash="hash", transactionIndex="index"
)
WEB3_PY = _numbers(int, status=1, type=3, to=TO, transactionHash=HASH.removeprefix("0x"))
ETHERSCAN = {
    "blockNumber": str(BLOCK),
    "timeStamp": str(TIME),
    "hash": HASH,
    "from": SENDER.lower(),
    "to": TO.lower(),
    "gas": "200000",
    "gasPrice": str(PRICE),
    "isError": "0",
    "txreceipt_status": "1",
    "input": CALL,
    "methodId": "0x77552641",
    "gasUsed": str(GAS),
}
BROADCAST = {
    "transactions": [{"hash": HASH, "transactionType": "CALL", "transaction": {"to": TO, "input": CALL}}],
    "receipts": [NODE],
    "libraries": [],
    "timestamp": 1_710_405_215_000,
    "chain": 1,
}
DUNE = (
    "block_time,block_number,gas_price,gas_used,success,from,to,hash,data,type\n"
    f"2024-03-14 08:33:35.000 UTC,{BLOCK},{PRICE},{GAS},true,{SENDER.lower()},{TO.lower()},{HASH},{CALL},3\n"
)
DUNE_LOGS = (
    "block_time,block_number,contract_address,topic0,data,tx_hash,tx_from,tx_to\n"
    f"2024-03-14 08:33:35.000 UTC,{BLOCK},{TO.lower()},{EVENT},0x01,{HASH},{SENDER.lower()},{TO.lower()}\n"
)
EXPLORER = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","Status","Method"\r\n'
    f'"{HASH}","{BLOCK}","{TIME}","2024-03-14 08:33:35","{SENDER}","{TO}","","Update State"\r\n'
)

DIALECTS: dict[str, str] = {
    "eth_getBlockReceipts": json.dumps([NODE, FOREIGN]),
    "one receipt": json.dumps(NODE),
    "pretty-printed": json.dumps(NODE, indent=2),
    "pretty-printed, one after the other": json.dumps(NODE, indent=2) + "\n" + json.dumps(FOREIGN, indent=2),
    "envelope": json.dumps(ENVELOPE, indent=1),
    "batch of envelopes": json.dumps([ENVELOPE, {"jsonrpc": "2.0", "id": 2, "result": [FOREIGN]}]),
    "envelope of one receipt": json.dumps({"jsonrpc": "2.0", "id": 1, "result": NODE}),
    "lines": f"{json.dumps(NODE)}\n\n{json.dumps(FOREIGN)}\n",
    "lines of lists": f"{json.dumps([NODE])}\n{json.dumps([FOREIGN])}\n",
    "lines of envelopes": f"{json.dumps(ENVELOPE)}\r\n{json.dumps({**ENVELOPE, 'result': [FOREIGN]})}\r\n",
    "byte order mark": "\ufeff" + json.dumps([NODE]),
    "geth, time on the receipt": json.dumps({**NODE, "logs": [LOG], "blockTimestamp": hex(TIME)}),
    "viem": json.dumps(VIEM),
    "viem, strings with n": json.dumps(_numbers(lambda v: f"{v}n", status="success", type="eip4844")),
    "viem, bare bigints": json.dumps(VIEM).replace(f'"{GAS}"', f"{GAS}n").replace(f'"{BLOCK}"', f"{BLOCK}n"),
    "ethers 6": json.dumps(ETHERS),
    "ethers 5": json.dumps(_numbers(lambda v: {"type": "BigNumber", "hex": hex(v)}, blockNumber=BLOCK, status=1)),
    "web3.js 1": json.dumps(_numbers(int, status=True)),
    "web3.js 4": json.dumps(_numbers(str, status="1", type="3")),
    "web3.py, to_json": json.dumps(_numbers(int, status=1, type=3, to=TO)),
    "web3.py, hex() of HexBytes": json.dumps(WEB3_PY),
    "web3.py, repr of HexBytes": json.dumps(_numbers(int, status=1, transactionHash=f"HexBytes('{HASH}')")),
    "web3.py, str of HexBytes": json.dumps(_numbers(int, status=1, transactionHash=str(bytes.fromhex(HASH[2:])))),
    "snake case": json.dumps(_snake(_numbers(int, status=1))),
    "floats of a data frame": json.dumps(_numbers(float, status=1.0)),
    "cast receipt --json": json.dumps({**NODE, "root": None, "logsBloom": "0x" + "00" * 256}),
    "Foundry broadcast": json.dumps(BROADCAST, indent=2),
    "hardhat-deploy": json.dumps({"address": TO, "abi": [], "transactionHash": HASH, "receipt": NODE}),
    "Etherscan txlist": json.dumps({"status": "1", "message": "OK", "result": [ETHERSCAN]}),
    "Etherscan rows": json.dumps([ETHERSCAN]),
    "Etherscan logs": json.dumps(
        {"status": "1", "message": "OK", "result": [{**LOG, "timeStamp": hex(TIME), "gasUsed": hex(GAS)}]}
    ),
    "eth_getLogs": json.dumps({"jsonrpc": "2.0", "id": 1, "result": [{**LOG, "blockTimestamp": hex(TIME)}]}),
    "Dune transactions": DUNE,
    "Dune logs": DUNE_LOGS,
    "semicolons": DUNE.replace(",", ";"),
    "tabs, byte order mark": "\ufeff" + DUNE.replace(",", "\t"),
    "index column without a name": "".join(f"{at or ''},{row}\n" for at, row in enumerate(DUNE.splitlines())),
    "Etherscan CSV": EXPLORER,
}
WITHOUT_GAS = {"eth_getLogs", "Dune logs", "Etherscan CSV"}
WITHOUT_EVENT = {"Etherscan CSV"}
WITHOUT_BLOBS = {"Etherscan txlist", "Etherscan rows", "Etherscan logs", "Dune transactions", *WITHOUT_GAS}
FULL = sorted(set(DIALECTS) - WITHOUT_BLOBS - {"semicolons", "tabs, byte order mark", "index column without a name"})


def _doubled(receipt: dict[str, Any]) -> str:
    return json.dumps(receipt)[:-1] + ', "gasUsed": "0x5300"}'


DELIMITER = "not JSON: Expecting ',' delimiter"


def _measure(path: Path) -> receipts.Measured:
    with open_record(path) as source:
        return receipts.measure(read_records(source.values), name=source.name, looks=source.looks)


def _read(folder: Path, text: str) -> list[Any]:
    path = folder / "record"
    path.write_bytes(text.encode())
    with open_record(path) as source:
        return list(read_records(source.values))


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_says_the_same(tmp_path: Path, dialect: str) -> None:
    found = _read(tmp_path, DIALECTS[dialect])
    assert not [record for record in found if isinstance(record, Unread)]
    receipt = found[0]
    assert isinstance(receipt, Receipt)
    assert (receipt.hash, receipt.block, receipt.time, receipt.to) == (HASH, BLOCK, TIME, TO.lower())
    assert receipt.sender in (SENDER.lower(), "")
    assert receipt.succeeded is not False
    assert receipt.gas == (None if dialect in WITHOUT_GAS else GAS)
    if dialect in FULL:
        assert (receipt.blob_gas, receipt.fee) == (131_072, GAS * PRICE + 131_072 * BLOB_PRICE)


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - WITHOUT_EVENT))
@pytest.mark.parametrize("packed", [False, True])
def test_every_dialect_settles_once(tmp_path: Path, dialect: str, packed: bool) -> None:
    path = tmp_path / "record"
    text = DIALECTS[dialect].encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    found = _measure(path)
    assert [(system.name, system.settlements) for system in found.systems] == [("Starknet", 1)]
    assert (found.unread, found.untimed) == ({}, 0)


@pytest.mark.parametrize(
    ("status", "succeeded"),
    [("0x1", True), (1, True), ("success", True), (True, True), ("0x0", False), ("reverted", False), (False, False)],
)
def test_a_status_in_every_spelling(tmp_path: Path, status: object, succeeded: bool) -> None:
    assert _read(tmp_path, json.dumps({**NODE, "status": status}))[0].succeeded is succeeded


def test_an_error_of_etherscan_is_a_failure(tmp_path: Path) -> None:
    failed = {**ETHERSCAN, "isError": "1", "txreceipt_status": ""}
    assert _read(tmp_path, json.dumps([failed]))[0].succeeded is False
    assert _read(tmp_path, json.dumps([{**failed, "isError": "0"}]))[0].succeeded is True


def test_a_broadcast_file_lends_its_call_data(tmp_path: Path) -> None:
    assert _read(tmp_path, DIALECTS["Foundry broadcast"])[0].selector == "0x77552641"


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        (f"{json.dumps(NODE)}\nnothing\n", {"not JSON: Expecting value": 1}),
        (json.dumps(NODE) + f'\n{{"a": \n{json.dumps(FOREIGN)}\n' + json.dumps(FOREIGN), {DELIMITER: 1}),
        (f"[{json.dumps(NODE)},\n{json.dumps(FOREIGN)[:-40]}", {"not JSON: it ends inside a value": 1}),
        (DUNE + "1,2,3\n", {"a row with another number of cells than the heading": 1}),
        (DUNE + f'"{DUNE.splitlines()[1]}\n', {"not CSV: a quotation mark is not closed on its line": 1}),
        (_doubled(NODE) + json.dumps(NODE), {"not a receipt: two fields are called 'gasUsed' and differ": 1}),
        (
            json.dumps(NODE | {"gas_used": "0x5300"}) + json.dumps(NODE),
            {"not a receipt: two fields are called 'gasused' and differ": 1},
        ),
        (f"{json.dumps(NODE)}\n{json.dumps({**NODE, 'gasUsed': '0x1'})}", {"not a receipt: gasUsed = '0x1'": 1}),
        (f'{json.dumps(NODE)}\n{{"a": {"[" * 100_000}\n', {"not JSON: nested too deeply": 1}),
    ],
)
def test_what_is_not_understood_is_counted_by_its_reason(tmp_path: Path, text: str, unread: dict[str, int]) -> None:
    path = tmp_path / "record"
    path.write_text(text)
    found = _measure(path)
    assert found.systems[0].settlements == 1
    assert {reason.split(" (")[0]: count for reason, count in found.unread.items()} == unread


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps([NODE]).encode("utf-16"), "UTF-16: save it as UTF-8"),
        (json.dumps([NODE]).encode("utf-16-le"), "UTF-16: save it as UTF-8"),
        (json.dumps([NODE]).encode("utf-32"), "UTF-"),
        (gzip.compress(gzip.compress(b"{}")), "gzip inside gzip"),
        (gzip.compress(json.dumps([NODE]).encode())[:-20], "end-of-stream marker"),
        (b"\x1f\x8b\x08junk", "record"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"PAR1....", "a Parquet file"),
        (bytes(range(256)), "binary data"),
        (b"<html><body>429</body></html>", "a web page"),
        (b"\nblockHash            0xabab\nblockNumber          5\n", "cast prints it: add --json"),
        (b"AttributeDict({'blockNumber': 5})", "write Web3.to_json"),
        (b"{\n  blockHash: '0xab',\n  blockNumber: 5n\n}", "a JavaScript print"),
        (HASH.encode(), "a bare hash"),
        (b"1,2,3,4,5\n6,7,8,9,0\n", "a CSV needs a first line of column names"),
        (b"hash,blockNumber\n,\n", "CSV with the columns hash, blockNumber"),
        (b'[{"price": 5}, {"[/x]": 6}]', r"it has \[/x\]|it has \?/x\?|it has price"),
        (b"{" * 100_000, "not JSON"),
        (b"[" * 100_000, "1403 EMPTY_SERIES"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"9" * 100_000, "no JSON object"),
        (b"", "1403 EMPTY_SERIES"),
        (b"\xef\xbb\xbf \n", "1403 EMPTY_SERIES"),
    ],
)
def test_a_file_of_which_nothing_is_understood_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "record"
    path.write_bytes(content)
    with pytest.raises(RiskInputError, match=rf"(?s)1414 BAD_FILE.*({words})|{words}"):
        _measure(path)


@pytest.mark.parametrize("start", ['{"a": "', '{"a": [', "hash,blockNumber\n", "x", '{"a": 1}\n\n'])
def test_a_giant_line_in_a_gzip_is_refused_at_a_bounded_cost(tmp_path: Path, start: str) -> None:
    path = tmp_path / "record"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start.encode())
        for _ in range(3 * MOST_VALUE >> 20):
            file.write(b"0" * (1 << 20))
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE.*(more than 32 MiB|200 times its size)"):
        _measure(path)


def test_a_gzip_that_unpacks_to_blanks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_bytes(gzip.compress(b"\n" * (3 * MOST_VALUE), compresslevel=1))
    with pytest.raises(RiskInputError, match=r"1414 BAD_FILE.*200 times its size"):
        _measure(path)


def test_a_list_longer_than_one_value_may_be_is_read(tmp_path: Path) -> None:
    padding = {"logsBloom": "0x" + "0" * (MOST_VALUE // 4)}
    rows = [{**NODE, **padding, "transactionHash": f"0x{at:064x}"} for at in range(6)]
    path = tmp_path / "record"
    path.write_text(json.dumps(rows))
    assert _measure(path).receipts == 6


def test_a_quotation_mark_swallows_no_receipt_behind_it(tmp_path: Path) -> None:
    heading, row = DUNE.splitlines()
    others = [row.replace(HASH, "0x" + digit * 64) for digit in "123"]
    found = _measure_text(tmp_path, "\n".join([heading, '"' + others[0], others[1], others[2] + '"', row]))
    assert found.systems[0].settlements == 3
    assert found.unread == {"not CSV: a quotation mark is not closed on its line": 1}


def test_call_data_as_long_as_batches_are_is_read(tmp_path: Path) -> None:
    heading, row = DUNE.splitlines()
    found = _measure_text(tmp_path, f"{heading}\n{row.replace(CALL, CALL + 'ab' * 120_000)}\n")
    assert (found.systems[0].settlements, found.unread) == (1, {})


def test_the_same_field_twice_is_one_where_it_says_the_same(tmp_path: Path) -> None:
    text = json.dumps(NODE)[:-1] + f', "gasUsed": "{NODE["gasUsed"]}"}}'
    assert _measure_text(tmp_path, text).systems[0].settlements == 1


def test_a_log_that_contradicts_itself_is_not_understood(tmp_path: Path) -> None:
    text = json.dumps(NODE).replace('"topics": ', '"topics": ["0x11"], "topics": ')
    found = _measure_text(tmp_path, text + json.dumps(FOREIGN))
    assert (len(found.systems), sum(found.unread.values())) == (0, 1)


def _measure_text(folder: Path, text: str) -> receipts.Measured:
    path = folder / "record"
    path.write_text(text)
    return _measure(path)


@pytest.mark.parametrize(("written", "seconds"), [("20240102", 1_704_153_600), (20240102, 20240102), ("0x65", 101)])
def test_a_date_without_dashes_is_no_number_of_seconds(written: object, seconds: int) -> None:
    assert read_time(written) == seconds
