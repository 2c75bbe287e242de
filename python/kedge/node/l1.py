"""Reading an L1 that some node settled on: what `reconstruct` and `verify` need, and nothing of that node's memory."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kedge import _native
from kedge.batching import Reconstruction
from kedge.node.place import load_place
from kedge.rules import program
from kedge.settlement import Anvil, AnvilBlobs, BeaconBlobs, BlobSource, Chain, Rpc, reconstruct_from_chain
from kedge.state import Tree
from kedge.units.errors import Fault

SLOT_SECONDS = 12
CHAIN_STATE = "anvil.json"
READ_ATTEMPTS, READ_PAUSE = 20, 0.1


@dataclass(frozen=True, slots=True)
class L1:
    """A chain, the Settlement contract on it, the first block worth reading, and where its blobs are."""

    chain: Chain
    settlement: bytes
    first_block: int
    blobs: BlobSource

    def rebuild(self) -> Reconstruction:
        """The state after the last accepted batch, every claim checked; Rejected names the first that does not hold."""
        return reconstruct_from_chain(
            self.chain, self.settlement, program().data, Tree(), _native.poseidon2, self.blobs, self.first_block
        )


@contextmanager
def saved_chain(folder: Path) -> Iterator[L1]:
    """The development chain of a data directory, started from a copy of its state: a running node is not disturbed."""
    place = load_place(folder)
    state = folder / CHAIN_STATE
    if place is None or not state.is_file():
        raise Fault(f"{folder} holds no development chain; name the L1 with --l1 and --settlement")
    with tempfile.TemporaryDirectory(prefix="kedge-") as copy:
        (Path(copy) / CHAIN_STATE).write_bytes(_read_whole(state))
        with Anvil(state=Path(copy) / CHAIN_STATE) as anvil:
            yield L1(anvil.chain, place.deployment.settlement, place.deployment.block, AnvilBlobs(anvil.chain))


def _read_whole(state: Path) -> bytes:
    """The state file of a chain that may be running: anvil rewrites it in place, so a torn copy is read again."""
    for _ in range(READ_ATTEMPTS):
        data = state.read_bytes()
        try:
            json.loads(data)
        except ValueError:
            time.sleep(READ_PAUSE)
        else:
            return data
    raise Fault(f"{state} is damaged: the development chain was killed while it wrote it; use a new data directory")


def live_chain(url: str, settlement: bytes, first_block: int, beacon: str | None) -> L1:
    """A chain behind an RPC address; blobs come from the beacon node at `beacon`, or from a development chain."""
    chain = Chain(url)
    if beacon is None:
        return L1(chain, settlement, first_block, AnvilBlobs(chain))
    genesis = int(Rpc(beacon).get("/eth/v1/beacon/genesis")["data"]["genesis_time"])
    blobs = BeaconBlobs(chain, beacon, lambda block: (block.timestamp - genesis) // SLOT_SECONDS)
    return L1(chain, settlement, first_block, blobs)
