"""JSON-RPC over HTTP: what a node refuses and a node that does not answer are told apart."""

from __future__ import annotations

import itertools
import threading
from typing import Any
from urllib.parse import urlsplit

import requests

from kedge.units.errors import Fault

TIMEOUT_SECONDS = 30.0


class RpcError(Fault):
    """The node answered with an error; `data` holds the revert bytes if there are any."""

    def __init__(self, method: str, code: int, message: str, data: bytes) -> None:
        super().__init__(f"{method}: {message} (JSON-RPC error {code})")
        self.code = code
        self.data = data


class Rpc:
    """A JSON-RPC client; safe for use by several threads, one request at a time."""

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self.url = url
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def call(self, method: str, *params: Any) -> Any:
        """The result of a call. Raises RpcError if the node refuses, Fault if it does not answer."""
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        answer = self._ask("POST", self.url, request)
        if not isinstance(answer, dict) or ("error" not in answer and "result" not in answer):
            raise Fault(f"{self.url} does not speak JSON-RPC; check the address")
        if "error" in answer:
            error = answer["error"]
            raise RpcError(method, int(error.get("code", 0)), str(error.get("message")), _revert_data(error))
        return answer["result"]

    def get(self, path: str) -> Any:
        """The JSON behind a path of the node's HTTP interface (the beacon-style endpoints)."""
        return self._ask("GET", self.url.rstrip("/") + path, None)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _ask(self, verb: str, url: str, body: Any) -> Any:
        try:
            with self._lock:
                response = self._session.request(verb, url, json=body, timeout=self._timeout)
            if response.status_code >= 400:
                raise Fault(f"the L1 node at {url} answered HTTP {response.status_code}: {response.text[:200]}")
            return response.json()
        except requests.JSONDecodeError as error:
            raise Fault(f"{url} does not speak JSON; check the address") from error
        except requests.RequestException as error:
            raise Fault(
                f"the L1 node at {self.url} does not answer ({type(error).__name__}). Nothing is lost: "
                "what waits for L1 stays in the journal and is sent once the node is back"
            ) from error


def _revert_data(error: dict[str, Any]) -> bytes:
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    try:
        return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""
    except ValueError:
        return b""
