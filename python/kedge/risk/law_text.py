"""Laws of a delay as people write them: `"5min"`, `"uniform(1min, 3min)"`, `"exp(1min)"`, `"gamma(5min, 30%)"`,
`"slots(80%)"`, `"finality"`, `"file:proof-times.csv"` (one delay in seconds per line).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from kedge.risk import units
from kedge.risk.errors import BAD_FILE, UNKNOWN_NAME
from kedge.risk.laws import Fixed, Gamma, Law, Samples, Slots, Uniform, WholeSlots
from kedge.risk.price_columns import read_number
from kedge.risk.recorded import UNREADABLE, read_lines

KINDS: Final = ("uniform", "exp", "gamma", "slots", "finality", "file")
_CALL: Final = re.compile(r"^\s*([a-z]+)\s*\(\s*([^)]*)\)\s*$")


def parse_law(text: str, name: str) -> Law:
    """The law that `text` describes; a plain time is a fixed delay. `name` is used in refusals."""
    if text.startswith("file:"):
        return read_samples(Path(text.removeprefix("file:")), name)
    if text.strip() == "finality":
        return WholeSlots()
    found = _CALL.match(text)
    if found is None:
        return Fixed(units.time(text, name))
    kind, parts = found.group(1), [part.strip() for part in found.group(2).split(",")]
    if kind == "uniform" and len(parts) == 2:
        return Uniform(units.time(parts[0], name), units.time(parts[1], name))
    if kind == "exp" and len(parts) == 1:
        return Gamma(units.time(parts[0], name))
    if kind == "gamma" and len(parts) == 2:
        return Gamma(units.time(parts[0], name), units.fraction(parts[1], name))
    if kind == "slots" and len(parts) == 1:
        return Slots(units.fraction(parts[0], name))
    raise UNKNOWN_NAME.reject(f"{name} = {text!r}; known: a time, {', '.join(KINDS)} with their arguments")


def read_samples(file: Path, name: str) -> Samples:
    """Measured delays in seconds, one per line; a first line without a digit is a heading."""
    values: list[float] = []
    try:
        for number, line in enumerate(read_lines(file), 1):
            text = line.strip()
            value = read_number(text)
            if value is not None:
                values.append(value)
            elif text and (number > 1 or any(letter.isdigit() for letter in text)):
                raise BAD_FILE.reject(f"{name}: {file}, line {number}: {text[:80]!r} is no number of seconds")
    except UNREADABLE as error:
        raise BAD_FILE.reject(f"{name}: {file}: {error}") from error
    return Samples(values)
