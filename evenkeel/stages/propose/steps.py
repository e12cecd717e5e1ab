"""In which sizes a custodian takes orders: whole steps of a security, or all that an account holds of it.

The engine rounds by lot, and the most that it sells of a lot is all of it, fraction and all; a custodian's rule is about the order. So
the engine is given each lot as its whole steps, which may go, and a crumb of less than a step, which is kept: every order is in whole
steps then. Where all whole steps of a position have gone, and nothing else keeps any of it, the next attempt has its lots unsplit, so
that the crumbs go with the rest; a position that then does not go whole is split for good.
"""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import AssetType
from evenkeel.engine.codes import Side
from evenkeel.policy.model import TradingRule
from evenkeel.stages.propose.lots import KEY

FUNDS = (AssetType.MUTUAL_FUND.value, AssetType.MONEY_MARKET.value)
"""Bought in dollars and sold in units, at the net asset value."""

POSITIONS = pl.Schema([(name, pl.String()) for name in KEY])
_WHOLE_TRADED = (AssetType.STOCK.value, AssetType.ETF.value)
_PART = 0.001
_CENT = 0.01
_STEP_DTYPE = pl.Decimal(38, 6)
"""Six digits say any step; a float of a quantity has more, which are dust."""
_SAME = 1e-12
"""Share of a quantity up to which it counts as whole steps: what a float cannot tell apart."""


def step_qty(trading: TradingRule) -> pl.Expr:
    """Return the units that an order is a multiple of, by `asset_type`, `custodian` and `price_usd`.

    A thousandth of a fund; a hundredth of a money fund whose unit is a dollar, so that units are dollars and cents; the policy's step of a
    bond; a thousandth of a stock or an ETF where the custodian takes fractions; 1 of all else.
    """
    kind = pl.col("asset_type")
    is_a_dollar = ((pl.col("price_usd").cast(pl.Float64) - 1.0).abs() < _SAME).fill_null(False)
    return (
        pl.when((kind == AssetType.MONEY_MARKET.value) & is_a_dollar)
        .then(pl.lit(_CENT))
        .when(kind.is_in(FUNDS))
        .then(pl.lit(_PART))
        .when(kind == AssetType.BOND.value)
        .then(pl.lit(trading.bond_step_qty))
        .when(kind.is_in(_WHOLE_TRADED) & pl.col("custodian").is_in(list(trading.fractional)))
        .then(pl.lit(_PART))
        .otherwise(pl.lit(1.0))
    )


def with_whole_steps(lots: pl.DataFrame, shelf: pl.DataFrame) -> pl.DataFrame:
    """Return the lots with what of each is whole steps.

    Args:
        lots: As `Case.lots`, without what is added.
        shelf: As `Case.shelf`.

    Returns:
        The rows with `whole_qty` (units, the most whole steps of `free_qty`), `may_go_whole` (nothing keeps any lot of the position),
        `is_all_or_none` (its whole steps alone are no order that is worth its cost: it goes whole or not at all) and `is_bound_together`
        (so it is, and all of it would be such an order).
    """
    steps = shelf.select(*KEY, "unit_step_qty", "min_ticket_usd")
    free, step = pl.col("free_qty"), pl.col("unit_step_qty")
    nearest = (free / step).round() * step
    is_whole = (nearest - free).abs() <= _SAME * pl.max_horizontal(free.abs(), 1.0)
    whole = pl.when(is_whole.fill_null(True)).then(free).otherwise(((free / step).floor() * step).round(6))
    is_free = pl.col("kept_by").is_null() & pl.col("is_open") & (free == pl.col("held_qty")) & (free > 0)
    of_steps = (pl.col("whole_qty") * pl.col("price_usd")).sum().over(KEY)
    is_order = (pl.col("free_qty") * pl.col("price_usd")).sum().over(KEY) >= pl.col("min_ticket_usd")
    is_no_order = (of_steps <= 0) | (of_steps < pl.col("min_ticket_usd")).fill_null(False)
    return (
        lots.join(steps, on=KEY, how="left", maintain_order="left")
        .with_columns(
            whole.clip(lower_bound=0.0).alias("whole_qty"),
            is_free.fill_null(False).all().over(KEY).alias("may_go_whole"),
        )
        .with_columns((pl.col("may_go_whole") & is_no_order).alias("is_all_or_none"))
        .with_columns((pl.col("is_all_or_none") & is_order.fill_null(True)).alias("is_bound_together"))
        .drop("unit_step_qty", "min_ticket_usd")
    )


def kept_crumb() -> pl.Expr:
    """Return how many units of a lot that may be sold are a crumb that stays, since the position cannot go whole."""
    is_kept = pl.col("kept_by").is_null() & pl.col("is_open") & ~pl.col("may_go_whole")
    return pl.when(is_kept).then(pl.col("free_qty") - pl.col("whole_qty")).otherwise(0.0)


def all_or_none(lots: pl.DataFrame) -> pl.DataFrame:
    """Return the positions that go whole or not at all: `account_id`, `security_id`."""
    return lots.filter("is_all_or_none").select(KEY).unique().sort(KEY)


def ready_to_go_whole(lots: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return the positions of which all whole steps are sold and a crumb is left that nothing else keeps."""
    return _sales(lots, trades).filter("is_any", "is_all_steps", ~pl.col("is_all")).select(KEY)


def not_gone(lots: pl.DataFrame, trades: pl.DataFrame, unsplit: pl.DataFrame) -> pl.DataFrame:
    """Return the unsplit positions that do not go whole; one that goes whole or not at all may well not go."""
    rows = _sales(lots, trades).join(unsplit, on=KEY, how="semi")
    return rows.filter(~pl.col("is_all"), pl.col("is_any") | ~pl.col("is_all_or_none")).select(KEY)


def sold_in_part(lots: pl.DataFrame, trades: pl.DataFrame, unsplit: pl.DataFrame) -> pl.DataFrame:
    """Return the unsplit positions of which something is sold and not all: their orders may not be in whole steps."""
    return _sales(lots, trades).join(unsplit, on=KEY, how="semi").filter("is_any", ~pl.col("is_all")).select(KEY)


def _sales(lots: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return the positions that may go whole, and how much of them is sold: anything, all whole steps, all."""
    sold = (
        trades.filter(pl.col("side") == Side.SELL.value)
        .group_by(*KEY, "lot_id")
        .agg(pl.col("traded_qty").cast(pl.Float64).sum().alias("sold_qty"))
    )
    sold_qty = pl.col("sold_qty").fill_null(0.0)
    return (
        lots.filter("may_go_whole")
        .join(sold, on=[*KEY, "lot_id"], how="left")
        .group_by(KEY)
        .agg(
            (sold_qty > 0).any().alias("is_any"),
            (sold_qty >= pl.col("whole_qty")).all().alias("is_all_steps"),
            (sold_qty >= pl.col("held_qty")).all().alias("is_all"),
            pl.col("is_all_or_none").first(),
        )
        .sort(KEY)
    )


def told_qty(traded: pl.Expr, held: pl.Expr, exact: pl.Expr) -> pl.Expr:
    """Return a quantity without a float's dust: that of the lot as its source has it where all of it goes, else in the digits of steps.

    Args:
        traded: Units as the engine has them.
        held: Units of the lot as the engine was given them; null of a purchase.
        exact: The same as its source has them.
    """
    return pl.when((traded == held).fill_null(False)).then(exact).otherwise(traded.cast(_STEP_DTYPE).cast(FACT_DTYPE))
