"""Where the blobs of a transaction come from. What a source says is checked against the hashes on L1 by the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kedge.batching import to_blobs
from kedge.settlement.chain import Block, Chain, to_bytes, to_hex
from kedge.settlement.contracts import Submitted
from kedge.settlement.journal import AnchorJournal
from kedge.settlement.rpc import Rpc
from kedge.units.errors import Fault


class BlobSource(Protocol):
    """Finds the blobs of an accepted batch, in order. Fault if this source does not have them."""

    def get_blobs(self, batch: Submitted) -> Sequence[bytes]: ...


class AnvilBlobs:
    """The development chain's own memory of blobs."""

    def __init__(self, chain: Chain) -> None:
        self._rpc = chain.rpc

    def get_blobs(self, batch: Submitted) -> Sequence[bytes]:
        found = self._rpc.call("anvil_getBlobsByTransactionHash", to_hex(batch.log.tx_hash))
        if not found:
            raise Fault(f"the development chain has no blobs for batch {batch.header.number}")
        return [to_bytes(blob) for blob in found]


class BeaconBlobs:
    """A consensus node's blob endpoint. `slot_of` turns an execution block into the slot that the node knows it by."""

    def __init__(self, chain: Chain, url: str, slot_of: Callable[[Block], int]) -> None:
        self._chain = chain
        self._beacon = Rpc(url)
        self._slot_of = slot_of

    def get_blobs(self, batch: Submitted) -> Sequence[bytes]:
        block = self._chain.block(batch.log.block_number)
        if block is None:
            raise Fault(f"the L1 node lost block {batch.log.block_number}; try again")
        wanted = "&".join(f"versioned_hashes={to_hex(item)}" for item in batch.blob_hashes)
        answer = self._beacon.get(f"/eth/v1/beacon/blobs/{self._slot_of(block)}?{wanted}")
        found = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(blob, str) for blob in found):
            raise Fault(
                f"the consensus node has no blobs for batch {batch.header.number}; it keeps them for 18 days only"
            )
        return [to_bytes(blob) for blob in found]


class JournalBlobs:
    """The operator's own archive: the anchor journal keeps the data of every batch."""

    def __init__(self, journal: AnchorJournal) -> None:
        self._journal = journal

    def get_blobs(self, batch: Submitted) -> Sequence[bytes]:
        data = self._journal.data(batch.header.number)
        if data is None:
            raise Fault(f"the anchor journal has no batch {batch.header.number}")
        return to_blobs(data)


class FirstOf:
    """Several sources, asked in order until one has the blobs."""

    def __init__(self, *sources: BlobSource) -> None:
        self._sources = sources

    def get_blobs(self, batch: Submitted) -> Sequence[bytes]:
        reasons: list[str] = []
        for source in self._sources:
            try:
                return source.get_blobs(batch)
            except Fault as fault:
                reasons.append(str(fault))
        raise Fault("; ".join(reasons) or "no blob source is configured")
