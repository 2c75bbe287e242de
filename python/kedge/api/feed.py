"""News for whoever listens: recent fills, kept for a while, and live messages to subscribers."""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from kedge.api.queries import SIDES
from kedge.sequencer import Committed
from kedge.settlement import Tier
from kedge.venue import Fill as FillEvent

KEPT_FILLS: Final = 10_000
QUEUE_MESSAGES: Final = 1_000
MOST_SUBSCRIBERS: Final = 64
ORDINALS: Final = 4_096
"""Most steps, so most fills, of one transaction: `id` is the transaction's number times this, plus the fill's."""


class Fill(msgspec.Struct, frozen=True, tag="fill", tag_field="type"):
    """A fill. `id` grows for ever and survives restarts; `side` is the taker's; `order` is the maker's."""

    id: int
    sequence: int
    chunk: int
    time: int
    market: int
    side: str
    price: int
    size: int
    maker: int
    taker: int
    order: int
    maker_fee: int
    taker_fee: int


class TierMoved(msgspec.Struct, frozen=True, tag="tier", tag_field="type"):
    """A tier now reaches up to this chunk and transaction; backwards if L1 reorganised."""

    tier: str
    chunk: int
    transaction: int


class Subscriber:
    """A bounded queue of encoded messages; `overflowed` is set when the client was too slow for it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_MESSAGES)
        self.overflowed = asyncio.Event()


class Feed:
    """Told from the node's threads, read from the event loop that `serve_in` names; nobody waits for a subscriber."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fills: deque[Fill] = deque(maxlen=KEPT_FILLS)
        self._subscribers: set[Subscriber] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def serve_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send messages in this loop from now on."""
        self._loop = loop

    def on_committed(self, group: Committed) -> None:
        """Hook of the node: transactions became durable."""
        fills: list[Fill] = []
        for _, receipt in group:
            events = [fields for name, fields in receipt.events if name == "fill"]
            for ordinal, fields in enumerate(events):
                fills.append(_fill(ordinal, receipt.sequence, receipt.chunk, receipt.time, FillEvent.read(fields)))
        if fills:
            with self._lock:
                self._fills.extend(fills)
            self._send(fills)

    def on_tier(self, tier: Tier, chunk: int, transaction: int) -> None:
        """A tier moved."""
        self._send([TierMoved(tier.label, chunk, transaction)])

    def fills(self, after: int, limit: int) -> list[Fill]:
        """Up to `limit` kept fills with an id above `after`, oldest first."""
        with self._lock:
            kept = list(self._fills)
        start = bisect_right(kept, after, key=lambda fill: fill.id)
        return kept[start : start + limit]

    def subscribe(self) -> Subscriber | None:
        """A new subscriber, in the loop; None if there are too many."""
        if len(self._subscribers) >= MOST_SUBSCRIBERS:
            return None
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    def _send(self, messages: Sequence[Fill | TierMoved]) -> None:
        if self._loop is None or not self._subscribers:
            return
        try:
            self._loop.call_soon_threadsafe(self._spread, messages)
        except RuntimeError:
            self._loop = None  # the loop is closed: nobody listens any more

    def _spread(self, messages: Sequence[Fill | TierMoved]) -> None:
        """Each message is encoded once; a subscriber whose queue is full is dropped rather than waited for."""
        for text in [msgspec.json.encode(message).decode() for message in messages]:
            for subscriber in list(self._subscribers):
                try:
                    subscriber.queue.put_nowait(text)
                except asyncio.QueueFull:
                    subscriber.overflowed.set()
                    self._subscribers.discard(subscriber)


def _fill(ordinal: int, sequence: int, chunk: int, time: int, event: FillEvent) -> Fill:
    return Fill(
        id=sequence * ORDINALS + ordinal,
        sequence=sequence,
        chunk=chunk,
        time=time,
        market=event.market,
        side=SIDES[event.side],
        price=event.price,
        size=event.size,
        maker=event.maker,
        taker=event.taker,
        order=event.order,
        maker_fee=event.maker_fee,
        taker_fee=event.taker_fee,
    )
