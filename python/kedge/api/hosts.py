"""Which names a node answers under, so that no web page can make its own name point here and speak for its reader."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kedge.api.answers import STATUS, fail
from kedge.api.refusals import BAD_HOST, BAD_ORIGIN

_HOST = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::\d*)?")
LOCAL = ("127.0.0.1", "::1", "localhost")


def read_host(header: str) -> str:
    """The name in a Host header, in small letters, without port, brackets and final dot."""
    name = header.strip().lower()
    parts = _HOST.fullmatch(name)
    return (parts["six"] or parts["name"]).removesuffix(".") if parts else name


class HostGuard:
    """Refuses requests and subscriptions whose Host is none of `names`, or that name several, and those that a browser
    sends for a page of another site: WebSockets know no rule of the same origin.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(map(read_host, names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or read_host(hosts[0]) not in self._names:
            refusal, detail = BAD_HOST, f"the request names {_join(hosts) or 'none'}"
        elif any(read_host(origin.rpartition("://")[2]) not in self._names for origin in origins):
            refusal, detail = BAD_ORIGIN, f"this one is of {_join(origins)}"
        else:
            await self._app(scope, receive, send)
            return
        text = f"{refusal.text}; {detail}"
        await fail(STATUS[refusal.code], refusal.code, refusal.name, text)(scope, receive, send)


def _join(values: list[str]) -> str:
    return " and ".join(values)[:200]
