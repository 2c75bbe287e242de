"""API: the HTTP and WebSocket surface of a running node, and the service that keeps both up.

Purpose: requests in, answers and news out (`Api`, `Feed`, `Metrics`); `Service` is a node with all of it.
Invariants: a handler reads, asks and encodes, and decides nothing; a failure is one object with a number, a name and a
text; nobody who reads can hold up who trades.
Surface: what `__all__` lists. Refusals: 1501 to 1510, 1514.
"""

from kedge.api.ask import ask_status
from kedge.api.refusals import API_REFUSALS
from kedge.api.service import NODE_FILE, SERVICE_OPTIONS, TOKEN_FILE, Ground, Service

__all__ = [
    "API_REFUSALS",
    "NODE_FILE",
    "SERVICE_OPTIONS",
    "TOKEN_FILE",
    "Ground",
    "Service",
    "ask_status",
]
