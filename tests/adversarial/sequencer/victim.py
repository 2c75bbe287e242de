"""A node-like loop that is killed from outside: submits, and prints what was acknowledged.

    python victim.py DIR SEED [PROGRAM]      prints "sequence root-in-hex" after each acknowledged submission

With a program file the native engine runs the exchange, without one the fake engine its numbers. The transaction with
sequence number n is always `nth(n)`, so whoever reads the journal knows what must be there.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[3]))

from kedge.sequencer import EngineSource, NativeEngines, Origin, Sequencer, Settings, Transaction
from kedge.venue import Market
from tests.unit.sequencer.fake_engine import FakeEngines

SETTINGS = Settings(linger_ms=0.1, group_size=16, chunk_transactions=40, snapshot_every=3, snapshots_kept=2)
ACCOUNTS = 40
OPENING = Market(0, "A", 0, 600_000).opening()


class Flow(NamedTuple):
    """An engine, its transactions by sequence number, and one that is always refused."""

    source: EngineSource
    nth: Callable[[int], Transaction]
    refused: Transaction


def nth_number(sequence: int) -> Transaction:
    return Transaction("put", [sequence % 97, sequence * sequence + 1])


def nth_order(sequence: int) -> Transaction:
    """The clock, a market, deposits, then orders that rest on both sides without meeting."""
    if sequence == 1:
        return Transaction("window_update", [1_000_000_000, 999_999_000])
    if sequence == 2:
        return Transaction(*OPENING)
    index = sequence - 3
    if index < ACCOUNTS:
        return Transaction("deposit", [index, index + 2, 10**14, index, 0, 0, 0, 7])
    slot, account = divmod(index - ACCOUNTS, ACCOUNTS)
    side = sequence % 2
    price = 600_100 + sequence % 301 if side else 599_900 - sequence % 301
    return Transaction("place", [account + 2, slot, 0, side, price, 1 + sequence % 50, 0, 0, 0])


def flow(program: str | None) -> Flow:
    if program is None:
        return Flow(FakeEngines(), nth_number, Transaction("take", [3, 2**60]))
    return Flow(NativeEngines(Path(program).read_bytes()), nth_order, Transaction("cancel", [2, 1_023]))


def main(root: str, seed: int, program: str | None) -> None:
    choose = random.Random(seed)
    source, nth, refused = flow(program)
    with Sequencer.open(root, source, SETTINGS) as sequencer:
        while True:
            start = sequencer.head.sequence + 1
            batch = [nth(start + n) for n in range(choose.randrange(1, 25))]
            batch.insert(choose.randrange(len(batch)), refused)
            receipts = [receipt for receipt in sequencer.submit(batch, Origin.SYSTEM) if receipt.accepted]
            print(receipts[-1].sequence, sequencer.read(lambda engine: engine.root()).hex(), flush=True)
            if choose.random() < 0.05:
                sequencer.seal()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
