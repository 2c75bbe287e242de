"""Execute, journal, release: the sequencer without its threads.

One thread owns a `Core`. Between two of its calls the engine's state is exactly the durable one, or there is no engine
and the next call rebuilds it from the journal; so nobody ever sees an effect that a crash could take back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple, TypeVar

from kedge.sequencer.catalog import Catalog
from kedge.sequencer.codec import Codec
from kedge.sequencer.codes import ACCEPTED
from kedge.sequencer.directory import DataDirectory
from kedge.sequencer.engine import CHUNK_FULL, EngineLike, EngineSource, Outcome
from kedge.sequencer.journal import Journal
from kedge.sequencer.ledger import Group
from kedge.sequencer.replay import Position, Replay
from kedge.sequencer.sealing import Sealer
from kedge.sequencer.settings import Counters, Listeners, Settings
from kedge.sequencer.snapshots import SnapshotStore
from kedge.sequencer.ticket import Ticket
from kedge.sequencer.transaction import Receipt, SealedChunk
from kedge.sequencer.work import Work
from kedge.units.errors import Broken, Fault

_log = logging.getLogger(__name__)
_News = TypeVar("_News")


class _Accounted(NamedTuple):
    """Of one call to the engine: outcomes that count, and the accepted ones among them (place in the work, receipt)."""

    taken: int
    accepted: list[int]
    receipts: list[Receipt]


class Core:
    """The engine, its journal and its chunks. `Fault`: nothing acknowledged is lost, call again; `Broken`: stop."""

    def __init__(
        self,
        directory: DataDirectory,
        source: EngineSource,
        catalog: Catalog,
        settings: Settings,
        listeners: Listeners,
        release: Callable[[list[Ticket]], None],
        later: Callable[[Callable[[], object]], None],
    ) -> None:
        """`release` answers tickets; `later`, called by any thread, has something done by the owning one."""
        self._source = source
        self._catalog = catalog
        self._settings = settings
        self._listeners = listeners
        self._release = release
        self._journal = Journal(directory, catalog.digest)
        snapshots = SnapshotStore(directory, catalog.digest, settings.snapshots_kept)
        self._replay = Replay(directory, self._journal, snapshots, Codec(catalog))
        filed = partial(later, self._announce)
        self._sealer = Sealer(directory, self._journal, snapshots, settings.snapshot_every, filed)
        self._engine: EngineLike | None = None
        self._opened = time.monotonic()
        self.counters = Counters()
        self.position = Position(1, 1, 0, 0)

    def engine(self) -> EngineLike:
        """The engine at the last durable transaction; rebuilt from the journal if there is none."""
        if self._engine is None:
            self._sealer.settle()
            with self._whole():
                self._engine, self.position = self._replay.run(self._source)
            self._sealer.replayed()
            self._announce()
            self._opened = time.monotonic()
            self.counters.replays += 1
        return self._engine

    def run(self, tickets: list[Ticket]) -> None:
        """Execute, journal and release. On a failure every ticket is answered before it is raised."""
        work = Work(tickets)
        try:
            while not work.finished:
                engine = self.engine()
                if self._due(engine):
                    self._seal(engine)
                with self._whole():
                    self._advance(engine, work)
        except BaseException as error:
            self._release(work.abandon(error))
            raise
        engine = self.engine()
        if self._due(engine):
            self._seal(engine)

    def seal(self, empty: bool = False) -> SealedChunk | None:
        """End the open chunk, durably. None when it has no transaction, unless `empty` asks for an empty one."""
        engine = self._filed()
        chunk = self._seal(engine) if self.position.count or empty else None
        self._filed()
        return chunk

    def seal_by_age(self) -> None:
        """End the open chunk if it has been open for too long."""
        limit = self._settings.chunk_ms
        if limit is not None and self.position.count and (time.monotonic() - self._opened) * 1000 >= limit:
            self.seal()

    def chunks(self, after: int = 0) -> list[SealedChunk]:
        """Sealed chunks with a number above `after`, all of them ready to be proven."""
        self._filed()
        return self._journal.chunks(after)

    def close(self) -> None:
        """Finish what is being written and close the journal."""
        self._sealer.close()
        self._announce()
        self._journal.close()

    def _advance(self, engine: EngineLike, work: Work) -> None:
        """One group: as many transactions as fit the group and the chunk."""
        room = min(self._settings.group_size, self._settings.chunk_transactions - self.position.count)
        started = time.perf_counter()
        outcomes = engine.submit_many(work.next(room))
        executed = time.perf_counter()
        settled = self._account(work, outcomes)
        if settled.accepted:
            self._commit(work, settled)
        self._release(work.advance(settled.taken))
        counters = self.counters
        counters.accepted += len(settled.accepted)
        counters.refused += settled.taken - len(settled.accepted)
        counters.execute_seconds += executed - started
        counters.commit_seconds += time.perf_counter() - executed
        if settled.taken < len(outcomes):
            self._make_room(engine)

    def _account(self, work: Work, outcomes: list[Outcome]) -> _Accounted:
        """Note receipts, up to the first transaction that the chunk has no room for."""
        now = max(time.time_ns() // 1_000_000, self.position.time)
        sequence, chunk, first = self.position.last, self.position.chunk, self.position.first
        accepted: list[int] = []
        receipts: list[Receipt] = []
        taken = 0
        for index, (code, events, _) in enumerate(outcomes, start=work.done):
            if code == ACCEPTED:
                sequence += 1
                receipt = Receipt(ACCEPTED, "ACCEPTED", "", sequence, chunk, sequence - first, now, events)
                accepted.append(index)
                receipts.append(receipt)
            elif code == CHUNK_FULL:
                break
            else:
                receipt = self._refused(code, now)
            work.answer(index, receipt)
            taken += 1
        if any(code == ACCEPTED for code, _, _ in outcomes[taken:]):
            raise Broken("the engine accepted a transaction after it said that the chunk is full")
        return _Accounted(taken, accepted, receipts)

    def _refused(self, code: int, now: int) -> Receipt:
        why = self._catalog.describe(code)
        return Receipt(code, why.name, why.text, 0, 0, 0, now, [])

    def _commit(self, work: Work, settled: _Accounted) -> None:
        """Make the accepted transactions durable, then move on."""
        position = self.position
        entries = b"".join([work.packed[index] for index in settled.accepted])
        group = Group(position.last + 1, settled.receipts[-1].sequence, settled.receipts[0].time, entries)
        self._journal.append(group)
        if not position.count:
            self._opened = time.monotonic()
        position.last, position.time = group.last, group.time
        self.counters.groups += 1
        if self._listeners.committed is not None:
            transactions = [work.transactions[index] for index in settled.accepted]
            _tell(self._listeners.committed, list(zip(transactions, settled.receipts, strict=True)))

    def _due(self, engine: EngineLike) -> bool:
        full = self.position.count >= self._settings.chunk_transactions
        return full or (self.position.count > 0 and engine.steps_in_chunk >= self._settings.chunk_steps)

    def _make_room(self, engine: EngineLike) -> None:
        """The engine says that the chunk is full."""
        if not self.position.count:
            raise Broken("the engine says that an empty chunk is full")
        self._seal(engine)

    def _seal(self, engine: EngineLike) -> SealedChunk:
        started = time.perf_counter()
        with self._whole():
            chunk = self._sealer.seal(engine, self.position)
        self.position.chunk, self.position.first = chunk.number + 1, chunk.last + 1
        self.counters.chunks += 1
        self.counters.seal_seconds += time.perf_counter() - started
        return chunk

    def _filed(self) -> EngineLike:
        """The engine, once every sealed chunk is durable and was told of."""
        engine = self.engine()
        with self._whole():
            self._sealer.wait()
        self._announce()
        return engine

    def _announce(self) -> None:
        for chunk in self._sealer.take():
            if self._listeners.sealed is not None:
                _tell(self._listeners.sealed, chunk)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """The engine is kept only if what happens inside succeeds as a whole."""
        try:
            yield
        except BaseException as error:
            self._engine = None
            if isinstance(error, Fault | Broken):
                raise
            raise Broken(f"the engine or the sequencer failed ({error!r}): restart from the journal") from error


def _tell(listener: Callable[[_News], None], news: _News) -> None:
    try:
        listener(news)
    except Exception:
        _log.exception("a listener failed; the sequencer goes on")
