"""Which names a node answers under, so that no web page can make its own name point here and speak for its reader."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kedge.api.answers import STATUS, fail
from kedge.api.refusals import BAD_HOST

_HOST = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::\d*)?")
LOCAL = ("127.0.0.1", "::1", "localhost")


def read_host(header: str) -> str:
    """The name in a Host header, in small letters, without port, brackets and final dot."""
    name = header.strip().lower()
    parts = _HOST.fullmatch(name)
    return (parts["six"] or parts["name"]).removesuffix(".") if parts else name


class HostGuard:
    """Refuses requests and subscriptions whose Host is none of `names`, or that name several."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(map(read_host, names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and read_host(hosts[0]) in self._names:
            await self._app(scope, receive, send)
            return
        text = f"{BAD_HOST.text}; the request names {' and '.join(hosts)[:200] or 'none'}"
        await fail(STATUS[BAD_HOST.code], BAD_HOST.code, BAD_HOST.name, text)(scope, receive, send)
