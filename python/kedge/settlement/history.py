"""Rebuild the exchange from L1 alone: its contracts, its logs, its blobs."""

from __future__ import annotations

from kedge.batching import (
    BROKEN_HISTORY,
    WRONG_DEPOSITS,
    WRONG_HEADER,
    WRONG_ROOT,
    FieldHash,
    Rebuilder,
    Reconstruction,
    Schema,
    StateTree,
    open_blobs,
)
from kedge.settlement.blobs import AnvilBlobs, BlobSource
from kedge.settlement.chain import Chain
from kedge.settlement.contracts import Settlement, Vault


def reconstruct_from_chain(
    chain: Chain,
    settlement: bytes,
    program: bytes,
    tree: StateTree,
    field_hash: FieldHash,
    source: BlobSource | None = None,
    first_block: int = 0,
) -> Reconstruction:
    """Rebuild the state after the last accepted batch, checking every claim on the way.

    Args: `settlement` is the contract's address, `program` the program file, `tree` an empty tree, `first_block` any L1
    block up to the deployment. Rejected names the first claim that does not hold; Fault if L1 or the blobs are missing.
    """
    schema, digest = Schema.parse(program)
    contract = Settlement(chain, settlement)
    if contract.program() != digest:
        raise WRONG_HEADER.reject("the contract was deployed for another program than this file")
    if contract.genesis_root() != tree.root():
        raise WRONG_ROOT.reject("the contract's genesis root is not that of the empty state")
    blobs = source or AnvilBlobs(chain)
    last_block, head, root = chain.height(), contract.head(), contract.root()
    deposits = [deposit for deposit, _ in Vault(chain, contract.vault()).deposits(first_block, last_block)]
    if len(deposits) < head.deposits:
        raise WRONG_DEPOSITS.reject(f"the logs hold {len(deposits)} deposits, the batches consumed {head.deposits}")
    rebuilder = Rebuilder(schema, digest, tree, field_hash)
    for batch in contract.submitted(first_block, last_block):
        header = batch.header
        if contract.digest(header.number) != header.digest(batch.blob_hashes):
            raise WRONG_HEADER.reject(f"the log of batch {header.number} is not what the contract stored")
        data = open_blobs(blobs.get_blobs(batch), batch.blob_hashes)
        rebuilder.apply(header, data, deposits[rebuilder.state.deposits : header.deposits])
    if rebuilder.state.batches != head.number:
        raise BROKEN_HISTORY.reject(
            f"the logs hold {rebuilder.state.batches} batches, the contract counts {head.number}"
        )
    if rebuilder.state.root != root:
        raise WRONG_ROOT.reject(f"rebuilt {rebuilder.state.root.hex()}, the contract holds {root.hex()}")
    return rebuilder.state
