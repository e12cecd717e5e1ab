"""Whether the list adds up: every row against its position, its price, its account, and the cash that is left."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE
from evenkeel.stages.drift.nodes import cents
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import CASH_ID, IS_SALE, POSITION, Situation
from evenkeel.stages.propose.steps import step_qty

_HALF_A_CENT = 0.005


def check_balance(situation: Situation) -> pl.DataFrame:
    """Fail what cannot be right.

    - A security is both bought and sold in an account.
    - More is sold than is held, in flight not counted, by more than lots and positions may differ (`tolerances.lots_qty`).
    - A value is not units times price to the cent, or something is not above zero.
    - An order (all of a security in an account) is neither in whole steps of what its custodian takes nor a sale of all that is held.
    - An account or security is not in the book, or the account is another portfolio's.
    - An account's cash after, as the solver says it, is not its cash before with its sales and purchases.
    """
    parts = {
        "both_sides": _both_sides(situation),
        "oversold": _oversold(situation),
        "wrong_value": _rows(situation, _is_wrong_value()),
        "not_whole": _not_whole(situation),
        "unknown": _rows(situation, ~pl.col("is_known_security") | ~pl.col("is_known_account")),
        "other_portfolio": _rows(situation, (pl.col("book_portfolio_id") != pl.col("portfolio_id")).fill_null(False)),
        "cash_differs": _cash_differs(situation),
    }
    rows = situation.proposals.select("portfolio_id")
    for name, part in parts.items():
        told = part.group_by("portfolio_id").agg(pl.col("said").unique().sort().alias(name))
        rows = rows.join(told, on="portfolio_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(*parts).fill_null([]))
    has = {name: pl.col(name).list.len() > 0 for name in parts}
    words = {
        "both_sides": "Bought and sold in one account: {}.",
        "oversold": "More is sold than is held: {}.",
        "wrong_value": "The value is not units times price, above zero: {}.",
        "not_whole": "Neither whole steps nor all that is held: {}.",
        "unknown": "The book does not know the account or security: {}.",
        "other_portfolio": "Traded in an account of another portfolio: {}.",
        "cash_differs": "Cash after is not cash before with the sales and purchases: {}.",
    }
    return findings(
        rows,
        chosen(pl.any_horizontal(has.values()), pl.lit(False), pl.lit(False)),
        sentences(
            *((has[name], pl.format(text, listed(pl.col(name)))) for name, text in words.items()),
            otherwise=pl.lit("Sales, purchases, positions and cash add up to the cent."),
        ),
        list(parts),
    )


def _rows(situation: Situation, condition: pl.Expr) -> pl.DataFrame:
    return situation.trades.filter(condition).select("portfolio_id", pl.col("security_id").alias("said"))


def _is_wrong_value() -> pl.Expr:
    exact = pl.col("traded_qty").cast(pl.Float64) * pl.col("price_usd").cast(pl.Float64)
    value = pl.col("value_cents") / 100
    # A float of this size is good to some 1e-16 of it: the slack is far below a cent for any order.
    is_off = (value - exact).abs() > _HALF_A_CENT + exact.abs() * 1e-14
    is_nothing = (pl.col("traded_qty") <= 0) | (pl.col("price_usd") <= 0) | (pl.col("value_cents") <= 0)
    return (is_off | is_nothing).fill_null(True)


def _both_sides(situation: Situation) -> pl.DataFrame:
    return (
        situation.trades.group_by(POSITION)
        .agg(pl.col("side").n_unique().alias("sides"))
        .filter(pl.col("sides") > 1)
        .select("portfolio_id", pl.col("security_id").alias("said"))
    )


def _oversold(situation: Situation) -> pl.DataFrame:
    slack = policy_columns(
        situation.proposals, situation.policies, {"slack": lambda policy: policy.tolerances.lots_qty}
    )
    over = (pl.col("traded_qty") - pl.max_horizontal(pl.col("held_qty").fill_null(0), 0)).cast(pl.Float64)
    return (
        situation.trades.filter(IS_SALE)
        .group_by(POSITION)
        .agg(pl.col("traded_qty").cast(FACT_DTYPE).sum())
        .join(situation.positions, on=POSITION, how="left")
        .join(slack, on="portfolio_id")
        .filter(over > pl.col("slack"))
        .select("portfolio_id", pl.col("security_id").alias("said"))
    )


def _not_whole(situation: Situation) -> pl.DataFrame:
    """Return the orders that a custodian would not take for their size; those of what the book does not know are told as such."""
    labels = situation.proposals.select("portfolio_id", "policy_version")
    stepped = [
        situation.trades.join(labels.filter(pl.col("policy_version") == label), on="portfolio_id", how="semi")
        .filter(pl.col("is_known_security"), pl.col("is_known_account"))
        .with_columns(
            step_qty(policy.trading).cast(FACT_DTYPE).alias("step_qty"),
            pl.lit(policy.tolerances.lots_qty).alias("slack"),
        )
        for label, policy in sorted(situation.policies.items())
    ]
    # What is more than all is told as oversold.
    left = (pl.col("held_qty").fill_null(0) - pl.col("traded_qty")).cast(pl.Float64)
    is_all = IS_SALE & (left <= pl.col("slack"))
    return (
        pl.concat(stepped)
        .group_by(*POSITION, "side")
        .agg(pl.col("traded_qty").cast(FACT_DTYPE).sum(), pl.col("step_qty", "slack").first())
        .join(situation.positions.select(*POSITION, "held_qty"), on=POSITION, how="left")
        .filter((pl.col("traded_qty") % pl.col("step_qty")) != 0, ~is_all)
        .select("portfolio_id", pl.col("security_id").alias("said"))
    )


def _cash_differs(situation: Situation) -> pl.DataFrame:
    if situation.account_cash is None:
        return situation.trades.clear().select("portfolio_id", pl.col("security_id").alias("said"))
    here = situation.positions.filter(pl.col("security_id") == CASH_ID).select(
        "portfolio_id", "account_id", pl.col("after_cents").alias("ours")
    )
    stated = situation.account_cash.select("portfolio_id", "account_id", cents("cash_after_usd").alias("theirs"))
    off = pl.col("theirs") - pl.col("ours")
    return (
        stated.join(here, on=["portfolio_id", "account_id"], how="left")
        .with_columns(pl.col("ours").fill_null(0))
        .filter(off != 0)
        .select("portfolio_id", pl.format("{} by {} cents", "account_id", off).alias("said"))
    )
