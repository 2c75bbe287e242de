// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Code, Refused} from "./lib/Code.sol";
import {IERC20} from "./lib/IERC20.sol";
import {IWithdrawals} from "./lib/IWithdrawals.sol";
import {Messages, Withdrawal} from "./lib/Messages.sol";

/// @title Custody of the collateral token: money comes in by `deposit`, and leaves by a withdrawal in a final batch.
/// @notice One unit of the token is one Quote of the exchange (6 decimals). The vault has no owner and no other exit.
/// It is made by the Settlement contract, which is the only source of withdrawals.
contract Vault {
    /// Amounts and all custody stay below this: the exchange's `deposit` takes no more, and its queue must never block.
    uint256 public constant AMOUNT_BOUND = 1 << 59;
    /// Accounts 0 (exchange) and 1 (insurance fund) belong to nobody on L1.
    uint32 public constant FIRST_ACCOUNT = 2;
    uint32 public constant ACCOUNT_BOUND = 1 << 24;

    IERC20 public immutable token;
    IWithdrawals public immutable settlement;

    /// Deposits received since genesis; the next deposit gets this index.
    uint64 public depositCount;
    /// The next owner gets this account.
    uint32 public nextAccount = FIRST_ACCOUNT;
    /// Quote in custody, by the vault's own count: tokens sent without `deposit` belong to nobody.
    uint64 public custody;

    mapping(address owner => uint32) public accountOf;
    /// The chain hash after `count` deposits; zero for count 0.
    mapping(uint64 count => bytes32) public depositChain;
    mapping(uint64 word => uint256) private paid;
    bool private transient entered;

    event Deposit(uint64 indexed index, uint32 indexed account, address indexed owner, uint64 amount);
    event Withdrawn(uint64 indexed index, uint32 indexed account, address indexed owner, uint64 amount);

    modifier once() {
        if (entered) revert Refused(Code.REENTERED);
        entered = true;
        _;
        entered = false;
    }

    constructor(IERC20 token_) {
        if (token_.decimals() != 6) revert Refused(Code.WRONG_DECIMALS);
        token = token_;
        settlement = IWithdrawals(msg.sender);
    }

    /// Takes `amount` of the token from the caller and queues it for the caller's account on the exchange.
    function deposit(uint256 amount) external once returns (uint64 index, uint32 account) {
        if (amount == 0 || amount >= AMOUNT_BOUND) revert Refused(Code.AMOUNT_OUT_OF_RANGE);
        if (custody + amount >= AMOUNT_BOUND) revert Refused(Code.CUSTODY_FULL);
        account = accountOf[msg.sender];
        if (account == 0) {
            account = nextAccount;
            if (account >= ACCOUNT_BOUND) revert Refused(Code.ACCOUNTS_FULL);
            accountOf[msg.sender] = account;
            nextAccount = account + 1;
        }
        index = depositCount;
        custody += uint64(amount);
        depositCount = index + 1;
        depositChain[index + 1] = Messages.chain(depositChain[index], index, account, msg.sender, uint64(amount));
        emit Deposit(index, account, msg.sender, uint64(amount));

        uint256 before = token.balanceOf(address(this));
        move(abi.encodeCall(IERC20.transferFrom, (msg.sender, address(this), amount)));
        if (token.balanceOf(address(this)) != before + amount) revert Refused(Code.AMOUNT_CHANGED);
    }

    /// Pays a withdrawal of a final batch to its owner. Anybody may call; the money goes to the owner only.
    function withdraw(uint64 batch, Withdrawal calldata item, bytes32[] calldata proof) external once {
        (bytes32 root, uint64 first, uint64 end) = settlement.getWithdrawals(batch);
        if (item.index < first || item.index >= end) revert Refused(Code.NOT_IN_BATCH);
        uint256 bit = 1 << (item.index & 0xff);
        uint256 word = paid[item.index >> 8];
        if (word & bit != 0) revert Refused(Code.ALREADY_WITHDRAWN);
        bytes32 found = Messages.rootOf(Messages.leaf(item), item.index - first, end - first, proof);
        if (found != root) revert Refused(Code.WRONG_PROOF);
        if (item.amount > custody) revert Refused(Code.CUSTODY_SHORT);
        paid[item.index >> 8] = word | bit;
        custody -= item.amount;
        emit Withdrawn(item.index, item.account, item.owner, item.amount);
        move(abi.encodeCall(IERC20.transfer, (item.owner, item.amount)));
    }

    function isWithdrawn(uint64 index) external view returns (bool) {
        return paid[index >> 8] & (1 << (index & 0xff)) != 0;
    }

    /// Calls the token. Some tokens in use return nothing on success; a returned false is a refusal.
    function move(bytes memory data) private {
        (bool done, bytes memory answer) = address(token).call(data);
        if (done && (answer.length == 0 || abi.decode(answer, (bool)))) return;
        revert Refused(Code.TRANSFER_FAILED);
    }
}
