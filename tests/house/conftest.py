"""What the house tests look at: tracked files, parsed sources, and the map in layering.toml."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class House:
    """The repository as the house rules see it; paths are relative and in POSIX form."""

    root: Path

    @cached_property
    def layering(self) -> dict[str, Any]:
        """layering.toml."""
        return tomllib.loads((self.root / "layering.toml").read_text())

    @cached_property
    def files(self) -> list[str]:
        """Every file that git tracks or would track; those that are deleted are left out."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout  # noqa: S603
        return sorted(name for name in set(listed.split("\0")) if name and (self.root / name).is_file())

    @cached_property
    def rooms(self) -> list[str]:
        """Folders of python/kedge that hold code."""
        return sorted(
            {Path(name).parts[2] for name in self.files if name.startswith("python/kedge/") and name.count("/") > 2}
        )

    @cached_property
    def crates(self) -> list[str]:
        """Folders of rust/crates."""
        return sorted({Path(name).parts[2] for name in self.files if name.startswith("rust/crates/")})

    def text(self, name: str) -> str:
        """The content of a file."""
        return (self.root / name).read_text(encoding="utf-8")

    def parse(self, name: str) -> ast.Module:
        """A Python file as a syntax tree."""
        return ast.parse(self.text(name), name)

    def sources(self, *rooms: str) -> Iterator[str]:
        """Python files of these rooms, or of all."""
        for name in self.files:
            if (
                name.startswith("python/kedge/")
                and name.endswith(".py")
                and (not rooms or Path(name).parts[2] in rooms)
            ):
                yield name


@pytest.fixture(scope="session")
def house(repository: Path) -> House:
    return House(repository)
