"""The sequencer: one order for all transactions, and a receipt for each once it cannot be lost.

    submit -> admission (caller's thread) -> inbox -> [ execute -> journal, fsync -> receipts ] (sequencing thread)

While one group is being made durable the next one gathers in the inbox, so groups grow with the load by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar, cast

from kedge.sequencer.admission import Admission
from kedge.sequencer.catalog import Catalog
from kedge.sequencer.codes import BATCH_TOO_LARGE
from kedge.sequencer.core import Core
from kedge.sequencer.directory import DataDirectory, DirectoryLock, write_atomic
from kedge.sequencer.engine import EngineLike, EngineSource
from kedge.sequencer.settings import Counters, Listeners, Settings
from kedge.sequencer.ticket import Command, Inbox, Item, Ticket, Waiter, wake
from kedge.sequencer.transaction import Origin, Receipt, SealedChunk, Transaction
from kedge.units.errors import Broken, Fault, Rejected

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
_AGE_CHECK_SECONDS = 0.05


class Head(NamedTuple):
    """The durable end of the sequence: last transaction, number of the open chunk, transactions in that chunk."""

    sequence: int
    chunk: int
    in_chunk: int


class Sequencer:
    """Orders, executes and journals the transactions of one data directory. Safe to call from any thread.

    A full disk fails the submissions in flight with `Interrupted` (a `Fault`); later ones succeed once there is space.
    After `Broken` every call raises `Broken`: the process must be restarted.
    """

    def __init__(
        self,
        directory: DataDirectory,
        lock: DirectoryLock,
        core: Core,
        inbox: Inbox,
        gate: Admission,
        settings: Settings,
    ) -> None:
        """Use `open`."""
        self._directory = directory
        self._lock = lock
        self._core = core
        self._inbox = inbox
        self._gate = gate
        self._settings = settings
        self._ended: Fault | Broken | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="kedge-sequencer", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        root: Path | str,
        source: EngineSource,
        settings: Settings | None = None,
        listeners: Listeners | None = None,
    ) -> Sequencer:
        """Open or create a data directory and come back to the state acknowledged last.

        Makes the threads of the whole process switch at least every `settings.switch_ms`.

        `Fault` when the directory is in use, unreadable, or of another program; `Broken` when its content does not
        replay to the roots it recorded.
        """
        settings = settings or Settings()
        sys.setswitchinterval(min(sys.getswitchinterval(), settings.switch_ms / 1000))
        catalog = Catalog(source.program)
        directory = DataDirectory(root)
        directory.create()
        lock = DirectoryLock(directory)
        inbox = Inbox(settings.queue_limit, settings.linger_ms / 1000, settings.group_size)
        try:
            release, later = _releaser(inbox), _commander(inbox)
            core = Core(directory, source, catalog, settings, listeners or Listeners(), release, later)
            try:
                if not directory.program.exists():
                    write_atomic(directory.program, source.program)
                core.engine()
            except BaseException:
                core.close()
                raise
        except BaseException:
            lock.release()
            raise
        return cls(directory, lock, core, inbox, Admission(catalog, settings.user_steps), settings)

    @property
    def directory(self) -> DataDirectory:
        return self._directory

    @property
    def head(self) -> Head:
        """The durable end of the sequence."""
        position = self._core.position
        return Head(position.last, position.chunk, position.count)

    @property
    def counters(self) -> Counters:
        """Running totals of this process."""
        return self._core.counters

    @property
    def waiting(self) -> int:
        """Transactions submitted and not yet answered."""
        return self._inbox.waiting

    def submit(self, transactions: Sequence[Transaction], origin: Origin = Origin.USER) -> list[Receipt]:
        """Receipts in the order of `transactions`, after durability.

        `Rejected` (nothing was executed) when the submission is too large or the queue is full; `Interrupted` when the
        disk is full; `Broken` when the process must be restarted.
        """
        self._check_thread()
        done = threading.Event()
        ticket = self._enqueue(transactions, origin, done)
        done.wait()
        return ticket.result()

    async def submit_async(self, transactions: Sequence[Transaction], origin: Origin = Origin.USER) -> list[Receipt]:
        """`submit` for coroutines. Cancelling the wait does not take the transactions back."""
        answer: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        self._enqueue(transactions, origin, answer)
        return await answer

    def seal(self, empty: bool = False) -> SealedChunk | None:
        """End the open chunk now. None when it has no transaction, unless `empty` asks for an empty chunk."""
        return self._ask(lambda: self._core.seal(empty))

    def read(self, question: Callable[[EngineLike], _Answer]) -> _Answer:
        """Ask the engine between two groups: sees exactly what is durable. `question` must change nothing."""
        return self._ask(lambda: question(self._core.engine()))

    def chunks(self, after: int = 0) -> list[SealedChunk]:
        """Sealed chunks with a number above `after`, in order."""
        return self._ask(lambda: self._core.chunks(after))

    def close(self) -> None:
        """Answer what waits, then stop and give the directory back. A second call does nothing."""
        self._stopping = True
        self._inbox.put(Command(lambda: None))
        self._thread.join()
        self._core.close()
        self._lock.release()

    def __enter__(self) -> Sequencer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _enqueue(self, transactions: Sequence[Transaction], origin: Origin, waiter: Waiter) -> Ticket:
        size = len(transactions)
        if size > self._settings.batch_limit:
            raise BATCH_TOO_LARGE.reject(f"{size}, the limit is {self._settings.batch_limit}")
        self._check_open()
        self._inbox.reserve(size)
        ticket = Ticket(size, waiter)
        self._admit(ticket, transactions, origin)
        self._inbox.free(size - len(ticket.transactions))
        if ticket.transactions:
            self._inbox.put(ticket)
            self._drain_if_ended()
        else:
            wake([ticket])
        return ticket

    def _admit(self, ticket: Ticket, transactions: Sequence[Transaction], origin: Origin) -> None:
        """Sort the transactions into those for the engine and those with an admission code."""
        for slot, transaction in enumerate(transactions):
            try:
                admitted, packed = self._gate.check(transaction, origin)
            except Rejected as why:
                now = time.time_ns() // 1_000_000
                ticket.receipts[slot] = Receipt(why.code, why.name, why.text, 0, 0, 0, now, [])
            else:
                ticket.packed.append(packed)
                ticket.transactions.append(admitted)
                ticket.slots.append(slot)

    def _ask(self, action: Callable[[], _Answer]) -> _Answer:
        self._check_thread()
        self._check_open()
        command = Command(action)
        self._inbox.put(command)
        self._drain_if_ended()
        command.done.wait()
        if command.error is not None:
            raise command.error
        return cast(_Answer, command.value)

    def _check_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a listener must not wait for the sequencer: hand over to another thread")

    def _check_open(self) -> None:
        if self._ended is not None:
            raise _fresh(self._ended)
        if self._stopping:
            raise Fault("the sequencer is closed; open the data directory again")

    def _loop(self) -> None:
        timeout = None if self._settings.chunk_ms is None else _AGE_CHECK_SECONDS
        ended: Fault | Broken = Fault("the sequencer is closed; open the data directory again")
        try:
            while not self._stopping:
                self._serve(self._inbox.take(timeout))
            self._serve(self._inbox.drain())
        except BaseException as error:
            _log.critical("the sequencer stopped: %s", error)
            ended = error if isinstance(error, Broken) else Broken(f"the sequencer failed ({error!r}): restart")
        self._ended = ended
        self._drain_if_ended()

    def _serve(self, items: list[Item]) -> None:
        """Groups of tickets, and commands between them, in order."""
        rest = deque(items)
        try:
            while rest:
                tickets = _take_tickets(rest)
                if tickets:
                    _go_on(partial(self._core.run, tickets))
                elif isinstance(command := rest.popleft(), Command):
                    command.run()
            _go_on(self._core.seal_by_age)
        finally:
            for item in rest:
                self._inbox.put(item)

    def _drain_if_ended(self) -> None:
        """Answer what can no longer be served; whoever enqueues late finds the end and comes here too."""
        if self._ended is None:
            return
        for item in self._inbox.drain():
            if isinstance(item, Ticket):
                item.error = _fresh(self._ended)
                self._inbox.free(len(item.transactions))
                wake([item])
            else:
                item.error = _fresh(self._ended)
                item.done.set()


def _fresh(error: Fault | Broken) -> Fault | Broken:
    """The same failure for another caller: a shared exception would collect everybody's traceback."""
    return type(error)(str(error))


def _take_tickets(items: deque[Item]) -> list[Ticket]:
    """Remove and return the tickets in front of the first command."""
    tickets: list[Ticket] = []
    while items and isinstance(items[0], Ticket):
        tickets.append(items[0])
        items.popleft()
    return tickets


def _go_on(action: Callable[[], object]) -> None:
    """A `Fault` was given to whom it concerns; the sequencer itself goes on."""
    try:
        action()
    except Fault as fault:
        _log.error("%s", fault)


def _releaser(inbox: Inbox) -> Callable[[list[Ticket]], None]:
    """What the core calls with answered tickets: their room is free again, their submitters wake."""

    def release(tickets: list[Ticket]) -> None:
        inbox.free(sum([len(ticket.transactions) for ticket in tickets]))
        wake(tickets)

    return release


def _commander(inbox: Inbox) -> Callable[[Callable[[], object]], None]:
    """What other threads of the core call to have something done between two groups."""

    def later(action: Callable[[], object]) -> None:
        inbox.put(Command(action))

    return later
