"""Least and largest weights of a security, and the largest of a sector: what must stay, and how much more may be bought.

Weights are shares of the portfolio's value, with what is in flight counted as done; trades do not change that value.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import AssetClass, Obstacle, RestrictionKind, Sector
from evenkeel.book.model import Book
from evenkeel.stages.propose.lots import KEY

PLACE = ["portfolio_id", "security_id"]
_CENT = 0.01


def counted_sector() -> pl.Expr:
    """Return the sector that a security of the book counts to; null for cash, for what is of no one sector, and where it is not known."""
    is_one = (pl.col("sector") != Sector.NONE.value) & (pl.col("asset_class") != AssetClass.CASH.value)
    return pl.when(is_one).then("sector")


def weight_limits(accounts: pl.DataFrame, book: Book, trade_date: dt.date) -> pl.DataFrame:
    """Return the weights that restrictions of the book ask for on the trade date.

    Of several for one portfolio the narrowest counts: the largest minimum, the smallest maximum.

    Args:
        accounts: `portfolio_id`, `household_id`.
        book: Restrictions.
        trade_date: When the trades are done.

    Returns:
        `portfolio_id`, `security_id`, `rule` (`min_weight` or `max_weight`), `weight_frac`, `until_date`, `restriction_id`; one row a rule.
    """
    is_least = pl.col("kind") == RestrictionKind.MIN_WEIGHT.value
    holds = book.restrictions.filter(
        is_least | (pl.col("kind") == RestrictionKind.MAX_WEIGHT.value),
        pl.col("from_date").fill_null(trade_date) <= trade_date,
        pl.col("until_date").fill_null(trade_date) >= trade_date,
    )
    portfolios = accounts.select("portfolio_id", "household_id").unique()
    columns = ["portfolio_id", "security_id", "kind", "weight_frac", "until_date", "restriction_id"]
    parts = [holds.filter(pl.col("scope") == "firm").join(portfolios, how="cross").select(columns)]
    for scope, column in (("portfolio", "portfolio_id"), ("household", "household_id")):
        of_scope = holds.filter(pl.col("scope") == scope)
        named = portfolios.with_columns(pl.col(column).alias("scope_id"))
        parts.append(of_scope.join(named, on="scope_id", how="inner").select(columns))
    return (
        pl.concat(parts)
        .sort(*PLACE, "kind", pl.when(is_least).then(-pl.col("weight_frac")).otherwise("weight_frac"), "restriction_id")
        .unique([*PLACE, "kind"], keep="first", maintain_order=True)
        .rename({"kind": "rule"})
    )


def portfolio_values(lots: pl.DataFrame, accounts: pl.DataFrame, flying: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `value_usd`: lots, what orders in flight change, and cash.

    Args:
        lots: `account_id`, `security_id`, `value_usd`.
        accounts: `account_id`, `portfolio_id`, `cash_usd` (in flight counted as done).
        flying: As `in_flight` returns it.
    """
    cash = accounts.select("portfolio_id", pl.col("cash_usd").alias("value_usd"))
    held = held_values(lots, accounts, flying).select("portfolio_id", "value_usd")
    return pl.concat([cash, held]).group_by("portfolio_id").agg(pl.col("value_usd").sum())


def held_values(lots: pl.DataFrame, accounts: pl.DataFrame, flying: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `security_id`, `value_usd` of what is held, orders in flight counted as done; arguments as above."""
    rows = pl.concat(
        [lots.select(*KEY, "value_usd"), flying.select(*KEY, pl.col("change_usd").alias("value_usd"))]
    ).join(accounts.select("account_id", "portfolio_id"), on="account_id", how="inner")
    return rows.group_by(PLACE).agg(pl.col("value_usd").sum())


def keep_least(lots: pl.DataFrame, accounts: pl.DataFrame, flying: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Return the lots, those kept that a least weight needs: whole lots, until they are worth it.

    What stays anyway counts first; then the lots that would be sold last, which are those with the most tax on a dollar of them.

    Args:
        lots: `account_id`, `security_id`, `lot_id`, `held_qty`, `value_usd`, `price_usd`, `unit_gain`, `rate`, `kept_by`, `is_open`.
        accounts: `account_id`, `portfolio_id`, `cash_usd`.
        flying: As `in_flight` returns it.
        limits: As `weight_limits` returns it.
    """
    least = limits.filter(pl.col("rule") == Obstacle.MIN_WEIGHT.value).join(
        portfolio_values(lots, accounts, flying), on="portfolio_id", how="inner"
    )
    if least.is_empty():
        return lots
    needed = least.select(*PLACE, (pl.col("weight_frac") * pl.col("value_usd")).alias("needed_usd"))
    tax = (pl.col("rate") * pl.col("unit_gain") / pl.col("price_usd")).fill_null(0.0)
    lot = [*KEY, "lot_id"]
    kept = (
        lots.filter(pl.col("held_qty") > 0)
        .join(accounts.select("account_id", "portfolio_id"), on="account_id", how="inner")
        .join(needed, on=PLACE, how="inner")
        .with_columns((pl.col("kept_by").is_null() & pl.col("is_open")).alias("is_free"), tax.alias("tax"))
        .sort(*PLACE, "is_free", "tax", "account_id", "lot_id", descending=[False, False, False, True, False, False])
        .with_columns((pl.col("value_usd").cum_sum() - pl.col("value_usd")).over(PLACE).alias("before_usd"))
        .filter("is_free", pl.col("before_usd") < pl.col("needed_usd") - _CENT)
        .select(*lot, pl.lit(Obstacle.MIN_WEIGHT.value).alias("least"))
    )
    return (
        lots.join(kept, on=lot, how="left", maintain_order="left")
        .with_columns(pl.coalesce("kept_by", "least").alias("kept_by"))
        .drop("least")
    )


def weight_room(limits: pl.DataFrame, values: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `security_id`, `weight_room`: dollars until the largest weight that a restriction allows.

    Args:
        limits: As `weight_limits` returns it.
        values: As `portfolio_values` returns it.
        held: As `held_values` returns it.
    """
    most = limits.filter(pl.col("rule") == Obstacle.MAX_WEIGHT.value).select(*PLACE, "weight_frac")
    room = pl.col("weight_frac") * pl.col("value_usd") - pl.col("held_usd").fill_null(0.0)
    return (
        most.join(values, on="portfolio_id", how="inner")
        .join(held.rename({"value_usd": "held_usd"}), on=PLACE, how="left")
        .select(*PLACE, room.clip(lower_bound=0.0).alias("weight_room"))
    )


def sector_room(
    sectors: pl.DataFrame, values: pl.DataFrame, held: pl.DataFrame, max_sector: float | None
) -> pl.DataFrame:
    """Return `portfolio_id`, `sector`, `sector_room`: dollars until the policy's limit for a sector; no rows where it sets none.

    Args:
        sectors: `portfolio_id`, `security_id`, `sector` (null: it counts to none).
        values: As `portfolio_values` returns it.
        held: As `held_values` returns it.
        max_sector: The policy's `max_sector_frac`.
    """
    named = sectors.drop_nulls("sector").unique()
    room = pl.lit(max_sector, pl.Float64) * pl.col("value_usd") - pl.col("held_usd")
    return (
        (named.clear() if max_sector is None else named)
        .join(held.rename({"value_usd": "held_usd"}), on=PLACE, how="left")
        .group_by("portfolio_id", "sector")
        .agg(pl.col("held_usd").sum())
        .join(values, on="portfolio_id", how="inner")
        .select("portfolio_id", "sector", room.clip(lower_bound=0.0).alias("sector_room"))
    )
