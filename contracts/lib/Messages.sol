// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// A payment from the exchange to an owner on L1. `index` counts all withdrawals since genesis.
struct Withdrawal {
    uint64 index;
    uint32 account;
    address owner;
    uint64 amount;
}

/// @title The messages between L1 and L2, in Keccak: a hash chain of deposits, a Merkle tree of withdrawals per batch.
/// @notice Leaves and nodes of the tree have different first bytes and different lengths, so neither can stand for the
/// other. Trees are padded with zero leaves to a power of two; the length of a proof follows from the number of leaves.
library Messages {
    bytes1 private constant LEAF = 0x00;
    bytes1 private constant NODE = 0x01;
    bytes1 private constant DEPOSIT = 0x02;

    function chain(bytes32 head, uint64 index, uint32 account, address owner, uint64 amount)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(DEPOSIT, head, index, account, owner, amount));
    }

    function leaf(Withdrawal calldata item) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(LEAF, item.index, item.account, item.owner, item.amount));
    }

    /// @return root what `proof` gives for the leaf at `position` of a tree over `count` leaves, or zero (nobody's
    /// root) if the proof has not exactly the length of that tree.
    function rootOf(bytes32 node, uint256 position, uint256 count, bytes32[] calldata proof)
        internal
        pure
        returns (bytes32 root)
    {
        uint256 width = 1;
        uint256 depth = 0;
        for (; width < count; width <<= 1) ++depth;
        if (proof.length != depth) return bytes32(0);
        root = node;
        for (uint256 i = 0; i < depth; ++i) {
            bytes32 sibling = proof[i];
            root = (position >> i) & 1 == 0
                ? keccak256(abi.encodePacked(NODE, root, sibling))
                : keccak256(abi.encodePacked(NODE, sibling, root));
        }
    }
}
