"""Whether a trade is against a restriction of the book, or in an account that is set aside."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import AccountState, OrderSide, RestrictionKind
from evenkeel.book.model import Book
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import counted

BARRED_SIDES: dict[str, tuple[str, ...]] = {
    RestrictionKind.NO_BUY: (OrderSide.BUY.value,),
    RestrictionKind.NO_SELL: (OrderSide.SELL.value,),
    RestrictionKind.HOLD_UNTIL: (OrderSide.SELL.value,),
    RestrictionKind.LEGACY_KEEP: (OrderSide.SELL.value,),
    RestrictionKind.UNSUPERVISED: (OrderSide.BUY.value, OrderSide.SELL.value),
}
"""What each kind forbids."""

_SCOPES = {"account": "account_id", "portfolio": "portfolio_id", "household": "household_id"}
_PAIR = ["account_id", "security_id", "side"]


def barred(pairs: pl.DataFrame, book: Book, on: dt.date) -> pl.DataFrame:
    """Return `account_id`, `security_id`, `side`, `restriction_id` for each of `pairs` that a restriction forbids on a day.

    A restriction holds from `from_date` to `until_date`, both included. It means what every column it fills says: its security, its
    issuer's securities, its class; one that fills none means all securities of its scope.

    Args:
        pairs: `account_id`, `security_id`, `side`, each three once.
        book: For restrictions, and what it says of accounts and securities; a pair it does not know is not barred.
        on: The day.
    """
    held = book.restrictions.filter(
        pl.col("from_date").fill_null(dt.date.min) <= on, pl.col("until_date").fill_null(dt.date.max) >= on
    )
    sides = pl.DataFrame(
        [{"kind": kind, "side": side} for kind, barred_sides in BARRED_SIDES.items() for side in barred_sides],
        schema={"kind": pl.String, "side": pl.String},
    )
    targets = _targets(held, book.securities.join(pairs, on="security_id", how="semi")).join(sides, on="kind")
    placed = pairs.join(book.accounts.select("account_id", "portfolio_id", "household_id"), on="account_id")
    by_scope = [
        placed.join(
            targets.filter(pl.col("scope") == scope),
            left_on=[column, "security_id", "side"],
            right_on=["scope_id", "security_id", "side"],
        ).select(*_PAIR, "restriction_id")
        for scope, column in _SCOPES.items()
    ]
    of_firm = placed.join(targets.filter(pl.col("scope") == "firm"), on=["security_id", "side"]).select(
        *_PAIR, "restriction_id"
    )
    return pl.concat([*by_scope, of_firm]).unique().sort(*_PAIR, "restriction_id")


def _targets(held: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """Return `restriction_id`, `scope`, `scope_id`, `kind`, `security_id`: the securities that each restriction means."""
    wanted = held.select(
        "restriction_id",
        "scope",
        "scope_id",
        "kind",
        pl.col("security_id").alias("the_security"),
        pl.col("issuer_id").alias("the_issuer"),
        pl.col("asset_class").alias("the_class"),
    )
    known = securities.select("security_id", "issuer_id", "asset_class")
    has_security, has_issuer = pl.col("the_security").is_not_null(), pl.col("the_issuer").is_not_null()
    has_class = pl.col("the_class").is_not_null()
    # The narrowest column finds the securities; the others are then asked as well.
    found = [
        wanted.filter(has_security).join(known, left_on="the_security", right_on="security_id", coalesce=False),
        wanted.filter(~has_security & has_issuer).join(
            known, left_on="the_issuer", right_on="issuer_id", coalesce=False
        ),
        wanted.filter(~has_security & ~has_issuer & has_class).join(
            known, left_on="the_class", right_on="asset_class", coalesce=False
        ),
        wanted.filter(~has_security & ~has_issuer & ~has_class).join(known, how="cross"),
    ]
    names = [*wanted.columns, *known.columns]
    return (
        pl.concat([part.select(names) for part in found])
        .filter(
            ~has_issuer | (pl.col("issuer_id") == pl.col("the_issuer")).fill_null(False),
            ~has_class | (pl.col("asset_class") == pl.col("the_class")),
        )
        .select("restriction_id", "scope", "scope_id", "kind", "security_id")
    )


def check_restrictions(situation: Situation) -> pl.DataFrame:
    """Fail lists with a trade that a restriction forbids, or in an account that is suspended or not open."""
    trades, book, on = situation.trades, situation.book, situation.trade_date
    against = barred(trades.select(_PAIR).unique(), book, on)
    word = pl.when(pl.col("side") == OrderSide.SELL.value).then(pl.lit("sold")).otherwise(pl.lit("bought"))
    told = (
        trades.select("portfolio_id", *_PAIR)
        .unique()
        .join(against, on=_PAIR)
        .with_columns(
            pl.format("{} may not be {} (restriction {})", "security_id", word, "restriction_id").alias("said")
        )
        .group_by("portfolio_id")
        .agg(pl.col("restriction_id", "said").unique().sort())
        .rename({"restriction_id": "restriction_ids"})
    )
    aside = (
        trades.join(_set_aside(book, on), on="account_id", how="semi")
        .group_by("portfolio_id")
        .agg(pl.len().cast(pl.Int64).alias("trades_in_accounts_set_aside"))
    )
    rows = (
        situation.proposals.select("portfolio_id")
        .join(told, on="portfolio_id", how="left", maintain_order="left")
        .join(aside, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("restriction_ids", "said").fill_null([]), pl.col("trades_in_accounts_set_aside").fill_null(0)
        )
    )
    is_against, is_aside = pl.col("said").list.len() > 0, pl.col("trades_in_accounts_set_aside") > 0
    return findings(
        rows,
        chosen(is_against | is_aside, pl.lit(False), pl.lit(False)),
        sentences(
            (is_against, pl.format("Against a restriction: {}.", listed(pl.col("said")))),
            (
                is_aside,
                pl.format(
                    "{} in an account that is set aside (suspended, or not open).",
                    counted(pl.col("trades_in_accounts_set_aside"), "trade is", "trades are"),
                ),
            ),
            otherwise=pl.lit("No trade is against a restriction."),
        ),
        ["restriction_ids", "trades_in_accounts_set_aside"],
    )


def _set_aside(book: Book, on: dt.date) -> pl.DataFrame:
    suspended = book.suspensions.filter(
        pl.col("from_date") <= on, pl.col("ended_date").is_null() | (pl.col("ended_date") > on)
    )
    not_open = book.accounts.filter(pl.col("state") != AccountState.OPEN.value)
    return pl.concat([suspended.select("account_id"), not_open.select("account_id")]).unique()
