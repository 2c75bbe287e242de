"""Whole nodes on a real development chain: in this process, or as the `kedge` command in one that can be killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from kedge.api import Service  # noqa: E402
from kedge.node import Devnet  # noqa: E402
from tests.e2e.harness import FAST, QUICK_TERMS, STAKE, VOLATILE, Client, NodeProcess, need_anvil  # noqa: E402


@pytest.fixture(autouse=True)
def _nothing_stays_behind() -> Iterator[None]:
    """A test that fails leaves no node running."""
    yield
    while NodeProcess.started:
        node = NodeProcess.started.pop()
        node.process.kill()
        node.process.wait()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running node with two markets and four users, shared by the tests of a module."""
    need_anvil()
    folder = tmp_path_factory.mktemp("node")
    devnet = Devnet(folder, QUICK_TERMS)
    try:
        devnet.fund([STAKE] * 4)
        with Service(folder, devnet, VOLATILE, FAST, heartbeat=3_600.0, names=["Desk.example"]) as running:
            Client.of(folder).wait_for_deposits(4)
            yield running
            running.check()
    finally:
        devnet.close()


@pytest.fixture
def client(service: Service) -> Client:
    """Requests to the shared node."""
    return Client.of(service.folder)
