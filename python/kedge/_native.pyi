"""The native engine: interpreter, prover, verifier, Merkle tree.

Words of records, arguments and event fields are signed integers: the centred lift of a field element, at most 2^63 in
magnitude. Digests and roots are 32 bytes: four words, each little-endian. Malformed input raises `ValueError` with the
reason. Long calls release the GIL; a panic inside raises `NativePanic`, after which the object it happened in refuses
every further call. The module keeps threads of its own: start workers by `spawn`, a forked child would wait for them.
"""

from collections.abc import Callable, Sequence
from typing import TypedDict, final

class NativePanic(RuntimeError):
    """The native code failed an assertion of its own: treat it as `kedge.units.errors.Broken`."""

class Cancelled(Exception):
    """`prove` stopped because its `Cancel` was set."""

class WitnessInfo(TypedDict):
    """What a witness will cost to prove."""

    old_root: bytes
    new_root: bytes
    steps: dict[str, int]
    """Runs of each step."""
    rows: dict[str, int]
    """Rows of each table in use."""
    heights: dict[str, int]
    """Rows of each table, padding included."""
    permutations: int

class Usage(TypedDict):
    """What an open chunk will cost to prove and to publish."""

    steps: dict[str, int]
    """Runs of each step: the rows of its table."""
    leaves: int
    nodes: int
    permutations: int
    """Looked up by leaves, nodes and steps that hash; equal ones share a row, so the table has no more rows."""
    bytes: int
    """Greatest length of its messages and changed records in a batch."""

class Report(TypedDict):
    """What a proof proves, and how well."""

    old_root: bytes
    new_root: bytes
    program: bytes
    bits_conjectured: float
    bits_proven: float
    terms: list[tuple[str, float]]
    """Conjectured bits, term by term."""
    terms_proven: list[tuple[str, float]]
    regime_proven: str
    tables: list[tuple[str, int]]
    """Name and log2 of the height."""

@final
class Program:
    """A parsed and validated program; `ValueError` with the reason if the bytes are not one."""

    def __new__(cls, data: bytes) -> Program: ...
    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: the identity of the rules."""
    @property
    def step_names(self) -> list[str]: ...

@final
class Engine:
    """The state machine: executes transactions on records in memory; each is accepted whole or leaves no trace."""

    def __new__(cls, program: Program) -> Engine: ...
    @staticmethod
    def restore(program: Program, snapshot: bytes) -> Engine: ...
    def snapshot(self) -> bytes:
        """Everything: records and advice indexes."""
    def submit(self, step: str, args: Sequence[int]) -> tuple[int, list[tuple[str, list[int]]], int]:
        """Run one transaction: code (0 = accepted), events (name, fields), number of steps run.

        An unknown step, or an argument out of its bounds (however large), is refused as MALFORMED (1).
        """
    def submit_many(
        self, txs: Sequence[tuple[str, Sequence[int]]]
    ) -> list[tuple[int, list[tuple[str, list[int]]], int]]:
        """`submit` each in order."""
    def get(self, address: int) -> list[int]:
        """The eight words of a record."""
    def entries(self) -> list[tuple[int, list[int]]]:
        """All records that are not zero, by ascending address."""
    def root(self) -> bytes:
        """Root of the state after the last accepted transaction."""
    @property
    def steps_in_chunk(self) -> int: ...
    def usage(self) -> Usage:
        """What the open chunk will cost: an empty one has the root's node."""
    def seal(self) -> Sealed:
        """End the chunk; it may be empty."""

@final
class Sealed:
    """A finished chunk: two roots, the records whose words changed, and what a prover needs."""

    @property
    def old_root(self) -> bytes: ...
    @property
    def new_root(self) -> bytes: ...
    @property
    def witness(self) -> bytes: ...
    @property
    def touched(self) -> list[tuple[int, list[int]]]: ...
    @property
    def steps(self) -> int: ...

@final
class Cancel:
    """Stops a `prove` that runs in another thread."""

    def __new__(cls) -> Cancel: ...
    def cancel(self) -> None: ...
    @property
    def is_cancelled(self) -> bool: ...

@final
class Tree:
    """A sparse Merkle tree of records with its root always current.

    Words given may be signed or canonical (0 to p - 1); words returned are signed.
    """

    def __new__(cls) -> Tree: ...
    def set(self, address: int, words: Sequence[int]) -> None: ...
    def update(self, changes: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Replace records, hashing each touched node once; the last one counts where an address is repeated."""
    def get(self, address: int) -> list[int]: ...
    def entries(self) -> list[tuple[int, list[int]]]: ...
    def root(self) -> bytes: ...
    def path(self, address: int) -> tuple[list[int], list[list[bytes]]]:
        """The record that shares the leaf, and three siblings on each of 18 levels from the leaf up."""
    def __len__(self) -> int: ...
    @staticmethod
    def empty_root() -> bytes: ...
    @staticmethod
    def path_root(
        address: int, words: Sequence[int], partner: Sequence[int], siblings: Sequence[Sequence[bytes]]
    ) -> bytes:
        """The root under which the address holds these words, if this is its path."""

def poseidon2(words: Sequence[int]) -> list[int]:
    """H: sixteen field elements to four, each from 0 to p - 1; `out[i] = P(words)[i] + words[i]`."""

def witness_info(program: Program, witness: bytes) -> WitnessInfo:
    """Replay a witness and count what a proof of it takes."""

def traces(program: Program, witness: bytes) -> dict[str, list[list[int]]]:
    """Table name to rows of field elements (0 to p - 1), padding included; what `check` takes."""

def check(program: Program, traces: dict[str, list[list[int]]], old_root: bytes, new_root: bytes) -> list[str]:
    """Evaluate every constraint on every row and balance every bus exactly; the first 20 failures, [] if none."""

def survivors(
    program: Program, witness: bytes, deltas: Sequence[int], rows: int = 3
) -> list[tuple[str, int, str, int]]:
    """Add each delta to each cell of `rows` rows in use of each table; the changes that nothing notices.

    A change: table, row, column, value held instead. Padding rows are not looked at: only `on` matters in them.
    """

def prove(
    program: Program,
    witness: bytes,
    progress: Callable[[str, float], None] | None = None,
    cancel: Cancel | None = None,
) -> bytes:
    """The proof file of a chunk. `progress` hears the stage and the part done, 0 to 1; `Cancelled` when cancelled."""

def verify(program: Program, proof: bytes) -> Report:
    """Check a proof file against a program; `ValueError` with the reason if it does not hold."""
