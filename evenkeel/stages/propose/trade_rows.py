"""The trades of solved lists, with their lots, gains, reasons and what they do to the weight of their node."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from data_contracts.fields import FACT_DTYPE, INSTANT_DTYPE, MONEY_DTYPE
from data_contracts.vocab import LotInstruction, OrderSide
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.rules.fund_orders import order_by
from evenkeel.rules.settlement import settle_date
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.costing import cost_policy, stated_costs
from evenkeel.stages.propose.lots import KEY, POSITION
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.steps import FUNDS, told_qty
from evenkeel.stages.propose.trade_reasons import reasons_json, replaced
from evenkeel.stages.propose.washing import WashView

_HALF_A_CENT = 0.005


def trade_rows(
    case: Case, lists: Lists, weights: pl.DataFrame, book: Book, policy: Policy, washes: WashView | None = None
) -> pl.DataFrame:
    """Return the columns of `data_contracts.trades` but date and proposal, with `portfolio_id`, `short_rate_frac`, `long_rate_frac`.

    Args:
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
        weights: As `node_weights` returns them.
        book: For funds' redemption fees.
        policy: For what orders cost, and by when those for funds must be in.
        washes: What is disallowed where the lots of a list are sold together; None: what is of each lot alone.
    """
    lots = case.lots.select(
        *KEY,
        "lot_id",
        pl.col("acquired_date").alias("lot_opened_date"),
        "unit_basis_usd",
        "is_long_term",
        "long_term_date",
        "full_rate",
        pl.col("held_qty").alias("lot_held_qty"),
        "exact_qty",
    )
    accounts = case.accounts.select(
        "account_id",
        "kind",
        "custodian",
        pl.col("short_rate").alias("short_rate_frac"),
        pl.col("long_rate").alias("long_rate_frac"),
    )
    shelf = lists.problems.buyable.select(*KEY, "asset_class", "asset_type", "node_id", "buy_rank")
    is_sale = pl.col("side") == OrderSide.SELL.value
    rows = (
        lists.trades.drop("asset_class")
        .join(accounts, on="account_id", how="left")
        .join(shelf, on=KEY, how="left")
        .join(lots, on=[*KEY, "lot_id"], how="left")
        .join(weights, on=["portfolio_id", "node_id"], how="left")
        .with_columns(pl.col("value_usd").round(2), pl.col("disallowed_usd").fill_null(0.0).round(2))
        .with_columns((pl.col("unit_basis_usd") * pl.col("traded_qty")).round(2).alias("basis_usd"))
        .with_columns((pl.col("value_usd") - pl.col("basis_usd")).round(2).alias("gain_usd"))
        .pipe(_with_list_matched, washes)
        .with_columns(
            ((pl.col("gain_usd") + pl.col("disallowed_usd")).fill_null(0.0) * pl.col("full_rate").fill_null(0.0))
            .round(2)
            .alias("tax_usd")
        )
    )
    rows = rows.with_columns(reasons_json(rows, lots, case, lists), replaced(rows, lists).alias("replaces_security_id"))
    order = ["portfolio_id", "is_purchase", "account_id", "security_id", "lot_opened_date", "lot_id"]
    numbered = (
        rows.with_columns((~is_sale).alias("is_purchase"))
        .sort(order, nulls_last=True)
        .with_columns(pl.int_range(1, pl.len() + 1).over("portfolio_id").alias("trade_no"))
    )
    costs = cost_policy(policy.trading, case.accounts["custodian"].unique().sort().to_list(), book.securities)
    numbered = numbered.join(
        stated_costs(numbered, case.early, costs), on=["portfolio_id", "trade_no"], how="left", maintain_order="left"
    )
    money = ("value_usd", "basis_usd", "gain_usd", "disallowed_usd", "tax_usd")
    return numbered.select(
        "portfolio_id",
        "trade_no",
        *KEY,
        "side",
        "asset_class",
        "node_id",
        told_qty(pl.col("traded_qty"), pl.col("lot_held_qty"), pl.col("exact_qty")).alias("traded_qty"),
        pl.col("price_usd").cast(FACT_DTYPE),
        "lot_id",
        "lot_opened_date",
        pl.when(~is_sale)
        .then(pl.lit(LotInstruction.NONE.value))
        .when(pl.col("lot_id") == POSITION)
        .then(pl.lit(LotInstruction.ACCOUNT_METHOD.value))
        .otherwise(pl.lit(LotInstruction.SPECIFIC_LOT.value))
        .alias("lot_instruction"),
        *(
            pl.when(is_sale | pl.lit(name in ("value_usd", "tax_usd"))).then(pl.col(name)).cast(MONEY_DTYPE).alias(name)
            for name in money
        ),
        "is_long_term",
        "long_term_date",
        pl.when(is_sale).then("full_rate").alias("tax_rate_frac"),
        "trade_cost_usd",
        "commission_usd",
        "half_spread_usd",
        "redemption_fee_usd",
        _order_by(case.trade_date, policy.trading.fund_cutoffs).alias("order_by_at"),
        pl.lit(settle_date(case.trade_date)).alias("settle_date"),
        "reasons_json",
        "weight_before_frac",
        "weight_after_frac",
        "target_frac",
        "replaces_security_id",
        "margin_frac",
        "short_rate_frac",
        "long_rate_frac",
    )


def _with_list_matched(rows: pl.DataFrame, washes: WashView | None) -> pl.DataFrame:
    """Return the trades with what is disallowed of their losses together: lots asked about alone may count one replacement twice."""
    if washes is None or not (rows["disallowed_usd"] > 0).any():
        return rows
    lot = ["portfolio_id", *KEY, "lot_id"]
    sold = rows.filter(pl.col("side") == OrderSide.SELL.value).select(
        *lot,
        pl.col("lot_opened_date").alias("acquired_date"),
        pl.col("traded_qty").alias("sold_qty"),
        pl.col("value_usd").cast(MONEY_DTYPE).alias("proceeds_usd"),
        pl.col("basis_usd").cast(MONEY_DTYPE),
    )
    together = washes.disallowed_together(sold).rename({"disallowed_usd": "together_usd"})
    return (
        rows.join(together, on=lot, how="left", maintain_order="left")
        .with_columns(
            pl.min_horizontal("disallowed_usd", pl.col("together_usd").cast(pl.Float64).fill_null(0.0)).alias(
                "disallowed_usd"
            )
        )
        .drop("together_usd")
    )


def _order_by(trade_date: dt.date, cutoffs: Mapping[str, dt.time]) -> pl.Expr:
    """Return when an order for a fund must be in, by `custodian`; null for what is traded on an exchange."""
    instants = {custodian: order_by(trade_date, cutoff) for custodian, cutoff in cutoffs.items()}
    at = pl.col("custodian").replace_strict(instants, default=order_by(trade_date), return_dtype=INSTANT_DTYPE)
    return pl.when(pl.col("asset_type").is_in(FUNDS)).then(at)


def node_weights(case: Case, lists: Lists) -> pl.DataFrame:
    """Return the weight of every node, cash too, before and after the trades.

    What is in flight and spoken for counts as done; costs and taxes are not paid from cash.

    Returns:
        `portfolio_id`, `node_id`, `asset_class`, `target_frac`, `class_lower`, `class_upper` (its class's band), `own_lower`, `own_upper`
        (a sleeve's own; null: none), `weight_before_frac`, `weight_after_frac`, `value_before_usd`, `value_after_usd`; never -0.0.
    """
    of_account = case.accounts.select("account_id", "portfolio_id")
    prices = case.shelf.select(*KEY, "node_id")
    held = case.lots.join(of_account, on="account_id", how="left").select("portfolio_id", "node_id", "value_usd")
    flying = (
        case.flying.join(prices, on=KEY, how="inner")
        .join(of_account, on="account_id", how="left")
        .select("portfolio_id", "node_id", pl.col("change_usd").alias("value_usd"))
    )
    cash = case.accounts.select("portfolio_id", pl.lit("cash").alias("node_id"), pl.col("cash_usd").alias("value_usd"))
    before = pl.concat([held, flying, cash]).group_by("portfolio_id", "node_id").agg(pl.col("value_usd").sum())
    signed = pl.when(pl.col("side") == OrderSide.SELL.value).then(-pl.col("value_usd")).otherwise("value_usd")
    moved = lists.trades.select("portfolio_id", pl.col("asset_class").alias("node_id"), signed.alias("moved_usd"))
    into_cash = moved.select("portfolio_id", pl.lit("cash").alias("node_id"), -pl.col("moved_usd"))
    change = (
        pl.concat([moved, into_cash])
        .group_by("portfolio_id", "node_id")
        .agg(pl.col("moved_usd").sum(), pl.len().alias("trades"))
    )
    bands = ("class_lower", "class_upper", "own_lower", "own_upper")
    nodes = lists.problems.nodes.select("portfolio_id", "node_id", "asset_class", "target_frac", *bands)
    rows = (
        before.join(change, on=["portfolio_id", "node_id"], how="full", coalesce=True)
        .join(nodes, on=["portfolio_id", "node_id"], how="full", coalesce=True)
        .with_columns(
            pl.col("value_usd", "moved_usd", "target_frac").fill_null(0.0),
            pl.coalesce("asset_class", pl.col("node_id").str.split("/").list.first()).alias("asset_class"),
        )
        .with_columns((pl.col("value_usd") + pl.col("moved_usd")).alias("value_after_usd"))
        # Each trade is rounded to the cent, so of a node that is sold out there may be less than that left, or too much gone.
        .with_columns(
            pl.when(pl.col(name).abs() <= _HALF_A_CENT * (1 + pl.col("trades").fill_null(0)))
            .then(0.0)
            .otherwise(pl.col(name))
            .alias(name)
            for name in ("value_usd", "value_after_usd")
        )
    )
    total = pl.col("value_usd").sum().over("portfolio_id")
    return rows.select(
        "portfolio_id",
        "node_id",
        "asset_class",
        "target_frac",
        *bands,
        pl.when(total > 0).then(pl.col("value_usd") / total).otherwise(0.0).alias("weight_before_frac"),
        pl.when(total > 0).then(pl.col("value_after_usd") / total).otherwise(0.0).alias("weight_after_frac"),
        pl.col("value_usd").alias("value_before_usd"),
        "value_after_usd",
    ).sort("portfolio_id", "node_id")
