"""Which of a date's files count: a later one replaces an earlier one, unless other senders bear out the earlier.

What counts besides and tells of the same holding twice is found by reconcile; here files are held against files only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import AS_OF_TIME
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, FileStatus
from evenkeel.book.model import Book
from evenkeel.errors import FileStopped
from evenkeel.identity import AccountKeyer
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import accounts_in
from evenkeel.stages.ingest.read_file import FileKey, ReadFile
from evenkeel.stages.ingest.witnesses import Witnesses

KINDS: tuple[tuple[str, tuple[type[Contract], ...]], ...] = (
    ("positions", (Positions, CashBalances)),
    ("lots", (TaxLots,)),
    ("transactions", (Transactions,)),
    ("realized", (RealizedLots,)),
    ("orders", (OpenOrders,)),
    ("prices", (Prices,)),
    ("indicators", (Indicators,)),
    ("fx", (FxRates,)),
    ("securities", (SecurityTexts,)),
)
"""What a file is for, by the first of these tables that it fills."""


REPEATED_FRAC = 0.5
"""A history that has at least this share of an earlier one's rows is a correction of it, not another one."""

_DATE_OF: dict[str, tuple[type[Contract], str]] = {
    "transactions": (Transactions, "trade_date"),
    "realized": (RealizedLots, "closed_date"),
}


@dataclass(frozen=True)
class Standing:
    """Whether a file counts; `check` and `message` say why where it is stopped."""

    status: FileStatus
    check: Check | None = None
    message: str | None = None


def kind_of(parsed: ParsedFile) -> str:
    """Return what a file is for: the first of `KINDS` with rows, else the first that it has a table for."""
    for has_rows in (True, False):
        for kind, contracts in KINDS:
            tables = [parsed.tables[contract] for contract in contracts if contract in parsed.tables]
            if any(table.height for table in tables) or (tables and not has_rows):
                return kind
    return "other"


def standings(
    business_date: dt.date, files: Sequence[ReadFile], book: Book, keyer: AccountKeyer
) -> Mapping[FileKey, Standing]:
    """Say of each file whether it counts; `files` come in order of arrival.

    A later file replaces an earlier one of its feed and kind as `_replaces` says. It is stopped instead where other senders bear out the
    earlier one against it: then it is another day's file under this day's name.
    """
    first = _judged(files, Witnesses(business_date, files, book, keyer))
    counting = [file for file in files if first[file.key].status == FileStatus.READ]
    if len(counting) == len(files):
        return first
    # Once more, heard by what counts: a wrong file must not bear out another one of the same wrong day.
    return _judged(files, Witnesses(business_date, counting, book, keyer))


def _judged(files: Sequence[ReadFile], witnesses: Witnesses) -> Mapping[FileKey, Standing]:
    standing: dict[FileKey, Standing] = {}
    counting: dict[tuple[str, str], list[_Counting]] = {}
    for file in files:
        if isinstance(file.outcome, FileStopped):
            standing[file.key] = Standing(FileStatus.STOPPED, file.outcome.check, file.outcome.message)
            continue
        if file.dated.check is not None:
            standing[file.key] = Standing(FileStatus.STOPPED, file.dated.check, file.dated.message)
            continue
        kind = kind_of(file.outcome)
        later = _Counting(file, file.outcome, accounts_in(file.outcome))
        before = counting.get((file.feed, kind), [])
        replaced = [earlier for earlier in before if _replaces(kind, later, earlier)]
        wrong = next((text for earlier in replaced if (text := witnesses.against(file, earlier.file))), None)
        if wrong:
            standing[file.key] = Standing(FileStatus.STOPPED, Check.FILE_CONTRADICTED, wrong)
            continue
        standing[file.key] = Standing(FileStatus.READ)
        for earlier in replaced:
            standing[earlier.file.key] = Standing(FileStatus.SUPERSEDED)
        counting[(file.feed, kind)] = [*(each for each in before if each not in replaced), later]
    return standing


@dataclass(frozen=True, eq=False)
class _Counting:
    """A file that counts until a later one replaces it."""

    file: ReadFile
    parsed: ParsedFile
    accounts: frozenset[str]


def _replaces(kind: str, later: _Counting, earlier: _Counting) -> bool:
    """Tell whether `later` stands for all that `earlier` says; both are of one feed and kind.

    A history does only where it repeats the earlier one: two of them may speak of different weeks, and then both count. A transaction
    that stands in both has one id.

    Files of one subject do when they share an account or name none. An order file tells of all open orders of its subject, so the
    later one always does, also when no order is left. A file of positions does for an earlier one about some of its accounts, whatever
    the subject; but a list of cash alone stands for no list of positions, nor the other way round.
    """
    same_subject = later.parsed.subject == earlier.parsed.subject
    if kind in _DATE_OF:
        return same_subject and _repeats(kind, later, earlier)
    if kind == "orders":
        return same_subject
    if kind == "positions":
        before, now = _value_tables(earlier.parsed), _value_tables(later.parsed)
        is_same_report = later.parsed.generation == earlier.parsed.generation and bool(before & now)
        if not (before <= now or is_same_report):
            return False
        if earlier.accounts and earlier.accounts <= later.accounts:
            return True
    shared = later.accounts & earlier.accounts
    return same_subject and (bool(shared) or not (later.accounts or earlier.accounts))


def _repeats(kind: str, later: _Counting, earlier: _Counting) -> bool:
    """Tell whether a history covers the accounts and the days of an earlier one and has most of its rows: a correction of it."""
    contract, date = _DATE_OF[kind]
    before, now = (each.parsed.tables[contract] for each in (earlier, later))
    if not before.height or not now.height or not earlier.accounts <= later.accounts:
        return False
    days = [
        rows.select(pl.col(date).min().alias("first"), pl.col(date).max().alias("last")).row(0)
        for rows in (before, now)
    ]
    if None in days[0] + days[1] or days[1][0] > days[0][0] or days[1][1] < days[0][1]:
        return False
    content = [name for name in before.columns if name not in ("row_no", "as_of_date", AS_OF_TIME)]
    kept = before.select(content).join(now.select(content).unique(), on=content, how="semi", nulls_equal=True).height
    return kept >= REPEATED_FRAC * before.height


def _value_tables(parsed: ParsedFile) -> set[type[Contract]]:
    return {
        contract
        for contract in (Positions, CashBalances)
        if contract in parsed.tables and parsed.tables[contract].height
    }
