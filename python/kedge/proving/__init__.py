"""Proving: proofs of sealed chunks, and checking them.

Purpose: turn each sealed chunk into a proof file, in the background and in any order; check a whole data directory, or
one file, from what is on disk alone.

Invariants
- A file under `DIR/proofs` is a whole proof that was checked against its chunk's roots before it got that name.
- A stopped prover loses nothing but the proof it was working on; the next one continues.
- `verify_directory` trusts nothing in the directory and never raises because of it.

Surface: `ProofScheduler(DataDirectory(DIR), NativeProofs(program))` or, in processes of their own,
`ProcessProofs(program, NativeProofs(program))`; `verify_directory(DIR)`; `inspect_proof(FILE)`.
"""

from kedge.proving.chunk import ProofRecord
from kedge.proving.files import MAX_PROGRAM_BYTES
from kedge.proving.inspect import NOT_A_PROOF, PROOF_CODES, inspect_proof
from kedge.proving.processes import ProcessProofs, command_of
from kedge.proving.prover import ProofScheduler, ProverListeners
from kedge.proving.system import (
    CancelLike,
    NativeProofs,
    NativeToolbox,
    Progress,
    ProofCancelled,
    ProofSystem,
    StateTree,
    Toolbox,
    Verifier,
)
from kedge.proving.verdict import CheckedProof, Finding, Reason, Verdict
from kedge.proving.verify import verify_directory

__all__ = [
    "MAX_PROGRAM_BYTES",
    "NOT_A_PROOF",
    "PROOF_CODES",
    "CancelLike",
    "CheckedProof",
    "Finding",
    "NativeProofs",
    "NativeToolbox",
    "ProcessProofs",
    "Progress",
    "ProofCancelled",
    "ProofRecord",
    "ProofScheduler",
    "ProofSystem",
    "ProverListeners",
    "Reason",
    "StateTree",
    "Toolbox",
    "Verdict",
    "Verifier",
    "command_of",
    "inspect_proof",
    "verify_directory",
]
