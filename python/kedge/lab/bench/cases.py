"""What the prover's benchmark proves: a chunk after a few orders, or in a state of many accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kedge import _native
from kedge.lab.bench.apart import Told
from kedge.lab.crowd import MIXED, RESTING, Crowd, Mix
from kedge.rules import program
from kedge.sequencer import (
    DataDirectory,
    NativeEngines,
    Origin,
    SealedChunk,
    Sequencer,
    Settings,
    Transaction,
    write_atomic,
)
from kedge.units.errors import Broken, Fault
from kedge.venue import Transaction as Sent

MOST_ACCOUNTS: Final = 1_000_000
"""Accounts of one state, and its resting orders: both at most take 3.5 GiB and a minute or two."""
MOST_EACH: Final = 100
"""Resting orders for each account."""
_WARM_ORDERS: Final = 2_000
_BURST: Final = 50
_BATCH: Final = 4_000
"""Transactions of a chunk that nobody proves: far below the limits of a chunk."""
_START_MS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A sealed chunk of `orders` orders and what else is in it; `setting` says what it was drawn from, for a note."""

    name: str
    orders: int
    fills: int
    chunk: SealedChunk
    setting: str = ""

    @property
    def roots(self) -> tuple[bytes, bytes]:
        """Before and after the chunk."""
        return self.chunk.old_root, self.chunk.new_root


@dataclass(frozen=True, slots=True)
class Population:
    """A state before the measured chunk: `accounts` with a deposit each, and `resting` orders spread over them."""

    accounts: int
    resting: int

    def __post_init__(self) -> None:
        """`ValueError` with the bound that does not hold."""
        for name, value in (("accounts", self.accounts), ("resting orders", self.resting)):
            if not 1 <= value <= MOST_ACCOUNTS:
                raise ValueError(f"{value:,} {name} cannot be measured: name 1 to {MOST_ACCOUNTS:,}")
        most = MOST_EACH * self.accounts
        if self.resting > most:
            raise ValueError(f"{self.accounts:,} accounts hold at most {most:,} resting orders, not {self.resting:,}")

    def __str__(self) -> str:
        return f"{self.accounts:,} accounts, {self.resting:,} resting orders"


POPULATIONS: Final = tuple(Population(count, count) for count in (50_000, 200, 1_000_000))
"""The states that are measured unless others are asked for, the one of a busy exchange first."""


def build_populations(accounts: Sequence[int], resting: Sequence[int]) -> tuple[Population, ...]:
    """Every number of accounts with every number of resting orders; without the former the usual numbers, without the
    latter as many as accounts. `ValueError` for one that cannot be made.
    """
    counts = accounts or [population.accounts for population in POPULATIONS]
    return tuple(Population(count, orders) for count in counts for orders in resting or [count])


def prepare(home: Path, name: str, orders: int, mix: Mix) -> Case:
    """Sequence an opening, orders to warm up, then the chunk to be proven: `orders` orders, and cancels among them."""
    crowd = Crowd()
    settings = Settings(chunk_transactions=_WARM_ORDERS * 10, chunk_steps=64_000)
    with Sequencer.open(home, NativeEngines(program().data), settings) as sequencer:
        _submit(sequencer, crowd, crowd.opening(_START_MS))
        sequencer.seal()
        _fill(sequencer, crowd, _WARM_ORDERS, mix)
        sequencer.seal()
        fills = crowd.desk.fills
        _fill(sequencer, crowd, orders, mix)
        chunk = sequencer.seal()
    if chunk is None:
        raise Broken("the chunk to be proven has no transaction")
    return Case(name, orders, crowd.desk.fills - fills, chunk)


def _fill(sequencer: Sequencer, crowd: Crowd, orders: int, mix: Mix) -> None:
    while orders:
        part = min(_BURST, orders)
        _submit(sequencer, crowd, crowd.orders(part, mix))
        orders -= part


def _submit(sequencer: Sequencer, crowd: Crowd, work: Sequence[Sent]) -> None:
    receipts = sequencer.submit([Transaction(*item) for item in work], Origin.SYSTEM)
    crowd.feedback(work, [(receipt.code, receipt.events, 0) for receipt in receipts])


def populate(population: Population, told: Told) -> tuple[_native.Engine, Crowd]:
    """A sealed state of the population, and the crowd that knows its orders. `Fault` if the rules refuse any of it."""
    crowd = Crowd(population.accounts)
    engine = _native.Engine(_native.Program(program().data))
    total = population.accounts + population.resting
    done = 0
    for work in _batches(crowd, population):
        outcomes = engine.submit_many(work)
        codes = {code for code, _, _ in outcomes if code}
        if codes:
            raise Fault(
                f"the rules refuse a state of {population} (code {min(codes)}); ask for fewer orders an account"
            )
        crowd.feedback(work, outcomes)
        engine.seal()
        done += len(work)
        told(f"making {population}", min(1.0, done / total))
    return engine, crowd


def _batches(crowd: Crowd, population: Population) -> Iterator[list[Sent]]:
    opening = crowd.opening(_START_MS)
    for at in range(0, len(opening), _BATCH):
        yield opening[at : at + _BATCH]
    for at in range(0, population.resting, _BATCH):
        yield crowd.orders(min(_BATCH, population.resting - at), RESTING)


def prepare_populated(home: Path, name: str, orders: int, population: Population, told: Told) -> Case:
    """A state of the population, journalled nowhere, then the chunk to be proven: `orders` mixed orders, whose traders
    are drawn across all accounts, and cancels among them.
    """
    engine, crowd = populate(population, told)
    fills, accepted, traders = crowd.desk.fills, 0, set[int]()
    for at in range(0, orders, _BURST):
        work = crowd.orders(min(_BURST, orders - at), MIXED)
        outcomes = engine.submit_many(work)
        crowd.feedback(work, outcomes)
        accepted += sum(code == 0 for code, _, _ in outcomes)
        traders.update(args[0] for _, args in work)
    chunk = _file(home, engine.seal(), accepted)
    return Case(name, orders, crowd.desk.fills - fills, chunk, f", {len(traders):,} accounts send")


def _file(home: Path, sealed: _native.Sealed, transactions: int) -> SealedChunk:
    directory = DataDirectory(home)
    directory.create()
    path = directory.witness(1)
    write_atomic(path, sealed.witness)
    digest = hashlib.sha256(sealed.witness).digest()
    roots = sealed.old_root, sealed.new_root
    return SealedChunk(1, 1, transactions, sealed.steps, *roots, _START_MS, digest, path)
