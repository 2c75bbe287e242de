"""How the API words failures: a number for what a rule refused, 503 for the world, 500 for ourselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from kedge.api.answers import HANDLERS, on_broken, on_fault, on_rejected, on_unexpected
from kedge.node import NODE_REFUSALS
from kedge.sequencer import ADMISSION_CODES, Interrupted, Receipt
from kedge.units.errors import Broken, Fault, Rejected

REQUEST = Request({"type": "http", "method": "GET", "path": "/v1/status", "headers": []})
RECEIPT = Receipt(0, "ACCEPTED", "", 7, 1, 6, 0, [])


def read(response: Any) -> tuple[int, dict[str, Any]]:
    return response.status_code, json.loads(response.body)


def test_the_world_is_503_and_says_what_is_durable() -> None:
    status, answer = read(on_fault(REQUEST, Fault("the disk is full; free some space")))
    assert (status, answer) == (
        503,
        {"error": {"code": 0, "name": "FAULT", "text": "the disk is full; free some space"}},
    )
    status, answer = read(on_fault(REQUEST, Interrupted("the disk is full", [RECEIPT, None])))
    assert status == 503
    assert [item and item["sequence"] for item in answer["receipts"]] == [7, None]


def test_we_are_500_and_say_nothing_unforeseen() -> None:
    status, answer = read(on_broken(REQUEST, Broken("chunk 3 does not replay")))
    assert (status, answer["error"]["name"], answer["error"]["text"]) == (500, "BROKEN", "chunk 3 does not replay")
    status, answer = read(on_unexpected(REQUEST, RuntimeError("a secret")))
    assert (status, answer["error"]["name"]) == (500, "BROKEN")
    assert "secret" not in json.dumps(answer)
    assert HANDLERS[Exception] is on_unexpected


@pytest.mark.parametrize("refusal", [*NODE_REFUSALS, *ADMISSION_CODES])
def test_every_refusal_keeps_its_number(refusal: Any) -> None:
    status, answer = read(on_rejected(REQUEST, refusal.reject("why")))
    assert 400 <= status < 500
    assert (answer["error"]["code"], answer["error"]["name"]) == (refusal.code, refusal.name)
    assert answer["error"]["text"].endswith(": why")


def test_a_full_queue_asks_to_come_back() -> None:
    assert read(on_rejected(REQUEST, Rejected(908, "QUEUE_FULL")))[0] == 429
    assert read(on_rejected(REQUEST, Rejected(907, "BATCH_TOO_LARGE")))[0] == 413
