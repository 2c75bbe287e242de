"""Why a tape is refused: the numbers, and the words with what the file holds quoted as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kedge.units.errors import Rejected

TAPE_MISSING: Final = 1201
"""There is no file at that path."""
TAPE_UNREADABLE: Final = 1202
"""The file is cut short, garbled, not text in UTF-8 or not compressed as its name says."""
TAPE_COLUMNS: Final = 1203
"""The columns are those of no known tape."""
TAPE_ROW: Final = 1204
"""A row cannot be read: it names the row."""
TAPE_EMPTY: Final = 1205
"""There is no trade to replay."""
TAPE_RANGE: Final = 1206
"""A price or size fits no tick and lot within the bounds of the rules."""
TAPE_MARKETS: Final = 1208
"""The tape has more markets than the exchange can list."""
TAPE_TURNOVER: Final = 1209
"""The collateral that the tape's turnover needs is more than the vault can hold."""
TAPE_ORDER: Final = 1210
"""The times of a market go back: the file is not in the order of trading."""
TAPE_LINE: Final = 1211
"""A line is far longer than any trade, or the file unpacks to far more than any tape."""

_NAMES: Final = {
    TAPE_MISSING: "TAPE_MISSING",
    TAPE_UNREADABLE: "TAPE_UNREADABLE",
    TAPE_COLUMNS: "TAPE_COLUMNS",
    TAPE_ROW: "TAPE_ROW",
    TAPE_EMPTY: "TAPE_EMPTY",
    TAPE_RANGE: "TAPE_RANGE",
    TAPE_MARKETS: "TAPE_MARKETS",
    TAPE_TURNOVER: "TAPE_TURNOVER",
    TAPE_ORDER: "TAPE_ORDER",
    TAPE_LINE: "TAPE_LINE",
}
_LONGEST_QUOTE: Final = 120


class TapeError(Rejected):
    """A recorded file that cannot be used; `row` is the row in the file (the first is 1), 0 where none is to blame."""

    def __init__(self, code: int, path: Path, reason: str, row: int = 0) -> None:
        super().__init__(code, _NAMES[code], f"{quote(path.name)}{f', row {row}' if row else ''}: {reason}")
        self.row = row


def quote(text: str) -> str:
    """What a file or its name says, as it is; only what would move the cursor is written as an escape."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text[:200])
    return shown if len(shown) <= _LONGEST_QUOTE else shown[:_LONGEST_QUOTE] + "..."
