"""Whatever a text holds, it comes out as it is: nothing is parsed, cut or obeyed by the terminal."""

from __future__ import annotations

import importlib.util
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kedge.cli import app as command
from kedge.cli.output import Screen, plain_handler, progress, say, say_error, visible, working
from kedge.units.errors import Broken, Fault, KedgeError, Rejected

HOSTILE = {
    "a tag that closes nothing": ("[/x]", "[/x]"),
    "a style": ("[bold red]x[/bold red]", "[bold red]x[/bold red]"),
    "a link": ("[link=http://x.example]x[/link]", "[link=http://x.example]x[/link]"),
    "an emoji code": (":smile:", ":smile:"),
    "an escape sequence": ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
    "an escape of eight bits": ("\x9b2J", r"\x9b2J"),
    "more lines": ("x\nfault: y\r\tz", r"x\nfault: y\r\tz"),
    "writing turned round": ("a\u202ecsv.x\u2066", r"a\u202ecsv.x\u2066"),
    "bytes that are no text": ("x\udcff", r"x\udcff"),
    "a long path": ("/".join(["a long folder"] * 400), "/".join(["a long folder"] * 400)),
    "another script": ("ビットコイン/ 比特币 €", "ビットコイン/ 比特币 €"),
}
each_hostile = pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=list(HOSTILE))


def _refusals(repository: Path) -> list[tuple[int, str, str]]:
    """Every numbered refusal of the project, found as the specification finds them."""
    spec = importlib.util.spec_from_file_location("generate_spec", repository / "docs/spec/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, list[tuple[int, str, str]]] = module.families(module.Spec().data["codes"])
    return [row for rows in found.values() for row in rows]


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception) -> tuple[int, str]:
    """What `kedge` says, and ends with, where a command raises this."""

    def fail(prog_name: str) -> None:
        raise error

    monkeypatch.setattr(command, "app", fail)
    status = command.run()
    out, err = capsys.readouterr()
    assert out == ""
    return status, err


@each_hostile
def test_every_refusal_shows_the_text_that_it_quotes(
    text: str, shown: str, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusals = _refusals(repository)
    assert len(refusals) > 100
    for code, name, meaning in refusals:
        status, said = _run(monkeypatch, capsys, Rejected(code, name, f"{meaning}: {text} in a cell"))
        assert (status, said) == (1, f"rejected: {code} {name}: {meaning}: {shown} in a cell\n")


@each_hostile
@pytest.mark.parametrize(
    ("kind", "status", "word"), [(Fault, 3, "fault"), (Broken, 4, "broken"), (KedgeError, 4, "broken")]
)
def test_every_kind_of_failure_does(
    kind: type[KedgeError],
    status: int,
    word: str,
    text: str,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run(monkeypatch, capsys, kind(text)) == (status, f"{word}: {shown}\n")


def test_what_nobody_foresaw_is_a_line_with_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = OSError(28, "No space left on device", "x[/x].json")
    assert _run(monkeypatch, capsys, full) == (3, "fault: x[/x].json: No space left on device\n")
    assert _run(monkeypatch, capsys, BrokenPipeError()) == (1, "")
    status, said = _run(monkeypatch, capsys, MemoryError())
    assert (status, "not enough memory" in said) == (3, True)
    status, said = _run(monkeypatch, capsys, ValueError("[/x]\x1b[2J"))
    assert (status, "\x1b" in said, "ValueError: [/x]" in said) == (4, False, True)
    assert "please report it" in said.splitlines()[-1]


@each_hostile
def test_lines_tables_panels_and_titles_do(text: str, shown: str) -> None:
    out = io.StringIO()
    screen = Screen(file=out, least=8_000)
    screen.say("name ", (text, "green"))
    table = Table(text, title=text, caption=text)
    table.add_row(text)
    table.add_row(Text(text))
    screen.print(table, Panel(Text(text)), text)
    said = out.getvalue()
    one_line = shown.replace(r"\n", "\n").replace(r"\t", "\t")
    if "\n" in one_line:
        assert all(ord(c) >= 32 or c == "\n" for c in said)
    else:
        assert said.count(shown) >= 6
    assert not any(c in said for c in "\x07\x1b\x9b\r\u202e\u2066")


@each_hostile
def test_bars_spinners_and_logs_do(
    text: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "8000")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(text) as told:
        told(text, 0.5)
    with working(text) as tell:
        tell(text)
    drawn = capsys.readouterr().err
    assert drawn.count(shown if "\t" not in text else r"fault: y\r") >= 2
    assert not any(c in drawn for c in ("\x1b]0", "\x1b[31m", "\x07", "\x9b", "\u202e", "\u2066"))
    monkeypatch.delenv("FORCE_COLOR")
    with progress(text) as told, working(text) as tell:
        told(text, 0.5)
        tell(text)
    handler = plain_handler()
    handler.emit(logging.LogRecord("kedge", logging.INFO, "", 0, "L1 says %s", (text,), None))
    assert capsys.readouterr().err[9:] == f"L1 says {shown}\n", "in a file there are no bars"


def test_a_traceback_in_the_log_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    error = ValueError("\x1b[2J")
    record = logging.LogRecord("kedge", logging.ERROR, "", 0, "failed", (), (ValueError, error, None))
    plain_handler().emit(record)
    assert [line.split(" ", 1)[-1] for line in capsys.readouterr().err.splitlines()] == ["failed", r"\x1b[2J"]


def test_what_is_harmless_stays(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\nlines\twith a tab, 5 °C, שלום, 👩\u200d🔬")
    assert capsys.readouterr().out == "two\nlines   with a tab, 5 °C, שלום, 👩\u200d🔬\n"
    say_error("fault", "x")
    assert capsys.readouterr().err == "fault: x\n"
    assert visible("é\n\t") == "é\n\t"


def test_a_width_is_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    widths: list[Any] = [Screen().width, Screen(least=150).width, Screen(piped=132, file=io.StringIO()).width]
    assert widths == [80, 150, 132]
