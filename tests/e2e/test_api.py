"""The API of a running node: what it answers, what it refuses, and margin that follows a pause of anchoring."""

from __future__ import annotations

import json
import socket
import stat
import time
from typing import Any

import pytest
from websockets.sync.client import connect

from kedge.api import TOKEN_FILE, Service
from kedge.rules import program
from tests.e2e.harness import STAKE, Client, place, until

BUY, SELL = 0, 1
IOC = 1


def test_an_order_is_followed_to_finality(service: Service, client: Client) -> None:
    with connect(client.url.replace("http", "ws") + "/v1/feed") as feed:
        resting, taking = client.submit(place(2, 0, SELL, 600_100, 30), place(3, 0, BUY, 600_200, 20, IOC))
        assert [name for name, _ in taking["events"]] == ["placed", "fill", "done"]
        sequence = taking["sequence"]
        tiers, fills = set(), []
        while "final" not in tiers:
            news = json.loads(feed.recv(60))
            if news["type"] == "fill":
                fills.append(news)
            elif news["transaction"] >= sequence:
                tiers.add(news["tier"])
    assert tiers == {"published", "proved off-chain", "anchored", "final"}
    assert [(fill["price"], fill["size"], fill["side"]) for fill in fills] == [(600_100, 20, "buy")]
    (fill,) = client.get("/v1/fills")
    assert fill["id"] == fills[0]["id"]
    assert (fill["tier"], fill["proved_off_chain"], fill["batch"] >= 1) == ("final", True, True)
    assert fill["l1_transaction"].startswith("0x")
    assert fill["l1_block"] > 0
    assert client.get(f"/v1/fills?after={fill['id']}") == []
    maker = client.get("/v1/accounts/2")
    assert maker["collateral"] < STAKE
    assert maker["owner"].startswith("0x")
    assert [(p["market"], p["size"], p["cost"]) for p in maker["positions"]] == [(0, -20, -20 * 600_100)]
    assert [(o["slot"], o["price"], o["remaining"]) for o in maker["orders"]] == [(0, 600_100, 10)]
    book = client.get("/v1/markets/0/book?depth=5")
    assert book == {"market": 0, "complete": True, "bids": [], "asks": [{"price": 600_100, "size": 10, "orders": 1}]}
    assert resting["chunk"] == taking["chunk"] == fill["chunk"]


def test_status_and_metrics_agree(service: Service, client: Client) -> None:
    status = client.status()
    assert status["running"] is True
    assert status["program"] == program().digest.hex()
    assert set(status["tiers"]) == {"sequenced", "published", "proved off-chain", "anchored", "final"}
    assert status["anchoring"]["trouble"] == status["trouble"] == ""
    assert service.node.place.url not in json.dumps(status)
    lines = client.session.get(f"{client.url}/metrics", timeout=10).text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["kedge_fills_total"]) == status["counts"]["fills"]
    assert float(values['kedge_margin_rate_ratio{market="0"}']) > 0
    assert float(values['kedge_height_transactions{tier="final"}']) >= status["tiers"]["final"]["transaction"]


def test_the_operator_may_do_what_users_may_not(service: Service, client: Client) -> None:
    mode = stat.S_IMODE((service.folder / TOKEN_FILE).stat().st_mode)
    assert mode == 0o600
    (refused,) = client.submit([0, 601_000], step="oracle_price")
    assert (refused["code"], refused["name"]) == (902, "NOT_ALLOWED")
    assert client.system("oracle_price", 0, 601_000)["code"] == 0
    assert client.open_market(7)["code"] == 0
    markets = {market["market"]: market for market in client.get("/v1/markets")}
    assert (markets[0]["mark"], markets[0]["name"]) == (601_000, "BTC-PERP")
    assert (markets[7]["mark"], markets[7]["name"]) == (1_000, None)
    assert client.system("oracle_price", 0, 600_000)["code"] == 0


def test_margin_rises_while_anchoring_is_paused_and_is_released_after(service: Service, client: Client) -> None:
    def rate() -> int:
        return int(client.get("/v1/markets")[0]["margin_rate"])

    assert client.post("/v1/anchoring", {"paused": True}, client.token).json() == {"paused": True}
    client.submit(place(4, 1, BUY, 500_000))
    before = rate()
    until("margin rises by half", lambda: rate() > before * 3 // 2)
    high, status = rate(), client.status()
    assert status["anchoring"]["paused"] is True
    assert status["window"] > 3
    assert status["tiers"]["anchored"]["lag"] > 1
    client.post("/v1/anchoring", {"paused": False}, client.token)
    until("margin is released", lambda: rate() < high)


HOSTILE: list[tuple[bytes, int, int]] = [
    (b"", 400, 1501),
    (b"null", 400, 1501),
    (b"{}", 400, 1501),
    (b"[1]", 400, 1501),
    (b'[{"step":"cancel"}]', 400, 1501),
    (b'[{"step":"cancel","args":[2,0],"as":3}]', 400, 1501),
    (b'[{"step":"cancel","args":[true,0]}]', 400, 1501),
    (b'[{"step":"cancel","args":[2.0,0]}]', 400, 1501),
    (b'[{"step":"cancel","args":["2",0]}]', 400, 1501),
    (b'[{"step":"cancel","args":[null]}]', 400, 1501),
    (b'[{"step":7,"args":[]}]', 400, 1501),
    (b'[{"step":"\xff","args":[]}]', 400, 1501),
    (b'[{"step":"\\ud800","args":[]}]', 400, 1501),
    (b'[{"step":"cancel","args":[2,0]}', 400, 1501),
    (b"[" * 200_000, 400, 1501),
    (b'[{"step":"cancel","args":' + b"[" * 200_000, 400, 1501),
    (b" " * (1 << 20) + b"[]", 413, 1502),
]


@pytest.mark.parametrize(("body", "status", "code"), HOSTILE)
def test_a_hostile_body_is_refused_by_number(
    service: Service, client: Client, body: bytes, status: int, code: int
) -> None:
    before = service.progress.last_work
    answer = client.session.post(
        f"{client.url}/v1/transactions", data=body, headers={"content-type": "application/json"}, timeout=30
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert service.progress.last_work == before


def test_a_body_of_unknown_length_is_bounded_too(client: Client) -> None:
    def endless() -> Any:
        for _ in range(64):
            yield b" " * (1 << 16)

    headers = {"content-type": "application/json"}
    answer = client.session.post(f"{client.url}/v1/transactions", data=endless(), headers=headers, timeout=30)
    assert answer.json()["error"]["code"] == 1502


ADMISSION: list[tuple[str, list[int], int]] = [
    ("nonsense", [], 900),
    ("fill", [], 901),
    ("deposit", [0, 2, 1, 0, 0, 0, 0, 0], 902),
    ("cancel", [2], 903),
    ("cancel", [2, 2**80], 905),
    ("cancel", [2, -1], 905),
    ("cancel", [1, 0], 905),
    ("cancel", [2, 1_000], 32),
]


def test_a_bad_transaction_gets_a_numbered_receipt_and_the_good_ones_beside_it_are_done(client: Client) -> None:
    work = [{"step": step, "args": args} for step, args, _ in ADMISSION]
    good = {"step": "place", "args": place(5, 5, BUY, 400_000)}
    receipts = client.post("/v1/transactions", [*work, good]).json()
    assert [receipt["code"] for receipt in receipts] == [*(code for _, _, code in ADMISSION), 0]
    assert all(receipt["text"] for receipt in receipts[:-1])


@pytest.mark.parametrize("scheme", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic x", "Bearer \xe9"])
def test_the_operators_routes_need_the_token(client: Client, scheme: str) -> None:
    for path, body in (("/v1/system", [{"step": "oracle_price", "args": [0, 1]}]), ("/v1/anchoring", {"paused": True})):
        headers = {"authorization": scheme.encode("latin-1")}
        answer = client.session.post(client.url + path, json=body, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 1504)
    assert client.status()["anchoring"]["paused"] is False


@pytest.mark.parametrize("step", ["deposit", "window_update"])
def test_not_even_the_operator_states_facts_of_l1(client: Client, step: str) -> None:
    answer = client.post("/v1/system", [{"step": step, "args": [1, 1]}], client.token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 1505)


WRONG_PLACES = [
    ("/v1/accounts/99", 404, 1509),
    ("/v1/accounts/99999999999999999999", 404, 1509),
    ("/v1/accounts/-1", 404, 1507),
    ("/v1/markets/5/book", 404, 1510),
    ("/v1/markets/600/book", 404, 1510),
    ("/v1/markets/0/book?depth=0", 400, 1506),
    ("/v1/markets/0/book?depth=501", 400, 1506),
    ("/v1/markets/0/book?deep=5", 400, 1506),
    ("/v1/fills?after=x", 400, 1506),
    ("/v1/fills?after=-1", 400, 1506),
    ("/v1/fills?limit=99999999999999999999999", 400, 1506),
    ("/v1/transactions", 405, 1508),
    ("/nowhere", 404, 1507),
]


@pytest.mark.parametrize(("path", "status", "code"), WRONG_PLACES)
def test_a_question_that_has_no_answer_gets_a_number(client: Client, path: str, status: int, code: int) -> None:
    answer = client.session.get(client.url + path, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_web_page_cannot_reach_it(client: Client) -> None:
    body = json.dumps([{"step": "cancel_all", "args": [2]}])
    answer = client.session.post(f"{client.url}/v1/transactions", data=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, 1503)
    answer = client.session.get(f"{client.url}/v1/status", headers={"host": "evil.example"}, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, 1514)
    assert answer.json()["error"]["text"].endswith("--allow-host NAME lets it; the request names evil.example")
    host, port = client.url.removeprefix("http://").split(":")
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: "
    for name, wanted in (
        (b"evil.example", b" 421 "),
        (b"localhost\r\norigin: http://evil.example", b" 403 "),
        (b"localhost\r\norigin: http://localhost:3000", b" 101 "),
        (b"desk.example:1", b" 101 "),
        (b"localhost", b" 101 "),
    ):
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            key = b"x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n"
            raw.sendall(b"GET /v1/feed HTTP/1.1\r\nhost: " + name + b"\r\n" + upgrade + key)
            assert wanted in raw.recv(1_000).splitlines()[0]


@pytest.mark.parametrize("name", ["desk.example", "DESK.example.:8443", "localhost:80", "[::1]:80", "127.0.0.1"])
def test_names_that_it_was_given_are_its_own(client: Client, name: str) -> None:
    answer = client.session.get(f"{client.url}/v1/status", headers={"host": name}, timeout=10)
    assert answer.status_code == 200


def test_it_survives_what_is_not_http(client: Client) -> None:
    host, port = client.url.removeprefix("http://").split(":")
    for junk in (
        b"\x00" * 500,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/transactions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(junk)
            raw.settimeout(5)
            raw.recv(1_000)
    time.sleep(0.05)
    assert client.status()["running"] is True
