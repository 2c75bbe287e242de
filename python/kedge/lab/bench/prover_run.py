"""The child of the prover's benchmark: one chunk, proven again and again by the scheduler that a node uses."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from kedge.lab.bench.apart import Told
from kedge.proving import NativeProofs, ProofScheduler
from kedge.rules import program
from kedge.sequencer import DataDirectory, SealedChunk
from kedge.show import peak_memory


class ProverJob(msgspec.Struct, frozen=True):
    """Prove chunk `chunk` of the data directory `folder` `runs` times, after one time that does not count.

    `roots` before and after it; `witness` is the SHA-256 of its witness file. A journal is not needed.
    """

    folder: str
    chunk: int
    roots: tuple[bytes, bytes]
    witness: bytes
    runs: int


class ProverFigures(msgspec.Struct, frozen=True):
    """`stages`: seconds by stage, one entry per run; `first`: time_to_proof of the run that made the keys.

    `verify`: seconds of checking the file by itself. Sizes in bytes; `idle` is the peak memory before the first proof,
    `peak` after all.
    """

    stages: list[dict[str, float]]
    first: float
    verify: list[float]
    proof: int
    bits: float
    idle: int
    peak: int


def run_prover(job: ProverJob, told: Told) -> ProverFigures:
    """Prove and check."""
    directory = DataDirectory(Path(job.folder))
    chunk = SealedChunk(job.chunk, 1, 0, 0, *job.roots, 0, job.witness, directory.witness(job.chunk))
    system, idle, stages = NativeProofs(program().data), peak_memory(), []
    for run in range(job.runs + 1):
        told(f"proof {run} of {job.runs}" if run else "first proof", run / (job.runs + 1))
        stages.append(_prove(directory, chunk, system))
    peak, proof = peak_memory(), directory.proof(chunk.number).read_bytes()
    verify = [_seconds_to_verify(system, proof) for _ in range(max(3, job.runs))]
    bits = float(system.verify(proof)["bits_conjectured"])
    return ProverFigures(stages[1:], sum(stages[0].values()), verify, len(proof), bits, idle, peak)


def _prove(directory: DataDirectory, chunk: SealedChunk, system: NativeProofs) -> dict[str, float]:
    """Seconds by stage from submission to the proof on disk, as if it had never been proven."""
    for path in (directory.proof(chunk.number), directory.proof(chunk.number).with_suffix(".json")):
        path.unlink(missing_ok=True)
    with ProofScheduler(directory, system) as scheduler:
        scheduler.submit(chunk)
        scheduler.wait()
        return scheduler.records[0].seconds


def _seconds_to_verify(system: NativeProofs, proof: bytes) -> float:
    begin = time.perf_counter()
    system.verify(proof)
    return time.perf_counter() - begin
