"""Our own orders: what kind they are, where they stand, why one waits, and in what an execution differs from what was approved.

Orders that an outside order system tells of have `OrderState` in `facts`; a block's state begins before anything is sent.
"""

from __future__ import annotations

from enum import StrEnum


class OrderType(StrEnum):
    """At what price an order may be done. `nav`: at the net asset value that the fund computes next."""

    MARKET = "market"
    LIMIT = "limit"
    NAV = "nav"


class OrderSize(StrEnum):
    """What an order's size is stated in. `all`: every unit held, so that no fraction is left behind."""

    UNITS = "units"
    DOLLARS = "dollars"
    ALL = "all"


class TimeInForce(StrEnum):
    """How long an order stands."""

    DAY = "day"
    GOOD_TILL_CANCELLED = "good_till_cancelled"


class HandOver(StrEnum):
    """How an order reaches its custodian: laid ready for the desk, or submitted for execution without a further hand."""

    STAGED = "staged"
    SUBMITTED = "submitted"


class HandOverKind(StrEnum):
    """What was handed over: orders, or who gets what of them."""

    ORDERS = "orders"
    ALLOCATIONS = "allocations"


class BlockState(StrEnum):
    """Where a block order stands; a withdrawn one was taken back before it left, and its trades may be ordered again."""

    PLANNED = "planned"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    STAGED = "staged"
    SENT = "sent"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class FillStatus(StrEnum):
    """What became of a fill: `broken` ones are taken back, `corrected` ones replaced by another."""

    GOOD = "good"
    BROKEN = "broken"
    CORRECTED = "corrected"


class PauseScope(StrEnum):
    """What a pause of execution stops."""

    BOOK = "book"
    CUSTODIAN = "custodian"
    SECURITY = "security"


class WaitReason(StrEnum):
    """Why an approved trade goes into no block yet."""

    PAUSED = "paused"
    ACCOUNT_TAKEN = "account_taken"
    ORDER_WORKING = "order_working"
    BOTH_SIDES = "both_sides"
    CASH_NOT_THERE = "cash_not_there"
    NOT_TRADABLE = "not_tradable"
    NOT_KNOWN = "not_known"
    STALE = "stale"


class DifferenceKind(StrEnum):
    """In what an execution differs from what was ordered or approved."""

    UNKNOWN_ORDER = "unknown_order"
    OVERFILLED = "overfilled"
    BROKEN = "broken"
    BEYOND_LIMIT = "beyond_limit"
    OTHER_DATE = "other_date"
    FILLS_MISSING = "fills_missing"
    NOT_FILLED = "not_filled"
    WEIGHT = "weight"
    REALISED_GAIN = "realised_gain"
    TAX = "tax"
    LOT = "lot"
