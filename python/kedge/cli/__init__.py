"""The `kedge` command.

Purpose: one command per noun, for people and scripts.
Invariants: a failure is one line that says what to do and an exit code; long work shows progress; Ctrl-C loses nothing.
Surface: `main`.
"""

from kedge.cli import bench, demo, measure, node, program, proof, reconstruct, replay, risk, status, verify  # noqa: F401  each import registers the commands of its file
from kedge.cli.app import main

__all__ = ["main"]
