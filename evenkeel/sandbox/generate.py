"""Makes a sandbox: the book, and the staged files of every session."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Literal

from evenkeel import calendar
from evenkeel.errors import UsageError
from evenkeel.sandbox.book_documents import write_documents
from evenkeel.sandbox.book_files import write_tables
from evenkeel.sandbox.deliveries import FaultDays, Stage, fault_days, late_days
from evenkeel.sandbox.events import event_days
from evenkeel.sandbox.ledger import Ledger
from evenkeel.sandbox.market import make_market
from evenkeel.sandbox.order_desk import ORDERS, write_order_desk
from evenkeel.sandbox.plan import STAGED, SandboxPlan
from evenkeel.sandbox.practice import make_practice

DEFAULT_FIRST_DATE = dt.date(2026, 3, 2)
BOOK = "book"
MOST_HOUSEHOLDS, MOST_DAYS = 200_000, 500


def generate(
    home: Path,
    households: int,
    days: int,
    seed: int,
    first_date: dt.date | None = None,
    *,
    faults: bool | Literal["late"] = True,
) -> SandboxPlan:
    """Write a synthetic practice's book to `home/book` and stage its files for every session; the same arguments give the same bytes.

    Nothing is in the inbox yet: the plan's `deliver` and `deliver_all` put it there. On which session what happens is in `events`.
    Memory is that of one session's files, some 50 kB a household.

    Args:
        home: Where to write; an earlier sandbox there is replaced, a book that no sandbox made is not.
        households: How many, from 1.
        days: How many sessions, from 1.
        seed: Any whole number from 0.
        first_date: First session, 2026-03-02 by default; the next session where it is none.
        faults: Make what `SandboxPlan.expected` lists; `late`: nothing but a late custodian on every fifth session; else all files are
            right and in time.

    Raises:
        UsageError: A number is out of range, or the home has a book of its own.
    """
    _check(home, households, days, seed)
    first = first_date or DEFAULT_FIRST_DATE
    dates = [first if calendar.is_session(first) else calendar.next_session(first)]
    while len(dates) <= days:
        dates.append(calendar.next_session(dates[-1]))
    _clear(home)
    events = event_days(days)
    market = make_market(seed, tuple(dates[:days]), events)
    practice = make_practice(seed, households, dates[0])
    split = dates[events.split] if events.split is not None else None
    change = dates[events.policy_change] if events.policy_change is not None else None
    book = home / BOOK
    book.mkdir(parents=True, exist_ok=True)
    write_tables(book, practice, seed)
    write_documents(book, practice, change)
    write_order_desk(home / ORDERS, practice)
    stage = Stage(home, practice, market, _faults(days, faults))
    ledger = Ledger(seed, practice, market)
    for index in range(days):
        before = dates[index - 1] if index else calendar.previous_session(dates[0])
        stage.add_day(ledger.close_day(index, dates[index + 1]), before)
    plan = SandboxPlan(
        seed=seed,
        household_count=households,
        account_count=len(practice.accounts),
        dates=tuple(dates[:days]),
        shock_date=dates[events.shock],
        split_date=split,
        policy_change_date=change,
        deliveries=tuple(stage.deliveries),
        expected=tuple(stage.expected),
    )
    plan.save(home)
    return plan


def _faults(days: int, faults: bool | Literal["late"]) -> FaultDays:
    if faults == "late":
        return late_days(days)
    return fault_days(days) if faults else FaultDays()


def _check(home: Path, households: int, days: int, seed: int) -> None:
    for name, value, least, most in (
        ("households", households, 1, MOST_HOUSEHOLDS),
        ("days", days, 1, MOST_DAYS),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise UsageError(f"{name} is {value}; give a whole number from {least} to {most}")
    if (home / BOOK / "accounts.csv").exists() and not (home / STAGED / "plan.json").exists():
        raise UsageError(f"{home / BOOK} is a book that no sandbox made; name another --home")


def _clear(home: Path) -> None:
    for name in (BOOK, STAGED, ORDERS):
        shutil.rmtree(home / name, ignore_errors=True)
