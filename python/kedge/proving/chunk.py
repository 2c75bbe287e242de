"""One chunk: from its witness file to its proof file.

A proof is checked before it is written, and written atomically: a file under `DIR/proofs` is whole and valid. Beside
it, `<8 digits>.json` keeps what it cost.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from kedge.proving.files import MAX_PROOF_BYTES, MAX_WITNESS_BYTES, UnreadableFile, read_regular
from kedge.proving.stopwatch import Stopwatch
from kedge.proving.system import CancelLike, Progress, ProofCancelled, ProofSystem
from kedge.sequencer import DataDirectory, SealedChunk, write_atomic
from kedge.units.errors import Broken, Fault

_log = logging.getLogger(__name__)
_RETRY_SECONDS: Final = 1.0
_STAGES: Final = {"replay": "witness", "keys": "witness", "trace": "witness", "proof": "prove", "verify": "verify"}
"""The proof system's own stages, as this room counts them."""


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """A proof on disk: its size in bytes, its conjectured security in bits, the seconds it took by stage.

    Stages: `queue` (submitted until started), `witness` (reading it, replaying it, filling the tables), `prove`,
    `verify`, `write`. `resumed` when a valid file was already there; its seconds are then those of the check alone.
    `proof` is the SHA-256 of the file, `roots` those that it joins, all in hexadecimal.
    """

    number: int
    size: int
    bits: float
    resumed: bool
    proof: str
    roots: tuple[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """time_to_proof: from submission to the proof on disk."""
        return sum(self.seconds.values())


class ChunkProver:
    """Proves chunks of one data directory. `stop` ends the wait for space on a full disk."""

    def __init__(self, directory: DataDirectory, system: ProofSystem, stop: threading.Event) -> None:
        self._directory = directory
        self._system = system
        self._stop = stop

    def make_cancel(self) -> CancelLike:
        """A token for one `prove`."""
        return self._system.make_cancel()

    def prove(self, chunk: SealedChunk, submitted: float, progress: Progress, cancel: CancelLike) -> ProofRecord:
        """The proof of `chunk` on disk, made unless it is there; `submitted` is of `time.monotonic`.

        `ProofCancelled` when cancelled, `Broken` when there can be no proof.
        """
        watch = Stopwatch(submitted)
        watch.lap("queue")
        existing = self._existing(chunk, watch)
        if existing is not None:
            return existing
        witness = self._witness(chunk)

        def watched(stage: str, part: float) -> None:
            if part >= 1.0:
                watch.lap(_STAGES.get(stage, "prove"))
            progress(stage, part)

        watch.lap("witness")
        proof = self._system.prove(witness, watched, cancel)
        watch.lap("prove")
        bits = self._check(chunk, proof)
        watch.lap("verify")
        self._write(chunk.number, proof)
        watch.lap("write")
        record = _record(chunk, proof, bits, False, watch)
        self._note(record)
        return record

    def _existing(self, chunk: SealedChunk, watch: Stopwatch) -> ProofRecord | None:
        """The valid proof that is already there: the one that was noted, or else one that holds."""
        try:
            proof = read_regular(self._directory.proof(chunk.number), MAX_PROOF_BYTES)
            bits = self._noted(chunk, proof)
            bits = self._check(chunk, proof) if bits is None else bits
        except (UnreadableFile, Broken):
            return None
        watch.lap("verify")
        return _record(chunk, proof, bits, True, watch)

    def _noted(self, chunk: SealedChunk, proof: bytes) -> float | None:
        """Bits of a proof that was checked for this chunk when its note was written; None when it has no such note."""
        expected = _record(chunk, proof, 0.0, False, Stopwatch(0.0))
        try:
            note = json.loads(self._note_of(chunk.number).read_bytes())
            noted = (note["proof"], tuple(note["roots"]), note["program"])
            return float(note["bits"]) if noted == (expected.proof, expected.roots, self._system.digest.hex()) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _witness(self, chunk: SealedChunk) -> bytes:
        """The witness that was sealed, byte for byte."""
        advice = f"remove {self._directory.snapshots} and restart the node: it writes every witness again"
        try:
            witness = read_regular(chunk.witness, MAX_WITNESS_BYTES)
        except UnreadableFile as error:
            raise Broken(f"{error}; {advice}") from error
        if hashlib.sha256(witness).digest() != chunk.witness_digest:
            raise Broken(f"{chunk.witness} is not what was sealed; {advice}")
        return witness

    def _check(self, chunk: SealedChunk, proof: bytes) -> float:
        """Conjectured bits of a proof that holds for exactly this chunk; `Broken` otherwise."""
        try:
            facts = self._system.verify(proof)
        except ValueError as error:
            raise Broken(f"its proof does not hold: {error}") from error
        if (facts["old_root"], facts["new_root"]) != (chunk.old_root, chunk.new_root):
            raise Broken("its proof is for other roots")
        return float(facts["bits_conjectured"])

    def _write(self, number: int, proof: bytes) -> None:
        """Put the proof on disk; while the disk refuses, try again."""
        while True:
            try:
                return write_atomic(self._directory.proof(number), proof)
            except Fault as fault:
                _log.error("%s", fault)
                if self._stop.wait(_RETRY_SECONDS):
                    raise ProofCancelled from fault

    def _note(self, record: ProofRecord) -> None:
        """What the proof cost, for reports; a proof without its note is still a proof."""
        note = self._note_of(record.number)
        facts = {**asdict(record), "program": self._system.digest.hex()}
        try:
            note.write_text(json.dumps(facts, sort_keys=True) + "\n")
        except OSError as error:
            _log.warning("cannot write %s: %s", note, error)

    def _note_of(self, number: int) -> Path:
        return self._directory.proof(number).with_suffix(".json")


def _record(chunk: SealedChunk, proof: bytes, bits: float, resumed: bool, watch: Stopwatch) -> ProofRecord:
    digest = hashlib.sha256(proof).hexdigest()
    roots = (chunk.old_root.hex(), chunk.new_root.hex())
    return ProofRecord(chunk.number, len(proof), bits, resumed, digest, roots, watch.seconds)
