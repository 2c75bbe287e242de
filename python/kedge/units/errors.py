"""The three kinds of failure.

KedgeError
├── Rejected   a rule said no: numbered, expected, the state is untouched
├── Fault      the world failed (disk, network, L1): retry may help
└── Broken     an invariant of ours failed: stop, nothing may continue
"""

from __future__ import annotations

from typing import NamedTuple


class KedgeError(Exception):
    """Root of every failure that Kedge raises on purpose."""


class Rejected(KedgeError):
    """A rule refused a transaction.

    `code` is the number that the program, the sequencer's receipt and the documentation share; 0 never occurs here.
    """

    def __init__(self, code: int, name: str, text: str = "") -> None:
        super().__init__(f"{code} {name}" + (f": {text}" if text else ""))
        self.code = code
        self.name = name
        self.text = text


class Fault(KedgeError):
    """The world failed; the message says what to do before trying again."""


class Broken(KedgeError):
    """One of our own invariants failed; the process must stop rather than continue from a wrong state."""


class Refusal(NamedTuple):
    """One numbered reason: `name` is stable for machines, `text` is for people."""

    code: int
    name: str
    text: str

    def reject(self, detail: str = "") -> Rejected:
        """The exception that carries this reason; `detail` names the offending value."""
        return Rejected(self.code, self.name, f"{self.text}: {detail}" if detail else self.text)
