// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Code, Refused} from "./lib/Code.sol";
import {IERC20} from "./lib/IERC20.sol";
import {IWithdrawals} from "./lib/IWithdrawals.sol";
import {Vault} from "./Vault.sol";

/// What a batch claims. Counts run since genesis; times are milliseconds of L2.
struct Header {
    uint64 number;
    bytes32 oldRoot;
    bytes32 newRoot;
    bytes32 programDigest;
    uint64 firstChunk;
    uint64 lastChunk;
    uint64 deposits;
    bytes32 depositChain;
    uint64 withdrawals;
    bytes32 withdrawalsRoot;
    uint64 clock;
    uint64 anchored;
}

/// What never changes after deployment.
struct Parameters {
    address operator;
    bytes32 programDigest;
    bytes32 genesisRoot;
    uint64 genesisClock;
    uint64 firstChunk;
    uint64 challengeWindow;
    uint64 clockDrift;
    uint96 bond;
}

/// @title The history of the exchange's state on L1, in optimistic mode.
/// @notice A batch is posted with its data in blobs and a bond, and becomes final when its challenge window has passed
/// unchallenged. Proofs are checked off-chain: this contract verifies none. A challenge therefore freezes the batch and
/// all after it, and both bonds, until a contract with a proof verifier takes over; batches before it become final.
contract Settlement is IWithdrawals {
    /// `withdrawals` counts since genesis: 2^16 at most per batch, so 48 bits outlast 2^32 batches.
    struct Batch {
        bytes32 digest;
        bytes32 withdrawalsRoot;
        uint48 submittedAt;
        uint48 withdrawals;
        address challenger;
    }

    /// The last accepted batch, in the two words that every submission reads and writes.
    struct Head {
        uint64 number;
        uint64 finalNumber;
        uint64 frozenFrom;
        uint64 nextChunk;
        uint64 deposits;
        uint64 withdrawals;
        uint64 clock;
    }

    /// A batch can hold no more withdrawals than this (16 levels).
    uint64 public constant MAX_WITHDRAWALS = 1 << 16;

    Vault public immutable vault;
    address public immutable operator;
    bytes32 public immutable programDigest;
    bytes32 public immutable genesisRoot;
    uint64 public immutable challengeWindow;
    uint64 public immutable clockDrift;
    uint96 public immutable bond;

    Head public head;
    /// The last accepted root.
    bytes32 public root;
    mapping(uint64 number => Batch) public batches;
    /// Bonds that came free.
    mapping(address owner => uint256) public claimable;

    event BatchSubmitted(uint64 indexed number, bytes32 indexed digest, Header header, bytes32[] blobHashes);
    event Challenged(uint64 indexed number, address indexed challenger);
    event Finalized(uint64 indexed number);
    event Claimed(address indexed owner, uint256 amount);

    constructor(IERC20 token, Parameters memory p) {
        if (p.operator == address(0) || p.challengeWindow == 0 || p.challengeWindow > 365 days) {
            revert Refused(Code.BAD_PARAMETER);
        }
        if (p.genesisClock >= 1 << 42 || p.clockDrift >= 1 << 42) revert Refused(Code.BAD_PARAMETER);
        vault = new Vault(token);
        operator = p.operator;
        programDigest = p.programDigest;
        genesisRoot = p.genesisRoot;
        challengeWindow = p.challengeWindow;
        clockDrift = p.clockDrift;
        bond = p.bond;
        root = p.genesisRoot;
        head.clock = p.genesisClock;
        head.nextChunk = p.firstChunk;
    }

    /// Accepts the next batch; its data are the blobs of this transaction. The bond returns when the batch is final.
    function submitBatch(Header calldata h) external payable {
        if (msg.sender != operator) revert Refused(Code.NOT_OPERATOR);
        if (msg.value != bond) revert Refused(Code.WRONG_BOND);
        Head memory last = head;
        if (last.frozenFrom != 0) revert Refused(Code.FROZEN);
        checkTransition(h, last);
        checkMessages(h, last);
        checkClock(h, last.clock);

        bytes32[] memory blobs = blobHashes();
        bytes32 digest = keccak256(abi.encode(h, blobs));
        Batch storage batch = batches[h.number];
        batch.digest = digest;
        if (h.withdrawalsRoot != 0) batch.withdrawalsRoot = h.withdrawalsRoot;
        batch.submittedAt = uint48(block.timestamp);
        batch.withdrawals = uint48(h.withdrawals);
        root = h.newRoot;
        last.number = h.number;
        last.nextChunk = h.lastChunk + 1;
        last.deposits = h.deposits;
        last.withdrawals = h.withdrawals;
        last.clock = h.clock;
        head = last;
        emit BatchSubmitted(h.number, digest, h, blobs);
    }

    /// Freezes a batch, and every later one, while its window is open. Costs the same bond as the batch's own.
    function challenge(uint64 number) external payable {
        if (msg.value != bond) revert Refused(Code.WRONG_BOND);
        Head storage last = head;
        if (number <= last.finalNumber || number > last.number) revert Refused(Code.NOT_PENDING);
        Batch storage batch = batches[number];
        if (batch.challenger != address(0)) revert Refused(Code.ALREADY_CHALLENGED);
        if (block.timestamp >= batch.submittedAt + challengeWindow) revert Refused(Code.WINDOW_OVER);
        batch.challenger = msg.sender;
        if (last.frozenFrom == 0 || number < last.frozenFrom) last.frozenFrom = number;
        emit Challenged(number, msg.sender);
    }

    /// Makes final the batch and all before it. Windows end in the order of submission, so the last one decides.
    function finalize(uint64 number) external {
        Head storage last = head;
        uint64 before = last.finalNumber;
        if (number <= before || number > last.number) revert Refused(Code.NOT_PENDING);
        if (last.frozenFrom != 0 && number >= last.frozenFrom) revert Refused(Code.FROZEN);
        if (block.timestamp < batches[number].submittedAt + challengeWindow) revert Refused(Code.WINDOW_OPEN);
        last.finalNumber = number;
        claimable[operator] += uint256(bond) * (number - before);
        emit Finalized(number);
    }

    /// Pays out the caller's free bonds.
    function claim() external {
        uint256 amount = claimable[msg.sender];
        if (amount == 0) revert Refused(Code.NOTHING_TO_CLAIM);
        claimable[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        (bool done,) = msg.sender.call{value: amount}("");
        if (!done) revert Refused(Code.ETHER_REFUSED);
    }

    /// @inheritdoc IWithdrawals
    function getWithdrawals(uint64 number)
        external
        view
        returns (bytes32 withdrawalsRoot, uint64 first, uint64 end)
    {
        if (number == 0 || number > head.finalNumber) revert Refused(Code.NOT_FINAL);
        Batch storage batch = batches[number];
        return (batch.withdrawalsRoot, batches[number - 1].withdrawals, batch.withdrawals);
    }

    function checkTransition(Header calldata h, Head memory last) private view {
        if (h.number != last.number + 1) revert Refused(Code.NOT_NEXT_BATCH);
        if (h.oldRoot != root) revert Refused(Code.WRONG_OLD_ROOT);
        if (h.programDigest != programDigest) revert Refused(Code.WRONG_PROGRAM);
        if (h.firstChunk != last.nextChunk || h.lastChunk < h.firstChunk || h.lastChunk == type(uint64).max) {
            revert Refused(Code.WRONG_CHUNKS);
        }
    }

    function checkMessages(Header calldata h, Head memory last) private view {
        if (h.deposits < last.deposits || h.deposits > vault.depositCount()) revert Refused(Code.WRONG_DEPOSITS);
        if (h.depositChain != vault.depositChain(h.deposits)) revert Refused(Code.WRONG_DEPOSIT_CHAIN);
        if (h.withdrawals < last.withdrawals || h.withdrawals - last.withdrawals > MAX_WITHDRAWALS) {
            revert Refused(Code.WRONG_WITHDRAWALS);
        }
        if ((h.withdrawals == last.withdrawals) != (h.withdrawalsRoot == 0)) revert Refused(Code.WRONG_WITHDRAWALS);
    }

    /// A batch may overstate the age of the last anchored state, never understate it.
    function checkClock(Header calldata h, uint64 clock) private view {
        if (h.clock < clock || h.clock > block.timestamp * 1000 + clockDrift) revert Refused(Code.WRONG_CLOCK);
        if (h.anchored > clock) revert Refused(Code.WINDOW_UNDERSTATED);
    }

    function blobHashes() private view returns (bytes32[] memory hashes) {
        uint256 count = 0;
        while (blobhash(count) != 0) ++count;
        if (count == 0) revert Refused(Code.NO_BLOB);
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) hashes[i] = blobhash(i);
    }
}
