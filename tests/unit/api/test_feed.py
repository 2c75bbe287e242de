"""The feed: fills kept in order, and nobody who waits for a slow subscriber."""

from __future__ import annotations

import asyncio
import json

from kedge.api.feed import MOST_SUBSCRIBERS, ORDINALS, QUEUE_MESSAGES, Feed
from kedge.settlement import Tier
from tests.unit.exchange import BUY, IOC, MARK, SELL, Exchange


def test_fills_have_ids_for_ever(exchange: Exchange) -> None:
    exchange.place(2, 0, SELL, MARK, 10)
    exchange.place(3, 0, SELL, MARK, 10)
    taken = exchange.place(4, 0, BUY, MARK, 15, IOC)
    feed = Feed()
    for group in exchange.groups:
        feed.on_committed(group)
    first, second = feed.fills(0, 10)
    assert (first.id, second.id) == (taken.sequence * ORDINALS, taken.sequence * ORDINALS + 1)
    assert [(fill.maker, fill.taker, fill.size, fill.side) for fill in (first, second)] == [
        (2, 4, 10, "buy"),
        (3, 4, 5, "buy"),
    ]
    assert feed.fills(first.id, 10) == [second]
    assert feed.fills(0, 1) == [first]
    assert feed.fills(second.id, 10) == []


def test_a_subscriber_that_does_not_read_is_dropped_and_the_others_are_served() -> None:
    async def run() -> None:
        feed = Feed()
        feed.serve_in(asyncio.get_running_loop())
        slow, quick = feed.subscribe(), feed.subscribe()
        assert slow is not None
        assert quick is not None
        for number in range(QUEUE_MESSAGES + 1):
            feed.on_tier(Tier.ANCHORED, number, number)
            await asyncio.sleep(0)
            assert json.loads(quick.queue.get_nowait()) == {
                "type": "tier",
                "tier": "anchored",
                "chunk": number,
                "transaction": number,
            }
        assert slow.overflowed.is_set()
        assert slow.queue.qsize() == QUEUE_MESSAGES
        assert not quick.overflowed.is_set()

    asyncio.run(run())


def test_there_is_a_limit_to_subscribers() -> None:
    feed = Feed()
    subscribers = [feed.subscribe() for _ in range(MOST_SUBSCRIBERS)]
    assert all(subscribers)
    assert feed.subscribe() is None
    first = subscribers[0]
    assert first is not None
    feed.unsubscribe(first)
    assert feed.subscribe() is not None


def test_news_after_the_loop_is_closed_are_dropped(exchange: Exchange) -> None:
    feed, loop = Feed(), asyncio.new_event_loop()
    feed.serve_in(loop)
    feed.subscribe()
    loop.close()
    feed.on_tier(Tier.FINAL, 1, 1)
