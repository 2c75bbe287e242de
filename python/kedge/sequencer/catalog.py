"""The program's table of contents, as far as the sequencer needs it: steps, their arguments, codes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from struct import Struct
from typing import Any

from kedge.sequencer.codes import ADMISSION_CODES
from kedge.units.errors import Refusal

_I64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class StepCard:
    """One step: its number (position in the program), the names and inclusive bounds of its arguments, its packing.

    `packing` is the number as u16 and every argument as i64, little-endian: fixed width, so each transaction has
    exactly one encoding.
    """

    number: int
    name: str
    arguments: tuple[str, ...]
    lows: tuple[int, ...]
    highs: tuple[int, ...]
    packing: Struct


class Catalog:
    """Steps and codes of one program. `ValueError` with the reason when the bytes are not a program."""

    def __init__(self, program: bytes) -> None:
        facts = _parse(program)
        self.digest = hashlib.sha256(program).digest()
        self.steps = tuple(_card(number, step) for number, step in enumerate(facts["steps"]))
        self.by_name = {card.name: card for card in self.steps}
        follow_on = {name for phase in facts["phases"] for name in phase["steps"]}
        self.transactions = frozenset(self.by_name) - follow_on
        self.codes = _codes(facts["codes"])

    def describe(self, code: int) -> Refusal:
        """Name and text of a code; an unlisted one still has a name, so that no refusal is silent."""
        return self.codes.get(code) or Refusal(code, f"CODE_{code}", "the program does not name this code")


def _parse(program: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(program)
        lists = all(isinstance(facts[key], list) for key in ("steps", "phases", "codes"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a program: {error}") from error
    if not lists or facts.get("format") != 1:
        raise ValueError("not a program of format 1")
    return dict(facts)


def _card(number: int, step: dict[str, Any]) -> StepCard:
    try:
        inputs = [(str(name), int(low), int(high)) for name, low, high in step["inputs"]]
        name = str(step["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"step {number} of the program is malformed: {error}") from error
    for argument, low, high in inputs:
        if low not in _I64 or high not in _I64:
            raise ValueError(f"step {name}: the bounds of {argument} do not fit 64 bits")
    return StepCard(
        number,
        name,
        tuple(argument for argument, _, _ in inputs),
        tuple(low for _, low, _ in inputs),
        tuple(high for _, _, high in inputs),
        Struct(f"<H{len(inputs)}q"),
    )


def _codes(listed: list[Any]) -> dict[int, Refusal]:
    """The program's codes and admission's, by number; a program cannot take one of admission's."""
    try:
        codes = {int(code): Refusal(int(code), str(name), str(text)) for code, name, text in listed}
    except (TypeError, ValueError) as error:
        raise ValueError(f"the codes of the program are malformed: {error}") from error
    return codes | {refusal.code: refusal for refusal in ADMISSION_CODES}
