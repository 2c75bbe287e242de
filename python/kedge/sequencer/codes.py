"""Every number with which a transaction can be refused before, or by, the engine itself.

| code | name | meaning |
| --- | --- | --- |
| 0 | ACCEPTED | the transaction is applied and durable |
| 1 - 15 | engine | the engine's own refusals, the same for every program; names and texts are in the program |
| 16 - 899 | rules | the rules' refusals; names and texts are in the program |
| 900 - 999 | admission | the sequencer's refusals: the transaction never reached the engine |

A refused transaction changes nothing, is not journalled and has no sequence number.
"""

from __future__ import annotations

from typing import Final

from kedge.units.errors import Refusal

ACCEPTED: Final = 0

UNKNOWN_STEP: Final = Refusal(900, "UNKNOWN_STEP", "the program has no step of this name")
NOT_A_TRANSACTION: Final = Refusal(901, "NOT_A_TRANSACTION", "only the engine may run this step, inside a transaction")
NOT_ALLOWED: Final = Refusal(902, "NOT_ALLOWED", "users may not submit this transaction")
WRONG_ARGUMENTS: Final = Refusal(903, "WRONG_ARGUMENTS", "the number of arguments is not the step's")
NOT_AN_INTEGER: Final = Refusal(904, "NOT_AN_INTEGER", "every argument must be an integer")
OUT_OF_RANGE: Final = Refusal(905, "OUT_OF_RANGE", "an argument is outside its bounds")
BAD_ENCODING: Final = Refusal(906, "BAD_ENCODING", "the bytes are not the canonical form of a transaction")
BATCH_TOO_LARGE: Final = Refusal(907, "BATCH_TOO_LARGE", "one submission holds too many transactions")
QUEUE_FULL: Final = Refusal(908, "QUEUE_FULL", "too many transactions are waiting; submit again after a pause")

ADMISSION_CODES: Final = (
    UNKNOWN_STEP,
    NOT_A_TRANSACTION,
    NOT_ALLOWED,
    WRONG_ARGUMENTS,
    NOT_AN_INTEGER,
    OUT_OF_RANGE,
    BAD_ENCODING,
    BATCH_TOO_LARGE,
    QUEUE_FULL,
)
