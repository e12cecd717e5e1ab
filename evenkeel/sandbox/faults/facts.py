"""The facts of a sandbox's practice, read from its book and its staged files."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl

from data_contracts.vocab import CoverageStatus
from evenkeel import calendar
from evenkeel.sandbox.faults.day_files import staged_files
from evenkeel.sandbox.faults.fault import Facts, Session
from evenkeel.sandbox.faults.sheets import RowKind, open_sheet
from evenkeel.sandbox.generate import BOOK
from evenkeel.sandbox.plan import SandboxPlan


def facts_of(home: Path, plan: SandboxPlan, business_date: dt.date, session: Session, coverage: pl.DataFrame) -> Facts:
    """Return the facts of a session.

    Args:
        home: Where the sandbox was generated.
        plan: Its plan.
        business_date: A session that is not its first.
        session: What kind of day it is.
        coverage: The dataset of that date in the clean run.
    """
    with (home / BOOK / "accounts.csv").open(encoding="utf-8", newline="") as text:
        accounts = list(csv.DictReader(text))
    household_of = {row["account_number"]: row["household_id"] for row in accounts}
    before = calendar.previous_session(business_date)
    holders: dict[str, set[str]] = {}
    for row in open_sheet(staged_files(home, plan, business_date).of("portfolio_system")).of_kind(RowKind.HOLDING):
        holders.setdefault(row.cells["symbol"], set()).add(household_of[row.account or ""])
    scanned = coverage.group_by("household_id").agg(
        (pl.col("status") == CoverageStatus.SCANNED.value).all().alias("all")
    )
    return Facts(
        business_date=business_date,
        before_date=before,
        next_date=calendar.next_session(business_date),
        session=session,
        household_of=household_of,
        custodian_of={row["account_number"]: row["custodian"] for row in accounts},
        measured=frozenset(scanned.filter("all")["household_id"].to_list()),
        holders={symbol: frozenset(households) for symbol, households in holders.items()},
        before=staged_files(home, plan, before),
    )
