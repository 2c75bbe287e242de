"""The server and clients that dawdle, leave, or never say anything."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from kedge.api import server as module
from kedge.api.answers import HANDLERS
from kedge.api.server import Server

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n"
)
HALF = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n["
WHOLE = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def _echo(request: Request) -> Response:
    return PlainTextResponse(b"had " + await request.body())


async def _listen(ws: WebSocket) -> None:
    await ws.accept()
    await ws.receive_text()
    await ws.send_text("still here")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.5)
    routes = [Route("/", _echo, methods=["GET", "POST"]), WebSocketRoute("/ws", _listen)]
    server = Server("127.0.0.1", 0)
    server.start(Starlette(routes=routes, exception_handlers=HANDLERS), lambda loop: None)
    yield server.port
    server.close()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ask(client: socket.socket) -> None:
    """A request and its whole answer."""
    client.sendall(WHOLE)
    answer = b""
    while not answer.endswith(b"had "):
        answer += client.recv(4_096)


@pytest.mark.parametrize(
    "sent",
    [b"", WHOLE[:-2] + b"x:", HALF, WHOLE + b"GET / HT"],
    ids=["nothing", "half a head", "half a body", "half of a second request"],
)
def test_a_request_that_is_not_whole_in_time_is_given_up(
    sent: bytes, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(port) as client, caplog.at_level(logging.WARNING):
        client.sendall(sent)
        answers = b""
        while part := client.recv(4_096):
            answers += part
    assert answers.count(b"200 OK") == sent.startswith(WHOLE)
    assert caplog.records == [], "whoever leaves is no trouble"


def test_who_dribbles_is_given_up_too(port: int) -> None:
    begin = time.monotonic()
    with connect(port) as client:
        client.settimeout(0.1)
        while time.monotonic() < begin + 10:
            try:
                client.sendall(b"x")
                if not client.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("it may dribble for ever")


def test_requests_and_subscriptions_that_are_whole_stay(port: int) -> None:
    with connect(port) as subscriber, connect(port) as client:
        subscriber.sendall(UPGRADE)
        assert b" 101 " in subscriber.recv(4_096)
        for _ in range(4):
            ask(client)
            time.sleep(0.3)
        subscriber.sendall(b"\x81\x81\0\0\0\0x")
        assert subscriber.recv(4_096) == b"\x81\x0astill here"


def test_a_client_that_leaves_is_no_trouble(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with connect(port) as client:
                client.sendall(HALF)
        with connect(port) as client:
            ask(client)
    assert caplog.records == []
