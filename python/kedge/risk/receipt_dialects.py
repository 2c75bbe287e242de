"""What a value of a record means: one shape for the receipts of every node, library, explorer and export.

Nodes (`eth_getBlockReceipts`, `eth_getTransactionReceipt`, envelopes single and batch), viem, ethers 5 and 6, web3.js,
web3.py, Foundry (`cast receipt --json`, broadcast files), Etherscan (`txlist`, logs), Dune and other exports of
transactions or logs. They differ in names, in how a number is written, in what they leave out. What is left out stays
unknown (None); nothing is filled in from what usually is.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from reprlib import Repr
from typing import Any, Final

from kedge.risk.gas import BLOB_GAS
from kedge.risk.receipt_files import NO_OBJECT, Doubled, Unread, get_key, join_fields, show_names

_HASH: Final = ("txhash", "hash")
_BLOCK: Final = ("blocknumber", "blockno")
_TIME: Final = ("blocktimestamp", "timestamp", "blocktime", "unixtimestamp")
_FROM: Final = ("from", "txfrom", "fromaddress")
_TO: Final = ("to", "txto", "toaddress")
_STATUS: Final = ("status", "txreceiptstatus", "receiptstatus", "success")
_GAS: Final = ("gasused", "receiptgasused")
_GAS_PRICE: Final = ("effectivegasprice", "gasprice")
_CALL: Final = ("inputselector", "methodid", "input", "data", "calldata")
_EMITTER: Final = ("address", "contractaddress")

_SUCCEEDED: Final = ("1", "true", "success")
_FAILED: Final = ("0", "false", "reverted")
_NOTHING: Final = (None, "", "null", "NULL", "None", "<nil>", "nan", "NaN")
_MOST: Final = 2**63
LEAST_GAS: Final = 21_000
"""What every transaction on L1 costs at least."""
_LATEST: Final = 10**11
"""Above it, a time is not in seconds."""
_DEPTH: Final = 6
_BYTES: Final = re.compile(r"""b(?P<quote>['"])(?:(?!(?P=quote))[ -\[\]-~]|\\(?:x[0-9a-f]{2}|[tnr\\'"]))*(?P=quote)""")
_DATE: Final = re.compile(r"(?:19|20)[0-9]{6}")
"""A date without dashes; as seconds it would be a day of 1970, when there was no L1."""
_LONGEST_PRINT: Final = 400
"""Characters of a hash as Python prints its bytes, with room."""

_show = Repr()
_show.maxstring = _show.maxother = _show.maxlong = 40
_show.maxdict = _show.maxlist = _show.maxlevel = 2


@dataclass(frozen=True)
class Receipt:
    """One L1 transaction as the record knows it; None is unknown. Gas in gas, `fee` in wei, `time` in seconds."""

    hash: str
    block: int
    time: int | None
    sender: str
    to: str
    """Contract called; empty where the transaction made one. Of a log alone: the contract that wrote it."""
    succeeded: bool | None
    gas: int | None
    blob_gas: int | None
    fee: int | None
    selector: str | None
    """First four bytes of the call data, or less where there is less."""
    has_data: bool | None
    """Whether it came with call data or blobs."""
    logs: tuple[tuple[str, str], ...] | None
    """Emitter and first topic of each."""
    label: str
    is_log: bool = False


@dataclass(frozen=True)
class Header:
    """The time of a block, from its header."""

    block: int
    time: int


Record = Receipt | Header | Unread


class _UnreadableError(Exception):
    """A field that no dialect writes like that; the text is the reason."""


def show(value: object) -> str:
    """A value of a file as a message can carry it: short, printable."""
    return _show.repr(value).encode("ascii", "backslashreplace").decode()


def _get(fields: dict[str, Any], names: Iterable[str]) -> Any:
    """The first of these fields that says something; None where none does."""
    return next((value for name in names if not _is_nothing(value := fields.get(name))), None)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def read_number(value: object) -> int | None:
    """A whole number below 2^63 as JSON, hexadecimal or decimal text, 123n or ethers' BigNumber; None for others."""
    if isinstance(value, dict):
        value = value.get("_hex", value.get("hex"))
    if isinstance(value, float) and value.is_integer():
        value = int(value) if abs(value) < _MOST else None
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"0x[0-9a-fA-F]{1,64}", text):
            value = int(text, 16)
        elif re.fullmatch(r"[0-9]{1,24}(?:\.0{1,9})?n?", text):
            value = int(re.split(r"[.n]", text)[0])
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST
    return value if isinstance(value, int) and is_number else None


def read_time(value: object) -> int | None:
    """Seconds since 1970 from a number or an ISO text (UTC where it names no zone); None for anything else."""
    number = None if isinstance(value, str) and _DATE.fullmatch(value.strip()) else read_number(value)
    if number is None and isinstance(value, str) and len(value) < 40:
        try:
            moment = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", value.strip()))
            number = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            return None
    return number if number is not None and 0 <= number < _LATEST else None


def _number(fields: dict[str, Any], names: tuple[str, ...], label: str, least: int = 0) -> int | None:
    raw = _get(fields, names)
    found = read_number(raw)
    if raw is not None and (found is None or found < least):
        raise _UnreadableError(f"{label} = {show(raw)}")
    return found


def _text(value: object) -> str:
    """Hexadecimal text in lower case with its 0x, from a string with or without, or a print of HexBytes or bytes."""
    if not isinstance(value, str):
        return ""
    text = value.strip().lower()
    if text.startswith("hexbytes("):
        text = text.removeprefix("hexbytes(").rstrip(")").strip("'\"")
    elif text.startswith(("b'", 'b"')) and len(value) < _LONGEST_PRINT and _BYTES.fullmatch(value.strip()):
        text = f"0x{ast.literal_eval(value.strip()).hex()}"
    return text if text.startswith("0x") else f"0x{text}" if re.fullmatch(r"[0-9a-f]{8,}", text) else text


def _time(fields: dict[str, Any]) -> int | None:
    """The block's time: the receipt's own, else that of one of its logs."""
    raw = _get(fields, _TIME)
    if raw is None and isinstance(fields.get("logs"), list):
        found = (
            log.get("blockTimestamp", log.get("block_timestamp")) for log in fields["logs"] if isinstance(log, dict)
        )
        raw = next((value for value in found if value is not None), None)
    time = read_time(raw)
    if raw is not None and time is None:
        raise _UnreadableError(f"blockTimestamp = {show(raw)} is no time in seconds")
    return time


def _status(fields: dict[str, Any]) -> bool | None:
    raw, turned = _get(fields, _STATUS), _get(fields, ("iserror",))
    if raw is None and turned is None:
        return None
    number = read_number(turned if raw is None else raw)
    text = str(number if number is not None else turned if raw is None else raw)[:20].strip().lower()
    if text not in (*_SUCCEEDED, *_FAILED) and not text.startswith(("error", "fail")):
        raise _UnreadableError(f"status = {show(raw)}")
    return (text in _SUCCEEDED) == (raw is not None)


def _blob_gas(fields: dict[str, Any]) -> int | None:
    """Blob gas as recorded, else from the number of blobs; unknown for a blob transaction that tells neither."""
    found = _number(fields, ("blobgasused",), "blobGasUsed")
    if found is not None:
        return found
    count, hashes = _number(fields, ("blobcount",), "blobCount"), fields.get("blobversionedhashes")
    if count is not None or isinstance(hashes, list):
        return BLOB_GAS * (count if count is not None else len(hashes or ()))
    kind = fields.get("type")
    return None if read_number(kind) == 3 or str(kind)[:8].lower() in ("eip4844", "blob") else 0


def _call(fields: dict[str, Any], blob_gas: int | None) -> tuple[str | None, bool | None]:
    """Function called, and whether there was call data or a blob; None where the record does not say."""
    found, size = _text(_get(fields, _CALL)), read_number(fields.get("inputbytes"))
    selector = found[:10] if found.startswith("0x") and len(found) > 2 else None
    if selector or blob_gas != 0:
        return selector, True
    return None, False if found == "0x" else None if size is None else size > 0


def _fee(fields: dict[str, Any], gas: int | None, blob_gas: int | None) -> int | None:
    """Wei paid for execution and blobs; None where a price is not on record."""
    price, blob_price = (read_number(_get(fields, names)) for names in (_GAS_PRICE, ("blobgasprice",)))
    if gas is None or price is None or blob_gas is None or (blob_gas and blob_price is None):
        return None
    return gas * price + blob_gas * (blob_price or 0)


def _logs(fields: dict[str, Any]) -> tuple[tuple[str, str], ...] | None:
    logs = fields.get("logs")
    if not isinstance(logs, list):
        return None
    found = []
    for log in logs:
        topics = log.get("topics") if isinstance(log, dict) else None
        if isinstance(log, Doubled):
            raise _UnreadableError(f"a log of which two fields are called {show(log.name)} and differ")
        if not isinstance(topics, list):
            # Setting the log aside would make a settlement look as if its event were missing.
            raise _UnreadableError(f"a log that is no object with topics (web3.py: write Web3.to_json): {show(log)}")
        if topics:
            found.append((_text(log.get("address")), _text(topics[0])))
    return tuple(found)


def _read_topic(fields: dict[str, Any]) -> str | None:
    """The first topic where the record is a log and no receipt."""
    if "logs" in fields:
        return None
    first = fields.get("topic0", fields.get("topics"))
    if isinstance(first, list):
        first = first[0] if first else ""
    found = re.search(r"0x[0-9a-f]{64}", _text(first)[:200])
    return found[0] if found else None if first is None else ""


def _read_fields(fields: dict[str, Any]) -> Receipt:
    topic = _read_topic(fields)
    block = _number(fields, _BLOCK, "blockNumber")
    digest = _text(_get(fields, _HASH))
    if block is None:
        raise _UnreadableError("no blockNumber")
    if not re.fullmatch(r"0x[0-9a-f]{64}", digest):
        raise _UnreadableError(f"transactionHash = {show(_get(fields, _HASH))}" if digest else "no transactionHash")
    if topic is None and not any(name in fields for name in _TO):
        raise _UnreadableError("no `to`, the contract called")
    gas, blob_gas = _number(fields, _GAS, "gasUsed", LEAST_GAS), _blob_gas(fields)
    selector, has_data = _call(fields, blob_gas) if topic is None else (None, None)
    emitter = _text(_get(fields, _EMITTER)) if topic is not None else ""
    label = fields.get("l2")
    return Receipt(
        hash=digest,
        block=block,
        time=_time(fields),
        sender=_text(_get(fields, _FROM)),
        to=_text(_get(fields, _TO)) or emitter,
        succeeded=_status(fields) if topic is None else True,
        gas=gas,
        blob_gas=None if topic is not None else blob_gas,
        fee=_fee(fields, gas, blob_gas) if topic is None else None,
        selector=selector,
        has_data=has_data,
        logs=_logs(fields) if topic is None else ((emitter, topic),),
        label=label[:40] if isinstance(label, str) else "",
        is_log=topic is not None,
    )


def _read_object(value: dict[str, Any]) -> Record:
    names = [name for name in value if not name.startswith("_")]  # ethers 6 adds a `_type` of its own
    fields = join_fields((get_key(name), value[name]) for name in names)
    for doubled in (value, fields):
        if isinstance(doubled, Doubled):
            return Unread(f"not a receipt: two fields are called {show(doubled.name)} and differ")
    if _get(fields, _HASH) is None or _get(fields, _BLOCK) is None:
        block, time = read_number(_get(fields, ("number", *_BLOCK))), read_time(_get(fields, _TIME))
        if block is not None and time is not None and not {"to", "from", "logs"} & fields.keys():
            return Header(block, time)
        if _get(fields, _HASH) is None and _get(fields, _BLOCK) is None:
            return Unread(f"neither blockNumber nor transactionHash; it has {show_names(tuple(value)) or 'no fields'}")
    try:
        return _read_fields(fields)
    except _UnreadableError as problem:
        return Unread(f"not a receipt: {problem}")


def _attach_calls(value: dict[str, Any]) -> Iterator[object]:
    """Receipts of a Foundry broadcast file, each with the call data that the file keeps apart."""
    sent = value.get("transactions")
    known = [item for item in sent if isinstance(item, dict)] if isinstance(sent, list) else []
    calls = {str(item.get("hash")): item.get("transaction") for item in known}
    for receipt in value["receipts"]:
        call = calls.get(str(receipt.get("transactionHash"))) if isinstance(receipt, dict) else None
        if isinstance(receipt, dict) and isinstance(call, dict):
            yield {"input": call.get("input", call.get("data")), **receipt}
        else:
            yield receipt


def _expand(value: object, depth: int = 0) -> Iterator[Record]:
    """Every record in one value: inside lists, JSON-RPC envelopes, Etherscan's answers, broadcast files."""
    if isinstance(value, Unread):
        yield value
    elif depth > _DEPTH:
        yield Unread("lists or envelopes inside each other, deeper than anybody writes them")
    elif isinstance(value, list):
        for item in value:
            yield from _expand(item, depth + 1)
    elif not isinstance(value, dict):
        yield Unread(NO_OBJECT)
    elif isinstance(value.get("receipts"), list):
        if not value["receipts"]:
            yield Unread("`receipts` is empty (a broadcast file before its transactions were mined)")
        yield from _expand(list(_attach_calls(value)), depth + 1)
    elif isinstance(value.get("receipt"), dict):
        yield from _expand(value["receipt"], depth + 1)
    elif "transactionHash" not in value and isinstance(value.get("result"), list | dict):
        yield from _expand(value["result"], depth + 1)
    else:
        yield _explain_answer(value) or _read_object(value)


def _explain_answer(value: dict[str, Any]) -> Unread | None:
    """Why an answer of a server holds no receipt; None where it is no such answer."""
    if "transactionHash" in value or not ({"jsonrpc", "result"} & value.keys()):
        return None
    if "error" in value:
        error = value["error"]
        return Unread(f"an answer with an error: {show(error.get('message') if isinstance(error, dict) else error)}")
    if value.get("result") is None:
        return Unread("an answer without a result: the node does not know the transaction, or it is not mined yet")
    return Unread(f"an answer that says {show(value['result'])}")


def read_records(values: Iterable[object]) -> Iterator[Record]:
    """Records in the order of the file; logs of one transaction that follow each other are one receipt."""
    held: list[Receipt] = []
    for record in itertools.chain.from_iterable(map(_expand, values)):
        if not isinstance(record, Receipt) or not record.is_log:
            yield record
            continue
        if held and held[0].hash != record.hash:
            yield _join(held)
            held = []
        held.append(record)
    if held:
        yield _join(held)


def _join(logs: list[Receipt]) -> Receipt:
    return replace(logs[0], logs=tuple(found for log in logs for found in log.logs or ()))
