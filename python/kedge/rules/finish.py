"""finish: an order that may not rest, or is filled, ends."""

from __future__ import annotations

from kedge.machine import Machine
from kedge.rules.codes import Code
from kedge.rules.exchange import rules
from kedge.rules.matching import crossing_gap, go_idle, is_tired
from kedge.rules.records import EXCHANGE, Book
from kedge.rules.rest import check_concluded


@rules.step(phases=["matching", "concluding"])
def finish(m: Machine) -> None:
    """End the active order without resting; what remains of it is cancelled.

    Proves: it is filled, or may not rest and no longer crosses, or has taken as many steps as an order may;
    fill-or-kill is filled. Prover may choose: nothing.
    """
    c = m.cursor
    filled = m.test(c.remaining == 0)
    book = m.read(Book.at(EXCHANGE, c.market))
    matched = m.commit(filled | (crossing_gap(m, book) < 0))
    m.guard(matched | is_tired(m))
    m.guard(filled | ~(c.may_rest & matched))
    check_concluded(m)
    m.require(filled | ~c.must_fill, Code.NOT_FILLED)
    m.emit("done", account=c.account, order=c.order, remaining=c.remaining)
    go_idle(m)
