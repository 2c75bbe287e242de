"""bust_rate, counted: what was told to users, against what the proofs say happened."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from kedge.proving import ProofRecord
from kedge.rules import program
from kedge.sequencer import Catalog, Codec, Committed, DataDirectory, Ledger, NativeEngines

_MOST: Final = 1 << 20


class Audit:
    """Remembers a digest of every receipt, then replays the journal and compares."""

    def __init__(self) -> None:
        self._told: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def learn(self, group: Committed) -> None:
        """Hook of the node: receipts are about to be given."""
        told = {receipt.sequence: _digest(receipt.events) for _, receipt in group}
        with self._lock:
            self._told |= told

    def count(self, directory: DataDirectory, proofs: Sequence[ProofRecord]) -> int:
        """Receipts that the proven state contradicts.

        A receipt does if the transaction is not in the journal, or replays to other events, or lies in a chunk whose
        replayed root is not the one that its proof leads to, or that has no proof.
        """
        data = program().data
        codec, engine = Codec(Catalog(data)), NativeEngines(data).empty()
        proven = {proof.number: proof.roots for proof in proofs}
        with self._lock:
            left = dict(self._told)
        bad: set[int] = set()
        with Ledger(directory) as ledger:
            chunks = ledger.chunks()
            for group in ledger.groups():
                transactions = codec.decode_all(group.entries, _MOST)
                for sequence, (code, events, _) in enumerate(engine.submit_many(transactions), start=group.first):
                    told = left.pop(sequence, None)
                    if told is not None and (code or _digest(events) != told):
                        bad.add(sequence)
                while chunks and chunks[0].last == group.last:
                    chunk, sealed = chunks.pop(0), engine.seal()
                    if not _is_proven(chunk.number, (sealed.old_root, sealed.new_root), proven):
                        bad |= set(range(chunk.first, chunk.last + 1))
        return len(bad) + len(left)


def _is_proven(number: int, roots: tuple[bytes, bytes], proven: Mapping[int, tuple[str, str]]) -> bool:
    return proven.get(number) == (roots[0].hex(), roots[1].hex())


def _digest(events: list[tuple[str, list[int]]]) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(events), digest_size=16).digest()
