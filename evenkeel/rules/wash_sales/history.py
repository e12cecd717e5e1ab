"""Wash sales over history, for a whole book: polars finds the few groups with a candidate, `matching` does those."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from evenkeel.rules.holding_period import is_long_term_expr
from evenkeel.rules.wash_sales.matching import Disposal, Matched, Purchase, match
from evenkeel.rules.wash_sales.units import covered_spans, is_covered, must_be_unique
from evenkeel.rules.wash_sales.window import WINDOW_DAYS, WashAnswer, WashRules
from evenkeel.rules.whole_numbers import cents_expr, quanta_expr, units_expr, usd_expr

GROUP = ["wash_unit_id", "wash_group"]
_KEYS = ["sale_id", "portion_no"]
_PURCHASE = [*GROUP, "lot_id", "tax_unit_id", "acquired_date", "bought", "is_retirement"]
_DISPOSAL = [
    *GROUP,
    "sale_id",
    "lot_id",
    "tax_unit_id",
    "acquired_date",
    "start",
    "sold_date",
    "qty",
    "proceeds",
    "basis",
    "is_retirement",
]
_PORTIONS = pl.Schema(
    [
        ("sale_id", pl.String()),
        ("portion_no", pl.Int64()),
        ("portion_qty", pl.Int128()),
        ("gets", pl.Int128()),
        ("costs", pl.Int128()),
        ("from", pl.Date()),
        ("washed", pl.Int128()),
        ("disallowed", pl.Int128()),
        ("lost", pl.Int128()),
    ]
)
_MATCHES = pl.Schema(
    [
        ("sale_id", pl.String()),
        ("portion_no", pl.Int64()),
        ("lot_id", pl.String()),
        ("matched", pl.Int128()),
        ("disallowed", pl.Int128()),
        ("is_permanent", pl.Boolean()),
        ("holding_start_date", pl.Date()),
        ("crosses_return", pl.Boolean()),
    ]
)
_LEFT = pl.Schema([("lot_id", pl.String()), ("unused", pl.Int128()), ("matched", pl.Int128()), ("added", pl.Int128())])


@dataclass(frozen=True)
class WashSales:
    """What a book's history comes to.

    `portions`: one row a sale and part of it with one basis and period (`sale_id`, `portion_no`), with the columns of the sale and
    `sold_qty`, `proceeds_usd`, `basis_usd` (wash-sale adjustments included), `gain_usd` (loss < 0), `is_long_term`,
    `holding_start_date`, `washed_qty`, `disallowed_usd` (>= 0), `permanently_lost_usd` (of it, gone for good), `allowed_gain_usd` (gain
    after disallowance), `answer`, `is_window_open` (purchases after the history may still wash it).
    `matches`: one row a portion and replacement lot: `matched_qty`, `disallowed_usd`, `is_permanent`, `holding_start_date` of the
    replacement (null in an IRA), `crosses_return`.
    `purchases`: the acquisitions, with `held_qty`, `unused_qty` (still held and not yet a replacement), `matched_qty`,
    `basis_increase_usd` (over the lot's whole life, shares sold since included) and `is_readable`.
    """

    portions: pl.DataFrame
    matches: pl.DataFrame
    purchases: pl.DataFrame


def match_wash_sales(
    sales: pl.DataFrame,
    purchases: pl.DataFrame,
    coverage: pl.DataFrame,
    known_to: dt.date,
    rules: WashRules = WashRules(),  # noqa: B008 - frozen
) -> WashSales:
    """Return the wash sales of every wash unit.

    Args:
        sales: Lots closed, taxable and retirement alike: `sale_id` (unique), `wash_unit_id`, `tax_unit_id`, `wash_group`, `lot_id`,
            `acquired_date`, `holding_start_date` (null: as acquired), `sold_date`, `sold_qty` > 0, `proceeds_usd`, `basis_usd`
            (without wash-sale adjustments; null: not known), `is_retirement`.
        purchases: What counts as a purchase, orders in flight and expected reinvestments included: `wash_unit_id`, `tax_unit_id`,
            `wash_group`, `lot_id` (unique), `acquired_date`, `bought_qty` > 0, `is_retirement`.
        coverage: How far each account's history reaches (`units.covered_spans`).
        known_to: The last date of the history.
        rules: How the disputed point is read.

    Raises:
        ValueError: A sale id or a lot id stands twice, or a purchase does not say whose or what it is: it could be anybody's.
    """
    must_be_unique(sales, "sale_id")
    must_be_unique(purchases, "lot_id")
    unplaced = purchases.select(
        pl.any_horizontal(pl.col(*GROUP, "tax_unit_id", "is_retirement").is_null()).sum()
    ).item()
    if unplaced:
        raise ValueError(f"wash sales: {unplaced} purchases lack unit, group or is_retirement; complete them")
    sold, bought = _sold_in_numbers(sales), _bought_in_numbers(purchases)
    good_sold = sold.filter("is_readable")
    good_bought = bought.filter("is_readable")
    groups = _groups_with_candidates(good_sold, good_bought, rules)
    found = _matched(
        good_sold.join(groups, on=GROUP, how="semi"), good_bought.join(groups, on=GROUP, how="semi"), rules
    )
    portions, matches, left = _as_frames(found)
    unread = bought.filter(~pl.col("is_readable")).select(GROUP).unique().with_columns(pl.lit(True).alias("is_unread"))
    return WashSales(
        _portion_rows(sold, portions, covered_spans(coverage), unread, known_to),
        _match_rows(matches),
        _purchase_rows(bought, good_sold, left),
    )


def _sold_in_numbers(sales: pl.DataFrame) -> pl.DataFrame:
    """Return the sales in whole numbers; what cannot be read is marked, not dropped."""
    needed = pl.col("acquired_date", "sold_date", "proceeds", *GROUP).is_not_null()
    return sales.with_columns(
        quanta_expr("sold_qty").alias("qty"),
        cents_expr("proceeds_usd").alias("proceeds"),
        cents_expr("basis_usd").alias("basis"),
        pl.coalesce("holding_start_date", "acquired_date").alias("start"),
    ).with_columns(
        (pl.all_horizontal(needed) & (pl.col("qty") > 0) & (pl.col("acquired_date") <= pl.col("sold_date")))
        .fill_null(False)
        .alias("is_readable")
    )


def _bought_in_numbers(purchases: pl.DataFrame) -> pl.DataFrame:
    return purchases.with_columns(quanta_expr("bought_qty").alias("bought")).with_columns(
        (pl.col("acquired_date").is_not_null() & (pl.col("bought") > 0)).fill_null(False).alias("is_readable")
    )


def _groups_with_candidates(sold: pl.DataFrame, bought: pl.DataFrame, rules: WashRules) -> pl.DataFrame:
    """Return the units and groups with a loss and a purchase of another lot in its window.

    Only there can anything be washed: a gain turns into a loss only after a first wash sale in its group.
    """
    losses = sold.filter((pl.col("basis") > pl.col("proceeds")) & ~pl.col("is_retirement"))
    near = (pl.col("acquired_date") - pl.col("sold_date")).dt.total_days().abs() <= WINDOW_DAYS
    is_other_lot = pl.lit(True) if rules.same_lot_rest_counts else pl.col("lot_id") != pl.col("sold_lot_id")
    return (
        losses.select(*GROUP, "sold_date", pl.col("lot_id").alias("sold_lot_id"))
        .unique()
        .join(bought.select(*GROUP, "acquired_date", "lot_id"), on=GROUP, how="inner")
        .filter(near & is_other_lot)
        .select(GROUP)
        .unique()
        .sort(GROUP)
    )


def _matched(sold: pl.DataFrame, bought: pl.DataFrame, rules: WashRules) -> list[Matched]:
    purchases = bought.select(_PURCHASE).partition_by(GROUP, as_dict=True, include_key=False)
    disposals = sold.select(_DISPOSAL).partition_by(GROUP, as_dict=True, include_key=False)
    return [
        match(
            (Purchase(*row) for row in purchases[group].iter_rows()),
            (Disposal(*row) for row in rows.iter_rows()),
            rules,
        )
        for group, rows in sorted(disposals.items(), key=lambda item: str(item[0]))
    ]


def _as_frames(found: list[Matched]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    portions = [
        (
            p.disposal.sale_id,
            p.portion_no,
            p.qty,
            p.proceeds_cents,
            p.basis_cents,
            p.start,
            p.washed,
            p.disallowed,
            p.lost,
        )
        for one in found
        for p in one.portions
    ]
    matches = [
        (m.sale_id, m.portion_no, m.lot_id, m.qty, m.disallowed, m.is_permanent, m.start, m.crosses_return)
        for one in found
        for m in one.matches
    ]
    left = [(h.purchase.lot_id, h.unused, h.matched, h.added) for one in found for h in one.holdings]
    return (
        pl.DataFrame(portions, schema=_PORTIONS, orient="row"),
        pl.DataFrame(matches, schema=_MATCHES, orient="row"),
        pl.DataFrame(left, schema=_LEFT, orient="row"),
    )


def _portion_rows(
    sold: pl.DataFrame, portions: pl.DataFrame, spans: pl.DataFrame, unread: pl.DataFrame, known_to: dt.date
) -> pl.DataFrame:
    """Return every sale in portions; one that was not in a group with candidates is one portion, as it came."""
    zero = pl.lit(0, pl.Int128)
    rows = (
        sold.join(portions, on="sale_id", how="left")
        .with_columns(
            pl.col("portion_no").fill_null(0),
            pl.coalesce("portion_qty", "qty").alias("qty"),
            pl.coalesce("gets", "proceeds").alias("proceeds"),
            pl.when(pl.col("portion_qty").is_null()).then("basis").otherwise("costs").alias("basis"),
            pl.coalesce("from", "start").alias("start"),
            pl.col("washed", "disallowed", "lost").fill_null(zero),
        )
        .with_columns((pl.col("proceeds") - pl.col("basis")).alias("gain"))
        .join(spans, on="wash_unit_id", how="left")
        .join(unread, on=GROUP, how="left")
    )
    closes = pl.col("sold_date").dt.offset_by(f"{WINDOW_DAYS}d")
    covered = is_covered(pl.col("sold_date").dt.offset_by(f"-{WINDOW_DAYS}d"), pl.min_horizontal(closes, known_to))
    answer = (
        pl.when(~pl.col("is_readable"))
        .then(pl.lit(WashAnswer.BAD_INPUT.value))
        .when(pl.col("is_retirement"))
        .then(pl.lit(WashAnswer.NOT_A_LOSS.value))
        .when(pl.col("basis").is_null())
        .then(pl.lit(WashAnswer.BASIS_UNKNOWN.value))
        .when(pl.col("gain") >= 0)
        .then(pl.lit(WashAnswer.NOT_A_LOSS.value))
        .when(pl.col("washed") == pl.col("qty"))
        .then(pl.lit(WashAnswer.WASHED.value))
        .when(~covered | pl.col("is_unread").fill_null(False))
        .then(pl.lit(WashAnswer.COVERAGE_INCOMPLETE.value))
        .when(pl.col("washed") > 0)
        .then(pl.lit(WashAnswer.WASHED.value))
        .otherwise(pl.lit(WashAnswer.CLEAR.value))
    )
    return rows.select(
        *_KEYS,
        *GROUP,
        "tax_unit_id",
        "lot_id",
        "acquired_date",
        pl.col("start").alias("holding_start_date"),
        "sold_date",
        "is_retirement",
        units_expr("qty").alias("sold_qty"),
        usd_expr("proceeds").alias("proceeds_usd"),
        usd_expr("basis").alias("basis_usd"),
        usd_expr("gain").alias("gain_usd"),
        is_long_term_expr("start", "sold_date").alias("is_long_term"),
        units_expr("washed").alias("washed_qty"),
        usd_expr("disallowed").alias("disallowed_usd"),
        usd_expr("lost").alias("permanently_lost_usd"),
        usd_expr(pl.col("gain") + pl.col("disallowed")).alias("allowed_gain_usd"),
        answer.alias("answer"),
        (closes > known_to).alias("is_window_open"),
    ).sort(_KEYS)


def _match_rows(matches: pl.DataFrame) -> pl.DataFrame:
    return matches.select(
        *_KEYS,
        "lot_id",
        units_expr("matched").alias("matched_qty"),
        usd_expr("disallowed").alias("disallowed_usd"),
        "is_permanent",
        "holding_start_date",
        "crosses_return",
    ).sort(*_KEYS, "lot_id")


def _purchase_rows(bought: pl.DataFrame, sold: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    gone = sold.group_by("lot_id").agg(pl.col("qty").sum().alias("gone"))
    zero = pl.lit(0, pl.Int128)
    return (
        bought.join(gone, on="lot_id", how="left")
        .join(left, on="lot_id", how="left")
        .with_columns((pl.col("bought") - pl.col("gone").fill_null(zero)).clip(0, None).alias("held"))
        .select(
            "lot_id",
            *GROUP,
            "tax_unit_id",
            "acquired_date",
            "is_retirement",
            "bought_qty",
            units_expr("held").alias("held_qty"),
            units_expr(pl.coalesce("unused", "held")).alias("unused_qty"),
            pl.coalesce("matched", zero).reinterpret(dtype=FACT_DTYPE).alias("matched_qty"),
            pl.coalesce("added", zero).reinterpret(dtype=MONEY_DTYPE).alias("basis_increase_usd"),
            "is_readable",
        )
        .sort("lot_id")
    )
