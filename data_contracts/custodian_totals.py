"""Control totals of each custodian's delivery, tonight's and those of the nights before."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import Money, column, count, frac, key


class CustodianTotals(Contract):
    """One row per custodian and session: tonight and up to twenty sessions before it.

    Produced by `evenkeel.stages.reconcile`, folded: totals(D) = the last twenty of totals(D-1), and tonight's. This is the small frame that
    the gates judge (`data_contracts.expectations`).
    """

    business_date: dt.date = key("Exchange session of the run.")
    custodian: str = key("The custodian.")
    session_date: dt.date = key("Session that the figures are of.")
    is_baseline: bool = column("Its gates passed, or were released: later nights are measured against it.")
    age_sessions: int = count(
        "Sessions between its newest complete delivery and the session; 0 when it has come.", null=True
    )
    book_account_count: int = count("Enabled accounts of the book at this custodian.")
    account_count: int = count("Accounts of the book that came.")
    position_count: int = count("Position rows that came.")
    value_usd: Money = column("Their market value.")
    cash_usd: Money = column("Cash held.")
    total_mismatch_count: int = count("Whole-file totals of its positions, cash and lots that the rows do not meet.")
    priced_frac: float = frac("Share of positions with a price or a value.", null=True)
    unpriced_count: int = count("Accounts that hold a position with neither.")
    unchanged_frac: float = frac(
        "Share of listed securities priced to the last digit as the session before.", null=True
    )
    unchanged_count: int = count("Listed securities that this share is of.", null=True)
    break_count: int = count("Accounts with an open break.")
    quarantined_count: int = count("Accounts that a check stopped, the gates' own stops left out.")
