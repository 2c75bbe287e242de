"""Every number with which published data, blobs or a rebuilt history can be refused.

| code | name | meaning |
| --- | --- | --- |
| 1001 | BAD_DATA | the bytes are not the canonical form of a batch |
| 1002 | UNKNOWN_VERSION | the bytes are of another format or version |
| 1003 | TOO_LARGE | the batch does not fit the blobs of one transaction |
| 1004 | BAD_BLOB | a blob is not in the canonical blob form |
| 1005 | WRONG_BLOB | a blob is not the one whose hash is on L1 |
| 1006 | WRONG_HEADER | the published data and the header on L1 disagree |
| 1007 | BROKEN_HISTORY | the batches do not follow one another |
| 1008 | WRONG_ROOT | the records do not give the root that the batch claims |
| 1009 | WRONG_DEPOSITS | the deposits on L1 do not give the chain or the head that the batch claims |
| 1010 | WRONG_WITHDRAWALS | the withdrawals do not give the tree or the head that the batch claims |
"""

from __future__ import annotations

from typing import Final, NamedTuple

from kedge.units.errors import Rejected


class DataRefusal(NamedTuple):
    """One numbered reason to refuse published data."""

    code: int
    name: str
    text: str

    def reject(self, detail: str = "") -> Rejected:
        """The exception that carries this reason; `detail` says where."""
        return Rejected(self.code, self.name, f"{self.text}: {detail}" if detail else self.text)


BAD_DATA: Final = DataRefusal(1001, "BAD_DATA", "the bytes are not the canonical form of a batch")
UNKNOWN_VERSION: Final = DataRefusal(1002, "UNKNOWN_VERSION", "the bytes are of another format or version")
TOO_LARGE: Final = DataRefusal(1003, "TOO_LARGE", "the batch does not fit the blobs of one transaction")
BAD_BLOB: Final = DataRefusal(1004, "BAD_BLOB", "a blob is not in the canonical blob form")
WRONG_BLOB: Final = DataRefusal(1005, "WRONG_BLOB", "a blob is not the one whose hash is on L1")
WRONG_HEADER: Final = DataRefusal(1006, "WRONG_HEADER", "the published data and the header on L1 disagree")
BROKEN_HISTORY: Final = DataRefusal(1007, "BROKEN_HISTORY", "the batches do not follow one another")
WRONG_ROOT: Final = DataRefusal(1008, "WRONG_ROOT", "the records do not give the root that the batch claims")
WRONG_DEPOSITS: Final = DataRefusal(1009, "WRONG_DEPOSITS", "the deposits on L1 do not give what the batch claims")
WRONG_WITHDRAWALS: Final = DataRefusal(1010, "WRONG_WITHDRAWALS", "the withdrawals do not give what the batch claims")

DATA_REFUSALS: Final = (
    BAD_DATA,
    UNKNOWN_VERSION,
    TOO_LARGE,
    BAD_BLOB,
    WRONG_BLOB,
    WRONG_HEADER,
    BROKEN_HISTORY,
    WRONG_ROOT,
    WRONG_DEPOSITS,
    WRONG_WITHDRAWALS,
)
