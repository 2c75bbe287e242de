"""kill -9 at random moments, many times over on one data directory: nothing acknowledged is lost or repeated."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kedge.rules import program
from kedge.sequencer import Catalog, Codec, DataDirectory, Ledger, Sequencer
from tests.adversarial.sequencer.victim import SETTINGS, Flow, flow

VICTIM = Path(__file__).with_name("victim.py")


def run_and_kill(root: Path, seed: int, program_file: str | None) -> list[tuple[int, str]]:
    """Start a victim, kill it after a random while; the acknowledgements it got out. Every fourth dies starting up."""
    choose = random.Random(seed)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(VICTIM), str(root), str(seed), *([program_file] if program_file else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as victim:  # noqa: S603
        assert victim.stdout is not None
        if seed % 4 == 3:
            time.sleep(choose.uniform(0.0, 0.3))
            victim.kill()
        first = victim.stdout.readline()
        time.sleep(choose.uniform(0.0, 0.04))
        victim.kill()
        lines = (first + victim.stdout.read()).split(b"\n")[:-1]
    return [(int(line.split()[0]), line.split()[1].decode()) for line in lines]


class Model:
    """An engine that runs the same transactions without ever being killed."""

    def __init__(self, of: Flow) -> None:
        self._flow = of
        self._engine = of.source.empty()
        self._last = 0

    def root_at(self, sequence: int) -> str:
        """The root after transaction `sequence`; asked for in ascending order."""
        batch = [self._flow.nth(n) for n in range(self._last + 1, sequence + 1)]
        assert all(code == 0 for code, _, _ in self._engine.submit_many(batch))
        if self._engine.steps_in_chunk > 10_000:
            self._engine.seal()
        self._last = sequence
        return self._engine.root().hex()


@pytest.mark.parametrize(("kills", "native"), [(12, False), (52, True)], ids=["fake engine", "native engine"])
def test_nothing_acknowledged_is_lost_or_repeated(tmp_path: Path, kills: int, native: bool) -> None:
    program_file = str(tmp_path / "rules.json") if native else None
    if program_file is not None:
        Path(program_file).write_bytes(program().data)
    root, of = tmp_path / "data", flow(program_file)
    codec, model = Codec(Catalog(of.source.program)), Model(of)
    checked = acknowledgements = 0
    for seed in range(kills):
        acknowledged = run_and_kill(root, seed, program_file)
        acknowledgements += len(acknowledged)
        assert [model.root_at(sequence) for sequence, _ in acknowledged] == [expected for _, expected in acknowledged]
        with Sequencer.open(root, of.source, SETTINGS) as sequencer:
            head = sequencer.head.sequence
            assert head >= (acknowledged[-1][0] if acknowledged else checked)
            assert sequencer.read(lambda engine: engine.root()).hex() == model.root_at(head)
        with Ledger(DataDirectory(root)) as ledger:
            journalled = [tx for group in ledger.groups() for tx in codec.decode_all(group.entries, 1 << 20)]
        assert len(journalled) == head
        assert journalled[checked:] == [of.nth(sequence) for sequence in range(checked + 1, head + 1)]
        checked = head
    assert acknowledgements > kills
