"""Kedge: a derivatives exchange that proves each of its rules.

An order becomes a step of a program, the step a row, the rows a proof, the proof a root, the root a certainty on L1.
The rooms follow that sentence and import in one direction only:

    units <- machine <- rules <- state <- sequencer <- batching <- proving <- settlement <- node <- cli
    lab may import anything below node

Invariants: a rule is written once, and executor and prover read the same program; rules are pure; three kinds of
failure (`Rejected`, `Fault`, `Broken` in `kedge.units.errors`). `kedge._native` is the engine in Rust.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
