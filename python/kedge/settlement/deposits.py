"""Deposits from L1, in order, each once, and true to the chain even when the chain changes its mind."""

from __future__ import annotations

from collections import deque

from kedge.batching import Deposit
from kedge.settlement.chain import Chain
from kedge.settlement.contracts import Deployment, Vault
from kedge.units.errors import Broken, Fault

REMEMBERED_BLOCKS = 256


class DepositWatcher:
    """Reads the Vault's deposits by polling. `start` is the index of the first one wanted (those before are consumed).

    `confirmations` blocks must stand on a deposit before it is given out. Nodes do not tell reliably what a
    reorganisation removed, so the watcher trusts block hashes alone: when its last block has left the chain, it goes
    back to the last block it remembers that is still there, and reads again. A deposit given out that comes back is not
    given out twice; one that comes back different is Broken, since the exchange has credited it.
    """

    def __init__(self, chain: Chain, deployment: Deployment, start: int = 0, confirmations: int = 0) -> None:
        self._chain = chain
        self._vault = Vault(chain, deployment.vault)
        self._first_block = deployment.block
        self._confirmations = confirmations
        self._start = start
        self._seen: list[Deposit] = []
        self._blocks: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED_BLOCKS)
        self._given = start

    @property
    def next_index(self) -> int:
        """The index of the next deposit to be given out."""
        return self._given

    def poll(self) -> list[Deposit]:
        """The deposits that are new since the last call. Fault: L1 is silent; Broken: L1 changed a credited one."""
        first = self._rewind() + 1
        last = self._chain.height() - self._confirmations
        if last < first:
            return []
        end = self._chain.block(last)
        if end is None:
            return []
        for deposit, _ in self._vault.deposits(first, last):
            self._take(deposit)
        still = self._chain.block(last)
        if still is None or still.hash != end.hash:
            return []
        self._blocks.append((last, end.hash))
        new = self._seen[self._given - self._start :]
        self._given += len(new)
        return new

    def _rewind(self) -> int:
        """The number of the last block read that is still in the chain; forgets what stood only in lost blocks."""
        while self._blocks:
            number, known = self._blocks[-1]
            block = self._chain.block(number)
            if block is not None and block.hash == known:
                return number
            self._blocks.pop()
            del self._seen[max(self._given - self._start, 0) :]
        return self._first_block - 1

    def _take(self, deposit: Deposit) -> None:
        place = deposit.index - self._start
        if place < 0:
            return
        if place < len(self._seen):
            if place >= self._given - self._start:
                self._seen[place] = deposit
            elif self._seen[place] != deposit:
                raise Broken(
                    f"L1 replaced deposit {deposit.index} after the exchange credited it: stop and settle by hand"
                )
            return
        if place > len(self._seen):
            raise Fault(
                f"the L1 node left out deposit {self._start + len(self._seen)}; its logs are incomplete, try another"
            )
        self._seen.append(deposit)
