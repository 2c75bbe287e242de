"""The benchmark harness: complete rows from small runs. How long anything takes is never asserted."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kedge.cli.commands import app
from kedge.lab import MIXED, BatchRow, BenchRow, HeightSample
from kedge.lab.bench.apart import run_apart
from kedge.lab.bench.audit import Audit
from kedge.lab.bench.cases import MOST_ACCOUNTS, Population, build_populations, populate, prepare, prepare_populated
from kedge.lab.bench.prover import HASHING, measure_prover
from kedge.lab.bench.prover_run import ProverFigures, ProverJob
from kedge.lab.bench.results import TARGETS, targets_table, write_results
from kedge.lab.bench.river import measure_river
from kedge.lab.bench.river_run import TIERS, RiverFigures, Stretch, compute_growth, compute_rate, level
from kedge.lab.bench.sequencer import measure_sequencer
from kedge.lab.bench.sequencer_run import SequencerFigures, SequencerJob
from kedge.lab.report import gas_per_settlement
from kedge.lab.slots import ORDER_KIND, split_address
from kedge.proving import ProofRecord, command_of
from kedge.rules import program
from kedge.sequencer import Committed, DataDirectory, Listeners, NativeEngines, Origin, Sequencer, Transaction
from kedge.show import Provenance
from kedge.units.errors import Broken, Fault


@pytest.fixture(autouse=True)
def provenance(monkeypatch: pytest.MonkeyPatch) -> Provenance:
    """Rows are from a made-up commit and machine, so that no test asks git."""
    origin = Provenance("abc123", "a cpu, 2 cores", "9f" * 32)
    monkeypatch.setattr("kedge.lab.bench.sheet.read_provenance", lambda _: origin)
    return origin


def ignore(_text: str, _part: float) -> None:
    """Progress that nobody looks at."""


def check_rows(rows: Sequence[BenchRow], origin: Provenance, bench: str) -> dict[str, BenchRow]:
    """Every row has all it must have; the rows of the last case by figure."""
    assert len({(row.case, row.figure) for row in rows}) == len(rows), "a figure stands twice"
    for row in rows:
        assert (row.bench, row.commit, row.machine, row.program) == (
            bench,
            origin.commit,
            origin.machine,
            origin.program,
        )
        assert row.case
        assert row.unit
        assert row.runs >= 1
        assert row.low <= row.middle <= row.high
    return {row.figure: row for row in rows}


def test_prover_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provenance: Provenance) -> None:
    monkeypatch.setattr("kedge.lab.bench.prover.MIXES", {"mixed flow": MIXED})
    monkeypatch.setattr("kedge.lab.bench.cases._WARM_ORDERS", 40)
    monkeypatch.setattr("kedge.lab.bench.prover.DETAILED", 20)
    heard: list[float] = []
    rows = measure_prover(tmp_path, 1, lambda _, part: heard.append(part), (20,), [Population(30, 60)])
    found = check_rows(rows, provenance, "prover")
    assert heard == sorted(heard)
    assert {row.case for row in rows} == {
        "20 orders, mixed flow",
        "20 orders, mixed flow, 30 accounts, 60 resting orders",
    }
    assert "accounts send" in found["time_to_proof"].note
    stages = [row.middle for figure, row in found.items() if figure.startswith("time_to_proof: ")]
    assert len(stages) == 5
    assert sum(stages) == pytest.approx(found["time_to_proof"].middle)
    without, total = (found[f"cells per order{part}, used rows"].middle for part in (", no hashing", ""))
    tables = {
        figure.split(": ")[1]: row.middle for figure, row in found.items() if figure.startswith("cells per order: ")
    }
    assert sum(tables.values()) == pytest.approx(total)
    assert sum(cells for name, cells in tables.items() if name not in HASHING) == pytest.approx(without)
    assert found["cells per order, with padding"].middle > total


def test_a_chunk_to_be_proven_has_the_orders_asked_for(tmp_path: Path) -> None:
    case = prepare(tmp_path, "case", 34, MIXED)
    assert case.chunk.number == 3
    assert case.chunk.transactions - 34 in range(3, 10)
    assert case.fills >= 5


def test_a_population_really_exists_in_the_state() -> None:
    heard: list[float] = []
    engine, crowd = populate(Population(300, 450), lambda _, part: heard.append(part))
    entries = engine.entries()
    kinds = Counter(address >> 10 & 7 for address, _ in entries if address >> 13 in crowd.accounts)
    orders = [address for address, _ in entries if address >> 10 & 7 == ORDER_KIND and address >> 13 in crowd.accounts]
    assert all(engine.get(account << 13)[0] for account in crowd.accounts), "an account without a record"
    assert kinds[ORDER_KIND] == len(orders) == 450
    assert len({split_address(address)[0] for address in orders}) > 200, "resting orders are not spread"
    assert engine.steps_in_chunk == 0
    assert heard[-1] == 1.0


def test_traders_of_the_measured_chunk_are_spread_over_all_accounts(tmp_path: Path) -> None:
    case = prepare_populated(tmp_path, "case", 300, Population(300, 300), ignore)
    assert int(case.setting.split()[1]) > 150
    assert case.fills > 30
    assert case.chunk.transactions > 300
    assert case.chunk.witness.stat().st_size > 0


@pytest.mark.parametrize(
    ("accounts", "resting", "text"),
    [
        (0, 1, "0 accounts cannot be measured"),
        (-5, 1, "-5 accounts cannot be measured"),
        (MOST_ACCOUNTS + 1, 1, "name 1 to 1,000,000"),
        (10, 0, "0 resting orders cannot be measured"),
        (10**30, 10**30, "cannot be measured"),
        (10, 1_001, "10 accounts hold at most 1,000 resting orders, not 1,001"),
    ],
)
def test_a_population_that_cannot_be_made_is_refused(accounts: int, resting: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Population(accounts, resting)


def test_populations_are_every_pair_or_as_many_orders_as_accounts() -> None:
    assert [p.accounts for p in build_populations([], [])] == [50_000, 200, 1_000_000]
    assert build_populations([7], []) == (Population(7, 7),)
    assert build_populations([5, 6], [10, 20]) == tuple(Population(a, r) for a in (5, 6) for r in (10, 20))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--accounts 0", "greater than or equal to 1"),
        ("--accounts many", "valid integer"),
        ("--accounts 1000001", "name 1 to 1,000,000"),
        ("--accounts 2 --resting 201", "at most 200 resting orders, not 201"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_population(words: str, text: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["bench", "prover", *words.split(), "--data", str(tmp_path / "work")])
    assert said.exit_code == 2, said.output
    assert text in said.output
    assert not (tmp_path / "work").exists(), "something was measured"


def test_sequencer_rows(tmp_path: Path, provenance: Provenance) -> None:
    rows = measure_sequencer(tmp_path, 1, ignore, transactions=320)
    found = check_rows(rows, provenance, "sequencer")
    assert {"orders durable", "CPU per order", "acknowledgement p50", "acknowledgement p99"} <= found.keys()
    assert any("fsync" in figure for figure in found)


def test_what_ends_a_child_reaches_the_parent(tmp_path: Path) -> None:
    (tmp_path / "single-0").write_text("where its data directory would be")
    with pytest.raises(Fault, match="cannot create the data directory"):
        run_apart("sequencer", SequencerJob(str(tmp_path), 64, 1), SequencerFigures, ignore)
    with pytest.raises(Broken, match="chunk 1 cannot be proven"):
        run_apart("prover", ProverJob(str(tmp_path), 1, (b"", b""), b"", 1), ProverFigures, ignore)


def test_a_child_runs_no_file_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "http.py", "msgspec.py"):
        (tmp_path / name).write_text("raise SystemExit(77)")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "single-0").write_text("where its data directory would be")
    with pytest.raises(Fault, match="cannot create the data directory"):
        run_apart("sequencer", SequencerJob(str(tmp_path), 64, 1), SequencerFigures, ignore)


@pytest.mark.parametrize("said", ["", "{"])
def test_a_child_whose_parent_stops_at_once_ends_without_a_word(said: str) -> None:
    command = command_of("kedge.lab.bench.worker", "prover")
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_child_is_out_of_reach_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C goes to all that the terminal started: the parent stops its child, which says nothing of its own."""
    started: list[subprocess.Popen[str]] = []

    def listen(child: subprocess.Popen[str], *_: object) -> None:
        assert os.getsid(child.pid) != os.getsid(0)
        started.append(child)

    monkeypatch.setattr("kedge.lab.bench.apart._listen", listen)
    run_apart("prover", ProverJob("", 1, (b"", b""), b"", 1), ProverFigures, ignore)
    assert started[0].returncode == 130


def test_the_rate_of_a_staircase_leaves_out_half_steps() -> None:
    steps = [(0.5 * n, 100 * (n // 4)) for n in range(41)]
    assert compute_rate(steps) == pytest.approx(50)
    assert compute_rate(steps[:3]) == 0


def test_growth_is_what_waits_more_each_second() -> None:
    def sample(second: int, behind: int) -> HeightSample:
        top = second * 100
        return HeightSample(float(second), sequenced=top, published=top, proved=top - behind, anchored=0, final=0)

    keeps = [sample(second, 300 + 50 * (second % 2)) for second in range(5, 45)]
    falls = [sample(second, 10 * second) for second in range(5, 45)]
    assert compute_growth(keeps, "proved") == pytest.approx(0, abs=1)
    assert compute_growth(falls, "proved") == pytest.approx(10)
    assert compute_growth(falls, "anchored") == pytest.approx(100)
    assert compute_growth(falls[:1], "anchored") == 0


def test_a_sample_that_knows_less_is_levelled() -> None:
    def heights(time: float, proved: int) -> HeightSample:
        return HeightSample(time, sequenced=100, published=0, proved=proved, anchored=0, final=0)

    levelled = level([heights(0.0, 40), heights(1.0, 0), heights(2.0, 60)])
    assert [(sample.time, sample.proved) for sample in levelled] == [(0.0, 40), (1.0, 40), (2.0, 60)]


BATCHES = [
    BatchRow(1, 500, 1_000, 100, 2, 20, 1.0, 2.0, 9.0, final_gas=250),
    BatchRow(2, 500, 1_000, 100, 2, 30, 3.0, 4.0, 9.0, final_gas=250),
]


def river(growth: float) -> RiverFigures:
    stretch = Stretch(100.0, dict.fromkeys(TIERS, 99.0), dict.fromkeys(TIERS, growth), [1.0, 3.0])
    return RiverFigures(200.0, [stretch], [1.0, 2.0], [3, 4, 9], BATCHES, 50, 1, 2**28, 2**27)


def test_river_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provenance: Provenance) -> None:
    monkeypatch.setattr("kedge.lab.bench.river.run_apart", lambda *_: river(1.0))
    found = check_rows(measure_river(tmp_path, 1, ignore), provenance, "river")
    tiers = [figure for figure in found if figure.startswith("settlement_throughput(")]
    assert tiers == [
        f"settlement_throughput({t})" for t in ["sequenced", "published", "proved off-chain", "anchored", "final"]
    ]
    assert all(found[tier].note.startswith("sustained") for tier in tiers)
    assert (found["anchoring_interval p50"].middle, found["anchoring_interval max"].middle) == (4, 9)
    assert (found["gas_per_settlement"].middle, found["settlement_window mean"].middle) == (70, 2)
    assert found["gas_per_settlement"].middle == gas_per_settlement(BATCHES), "one meaning, wherever it stands"
    assert found["of it blob gas"].middle == 40
    assert found["bust_rate"].middle == pytest.approx(0.02)
    monkeypatch.setattr("kedge.lab.bench.river.run_apart", lambda *_: river(6.0))
    found = check_rows(measure_river(tmp_path, 1, ignore), provenance, "river")
    assert all(found[tier].note.startswith("NOT SUSTAINED") for tier in tiers)


def proof(number: int, roots: tuple[bytes, bytes]) -> ProofRecord:
    return ProofRecord(number, 1, 100.0, False, "", (roots[0].hex(), roots[1].hex()))


def test_the_audit_finds_every_contradiction(tmp_path: Path) -> None:
    audit, groups = Audit(), list[Committed]()
    work = [Transaction("window_update", [1_000_000 + n, 1_000_000]) for n in range(6)]
    with Sequencer.open(tmp_path, NativeEngines(program().data), None, Listeners(committed=groups.append)) as sequencer:
        chunks = []
        for part in (work[:4], work[4:]):
            sequencer.submit(part, Origin.SYSTEM)
            chunks.append(sequencer.seal())
    proofs = [proof(chunk.number, (chunk.old_root, chunk.new_root)) for chunk in chunks if chunk is not None]
    for group in groups:
        audit.learn(group)
    directory = DataDirectory(tmp_path)
    assert audit.count(directory, proofs) == 0
    assert audit.count(directory, proofs[:1]) == 2, "a chunk without a proof"
    assert audit.count(directory, [proofs[0], proof(2, (b"", b""))]) == 2, "a proof of other roots"
    told, receipt = groups[0][0]
    audit.learn([(told, type(receipt)(0, "", "", 1, 1, 0, 0, [("window", [0, 0])]))])
    assert audit.count(directory, proofs) == 1, "a receipt that says something else"
    audit.learn([(told, type(receipt)(0, "", "", 7, 3, 0, 0, []))])
    assert audit.count(directory, proofs) == 2, "and one for what was never journalled"


def row_of(bench: str, case: str, figure: str, value: float) -> BenchRow:
    return BenchRow(
        bench=bench, case=case, figure=figure, unit="1/s", low=value, middle=value, high=value, runs=1,
        commit="abc123", machine="a cpu", program="9f" * 32, note="a note",
    )  # fmt: skip


def test_results_say_what_was_reached(tmp_path: Path) -> None:
    rows = [row_of(t.bench, t.case or "any", t.figure, t.aim) for t in TARGETS[:2]]
    cost = next(target for target in TARGETS[2:] if target.is_cost)
    rows.append(row_of(cost.bench, cost.case, cost.figure, cost.least + 1))
    table = targets_table(rows)
    assert (table.count("aim reached"), table.count("**missed**"), table.count("\n")) == (2, 1, 5)
    path = tmp_path / "results.md"
    write_results({"prover": rows}, path, "kedge bench all")
    lines = path.read_text().splitlines()
    assert "kedge bench all" in lines[0]
    assert sum("abc123" in line and "a note" in line for line in lines) == 3
    with pytest.raises(Fault, match="name another"):
        write_results({"prover": rows}, path / "results.md", "x")
