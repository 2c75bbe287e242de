"""Values of a record of L1 receipts, whatever holds it: JSON as lines or documents, CSV; gzip or not; at bounded cost.

A node, a library and an explorer write the same receipts in many ways. Here the bytes become values, one after the
other; `receipt_dialects` says what a value means. At the top level of JSON, brackets and commas count as blanks, so a
list, a line per list, a line per object and pretty-printed objects one after the other all read the same, however long
the list is. What cannot be read comes as `Unread` with its line; only a file that is no text at all is refused (1414).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from kedge.risk.errors import BAD_FILE, EMPTY_SERIES

MOST_VALUE: Final = 32 << 20
"""Characters of the longest JSON value, line or row: more than nodes put into one answer (geth stops at 25 MB)."""
MOST_RATIO: Final = 200
"""Times its own size that a gzip may unpack to; receipts reach 7 to 30."""
_CHUNK: Final = 1 << 20
_UNREADABLE: Final = (OSError, EOFError, zlib.error)

_MAGIC: Final = {
    b"PK\x03\x04": "a ZIP archive: unpack it",
    b"\x1f\x8b": "gzip inside gzip: unpack it once",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it",
    b"BZh": "a bzip2 archive: unpack it",
    b"\xfd7zXZ": "an xz archive: unpack it",
    b"PAR1": "a Parquet file: export it as CSV or JSON",
    b"SQLite format 3": "an SQLite database: export it as CSV or JSON",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16: save it as UTF-8",
    b"\xfe\xff": "UTF-16: save it as UTF-8",
    b"\x00\x00\xfe\xff": "UTF-32: save it as UTF-8",
}
_PRINTS: Final = (
    (re.compile(r"AttributeDict\(|HexBytes\("), "a Python print: write Web3.to_json(receipt)"),
    (re.compile(r"\{\s*\w+: "), "a JavaScript print: write JSON.stringify, bigints as strings"),
    (re.compile(r"\w+ {2,}\S"), "a table as cast prints it: add --json"),
    (re.compile(r"<"), "a web page or XML"),
    (re.compile(r"0x[0-9a-fA-F]{64}$"), "a bare hash: the receipt itself is needed"),
    (
        re.compile(r"[^{\[\s]+(?:[,;\t][^{\[\s]*){3}"),
        "cells without a heading that names them: a CSV needs a first line of column names",
    ),
)
_BIGINT: Final = re.compile(r"(?<=\d)n(?=\s*[,}\]])")
_SPACE: Final = re.compile(r"\s*")
_BLANK: Final = re.compile(r"[\s,\[\]]*")
_MOST_DIGITS: Final = 80
_LONGEST_WORD: Final = 16
"""Characters before the end of the text within which a cut literal or escape is reported."""
_MOST_HEADING: Final = 1 << 16

NO_OBJECT: Final = "a value that is no JSON object"
_DEEP: Final = "not JSON: nested too deeply"


@dataclass(frozen=True)
class Unread:
    """Something in the file that was not understood: why, and the line it began on (0: unknown)."""

    reason: str
    line: int = 0


@dataclass(frozen=True)
class Source:
    """An open file: its name, what it looks like, its column names as keys (CSV only), its values in order."""

    name: str
    looks: str
    columns: tuple[str, ...]
    values: Iterator[object]


@lru_cache(maxsize=4096)
def get_key(name: str) -> str:
    """A field's name without case and separators: `transaction_hash`, `Transaction Hash`, `evt_tx_hash` -> `txhash`."""
    plain = re.sub(r"[^a-z0-9]", "", name[:64].lower())
    return re.sub(r"^(?:evt|call)(?=tx|block|success)", "", plain).replace("transaction", "tx", 1)


def show_names(names: Iterator[str] | tuple[str, ...]) -> str:
    """The first dozen names, each cut to what a message can carry."""
    shown = [re.sub(r"[^\w .-]", "?", name[:24]) for name, _ in zip(names, range(13), strict=False)]
    return ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")


def _read_digits(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else f"{digits[:20]}..."


class Doubled(dict[str, object]):
    """An object in which two fields of one name (`name`) say different things: nothing tells which of them holds."""

    name = ""


def join_fields(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The object with these fields, `Doubled` where two of one name differ."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found and found[name] != value:
            found = found if isinstance(found, Doubled) else Doubled(found)
            found.name = name
        found[name] = value
    return found


_DECODER: Final = json.JSONDecoder(parse_int=_read_digits, object_pairs_hook=join_fields)


class _Window:
    """The text of a file through a buffer that never outgrows one value."""

    def __init__(self, file: TextIO, name: str, budget: int | None) -> None:
        self.text, self.at, self.line = "", 0, 1
        self.spans = True
        """Values may span lines; given up for good after one that failed to, so that reading stays linear."""
        self._file, self._name, self._left, self._bigints = file, name, budget, False

    def grow(self) -> bool:
        """Read on, dropping what was consumed; False at the end of the file."""
        kept = len(self.text) - self.at
        if kept > MOST_VALUE:
            raise BAD_FILE.reject(
                f"{self._name}, line {self.line}: a value of more than {MOST_VALUE >> 20} MiB; write one receipt a line"
            )
        try:
            fresh = self._file.read(min(max(_CHUNK, kept), MOST_VALUE + 1 - kept))
        except _UNREADABLE as error:
            raise BAD_FILE.reject(f"{self._name}: {error}") from error
        if self._left is not None:
            self._left -= len(fresh)
            if self._left < 0:
                raise BAD_FILE.reject(f"{self._name} unpacks to more than {MOST_RATIO} times its size: no record does")
        self.text, self.at = self.text[self.at :] + fresh, 0
        if self._bigints:
            self.text = _BIGINT.sub("", self.text)
        return bool(fresh)

    def move(self, at: int) -> None:
        """Consume the text up to there."""
        self.line += self.text.count("\n", self.at, at)
        self.at = at

    def find_end(self) -> int:
        """Where the line that begins here ends."""
        start = 0
        while (end := self.text.find("\n", self.at + start)) < 0:
            start = len(self.text) - self.at
            if not self.grow():
                return len(self.text)
        return end

    def skip_blanks(self, blank: re.Pattern[str] = _BLANK) -> bool:
        """Move to the next value; False where there is none."""
        while True:
            found = blank.match(self.text, self.at)
            self.move(found.end() if found else self.at)
            if self.at < len(self.text):
                return True
            if not self.grow():
                return False

    def drop_bigints(self, at: int) -> bool:
        """Read JavaScript's 123n as 123 from here on, if that is what stands there."""
        if self._bigints or not self.text.startswith("n", at) or not self.text[at - 1 : at].isdigit():
            return False
        self._bigints, self.text = True, self.text[: self.at] + _BIGINT.sub("", self.text[self.at :])
        return True


def _guess(text: str) -> str:
    """What a line that is not JSON looks like, or an empty text."""
    return next((words for pattern, words in _PRINTS if pattern.match(text)), "")


def _fail(window: _Window, problem: str) -> Unread:
    """Give the line up: what it looks like, else what is wrong with it."""
    line, end = window.line, window.find_end()
    guess = _guess(window.text[window.at : window.at + 200].strip())
    window.move(end)
    return Unread(f"not JSON: {guess}" if guess else problem, line)


def _decode(window: _Window) -> object:
    """The value that begins here and may span lines; or Unread, and the rest of its line is given up."""
    while True:
        try:
            value, stop = _DECODER.raw_decode(window.text, window.at)
        except RecursionError:
            window.spans = False
            return _fail(window, _DEEP)
        except json.JSONDecodeError as error:
            is_string, length = error.msg.startswith("Unterminated"), error.pos - window.at
            ends_early = is_string or error.pos >= len(window.text.rstrip())
            if window.drop_bigints(error.pos):
                continue
            if (is_string or error.pos >= len(window.text) - _LONGEST_WORD) and window.grow():
                continue
            window.spans = length <= window.find_end() - window.at
            return _fail(window, f"not JSON: {'it ends inside a value' if ends_early else error.msg}")
        if not isinstance(value, dict):
            return _fail(window, NO_OBJECT)
        window.move(stop)
        return value


def _decode_line(window: _Window) -> Iterator[object]:
    """The values of one line, each within it."""
    end, at = window.find_end(), 0
    line = window.text[window.at : end]
    while (found := _BLANK.match(line, at)) and found.end() < len(line):
        try:
            value, at = _DECODER.raw_decode(line, found.end())
        except (RecursionError, json.JSONDecodeError) as error:
            yield _fail(window, f"not JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else _DEEP)
            return
        if not isinstance(value, dict):
            yield _fail(window, NO_OBJECT)
            return
        yield value
    window.move(end)


def _read_json(window: _Window) -> Iterator[object]:
    while window.skip_blanks():
        if window.spans:
            yield _decode(window)
        else:
            yield from _decode_line(window)


def _read_lines(window: _Window) -> Iterator[tuple[int, str]]:
    while window.at < len(window.text) or window.grow():
        number, end = window.line, window.find_end()
        line = window.text[window.at : end]
        window.move(min(end + 1, len(window.text)))
        yield number, line


def _read_rows(window: _Window, columns: list[str], delimiter: str) -> Iterator[object]:
    """Row by row, a line each: a quotation mark that is not closed would otherwise swallow the receipts behind it."""
    csv.field_size_limit(MOST_VALUE)  # call data of a batch is longer than Python's limit
    lines = _read_lines(window)
    next(lines)
    for number, line in lines:
        try:
            row = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            is_open = "end of data" in str(error)
            yield Unread(f"not CSV: {'a quotation mark is not closed on its line' if is_open else error}", number)
            continue
        if len(row) == len(columns):
            yield join_fields(zip(columns, row, strict=True))
        elif row:
            yield Unread("a row with another number of cells than the heading", number)


def _find_columns(window: _Window) -> tuple[list[str], str]:
    """Column names of the first line and what parts them; no names where it is no heading of a CSV."""
    if len(window.text) - window.at < _MOST_HEADING:
        window.grow()
    start = window.text[window.at : window.at + _MOST_HEADING].split("\n", 1)[0]
    if start.startswith(("{", "[")):
        return [], ""
    delimiter = max(",;\t", key=start.count)
    try:
        names = [name.strip() for name in next(csv.reader([start], delimiter=delimiter), [])]
    except csv.Error:
        return [], ""
    known = {"txhash", "hash", "blocknumber", "blockno", "timestamp", "blocktime"}
    return (names, delimiter) if len(names) > 1 and known & {get_key(name) for name in names} else ([], "")


def _unpack(raw: io.BufferedReader, path: Path) -> tuple[BinaryIO, int | None]:
    """The bytes inside, and how many of them at most (None: as many as there are)."""
    if raw.peek(2)[:2] != b"\x1f\x8b":
        return raw, None
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)), max(2 * MOST_VALUE, MOST_RATIO * path.stat().st_size)


def refuse_other(head: bytes, name: str) -> None:
    """Refuse (1414) a file whose first bytes are not those of a text in UTF-8; the text says what it looks like."""
    for magic, words in _MAGIC.items():
        if head.startswith(magic):
            raise BAD_FILE.reject(f"{name} looks like {words}")
    if b"\x00" in head:
        is_wide = head[1::2].count(0) > len(head) // 3 or head[::2].count(0) > len(head) // 3
        raise BAD_FILE.reject(f"{name} looks like {'UTF-16: save it as UTF-8' if is_wide else 'binary data'}")


@contextmanager
def open_record(path: Path) -> Iterator[Source]:
    """The file as a source of values; refuses (1414) what is no text or cannot be read, (1403) what is empty."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BAD_FILE.reject(f"{path}: {error.strerror}") from error
    with raw:
        try:
            data, budget = _unpack(raw, path)
            head = cast("io.BufferedReader", data).peek(4096)[:4096]
        except _UNREADABLE as error:
            raise BAD_FILE.reject(f"{path}: {error}") from error
        refuse_other(head, str(path))
        window = _Window(io.TextIOWrapper(data, encoding="utf-8-sig", errors="replace"), str(path), budget)
        if not window.skip_blanks(_SPACE):
            raise EMPTY_SERIES.reject(f"{path} is empty")
        columns, delimiter = _find_columns(window)
        if columns:
            looks = f"CSV with the columns {show_names(tuple(columns))}"
            yield Source(str(path), looks, tuple(map(get_key, columns)), _read_rows(window, columns, delimiter))
        else:
            looks = (
                "JSON"
                if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
                else "text that is neither JSON nor CSV"
            )
            yield Source(str(path), looks, (), _read_json(window))
