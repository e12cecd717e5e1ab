"""Codes that the engine's tables hold. A kernel writes the place of an outcome in `OUTCOMES`; the tables hold its text."""

from __future__ import annotations

from enum import StrEnum

CASH_CLASS = "cash"
"""The class of `models` that is the account's cash itself; no security may be of it."""


class Outcome(StrEnum):
    """What became of an account. Only `traded` and `nothing_to_trade` have figures. New ones come last: kernels know them by place."""

    TRADED = "traded"
    NOTHING_TO_TRADE = "nothing_to_trade"
    MODEL_UNKNOWN = "model_unknown"
    UNIVERSE_UNKNOWN = "universe_unknown"
    CASH_PLAN_UNKNOWN = "cash_plan_unknown"
    TARGETS_NOT_ONE = "targets_not_one"
    BANDS_CONTRADICTORY = "bands_contradictory"
    SECURITY_UNPRICED = "security_unpriced"
    NO_VALUE = "no_value"
    FIGURE_INVALID = "figure_invalid"
    LOCATION_UNKNOWN = "location_unknown"
    HOUSEHOLD_UNKNOWN = "household_unknown"
    HOUSEHOLD_WAITS = "household_waits"
    TAX_UNIT_UNKNOWN = "tax_unit_unknown"
    TAX_TERMS_INVALID = "tax_terms_invalid"
    WITHIN_BANDS = "within_bands"


OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)


class HouseholdOutcome(StrEnum):
    """What became of a household. Only `traded` and `nothing_to_trade` have figures."""

    TRADED = "traded"
    NOTHING_TO_TRADE = "nothing_to_trade"
    ACCOUNT_UNSOLVED = "account_unsolved"
    NO_VALUE = "no_value"
    NO_ACCOUNT = "no_account"
    HOUSEHOLD_UNKNOWN = "household_unknown"


HOUSEHOLD_OUTCOMES: tuple[HouseholdOutcome, ...] = tuple(HouseholdOutcome)


class Finding(StrEnum):
    """What was seen at a lot or a restriction, and what was done about it."""

    BASIS_MISSING = "basis_missing"
    NOT_LONG = "not_long"
    ACCOUNT_UNKNOWN = "account_unknown"
    OTHER_SIDE_IN_HOUSEHOLD = "other_side_in_household"
    LOSS_BOUGHT_IN_HOUSEHOLD = "loss_bought_in_household"
    TERM_MISSING = "term_missing"
    BASIS_NEGATIVE = "basis_negative"
    WASHED_OVER_HELD = "washed_over_held"


class Remark(StrEnum):
    """What is wrong with a figure or row of the tables in, or odd."""

    NULL = "null"
    NOT_FINITE = "not_finite"
    TOO_LOW = "too_low"
    TOO_HIGH = "too_high"
    NOT_LISTED = "not_listed"
    NOT_ONE = "not_one"
    ENDS_CROSSED = "ends_crossed"
    OUT_OF_ORDER = "out_of_order"
    NOT_ALLOWED = "not_allowed"
    OUTSIDE_BAND = "outside_band"
    LOWER_ABOVE_ONE = "lower_above_one"
    UPPER_BELOW_ONE = "upper_below_one"


class Effect(StrEnum):
    """What was done about a remark."""

    UNSOLVED = "unsolved"
    NOT_BOUGHT = "not_bought"
    TAKEN = "taken"


class FoundBy(StrEnum):
    """How an account's list was found. New ones come last: arrays hold their places."""

    EXACT = "exact"
    SEARCH = "search"
    SEARCH_KEPT = "search_kept"
    PROGRAM = "program"
    SEARCH_LEFT = "search_left"


WAYS: tuple[FoundBy, ...] = tuple(FoundBy)


class Side(StrEnum):
    """Which way a trade goes."""

    BUY = "buy"
    SELL = "sell"


class CashTerm(StrEnum):
    """Why an amount of cash costs. `minimum` and `overdraft` are floors: cash under them is reported as short."""

    TARGET = "target"
    MINIMUM = "minimum"
    OVERDRAFT = "overdraft"
    MAXIMUM = "maximum"


FLOORS = (CashTerm.MINIMUM, CashTerm.OVERDRAFT)
