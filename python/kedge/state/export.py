"""A whole state as bytes: every record that is not zero, by ascending address, with the root they must have.

    magic "KEDGESTA" | u16 version | u64 records | root | records of (u64 address | eight i64 words)

Integers are little-endian. The root is a check against damage, not against forgery: compare it with an anchored one.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from kedge.state.tree import Tree
from kedge.units.errors import Fault

_MAGIC: Final = b"KEDGESTA"
_VERSION: Final = 1
_HEADER: Final = Struct("<8sHQ32s")
_RECORD: Final = Struct("<Q8q")


def export_state(tree: Tree) -> bytes:
    """The records of a state; equal states give equal bytes."""
    entries = tree.entries()
    header = _HEADER.pack(_MAGIC, _VERSION, len(entries), tree.root())
    return header + b"".join(_RECORD.pack(address, *words) for address, words in entries)


def import_state(data: bytes) -> Tree:
    """The state that was exported. `Fault` if the bytes are damaged or their records do not have the stated root."""
    if len(data) < _HEADER.size:
        raise Fault("this is no exported state: it is too short; export the state again")
    magic, version, count, root = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != _VERSION:
        raise Fault("this is no exported state of version 1; export the state again")
    if len(data) != _HEADER.size + count * _RECORD.size:
        raise Fault("the exported state is cut short or has bytes to spare; copy it again")
    tree = Tree()
    try:
        tree.update([(address, words) for address, *words in _RECORD.iter_unpack(memoryview(data)[_HEADER.size :])])
    except ValueError as error:
        raise Fault(f"the exported state is damaged ({error}); copy it again") from error
    if tree.root() != root:
        raise Fault("the records of the exported state do not have its root; copy it again")
    return tree
