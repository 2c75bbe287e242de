"""finish: an order that may not rest, or is filled, ends."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.matching import crossing_gap, go_idle
from kedge.rules.records import EXCHANGE, Book
from kedge.rules.rest import check_concluded


@rules.step(phases=["matching", "concluding"])
def finish(m: Machine) -> None:
    """End the active order without resting; what remains of it is cancelled.

    Proves: it is filled, or may not rest and no longer crosses; fill-or-kill is filled. Prover may choose: nothing.
    """
    c = m.cursor
    filled = m.test(c.remaining == 0)
    m.guard(filled | ~c.may_rest)
    book = m.read(Book.at(EXCHANGE, c.market))
    m.guard((crossing_gap(m, book) < 0) | filled)
    check_concluded(m)
    m.require(filled | ~c.must_fill, Code.NOT_FILLED)
    m.emit("done", account=c.account, order=c.order, remaining=c.remaining)
    go_idle(m)
