"""Checks that are right reasons together: each set names what a kind of damage makes untrue."""

from __future__ import annotations

from data_contracts.vocab import Check as C

Checks = frozenset[C]

NOTHING: Checks = frozenset()
UNITS: Checks = frozenset({C.ROLL_QUANTITY, C.BREAK_QUANTITY})
"""The day before, or the portfolio system, has other units."""
PRICE: Checks = frozenset({C.BREAK_PRICE, C.PRICE_DOUBT})
"""Another source has another price."""
PRODUCT: Checks = frozenset({C.VALUE_PRODUCT})
VALUE: Checks = frozenset({C.BREAK_VALUE})
CASH: Checks = frozenset({C.ROLL_CASH, C.BREAK_CASH})
TOTALS: Checks = frozenset({C.TOTAL_MISMATCH, C.GATE_TOTALS})
"""The file's own control figures are not those of its rows."""
LOTS: Checks = frozenset({C.LOTS_QUANTITY, C.LOTS_COST})
UNREAD: Checks = frozenset({C.ROW_UNREADABLE, C.FILE_REJECT_SHARE})
MISSING: Checks = frozenset({C.FEED_MISSING})
NOT_TEXT: Checks = frozenset({C.FILE_UNREADABLE, C.FILE_OTHER_LAYOUT, C.FILE_COLUMNS, C.FILE_EMPTY})
CUT: Checks = (
    TOTALS
    | UNREAD
    | {C.FILE_TRUNCATED, C.FILE_UNREADABLE, C.ACCOUNT_MISSING, C.BREAK_ACCOUNT, C.GATE_ACCOUNTS, C.GATE_ROWS}
)
"""Part of a file is not there."""
FEWER: Checks = frozenset({C.ACCOUNT_MISSING, C.BREAK_ACCOUNT, C.GATE_ACCOUNTS, C.GATE_ROWS, C.CASH_MISSING})
SAME_AGAIN: Checks = frozenset({C.GATE_UNCHANGED, C.GATE_STALE})
"""What comes is what came the day before."""
SYSTEM: Checks = frozenset({C.NOT_COMPARED, C.GATE_BREAKS, C.FEED_MISSING})
"""The portfolio system has not delivered what can be compared, or too much differs."""
IDENTITY: Checks = frozenset({C.SECURITY_UNKNOWN, C.SECURITY_CONFLICT, C.IDENTIFIER_CONFLICT})
HISTORY: Checks = frozenset({C.ROLL_QUANTITY, C.ROLL_CASH, C.NOT_ROLLED, C.FEED_MISSING})
"""Holdings do not follow from the day before and what is said to have happened."""
SPLIT: Checks = frozenset({C.SPLIT_DOUBT, C.ROLL_QUANTITY, C.BREAK_QUANTITY})
INDICATOR: Checks = frozenset({C.INDICATOR_DOUBT, C.FEED_MISSING, C.GATE_STALE})
ORDERS: Checks = TOTALS | {C.ORDER_LOST, C.ORDER_OUTDATED, C.FEED_MISSING, C.GATE_ROWS}
