"""Many sales at once: the rule of `choosing`, over frames. A property holds the two equal, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import ReliefMethod as Method
from evenkeel.rules.holding_period import is_long_term_expr
from evenkeel.rules.lots.choosing import NO_DATE, UNIT_PRICE_PARTS, ReliefOutcome
from evenkeel.rules.whole_numbers import (
    QUANTA,
    cents_expr,
    half_even_expr,
    parts_expr,
    quanta_expr,
    units_expr,
    usd_expr,
)

_OF_A_UNIT = pl.lit(QUANTA * UNIT_PRICE_PARTS, pl.Int128)
_NAMED = pl.Schema([("sale_id", pl.String()), ("lot_id", pl.String()), ("identified_qty", FACT_DTYPE)])


@dataclass(frozen=True)
class Relieved:
    """What many sales relieve.

    `lots`: one row a sale and lot relieved, by `sale_id` and the order relieved (`relief_no` from 0): `lot_id`, `sold_qty`,
    `proceeds_usd`, `basis_usd`, `gain_usd` (loss < 0), `is_long_term`. `sales`: one row a sale, by `sale_id`: `outcome`
    (`ReliefOutcome`), `basis_usd`, `short_gain_usd`, `long_gain_usd`, `unknown_lots`. Null where basis or term is not known.
    """

    lots: pl.DataFrame
    sales: pl.DataFrame


def relieve(lots: pl.DataFrame, sales: pl.DataFrame, identified: pl.DataFrame | None = None) -> Relieved:
    """Return the lots that each sale relieves.

    Two sales of the same account and security are alternatives: each is computed as if the other were not there. For one after the other,
    call twice with what is left.

    Args:
        lots: Open lots: `account_id`, `security_id`, `lot_id` (unique in account and security), `acquired_date`, `held_qty`, `cost_usd`;
            optional `holding_start_date`, `is_inherited`. Null is not known.
        sales: `sale_id` (unique), `account_id`, `security_id`, `sold_date`, `sale_qty`, `proceeds_usd` (costs taken off),
            `relief_method`; optional `short_rate_frac`, `long_rate_frac`, `may_average`.
        identified: For specific lots: `sale_id`, `lot_id`, `identified_qty`.

    Raises:
        ValueError: A sale id stands twice, a named lot twice, or a lot id twice in its account and security.
    """
    named = pl.DataFrame(schema=_NAMED) if identified is None else identified
    _must_be_unique(sales, ["sale_id"])
    _must_be_unique(lots, ["account_id", "security_id", "lot_id"])
    _must_be_unique(named, ["sale_id", "lot_id"])
    wanted = _sales_in_numbers(sales)
    pool = _pool(_lots_in_numbers(lots), wanted, named)
    judged = _judged(wanted, pool, named)
    taken = _taken(
        pool.join(judged.select("sale", "refused"), on="sale", maintain_order="left").filter(
            pl.col("refused").is_null()
        )
    )
    return Relieved(_lot_rows(taken), _sale_rows(judged, taken))


def _must_be_unique(frame: pl.DataFrame, keys: list[str]) -> None:
    repeated = frame.height - frame.select(keys).n_unique() if frame.height else 0
    if repeated:
        raise ValueError(f"lot relief: {repeated} rows repeat {', '.join(keys)}; give each once")


def _sales_in_numbers(sales: pl.DataFrame) -> pl.DataFrame:
    absent = {"short_rate_frac": pl.Float64, "long_rate_frac": pl.Float64, "may_average": pl.Boolean}
    return (
        sales.with_columns(pl.lit(None, t).alias(name) for name, t in absent.items() if name not in sales.columns)
        .select(
            "sale_id",
            "account_id",
            "security_id",
            "sold_date",
            quanta_expr("sale_qty").alias("sale_qty"),
            cents_expr("proceeds_usd").alias("proceeds"),
            pl.col("relief_method").alias("method"),
            parts_expr("short_rate_frac").alias("short_parts"),
            parts_expr("long_rate_frac").alias("long_parts"),
            pl.col("may_average").fill_null(False),
        )
        .sort("sale_id")
        .with_row_index("sale")  # numbers sort faster than text
    )


def _lots_in_numbers(lots: pl.DataFrame) -> pl.DataFrame:
    absent = {"holding_start_date": pl.Date, "is_inherited": pl.Boolean}
    return (
        lots.with_columns(pl.lit(None, t).alias(name) for name, t in absent.items() if name not in lots.columns)
        .select(
            "account_id",
            "security_id",
            "lot_id",
            "acquired_date",
            pl.coalesce("holding_start_date", "acquired_date").alias("start"),
            pl.col("is_inherited").fill_null(False),
            quanta_expr("held_qty").alias("held"),
            cents_expr("cost_usd").alias("cost"),
        )
        .filter(pl.col("held") > 0)
    )


def _pool(lots: pl.DataFrame, sales: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Return one row a sale and lot it could take, in the order of relief, with running units `upto`."""
    pool = (
        sales.join(lots, on=["account_id", "security_id"], how="inner")
        .filter(pl.col("acquired_date").is_null() | (pl.col("acquired_date") <= pl.col("sold_date")))
        .join(
            named.select("sale_id", "lot_id", quanta_expr("identified_qty").alias("named")),
            on=["sale_id", "lot_id"],
            how="left",
        )
        .with_columns(
            pl.when("is_inherited").then(True).otherwise(is_long_term_expr("start", "sold_date")).alias("is_long_term")
        )
        .with_columns(_figure().alias("figure"))
        .with_columns(pl.col("figure").is_null().alias("is_last"))
    )
    return pool.sort(
        "sale", "is_last", pl.col("figure").fill_null(0), pl.col("acquired_date").fill_null(NO_DATE), "lot_id"
    )


def _figure() -> pl.Expr:
    """Return what the method orders by (Int128); null where it is not known."""
    method = pl.col("method")
    unit_cost = pl.col("cost") * _OF_A_UNIT // pl.col("held")
    unit_proceeds = pl.col("proceeds") * _OF_A_UNIT // pl.when(pl.col("sale_qty") > 0).then("sale_qty")
    rate = pl.when("is_long_term").then("long_parts").when(~pl.col("is_long_term")).then("short_parts")
    age = -pl.col("acquired_date").fill_null(NO_DATE).to_physical()
    by_date = method.is_in([Method.FIFO, Method.AVERAGE, Method.SPECIFIC])
    return (
        pl.when(by_date)
        .then(pl.lit(0, pl.Int128))
        .when(method == Method.LIFO)
        .then(age.cast(pl.Int128))
        .when(method == Method.HIGHEST_COST)
        .then(0 - unit_cost)  # polars negates no Int128
        .when(method == Method.LOWEST_COST)
        .then(unit_cost)
        .otherwise(rate.cast(pl.Int128) * (unit_proceeds - unit_cost))
    )


def _judged(sales: pl.DataFrame, pool: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Return the sales with `refused`, the outcome that chooses no lot, and `unknown_lots`."""
    there = pool.group_by("sale").agg(
        pl.col("held").sum().alias("pool_qty"),
        pl.col("cost").is_null().sum().cast(pl.Int64).alias("unknown_lots"),
        pl.col("acquired_date").is_null().any().alias("has_undated"),
        (pl.col("named").is_not_null() & pl.col("named").is_between(1, pl.col("held"))).sum().alias("named_there"),
    )
    called = named.group_by("sale_id").agg(
        quanta_expr("identified_qty").sum().alias("named_qty"), pl.len().alias("named_lots")
    )
    method = pl.col("method")
    by_date = method.is_in([Method.FIFO, Method.LIFO, Method.AVERAGE])
    is_sale = (pl.col("sale_qty") > 0) & (pl.col("proceeds") >= 0) & pl.col("sold_date").is_not_null()
    is_bad = ~(is_sale & method.is_in(list(Method)))
    refused = (
        pl.when(is_bad.fill_null(True))
        .then(pl.lit(ReliefOutcome.BAD_SALE.value))
        .when(pl.col("sale_qty") > pl.col("pool_qty"))
        .then(pl.lit(ReliefOutcome.NOT_ENOUGH_HELD.value))
        .when((method == Method.AVERAGE) & ~pl.col("may_average"))
        .then(pl.lit(ReliefOutcome.AVERAGE_NOT_ALLOWED.value))
        .when((method == Method.TAX_OPTIMISED) & pl.any_horizontal(pl.col("short_parts", "long_parts").is_null()))
        .then(pl.lit(ReliefOutcome.RATES_UNKNOWN.value))
        .when(
            (method == Method.SPECIFIC)
            & ((pl.col("named_there") != pl.col("named_lots")) | (pl.col("named_qty") != pl.col("sale_qty")))
        )
        .then(pl.lit(ReliefOutcome.IDENTIFICATION_DIFFERS.value))
        .when(by_date & (pl.col("sale_qty") < pl.col("pool_qty")) & pl.col("has_undated"))
        .then(pl.lit(ReliefOutcome.DATE_UNKNOWN.value))
    )
    counts = ("pool_qty", "unknown_lots", "named_there", "named_qty", "named_lots")
    return (
        sales.join(there, on="sale", how="left", maintain_order="left")
        .join(called, on="sale_id", how="left", maintain_order="left")
        .with_columns(pl.col(counts).fill_null(0))
        .with_columns(refused.alias("refused"))
    )


def _taken(pool: pl.DataFrame) -> pl.DataFrame:
    """Return the rows relieved, with units, proceeds and basis in whole numbers."""
    upto = pl.col("held").cum_sum().over("sale")
    by_order = (pl.col("sale_qty") - (upto - pl.col("held"))).clip(0, pl.col("held"))
    is_specific = pl.col("method") == Method.SPECIFIC
    rows = pool.with_columns(
        pl.when(is_specific).then(pl.col("named").fill_null(0)).otherwise(by_order).alias("take"),
        pl.col("held").sum().over("sale").alias("pool_qty"),
        # One lot without basis leaves the pool without an average.
        pl.when(pl.col("cost").is_not_null().all().over("sale"))
        .then(pl.col("cost").sum().over("sale"))
        .alias("pool_cost"),
    ).filter(pl.col("take") > 0)
    rows = rows.with_columns(pl.col("take").cum_sum().over("sale").alias("upto"))
    before = pl.col("upto") - pl.col("take")
    gets = _share("proceeds", pl.col("upto"), "sale_qty") - _share("proceeds", before, "sale_qty")
    averaged = _share("pool_cost", pl.col("upto"), "pool_qty") - _share("pool_cost", before, "pool_qty")
    own = _share("cost", pl.col("take"), "held")
    return rows.with_columns(
        gets.alias("gets"), pl.when(pl.col("method") == Method.AVERAGE).then(averaged).otherwise(own).alias("basis")
    ).with_columns((pl.col("gets") - pl.col("basis")).alias("gain"))


def _share(total: str, part: pl.Expr, whole: str) -> pl.Expr:
    return half_even_expr(pl.col(total) * part, pl.col(whole))


def _lot_rows(taken: pl.DataFrame) -> pl.DataFrame:
    return taken.select(
        "sale_id",
        pl.int_range(pl.len(), dtype=pl.Int64).over("sale").alias("relief_no"),
        "lot_id",
        units_expr("take").alias("sold_qty"),
        usd_expr("gets").alias("proceeds_usd"),
        usd_expr("basis").alias("basis_usd"),
        usd_expr("gain").alias("gain_usd"),
        "is_long_term",
    )


def _sale_rows(judged: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    sums = taken.group_by("sale").agg(
        pl.col("basis").is_not_null().all().alias("has_basis"),
        pl.col("is_long_term").is_not_null().all().alias("has_term"),
        pl.col("basis").sum(),
        pl.col("gain").filter(~pl.col("is_long_term")).sum().alias("short_gain"),
        pl.col("gain").filter(pl.col("is_long_term")).sum().alias("long_gain"),
    )
    is_known = pl.col("has_basis") & pl.col("has_term")
    outcome = (
        pl.when(pl.col("refused").is_not_null())
        .then("refused")
        .when(is_known)
        .then(pl.lit(ReliefOutcome.COMPLETE.value))
        .when("has_basis")
        .then(pl.lit(ReliefOutcome.DATE_UNKNOWN.value))
        .otherwise(pl.lit(ReliefOutcome.BASIS_UNKNOWN.value))
    )
    return judged.join(sums, on="sale", how="left", maintain_order="left").select(
        "sale_id",
        outcome.alias("outcome"),
        pl.when("has_basis").then(usd_expr("basis")).alias("basis_usd"),
        pl.when(is_known).then(usd_expr("short_gain")).alias("short_gain_usd"),
        pl.when(is_known).then(usd_expr("long_gain")).alias("long_gain_usd"),
        "unknown_lots",
    )
