"""One named case at least for every code: importing this module registers them all."""

from __future__ import annotations

from tests.unit.rules import refused_accounts, refused_orders, refused_sweeps
from tests.unit.rules.case import ALIASED, CASES, NOT_TRIPPED, Case

MODULES = (refused_orders, refused_accounts, refused_sweeps)

__all__ = ["ALIASED", "CASES", "MODULES", "NOT_TRIPPED", "Case"]
