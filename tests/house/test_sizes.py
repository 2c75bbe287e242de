"""Size budget on the tail: files and functions that a reader can hold in the head."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.house.conftest import House

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not body else (function.end_lineno or 0) - body[0].lineno + 1


def _functions(tree: ast.Module) -> list[Function]:
    return [found for found in ast.walk(tree) if isinstance(found, Function)]


def _rust_lines(text: str) -> int:
    """Lines before the file's own test module."""
    return len(text.split("#[cfg(test)]\nmod tests {")[0].splitlines())


def _over(house: House) -> dict[str, str]:
    """What breaks the budget: where, and by how much."""
    sizes, over = house.layering["sizes"], {}
    for name in house.files:
        if name.endswith(".rs") and (lines := _rust_lines(house.text(name))) > sizes["rust_file"]:
            over[name] = f"{lines} lines without tests, at most {sizes['rust_file']}"
        if not name.endswith(".py"):
            continue
        if (lines := len(house.text(name).splitlines())) > sizes["python_file"]:
            over[name] = f"{lines} lines, at most {sizes['python_file']}"
        for function in _functions(house.parse(name)):
            if (lines := _body_lines(function)) > sizes["python_function"]:
                over[f"{name}::{function.name}"] = f"{lines} lines of body, at most {sizes['python_function']}"
    return over


def _is_command(decorator: ast.expr) -> bool:
    """Whether a decorator registers a command, as `@app.command()` does."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr == "command"


def _long_commands(house: House) -> dict[str, int]:
    """Files that register a command and reach the budget, with their lines."""
    found = {}
    for name in house.sources("cli"):
        lines = len(house.text(name).splitlines())
        registers = any(_is_command(d) for function in _functions(house.parse(name)) for d in function.decorator_list)
        if registers and lines >= house.layering["sizes"]["command_file"]:
            found[name] = lines
    return found


def test_a_command_file_reads_arguments_and_calls_one_function(house: House) -> None:
    most = house.layering["sizes"]["command_file"]
    problems = [f"{name}: {lines} lines" for name, lines in _long_commands(house).items()]
    assert not problems, (
        f"a file of commands stays below {most} lines: what computes, shows or opens belongs to a room below "
        "(kedge.risk.views, kedge.show, kedge.node):\n" + "\n".join(problems)
    )


def test_files_and_functions_keep_to_the_budget(house: House) -> None:
    excused = house.layering["exceptions"]["sizes"]
    problems = [f"{where}: {what}" for where, what in _over(house).items() if where not in excused]
    assert not problems, "split it, or give a reason in [exceptions.sizes] of layering.toml:\n" + "\n".join(problems)


def test_no_exception_outlives_its_reason(house: House) -> None:
    stale = set(house.layering["exceptions"]["sizes"]) - set(_over(house))
    assert not stale, f"these are within the budget again: take them out of [exceptions.sizes]: {sorted(stale)}"
