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
from kedge.show import read_short

KINDS: Final = ("uniform", "exp", "gamma", "slots", "finality", "file")
_MOST_SAMPLES: Final = 1 << 26
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
    """Measured delays in seconds, one per line; a header line is skipped."""
    try:
        lines = [line.strip() for line in read_short(file, _MOST_SAMPLES).splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BAD_FILE.reject(f"{name}: {file}: {error}") from error
    values = []
    for number, line in enumerate(lines):
        try:
            values.append(float(line))
        except ValueError as error:
            if number:
                raise BAD_FILE.reject(f"{name}: {file}, line {number + 1}: {line!r} is no number") from error
    return Samples(values)
