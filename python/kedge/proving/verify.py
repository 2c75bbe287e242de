"""Check a data directory from its files alone: what `kedge verify DIR` says.

Trusted: this program's code, and the digest of `program.json` once the reader has compared it with the rules they mean.
Not trusted: everything in the directory. A file that is missing, cut short, swapped or hostile becomes a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kedge.proving.files import MAX_PROGRAM_BYTES, MAX_PROOF_BYTES, UnreadableFile, read_regular
from kedge.proving.system import NativeToolbox, StateTree, Toolbox, Verifier
from kedge.proving.verdict import CheckedProof, Reason, Verdict
from kedge.sequencer import DataDirectory, Ledger, SealedChunk
from kedge.units.errors import Broken, Fault

Watch = Callable[[int, int], None]
"""Hears how many chunks of how many are checked."""


def verify_directory(root: Path | str, toolbox: Toolbox | None = None, watch: Watch | None = None) -> Verdict:
    """Check program, journal, chunks, published records and proofs; never raises because of what is in the directory.

    Holds only if every sealed chunk has a valid proof and the chunks lead from the empty tree to the last root without
    a gap. Safe beside a running node.
    """
    directory = DataDirectory(root)
    verdict = Verdict(str(root))
    toolbox = toolbox or NativeToolbox()
    verifier = _verifier(directory, toolbox, verdict)
    try:
        ledger = Ledger(directory)
    except (Fault, Broken) as error:
        verdict.find(Reason.JOURNAL_UNREADABLE, None, str(error))
        return verdict
    with ledger:
        if verifier is not None and ledger.program_digest != verifier.digest:
            verdict.find(
                Reason.PROGRAM_MISMATCH,
                None,
                f"the journal is of program {ledger.program_digest.hex()}, the file is {verifier.digest.hex()}",
            )
        _Check(directory, ledger, verifier, toolbox.tree(), verdict).run(watch)
    return verdict


def _verifier(directory: DataDirectory, toolbox: Toolbox, verdict: Verdict) -> Verifier | None:
    try:
        verifier = toolbox.verifier(read_regular(directory.program, MAX_PROGRAM_BYTES))
    except (UnreadableFile, ValueError) as error:
        verdict.find(Reason.PROGRAM_UNREADABLE, None, str(error))
        return None
    verdict.program = verifier.digest.hex()
    return verifier


class _Check:
    """One pass over the chunks of an opened directory."""

    def __init__(
        self, directory: DataDirectory, ledger: Ledger, verifier: Verifier | None, tree: StateTree, verdict: Verdict
    ) -> None:
        self._directory = directory
        self._ledger = ledger
        self._verifier = verifier
        self._tree: StateTree | None = tree
        self._verdict = verdict
        self._root = tree.root()
        self._last = 0

    def run(self, watch: Watch | None) -> None:
        verdict = self._verdict
        verdict.first_root = self._root.hex()
        try:
            chunks = self._ledger.chunks()
        except Broken as error:
            verdict.find(Reason.JOURNAL_UNREADABLE, None, str(error))
            return
        for done, chunk in enumerate(chunks, start=1):
            self._join(chunk, done)
            self._data(chunk)
            self._proof(chunk)
            if watch is not None:
                watch(done, len(chunks))
        verdict.chunks, verdict.transactions, verdict.last_root = len(chunks), self._last, self._root.hex()
        self._journal(chunks)
        self._strays({chunk.number for chunk in chunks})

    def _join(self, chunk: SealedChunk, expected: int) -> None:
        """Numbers, transactions and roots continue those of the chunk before."""
        if chunk.number != expected or chunk.first != self._last + 1 or chunk.last < self._last:
            text = f"expected number {expected} from transaction {self._last + 1}, found {chunk.first}..{chunk.last}"
            self._verdict.find(Reason.CHUNK_GAP, chunk.number, text)
        if chunk.old_root != self._root:
            text = f"starts at {chunk.old_root.hex()}, the state before is {self._root.hex()}"
            self._verdict.find(Reason.ROOT_GAP, chunk.number, text)
        self._last, self._root = max(chunk.last, self._last), chunk.new_root

    def _data(self, chunk: SealedChunk) -> None:
        """The records that the chunk changed give its new root; after one that does not, there is no tree to go on."""
        if self._tree is None:
            return
        try:
            self._tree.update(self._ledger.touched(chunk.number))
            root = self._tree.root()
        except (Broken, ValueError, OverflowError) as error:
            self._verdict.find(Reason.DATA_UNREADABLE, chunk.number, str(error))
            self._tree = None
            return
        if root != chunk.new_root:
            text = f"they give {root.hex()}, the chunk says {chunk.new_root.hex()}"
            self._verdict.find(Reason.DATA_MISMATCH, chunk.number, text)
            self._tree = None

    def _proof(self, chunk: SealedChunk) -> None:
        path = self._directory.proof(chunk.number)
        if not path.exists():
            self._verdict.find(Reason.PROOF_MISSING, chunk.number, f"there is no {path}")
            return
        if self._verifier is None:
            return
        try:
            proof = read_regular(path, MAX_PROOF_BYTES)
            facts = self._verifier.verify(proof)
        except UnreadableFile as error:
            self._verdict.find(Reason.PROOF_UNREADABLE, chunk.number, str(error))
            return
        except ValueError as error:
            self._verdict.find(Reason.PROOF_REFUSED, chunk.number, str(error))
            return
        if (facts["old_root"], facts["new_root"]) != (chunk.old_root, chunk.new_root):
            text = f"it proves {facts['old_root'].hex()} to {facts['new_root'].hex()}"
            self._verdict.find(Reason.PROOF_MISMATCH, chunk.number, text)
            return
        checked = CheckedProof(chunk.number, len(proof), facts["bits_conjectured"], facts["bits_proven"])
        self._verdict.proofs.append(checked)

    def _journal(self, chunks: list[SealedChunk]) -> None:
        """Every group continues the one before, and each chunk ends where a group ends."""
        ends = {0}
        last = 0
        try:
            for group in self._ledger.groups():
                last = group.last
                ends.add(last)
        except Broken as error:
            self._verdict.find(Reason.JOURNAL_DAMAGED, None, str(error))
            return
        self._verdict.open_transactions = max(0, last - self._last)
        for chunk in chunks:
            if chunk.last not in ends:
                text = f"ends with transaction {chunk.last}, which the journal does not have as the end of a group"
                self._verdict.find(Reason.CHUNK_GAP, chunk.number, text)

    def _strays(self, numbers: set[int]) -> None:
        """Proof files that belong to no chunk."""
        known = {self._directory.proof(number).name for number in numbers}
        for path in sorted(self._directory.proofs.glob("*.proof")):
            if path.name not in known:
                self._verdict.find(Reason.PROOF_STRAY, None, f"{path} has no chunk")
