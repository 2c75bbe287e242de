"""What a node refuses of its operator's settings, by number."""

from __future__ import annotations

from typing import Final

from kedge.units import Refusal

BAD_OPERATOR_KEY: Final = Refusal(1512, "BAD_OPERATOR_KEY", "KEDGE_OPERATOR_KEY must be 32 bytes in hexadecimal")
BAD_SETTLEMENT: Final = Refusal(1513, "BAD_SETTLEMENT", "a node with these settings cannot use this contract")

NODE_REFUSALS: Final = (BAD_OPERATOR_KEY, BAD_SETTLEMENT)
