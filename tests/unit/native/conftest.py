"""The purse's program, and a chunk of it that is sealed and proven once."""

from __future__ import annotations

import pytest

from kedge._native import Engine, Program, Sealed, prove
from tests.unit.native.purse import DATA


@pytest.fixture(scope="session")
def program() -> Program:
    return Program(DATA)


@pytest.fixture
def engine(program: Program) -> Engine:
    """Purse 5 holds 70 coins and purse 6 holds 30."""
    engine = Engine(program)
    engine.submit_many([("mint", [5, 100]), ("move", [5, 6, 30])])
    return engine


@pytest.fixture(scope="session")
def sealed(program: Program) -> Sealed:
    engine = Engine(program)
    engine.submit_many([("mint", [owner, 100]) for owner in range(20)])
    engine.submit_many([("move", [owner, owner + 1, 30]) for owner in range(19)])
    return engine.seal()


@pytest.fixture(scope="session")
def proof(program: Program, sealed: Sealed) -> bytes:
    return prove(program, sealed.witness)
