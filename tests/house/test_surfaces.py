"""A room exports through its `__init__`: a card for a docstring, a sorted and exact `__all__`."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.house.conftest import House

CARD = ("Invariants", "Surface")
ROOMS = list(tomllib.loads((Path(__file__).parents[2] / "layering.toml").read_text())["rooms"])


def _rank(name: str) -> tuple[int, str]:
    """The linter's order: CONSTANTS, then Classes, then functions."""
    return (0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2), name


def _bound(tree: ast.Module, room: str) -> set[str]:
    """Public names that the `__init__` binds: imported from inside the room, defined or assigned."""
    names: set[str] = set()
    for found in tree.body:
        if isinstance(found, ast.ImportFrom) and (found.module or "").startswith(f"kedge.{room}."):
            names |= {alias.asname or alias.name for alias in found.names}
        elif isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(found.name)
        elif isinstance(found, ast.Assign):
            names |= {target.id for target in found.targets if isinstance(target, ast.Name)}
        elif isinstance(found, ast.AnnAssign) and isinstance(found.target, ast.Name):
            names.add(found.target.id)
    return {name for name in names if not name.startswith("_")}


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest, house: House) -> str:
    name: str = request.param
    assert f"python/kedge/{name}/__init__.py" in house.files, f"kedge.{name} needs an __init__.py with its room card"
    return name


def _load(room: str) -> ModuleType:
    return importlib.import_module(f"kedge.{room}")


def test_the_docstring_is_a_room_card(house: House, room: str) -> None:
    card = ast.get_docstring(house.parse(f"python/kedge/{room}/__init__.py")) or ""
    missing = [word for word in CARD if word not in card]
    assert not missing, f"kedge.{room}: its docstring says purpose, invariants and surface; missing: {missing}"


def test_all_is_sorted_and_exact(house: House, room: str) -> None:
    module, tree = _load(room), house.parse(f"python/kedge/{room}/__init__.py")
    listed = list(module.__all__)
    assert listed == sorted(listed, key=_rank), f"kedge.{room}: sort __all__: {sorted(listed, key=_rank)}"
    absent = [name for name in listed if not hasattr(module, name)]
    assert not absent, f"kedge.{room}: __all__ lists what does not exist: {absent}"
    bound = {name for name in _bound(tree, room) if not isinstance(getattr(module, name), ModuleType)}
    extra, missing = sorted(bound - set(listed)), sorted(set(listed) - bound)
    assert not extra, f"kedge.{room}: public but not in __all__: {extra} (list it, or underscore it)"
    assert not missing, f"kedge.{room}: in __all__ but neither defined nor imported from inside the room: {missing}"
