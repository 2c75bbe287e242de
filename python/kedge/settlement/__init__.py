"""Settlement: what happens on L1, and what we know about it.

Purpose: the development chain and any other Ethereum node (`Anvil`, `Chain`), the contracts as typed objects
(`Settlement`, `Vault`, `deploy`), the operator's sender (`AnchorClient` with its `AnchorJournal`), the finality of each
chunk (`FinalityTracker`), when to anchor (`AnchorPolicy`), deposits in (`DepositWatcher`), money out (`withdraw`), and
the state rebuilt from L1 alone (`reconstruct_from_chain`).

Invariants: what is sent is in the journal before; one transaction of the operator is under way at a time; L1 block
timestamps are the only clock for L1 times; a reorganisation is recognised by block hashes, never by what a node says
about removed logs; proofs are checked off-chain for now, the contract verifies none, and the tier is called
`proved off-chain`; refusals of the contracts carry the numbers of `contracts/lib/Code.sol`.

Surface: below.
"""

from kedge.settlement.anchor import AnchorClient, AnchorEvent
from kedge.settlement.anvil import Anvil, DevChain, find_anvil
from kedge.settlement.artifacts import contracts_folder, load_artifact, load_codes
from kedge.settlement.blobs import AnvilBlobs, BeaconBlobs, BlobSource, FirstOf, JournalBlobs
from kedge.settlement.chain import Block, Chain, Log, Receipt, to_bytes, to_hex
from kedge.settlement.contracts import (
    Deployment,
    Head,
    MockCollateral,
    Parameters,
    Settlement,
    Submitted,
    Vault,
    deploy,
    deploy_mock_collateral,
)
from kedge.settlement.deposits import DepositWatcher
from kedge.settlement.finality import ChunkFinality, FinalityTracker, Tier
from kedge.settlement.history import reconstruct_from_chain
from kedge.settlement.journal import AnchorJournal, Attempt, Mined
from kedge.settlement.outbox import AnchorOptions
from kedge.settlement.policy import AnchorPolicy, Backlog, CountOrClock, Pausable
from kedge.settlement.rpc import Rpc, RpcError
from kedge.settlement.wallet import Fees, Signed, Transaction, Wallet
from kedge.settlement.withdraw import withdraw

__all__ = [
    "AnchorClient",
    "AnchorEvent",
    "AnchorJournal",
    "AnchorOptions",
    "AnchorPolicy",
    "Anvil",
    "AnvilBlobs",
    "Attempt",
    "Backlog",
    "BeaconBlobs",
    "BlobSource",
    "Block",
    "Chain",
    "ChunkFinality",
    "CountOrClock",
    "Deployment",
    "DepositWatcher",
    "DevChain",
    "Fees",
    "FinalityTracker",
    "FirstOf",
    "Head",
    "JournalBlobs",
    "Log",
    "Mined",
    "MockCollateral",
    "Parameters",
    "Pausable",
    "Receipt",
    "Rpc",
    "RpcError",
    "Settlement",
    "Signed",
    "Submitted",
    "Tier",
    "Transaction",
    "Vault",
    "Wallet",
    "contracts_folder",
    "deploy",
    "deploy_mock_collateral",
    "find_anvil",
    "load_artifact",
    "load_codes",
    "reconstruct_from_chain",
    "to_bytes",
    "to_hex",
    "withdraw",
]
