"""Faults of time: another date on the right figures, the right date on another day's figures, files sent twice or to the wrong place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles, FeedFile
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope, Session
from evenkeel.sandbox.faults.reasons import (
    CASH,
    INDICATOR,
    MISSING,
    NOT_TEXT,
    ORDERS,
    PRICE,
    SAME_AGAIN,
    SYSTEM,
    UNITS,
    VALUE,
)
from evenkeel.sandbox.faults.sections import lines_of_account, texts
from evenkeel.sandbox.faults.sheets import Sheet, open_sheet
from evenkeel.sandbox.faults.victims import before_of, pick_accounts, sheet_of

_FORMS = ("%Y/%m/%d", "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%b-%d-%Y")
When = Callable[[Facts], dt.date]


def redated(file: FeedFile, old: dt.date, new: dt.date, *, whole: bool) -> FeedFile:
    """Return a file that states another date: in its name and where it dates itself; in every line of it where `whole`.

    A mapped table dates itself by its name alone.
    """
    is_told_inside = file.feed in ("schwab", "fidelity", "ibkr")
    lines = file.data.decode("utf-8").split("\n")
    for number, line in enumerate(lines):
        if whole or file.feed == "ibkr" or (is_told_inside and (" as of " in line or "downloaded" in line)):
            lines[number] = _with_date(line, old, new)
    return replace(file, name=_with_date(file.name, old, new), data="\n".join(lines).encode())


def stating(which: str, when: When, what: str) -> Damage:
    """Return the damage of today's figures under another date."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        file = sheet_of(files, which).file
        changed = redated(file, facts.business_date, when(facts), whole=False)
        if changed == file:
            raise CannotDamageError(f"{file.name} states no date")
        renamed = DayFiles(tuple(changed if each is file else each for each in files.files))
        return Damaged(renamed, facts.of_feed(file.feed), f"{file.name}: says {when(facts)}, {what}")

    return damage


def days_before(which: str, *, redate: bool = True) -> Damage:
    """Return the damage of the figures of the day before under today's name, with today's date where `redate`."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        file, old = sheet_of(files, which).file, before_of(facts, which)
        new = redated(old, facts.before_date, facts.business_date, whole=True) if redate else old
        changed = files.replaced(file, new.data)
        return Damaged(changed, facts.of_feed(file.feed), f"{file.name}: has the figures of {facts.before_date}")

    return damage


def mixed_days(which: str, count: int, *, redate: bool = True) -> Damage:
    """Return the damage of some accounts' lines of the day before among today's."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet, old = sheet_of(files, which), before_of(facts, which)
        if redate:
            old = redated(old, facts.before_date, facts.business_date, whole=True)
        source = open_sheet(old)
        accounts = pick_accounts(sheet, facts, draws, 2, count)
        for account in accounts:
            sheet = _with_section(sheet, source, account)
        touched = facts.of_accounts(accounts) if redate else facts.of_feed(sheet.file.feed)
        what = f"{sheet.file.name}: {count} account{'s are' if count > 1 else ' is'} of {facts.before_date}"
        return Damaged(files.replaced(files.named(sheet.file.feed, sheet.file.name), sheet.data), touched, what)

    return damage


def instead(which: str, other: str) -> Damage:
    """Return the damage of another sender's file under the name of this one's."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        file, wrong = sheet_of(files, which).file, sheet_of(files, other).file
        changed = files.replaced(file, wrong.data)
        return Damaged(changed, facts.of_feed(file.feed), f"{file.name}: holds what {wrong.feed} sent as {wrong.name}")

    return damage


def _with_section(sheet: Sheet, source: Sheet, account: str) -> Sheet:
    lines = lines_of_account(sheet, account)
    return sheet.without(lines).inserted(lines[0], texts(source, lines_of_account(source, account)))


def _with_date(text: str, old: dt.date, new: dt.date) -> str:
    for form in _FORMS:
        text = text.replace(f"{old:{form}}", f"{new:{form}}")
    return text


def _next_month(facts: Facts) -> dt.date:
    return facts.business_date + dt.timedelta(days=31)


def _saturday(facts: Facts) -> dt.date:
    return facts.business_date + dt.timedelta(days=5 - facts.business_date.weekday())


def _yesterday(facts: Facts) -> dt.date:
    return facts.before_date


_FILE = Scope.FILE
_OLD = SAME_AGAIN | PRICE | VALUE | UNITS | CASH | {Check.PRICE_STALE, Check.GATE_BREAKS, Check.GATE_PRICES}
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.future_date", "The export runs with a wrong month.", _FILE, MISSING | {Check.FUTURE_FILE},
          stating("schwab", _next_month, "a month ahead")),
    Fault("ibkr.weekend_date", "The statement is run for Saturday.", _FILE, MISSING | {Check.NOT_A_SESSION},
          stating("ibkr", _saturday, "a Saturday")),
    Fault("plans.weekend_date", "The file is named for Saturday.", _FILE, MISSING | {Check.NOT_A_SESSION},
          stating("plans", _saturday, "a Saturday")),
    Fault("fidelity.old_date", "The download carries the date of the day before.", _FILE, MISSING,
          stating("fidelity", _yesterday, "the day before")),
    Fault("ibkr.old_date", "The statement carries the date of the day before.", _FILE, MISSING,
          stating("ibkr", _yesterday, "the day before")),
    Fault("plans.old_date", "The file is named for the day before.", _FILE, MISSING, stating("plans", _yesterday, "the day before")),
    Fault("portfolio_system.old_date", "The file is named for the day before.", _FILE, frozenset({Check.FILE_CONTRADICTED}),
          stating("portfolio_system", _yesterday, "the day before")),
    Fault("schwab.day_before", "The batch exports the day before once more, under today's date.", _FILE, _OLD, days_before("schwab")),
    Fault("fidelity.day_before", "The batch exports the day before once more, under today's date.", _FILE, _OLD,
          days_before("fidelity")),
    Fault("ibkr.day_before", "The batch exports the day before once more, under today's date.", _FILE, _OLD, days_before("ibkr")),
    Fault("plans.day_before", "The batch exports the day before once more, under today's date.", _FILE, _OLD, days_before("plans")),
    Fault("plans_cash.day_before", "Cash is that of the day before, positions are today's.", _FILE, _OLD, days_before("plans_cash")),
    Fault("portfolio_system.day_before", "The portfolio system is a day behind.", _FILE, _OLD | SYSTEM,
          days_before("portfolio_system")),
    Fault("market.day_before", "The price vendor sends the day before once more.", _FILE, _OLD | {Check.NOT_COMPARED},
          days_before("market", redate=False)),
    Fault("market.day_before_redated", "The price vendor sends the day before's prices as today's.", _FILE, _OLD,
          days_before("market")),
    Fault("indicators.day_before", "The index's reading is that of the day before the shock, dated today.", _FILE, INDICATOR,
          days_before("indicators"), Session.SHOCK),
    Fault("orders.day_before", "The order desk sends the file of the day before.", _FILE, ORDERS, days_before("orders", redate=False)),
    Fault("ibkr.mixed_days", "One statement in the document is of the day before and says so.", _FILE,
          _OLD | {Check.MIXED_DATES}, mixed_days("ibkr", 1, redate=False)),
    Fault("schwab.mixed_days", "A cache serves three accounts as of the day before.", Scope.ACCOUNT, _OLD, mixed_days("schwab", 3)),
    Fault("fidelity.mixed_days", "A cache serves three accounts as of the day before.", Scope.ACCOUNT, _OLD,
          mixed_days("fidelity", 3)),
    Fault("schwab.other_custodian", "Another custodian's file is put into the folder.", _FILE, NOT_TEXT | MISSING,
          instead("schwab", "fidelity")),
    Fault("ibkr.other_custodian", "Another custodian's file is put into the folder.", _FILE, NOT_TEXT | MISSING,
          instead("ibkr", "schwab")),
    Fault("plans.other_report", "The cash report is sent as the positions.", _FILE, NOT_TEXT | MISSING,
          instead("plans", "plans_cash")),
)  # fmt: skip
