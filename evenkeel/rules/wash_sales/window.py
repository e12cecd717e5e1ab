"""The 61 days, what may be answered, and the one switch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

WINDOW_DAYS = 30
"""Calendar days on either side of the sale (IRC 1091(a))."""

CLEAR_AFTER_DAYS = WINDOW_DAYS + 1
"""From this many days after a trade on, the trade is outside the window."""


class WashAnswer(StrEnum):
    """What is known of a sale or purchase. `washed` may be part of it: the quantities say how much."""

    CLEAR = "clear"
    WASHED = "washed"
    NOT_A_LOSS = "not_a_loss"
    COVERAGE_INCOMPLETE = "coverage_incomplete"
    BASIS_UNKNOWN = "basis_unknown"
    BAD_INPUT = "bad_input"


@dataclass(frozen=True, slots=True)
class WashRules:
    """How a disputed point is read. `same_lot_rest_counts`: the unsold rest of the lot sold replaces it (Rev. Rul. 56-602: no)."""

    same_lot_rest_counts: bool = False


def window(sold_date: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last trade date on which a purchase is inside; sale 2025-03-03: 2025-02-01 and 2025-04-02."""
    days = dt.timedelta(days=WINDOW_DAYS)
    return sold_date - days, sold_date + days


def is_in_window(sold_date: dt.date, acquired_date: dt.date) -> bool:
    """Return whether a purchase on `acquired_date` is in the window of a sale on `sold_date`."""
    return abs((acquired_date - sold_date).days) <= WINDOW_DAYS
