"""Whether other senders bear out one of two files of a feed against the other: by the prices and the cash that the two state differently.

A file for a date that already has one is a correction, or another day's file under this day's name. A correction agrees with what
everybody else says; another day's file does not, and must not undo the day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.vocab import CashBucket, FeedRole
from evenkeel.book.model import Book
from evenkeel.identity import AccountKeyer
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import accounts_in
from evenkeel.stages.ingest.door import account_keys, compared
from evenkeel.stages.ingest.read_file import ReadFile

BORNE_OUT_FRAC, BORNE_OUT_TIMES = 0.5, 2
"""Witnesses bear out the earlier file where more of them have its figure than the later one's for at least this share of the contested
figures, and for at least so many times as many as the other way round. Some custodians book a day later than others, so that a few have
another day's figure."""

_ROLES = (FeedRole.CUSTODIAN, FeedRole.MARKET)
"""A portfolio system takes its figures from a custodian: it would bear out the mistake it was fed."""

_FIGURES_SCHEMA = {"subject": pl.String, "currency": pl.String, "figure": pl.Float64}
TRADE_DATE_CASH = (CashBucket.CORE.value, CashBucket.SWEEP.value, CashBucket.PENDING.value)
"""Cash that is held, and cash that is on its way."""


@dataclass(frozen=True)
class _Kind:
    """Figures that can be held against other senders': their name, from what share of differing ones on, up to where they agree."""

    name: str
    read: Callable[[Witnesses, ReadFile], pl.DataFrame]
    from_frac: float
    abs_tolerance: float
    rel_tolerance: float


class Witnesses:
    """What files of a date say: those of `files` that may bear another one out."""

    def __init__(self, business_date: dt.date, files: Sequence[ReadFile], book: Book, keyer: AccountKeyer) -> None:
        self._business_date, self._files, self._book, self._keyer = business_date, files, book, keyer
        self._feeds = {feed.feed: feed for feed in book.feeds}

    def against(self, later: ReadFile, earlier: ReadFile) -> str | None:
        """Return why `later` cannot be of the date, where witnesses bear out `earlier` against it; else None. Both are of one feed."""
        return next((text for kind in _KINDS if (text := self._against(kind, later, earlier))), None)

    def _against(self, kind: _Kind, later: ReadFile, earlier: ReadFile) -> str | None:
        by = ["subject", "currency"]
        both = kind.read(self, later).join(kind.read(self, earlier), on=by, suffix="_before")
        contested = both.filter(_differ(kind, "figure", "figure_before"))
        if not contested.height or contested.height <= kind.from_frac * both.height:
            return None
        heard = [
            kind.read(self, file).with_columns(pl.lit(file.feed).alias("feed"))
            for file in self._files
            if self._is_witness(file, later.feed)
        ]
        if not heard:
            return None
        votes = (
            contested.join(pl.concat(heard).rename({"figure": "heard"}), on=by)
            .group_by(*by, "feed")
            .agg(
                _differ(kind, "figure_before", "heard").not_().any().alias("before"),
                _differ(kind, "figure", "heard").not_().any().alias("now"),
            )
        )
        told = votes.group_by(by).agg(pl.col("before", "now").sum())
        has_before = told.filter(pl.col("before") > pl.col("now")).height
        has_now = told.filter(pl.col("now") >= pl.col("before"), pl.col("now") > 0).height
        if not told.height or has_before < max(BORNE_OUT_FRAC * told.height, BORNE_OUT_TIMES * has_now):
            return None
        return (
            f"{contested.height} of the {both.height} {kind.name} that it shares with the file before it are others, and other senders "
            f"have those of the file before ({has_before} of {told.height}), not its own ({has_now}): it is another day's; the file "
            "before it stands; ask the sender which session it is of"
        )

    def _is_witness(self, file: ReadFile, feed: str) -> bool:
        spec = self._feeds.get(file.feed)
        is_read = isinstance(file.outcome, ParsedFile) and file.dated.check is None
        return is_read and spec is not None and spec.role in _ROLES and file.feed != feed

    def prices(self, file: ReadFile) -> pl.DataFrame:
        """Return a row for each price that a file states of an identifier that other senders use too."""
        assert isinstance(file.outcome, ParsedFile)
        parts = [pl.DataFrame(schema=_FIGURES_SCHEMA)]
        for contract in (Positions, Prices):
            frame = file.outcome.tables.get(contract, contract.empty_frame())
            for name in ("cusip", "isin", "symbol") if frame.height else ():
                parts.append(
                    frame.select(
                        (pl.lit(f"{name}:") + compared(pl.col(name))).alias("subject"),
                        pl.col("currency"),
                        pl.col("price_ccy").cast(pl.Float64).alias("figure"),
                    )
                )
        return pl.concat(parts).drop_nulls().unique()

    def cash(self, file: ReadFile) -> pl.DataFrame:
        """Return a row for each account of the book and currency of which a file states cash: held and pending together."""
        assert isinstance(file.outcome, ParsedFile)
        frame = file.outcome.tables.get(CashBalances)
        if frame is None or not frame.height:
            return pl.DataFrame(schema=_FIGURES_SCHEMA)
        spec, accounts = self._feeds[file.feed], accounts_in(file.outcome)
        keys = account_keys(accounts, spec, self._book, self._business_date, self._keyer)
        return (
            frame.filter(pl.col("bucket").is_in(TRADE_DATE_CASH))
            .join(keys.drop_nulls("account_id"), on="source_account", how="inner")
            .group_by(pl.col("account_id").alias("subject"), "currency")
            .agg(pl.col("amount_ccy").cast(pl.Float64).sum().alias("figure"))
        )


def _differ(kind: _Kind, one: str, other: str) -> pl.Expr:
    largest = pl.max_horizontal(pl.col(one).abs(), pl.col(other).abs())
    return (pl.col(one) - pl.col(other)).abs() > kind.abs_tolerance + kind.rel_tolerance * largest


_KINDS = (
    # One day's closing prices are another day's for hardly any security.
    _Kind("prices", Witnesses.prices, from_frac=0.5, abs_tolerance=0.0, rel_tolerance=0.0005),
    # Cash of most accounts stands still from day to day, so any that differs counts.
    _Kind("cash balances", Witnesses.cash, from_frac=0.0, abs_tolerance=0.01, rel_tolerance=0.0),
)
