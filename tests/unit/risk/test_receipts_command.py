"""kedge measure receipts on files: what it shows, what it says is missing, and with which status it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kedge.cli.commands import start

STARKNET = "0xc662c410c0ecf747543f5ba90660f6abebd9c8c4"
EVENT = "0x9866f8ddfe70bb512b2f2b28b49d4017c43f7ba775f1a20c61c13eea8cdac111"


def _receipt(at: int, **changes: Any) -> dict[str, Any]:
    """A state update of Starknet in a block of its own, as eth_getBlockReceipts answers it: without a time."""
    return {
        "transactionHash": f"0x{at:064x}",
        "blockNumber": hex(100 + at),
        "from": "0x" + "22" * 20,
        "to": STARKNET,
        "status": "0x1",
        "gasUsed": hex(250_000),
        "blobGasUsed": "0x20000",
        "effectiveGasPrice": hex(10**9),
        "blobGasPrice": "0x1",
        "type": "0x3",
        "logs": [{"address": STARKNET, "topics": [EVENT], "data": "0x"}],
        **changes,
    }


def _run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str, name: str = "r.json"
) -> tuple[int, dict[str, list[dict[str, Any]]], str]:
    """Exit status, tables by title, notes."""
    file, out = folder / name, folder / "out.json"
    file.write_text(content)
    monkeypatch.setattr(sys, "argv", ["kedge", "measure", "receipts", str(file), "--json", str(out)])
    with pytest.raises(SystemExit) as ended:
        start()
    if not out.exists():
        return int(ended.value.code or 0), {}, ""
    result = json.loads(out.read_text())
    return int(ended.value.code or 0), {t["title"]: t["rows"] for t in result["tables"]}, " ".join(result["notes"])


def test_gas_is_measured_where_times_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, tables, notes = _run(tmp_path, monkeypatch, json.dumps([_receipt(1), _receipt(2)]))
    (gas,) = tables["Gas"]
    assert status == 0
    assert (gas["execution per anchor"], gas["blobs per anchor"], gas["gas per anchor"]) == (250_000, 131_072, 381_072)
    assert gas["paid per anchor"] == pytest.approx(250_000e-9 + 131_072e-18)
    assert tables["Submissions and anchoring intervals"][0]["intervals"] == 0
    assert "times are missing: 2 submissions" in notes
    assert "eth_getBlockByNumber" in notes
    assert "No settlements" not in tables
    assert "Not understood" not in tables


def test_headers_in_the_file_supply_the_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [{"number": hex(100 + at), "timestamp": hex(12 * at), "hash": "0x" + "33" * 32} for at in (1, 2)]
    status, tables, notes = _run(
        tmp_path, monkeypatch, "\n".join(map(json.dumps, [_receipt(1), _receipt(2), *headers]))
    )
    (system,) = tables["Submissions and anchoring intervals"]
    assert (status, system["intervals"], system["mean"]) == (0, 1, 12.0)
    assert "missing" not in notes


def test_a_file_half_understood_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(_receipt(1)), "oops", json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"message": "busy"}})]
    status, tables, notes = _run(tmp_path, monkeypatch, "\n".join(lines))
    assert status == 0
    assert tables["Not understood"] == [
        {"because": "not JSON: Expecting value", "receipts": 1},
        {"because": "an answer with an error: 'busy'", "receipts": 1},
    ]
    assert "2 entries of the file were not understood" in notes


def test_receipts_that_settle_nothing_are_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = _receipt(1, to="0x" + "11" * 20, logs=[])
    status, tables, notes = _run(tmp_path, monkeypatch, json.dumps(foreign))
    assert (status, list(tables)) == (0, ["No settlements"])
    assert "none settles a rollup that we know" in notes


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ('{"price": 1}', "r.json", "neither blockNumber nor transactionHash; it has price"),
        ('{"number": 1, "timestamp": 5}', "r.json", "blocks, but not one receipt"),
        ("hash,blockNumber,value\n0xab,5,6\n", "r.csv", "CSV with the columns hash, blockNumber, value"),
        ("time,price\n1,2\n3,4\n", "r.csv", "neither JSON nor CSV"),
        ("block_number,timestamp\n5,\n", "r.csv", "row 2: no block_number with a timestamp"),
        ("block_number,timestamp\n5,7\n5,9\n", "r.csv", "row 3: block 5 has two times"),
        ("block_number,timestamp\n5,1700000000000\n", "r.csv", "row 2: timestamp = '1700000000000' is no time"),
        ("block_number,timestamp\n[/x],7\n", "r.csv", "row 2: block_number = '[/x]' is no number"),
        ('{"jsonrpc": "2.0", "id": 1, "result": null}', "r.json", "not mined yet"),
        ("", "r.json", "is empty"),
        ('{"a":' * 5000, "r.json", "nested too deeply"),
    ],
)
def test_a_file_of_which_nothing_was_understood_ends_with_status_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    name: str,
    words: str,
) -> None:
    assert _run(tmp_path, monkeypatch, content, name)[0] == 1
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_a_list_of_blocks_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "block_number,block_time\n12,2024-03-14 08:34:00.000 UTC\n10,2024-03-14 08:33:36.000 UTC\n10,\n"
    assert _run(tmp_path, monkeypatch, rows, "b.csv")[0] == 1
    status, tables, _ = _run(tmp_path, monkeypatch, rows.removesuffix("10,\n"), "b.csv")
    assert (status, tables[""][0]["blocks"], tables[""][0]["mean"]) == (0, 2, 24.0)
