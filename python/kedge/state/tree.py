"""The state tree: the native one, and the sizes that describe it."""

from __future__ import annotations

from typing import Final

from kedge._native import Tree

WORDS: Final = 8
"""Words of a record."""

LEVELS: Final = 18
"""Levels of nodes with four children above the leaves; a leaf holds two records."""

EMPTY_ROOT: Final = Tree.empty_root()
"""Root of the state without records."""

Entry = tuple[int, list[int]]
"""An address and the eight signed words of the record there."""

__all__ = ["EMPTY_ROOT", "LEVELS", "WORDS", "Entry", "Tree"]
