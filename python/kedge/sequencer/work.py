"""Tickets laid out flat, so that the engine is called once for many submissions."""

from __future__ import annotations

from kedge.sequencer.ticket import Ticket
from kedge.sequencer.transaction import Receipt, Transaction


class Work:
    """The admitted transactions of some tickets, in order. Those before `done` are durable or refused for good."""

    def __init__(self, tickets: list[Ticket]) -> None:
        """Each ticket has at least one admitted transaction."""
        self.transactions: list[Transaction] = []
        self.packed: list[bytes] = []
        self.done = 0
        self._owners: list[Ticket] = []
        self._slots: list[int] = []
        self._tickets = tickets
        self._ends: list[int] = []
        self._answered = 0
        for ticket in tickets:
            self.transactions += ticket.transactions
            self.packed += ticket.packed
            self._slots += ticket.slots
            self._owners += [ticket] * len(ticket.transactions)
            self._ends.append(len(self.transactions))

    @property
    def finished(self) -> bool:
        return self.done == len(self.transactions)

    def next(self, room: int) -> list[Transaction]:
        """The next transactions, at most `room`."""
        return self.transactions[self.done : self.done + room]

    def answer(self, index: int, receipt: Receipt) -> None:
        """Note a receipt; it is not shown before `advance`."""
        self._owners[index].receipts[self._slots[index]] = receipt

    def advance(self, count: int) -> list[Ticket]:
        """The next `count` transactions are settled; the tickets that are thereby complete."""
        self.done += count
        start = self._answered
        while self._answered < len(self._tickets) and self._ends[self._answered] <= self.done:
            self._answered += 1
        return self._tickets[start : self._answered]

    def abandon(self, error: BaseException) -> list[Ticket]:
        """Forget receipts that did not become durable and fail the incomplete tickets; returns those."""
        for index in range(self.done, len(self.transactions)):
            self._owners[index].receipts[self._slots[index]] = None
        incomplete = self._tickets[self._answered :]
        for ticket in incomplete:
            ticket.fail(error)
        self.done = len(self.transactions)
        self._answered = len(self._tickets)
        return incomplete
