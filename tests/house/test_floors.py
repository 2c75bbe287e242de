"""One word on every floor: a step has the same name in the rules, the program, the specification and the tests."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kedge.rules import program, rules

if TYPE_CHECKING:
    from tests.house.conftest import House


def test_every_step_is_a_rule_a_table_and_a_page(house: House) -> None:
    tables = {table.name for table in program().tables if table.fill == "step"}
    for name, step in rules.steps.items():
        assert step.rule.__name__ == name, f"{name}: a step carries the name of its function"
        assert name in tables, f"{name}: the program has no table of this name"
        assert f"docs/spec/{name}.md" in house.files, f"{name}: docs/spec/{name}.md is missing; run: make pin"
    assert tables == set(rules.steps), "the program has tables of steps that no rule defines"


def test_every_step_says_what_the_prover_may_choose() -> None:
    for name, step in rules.steps.items():
        words = inspect.getdoc(step.rule) or ""
        assert "Prover may choose:" in words, f"{name}: end its docstring with `Prover may choose: ...` (or `nothing`)"


def test_every_step_can_run() -> None:
    tried = {name for names in rules.phases.values() for name in names}
    for name, step in rules.steps.items():
        assert 0 in step.phases or name in tried, f"{name}: no phase of python/kedge/rules/exchange.py tries it"
        for phase, names in enumerate(rules.phases.values()):
            assert phase == 0 or (name in names) == (phase in step.phases), (
                f"{name}: its phases and exchange.py disagree"
            )


def test_every_rule_file_is_a_word_of_the_exchange(house: House) -> None:
    """A file under rules/ that defines steps is named after one of them, or after the record that they change."""
    records = {record.__name__.lower() for record in rules.records}
    for name in house.sources("rules"):
        stem, defined = Path(name).stem, set(re.findall(r"(?m)^@rules\.step\([^@]*?^def (\w+)", house.text(name)))
        assert not defined or stem in defined | records | {"window"}, f"{name}: name the file after one of {defined}"


def test_every_step_is_tested(house: House) -> None:
    texts = "\n".join(house.text(name) for name in house.files if name.startswith("tests/") and name.endswith(".py"))
    absent = [name for name in rules.steps if not re.search(rf"\b{name}\b", texts)]
    assert not absent, f"no test names these steps: {absent}"
