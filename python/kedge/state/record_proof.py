"""Proof that a state holds one record: what somebody can check who knows nothing but the root."""

from __future__ import annotations

from dataclasses import dataclass

from kedge.state.tree import Tree


@dataclass(frozen=True, slots=True)
class RecordProof:
    """A record with its Merkle path.

    Proves, together with a root: under that root `address` holds `words`. A record of zeros proves absence.
    """

    address: int
    words: tuple[int, ...]
    partner: tuple[int, ...]
    """The record that shares the leaf."""
    siblings: tuple[tuple[bytes, ...], ...]
    """Three digests on each of the 18 levels, from the leaf up, by ascending position among the children."""

    def compute_root(self) -> bytes:
        """The root under which this record is held; `ValueError` if a part is malformed."""
        return Tree.path_root(self.address, self.words, self.partner, self.siblings)

    def is_under(self, root: bytes) -> bool:
        """Whether the record is held under this root; a malformed proof is not."""
        try:
            return self.compute_root() == root
        except ValueError:
            return False


def prove_record(tree: Tree, address: int) -> RecordProof:
    """The record at an address of a state, with its path. `ValueError` if there is no such address."""
    partner, siblings = tree.path(address)
    return RecordProof(address, tuple(tree.get(address)), tuple(partner), tuple(tuple(three) for three in siblings))
