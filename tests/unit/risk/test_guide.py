"""docs/guide/risk.md is true: every command in it exists with its flags, every analysis has its section and picture."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from kedge.cli.commands import app

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guide" / "risk.md"
TEXT = GUIDE.read_text(encoding="utf-8")
_CODE = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, flags=re.S)).replace("\\\n", " ")
LINES = re.findall(r"(?m)^\.venv/bin/kedge (.+)$", _CODE)
TREE: Any = typer.main.get_command(app)
RISK: dict[str, Any] = TREE.commands["risk"].commands
ANALYSES = sorted(set(RISK) - {"report"})


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_guide_can_be_typed(line: str) -> None:
    command, words = TREE, shlex.split(line)
    while hasattr(command, "commands"):
        if not words or words[0].startswith("-"):
            break
        name = words.pop(0)
        assert name in command.commands, f"kedge {line}: there is no {name}"
        command = command.commands[name]
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    assert [word for word in words if word.startswith("--") and word not in known] == []


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_has_a_section_with_the_picture_its_command_makes(name: str) -> None:
    section = re.search(rf"(?ms)^## {name}\n(.*?)(?=^## |\Z)", TEXT)
    assert section, f"docs/guide/risk.md has no section on {name}"
    assert f"risk {name}" in section[1]
    picture = re.search(r"!\[[^\]]+\]\((risk/[\w.-]+)\)", section[1])
    assert picture
    assert f"--plot docs/guide/{picture[1]}" in section[1]
    assert (GUIDE.parent / picture[1]).is_file()
    assert "Read it so:" in section[1], "say what a decision-maker should read from it"


def test_flags_in_the_text_belong_to_the_command_of_their_section() -> None:
    for name, section in re.findall(r"(?ms)^## ([\w-]+)\n(.*?)(?=^## |\Z)", TEXT):
        if name in RISK:
            flags = {flag for parameter in RISK[name].params for flag in parameter.opts}
            for flag in re.findall(r"`(--[a-z-]+)", section):
                assert flag in flags, f"{name} has no {flag}"


def test_pictures_are_small_and_all_are_shown() -> None:
    for picture in (GUIDE.parent / "risk").iterdir():
        assert f"risk/{picture.name}" in TEXT, f"{picture.name} is not shown"
        assert picture.stat().st_size < 300_000
