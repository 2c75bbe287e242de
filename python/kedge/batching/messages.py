"""The messages between L1 and L2, in Keccak as the contracts hash them: deposits a chain, withdrawals a tree per batch.

The same messages are chained inside the state with the field's own hash: see `fold_head`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from kedge.units.errors import Broken

ZERO_HASH = bytes(32)
OWNER_WORDS = 5
AMOUNT_BOUND = 2**59
MAX_WITHDRAWALS = 2**16
_LEAF, _NODE, _DEPOSIT = b"\x00", b"\x01", b"\x02"

Event = tuple[str, Sequence[int]]
FieldHash = Callable[[list[int]], list[int]]


@dataclass(frozen=True, slots=True)
class Message:
    """A deposit or a withdrawal: the index since genesis, the account, the 20-byte owner on L1, the amount in Quote."""

    index: int
    account: int
    owner: bytes
    amount: int

    def pack(self) -> bytes:
        """The bytes that the contracts hash: index, account, owner, amount, packed."""
        return self.index.to_bytes(8) + self.account.to_bytes(4) + self.owner + self.amount.to_bytes(8)


class Deposit(Message):
    """Money that came in through the Vault."""

    __slots__ = ()


class Withdrawal(Message):
    """Money that the exchange owes to an owner on L1."""

    __slots__ = ()


def owner_words(owner: bytes) -> list[int]:
    """A 20-byte address as five 32-bit words, most significant first."""
    return [int.from_bytes(owner[i : i + 4]) for i in range(0, 20, 4)]


def owner_bytes(words: Sequence[int]) -> bytes:
    """The inverse of `owner_words`."""
    return b"".join(word.to_bytes(4) for word in words)


def collect_messages(events: Iterable[Event]) -> tuple[tuple[Deposit, ...], tuple[Withdrawal, ...]]:
    """The deposits consumed and the withdrawals made, from the events of a chunk in their order."""
    deposits: list[Deposit] = []
    withdrawals: list[Withdrawal] = []
    for name, fields in events:
        if name not in ("deposited", "withdrawn"):
            continue
        index, account, amount, *owner = fields
        if name == "deposited":
            deposits.append(Deposit(index, account, owner_bytes(owner), amount))
        else:
            withdrawals.append(Withdrawal(index, account, owner_bytes(owner), amount))
    return tuple(deposits), tuple(withdrawals)


def chain_deposits(head: bytes, deposits: Iterable[Deposit]) -> bytes:
    """The Vault's chain hash after these deposits; the chain starts from 32 zero bytes."""
    for deposit in deposits:
        head = keccak(_DEPOSIT + head + deposit.pack())
    return head


def fold_head(head: Sequence[int], messages: Iterable[Message], field_hash: FieldHash) -> list[int]:
    """The chain of messages inside the state: head' = H(head, index, account, amount, owner, 0, 0, 0, 0)."""
    words = list(head)
    for item in messages:
        words = field_hash([*words, item.index, item.account, item.amount, *owner_words(item.owner), 0, 0, 0, 0])
    return words


def _levels(withdrawals: Sequence[Withdrawal]) -> list[list[bytes]]:
    level = [keccak(_LEAF + item.pack()) for item in withdrawals]
    level += [ZERO_HASH] * ((1 << max(len(level) - 1, 0).bit_length()) - len(level))
    levels = [level]
    while len(level) > 1:
        level = [keccak(_NODE + level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        levels.append(level)
    return levels


def withdrawals_root(withdrawals: Sequence[Withdrawal]) -> bytes:
    """The root of a batch's withdrawals tree, padded with zero leaves to a power of two; zero for no withdrawals."""
    return _levels(withdrawals)[-1][0] if withdrawals else ZERO_HASH


def prove_withdrawal(withdrawals: Sequence[Withdrawal], index: int) -> list[bytes]:
    """The siblings, leaf to root, of the withdrawal with this index among those of its batch."""
    if not withdrawals or not 0 <= index - withdrawals[0].index < len(withdrawals):
        raise Broken(f"withdrawal {index} is not in this batch")
    position = index - withdrawals[0].index
    return [level[(position >> depth) ^ 1] for depth, level in enumerate(_levels(withdrawals)[:-1])]
