"""Whether a list washes its own losses, sells one that something else washes, or buys what washes one already taken."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, TaxStatus
from evenkeel.rules.wash_sales import WashAnswer
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import IS_SALE, POSITION, Situation
from evenkeel.stages.taxes.wash_inputs import window_start
from evenkeel.stages.wording import capitalised, dollars, small_dollars

UNKNOWN = [WashAnswer.COVERAGE_INCOMPLETE.value, WashAnswer.BASIS_UNKNOWN.value, WashAnswer.BAD_INPUT.value]
"""Answers that say neither yes nor no."""


_LISTS = ("same_list", "other_list", "doubtful", "unanswered", "washing", "unproven")


def check_wash_sale(situation: Situation) -> pl.DataFrame:
    """Judge the losses that taxable accounts sell, and what any account buys.

    Failed: the same group is bought in the same list, in any account of the wash unit; or one sale's disallowed loss is above the policy's
    `wash_limit_usd`; or a purchase washes a loss already taken. Not known: the tax unit of either account is not on record; or history
    does not say whether a loss is washed, or whether one was taken that a purchase washes; or nobody asked. Warned: a disallowed loss up
    to the limit; or the purchase is in another list of the batch, so that only one of them may be done.
    """
    trades = situation.trades
    # A sale is what one account sells of one security, whatever lots it takes.
    losses = (
        trades.filter(IS_SALE, pl.col("tax_status") == TaxStatus.TAXABLE.value, pl.col("gain_cents") < 0)
        .group_by("portfolio_id", "account_id", "security_id", "wash_group", "wash_unit_id", "household_id")
        .agg(pl.col("disallowed_cents").fill_null(0).sum().alias("disallowed_cents"))
    )
    limit = policy_columns(
        situation.proposals, situation.policies, {"limit_usd": lambda policy: policy.trading.wash_limit_usd}
    )
    rows = (
        limit.join(_pairs(losses, trades), on="portfolio_id", how="left", maintain_order="left")
        .join(_disallowed(losses), on="portfolio_id", how="left", maintain_order="left")
        .join(_unanswered(situation, losses), on="portfolio_id", how="left", maintain_order="left")
        .join(_purchases(situation), on="portfolio_id", how="left", maintain_order="left")
        .with_columns(
            pl.col(_LISTS).fill_null([]),
            pl.col("disallowed_usd", "largest_usd").fill_null(0.0),
        )
    )
    has = {name: pl.col(name).list.len() > 0 for name in _LISTS}
    # Both are sums of whole cents; half a cent keeps the float of a limit out of it.
    is_over = pl.col("largest_usd") > pl.col("limit_usd") + 0.005
    is_some = pl.col("disallowed_usd") > 0
    return findings(
        rows,
        chosen(
            has["same_list"] | is_over | has["washing"],
            has["doubtful"] | has["unanswered"] | has["unproven"],
            has["other_list"] | is_some,
        ),
        sentences(
            (has["same_list"], pl.format("The list washes its own loss: {}.", listed(pl.col("same_list")))),
            (
                is_over,
                pl.format(
                    "A sale would have {} of its loss disallowed; the policy allows {}.",
                    dollars(pl.col("largest_usd")),
                    dollars(pl.col("limit_usd")),
                ),
            ),
            (has["washing"], pl.format("A purchase washes a loss already taken: {}.", listed(pl.col("washing")))),
            (
                has["doubtful"],
                pl.format("The tax unit of an account is not on record: {}.", listed(pl.col("doubtful"))),
            ),
            (
                has["unanswered"],
                pl.format("It is not known whether a purchase washes the loss of {}.", listed(pl.col("unanswered"))),
            ),
            (
                has["unproven"],
                pl.format(
                    "It is not known whether a purchase washes a loss already taken: {}. {}",
                    listed(pl.col("unproven")),
                    _reach(situation),
                ),
            ),
            (
                has["other_list"],
                pl.format("With another list of the day it would be a wash sale: {}.", listed(pl.col("other_list"))),
            ),
            (
                is_some & ~is_over,
                capitalised(
                    pl.format(
                        "{} of losses would be disallowed, within what the policy allows a sale.",
                        small_dollars(pl.col("disallowed_usd")),
                    )
                ),
            ),
            otherwise=pl.lit("No loss would be washed."),
        ),
        ["disallowed_usd", "limit_usd", *_LISTS, "losses_from_date", "losses_to_date"],
    )


def _pairs(losses: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return, by portfolio of the loss and of the purchase, which loss is washed by which purchase of the batch."""
    bought = trades.filter(pl.col("side") == OrderSide.BUY.value).select(
        pl.col("portfolio_id").alias("buyer"),
        pl.col("security_id").alias("bought_id"),
        "wash_group",
        pl.col("wash_unit_id").alias("bought_unit"),
        pl.col("household_id").alias("bought_household"),
    )
    pairs = losses.join(bought.unique(), on="wash_group")
    is_unit = (pl.col("wash_unit_id") == pl.col("bought_unit")).fill_null(False)
    # Without a tax unit on record only the household is left to go by: it may be one taxpayer, or may not.
    may_be = (pl.col("wash_unit_id").is_null() | pl.col("bought_unit").is_null()) & (
        pl.col("household_id") == pl.col("bought_household")
    )
    own = pl.col("portfolio_id") == pl.col("buyer")
    said = pl.format("{} is sold at a loss and {} is bought", "security_id", "bought_id")
    kinds = pairs.select(
        "portfolio_id",
        "buyer",
        said.alias("said"),
        pl.when(is_unit & own)
        .then(pl.lit("same_list"))
        .when(is_unit)
        .then(pl.lit("other_list"))
        .when(may_be)
        .then(pl.lit("doubtful"))
        .alias("kind"),
    ).filter(pl.col("kind").is_not_null())
    both = pl.concat(
        [
            kinds.select("portfolio_id", "said", "kind"),
            kinds.select(pl.col("buyer").alias("portfolio_id"), "said", "kind"),
        ]
    )
    return both.group_by("portfolio_id").agg(
        pl.col("said").filter(pl.col("kind") == kind).unique().sort().alias(kind)
        for kind in ("same_list", "other_list", "doubtful")
    )


def _disallowed(losses: pl.DataFrame) -> pl.DataFrame:
    return losses.group_by("portfolio_id").agg(
        (pl.col("disallowed_cents").sum() / 100).alias("disallowed_usd"),
        (pl.col("disallowed_cents").max() / 100).alias("largest_usd"),
    )


def _unanswered(situation: Situation, losses: pl.DataFrame) -> pl.DataFrame:
    """Return the securities sold whose answer is none, and the losses that nobody asked about."""
    key = ["portfolio_id", "security_id"]
    sold = situation.trades.filter(IS_SALE).select(key).unique()
    said = situation.washes.filter(IS_SALE).select(*key, "answer").join(sold, on=key, how="semi")
    open_ = said.filter(pl.col("answer").is_in(UNKNOWN)).select(key)
    unasked = losses.select(key).join(said, on=key, how="anti")
    return (
        pl.concat([open_, unasked])
        .group_by("portfolio_id")
        .agg(pl.col("security_id").unique().sort().alias("unanswered"))
    )


def _purchases(situation: Situation) -> pl.DataFrame:
    """Return the securities bought that wash a known loss, those of which it is not known, and the days of which losses are known."""
    bought = situation.trades.filter(~IS_SALE).select(POSITION).unique()
    said = situation.washes.filter(~IS_SALE).select(*POSITION, "answer", "losses_from_date", "losses_to_date")
    rows = bought.join(said, on=POSITION, how="left").with_columns(
        (pl.col("answer") == WashAnswer.WASHED.value).fill_null(False).alias("is_washing"),
        pl.col("answer").is_in(UNKNOWN).fill_null(True).alias("is_open"),
    )
    first, last = (pl.col(name).filter("is_open") for name in ("losses_from_date", "losses_to_date"))
    return rows.group_by("portfolio_id").agg(
        pl.col("security_id").filter("is_washing").unique().sort().alias("washing"),
        pl.col("security_id").filter("is_open").unique().sort().alias("unproven"),
        # Of several tax units the one that is known least.
        pl.when(first.is_not_null().all()).then(first.max()).alias("losses_from_date"),
        pl.when(last.is_not_null().all()).then(last.min()).alias("losses_to_date"),
    )


def _reach(situation: Situation) -> pl.Expr:
    """Return which days the tax unit's losses are known of, as a sentence."""
    needed = window_start(situation.trade_date)
    first, last = pl.col("losses_from_date"), pl.col("losses_to_date")
    return (
        pl.when(first.is_null() | last.is_null())
        .then(pl.lit("The tax unit's sales are not known."))
        .when(first > needed)
        .then(pl.format(f"The tax unit's sales are known from {{}} on, and {needed} is asked for.", first))
        .otherwise(pl.format("The tax unit's sales are known to {}.", last))
    )
