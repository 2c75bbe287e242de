"""The development chain that the tests of this folder share."""

from tests.unit.settlement.devnet import anvil, devnet, fresh

__all__ = ["anvil", "devnet", "fresh"]
