// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What the vault asks the settlement contract before it pays.
interface IWithdrawals {
    /// @return root the withdrawals root of a final batch
    /// @return first the index of its first withdrawal
    /// @return end one past the index of its last withdrawal
    function getWithdrawals(uint64 number) external view returns (bytes32 root, uint64 first, uint64 end);
}
