"""Requests as the API takes them: bytes in, checked values out, or a numbered refusal."""

from __future__ import annotations

import hmac
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from kedge.api.refusals import BAD_BODY, BAD_QUERY, BODY_TOO_LARGE, NO_TOKEN, NODE_ONLY, NOT_JSON
from kedge.sequencer import Transaction

MOST_BYTES: Final = 1 << 20
NODE_STEPS: Final = frozenset({"deposit", "window_update"})
"""Facts that the node reads from L1 and from its clock: said by hand they would part the exchange from L1."""
_T = TypeVar("_T")


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One transaction of a request: a step of the program and its arguments in the program's order."""

    step: str
    args: list[int]


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of /v1/anchoring."""

    paused: bool


async def read_body(request: Request, kind: type[_T]) -> _T:
    """The JSON body, strictly: no unknown field, no bool or float for an integer, at most 1 MiB."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NOT_JSON.reject()
    length = request.headers.get("content-length", "0")
    if len(length) > 8 or (length.isdigit() and int(length) > MOST_BYTES):
        raise BODY_TOO_LARGE.reject()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise BODY_TOO_LARGE.reject()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BAD_BODY.reject(str(error)) from None


async def read_transactions(request: Request) -> list[Transaction]:
    """The transactions of a request, in order."""
    return [Transaction(item.step, item.args) for item in await read_body(request, list[Submission])]


def check_operator(request: Request, token: str, work: list[Transaction]) -> None:
    """Only the operator, and nothing that the node alone may say."""
    check_token(request, token)
    for transaction in work:
        if transaction.step in NODE_STEPS:
            raise NODE_ONLY.reject(transaction.step)


def check_token(request: Request, token: str) -> None:
    """Only the operator."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise NO_TOKEN.reject()


def read_query(request: Request, **bounds: tuple[int, int, int]) -> dict[str, int]:
    """Integer query parameters; `bounds` are default, lowest and highest value by name. Unknown ones are refused."""
    found = {name: default for name, (default, _, _) in bounds.items()}
    for name, text in request.query_params.multi_items():
        if name not in bounds:
            raise BAD_QUERY.reject(f"{name[:40]!r} is unknown here")
        _, low, high = bounds[name]
        if not (text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
            raise BAD_QUERY.reject(f"{name} must be an integer from {low} to {high}")
        found[name] = int(text)
    return found
