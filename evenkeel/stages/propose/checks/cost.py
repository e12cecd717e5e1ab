"""Whether each order is worth what it costs, and whether a fund would charge for units redeemed early."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import OrderSide
from evenkeel.policy.model import Policy
from evenkeel.rules.costs import CostOutcome
from evenkeel.rules.costs_many import early_units_of_many, trade_costs
from evenkeel.stages.propose.by_policy import labels_of
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import POSITION, Situation
from evenkeel.stages.propose.costing import cost_policy
from evenkeel.stages.wording import units

_TOLD = pl.Schema(
    [
        ("portfolio_id", pl.String()),
        ("security_id", pl.String()),
        ("why_not", pl.String()),
        ("early_qty", FACT_DTYPE),
        ("is_fee_paid", pl.Boolean()),
    ]
)


def check_trading_cost(situation: Situation) -> pl.DataFrame:
    """Judge each order, all lots of a security in an account together, by the rule of `evenkeel.rules.costs`.

    Failed: it is smaller than the policy's least trade, or not worth its cost; or it redeems units of a fund within its redemption period
    and the policy does not pay the fee. Not known: a fund with a fee is sold, and its lots are not known. Warned: the policy pays the fee.
    """
    parts = [
        _judged(situation, situation.policies[label], situation.proposals.filter(pl.col("policy_version") == label))
        for label in labels_of(situation.proposals, situation.policies)
    ]
    told = pl.concat([pl.DataFrame(schema=_TOLD), *parts])
    early = pl.col("early_qty") > 0
    rows = situation.proposals.select("portfolio_id").join(
        told.group_by("portfolio_id").agg(
            _names(pl.col("why_not") == CostOutcome.BELOW_MINIMUM.value).alias("too_small"),
            _names(pl.col("why_not") == CostOutcome.BELOW_COST.value).alias("not_worth"),
            _names(early & ~pl.col("is_fee_paid"), _early_words()).alias("early"),
            _names(early & pl.col("is_fee_paid"), _early_words()).alias("paid"),
            _names(pl.col("early_qty").is_null()).alias("undated"),
        ),
        on="portfolio_id",
        how="left",
        maintain_order="left",
    )
    names = ("too_small", "not_worth", "early", "paid", "undated")
    rows = rows.with_columns(pl.col(*names).fill_null([]))
    has = {name: pl.col(name).list.len() > 0 for name in names}
    words = {
        "too_small": "The order is smaller than the policy's least trade: {}.",
        "not_worth": "The order is not worth what it costs: {}.",
        "early": "Redeemed within the fund's redemption period: {}.",
        "undated": "Whether the fund charges a redemption fee is not known: {}.",
        "paid": "The fund's redemption fee is paid: {}.",
    }
    return findings(
        rows,
        chosen(has["too_small"] | has["not_worth"] | has["early"], has["undated"], has["paid"]),
        sentences(
            *((has[name], pl.format(text, listed(pl.col(name)))) for name, text in words.items()),
            otherwise=pl.lit("Each order is worth what it costs, and none pays a redemption fee."),
        ),
        list(names),
    )


def _judged(situation: Situation, policy: Policy, proposals: pl.DataFrame) -> pl.DataFrame:
    """Return the orders of one policy's portfolios, with what the rule says of them."""
    securities = situation.book.securities
    costs = cost_policy(
        policy.trading, situation.book.accounts["custodian"].drop_nulls().unique().sort().to_list(), securities
    )
    orders = (
        situation.trades.join(proposals, on="portfolio_id", how="semi")
        .group_by(*POSITION, "side", "custodian", "asset_type", maintain_order=True)
        .agg(pl.col("traded_qty").cast(FACT_DTYPE).sum().alias("trade_qty"), pl.col("value_usd").sum())
        .with_columns(pl.int_range(pl.len()).cast(pl.String).alias("trade_id"))
    )
    with_fee = pl.col("security_id").is_in(list(costs.redemption_fees)) & (pl.col("side") == OrderSide.SELL.value)
    sales = orders.filter(with_fee)
    found = orders.clear().select("trade_id", pl.lit(None, FACT_DTYPE).alias("early_qty"))
    if situation.lots is not None and sales.height:
        # A lot of unknown date counts as bought on the trade date: that it is free cannot be shown.
        lots = situation.lots.filter(pl.col("held_qty") > 0).with_columns(
            pl.col("acquired_date").fill_null(situation.trade_date)
        )
        held = lots.group_by("account_id", "security_id").agg(pl.col("held_qty").cast(FACT_DTYPE).sum().alias("all"))
        asked = sales.join(held, on=["account_id", "security_id"], how="left").select(
            "trade_id",
            "account_id",
            "security_id",
            # What is sold beyond what is held is another check's.
            pl.min_horizontal("trade_qty", "all").alias("trade_qty"),
            pl.lit(situation.trade_date).alias("sold_date"),
        )
        found = early_units_of_many(asked, lots, costs)
    slack = pl.lit(policy.tolerances.lots_qty)
    early = orders.join(found, on="trade_id", how="left", maintain_order="left").with_columns(
        pl.when(~with_fee | (pl.col("early_qty").cast(pl.Float64) <= slack))
        .then(pl.lit(0).cast(FACT_DTYPE))
        .otherwise("early_qty")
        .alias("early_qty")
    )
    judged = trade_costs(early, costs).select("trade_id", "why_not")
    return early.join(judged, on="trade_id", how="left").select(
        "portfolio_id",
        "security_id",
        "why_not",
        pl.col("early_qty").cast(FACT_DTYPE),
        pl.lit(policy.trading.is_redemption_fee_paid).alias("is_fee_paid"),
    )


def _names(condition: pl.Expr, said: pl.Expr | None = None) -> pl.Expr:
    words = pl.col("security_id") if said is None else said
    return words.filter(condition.fill_null(False)).unique().sort()


def _early_words() -> pl.Expr:
    return pl.format("{} units of {}", units(pl.col("early_qty")), "security_id")
