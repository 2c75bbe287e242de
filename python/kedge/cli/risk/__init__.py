"""kedge risk: one command per analysis; each import registers the command of its file."""

from kedge.cli.risk.app import risk

__all__ = ["risk"]
