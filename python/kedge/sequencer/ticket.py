"""Submissions on their way: what waits, in which order, and how much may wait."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

from kedge.sequencer.codes import QUEUE_FULL
from kedge.sequencer.transaction import Interrupted, Receipt, Transaction
from kedge.units.errors import Broken, Fault

Waiter = threading.Event | asyncio.Future[list[Receipt]]
"""How the submitter waits: a thread on an event, a coroutine on a future of its loop."""


class Ticket:
    """One submission: its admitted transactions, and a receipt slot for every transaction, refused ones included.

    `slots[i]` is the place of admitted transaction i among `receipts`; `packed[i]` are its canonical bytes.
    """

    __slots__ = ("error", "packed", "receipts", "slots", "transactions", "waiter")

    def __init__(self, size: int, waiter: Waiter) -> None:
        self.transactions: list[Transaction] = []
        self.packed: list[bytes] = []
        self.slots: list[int] = []
        self.receipts: list[Receipt | None] = [None] * size
        self.waiter = waiter
        self.error: BaseException | None = None

    def result(self) -> list[Receipt]:
        """The receipts, in the order of submission; raises what went wrong instead."""
        if self.error is not None:
            raise self.error
        return [receipt for receipt in self.receipts if receipt is not None]

    def fail(self, error: BaseException) -> None:
        """No answer for what has no receipt. A `Fault` carries the receipts of what is durable already."""
        self.error = Interrupted(str(error), self.receipts) if isinstance(error, Fault) else error


class Command:
    """Something else to do between two groups, in the sequencing thread."""

    __slots__ = ("action", "done", "error", "value")

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action
        self.done = threading.Event()
        self.value: object = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do it and wake who asked. An error is the asker's; `Broken` also propagates."""
        try:
            self.value = self.action()
        except Broken as error:
            self.error = error
            raise
        except Exception as error:
            self.error = error
        finally:
            self.done.set()


Item = Ticket | Command


class Inbox:
    """The queue in front of the sequencing thread. Bounded in transactions; waits a moment so that groups form."""

    def __init__(self, limit: int, linger: float, size: int) -> None:
        """At most `limit` transactions wait; a group closes `linger` seconds after its first, or at `size`."""
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._limit = limit
        self._linger = linger
        self._size = size
        self._lock = threading.Lock()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Transactions submitted and not yet answered."""
        return self._waiting

    def reserve(self, count: int) -> None:
        """Take room for `count` transactions; `Rejected` with QUEUE_FULL when there is not enough."""
        with self._lock:
            if self._waiting + count > self._limit:
                raise QUEUE_FULL.reject(f"{self._waiting} are waiting, the limit is {self._limit}")
            self._waiting += count

    def free(self, count: int) -> None:
        """Give back the room of answered transactions."""
        with self._lock:
            self._waiting -= count

    def put(self, item: Item) -> None:
        self._queue.put(item)

    def take(self, timeout: float | None) -> list[Item]:
        """What waits, in order; blocks until there is something or `timeout` seconds have passed."""
        try:
            items = [self._queue.get(timeout=timeout)]
        except Empty:
            return []
        count = _count(items[0])
        deadline = time.monotonic() + self._linger
        while count < self._size:
            item = self._next(deadline)
            if item is None:
                break
            items.append(item)
            count += _count(item)
        return items

    def drain(self) -> list[Item]:
        """Everything that waits, at once."""
        items: list[Item] = []
        while (item := self._next(0.0)) is not None:
            items.append(item)
        return items

    def _next(self, deadline: float) -> Item | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            pass
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return self._queue.get(timeout=left)
        except Empty:
            return None


def _count(item: Item) -> int:
    """Transactions in an item; a command ends the wait, since somebody stands behind it."""
    return len(item.transactions) if isinstance(item, Ticket) else 1 << 30


def wake(tickets: Iterable[Ticket]) -> None:
    """Answer the submitters: threads at once, coroutines with one call per event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Ticket]] = {}
    for ticket in tickets:
        if isinstance(ticket.waiter, threading.Event):
            ticket.waiter.set()
        else:
            loops.setdefault(ticket.waiter.get_loop(), []).append(ticket)
    for loop, waiting in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, waiting)
        except RuntimeError:
            continue  # the loop is closed: nobody is left to answer, and the journal has the outcome


def _resolve(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        future = ticket.waiter
        if isinstance(future, threading.Event) or future.done():
            continue
        if ticket.error is not None:
            future.set_exception(ticket.error)
        else:
            future.set_result(ticket.result())
