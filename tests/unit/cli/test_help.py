"""Every `--help` is a page, at any width, and holds each word and unit that the command was given."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from kedge.cli.app import run
from kedge.cli.commands import app


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, (*path, name))


NARROWEST = 54
"""Columns that typer may need whatever the width: it never wraps below 50, and a long word may stand out."""
COMMANDS = dict(_walk(typer.main.get_command(app), ()))


def _squeezed(text: str) -> str:
    """Without white space: lines are broken wherever the width wants it."""
    return "".join(text.split())


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "kedge")
def test_help_says_what_it_was_given(
    path: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "argv", ["kedge", *path, "--help"])
    assert run() == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    said, command = _squeezed(output), COMMANDS[path]
    assert _squeezed(inspect.cleandoc(command.help or "")) in said
    for parameter in command.params:
        assert _squeezed(getattr(parameter, "help", None) or "") in said
    assert max(map(len, output.splitlines())) <= max(width, NARROWEST)


def test_units_in_brackets_are_there() -> None:
    texts = [parameter.help for command in COMMANDS.values() for parameter in command.params if parameter.help]
    assert sum("[" in text for text in texts) > 50, "the test above would prove nothing without any"
