"""The bytes of a published batch: one byte string per content, and one content per byte string.

    "KDGB"  version:2
    number:8 program:32 first_chunk:8 last_chunk:8 old_root:32 new_root:32 clock:8 anchored:8
    deposits_before:8 deposits:8 deposit_chain:32 withdrawals_before:8 withdrawals:4 records:4      (big-endian)
    withdrawals x (account:4 owner:20 amount:8)                                       index = withdrawals_before + place
    records, bit-packed: [class of the gap:2][gap][empty:1][tag of the record][fields] ... zero padding to a byte

The gap is the address minus the previous one minus 1 (the first: minus 0), in the smallest class that holds it.
"""

from __future__ import annotations

import struct

from kedge.batching.batch import Batch, Record
from kedge.batching.bits import BitReader, BitWriter
from kedge.batching.messages import AMOUNT_BOUND, MAX_WITHDRAWALS, Withdrawal
from kedge.batching.refusals import BAD_DATA, TOO_LARGE, UNKNOWN_VERSION
from kedge.batching.schema import ADDRESS_BITS, Schema
from kedge.machine import BATCH_BYTES
from kedge.units.errors import Broken

MAGIC, VERSION = b"KDGB", 1
MAX_BYTES = BATCH_BYTES
_HEAD = struct.Struct(">4sHQ32sQQ32s32sQQQQ32sQII")
_WITHDRAWAL = struct.Struct(">I20sQ")
_GAPS = (3, 10, 16, ADDRESS_BITS)


def encode(batch: Batch, schema: Schema) -> bytes:
    """The published bytes of a batch. Refuses (TOO_LARGE) what the blobs of one transaction cannot hold."""
    if len(batch.withdrawals) > MAX_WITHDRAWALS:
        raise TOO_LARGE.reject(f"{len(batch.withdrawals)} withdrawals, at most {MAX_WITHDRAWALS}")
    if not all(map(_is_payable, batch.withdrawals)):
        raise Broken(f"batch {batch.number} owes an amount that no account can hold")
    try:
        head = _encode_head(batch)
        messages = b"".join(_WITHDRAWAL.pack(item.account, item.owner, item.amount) for item in batch.withdrawals)
    except struct.error as error:
        raise Broken(f"batch {batch.number} holds a number that its form cannot: {error}") from error
    data = head + messages + _encode_records(batch.records, schema)
    if len(data) > MAX_BYTES:
        raise TOO_LARGE.reject(f"{len(data)} bytes, at most {MAX_BYTES}: publish fewer chunks in one batch")
    return data


def _encode_head(batch: Batch) -> bytes:
    return _HEAD.pack(
        MAGIC,
        VERSION,
        batch.number,
        batch.program,
        batch.first_chunk,
        batch.last_chunk,
        batch.old_root,
        batch.new_root,
        batch.clock,
        batch.anchored,
        batch.deposits_before,
        batch.deposits,
        batch.deposit_chain,
        batch.withdrawals_before,
        len(batch.withdrawals),
        len(batch.records),
    )


def _is_payable(item: Withdrawal) -> bool:
    return 0 < item.amount < AMOUNT_BOUND


def decode(data: bytes, schema: Schema) -> Batch:
    """The batch that these bytes publish. Hostile bytes are refused by number; work is linear in their length."""
    if len(data) > MAX_BYTES:
        raise TOO_LARGE.reject(f"{len(data)} bytes, at most {MAX_BYTES}")
    if data[:6] != struct.pack(">4sH", MAGIC, VERSION):
        raise UNKNOWN_VERSION.reject(f"starts with {data[:6].hex() or 'nothing'}")
    if len(data) < _HEAD.size:
        raise BAD_DATA.reject("the header ends early")
    (_, _, number, program, first, last, old, new, clock, anchored, before, deposits, chain, start, count, records) = (
        _HEAD.unpack_from(data)
    )
    if last < first or deposits < before or count > MAX_WITHDRAWALS:
        raise BAD_DATA.reject("a range of the header runs backwards or too far")
    end = _HEAD.size + count * _WITHDRAWAL.size
    if end > len(data):
        raise BAD_DATA.reject("the withdrawals end early")
    return Batch(
        number=number,
        program=program,
        first_chunk=first,
        last_chunk=last,
        old_root=old,
        new_root=new,
        clock=clock,
        anchored=anchored,
        deposits_before=before,
        deposits=deposits,
        deposit_chain=chain,
        withdrawals_before=start,
        withdrawals=_decode_withdrawals(data[_HEAD.size : end], start),
        records=_decode_records(data[end:], records, schema),
    )


def _decode_withdrawals(data: bytes, start: int) -> tuple[Withdrawal, ...]:
    items = tuple(
        Withdrawal(index, account, owner, amount)
        for index, (account, owner, amount) in enumerate(_WITHDRAWAL.iter_unpack(data), start)
    )
    if start + len(items) > 2**64 or not all(map(_is_payable, items)):
        raise BAD_DATA.reject("a withdrawal is out of range")
    return items


def _encode_records(records: tuple[Record, ...], schema: Schema) -> bytes:
    out = BitWriter()
    previous = -1
    for address, words in records:
        gap = address - previous - 1
        if gap < 0 or address >> ADDRESS_BITS:
            raise Broken(f"the record at address {address} is out of order or out of range")
        kind = next(i for i, width in enumerate(_GAPS) if gap < 1 << width)
        out.write(kind, 2)
        out.write(gap, _GAPS[kind])
        schema.write(out, address, words)
        previous = address
    return out.finish()


def _decode_records(data: bytes, count: int, schema: Schema) -> tuple[Record, ...]:
    source = BitReader(data)
    records: list[Record] = []
    previous = -1
    for _ in range(count):
        kind = source.read(2)
        gap = source.read(_GAPS[kind])
        if kind and gap < 1 << _GAPS[kind - 1]:
            raise BAD_DATA.reject("an address has a shorter form")
        previous += gap + 1
        if previous >= 1 << ADDRESS_BITS:
            raise BAD_DATA.reject("an address is out of range")
        records.append((previous, schema.read(source, previous)))
    source.check_end()
    return tuple(records)
