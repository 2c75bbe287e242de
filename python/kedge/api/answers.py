"""How the API answers: values and failures as JSON. A failure is one object with a number, a name and a text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kedge.api.refusals import (
    BAD_HOST,
    BAD_METHOD,
    BAD_ORIGIN,
    BODY_TOO_LARGE,
    NO_ACCOUNT,
    NO_MARKET,
    NO_ROUTE,
    NO_TOKEN,
    NODE_ONLY,
    NOT_JSON,
)
from kedge.sequencer import ADMISSION_CODES, Interrupted
from kedge.units.errors import Broken, Fault, Rejected

_log = logging.getLogger(__name__)
_LARGE: Final = {refusal.name: refusal.code for refusal in ADMISSION_CODES}
STATUS: Final = {
    BODY_TOO_LARGE.code: 413,
    NOT_JSON.code: 415,
    NO_TOKEN.code: 401,
    NODE_ONLY.code: 403,
    NO_ROUTE.code: 404,
    BAD_METHOD.code: 405,
    NO_ACCOUNT.code: 404,
    NO_MARKET.code: 404,
    BAD_HOST.code: 421,
    BAD_ORIGIN.code: 403,
    _LARGE["BATCH_TOO_LARGE"]: 413,
    _LARGE["QUEUE_FULL"]: 429,
}
"""HTTP status by number; 400 for all others."""


class Failure(msgspec.Struct, frozen=True):
    """`code` is 0 for the world's failures (503) and for ours (500)."""

    code: int
    name: str
    text: str


def json(value: object, status: int = 200) -> Response:
    """A value as a JSON response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def fail(status: int, code: int, name: str, text: str, **more: object) -> Response:
    """A failure as a JSON response."""
    return json({"error": Failure(code, name, text), **more}, status)


def on_rejected(_request: Request, error: Exception) -> Response:
    """A rule of the surface said no; the state is untouched."""
    if not isinstance(error, Rejected):
        return on_unexpected(_request, error)
    return fail(STATUS.get(error.code, 400), error.code, error.name, error.text)


def on_fault(_request: Request, error: Exception) -> Response:
    """The world failed. After an interrupted submission `receipts` says what is durable; null was not applied."""
    if isinstance(error, Interrupted):
        return fail(503, 0, "FAULT", str(error), receipts=error.receipts)
    return fail(503, 0, "FAULT", str(error))


def on_broken(_request: Request, error: Exception) -> Response:
    """Our invariant failed."""
    return fail(500, 0, "BROKEN", str(error))


def on_http(_request: Request, error: Exception) -> Response:
    """What the router refuses."""
    refusal = BAD_METHOD if isinstance(error, HTTPException) and error.status_code == 405 else NO_ROUTE
    return fail(STATUS[refusal.code], *refusal)


def on_gone(_request: Request, _error: Exception) -> Response:
    """The client left in the middle of its request: nothing was done, nobody reads this, and it is no trouble."""
    return Response(status_code=400)


def on_unexpected(request: Request, error: Exception) -> Response:
    """A failure that nobody foresaw: the text goes to the log, not to the client."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return fail(500, 0, "BROKEN", "the node failed to answer; its log says why")


HANDLERS: Final[Mapping[Any, Callable[[Request, Exception], Response]]] = {
    Rejected: on_rejected,
    Fault: on_fault,
    Broken: on_broken,
    HTTPException: on_http,
    ClientDisconnect: on_gone,
    Exception: on_unexpected,
}
