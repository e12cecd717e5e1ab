"""What stood in the way of a list, and what was assumed for it, as they are stored with the proposal."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import Obstacle, OrderSide, RestrictionKind
from evenkeel.stages.propose.buyable import MIN_ROOM
from evenkeel.stages.propose.case import Case, is_substitute
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.redemptions import kept_units
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.wanting import SOME, wanted_buys, wanted_nodes, wanted_sales
from evenkeel.stages.wording import units

FIELDS = (
    "account_id", "security_id", "side", "rule", "until_date", "restriction_id", "custodian", "weight_frac", "kept_qty", "fee_frac"
)  # fmt: skip
"""Members of an obstacle as it is stored."""


def obstacles_json(case: Case, lists: Lists, weights: pl.DataFrame) -> pl.DataFrame:
    """Return what kept trades out that the list would have had use for, as `wanting` tells them."""
    nodes = wanted_nodes(case, lists, weights)
    by_restriction = pl.col("kept_by").is_in([kind.value for kind in RestrictionKind])
    sells = (
        case.lots.filter(pl.col("kept_by").is_not_null(), pl.col("kept_by") != Obstacle.REDEMPTION_PERIOD.value)
        .pipe(wanted_sales, case, lists, nodes)
        .select(
            "portfolio_id",
            *KEY,
            pl.lit(OrderSide.SELL.value).alias("side"),
            pl.col("kept_by").alias("rule"),
            pl.when(pl.col("kept_by") == Obstacle.WASH_SALE_IF_SOLD.value)
            .then("clear_from_date")
            .when(by_restriction)
            .then("kept_until_date")
            .alias("until_date"),
            pl.when(by_restriction).then("kept_restriction_id").alias("restriction_id"),
        )
        .unique(maintain_order=True)
    )
    bars = pl.concat(
        [
            case.bars.select(*KEY, "rule", "until_date", "restriction_id"),
            _at_largest_weight(case, lists),
            lists.washing.select(
                *KEY,
                pl.lit(Obstacle.SOLD_AT_LOSS_TODAY.value).alias("rule"),
                pl.lit(None, pl.Date).alias("until_date"),
                pl.lit(None, pl.String).alias("restriction_id"),
            ),
        ]
    )
    own = lists.problems.buyable.filter(
        pl.col("buy_rank").is_not_null(), ~is_substitute(pl.col("buy_rank")), ~pl.col("is_alert_only")
    )
    buys = (
        bars.join(own.select(*KEY, "portfolio_id", "node_id"), on=KEY, how="inner")
        .pipe(wanted_buys, lists, nodes)
        .select("portfolio_id", *KEY, pl.lit(OrderSide.BUY.value).alias("side"), "rule", "until_date", "restriction_id")
    )
    kept = [_early(case, lists, nodes), _crumbs(case, lists, nodes), _budgets(case, lists, nodes)]
    rows = pl.concat([sells, buys, *kept], how="diagonal").sort("portfolio_id", *KEY, "side", "rule")
    return as_json(_with_terms(rows, case), FIELDS, "obstacles_json")


def _at_largest_weight(case: Case, lists: Lists) -> pl.DataFrame:
    """Return the purchases that stopped at a largest weight: another unit would not fit."""
    bought = (
        lists.trades.filter(pl.col("side") == OrderSide.BUY.value)
        .group_by(KEY)
        .agg(pl.col("value_usd").cast(pl.Float64).sum().alias("bought_usd"))
    )
    unit = pl.coalesce(pl.col("price_usd") * pl.col("unit_step_qty"), 0.01)
    return (
        lists.problems.buyable.filter(pl.col("weight_cap_usd").is_not_null())
        .join(bought, on=KEY, how="left")
        .filter(pl.col("weight_cap_usd") - pl.col("bought_usd").fill_null(0.0) < pl.max_horizontal(unit, MIN_ROOM))
        .join(
            case.limits.filter(pl.col("rule") == Obstacle.MAX_WEIGHT.value),
            on=["portfolio_id", "security_id"],
            how="inner",
        )
        .select(*KEY, "rule", "until_date", "restriction_id")
    )


def _with_terms(rows: pl.DataFrame, case: Case) -> pl.DataFrame:
    """Return the rows with what else is to be told: the custodian that does not trade it, the weight that is kept to."""
    limits = case.limits.select(
        "portfolio_id",
        "security_id",
        "rule",
        "weight_frac",
        pl.col("until_date").alias("limit_until_date"),
        pl.col("restriction_id").alias("limit_id"),
    )
    is_not_traded = pl.col("rule") == Obstacle.NOT_TRADED.value
    return (
        rows.join(limits, on=["portfolio_id", "security_id", "rule"], how="left", maintain_order="left")
        .join(case.accounts.select("account_id", "custodian"), on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("weight_frac").is_not_null())
            .then("limit_until_date")
            .otherwise("until_date")
            .dt.to_string()
            .alias("until_date"),
            pl.coalesce("limit_id", "restriction_id").alias("restriction_id"),
            pl.when(is_not_traded).then("custodian").alias("custodian"),
        )
    )


def _early(case: Case, lists: Lists, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return what a fund's redemption period keeps: one row an account and fund, with how many units and the fee."""
    kept = (
        case.lots.select(*KEY, "lot_id", "node_id", "is_open", kept_units().alias("kept_qty"))
        .filter("is_open", pl.col("kept_qty") > 0)
        .pipe(wanted_sales, case, lists, nodes)
        .group_by("portfolio_id", *KEY)
        .agg(pl.col("kept_qty").sum())
    )
    return kept.join(case.early.select(*KEY, "free_from_date", "redemption_fee_frac"), on=KEY, how="inner").select(
        "portfolio_id",
        *KEY,
        pl.lit(OrderSide.SELL.value).alias("side"),
        pl.lit(Obstacle.REDEMPTION_PERIOD.value).alias("rule"),
        pl.col("free_from_date").alias("until_date"),
        pl.lit(None, pl.String).alias("restriction_id"),
        "kept_qty",
        pl.col("redemption_fee_frac").alias("fee_frac"),
    )


def _with_sold(case: Case, lists: Lists) -> pl.DataFrame:
    """Return the lots that may be sold with `sold_qty`."""
    sold = (
        lists.trades.filter(pl.col("side") == OrderSide.SELL.value)
        .group_by(*KEY, "lot_id")
        .agg(pl.col("traded_qty").cast(pl.Float64).sum().alias("sold_qty"))
    )
    return (
        case.lots.filter(pl.col("kept_by").is_null(), pl.col("is_open"))
        .join(sold, on=[*KEY, "lot_id"], how="left")
        .with_columns(pl.col("sold_qty").fill_null(0.0))
    )


def _crumbs(case: Case, lists: Lists, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return what is kept for being less than a step of an order, where it is all that is left to sell and can be seen in the weights.

    So is a position that goes whole or not at all, and does not go though it is worth an order.
    """
    left = pl.col("free_qty") - pl.col("sold_qty")
    is_left = (pl.col("sold_qty") >= pl.col("whole_qty")).all().over(KEY) & ~pl.col("is_all_or_none")
    return (
        _with_sold(case, lists)
        .filter(is_left | pl.col("is_bound_together"), left > 0)
        .pipe(wanted_sales, case, lists, nodes)
        .group_by("portfolio_id", *KEY)
        .agg(left.sum().round(6).alias("kept_qty"), (left * pl.col("price_usd")).sum().alias("kept_usd"))
        .join(lists.figures.select("portfolio_id", "nav_usd"), on="portfolio_id", how="inner")
        .filter(pl.col("kept_usd") > SOME * pl.col("nav_usd"))
        .select(
            "portfolio_id",
            *KEY,
            pl.lit(OrderSide.SELL.value).alias("side"),
            pl.lit(Obstacle.WHOLE_STEPS.value).alias("rule"),
            pl.lit(None, pl.Date).alias("until_date"),
            pl.lit(None, pl.String).alias("restriction_id"),
            "kept_qty",
        )
    )


def _budgets(case: Case, lists: Lists, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return what is sold less of because a budget is used up: lots with a gain, or where turnover binds any."""
    sold = lists.trades.filter(pl.col("side") == OrderSide.SELL.value)
    could_go = pl.when("is_all_or_none").then("free_qty").otherwise("whole_qty")
    by_account = sold.group_by("account_id").agg(pl.col("value_usd").cast(pl.Float64).sum().alias("sold_usd"))
    accounts = lists.problems.accounts()
    navs = lists.account_cash.select("account_id", "nav_usd")
    left = pl.col("turnover_budget_frac") * pl.col("nav_usd") - pl.col("sold_usd").fill_null(0.0)
    open_lots = (
        _with_sold(case, lists)
        .filter(pl.col("sold_qty") < could_go)
        .join(accounts, on="account_id", how="inner")
        .pipe(wanted_sales, case, lists, nodes)
        .join(navs, on="account_id", how="left")
        .join(by_account, on="account_id", how="left")
        .join(case.shelf.select(*KEY, "unit_step_qty"), on=KEY, how="left")
    )
    step = pl.coalesce(pl.col("price_usd") * pl.col("unit_step_qty"), 0.01)
    of_gain = open_lots.filter(pl.col("unit_gain") > 0).join(lists.gain_bound, on="account_id", how="semi")
    of_turnover = open_lots.filter(left < step)
    return pl.concat(
        [
            rows.select(
                "portfolio_id",
                *KEY,
                pl.lit(OrderSide.SELL.value).alias("side"),
                pl.lit(rule.value).alias("rule"),
                pl.lit(None, pl.Date).alias("until_date"),
                pl.lit(None, pl.String).alias("restriction_id"),
            ).unique()
            for rows, rule in ((of_gain, Obstacle.GAIN_BUDGET), (of_turnover, Obstacle.TURNOVER_BUDGET))
        ]
    )


def notes_json(case: Case, more: pl.DataFrame) -> pl.DataFrame:
    """Return what was assumed and what is not known; `more`: further notes, `portfolio_id`, `one`."""
    held = case.accounts.filter(pl.col("is_alert_only")).select(
        "portfolio_id", pl.format("Account {} is a plan account: it keeps what it holds.", "account_id").alias("one")
    )
    flying = case.flying.join(case.accounts.select("account_id", "portfolio_id"), on="account_id", how="left").select(
        "portfolio_id",
        pl.format("Account {}: orders in {} are in flight and counted as done.", "account_id", "security_id").alias(
            "one"
        ),
    )
    unknown_age = (
        case.lots.filter(pl.col("acquired_date").is_null(), pl.col("short_rate") > 0)
        .join(case.accounts.select("account_id", "portfolio_id"), on="account_id", how="left")
        .select(
            "portfolio_id",
            pl.format(
                "Account {}: the age of lots of {} is not known; a gain counts as short-term.",
                "account_id",
                "security_id",
            ).alias("one"),
        )
        .unique()
    )
    undated = (
        case.early.filter(pl.col("undated_qty") > 0)
        .join(case.accounts.select("account_id", "portfolio_id"), on="account_id", how="inner")
        .select(
            "portfolio_id",
            pl.format(
                "Account {}: when {} units of {} were bought is not known; they count as within its redemption period.",
                "account_id",
                units(pl.col("undated_qty")),
                "security_id",
            ).alias("one"),
        )
    )
    rows = pl.concat([held, flying, unknown_age, undated, more]).unique().sort("portfolio_id", "one")
    return (
        rows.select("portfolio_id", pl.col("one").str.replace_all('"', "'"))
        .group_by("portfolio_id", maintain_order=True)
        .agg(pl.col("one").str.join('","'))
        .select("portfolio_id", pl.concat_str([pl.lit('["'), "one", pl.lit('"]')]).alias("notes_json"))
    )


def as_json(rows: pl.DataFrame, fields: tuple[str, ...], name: str) -> pl.DataFrame:
    """Return `portfolio_id` and the rows of each as a JSON array of these fields."""
    return (
        rows.select("portfolio_id", pl.struct(fields).struct.json_encode().alias("one"))
        .group_by("portfolio_id", maintain_order=True)
        .agg(pl.col("one").str.join(","))
        .select("portfolio_id", pl.concat_str([pl.lit("["), "one", pl.lit("]")]).alias(name))
    )
