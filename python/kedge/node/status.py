"""What a node says about itself: from the running one, or read from its data directory when none runs."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kedge import __version__
from kedge.node.keeper import Keeper
from kedge.node.node import Node
from kedge.node.place import load_place
from kedge.node.progress import Progress
from kedge.rules import program
from kedge.sequencer import DataDirectory, Ledger
from kedge.settlement import AnchorJournal, Deployment, Tier


class TierStatus(msgspec.Struct, frozen=True):
    """Height of a tier in chunks and transactions; `lag` in seconds, None where nobody counts it."""

    chunk: int
    transaction: int
    lag: float | None


class Anchored(msgspec.Struct, frozen=True):
    """Batches made, anchored and final; `trouble` is what the node waits for, empty when all is well."""

    batches: int
    anchored: int
    final: int
    paused: bool = False
    trouble: str = ""


class Counts(msgspec.Struct, frozen=True):
    """Since the start of the process. `waiting`: submitted, not yet answered. Gas by job, fee in wei."""

    accepted: int
    refused: int
    waiting: int
    fills: int
    liquidations: int
    proofs: int
    proof_seconds: float
    submit_gas: int
    finalize_gas: int
    blob_gas: int
    fee: int


class Status(msgspec.Struct, frozen=True):
    """A node's state of affairs. Times in seconds; `root` is of the durable state; `open_chunk` is being filled.

    `window` is the settlement window: time since the L2 time of the last anchored state. A directory without a node
    has no counts, and its root is that of the last sealed chunk.
    """

    running: bool
    version: str
    program: str
    root: str
    open_chunk: int
    window: float | None
    tiers: dict[str, TierStatus]
    anchoring: Anchored
    deployment: dict[str, int | str]
    trouble: str = ""
    uptime: float | None = None
    counts: Counts | None = None


class Reporter:
    """Makes the status of a running node."""

    def __init__(self, node: Node, progress: Progress, keeper: Keeper) -> None:
        self._node, self._progress, self._keeper = node, progress, keeper
        self._begin = time.monotonic()

    def status(self) -> Status:
        """Everything, as of now. `Broken` if the sequencer stopped."""
        node = self._node
        heights = {
            tier.label: TierStatus(height.chunk, height.transaction, height.lag)
            for tier, height in self._progress.heights().items()
        }
        return Status(
            running=True,
            version=__version__,
            program=program().digest.hex(),
            root=node.root.hex(),
            open_chunk=node.sequencer.head.chunk,
            window=node.window_seconds,
            tiers=heights,
            anchoring=self._anchoring(),
            deployment=_public(node.place.deployment),
            trouble=self._keeper.trouble,
            uptime=time.monotonic() - self._begin,
            counts=self._counts(),
        )

    def _anchoring(self) -> Anchored:
        node = self._node
        trouble = str(node.anchoring.failure or node.anchoring.trouble)
        return Anchored(
            batches=node.journal.batch_count(),
            anchored=node.journal.last_mined("submit"),
            final=node.journal.last_mined("finalize"),
            paused=node.anchoring.policy.is_paused,
            trouble=trouble.replace(node.place.url, _origin(node.place.url)),
        )

    def _counts(self) -> Counts:
        sequencer, totals = self._node.sequencer, self._progress.totals()
        return Counts(
            accepted=sequencer.counters.accepted,
            refused=sequencer.counters.refused,
            waiting=sequencer.waiting,
            fills=totals.fills,
            liquidations=totals.liquidations,
            proofs=totals.proofs,
            proof_seconds=totals.proof_seconds,
            submit_gas=totals.gas["anchored"],
            finalize_gas=totals.gas["final"],
            blob_gas=totals.blob_gas,
            fee=totals.fee,
        )


def read_status(folder: Path) -> Status:
    """The status of a data directory that no node runs on, from its files alone. `Fault` if it is not one."""
    directory = DataDirectory(folder)
    with Ledger(directory) as ledger:
        chunks = ledger.chunks()
        last = {chunk.number: chunk.last for chunk in chunks}
        sequence = max((group.last for group in ledger.groups(chunks[-1].last if chunks else 0)), default=0)
        digest = ledger.program_digest.hex()
    proved = 0
    while directory.proof(proved + 1).exists() and proved + 1 in last:
        proved += 1
    anchoring, submitted, final = _read_journal(folder / "anchor.sqlite")
    reached = dict(zip(Tier, (len(chunks), submitted, proved, min(submitted, proved), min(final, proved)), strict=True))
    tiers = {tier.label: TierStatus(chunk, last.get(chunk, 0), None) for tier, chunk in reached.items()}
    sequenced = Tier.SEQUENCED.label
    tiers[sequenced] = TierStatus(len(chunks), max(sequence, tiers[sequenced].transaction), None)
    place = load_place(folder)
    return Status(
        running=False,
        version=__version__,
        program=digest,
        root=chunks[-1].new_root.hex() if chunks else "",
        open_chunk=len(chunks) + 1,
        window=None,
        tiers=tiers,
        anchoring=anchoring,
        deployment=_public(place.deployment) if place is not None else {},
    )


def _read_journal(path: Path) -> tuple[Anchored, int, int]:
    """The anchor journal's counts, and the last chunk that is on L1 and that is final."""
    if not path.exists():
        return Anchored(0, 0, 0), 0, 0
    journal = AnchorJournal(path)
    try:
        counts = Anchored(journal.batch_count(), journal.last_mined("submit"), journal.last_mined("finalize"))
        headers = [journal.header(number) for number in (counts.anchored, counts.final)]
    finally:
        journal.close()
    submitted, final = (header.last_chunk if header is not None else 0 for header in headers)
    return counts, submitted, final


def _public(deployment: Deployment) -> dict[str, int | str]:
    """Where the contracts stand; the RPC address may hold a key, so it is not here."""
    return deployment.as_json()


def _origin(url: str) -> str:
    """An address without user, path and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
