"""Whether a trade is against a restriction of the book, or in an account that is set aside, and what is held against one."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import AccountState, OrderSide
from evenkeel.book.model import Book
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.restricted import SIDES, excluded_and_held, not_known, restricted
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.propose.checks.weights import past_weights
from evenkeel.stages.wording import counted

_PAIR = ["account_id", "security_id", "side"]


def barred(pairs: pl.DataFrame, book: Book, on: dt.date) -> pl.DataFrame:
    """Return `account_id`, `security_id`, `side`, `restriction_id` for each of `pairs` that a restriction forbids on a day.

    Args:
        pairs: `account_id`, `security_id`, `side`, each three once.
        book: For restrictions, and what it says of accounts and securities; a pair it does not know is not barred.
        on: The day.
    """
    meant = restricted(pairs.select("account_id", "security_id").unique(), book, on).filter("is_known")
    return (
        pairs.join(meant.join(SIDES, on="kind"), on=_PAIR)
        .select(*_PAIR, "restriction_id")
        .unique()
        .sort(*_PAIR, "restriction_id")
    )


def check_restrictions(situation: Situation) -> pl.DataFrame:
    """Judge the trades by what the book forbids, and what is held after them by what it excludes and by its weights.

    Failed: a trade that a restriction forbids, in an account that is suspended or not open, or past a largest or a least weight. Not
    known: a trade on a side that a sector or a screen bars, and the security's is not known. Warned: the same, held and not traded; held
    and excluded; past a weight, and not traded.
    """
    trades, book, on = situation.trades, situation.book, situation.trade_date
    against = barred(trades.select(_PAIR).unique(), book, on)
    word = pl.when(pl.col("side") == OrderSide.SELL.value).then(pl.lit("sold")).otherwise(pl.lit("bought"))
    place = book.restrictions.filter(pl.col("scope") == "custodian").select(
        "restriction_id", pl.format(" at {}", "scope_id").alias("place")
    )
    said = pl.format(
        "{} may not be {}{} (restriction {})", "security_id", word, pl.col("place").fill_null(""), "restriction_id"
    )
    told = (
        trades.select("portfolio_id", *_PAIR)
        .unique()
        .join(against, on=_PAIR)
        .join(place, on="restriction_id", how="left")
        .select("portfolio_id", "restriction_id", said.alias("said"))
    )
    aside = (
        trades.join(_set_aside(book, on), on="account_id", how="semi")
        .group_by("portfolio_id")
        .agg(pl.len().cast(pl.Int64).alias("trades_in_accounts_set_aside"))
    )
    weights = past_weights(situation)
    broken = pl.concat([told, weights.filter("is_traded").select(told.columns)])
    rows = situation.proposals.select("portfolio_id").join(aside, on="portfolio_id", how="left", maintain_order="left")
    for part in (
        _lists(broken, {"restriction_id": "restriction_ids", "said": "said"}),
        _lists(excluded_and_held(situation), {"said": "excluded"}),
        _lists(weights.filter(~pl.col("is_traded")), {"said": "past_weights"}),
        not_known(situation),
    ):
        rows = rows.join(part, on="portfolio_id", how="left", maintain_order="left")
    texts = ["restriction_ids", "said", "excluded", "past_weights", "unknown_traded", "unknown_held"]
    rows = rows.with_columns(
        pl.col(texts).fill_null([]), pl.col("trades_in_accounts_set_aside").fill_null(0)
    ).with_columns(
        pl.col("excluded").list.len().cast(pl.Int64).alias("excluded_and_held"),
        (pl.col("unknown_traded").list.len() + pl.col("unknown_held").list.len()).cast(pl.Int64).alias("not_known"),
    )
    has = {name: pl.col(name).list.len() > 0 for name in texts}
    is_aside = pl.col("trades_in_accounts_set_aside") > 0
    unknown = "sector or screens are not known, though a restriction by them holds in the account: {}."
    return findings(
        rows,
        chosen(
            has["said"] | is_aside,
            has["unknown_traded"],
            has["unknown_held"] | has["excluded"] | has["past_weights"],
        ),
        sentences(
            (has["said"], pl.format("Against a restriction: {}.", listed(pl.col("said")))),
            (
                is_aside,
                pl.format(
                    "{} in an account that is set aside (suspended, or not open).",
                    counted(pl.col("trades_in_accounts_set_aside"), "trade is", "trades are"),
                ),
            ),
            (
                has["unknown_traded"],
                pl.format(
                    "{} whose " + unknown,
                    counted(pl.col("unknown_traded").list.len(), "security is traded", "securities are traded"),
                    listed(pl.col("unknown_traded")),
                ),
            ),
            (
                has["unknown_held"],
                pl.format(
                    "{} whose " + unknown,
                    counted(pl.col("unknown_held").list.len(), "security is held", "securities are held"),
                    listed(pl.col("unknown_held")),
                ),
            ),
            (has["excluded"], pl.format("Excluded, and held after the trades: {}.", listed(pl.col("excluded")))),
            (has["past_weights"], pl.format("Past a weight before and after: {}.", listed(pl.col("past_weights")))),
            otherwise=pl.lit("No trade is against a restriction."),
        ),
        ["restriction_ids", "trades_in_accounts_set_aside", "excluded_and_held", "not_known"],
    )


def _lists(rows: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Return `portfolio_id` and the sorted different values of columns, under other names."""
    return rows.group_by("portfolio_id").agg(
        pl.col(column).unique().sort().alias(name) for column, name in names.items()
    )


def _set_aside(book: Book, on: dt.date) -> pl.DataFrame:
    suspended = book.suspensions.filter(
        pl.col("from_date") <= on, pl.col("ended_date").is_null() | (pl.col("ended_date") > on)
    )
    not_open = book.accounts.filter(pl.col("state") != AccountState.OPEN.value)
    return pl.concat([suspended.select("account_id"), not_open.select("account_id")]).unique()
