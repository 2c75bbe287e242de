"""Documents are true: what they name exists, what they promise can be typed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main

if TYPE_CHECKING:
    from tests.house.conftest import House

PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|lock|digest)|Makefile)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
REQUIRED = [
    "README.md",
    "ARCHITECTURE.md",
    "SOUNDNESS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
]


def _documents(house: House) -> list[str]:
    return [name for name in house.files if name.endswith(".md") and not name.startswith("docs/spec/")]


def _targets(house: House) -> list[str]:
    return re.findall(r"(?m)^([a-z][\w-]*):(?!=)", house.text("Makefile"))


def test_required_documents_exist(house: House) -> None:
    missing = [name for name in REQUIRED if name not in house.files]
    assert not missing, f"write {missing}"


def test_named_paths_exist(house: House) -> None:
    """A path in backticks is relative to the repository; those below DIR/ or data/ are made when something runs."""
    problems = []
    for name in _documents(house):
        for path in PATH.findall(house.text(name)):
            made = path.split("/")[0] in ("DIR", "data", "build", "target", ".venv") or path.startswith("127.")
            if not made and not (house.root / path).exists():
                problems.append(f"{name}: `{path}` does not exist")
    assert not problems, "\n".join(problems)


def test_links_lead_somewhere(house: House) -> None:
    problems = []
    for name in [*_documents(house), *(n for n in house.files if n.startswith("docs/spec/") and n.endswith(".md"))]:
        folder = (house.root / name).parent
        problems += [f"{name}: {link}" for link in LINK.findall(house.text(name)) if not (folder / link).exists()]
    assert not problems, "links that lead nowhere:\n" + "\n".join(problems)


def test_architecture_names_every_room_and_no_other(house: House) -> None:
    text = house.text("ARCHITECTURE.md")
    for place, there in (("python/kedge", house.rooms), ("rust/crates", house.crates)):
        named = sorted(set(re.findall(rf"`{place}/([\w-]+)/`", text)))
        assert named == there, f"ARCHITECTURE.md names {named} under {place}, but there is {there}"
    kinds = sorted({Path(n).parts[1] for n in house.files if n.startswith("tests/") and n.count("/") > 1})
    named = sorted(set(re.findall(r"`tests/([\w-]+)/`", text)))
    assert named == kinds, f"ARCHITECTURE.md names the tests {named}, but there is {kinds}"


def test_make_commands_exist(house: House) -> None:
    targets, problems = _targets(house), []
    for name in _documents(house):
        code = re.findall(r"```(?:sh|console)\n(.*?)```|`(make [^`]+)`", house.text(name), flags=re.S)
        for wanted in re.findall(r"\bmake ([a-z][\w-]*)", "\n".join(a or b for a, b in code)):
            if wanted not in targets:
                problems.append(f"{name}: `make {wanted}`, but the Makefile has {targets}")
    assert not problems, "\n".join(problems)


def test_kedge_commands_exist(house: House) -> None:
    group = typer.main.get_command(importlib.import_module("kedge.cli.commands").app)
    known, problems = set(getattr(group, "commands", {})), []
    for name in _documents(house):
        code = "\n".join(re.findall(r"```(?:sh|console)\n.*?```|`[^`\n]+`", house.text(name), flags=re.S))
        for wanted in re.findall(r"(?:^|[`/\s])kedge ([a-z]+)\b", code):
            if wanted not in known:
                problems.append(f"{name}: `kedge {wanted}`, but there is only {sorted(known)}")
    assert not problems, "\n".join(problems)


def test_every_target_is_explained(house: House) -> None:
    text = house.text("Makefile")
    phony = re.search(r"(?m)^\.PHONY: (.*)$", text)
    assert phony, "the Makefile declares its targets .PHONY"
    bare = [t for t in phony.group(1).split() if not re.search(rf"(?m)^{t}:.*## .+", text)]
    assert not bare, f"say after `##` what these targets do: {bare}"


def test_one_script_checks_everything(house: House) -> None:
    assert "make check test" in house.text(".ci/run"), ".ci/run runs exactly what a person runs: make check test"
