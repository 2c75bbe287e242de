"""Batching: what L1 gets to see, and how to rebuild everything from it.

Purpose: merge sealed chunks into a batch, pack it (`encode`/`decode`), put it into EIP-4844 blobs (`seal`,
`open_blobs`), hash the messages between L1 and L2 as the contracts do, and rebuild the state from published data alone
(`Rebuilder`).

Invariants: one byte string per content, one content per byte string; a hostile byte string is refused by number
(1001..1010) in time linear in its length; the form of a record follows from the program's declarations alone; nothing
here talks to a network.

Surface: below.
"""

from kedge.batching.batch import Batch, Chunk, Header, Record, compute_batch
from kedge.batching.blobs import (
    BLOB_BYTES,
    MAX_BLOBS,
    Sidecar,
    from_blobs,
    load_setup,
    open_blobs,
    prove_blobs,
    prove_cells,
    seal,
    to_blobs,
    versioned_hash,
)
from kedge.batching.codec import decode, encode
from kedge.batching.messages import (
    ZERO_HASH,
    Deposit,
    FieldHash,
    Message,
    Withdrawal,
    chain_deposits,
    collect_messages,
    fold_head,
    owner_bytes,
    owner_words,
    prove_withdrawal,
    withdrawals_root,
)
from kedge.batching.reconstruct import (
    DEPOSITS_HEAD,
    WITHDRAWALS_HEAD,
    Rebuilder,
    Reconstruction,
    StateTree,
    reconstruct,
)
from kedge.batching.refusals import (
    BROKEN_HISTORY,
    DATA_REFUSALS,
    TOO_LARGE,
    WRONG_DEPOSITS,
    WRONG_HEADER,
    WRONG_ROOT,
    DataRefusal,
)
from kedge.batching.schema import Schema

__all__ = [
    "BLOB_BYTES",
    "BROKEN_HISTORY",
    "DATA_REFUSALS",
    "DEPOSITS_HEAD",
    "MAX_BLOBS",
    "TOO_LARGE",
    "WITHDRAWALS_HEAD",
    "WRONG_DEPOSITS",
    "WRONG_HEADER",
    "WRONG_ROOT",
    "ZERO_HASH",
    "Batch",
    "Chunk",
    "DataRefusal",
    "Deposit",
    "FieldHash",
    "Header",
    "Message",
    "Rebuilder",
    "Reconstruction",
    "Record",
    "Schema",
    "Sidecar",
    "StateTree",
    "Withdrawal",
    "chain_deposits",
    "collect_messages",
    "compute_batch",
    "decode",
    "encode",
    "fold_head",
    "from_blobs",
    "load_setup",
    "open_blobs",
    "owner_bytes",
    "owner_words",
    "prove_blobs",
    "prove_cells",
    "prove_withdrawal",
    "reconstruct",
    "seal",
    "to_blobs",
    "versioned_hash",
    "withdrawals_root",
]
