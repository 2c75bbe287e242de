"""How far each chunk has come: a tier per chunk, with the facts behind it. Nothing here asks the world; it is told.

A chunk holds a tier if it holds every tier below it. Proofs are checked off-chain, and the tier says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from kedge.settlement.anchor import AnchorEvent
from kedge.settlement.journal import Mined


class Tier(IntEnum):
    """The tiers, in order."""

    SEQUENCED = 1
    PUBLISHED = 2
    PROVED_OFF_CHAIN = 3
    ANCHORED = 4
    FINAL = 5

    @property
    def label(self) -> str:
        """The name on every screen and in every document."""
        return self.name.lower().replace("_off_chain", " off-chain")


@dataclass(slots=True)
class ChunkFinality:
    """The facts about one chunk. Times of this machine in ms since the epoch; L1 times are in `anchored` and `final`.

    `published`: the batch is in an L1 block (its data are in the same transaction). `final`: its window is over.
    """

    chunk: int
    sequenced_at: int
    proved_at: int | None = None
    batch: int | None = None
    published: Mined | None = None
    final: Mined | None = None

    @property
    def tier(self) -> Tier:
        """The highest tier such that every tier below it holds too."""
        if self.published is None:
            return Tier.SEQUENCED
        if self.proved_at is None:
            return Tier.PUBLISHED
        return Tier.FINAL if self.final is not None else Tier.ANCHORED

    def has(self, tier: Tier) -> bool:
        """Whether the fact of this tier holds by itself; anchored and final also need the proof."""
        if tier is Tier.PROVED_OFF_CHAIN:
            return self.proved_at is not None
        if tier is Tier.PUBLISHED:
            return self.published is not None
        return self.tier >= tier


class FinalityTracker:
    """The finality of all chunks known. Feed it from the sequencer, the provers and the anchor client, in any order."""

    def __init__(self) -> None:
        self._chunks: dict[int, ChunkFinality] = {}
        self._submitted: dict[int, AnchorEvent] = {}
        self._final: dict[int, Mined] = {}
        self._proved: dict[int, int] = {}

    def on_sequenced(self, chunk: int, at_ms: int) -> None:
        """A chunk was sealed."""
        self._chunks[chunk] = ChunkFinality(chunk, at_ms, self._proved.get(chunk))
        for event in self._submitted.values():
            if event.header.first_chunk <= chunk <= event.header.last_chunk:
                self._refresh(event)

    def on_proved(self, chunk: int, at_ms: int) -> None:
        """The proof of a chunk is on disk and verified."""
        self._proved[chunk] = at_ms
        if chunk in self._chunks:
            self._chunks[chunk].proved_at = at_ms

    def on_anchor(self, events: Iterable[AnchorEvent]) -> None:
        """What the anchor client learnt, in its order."""
        for event in events:
            number = event.mined.number
            if event.what == "final":
                self._final[number] = event.mined
            elif event.what == "anchored":
                self._submitted[number] = event
            elif event.mined.kind == "finalize":
                self._final.pop(number, None)
            else:
                self._submitted.pop(number, None)
                self._forget(event)
            for known in self._submitted.values():
                if known.mined.number <= number:
                    self._refresh(known)

    def _refresh(self, event: AnchorEvent) -> None:
        final = [mined for upto, mined in sorted(self._final.items()) if upto >= event.mined.number]
        for chunk in range(event.header.first_chunk, event.header.last_chunk + 1):
            if chunk in self._chunks:
                facts = self._chunks[chunk]
                facts.batch, facts.published = event.mined.number, event.mined
                facts.final = final[0] if final else None

    def _forget(self, event: AnchorEvent) -> None:
        for chunk in range(event.header.first_chunk, event.header.last_chunk + 1):
            if chunk in self._chunks:
                facts = self._chunks[chunk]
                facts.batch = facts.published = facts.final = None

    def get(self, chunk: int) -> ChunkFinality | None:
        """The facts about a chunk, or None if it is unknown."""
        return self._chunks.get(chunk)

    def chunks(self) -> list[ChunkFinality]:
        """All chunks known, in order."""
        return [self._chunks[number] for number in sorted(self._chunks)]

    def height(self, tier: Tier) -> int | None:
        """The highest chunk such that it and every known chunk before it hold the tier; None if there is none."""
        height = None
        for facts in self.chunks():
            if not facts.has(tier):
                break
            height = facts.chunk
        return height

    def heights(self) -> dict[Tier, int | None]:
        """The height of each tier."""
        return {tier: self.height(tier) for tier in Tier}
