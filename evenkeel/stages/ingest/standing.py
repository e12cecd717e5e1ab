"""Which of a date's files count: a later one replaces an earlier one, unless other senders bear out the earlier.

What counts besides and tells of the same holding twice is found by reconcile; here files are held against files only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, FeedRole, FileStatus
from evenkeel.book.feeds import FeedSpec
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import accounts_in
from evenkeel.stages.ingest.door import compared
from evenkeel.stages.ingest.read_file import FileKey, ReadFile

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

SAME_PRICE_FRAC = 0.0005
"""Two closing prices of a security that differ by more than this share are not the same price."""

OTHER_PRICES_FRAC = 0.5
"""Two files contradict each other where more than this share of the prices that both state are not the same."""

BORNE_OUT_FRAC, BARE_FRAC = 0.5, 0.1
"""The earlier of two stands where other senders have at least the first share of its contested prices, and at most the second of the
later one's."""

_ROLES_THAT_WITNESS = (FeedRole.CUSTODIAN, FeedRole.MARKET)
"""A portfolio system takes its prices from a custodian: it would bear out the mistake it was fed."""


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


def standings(files: Sequence[ReadFile], feeds: Sequence[FeedSpec]) -> Mapping[FileKey, Standing]:
    """Say of each file whether it counts; `files` come in order of arrival.

    A later file replaces an earlier one of its feed and kind as `_replaces` says. It is stopped instead where its prices contradict the
    earlier one's and other senders have the earlier one's: then it is another day's file under this day's name.
    """
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
        wrong = next((text for earlier in replaced if (text := _contradiction(later, earlier, files, feeds))), None)
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

    A history never does: two of them may speak of different weeks. A transaction that stands in both has one id.

    Files of one subject do when they share an account or name none. An order file tells of all open orders of its subject, so the
    later one always does, also when no order is left. A file of positions does for an earlier one about some of its accounts, whatever
    the subject; but a list of cash alone stands for no list of positions, nor the other way round.
    """
    if kind in ("transactions", "realized"):
        return False
    same_subject = later.parsed.subject == earlier.parsed.subject
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


def _value_tables(parsed: ParsedFile) -> set[type[Contract]]:
    return {
        contract
        for contract in (Positions, CashBalances)
        if contract in parsed.tables and parsed.tables[contract].height
    }


def _contradiction(
    later: _Counting, earlier: _Counting, files: Sequence[ReadFile], feeds: Sequence[FeedSpec]
) -> str | None:
    """Return why `later` cannot be of the date that `earlier` is of, where others say so; else None."""
    now, before = _prices(later.parsed), _prices(earlier.parsed)
    both = now.join(before, on=["identifier", "currency"], suffix="_before")
    contested = both.filter(_differ(pl.col("price"), pl.col("price_before")))
    if not contested.height or contested.height <= OTHER_PRICES_FRAC * both.height:
        return None
    witnesses = {feed.feed for feed in feeds if feed.role in _ROLES_THAT_WITNESS} - {later.file.feed}
    heard = [
        _prices(file.outcome)
        for file in files
        if file.feed in witnesses and isinstance(file.outcome, ParsedFile) and file.dated.check is None
    ]
    if not heard:
        return None
    told = (
        contested.join(pl.concat(heard).rename({"price": "price_heard"}), on=["identifier", "currency"])
        .group_by("identifier", "currency")
        .agg(
            _differ(pl.col("price_before"), pl.col("price_heard")).not_().any().alias("has_before"),
            _differ(pl.col("price"), pl.col("price_heard")).not_().any().alias("has_now"),
        )
    )
    has_before, has_now = told.get_column("has_before").sum(), told.get_column("has_now").sum()
    if not told.height or has_before < BORNE_OUT_FRAC * told.height or has_now > BARE_FRAC * told.height:
        return None
    return (
        f"{contested.height} of the {both.height} prices that it shares with the file before it are others, and other senders have those "
        f"of the file before ({has_before} of {told.height}), not its own ({has_now}): it is another day's; the file before it stands; "
        "ask the sender which session it is of"
    )


def _prices(parsed: ParsedFile) -> pl.DataFrame:
    """Return `identifier`, `currency`, `price`: one row for each price that a file states of an identifier others use too."""
    parts = [pl.DataFrame(schema={"identifier": pl.String, "currency": pl.String, "price": pl.Float64})]
    for contract in (Positions, Prices):
        frame = parsed.tables.get(contract)
        if frame is None:
            continue
        for name in ("cusip", "isin", "symbol"):
            parts.append(
                frame.select(
                    (pl.lit(f"{name}:") + compared(pl.col(name))).alias("identifier"),
                    pl.col("currency"),
                    pl.col("price_ccy").cast(pl.Float64).alias("price"),
                )
            )
    return pl.concat(parts).drop_nulls().unique()


def _differ(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return (one - other).abs() > SAME_PRICE_FRAC * pl.max_horizontal(one.abs(), other.abs())
