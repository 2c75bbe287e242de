"""Data-availability sampling (A12): what samples of an erasure-coded batch prove, to one node and to a network.

Data is extended twofold into `columns` (Fulu: 128), any half of which recover it. An adversary who wants it lost
releases at most `columns / 2 - 1` of them. Source: EIP-7594, consensus-specs Fulu; Al-Bassam, Sonnino and Buterin,
arXiv 1809.09044, for the square. Exponents are of base ten, so that no probability underflows. A tier-T1 hazard: at
network level it is about zero, and what stays to be priced is the retention of blobs (4096 epochs = 18.2 days) and the
delay of inclusion.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import gammaln
from scipy.stats import hypergeom

from kedge.risk.checks import Array, count, inside, probability
from kedge.risk.errors import OUT_OF_DOMAIN

COLUMNS: Final = 128
"""Columns of an extended blob matrix under Fulu."""

SAMPLES_PER_SLOT: Final = 8
"""Columns that one Fulu node samples in each slot."""

RETENTION_DAYS: Final = 4096 * 32 * 12 / 86_400
"""How long nodes must serve blobs: 4096 epochs."""

_LN10: Final = math.log(10.0)
_MOST_CLIENTS: Final = 100_000


def _log_choose(n: float, k: float) -> float:
    """log10 of the binomial coefficient."""
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) / _LN10


def _check_columns(columns: int) -> int:
    if count(columns, "columns", 2) % 2:
        raise OUT_OF_DOMAIN.reject(f"columns = {columns} must be even: the extension doubles the data")
    return int(columns)


def compute_false_accept(samples: int, columns: int = COLUMNS) -> float:
    """Probability that one node sees all its samples although the data cannot be recovered.

    `C(h, k) / C(m, k)` with `h = m/2 - 1` released columns and k different random samples of m; 0 when k > h. Holds for
    samples that the adversary cannot predict; where columns are public and predictable the worst case is 1. Refuses
    (1408) more samples than columns. [EIP-7594]
    """
    released = _check_columns(columns) // 2 - 1
    chosen = int(inside(count(samples, "samples"), 1, columns, "samples"))
    return 10.0 ** (_log_choose(released, chosen) - _log_choose(columns, chosen)) if chosen <= released else 0.0


def compute_fooled_exponent(
    fraction: float, nodes: int, samples: int, columns: int = COLUMNS, *, tight: bool = False
) -> float:
    """log10 of a bound on the probability that a fraction e of n nodes accepts data that cannot be recovered.

    Union bound over the sets of fooled nodes and of released columns: `C(n, ne) C(m, m/2) 2^(-k n e)`, the table of
    EIP-7594; `tight` takes m/2 - 1 columns and samples without replacement. Never above 0 (a probability). The fraction
    must lie in (0, 1) and name at least one node, else refused (1411, 1408).
    """
    total, half = count(nodes, "nodes"), _check_columns(columns) // 2
    fooled = round(probability(fraction, "fraction") * total)
    if fooled < 1:
        raise OUT_OF_DOMAIN.reject(f"fraction = {fraction} of {nodes} nodes is less than one node")
    chosen = int(inside(count(samples, "samples"), 1, columns, "samples"))
    if tight:
        released, one = half - 1, compute_false_accept(samples, columns)
        log_one = math.log10(one) if one else -math.inf
    else:
        released, log_one = half, -chosen * math.log10(2.0)
    return min(0.0, _log_choose(total, fooled) + _log_choose(columns, released) + fooled * log_one)


def compute_square_detection(samples: int, side: int) -> float:
    """Probability that one client notices a square whose loss is just beyond recovery.

    The 2k x 2k square (k = `side`) cannot be recovered once (k+1)^2 shares are withheld; of s different random samples
    at least one is missing with probability `1 - C(4k^2 - (k+1)^2, s) / C(4k^2, s)`. [arXiv 1809.09044]
    """
    k = count(side, "side")
    shares, withheld = 4 * k * k, (k + 1) ** 2
    chosen = int(inside(count(samples, "samples"), 1, shares, "samples"))
    if chosen > shares - withheld:
        return 1.0
    return -math.expm1((_log_choose(shares - withheld, chosen) - _log_choose(shares, chosen)) * _LN10)


def _join(law: Array, gains: list[Array]) -> Array:
    """Law of the number of covered shares after one more node."""
    after = np.zeros_like(law)
    for new, chance in enumerate(gains):
        after[new:] += (law * chance)[: law.size - new]
    return after


def _gains(shares: int, samples: int) -> list[Array]:
    """For each j: probability that one node adds j new shares, by the number covered before; shape (shares + 1,)."""
    missing = shares - np.arange(shares + 1)
    return [np.asarray(hypergeom.pmf(j, shares, missing, samples)) for j in range(samples + 1)]


def compute_coverage(nodes: int, custody: int, columns: int = COLUMNS, needed: int | None = None) -> float:
    """Probability that honest nodes, each holding `custody` different random columns, hold `needed` between them.

    Exact: a Markov chain on the number of covered columns, whose step is hypergeometric. `needed` is half of the
    columns unless given, the least from which the data is recovered.
    """
    total = count(columns, "columns", 2)
    held = int(inside(count(custody, "custody"), 1, total, "custody"))
    least = _check_columns(columns) // 2 if needed is None else int(inside(count(needed, "needed"), 1, total, "needed"))
    law, gains = np.zeros(total + 1), _gains(total, held)
    law[0] = 1.0
    for _ in range(count(nodes, "nodes")):
        law = _join(law, gains)
    return min(1.0, float(law[least:].sum()))


def compute_clients_needed(samples: int, side: int, confidence: float) -> int:
    """Least number of clients, each with s different random samples, that can rebuild a 2k x 2k square together.

    Rebuilding is sure from `k (3k - 2)` different shares, one more than can be had while (k+1)^2 are missing. Exact by
    the same chain as `compute_coverage`. Table 1 of arXiv 1809.09044. Refuses (1408) squares above side 64: the chain
    holds 4k^2 states.
    """
    k = int(inside(count(side, "side", 2), 2, 64, "side"))
    shares, least = 4 * k * k, k * (3 * k - 2)
    wanted = probability(confidence, "confidence")
    chosen = int(inside(count(samples, "samples"), 1, shares, "samples"))
    law, gains = np.zeros(shares + 1), _gains(shares, chosen)
    law[0] = 1.0
    for clients in range(1, _MOST_CLIENTS):
        law = _join(law, gains)
        if law[least:].sum() >= wanted:
            return clients
    raise OUT_OF_DOMAIN.reject(f"confidence = {confidence} needs more than {_MOST_CLIENTS} clients")
