"""What benchmarks share: provenance, spread, rows."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from kedge.lab.bench.rows import BenchReport, build_row, measure, rows_markdown, rows_table, summarise, write_rows
from kedge.show.numbers import format_figure, percentile
from kedge.show.provenance import UNKNOWN, Provenance, peak_memory, read_commit, read_machine, read_provenance
from kedge.units.errors import Fault

HERE = Provenance("abc123+", "a cpu, 2 cores", "9f" * 32)


def test_machine_is_read_from_proc_and_without_it(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name : Some  CPU @ 2GHz\nmodel name : other\n")
    (tmp_path / "meminfo").write_text("MemTotal:       16777216 kB\n")
    assert read_machine(tmp_path).startswith("Some CPU @ 2GHz, ")
    assert "16.0 GiB" in read_machine(tmp_path)
    assert "memory unknown" in read_machine(tmp_path / "none")


def test_commit_marks_a_changed_tree(tmp_path: Path) -> None:
    assert read_commit(tmp_path) == UNKNOWN

    def git(*words: str) -> None:
        name = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True)  # noqa: S603, S607

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "x")
    clean = read_commit(tmp_path)
    assert len(clean) == 12
    (tmp_path / "a").write_text("2")
    assert read_commit(tmp_path) == clean + "+"
    assert read_provenance("9f", tmp_path).program == "9f"


def test_spread_and_percentiles() -> None:
    spread = summarise("orders", "1/s", [3.0, 1.0, 2.0, 10.0])
    assert (spread.low, spread.middle, spread.high, spread.runs) == (1.0, 2.5, 10.0, 4)
    values = [float(i) for i in range(1, 101)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([], 0.5) == 0
    with pytest.raises(Fault):
        summarise("orders", "1/s", [])


def test_measure_takes_each_run() -> None:
    ticks = iter([0.0, 1.0, 5.0, 7.0])
    assert measure(lambda: None, 2, lambda: next(ticks)) == [1.0, 2.0]
    assert peak_memory() > 1_000_000


def test_every_row_carries_its_provenance(tmp_path: Path) -> None:
    row = build_row("prover", "1,000 orders", summarise("time_to_proof", "s", [1.0, 2.0]), HERE, "no signatures")
    write_rows([row], tmp_path / "out.json")
    assert msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=BenchReport).rows == [row]
    assert (row.commit, row.machine, row.program, row.runs) == ("abc123+", "a cpu, 2 cores", "9f" * 32, 2)
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as capture:
        console.print(rows_table([row]))
    assert "time_to_proof" in capture.get()
    assert "commit abc123+" in capture.get()
    assert "| prover | 1,000 orders | time_to_proof | s | 1 | 1.5 | 2 | 2 | abc123+ |" in rows_markdown([row])
    with pytest.raises(Fault):
        write_rows([row], tmp_path / "out.json" / "out.json")


def test_figures_have_four_digits() -> None:
    assert [format_figure(v) for v in (12_345.6, 0.123456, 7.0)] == ["12,346", "0.1235", "7"]
