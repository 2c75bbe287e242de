"""Imports point one way, and through the surfaces of rooms."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.house.conftest import House


def _imports(tree: ast.Module) -> Iterator[tuple[int, str, list[str]]]:
    """Line, module and names of every import, those inside functions included."""
    for found in ast.walk(tree):
        if isinstance(found, ast.ImportFrom):
            yield found.lineno, found.module or "", [alias.name for alias in found.names]
        elif isinstance(found, ast.Import):
            for alias in found.names:
                yield found.lineno, alias.name, []


def _of_kedge(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported from kedge; `from kedge import x` counts as kedge.x."""
    for line, module, names in _imports(tree):
        if module == "kedge":
            yield from ((line, f"kedge.{name}") for name in names)
        elif module.startswith("kedge."):
            yield line, module


def _problem(house: House, room: str, target: str) -> str | None:
    """Why this room may not import that, or None."""
    other = target.split(".")[1]
    if other == "_native":
        allowed = house.layering["native"]["rooms"]
        return None if room in allowed else f"kedge.{room} may not import the native engine (rooms that may: {allowed})"
    if other in (room, "__version__"):
        return None
    if other not in house.layering["rooms"][room]:
        return f"kedge.{room} may not import kedge.{other}: feedback is data, never an import"
    is_inside = target.count(".") > 1 and other not in house.layering["open"]["rooms"]
    if is_inside and target not in house.layering["exceptions"]["surfaces"]:
        return f"import from kedge.{other}, not from inside it: {target} (or export the name there)"
    return None


def test_every_room_is_on_the_map(house: House) -> None:
    assert house.rooms == sorted(house.layering["rooms"]), "add the room to [rooms] of layering.toml, or remove it"
    assert house.crates == sorted(house.layering["crates"]), "add the crate to [crates] of layering.toml, or remove it"


def test_rooms_form_no_cycle(house: House) -> None:
    rooms: dict[str, list[str]] = house.layering["rooms"]
    seen: set[str] = set()
    for room, allowed in rooms.items():
        later = set(allowed) - seen
        assert not later, f"layering.toml: {room} may import {later}, which stand after it: list rooms in order of flow"
        seen.add(room)


def test_imports_point_one_way(house: House) -> None:
    problems = []
    for name in house.sources(*house.layering["rooms"]):
        room = Path(name).parts[2]
        for line, target in _of_kedge(house.parse(name)):
            problem = _problem(house, room, target)
            if problem:
                problems.append(f"{name}:{line}: {problem}")
    assert not problems, "\n".join(problems)


def test_pure_rooms_see_no_world(house: House) -> None:
    """No clock, network, randomness, log or float in a rule: equal inputs, equal results, on every machine."""
    allowed, problems = set(house.layering["pure"]["modules"]) | {"kedge"}, []
    for name in house.sources(*house.layering["pure"]["rooms"]):
        tree = house.parse(name)
        problems += [f"{name}:{line}: imports {m}" for line, m, _ in _imports(tree) if m.split(".")[0] not in allowed]
        for found in ast.walk(tree):
            if isinstance(found, ast.Constant) and isinstance(found.value, float):
                problems.append(f"{name}:{found.lineno}: a float; scale it to an integer")
            if isinstance(found, ast.BinOp) and isinstance(found.op, ast.Div):
                problems.append(f"{name}:{found.lineno}: `/` gives a float; use // or mul_div")
    assert not problems, "\n".join(problems)


def test_crates_depend_one_way(house: House) -> None:
    for crate, allowed in house.layering["crates"].items():
        manifest = tomllib.loads(house.text(f"rust/crates/{crate}/Cargo.toml"))
        own = {name for name in manifest.get("dependencies", {}) if name.startswith("kedge-")}
        extra = own - {f"kedge-{name}" for name in allowed}
        assert not extra, f"rust/crates/{crate} may not depend on {extra}: see [crates] of layering.toml"
