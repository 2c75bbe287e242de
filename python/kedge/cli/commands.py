"""Every command: whoever imports this has all of them registered with `app`."""

from kedge.cli import bench, demo, measure, node, program, proof, reconstruct, replay, risk, status, verify  # noqa: F401  each import registers the commands of its file
from kedge.cli.app import app, start

__all__ = ["app", "start"]
