"""Asking a running node how it fares, from its data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import msgspec
import requests

from kedge.api.service import NODE_FILE
from kedge.node import Status
from kedge.units.errors import Fault

ASK_SECONDS: Final = 5.0


def ask_status(data: Path) -> Status | None:
    """The running node's own answer; None if nothing answers where DIR/node.json points."""
    try:
        url = json.loads((data / NODE_FILE).read_text())["url"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Fault(f"{data / NODE_FILE} is damaged ({error}); remove it if no node runs") from error
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(f"{url}/v1/status", timeout=ASK_SECONDS)
            return msgspec.json.decode(answer.content, type=Status)
        except requests.ConnectionError:
            return None
        except (requests.RequestException, msgspec.DecodeError) as error:
            raise Fault(f"the node at {url} does not give its status ({error}); look at its log") from error
