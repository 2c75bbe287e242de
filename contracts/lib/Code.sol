// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// Why a contract said no. `codes.json` is built from this list, and every reader of a revert uses that file.
error Refused(uint16 code);

/// @title Numbers of refusals: 1101-1149 Settlement, 1151-1199 Vault and its messages. A number is never used twice.
library Code {
    /// @dev only the operator may submit a batch
    uint16 internal constant NOT_OPERATOR = 1101;
    /// @dev the value sent is not exactly the bond
    uint16 internal constant WRONG_BOND = 1102;
    /// @dev a challenged batch stands open: nothing may be built on it
    uint16 internal constant FROZEN = 1103;
    /// @dev the batch number is not the next one
    uint16 internal constant NOT_NEXT_BATCH = 1104;
    /// @dev the old root is not the last accepted root
    uint16 internal constant WRONG_OLD_ROOT = 1105;
    /// @dev the batch was made by another program
    uint16 internal constant WRONG_PROGRAM = 1106;
    /// @dev the chunks do not follow the last accepted chunk, or the range is empty
    uint16 internal constant WRONG_CHUNKS = 1107;
    /// @dev the batch consumes deposits that the vault has not received, or takes back consumed ones
    uint16 internal constant WRONG_DEPOSITS = 1108;
    /// @dev the deposit chain hash is not the vault's at that count
    uint16 internal constant WRONG_DEPOSIT_CHAIN = 1109;
    /// @dev the withdrawals count shrinks or grows too fast, or does not agree with the presence of a root
    uint16 internal constant WRONG_WITHDRAWALS = 1110;
    /// @dev the L2 clock runs backwards or ahead of L1 by more than the drift allowed
    uint16 internal constant WRONG_CLOCK = 1111;
    /// @dev the batch claims an anchored state later than L1 has accepted, which would understate the window
    uint16 internal constant WINDOW_UNDERSTATED = 1112;
    /// @dev the transaction carries no blob
    uint16 internal constant NO_BLOB = 1113;
    /// @dev there is no such batch, or it is final already
    uint16 internal constant NOT_PENDING = 1114;
    /// @dev the challenge window of the batch is over
    uint16 internal constant WINDOW_OVER = 1115;
    /// @dev the challenge window of the batch is still open
    uint16 internal constant WINDOW_OPEN = 1116;
    /// @dev the batch has been challenged before
    uint16 internal constant ALREADY_CHALLENGED = 1117;
    /// @dev the caller has nothing to claim
    uint16 internal constant NOTHING_TO_CLAIM = 1118;
    /// @dev the receiver refused the ether
    uint16 internal constant ETHER_REFUSED = 1119;
    /// @dev a parameter of the deployment is out of range
    uint16 internal constant BAD_PARAMETER = 1120;

    /// @dev the collateral token does not have 6 decimals
    uint16 internal constant WRONG_DECIMALS = 1151;
    /// @dev the amount is zero or not below 2^59
    uint16 internal constant AMOUNT_OUT_OF_RANGE = 1152;
    /// @dev all custody together would reach 2^59
    uint16 internal constant CUSTODY_FULL = 1153;
    /// @dev all 2^24 - 2 accounts are taken
    uint16 internal constant ACCOUNTS_FULL = 1154;
    /// @dev the token moved another amount than asked (fee on transfer, rebase)
    uint16 internal constant AMOUNT_CHANGED = 1155;
    /// @dev the token refused the transfer
    uint16 internal constant TRANSFER_FAILED = 1156;
    /// @dev the token called back into the vault
    uint16 internal constant REENTERED = 1157;
    /// @dev the batch is not final
    uint16 internal constant NOT_FINAL = 1158;
    /// @dev the withdrawal's index is not among those of the batch
    uint16 internal constant NOT_IN_BATCH = 1159;
    /// @dev the withdrawal was paid before
    uint16 internal constant ALREADY_WITHDRAWN = 1160;
    /// @dev the Merkle proof does not lead to the batch's withdrawals root
    uint16 internal constant WRONG_PROOF = 1161;
    /// @dev the vault holds less than the withdrawal asks
    uint16 internal constant CUSTODY_SHORT = 1162;
}
