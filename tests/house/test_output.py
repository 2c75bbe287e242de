"""People read what one module writes, so that one module decides what a text may do to a terminal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.house.conftest import House

PLACE = "python/kedge/cli/output.py"
CONSOLES = {"Console", "Progress", "RichHandler", "TextColumn", "Pretty", "Status", "Spinner"}
PARSERS = {"from_markup", "from_ansi"}
STREAMS = {"sys.stdout.write", "sys.stderr.write", "logging.StreamHandler"}
ECHOES = {"echo", "secho", "print_json"}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_for_a_program(call: ast.Call) -> bool:
    """A line of JSON: a child talks to its parent so."""
    return len(call.args) == 1 and isinstance(call.args[0], ast.Call) and ast.unparse(call.args[0].func) == "json.dumps"


def _problems(tree: ast.Module) -> Iterator[tuple[int, str]]:
    rich = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich"
        for alias in node.names
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name, whole = _name(call.func), ast.unparse(call.func)
        if name in CONSOLES & rich or name in PARSERS | ECHOES or whole in STREAMS:
            yield call.lineno, whole
        if whole == "print" and not _is_for_a_program(call):
            yield call.lineno, whole
        for word in call.keywords:
            if word.arg in ("markup", "emoji", "highlight") and ast.unparse(word.value) == "True":
                yield call.lineno, f"{whole}({word.arg}=True)"


def test_only_one_module_writes_for_people(house: House) -> None:
    problems = [
        f"{name}:{line}: {what}"
        for name in house.sources()
        if name != PLACE
        for line, what in _problems(house.parse(name))
    ]
    assert not problems, f"say it through {PLACE}:\n" + "\n".join(problems)


def test_the_module_itself_parses_nothing(house: House) -> None:
    found = [what for _, what in _problems(house.parse(PLACE)) if "=True" in what or "from_" in what]
    assert not found
