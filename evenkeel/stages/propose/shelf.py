"""What an account may buy, at which price, in which steps, and what trading costs there."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetType, NodeLevel
from evenkeel.book.model import Book
from evenkeel.policy.model import TradingRule
from evenkeel.stages.propose.costing import engine_costs
from evenkeel.stages.propose.steps import step_qty

SUBSTITUTE_RANK = 1000
"""Ranks from here on are securities of other models of the firm: bought where the model's own may not be."""

UNTRADED = (
    AssetType.OPTION.value,
    AssetType.FUTURE.value,
    AssetType.PRIVATE.value,
    AssetType.ANNUITY.value,
    AssetType.CASH.value,
    AssetType.OTHER.value,
)
"""Kinds that no list trades: they are a person's to decide."""


def unit_values(holdings: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return `account_id`, `security_id`, `price_usd`: the value of one unit, as each account's custodian prices it.

    Where units times price is not the value that was believed, the value says what a unit is worth.
    """
    factor = (pl.col("price_factor") * pl.col("multiplier")).cast(pl.Float64)
    by_value = pl.col("value_usd").cast(pl.Float64) / pl.col("held_qty").cast(pl.Float64)
    quoted = pl.col("price_usd").cast(pl.Float64) * pl.col("factor")
    slack = (0.0051 / pl.col("held_qty").cast(pl.Float64)).abs() + 1e-4 * by_value.abs()
    return (
        holdings.filter(pl.col("asset_class") != "cash", pl.col("held_qty") != 0)
        .join(book.securities.select("security_id", factor.alias("factor")), on="security_id", how="left")
        .select(
            "account_id",
            "security_id",
            pl.when((quoted - by_value).abs() <= slack).then(quoted).otherwise(by_value).alias("price_usd"),
        )
    )


def usual_values(holdings: pl.DataFrame, prices: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return `custodian`, `security_id`, `price_usd` for what an account may buy and does not hold.

    The price that most accounts of its custodian have; where none holds it, that most accounts of any custodian have; then the market's.
    """
    per_unit = unit_values(holdings, book).join(
        book.accounts.select("account_id", "custodian"), on="account_id", how="left"
    )
    mode = pl.col("price_usd").mode().sort().first()
    here = per_unit.group_by("custodian", "security_id").agg(mode)
    anywhere = per_unit.group_by("security_id").agg(mode.alias("anywhere"))
    factor = (pl.col("price_factor") * pl.col("multiplier")).cast(pl.Float64)
    market = (
        prices.filter(pl.col("security_id").is_not_null(), pl.col("currency") == "USD")
        .sort("price_date", "feed", "row_no", descending=[True, False, False])
        .unique("security_id", keep="first", maintain_order=True)
        .join(book.securities.select("security_id", factor.alias("factor")), on="security_id", how="left")
        .select("security_id", (pl.col("price_ccy").cast(pl.Float64) * pl.col("factor")).alias("market"))
    )
    every = book.accounts.select("custodian").unique().join(book.securities.select("security_id"), how="cross")
    return (
        every.join(here, on=["custodian", "security_id"], how="left")
        .join(anywhere, on="security_id", how="left")
        .join(market, on="security_id", how="left")
        .select("custodian", "security_id", pl.coalesce("price_usd", "anywhere", "market").alias("price_usd"))
        .filter(pl.col("price_usd") > 0)
        .sort("custodian", "security_id")
    )


def nodes_of_securities(book: Book, deep: pl.DataFrame) -> pl.DataFrame:
    """Return `model_id`, `security_id`, `node_id`: what each security counts to in each model."""
    sleeve = pl.coalesce("sleeve", "asset_class")
    return (
        book.model_targets.select("model_id")
        .unique()
        .join(book.securities.select("security_id", "asset_class", sleeve.alias("sleeve")), how="cross")
        .join(deep.with_columns(pl.lit(True).alias("is_deep")), on=["model_id", "asset_class"], how="left")
        .select(
            "model_id",
            "security_id",
            pl.when(pl.col("is_deep"))
            .then(pl.format("{}/{}", "asset_class", "sleeve"))
            .otherwise("asset_class")
            .alias("node_id"),
        )
    )


def candidates(book: Book, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return what each model would buy for each of its nodes, best first.

    The model's own securities by their target, then those that other models of the firm have for the same node.

    Args:
        book: Models and securities.
        nodes: As `nodes_of_securities` returns them.

    Returns:
        `model_id`, `security_id`, `node_id`, `buy_rank`, `security_target` (share of the portfolio, 0 for a substitute).
    """
    tradable = book.securities.filter(~pl.col("is_illiquid"), ~pl.col("asset_type").is_in(UNTRADED)).select(
        "security_id"
    )
    named = (
        book.model_targets.filter(pl.col("level") == NodeLevel.SECURITY.value, pl.col("target_frac") > 0)
        .select("model_id", pl.col("node_id").alias("security_id"), pl.col("target_frac").alias("security_target"))
        .join(tradable, on="security_id", how="semi")
    )
    own = (
        named.join(nodes, on=["model_id", "security_id"], how="inner")
        .sort("model_id", "node_id", "security_target", "security_id", descending=[False, False, True, False])
        .with_columns(pl.int_range(pl.len()).over("model_id", "node_id").alias("buy_rank"))
    )
    popular = named.group_by("security_id").agg(pl.len().alias("models"), pl.col("security_target").max())
    others = (
        nodes.join(popular, on="security_id", how="inner")
        .join(own.select("model_id", "security_id"), on=["model_id", "security_id"], how="anti")
        .sort(
            "model_id",
            "node_id",
            "models",
            "security_target",
            "security_id",
            descending=[False, False, True, True, False],
        )
        .with_columns(
            (pl.int_range(pl.len()).over("model_id", "node_id") + SUBSTITUTE_RANK).alias("buy_rank"),
            pl.lit(0.0).alias("security_target"),
        )
    )
    columns = ["model_id", "security_id", "node_id", "buy_rank", "security_target"]
    return pl.concat([own.select(columns), others.select(columns)]).sort("model_id", "node_id", "buy_rank")


def steps_and_costs(securities: pl.DataFrame, trading: TradingRule) -> pl.DataFrame:
    """Return the rows with what one trade costs and in which steps it is done.

    Args:
        securities: As `engine_costs` takes them.
        trading: The policy's.

    Returns:
        The rows with `sell_cost_frac`, `buy_cost_frac`, `unit_step_qty`, `min_ticket_usd`.
    """
    return engine_costs(securities, trading).with_columns(step_qty(trading).alias("unit_step_qty"))
