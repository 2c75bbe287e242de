"""Bit strings, most significant bit first."""

from __future__ import annotations

from kedge.batching.refusals import BAD_DATA


class BitWriter:
    """Collects values of given widths into bytes; the last byte is padded with zero bits."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._held = 0
        self._width = 0

    def write(self, value: int, width: int) -> None:
        """Append `value` in `width` bits; the caller keeps 0 <= value < 2**width."""
        self._held = (self._held << width) | value
        self._width += width
        if self._width >= 512:
            self._flush()

    def _flush(self) -> None:
        spare = self._width % 8
        whole = self._held >> spare
        self._bytes += whole.to_bytes(self._width // 8, "big")
        self._held &= (1 << spare) - 1
        self._width = spare

    def finish(self) -> bytes:
        """The bytes; the writer is used up."""
        self._flush()
        if self._width:
            self._bytes.append(self._held << (8 - self._width))
        return bytes(self._bytes)


class BitReader:
    """Reads values of given widths; past the end, or at bad padding, it refuses with BAD_DATA."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._end = len(data) * 8

    def read(self, width: int) -> int:
        """The next `width` bits as an unsigned integer."""
        start, end = self._at, self._at + width
        if end > self._end:
            raise BAD_DATA.reject("the records end early")
        self._at = end
        last = (end + 7) >> 3
        return (int.from_bytes(self._data[start >> 3 : last], "big") >> (last * 8 - end)) & ((1 << width) - 1)

    def check_end(self) -> None:
        """Refuse unless nothing but the zero padding of the last byte is left."""
        left = self._end - self._at
        if left >= 8 or self.read(left):
            raise BAD_DATA.reject("bytes left over after the records")
