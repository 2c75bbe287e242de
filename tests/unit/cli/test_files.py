"""Files that are not there, not files, not readable or not what they should be: a clear line and a status, for each
command that takes one; and no traceback."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kedge.cli.commands  # noqa: F401  registers the commands
from kedge.cli.app import EXIT_FAULT, EXIT_REFUSED, run
from kedge.cli.options import check_target
from kedge.show import write_file
from kedge.units.errors import Fault

USAGE = 2
READERS = {
    "replay": ["replay", "FILE", "--data", "DATA"],
    "measure receipts": ["measure", "receipts", "FILE"],
    "proof inspect": ["proof", "inspect", "FILE"],
    "proof inspect --program": ["proof", "inspect", "PROOF", "--program", "FILE"],
    "verify": ["verify", "FILE"],
    "status": ["status", "--data", "FILE"],
    "reconstruct": ["reconstruct", "--data", "FILE"],
    "node": ["node", "--data", "DATA", "--markets", "FILE"],
    "node --data": ["node", "--data", "FILE", "--markets", "no such file"],
    "risk report": ["risk", "report", "--data", "FILE"],
    "risk backtest": ["risk", "backtest", "--prices", "FILE"],
    "risk window --detect": ["risk", "window", "--detect", "file:FILE"],
    "risk window --config": ["risk", "window", "--config", "FILE"],
    "risk portfolio --config": ["risk", "portfolio", "--config", "FILE"],
}
WRITERS = {
    "risk window --json": ["risk", "window", "--paths", "1000", "--json", "FILE"],
    "risk window --plot": ["risk", "window", "--paths", "1000", "--plot", "FILE"],
    "status": ["status", "--data", "DATA", "--json", "FILE"],
    "verify": ["verify", "DATA", "--json", "FILE"],
    "reconstruct": ["reconstruct", "--data", "DATA", "--out", "FILE"],
    "bench": ["bench", "prover", "--data", "DATA", "--json", "FILE"],
    "risk report": ["risk", "report", "--data", "DATA", "--out", "FILE"],
    "replay": ["replay", "no such tape", "--data", "DATA", "--fills", "FILE"],
}


def _make(folder: Path, what: str) -> Path:
    elsewhere = {
        "a device without end": Path("/dev/zero"),
        "a name that is no text": Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv")),
    }
    if what in elsewhere:
        return elsewhere[what]
    path = folder / "x[" / "b]\x1b[31m.csv"
    path.parent.mkdir()
    if what == "a folder":
        path.mkdir()
    elif what == "a cut archive":
        path = path.with_suffix(".gz")
        path.write_bytes(gzip.compress(b"price,quantity\n" * 99)[:20])
    elif what == "no text":
        path.write_bytes(b"\xff\xfe\x00[/x]\n")
    elif what == "another text":
        path.write_text("[/x],b\n1,2\n")
    elif what == "nested without end":
        path.write_text("a = " + "[" * 100_000)
    elif what == "a link to itself":
        path.symlink_to(path.name)
    elif what == "unreadable":
        path.write_text("x")
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
    return path


def _kedge(
    arguments: list[str], file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Status of a command and its words on standard error."""
    names = {"DATA": str(folder / "data"), "PROOF": str(folder / "proof")}
    (folder / "proof").write_bytes(b"no proof")
    words = [names.get(word, word).replace("FILE", str(file)) for word in arguments]
    monkeypatch.setattr(sys, "argv", ["kedge", *words])
    status = run()
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "what",
    [
        "nothing", "a folder", "a cut archive", "no text", "another text", "a link to itself", "a name that is no text",
        "nested without end", "unreadable", "a device without end",
    ],
)  # fmt: skip
@pytest.mark.parametrize("arguments", READERS.values(), ids=list(READERS))
def test_a_bad_file_is_a_line_and_a_status(
    arguments: list[str],
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = _kedge(arguments, _make(tmp_path, what), tmp_path, monkeypatch, capsys)
    assert status in (EXIT_REFUSED, USAGE, EXIT_FAULT), said
    assert "Traceback" not in said
    assert "\x1b" not in said
    if status != USAGE and "verify" not in arguments:
        assert said.count("\n") == 1
        assert said.startswith("rejected: " if status == EXIT_REFUSED else "fault: ")


@pytest.mark.parametrize("what", ["a folder", "below a file"])
@pytest.mark.parametrize("arguments", WRITERS.values(), ids=list(WRITERS))
def test_a_bad_target_is_refused_before_the_work(
    arguments: list[str],
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "data").mkdir()
    target = tmp_path / "[" / "x].svg"
    target.parent.mkdir()
    if what == "a folder":
        target.mkdir()
    else:
        target.write_text("")
        target /= "x.svg"
    status, said = _kedge(arguments, target, tmp_path, monkeypatch, capsys)
    assert status == EXIT_FAULT
    assert said.startswith(f"fault: {target} ")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "86401", "-inf", "0", "[/x]"])
@pytest.mark.parametrize("option", ["demo --seconds", "bench river --seconds", "node --heartbeat"])
def test_seconds_have_an_end(
    option: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kedge", *option.split(), value, "--data", str(tmp_path / "data")])
    assert run() == USAGE
    assert f"Invalid value for '{option.split()[-1]}'" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


PRICES = "unix,close\n" + "".join(f"{1_700_000_000 + 3_600 * hour},{100 + hour % 7}\n" for hour in range(400))
RECEIPTS = json.dumps(
    {"transactionHash": "0x" + "ab" * 32, "blockNumber": 5, "to": "0x" + "11" * 20, "gasUsed": 21_000, "logs": []}
)
TAPE = "symbol,timestamp_us,trade_id,side,price,amount\nA,1760083200000000,1,buy,5,1\n"
OVER = {
    "risk margin": (["risk", "margin", "--paths", "1000", "--prices", "FILE", "--json", "FILE"], PRICES),
    "risk backtest": (["risk", "backtest", "--prices", "FILE", "--windows", "2h", "--plot", "FILE"], PRICES),
    "measure receipts": (["measure", "receipts", "FILE", "--json", "FOLDER/../FOLDERNAME/in.svg"], RECEIPTS),
    "a configuration": (["risk", "window", "--paths", "1000", "--config", "FILE", "--json", "FILE"], "paths = 1000\n"),
    "two results": (["risk", "window", "--paths", "1000", "--json", "FOLDER/a.svg", "--plot", "FOLDER/a.svg"], ""),
    "replay --fills": (["replay", "FILE", "--data", "DATA", "--fills", "FILE"], TAPE),
    "replay --data": (["replay", "FILE", "--data", "FOLDER"], TAPE),
}


@pytest.mark.parametrize("case", OVER)
def test_nothing_that_is_read_is_written_over(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, content = OVER[case]
    folder = tmp_path / "[x]"
    folder.mkdir()
    (folder / "made-by-replay").touch()
    file = folder / "in.svg"
    file.write_text(content)
    words = [word.replace("FOLDERNAME", folder.name).replace("FOLDER", str(folder)) for word in arguments]
    status, said = _kedge(words, file, tmp_path, monkeypatch, capsys)
    assert (status, said.startswith("fault: "), said.count("\n")) == (EXIT_FAULT, True, 1)
    assert file.read_text() == content
    assert sorted(path.name for path in folder.iterdir()) == ["in.svg", "made-by-replay"]


@pytest.mark.parametrize(
    "content", ["window = 3", "x = " + "9" * 5000, "paths = " + "9" * 5000, '"[/x]" = 1', "[window]\n[/x"]
)
def test_a_configuration_is_a_table_or_refused(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text(content)
    status, said = _kedge(["risk", "window", "--config", "FILE"], file, tmp_path, monkeypatch, capsys)
    assert (status, said.startswith("rejected: 141")) == (EXIT_REFUSED, True), said


def test_a_picture_of_no_known_kind_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = _kedge(["risk", "window", "--plot", "FILE"], tmp_path / "[x].exe", tmp_path, monkeypatch, capsys)
    assert (status, said) == (EXIT_FAULT, f"fault: {tmp_path}/[x].exe: a picture ends in .svg or .png\n")


def test_half_of_a_result_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_up(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(Fault, match="No space left"):
        write_file(tmp_path / "new" / "page.html", "<html>")
    assert not (tmp_path / "new" / "page.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = _kedge(WRITERS["risk window --json"], Path("/dev/full"), tmp_path, monkeypatch, capsys)
    assert (status, "No space left on device; free space" in said) == (EXIT_FAULT, True)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    assert check_target(path) == path
    assert not path.parent.exists()
    write_file(path, "5 °C \udcff")
    assert path.read_text(encoding="utf-8") == "5 °C \\udcff"
    write_file(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    for wrong in (path / "d", tmp_path):
        with pytest.raises(Fault, match="name a"):
            check_target(wrong)
    with pytest.raises(Fault, match="a file is in the way"):
        write_file(path / "d", "")
    assert check_target(None) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_streams_that_take_nothing() -> None:
    """Full: a fault in one line, and the status says so. Closed: nobody wants to read."""
    full = (EXIT_FAULT, "fault: No space left on device\n")
    for where, expected in (
        ("--version > /dev/full", full),
        ("--version >&-", (0, "")),
        ("measure receipts no-such-file 2> /dev/full", (EXIT_REFUSED, "")),
        ("measure receipts no-such-file 2>&-", (EXIT_REFUSED, "")),
        ("no-such-command 2> /dev/full", (EXIT_FAULT, "")),
    ):
        line = f'"$0" -c "from kedge.cli import main; main()" {where}'
        done = subprocess.run(["/bin/sh", "-c", line, sys.executable], capture_output=True, text=True, check=False)  # noqa: S603
        assert (done.returncode, done.stderr) == expected
