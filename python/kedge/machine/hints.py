"""Advice: the short list of functions that compute witness values. Nothing here is trusted; constraints check it all.

The native engine has the same list; a differential test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt

from kedge.machine.field import P, lift


def _inverse(args: Sequence[int], params: Sequence[int]) -> list[int]:
    return [lift(pow(args[0] % P, P - 2, P))]


def _less(args: Sequence[int], params: Sequence[int]) -> list[int]:
    return [int(args[0] < args[1])]


def _and(args: Sequence[int], params: Sequence[int]) -> list[int]:
    shift, bits = params
    return [(args[0] >> shift) % (1 << bits)]


def _muldiv(args: Sequence[int], params: Sequence[int]) -> list[int]:
    a, b, c, d = args
    return list(divmod(a * b + d, c)) if c > 0 else [0, 0]


def _isqrt(args: Sequence[int], params: Sequence[int]) -> list[int]:
    return [isqrt(args[0]) if args[0] >= 0 else 0]


HINTS: dict[str, Callable[[Sequence[int], Sequence[int]], list[int]]] = {
    "and": _and,
    "inverse": _inverse,
    "isqrt": _isqrt,
    "less": _less,
    "muldiv": _muldiv,
}
