"""Which names a node answers under; everything else is a numbered refusal in JSON, whatever the name holds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from kedge.api.hosts import LOCAL, HostGuard, read_host


def ask(*hosts: bytes, kind: str = "http", origins: Sequence[bytes] = ()) -> tuple[int, bytes]:
    """Status and body of a request with these Host headers, sent for pages of these origins."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    guard = HostGuard(PlainTextResponse("in"), (*LOCAL, "desk.example", "[2001:db8::7]:443"))
    scope = {
        "type": kind,
        "headers": [(b"host", host) for host in hosts] + [(b"origin", origin) for origin in origins],
        "extensions": {"websocket.http.response": {}},
    }
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    "host",
    [
        b"desk.example",
        b"Desk.Example:8443",
        b"desk.example.",
        b"localhost",
        b"127.0.0.1:1",
        b"[::1]:80",
        b"[2001:DB8::7]",
    ],
)  # fmt: skip
def test_own_names(host: bytes) -> None:
    assert ask(host) == (200, b"in")


@pytest.mark.parametrize(
    "host",
    [
        b"", b"evil.example", b"desk.example.evil", b"xdesk.example", b"desk.example:80:80", b"desk.example@evil", b"*",
        b"[/x]\x1b[31m", b"\xff\xfe", b"localhost/", b"x" * 10_000, b"[localhost", b"::2", b"localhost:x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_names(host: bytes, kind: str) -> None:
    status, body = ask(host, kind=kind)
    error = json.loads(body)["error"]
    assert (status, error["code"], error["name"]) == (421, 1514, "BAD_HOST")
    assert len(body) < 1_500
    assert host[:200].decode("latin-1") in error["text"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_pages_of_its_own_names(kind: str) -> None:
    for origin in (b"http://localhost:3000", b"https://desk.example", b"http://[::1]:80", b"HTTP://127.0.0.1"):
        assert ask(b"localhost", kind=kind, origins=[origin]) == (200, b"in")


@pytest.mark.parametrize(
    "origin",
    [
        b"http://evil.example",
        b"null",
        b"",
        b"http://localhost.evil.example",
        b"http://evil.example/://localhost:x",
        b"[/x]",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_pages_of_other_sites(origin: bytes, kind: str) -> None:
    for origins in ([origin], [b"http://localhost", origin]):
        status, body = ask(b"localhost", kind=kind, origins=origins)
        error = json.loads(body)["error"]
        assert (status, error["code"], error["name"]) == (403, 1515, "BAD_ORIGIN")
        assert origin.decode() in error["text"]


def test_no_name_and_two_names() -> None:
    assert ask()[0] == 421
    assert json.loads(ask()[1])["error"]["text"].endswith("the request names none")
    assert ask(b"localhost", b"localhost")[0] == 421


def test_a_name_is_read_without_its_port() -> None:
    read = [read_host(text) for text in ("A.b:1", "[::1]:2", "::1", "a.", " a ", "a:b", "[", "[]:1", "")]
    assert read == ["a.b", "::1", "::1", "a", "a", "a:b", "[", "[]:1", ""]
