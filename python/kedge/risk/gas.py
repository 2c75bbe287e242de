"""What one anchor costs on Ethereum: execution gas of the verifier, blobs or call data, and how blob prices move.

Gas in units of gas, fees in wei per gas, money in dollars. Parameters are protocol constants of dated forks; a fork
that moves them needs new constants here, not new formulas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from kedge.risk.checks import count, non_negative, one_of, positive

BLOB_GAS: Final = 131_072
"""Blob gas, and bytes, of one blob. [EIP-4844]"""

RESERVE_GAS: Final = 8_192
"""A blob costs at least as much as so much execution gas: blob base fee >= base fee / 16. [EIP-7918]"""

CALLDATA_FLOOR: Final = 40
CALLDATA_STANDARD: Final = 16
"""Gas per non-zero byte of call data: the floor, and what applies when execution dominates. [EIP-7623]"""

PAIRING_GAS, PAIRING_BASE = 34_000, 45_000
PUBLIC_INPUT_GAS: Final = 6_150
WEI: Final = 1e-18
GWEI: Final = 1e9
"""Ether of one wei; wei of one gwei."""


@dataclass(frozen=True)
class BlobSchedule:
    """Blob parameters of a fork: target and maximum per block, and the update fraction."""

    target: int
    limit: int
    fraction: int


SCHEDULES: Final = {
    "cancun": BlobSchedule(3, 6, 3_338_477),
    "prague": BlobSchedule(6, 9, 5_007_716),
    "bpo2": BlobSchedule(14, 21, 11_684_671),
}


def compute_blob_multiplier(used: int, fork: str = "bpo2") -> float:
    """Factor on the blob base fee after a block with `used` blobs: `e^((used - target) * 131072 / fraction)`.

    bpo2: x1.0817 after a full block, x0.8547 after an empty one. [EIP-4844, EIP-7691, EIP-7892]
    """
    schedule = SCHEDULES[one_of(fork, SCHEDULES, "fork")]
    return math.exp((count(used, "used", 0) - schedule.target) * BLOB_GAS / schedule.fraction)


def compute_blob_gas_equivalent(blob_fee: float, base_fee: float) -> float:
    """Execution gas that one blob costs as much as, reserve price included. [EIP-7918]"""
    return max(BLOB_GAS * non_negative(blob_fee, "blob_fee") / positive(base_fee, "base_fee"), float(RESERVE_GAS))


def compute_break_even_bytes(blob_fee: float, base_fee: float, per_byte: float = CALLDATA_FLOOR) -> float:
    """Bytes above which one blob is cheaper than call data: 204.8 at the reserve price and the floor of 40 gas."""
    return compute_blob_gas_equivalent(blob_fee, base_fee) / positive(per_byte, "per_byte")


def compute_groth16_gas(inputs: int, pairings: int = 4) -> int:
    """Verification of a Groth16 proof: `34,000 k + 45,000` for the pairing check, 6,150 per public input. [EIP-1108]"""
    return PAIRING_GAS * count(pairings, "pairings") + PAIRING_BASE + PUBLIC_INPUT_GAS * count(inputs, "inputs", 0)


def compute_shared_gas(verifier_gas: float, own_gas: float, apps: int) -> float:
    """Gas of one of n applications under one recursive proof: `V / n + a`."""
    return non_negative(verifier_gas, "verifier_gas") / count(apps, "apps") + non_negative(own_gas, "own_gas")


def compute_recursion_latency(step: float, apps: int) -> float:
    """Seconds that a binary tree of recursive proofs adds for n applications: `t ceil(log2 n)`."""
    return non_negative(step, "step") * math.ceil(math.log2(count(apps, "apps")))


def compute_anchor_cost(gas: float, blobs: int, base_fee: float, blob_fee: float, ether: float) -> float:
    """Dollars per anchor: execution gas and blobs at their base fees (wei), with ether at so many dollars."""
    equivalent = positive(gas, "gas") + count(blobs, "blobs", 0) * compute_blob_gas_equivalent(blob_fee, base_fee)
    return equivalent * positive(base_fee, "base_fee") * WEI * positive(ether, "ether")
