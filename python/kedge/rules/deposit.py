"""deposit: collateral that arrived at the Vault on L1 enters an account."""

from __future__ import annotations

from kedge.machine import Field, Machine, View, Word, unsigned
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.place import USER
from kedge.rules.records import DEPOSITS, EXCHANGE, Account, Owner, Queue

AMOUNT = Field(1, 2**59 - 1)
WORD = unsigned(32)
HEADS = ("head0", "head1", "head2", "head3")


def owner_words(owner: View) -> list[Word]:
    return [owner.word0, owner.word1, owner.word2, owner.word3, owner.word4]


def extend_chain(m: Machine, queue: View, index: Word, account: Word, amount: Word, owner: list[Word]) -> None:
    """Chain a message into a queue: head' = H(head, index, account, amount, owner, 0, 0, 0, 0); then count it."""
    head = [getattr(queue, name) for name in HEADS]
    digest = m.hash([*head, index, account, amount, *owner, 0, 0, 0, 0])
    for name, word in zip(HEADS, digest, strict=True):
        setattr(queue, name, word)
    queue.count = m.assume(queue.count + 1, 0, 2**40 - 1)


@rules.step(
    phases=["idle"],
    index=unsigned(39),
    account=USER,
    amount=AMOUNT,
    owner0=WORD,
    owner1=WORD,
    owner2=WORD,
    owner3=WORD,
    owner4=WORD,
)
def deposit(m: Machine) -> None:
    """Credit a deposit; the first one of an account fixes its owner.

    Proves: deposits are taken in order, each once, and the chain over them grows by exactly this message, which anyone
    can compare with the Vault's events. Prover may choose: nothing.
    """
    index, number, amount = m.input("index"), m.input("account"), m.input("amount")
    queue = m.change(Queue.at(EXCHANGE, DEPOSITS))
    account, owner = m.change(Account.at(number)), m.change(Owner.at(number))
    m.require(index == queue.count, Code.DEPOSIT_OUT_OF_ORDER)
    claimed = [m.input(f"owner{i}") for i in range(5)]
    with m.when(owner.known):
        for have, want in zip(owner_words(owner), claimed, strict=True):
            m.require(have == want, Code.OWNER_MISMATCH)
    for i, word in enumerate(claimed):
        setattr(owner, f"word{i}", word)
    owner.known = 1
    account.collateral = m.narrow(account.collateral + amount, -(2**60), 2**60 - 1, Code.COLLATERAL_OVERFLOW)
    extend_chain(m, queue, index, number, amount, claimed)
    fields = {f"owner{i}": word for i, word in enumerate(claimed)}
    m.emit("deposited", index=index, account=number, amount=amount, **fields)
