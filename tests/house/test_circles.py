"""No module depends on itself by a detour, type annotations included: a reader can start at a bottom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.house.conftest import House

Graph = Mapping[str, Iterable[str]]


def find_circle(graph: Graph) -> list[str]:
    """A path that ends where it began; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if circle := walk(other, [*path, name]):
                return circle
        done.add(name)
        return []

    return next((circle for name in sorted(graph) if (circle := walk(name, []))), [])


def _python(house: House) -> Graph:
    modules = {name.removeprefix("python/").removesuffix(".py").replace("/", "."): name for name in house.sources()}
    modules = {module.removesuffix(".__init__"): name for module, name in modules.items()}
    graph: dict[str, set[str]] = {}
    for module, name in modules.items():
        found = [n for n in ast.walk(house.parse(name)) if isinstance(n, ast.ImportFrom) and n.module]
        wanted = {f"{n.module}.{alias.name}" for n in found for alias in n.names} | {str(n.module) for n in found}
        # `from kedge.room import module` names the module; only a name that is none leads to the room's surface.
        parents = {w.rpartition(".")[0] for w in wanted if w in modules}
        surfaces = {str(n.module) for n in found if any(f"{n.module}.{a.name}" not in modules for a in n.names)}
        graph[module] = {w for w in wanted & set(modules) if w not in parents or w in surfaces} - {module}
    return graph


def _rust(house: House, crate: str) -> Graph:
    folder, graph = f"rust/crates/{crate}/src/", {}
    for name in house.files:
        if name.startswith(folder) and name.endswith(".rs") and Path(name).stem not in ("lib", "main"):
            code = re.sub(r"(?m)//.*$", "", house.text(name).split("#[cfg(test)]\nmod tests {")[0])
            graph[Path(name).stem] = set(re.findall(r"\bcrate::([a-z_]\w*)", code)) - {Path(name).stem}
    return graph


def test_a_circle_is_found() -> None:
    assert find_circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert find_circle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_python_modules_form_no_circle(house: House) -> None:
    circle = find_circle(_python(house))
    assert not circle, f"{' -> '.join(circle)}: put what both need (a protocol, a type) into a module below them"


def test_rust_modules_form_no_circle(house: House) -> None:
    for crate in house.crates:
        graph = _rust(house, crate)
        assert graph, f"no sources of crate {crate} were found"
        circle = find_circle(graph)
        assert not circle, f"{crate}: {' -> '.join(circle)}: put what both need into a module below them"
