"""Trade files as rows of text: plain, gzip or zip, read in bounded blocks.

pyarrow cuts rows and cells; every cell stays the text that the file holds, so that no decimal passes through a float.
Blank lines are left out and not counted. Whatever the file unpacks to, no more than a few blocks are in memory.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, Protocol, Self

from kedge.lab.refusals import TAPE_COLUMNS, TAPE_LINE, TAPE_MISSING, TAPE_ROW, TAPE_UNREADABLE, TapeError, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.csv import InvalidRow

Progress = Callable[[int], None]
"""Called with the number of rows read so far; what it raises ends the reading."""

LONGEST_LINE: Final = 1 << 16
_BLOCK: Final = 1 << 20
_MARK: Final = b"\xef\xbb\xbf"
_END: Final = re.compile(rb"\r\n|\r|\n")
_ROOM: Final = 1 << 26
_MOST_FOLD: Final = 100
"""Tapes shrink to a fifth or a tenth; a file beyond `_ROOM` bytes that shrank more than this is no tape."""
_BROKEN: Final = (OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class _Bytes(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class TapeFile:
    """An open trade file. `first` are the cells of its first row, which may be a header."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self.path, self.row = path, 0
        self._open = ExitStack()
        try:
            self._text = _Bounded(self, self._unpack(), path.stat().st_size, progress)
            self.first = self._first_row()
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def cells(self, columns: Sequence[int], has_header: bool) -> Iterator[tuple[str, ...]]:
        """The cells of some columns, row by row; `row` counts along, a header being row 1."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        names = [str(place) for place in range(len(self.first))]
        self.row = int(has_header)
        try:
            reader = arrow.open_csv(
                self._text,
                arrow.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=self.row),
                arrow.ParseOptions(invalid_row_handler=self._refuse_row),
                arrow.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=[names[place] for place in columns],
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                for row in zip(*[column.to_pylist() for column in batch.columns], strict=True):
                    self.row += 1
                    yield row
        except pa.ArrowInvalid as failure:
            if "Empty CSV" not in str(failure):
                raise self._damaged(failure) from None

    def _damaged(self, failure: pa.ArrowInvalid) -> TapeError:
        if self._text.refusal is not None:
            return self._text.refusal
        reason = "a cell is not text in UTF-8" if "UTF8" in str(failure) else quote(str(failure))
        return TapeError(TAPE_UNREADABLE, self.path, f"the file is damaged: {reason}", self.row + 1)

    def _refuse_row(self, row: InvalidRow) -> str:
        reason = f"{row.actual_columns} cells where the first row has {row.expected_columns}: {quote(row.text)}"
        self._text.refusal = TapeError(TAPE_ROW, self.path, reason, row.number or self.row + 1)
        return "error"

    def _unpack(self) -> _Bytes:
        try:
            mode = self.path.stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe waits, and never ends
                reason = "it is a pipe or a device; a tape is read more than once, so save it as a file"
                raise TapeError(TAPE_MISSING, self.path, reason)
            raw = self._open.enter_context(self.path.open("rb"))
            magic = raw.read(4)
            raw.seek(0)
            if magic[:2] == b"\x1f\x8b":
                return self._open.enter_context(gzip.open(raw))
            return self._unzip(raw) if magic[:4] in (b"PK\x03\x04", b"PK\x05\x06") else raw
        except FileNotFoundError:
            raise TapeError(TAPE_MISSING, self.path, f"there is no file at {quote(str(self.path))}") from None
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as failure:
            code = TAPE_MISSING if isinstance(failure, OSError) and failure.strerror else TAPE_UNREADABLE
            said = getattr(failure, "strerror", None) or str(failure)
            raise TapeError(code, self.path, f"cannot be opened: {quote(said)}") from None

    def _unzip(self, raw: IO[bytes]) -> _Bytes:
        packed = self._open.enter_context(zipfile.ZipFile(raw))
        files = [entry for entry in packed.infolist() if not entry.is_dir() and not _is_leftover(entry.filename)]
        if len(files) != 1:
            reason = f"the archive holds {len(files)} files; a tape is an archive of one"
            raise TapeError(TAPE_UNREADABLE, self.path, reason)
        if files[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise TapeError(TAPE_UNREADABLE, self.path, "the archive is not packed by deflate, as tapes are")
        return self._open.enter_context(packed.open(files[0]))

    def _first_row(self) -> tuple[str, ...]:
        line = self._text.first_line()
        try:
            cells = next(csv.reader([line.decode("utf-8")], strict=True), [])
        except UnicodeDecodeError:
            raise TapeError(TAPE_UNREADABLE, self.path, "the file is not text in UTF-8", 1) from None
        except csv.Error:
            reason = "its lines end in carriage returns alone; end them as other files do" if b"\r" in line else ""
            raise TapeError(TAPE_UNREADABLE, self.path, reason or "its cells cannot be told apart", 1) from None
        if not cells:
            raise TapeError(TAPE_COLUMNS, self.path, "there is no row of cells to begin with", 1)
        return tuple(cells)


def _is_leftover(name: str) -> bool:
    """What a Mac puts beside the file when it packs one."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


class _Bounded(io.RawIOBase):
    """The unpacked bytes without byte order mark and leading blank lines, refused where they cannot be a tape's."""

    def __init__(self, tape: TapeFile, source: _Bytes, packed: int, progress: Progress | None) -> None:
        super().__init__()
        self._tape, self._source, self._progress = tape, source, progress
        self._most = max(_ROOM, packed * _MOST_FOLD)
        self._ahead, self._taken, self._told = b"", 0, 0
        self._line = self._lines = self._quotes = 0
        self._row = 1
        self.refusal: TapeError | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most a block. What is refused is kept too: pyarrow may wrap what is raised here."""
        try:
            return self._take(_BLOCK if size < 0 else min(size, _BLOCK))
        except TapeError as refusal:
            self.refusal = refusal
            raise

    def first_line(self) -> bytes:
        """The first line that is not blank; it will be read again."""
        ahead = self._next(_BLOCK)
        if ahead[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in ahead[:LONGEST_LINE]:
            raise TapeError(TAPE_UNREADABLE, self._tape.path, "the file is not text in UTF-8 but UTF-16 or binary", 1)
        while ahead.startswith(_MARK):  # tools that each put one leave two
            ahead = ahead.removeprefix(_MARK)
        while ahead and not (rest := ahead.lstrip(b"\r\n")):
            ahead = self._next(_BLOCK)
        self._ahead = rest if ahead else b""
        return self._ahead[:LONGEST_LINE].partition(b"\n")[0].rstrip(b"\r")

    def _take(self, size: int) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            data = self._next(size)
        self._pair(data)
        return data

    def _next(self, size: int) -> bytes:
        path, row = self._tape.path, self._tape.row
        if self._progress and self._taken >= self._told + _BLOCK:
            self._told = self._taken
            self._progress(row)
        try:
            data = self._source.read(size)
        except EOFError:
            raise TapeError(TAPE_UNREADABLE, path, "the file is cut off", row) from None
        except _BROKEN as failure:
            raise TapeError(TAPE_UNREADABLE, path, f"the file is damaged: {quote(str(failure))}", row) from None
        self._taken += len(data)
        if self._taken > self._most:
            reason = f"it unpacks to more than {_MOST_FOLD} times its size, which no tape does"
            raise TapeError(TAPE_LINE, path, reason)
        self._measure(data, path)
        return data

    def _pair(self, data: bytes) -> None:
        """Refuse a quotation mark that its line does not close: it would swallow the rows up to the next one."""
        begin, self._row = self._row, self._row + data.count(b"\n")
        if not self._quotes and b'"' not in data:
            return
        *ended, rest = _END.split(data) if data else (b"", b"")
        for row, line in enumerate(ended, begin):
            if (self._quotes + line.count(b'"')) % 2:
                reason = f"a quotation mark is not closed on its line: {quote(line.decode('utf-8', 'replace'))}"
                raise TapeError(TAPE_UNREADABLE, self._tape.path, reason, row)
            self._quotes = 0
        self._quotes += rest.count(b'"')

    def _measure(self, data: bytes, path: Path) -> None:
        """Refuse a line that is too long, wherever the blocks cut it."""
        begin = -self._line
        while (end := data.rfind(b"\n", max(begin, 0), max(begin + LONGEST_LINE + 1, 0))) >= 0:
            begin = end + 1
        self._line, self._lines = len(data) - begin, self._lines + data.count(b"\n", 0, max(begin, 0))
        if self._line > LONGEST_LINE:
            reason = f"a line is longer than {LONGEST_LINE:,} bytes, which no trade is"
            raise TapeError(TAPE_LINE, path, reason, self._lines + 1)
