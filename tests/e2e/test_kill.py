"""A node that is killed at bad moments loses nothing, repeats nothing, and settles everything in the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL
from typing import Any

from kedge import _native
from kedge.node import saved_chain
from kedge.proving import verify_directory
from kedge.sequencer import DataDirectory, Ledger
from kedge.settlement import AnchorJournal, Settlement
from tests.e2e.harness import Client, NodeProcess, journalled, need_anvil, place, until

VICTIM = Path(__file__).with_name("victim.py")
TRADE_SECONDS = 0.2


def proof_under_way(folder: Path) -> bool:
    directory = DataDirectory(folder)
    with Ledger(directory) as ledger:
        chunks = ledger.chunks()
    return bool(chunks) and not directory.proof(chunks[-1].number).exists()


def transaction_under_way(folder: Path) -> bool:
    journal = AnchorJournal(folder / "anchor.sqlite")
    try:
        return bool(journal.open_attempts())
    finally:
        journal.close()


def trade(client: Client, rng: random.Random, acknowledged: dict[int, list[int]]) -> None:
    """A few orders that rest or cross; what is acknowledged is noted by its place for ever."""
    orders = [
        place(rng.randint(2, 5), rng.randint(0, 200), rng.randint(0, 1), 600_000 + rng.randint(-300, 300), 10)
        for _ in range(6)
    ]
    for order, receipt in zip(orders, client.submit(*orders), strict=True):
        if receipt["code"] == 0:
            acknowledged[receipt["sequence"]] = order


def live_and_die(
    folder: Path, rng: random.Random, acknowledged: dict[int, list[int]], moment: Callable[[Path], bool]
) -> None:
    """One life: trade until the moment comes, then die at once."""
    victim = NodeProcess(folder, str(folder), script=VICTIM)
    client = victim.client()
    client.wait_for_deposits(4)

    def comes() -> bool:
        if time.monotonic() > traded[0] + TRADE_SECONDS:
            traded[0] = time.monotonic()
            trade(client, rng, acknowledged)
        return moment(folder)

    traded = [0.0]

    until(f"a moment of {moment.__name__}", comes)
    victim.end(SIGKILL)


def test_kill_dash_nine_while_proving_and_while_anchoring(tmp_path: Path) -> None:
    need_anvil()
    folder, rng = tmp_path / "node", random.Random(3)
    acknowledged: dict[int, list[int]] = {}

    def some_moment(_: Path) -> bool:
        time.sleep(rng.random())
        return rng.random() < 0.3

    for moment in (proof_under_way, transaction_under_way, some_moment, transaction_under_way):
        live_and_die(folder, rng, acknowledged, moment)
    survivor = NodeProcess(folder, str(folder), script=VICTIM)
    client = survivor.client()
    client.wait_settled(max(acknowledged))
    survivor.end(SIGKILL)

    kept = journalled(folder)
    assert all((kept[n - 1].step, list(kept[n - 1].args)) == ("place", order) for n, order in acknowledged.items())
    assert [item.args[0] for item in kept if item.step == "deposit"] == [0, 1, 2, 3]
    check_history(folder)


def check_history(folder: Path) -> None:
    """Every batch is on L1 once and in order, L1 alone gives the state, and all that was sealed before is proved."""
    with saved_chain(folder) as l1:
        rebuilt = l1.rebuild()
        batches: list[Any] = list(Settlement(l1.chain, l1.settlement).submitted(l1.first_block))
    assert [item.header.number for item in batches] == list(range(1, len(batches) + 1))
    last = batches[-1].header
    with Ledger(DataDirectory(folder)) as ledger:
        chunk = ledger.chunks(last.last_chunk - 1)[0]
    assert (chunk.new_root, rebuilt.root) == (last.new_root, last.new_root)
    assert rebuilt.deposits == 4
    verdict = verify_directory(folder)
    unproved = {finding.chunk for finding in verdict.findings}
    assert all(number is not None and number > last.last_chunk for number in unproved), verdict.findings
    assert _native.Tree.empty_root().hex() == verdict.first_root
