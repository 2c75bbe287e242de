"""An HTTP server in a thread of its own, on a socket that is bound before anything else starts."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kedge.units.errors import Fault

START_SECONDS = 10.0
STOP_SECONDS = 3
REQUEST_SECONDS = 20.0
"""How long a client may take to send a request. Connections are few: whoever dawdles must not keep the others out."""


class Punctual(HttpToolsProtocol):
    """Closes a connection whose request is not whole in time; between requests uvicorn's own, shorter limit holds."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_request()

    def on_message_complete(self) -> None:
        self._forget()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._forget()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._forget()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()


class Server:
    """Serves one application; `begun` is called in its event loop before the first request."""

    def __init__(self, host: str, port: int) -> None:
        """Bind; port 0 takes any free one. Fault says so if the port is taken."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=512)
            # Accepted sockets inherit it; asyncio itself sets it only on sockets that name their protocol.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Fault(f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port") from error
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"

    def start(self, app: Starlette, begun: Callable[[asyncio.AbstractEventLoop], None]) -> None:
        """Answer requests from now on."""
        config = uvicorn.Config(
            app,
            http=Punctual,
            ws="websockets-sansio",
            ws_max_size=4_096,
            limit_concurrency=512,
            timeout_graceful_shutdown=STOP_SECONDS,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        self._server = uvicorn.Server(config)

        async def serve(server: uvicorn.Server) -> None:
            begun(asyncio.get_running_loop())
            await server.serve(sockets=[self._socket])

        self._thread = threading.Thread(target=asyncio.run, args=(serve(self._server),), name="kedge-http", daemon=True)
        self._thread.start()
        end = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise Fault(f"the server did not start on {self.url}; its log says why")
            time.sleep(0.005)

    def close(self) -> None:
        """Finish the requests under way, then stop."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()
