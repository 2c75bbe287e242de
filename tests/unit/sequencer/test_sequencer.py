"""The sequencer in one process: order, receipts, sealing, restart, back-pressure, a full disk."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from kedge.sequencer import Interrupted, Listeners, Origin, Receipt, SealedChunk, Sequencer, Settings, Transaction
from kedge.sequencer.settings import Committed
from kedge.units.errors import Broken, Fault, Rejected
from tests.unit.sequencer.fake_engine import USER_STEPS, FakeEngine, FakeEngines, root_of

SETTINGS = Settings(linger_ms=0.2, chunk_transactions=10, snapshot_every=2, user_steps=USER_STEPS)


def put(key: int, value: int) -> Transaction:
    return Transaction("put", [key, value])


def take(key: int, amount: int) -> Transaction:
    return Transaction("take", [key, amount])


def open_at(path: Path, settings: Settings = SETTINGS, listeners: Listeners | None = None) -> Sequencer:
    return Sequencer.open(path, FakeEngines(), settings, listeners)


def places(receipts: list[Receipt]) -> list[tuple[int, int, int]]:
    return [(receipt.sequence, receipt.chunk, receipt.position) for receipt in receipts]


def test_receipts_say_place_and_reason(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        receipts = sequencer.submit([put(1, 5), take(1, 9), take(1, 2), put(1, 2**70), Transaction("tick", [1])])
        assert [receipt.code for receipt in receipts] == [0, 20, 0, 905, 902]
        assert places(receipts) == [(1, 1, 0), (0, 0, 0), (2, 1, 1), (0, 0, 0), (0, 0, 0)]
        assert receipts[0].events == [("put", [1, 5])]
        assert (receipts[1].name, receipts[1].text) == ("TOO_LITTLE", "there is less under this key")
        assert [receipt.accepted for receipt in receipts[:2]] == [True, False]
        assert sequencer.submit([Transaction("tick", [1])], Origin.SYSTEM)[0].sequence == 3
        assert sequencer.submit([]) == []
        assert sequencer.head == (3, 1, 3)


def test_refusals_change_nothing(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit([put(1, 5)])
        root = sequencer.read(lambda engine: engine.root())
        assert sequencer.submit([take(1, 6)] * 3)[2].code == 20
        assert sequencer.read(lambda engine: engine.root()) == root
        assert sequencer.head.sequence == 1


def test_chunks_end_by_count_and_join(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        receipts = sequencer.submit([put(n, n + 1) for n in range(25)])
        assert places(receipts)[9:11] == [(10, 1, 9), (11, 2, 0)]
        chunks = sequencer.chunks()
        assert [(chunk.number, chunk.first, chunk.last) for chunk in chunks] == [(1, 1, 10), (2, 11, 20)]
        assert chunks[0].old_root == root_of({})
        assert chunks[0].new_root == chunks[1].old_root
        assert all(chunk.witness.read_bytes() for chunk in chunks)
        last = sequencer.seal()
        assert last is not None
        assert (last.first, last.last, last.new_root) == (21, 25, root_of({n: n + 1 for n in range(25)}))
        assert sequencer.seal() is None
        empty = sequencer.seal(empty=True)
        assert empty is not None
        assert (empty.number, empty.transactions, empty.old_root == empty.new_root) == (4, 0, True)


def test_chunks_end_by_steps_and_when_the_engine_says_so(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        receipts = sequencer.submit([Transaction("walk", [4_096])] * 40)
        assert [receipt.sequence for receipt in receipts] == list(range(1, 41))
        assert all(chunk.steps <= 65_000 for chunk in sequencer.chunks())
    settings = Settings(chunk_transactions=1_000, user_steps=USER_STEPS)
    with open_at(tmp_path / "by-steps", settings) as sequencer:
        receipts = sequencer.submit([Transaction("walk", [4_096])] * 40)
        assert [receipt.sequence for receipt in receipts] == list(range(1, 41))
        assert [chunk.transactions for chunk in sequencer.chunks()] == [15, 15]
        assert all(chunk.steps <= 65_000 for chunk in sequencer.chunks())


def test_chunks_end_by_age(tmp_path: Path) -> None:
    sealed = threading.Event()
    settings = Settings(chunk_ms=1, user_steps=USER_STEPS)
    with open_at(tmp_path, settings, Listeners(sealed=lambda _: sealed.set())) as sequencer:
        sequencer.submit([put(1, 1)])
        assert sealed.wait(5)
        assert sequencer.head.chunk == 2


@pytest.mark.parametrize("count", [0, 1, 10, 34, 45])
def test_restart_comes_back_to_the_same_root(tmp_path: Path, count: int) -> None:
    with open_at(tmp_path) as sequencer:
        for n in range(0, count, 3):
            sequencer.submit([put(n, n + 1), put(0, n), take(0, n + 1)][: count - n])
        head, root, chunks = sequencer.head, sequencer.read(lambda engine: engine.root()), sequencer.chunks()
    for _ in range(2):
        with open_at(tmp_path) as sequencer:
            assert (sequencer.head, sequencer.chunks()) == (head, chunks)
            assert sequencer.read(lambda engine: engine.root()) == root
    with open_at(tmp_path) as sequencer:
        assert sequencer.submit([put(500, 1)])[0].sequence == head.sequence + 1


def test_restart_uses_the_newest_sound_snapshot(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit([put(n, 1) for n in range(65)])
    kept = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    assert kept == ["00000004.snapshot", "00000006.snapshot"]
    engines = FakeEngines()
    with Sequencer.open(tmp_path, engines, SETTINGS):
        assert sum(engines.made[-1].calls) == 5
    newest = tmp_path / "snapshots" / kept[1]
    newest.write_bytes(newest.read_bytes()[:-1] + b"x")
    with Sequencer.open(tmp_path, engines, SETTINGS):
        assert sum(engines.made[-1].calls) == 25
    for path in (tmp_path / "snapshots").iterdir():
        path.write_bytes(b"")
    with Sequencer.open(tmp_path, engines, SETTINGS) as sequencer:
        assert sum(engines.made[-1].calls) == 65
        assert sequencer.read(lambda engine: engine.root()) == root_of(dict.fromkeys(range(65), 1))


def test_a_lost_witness_is_written_again(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit([put(n, 1) for n in range(10)])
        witness = sequencer.chunks()[0].witness
    before = witness.read_bytes()
    witness.unlink()
    with open_at(tmp_path):
        assert witness.read_bytes() == before


def test_listeners_hear_what_is_durable(tmp_path: Path) -> None:
    heard: list[Committed] = []
    chunks: list[SealedChunk] = []
    with open_at(tmp_path, listeners=Listeners(heard.append, chunks.append)) as sequencer:
        sequencer.submit([put(n, 1) if n % 2 else take(n, 1) for n in range(24)])
    accepted = [(transaction.args[0], receipt.sequence) for news in heard for transaction, receipt in news]
    assert accepted == [(2 * n + 1, n + 1) for n in range(12)]
    assert [chunk.number for chunk in chunks] == [1]


def test_a_listener_that_fails_harms_nobody(tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise ValueError("no")

    with open_at(tmp_path, listeners=Listeners(fail, fail)) as sequencer:
        assert sequencer.submit([put(n, 1) for n in range(11)])[10].sequence == 11


def test_a_listener_that_would_wait_for_itself_fails_instead(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened: list[Sequencer] = []

    def wait(_: object) -> None:
        opened[0].submit([put(1, 1)])

    with open_at(tmp_path, listeners=Listeners(wait, lambda _: print(opened[0].chunks()))) as sequencer:
        opened.append(sequencer)
        assert sequencer.submit([put(n, 1) for n in range(11)])[10].sequence == 11
    assert caplog.text.count("a listener failed") == 3


def test_what_was_submitted_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    async def submit_and_change(sequencer: Sequencer) -> list[Receipt]:
        args = [1, 5]
        answer = asyncio.ensure_future(sequencer.submit_async([Transaction("put", args)]))
        await asyncio.sleep(0)
        args[1] = 6
        return await answer

    with open_at(tmp_path, Settings(linger_ms=20, user_steps=USER_STEPS)) as sequencer:
        asyncio.run(submit_and_change(sequencer))
        root = sequencer.read(lambda engine: engine.root())
        assert root == root_of({1: 5})
    with open_at(tmp_path) as sequencer:
        assert sequencer.read(lambda engine: engine.root()) == root


def test_many_threads_get_one_order(tmp_path: Path) -> None:
    receipts: list[list[Receipt]] = []
    with open_at(tmp_path, Settings(chunk_transactions=100, user_steps=USER_STEPS)) as sequencer:

        def client(key: int) -> None:
            receipts.append([sequencer.submit([put(key, n)])[0] for n in range(40)])

        threads = [threading.Thread(target=client, args=(key,)) for key in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sequencer.waiting == 0
    own = [[receipt.sequence for receipt in client] for client in receipts]
    assert all(sequences == sorted(sequences) for sequences in own)
    assert sorted(sequence for sequences in own for sequence in sequences) == list(range(1, 321))


def test_coroutines_share_groups(tmp_path: Path) -> None:
    async def clients(sequencer: Sequencer) -> list[list[Receipt]]:
        return await asyncio.gather(*(sequencer.submit_async([put(n, 1), take(n, 9)]) for n in range(50)))

    with open_at(tmp_path, Settings(user_steps=USER_STEPS)) as sequencer:
        answers = asyncio.run(clients(sequencer))
        assert [answer[0].sequence for answer in answers] == list(range(1, 51))
        assert all(answer[1].code == 20 for answer in answers)
        assert sequencer.counters.groups < 50


def test_back_pressure_and_size_are_numbered(tmp_path: Path) -> None:
    settings = Settings(queue_limit=5, batch_limit=20, user_steps=USER_STEPS)
    with open_at(tmp_path, settings) as sequencer:
        with pytest.raises(Rejected) as caught:
            sequencer.submit([put(1, 1)] * 21)
        assert caught.value.code == 907
        with pytest.raises(Rejected) as caught:
            sequencer.submit([put(1, 1)] * 6)
        assert caught.value.code == 908
        assert sequencer.head.sequence == 0
        assert len(sequencer.submit([put(1, 1)] * 5)) == 5
        assert sequencer.waiting == 0


def test_a_closed_sequencer_says_so(tmp_path: Path) -> None:
    sequencer = open_at(tmp_path)
    sequencer.close()
    sequencer.close()
    with pytest.raises(Fault, match="closed"):
        sequencer.submit([put(1, 1)])
    with pytest.raises(Fault, match="closed"):
        sequencer.read(lambda engine: engine.root())


def test_an_error_in_a_question_is_the_askers_own(tmp_path: Path) -> None:
    with open_at(tmp_path) as sequencer:
        with pytest.raises(ZeroDivisionError):
            sequencer.read(lambda _: 1 // 0)
        assert sequencer.submit([put(1, 1)])[0].accepted


def test_a_failing_engine_breaks_the_sequencer_not_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_at(tmp_path) as sequencer:
        sequencer.submit([put(1, 1)])
        with monkeypatch.context() as patch:
            patch.setattr(FakeEngine, "submit_many", lambda *_: (_ for _ in ()).throw(RuntimeError("panic")))
            with pytest.raises(Broken, match="panic"):
                sequencer.submit([put(2, 2)])
        with pytest.raises(Broken, match="panic"):
            sequencer.submit([put(3, 3)])
        with pytest.raises(Broken, match="panic"):
            asyncio.run(sequencer.submit_async([put(3, 3)]))
    with open_at(tmp_path) as sequencer:
        assert sequencer.read(lambda engine: engine.root()) == root_of({1: 1})


def test_an_engine_that_accepts_after_chunk_full_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_at(tmp_path) as sequencer:
        monkeypatch.setattr(FakeEngine, "submit_many", lambda *_: [(5, [], 0), (0, [], 1)])
        with pytest.raises(Broken, match="after it said"):
            sequencer.submit([put(1, 1), put(2, 2)])


def test_an_empty_chunk_cannot_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_at(tmp_path) as sequencer:
        monkeypatch.setattr(FakeEngine, "submit_many", lambda *_: [(5, [], 0)])
        with pytest.raises(Broken, match="empty chunk is full"):
            sequencer.submit([put(1, 1)])


def test_interrupted_keeps_the_durable_receipts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness of chunk 1 cannot be filed: chunk 2 cannot end, so what would follow in chunk 3 is not applied."""
    settings, heard = Settings(chunk_transactions=5, user_steps=USER_STEPS), list[SealedChunk]()
    with open_at(tmp_path, settings, Listeners(sealed=heard.append)) as sequencer:
        with monkeypatch.context() as patch:
            patch.setattr("kedge.sequencer.sealing.write_atomic", _full)
            with pytest.raises(Interrupted, match="full") as caught:
                sequencer.submit([put(n, 1) for n in range(13)])
        receipts = caught.value.receipts
        assert [receipt and receipt.sequence for receipt in receipts] == [*range(1, 11), None, None, None]
        assert sequencer.submit([put(20, 1)])[0].sequence == 11
        assert sequencer.head == (11, 3, 1)
        assert sequencer.read(lambda engine: engine.root()) == root_of(dict.fromkeys([*range(10), 20], 1))
        assert len(sequencer.chunks()) == 2
        assert [chunk.number for chunk in heard] == [1, 2]


def _full(*_: object) -> None:
    raise Fault("the disk is full")
