"""The HTTP and WebSocket surface of a running node. Handlers are thin: they read, ask, and encode.

Reads run in threads, so that waiting for the sequencer never holds up the event loop; orders wait in coroutines.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kedge.api.answers import HANDLERS, json
from kedge.api.feed import KEPT_FILLS, Feed, Fill
from kedge.api.hosts import HostGuard
from kedge.api.metrics import Metrics
from kedge.api.queries import MarketView, read_account, read_book, read_market
from kedge.api.wire import Switch, check_operator, check_token, read_body, read_query, read_transactions
from kedge.node import Keeper, Node, Reporter
from kedge.sequencer import Origin
from kedge.settlement import Tier
from kedge.venue import Market

_log = logging.getLogger(__name__)
TRY_LATER = 1013
MOST_ID = 2**62


class SettledFill(Fill, frozen=True, tag="fill", tag_field="type"):
    """A fill and how final it is: the tier of its chunk, whether its proof is on disk, and where on L1 it is."""

    tier: str
    proved_off_chain: bool
    batch: int | None
    l1_transaction: str | None
    l1_block: int | None
    final_transaction: str | None


class NamedMarket(MarketView, frozen=True):
    """A market with the name and the decimal places of its tick and lot, where the operator gave them."""

    name: str | None
    tick_places: int | None
    lot_places: int | None


@dataclass(frozen=True, slots=True)
class Api:
    """The routes of one node. `token` is the operator's; `names` are the markets of the operator's file."""

    node: Node
    keeper: Keeper
    reporter: Reporter
    feed: Feed
    token: str
    names: dict[int, Market]

    def app(self, hosts: Collection[str] | None) -> Starlette:
        """The application; requests must name one of `hosts`, so that no web page can rebind its own name to it. None
        lets any name in.
        """
        metrics = Metrics(self.reporter.status, self._markets)
        routes = [
            Route("/v1/transactions", self.transactions, methods=["POST"]),
            Route("/v1/system", self.system, methods=["POST"]),
            Route("/v1/anchoring", self.anchoring, methods=["POST"]),
            Route("/v1/status", self.status),
            Route("/v1/accounts/{number:int}", self.account),
            Route("/v1/markets", self.markets),
            Route("/v1/markets/{number:int}/book", self.book),
            Route("/v1/fills", self.fills),
            Route("/metrics", lambda _: Response(metrics.render(), media_type="text/plain; version=0.0.4")),
            WebSocketRoute("/v1/feed", self.stream),
        ]
        guards = [Middleware(HostGuard, names=hosts)] if hosts is not None else []
        return Starlette(routes=routes, middleware=guards, exception_handlers=HANDLERS)

    async def transactions(self, request: Request) -> Response:
        """Users' transactions: a receipt for each, in order, once it cannot be lost."""
        work = await read_transactions(request)
        if self.keeper.is_stale:
            await run_in_threadpool(self.keeper.freshen)
        return json(await self.node.sequencer.submit_async(work, Origin.USER))

    async def system(self, request: Request) -> Response:
        """The operator's transactions."""
        check_token(request, self.token)
        work = await read_transactions(request)
        check_operator(request, self.token, work)
        if self.keeper.is_stale:
            await run_in_threadpool(self.keeper.freshen)
        return json(await run_in_threadpool(self.node.submit, work))

    async def anchoring(self, request: Request) -> Response:
        """Pause anchoring, or go on with it."""
        check_token(request, self.token)
        policy = self.node.anchoring.policy
        policy.is_paused = (await read_body(request, Switch)).paused
        _log.info("anchoring %s by the operator", "paused" if policy.is_paused else "resumed")
        return json({"paused": policy.is_paused})

    def status(self, _request: Request) -> Response:
        return json(self.reporter.status())

    def account(self, request: Request) -> Response:
        number: int = request.path_params["number"]
        return json(self.node.sequencer.read(lambda engine: read_account(engine.get, number)))

    def markets(self, _request: Request) -> Response:
        found = []
        for market in self._markets():
            known = self.names.get(market.market)
            name, tick, lot = (known.name, known.tick_places, known.lot_places) if known else (None, None, None)
            found.append(NamedMarket(**msgspec.structs.asdict(market), name=name, tick_places=tick, lot_places=lot))
        return json(found)

    def book(self, request: Request) -> Response:
        depth = read_query(request, depth=(50, 1, 500))["depth"]
        number: int = request.path_params["number"]
        return json(self.node.sequencer.read(lambda engine: read_book(engine.get, number, depth)))

    def fills(self, request: Request) -> Response:
        """Recent fills after a given one, oldest first, each with its finality as of now."""
        query = read_query(request, after=(0, 0, MOST_ID), limit=(500, 1, KEPT_FILLS))
        return json([self._settled(fill) for fill in self.feed.fills(query["after"], query["limit"])])

    async def stream(self, socket: WebSocket) -> None:
        """Fills and tier changes as they happen, until the client leaves or is too slow."""
        await socket.accept()
        subscriber = self.feed.subscribe()
        if subscriber is None:
            await socket.close(TRY_LATER, "too many subscribers")
            return

        async def send() -> None:
            while True:
                await socket.send_text(await subscriber.queue.get())

        jobs = [asyncio.create_task(job) for job in (send(), _closed(socket), subscriber.overflowed.wait())]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.feed.unsubscribe(subscriber)
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
        if subscriber.overflowed.is_set():
            with contextlib.suppress(TimeoutError, RuntimeError):
                await asyncio.wait_for(socket.close(TRY_LATER, "too slow; read /v1/fills and come back"), 1.0)

    def _markets(self) -> list[MarketView]:
        numbers = sorted(self.node.upkeep.markets)
        return self.node.sequencer.read(lambda engine: [read_market(engine.get, number) for number in numbers])

    def _settled(self, fill: Fill) -> SettledFill:
        facts = self.node.facts(fill.chunk)
        published = facts.published if facts else None
        final = facts.final if facts else None
        return SettledFill(
            **msgspec.structs.asdict(fill),
            tier=(facts.tier if facts else Tier.SEQUENCED).label,
            proved_off_chain=facts is not None and facts.has(Tier.PROVED_OFF_CHAIN),
            batch=facts.batch if facts else None,
            l1_transaction="0x" + published.tx_hash.hex() if published else None,
            l1_block=published.block_number if published else None,
            final_transaction="0x" + final.tx_hash.hex() if final else None,
        )


async def _closed(socket: WebSocket) -> None:
    """Wait until the client leaves; what it says is ignored."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
