"""Tiers: what each fact gives, and what it never gives."""

from __future__ import annotations

from dataclasses import replace

from kedge.settlement import AnchorEvent, FinalityTracker, Mined, Tier
from tests.unit.batching.world import World

MINED = Mined("submit", 1, b"t" * 32, 10, b"b" * 32, 1_700_000_000, 120_000, 131_072, 5)


def events(batches: int, chunks_each: int) -> list[AnchorEvent]:
    world = World()
    made = [world.batch(*[world.seal() for _ in range(chunks_each)]) for _ in range(batches)]
    return [AnchorEvent("anchored", replace(MINED, number=batch.number), batch.header) for batch in made]


def final(event: AnchorEvent) -> AnchorEvent:
    return AnchorEvent("final", replace(event.mined, kind="finalize"), event.header)


def undone(event: AnchorEvent) -> AnchorEvent:
    return replace(event, what="reorganised")


def test_labels() -> None:
    assert [tier.label for tier in Tier] == ["sequenced", "published", "proved off-chain", "anchored", "final"]


def test_a_chunk_climbs_tier_by_tier() -> None:
    tracker = FinalityTracker()
    (batch,) = events(1, 1)
    tracker.on_sequenced(1, 5)
    facts = tracker.get(1)
    assert facts is not None
    seen = [facts.tier]
    tracker.on_anchor([batch])
    seen.append(facts.tier)
    tracker.on_proved(1, 9)
    seen.append(facts.tier)
    tracker.on_anchor([final(batch)])
    assert [*seen, facts.tier] == [Tier.SEQUENCED, Tier.PUBLISHED, Tier.ANCHORED, Tier.FINAL]
    assert facts.published is not None
    assert (facts.proved_at, facts.published.l1_time, facts.batch) == (9, 1_700_000_000, 1)


def test_without_a_proof_nothing_is_anchored_or_final() -> None:
    tracker = FinalityTracker()
    (batch,) = events(1, 2)
    for chunk in (1, 2):
        tracker.on_sequenced(chunk, 5)
    tracker.on_anchor([batch, final(batch)])
    tracker.on_proved(1, 9)
    assert [facts.tier for facts in tracker.chunks()] == [Tier.FINAL, Tier.PUBLISHED]
    assert tracker.heights() == {
        Tier.SEQUENCED: 2,
        Tier.PUBLISHED: 2,
        Tier.PROVED_OFF_CHAIN: 1,
        Tier.ANCHORED: 1,
        Tier.FINAL: 1,
    }


def test_a_proof_before_publication_counts_as_proved_only() -> None:
    tracker = FinalityTracker()
    tracker.on_proved(1, 3)
    tracker.on_sequenced(1, 2)
    facts = tracker.get(1)
    assert facts is not None
    assert facts.tier is Tier.SEQUENCED
    assert tracker.height(Tier.PROVED_OFF_CHAIN) == 1
    assert tracker.height(Tier.ANCHORED) is None


def test_a_hole_stops_the_height() -> None:
    tracker = FinalityTracker()
    for chunk in (1, 2, 3):
        tracker.on_sequenced(chunk, 0)
    for chunk in (1, 3):
        tracker.on_proved(chunk, 0)
    assert tracker.height(Tier.PROVED_OFF_CHAIN) == 1


def test_finality_of_a_later_batch_covers_earlier_ones() -> None:
    tracker = FinalityTracker()
    made = events(3, 1)
    for chunk in (1, 2, 3):
        tracker.on_proved(chunk, 0)
        tracker.on_sequenced(chunk, 0)
    tracker.on_anchor([*made, final(made[1])])
    assert [facts.tier for facts in tracker.chunks()] == [Tier.FINAL, Tier.FINAL, Tier.ANCHORED]


def test_a_reorganisation_takes_tiers_back() -> None:
    tracker = FinalityTracker()
    made = events(2, 1)
    for chunk in (1, 2):
        tracker.on_proved(chunk, 0)
        tracker.on_sequenced(chunk, 0)
    tracker.on_anchor([*made, final(made[0])])
    tracker.on_anchor([undone(final(made[0])), undone(made[1])])
    assert [facts.tier for facts in tracker.chunks()] == [Tier.ANCHORED, Tier.SEQUENCED]
    tracker.on_anchor([made[1], final(made[1])])
    assert tracker.height(Tier.FINAL) == 2


def test_a_restarted_node_may_tell_the_past_in_any_order() -> None:
    tracker = FinalityTracker()
    (batch,) = events(1, 1)
    tracker.on_anchor([batch, final(batch)])
    tracker.on_proved(1, 4)
    tracker.on_sequenced(1, 3)
    assert tracker.height(Tier.FINAL) == 1
    assert tracker.get(2) is None
