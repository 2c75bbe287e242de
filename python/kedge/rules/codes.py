"""Why a rule refuses. The same number stands in the program, in receipts and in docs/spec/codes.md.

Numbers 1 to 15 are the engine's own (kedge.machine.ENGINE_CODES).
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Numbered refusals; `text` is the sentence a user reads."""

    text: str

    def __new__(cls, number: int, text: str) -> Code:
        member = int.__new__(cls, number)
        member._value_ = number
        member.text = text
        return member

    MARKET_UNKNOWN = 16, "no market of this number is open"
    MARKET_EXISTS = 17, "a market of this number is open already"
    SIZE_BELOW_MINIMUM = 18, "the order is smaller than the market's minimum"
    ORDER_EXPIRED = 19, "the order's expiry lies in the past"
    MARGIN_STALE = 20, "the market's margin rate has not been updated for too long"
    ACCOUNT_EMPTY = 21, "the account has no collateral"
    TOO_MANY_POSITIONS = 22, "the account has as many positions as one may hold; unlist an empty one first"
    SLOT_TAKEN = 23, "the order slot holds a live order"
    WOULD_CROSS = 24, "a post-only order would have taken"
    NOT_FILLED = 25, "a fill-or-kill order could not be filled whole"
    TERMS_CONFLICT = 26, "a reduce-only order must be immediate (IOC or FOK)"
    NOTHING_TO_REDUCE = 27, "the order would not reduce a position"
    UNDERMARGINED = 28, "the account would be below its initial margin"
    POSITION_TOO_LARGE = 29, "a position would exceed the largest size or cost"
    COLLATERAL_OVERFLOW = 30, "an account's collateral would leave its bounds"
    EQUITY_OVERFLOW = 31, "an account's equity would leave its bounds"
    NO_SUCH_ORDER = 32, "the slot holds no live order"
    EPOCH_EXHAUSTED = 33, "the account's epoch cannot be raised any further"
    DEPOSIT_OUT_OF_ORDER = 34, "deposits are taken in the order of their L1 index"
    OWNER_MISMATCH = 35, "the account belongs to another L1 address"
    INSUFFICIENT_COLLATERAL = 36, "the account holds less collateral than that"
    ACCOUNT_UNKNOWN = 37, "the account has no owner: it never received a deposit"
    PRICE_JUMP = 38, "the price moves by more than a fifth of the mark in one update"
    FUNDING_TOO_EARLY = 39, "an hour has not passed since the last funding"
    FUNDING_OVERFLOW = 40, "the market's funding index would leave its bounds"
    TIME_BACKWARDS = 41, "the exchange's clock does not go back"
    ANCHOR_BACKWARDS = 42, "the last anchored time does not go back"
    ANCHOR_AHEAD = 43, "the last anchored time lies after the exchange's clock"
    NO_POSITIONS = 44, "the account has no positions"
    NOT_LIQUIDATABLE = 45, "the account is not below its maintenance margin"
    SIZE_EXCEEDS_POSITION = 46, "the takeover is larger than the position"
    PARTIAL_FIRST = 47, "above close-out margin at most half of a position is taken over at once"
    SELF_LIQUIDATION = 48, "an account cannot take over its own position"
    HAS_POSITIONS = 50, "the account still has open positions"
    NOT_BANKRUPT = 51, "the account's equity is not negative"
    FUND_EXHAUSTED = 52, "the insurance fund holds nothing"
    POSITION_OPEN = 53, "the position is open or not listed"
    LIST_MISMATCH = 54, "the named neighbour does not come before this position"
    MARK_STALE = 55, "a mark or a margin rate that the account is valued by is older than a minute"
    GRACE = 56, "the clock stood still: nobody is taken over until the grace after it has passed"
    OUTSIDE_BAND = 57, "the limit reaches further past the mark than the market's price band"
    INTEREST_FULL = 58, "the market's open interest is at its cap: only reduce-only orders are accepted"
    ABOVE_LARGEST = 59, "the order could make the position larger than the market lets an account hold"
    NOT_ANNOUNCED = 60, "no parameters are announced for this market"
    NOTICE_RUNNING = 61, "the announced parameters take effect later"
    BOND_MISSING = 62, "the account's collateral does not pay the bond of a resting order"
    BIDDERS_FIRST = 63, "the account has enough left to pay whoever takes its positions over: liquidate it"
    BELOW_NOTHING = 64, "the account's equity is negative: nobody takes its positions over; deleverage it"
    NOTHING_TO_CLOSE = 65, "the account has no open position in this market"
    ADJUST_FIRST = 66, "a part of the position was closed by deleveraging: adjust it first"
    NOTHING_TO_ADJUST = 67, "the position is up to date with its market's deleveragings"
    CUTS_EXHAUSTED = 68, "the market's deleveragings cannot be counted any further"
