"""What a proposal would wash: sales looked at against purchases, purchases against losses, and what must not be bought.

Each candidate is looked at alone, as if the others were not done; so a figure never says less than what is washed when several are done
together, since a share replaces only one. For a whole list, add its trades to the history and match again.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from evenkeel.rules.wash_sales.history import GROUP
from evenkeel.rules.wash_sales.units import covered_spans, is_covered, must_be_unique
from evenkeel.rules.wash_sales.window import CLEAR_AFTER_DAYS, WINDOW_DAYS, WashAnswer, WashRules
from evenkeel.rules.whole_numbers import cents_expr, half_even_expr, quanta_expr, units_expr, usd_expr

_ZERO = pl.lit(0, pl.Int128)


def washed_if_sold(
    candidates: pl.DataFrame,
    purchases: pl.DataFrame,
    coverage: pl.DataFrame,
    trade_date: dt.date,
    known_to: dt.date,
    rules: WashRules = WashRules(),  # noqa: B008 - frozen
) -> pl.DataFrame:
    """Return, for each loss sale on `trade_date`, how many shares known purchases would wash, and until when.

    The first shares sold are the washed ones: selling less does not help until nothing is sold, selling more adds clear shares.

    Args:
        candidates: Taxable lots at a loss: `candidate_id` (unique), `wash_unit_id`, `wash_group`, `lot_id`, `sale_qty`.
        purchases: `history.WashSales.purchases`, orders in flight among them.
        coverage: As for `match_wash_sales`.
        trade_date: When the sale would trade.
        known_to: The last date of the history; coverage is asked up to here.
        rules: How the disputed point is read.

    Returns:
        By `candidate_id`: `replaceable_qty` (shares that could be replaced, whatever is sold), `washed_qty`, `permanent_qty` (of it, by an
        IRA: lost for good), `clear_date` (first trade date on which no known purchase is in the window; null: already), `days_to_clear`,
        `answer`.

    Raises:
        ValueError: A candidate id stands twice.
    """
    must_be_unique(candidates, "candidate_id")
    wanted = candidates.select("candidate_id", *GROUP, "lot_id", quanta_expr("sale_qty").alias("sale"))
    near = _readable(purchases).filter(_is_near("acquired_date", trade_date), pl.col("free") > 0)
    pairs = wanted.join(near.rename({"lot_id": "bought_lot_id"}), on=GROUP, how="inner")
    is_own = pl.col("lot_id") == pl.col("bought_lot_id")
    if rules.same_lot_rest_counts:
        rest = (pl.col("held") - pl.col("sale")).clip(0, pl.col("free"))
        pairs = pairs.with_columns(pl.when(is_own).then(rest).otherwise("free").alias("free"))
    else:
        pairs = pairs.filter(~is_own)
    pairs = pairs.filter(pl.col("free") > 0).sort(
        "candidate_id", "acquired_date", ~pl.col("is_retirement"), "bought_lot_id"
    )
    taken = _running_take("sale", "free", "candidate_id")
    sums = (
        pairs.with_columns(taken.alias("take"))
        .group_by("candidate_id")
        .agg(
            pl.col("free").sum().alias("replaceable"),
            pl.col("take").sum().alias("washed"),
            pl.col("take").filter("is_retirement").sum().alias("permanent"),
            pl.col("acquired_date").max().dt.offset_by(f"{CLEAR_AFTER_DAYS}d").alias("clear_date"),
        )
    )
    rows = (
        wanted.join(sums, on="candidate_id", how="left")
        .with_columns(pl.col("replaceable", "washed", "permanent").fill_null(_ZERO))
        .join(_unread(purchases), on=GROUP, how="left")
        .join(covered_spans(coverage), on="wash_unit_id", how="left")
    )
    return rows.select(
        "candidate_id",
        units_expr("replaceable").alias("replaceable_qty"),
        units_expr("washed").alias("washed_qty"),
        units_expr("permanent").alias("permanent_qty"),
        "clear_date",
        (pl.col("clear_date") - pl.lit(trade_date)).dt.total_days().alias("days_to_clear"),
        _answer("sale", trade_date, known_to).alias("answer"),
    ).sort("candidate_id")


def washed_if_bought(
    candidates: pl.DataFrame,
    portions: pl.DataFrame,
    coverage: pl.DataFrame,
    trade_date: dt.date,
    known_to: dt.date,
) -> pl.DataFrame:
    """Return, for each purchase on `trade_date`, which losses of the days before it would wash.

    What it costs: `disallowed_usd` at the loss's own rate. In a taxable account the loss is put off into the new shares' basis; with
    `is_permanent` it is gone.

    Args:
        candidates: `candidate_id` (unique), `wash_unit_id`, `wash_group`, `buy_qty`, `is_retirement`.
        portions: `history.WashSales.portions`; losses proposed for the same day may be among them.
        coverage: As for `match_wash_sales`.
        trade_date: When the purchase would trade.
        known_to: The last date of the history.

    Returns:
        By `candidate_id`: `washed_qty`, `short_disallowed_usd`, `long_disallowed_usd`, `disallowed_usd`, `is_permanent`, `free_from_date`
        (first trade date on which no known loss is in the window; null: already), `answer`.

    Raises:
        ValueError: A candidate id stands twice.
    """
    must_be_unique(candidates, "candidate_id")
    wanted = candidates.select("candidate_id", *GROUP, quanta_expr("buy_qty").alias("buy"), "is_retirement")
    pairs = wanted.join(_open_losses(portions, trade_date), on=GROUP, how="inner").sort(
        "candidate_id", "sold_date", "acquired_date", "sale_id", "portion_no"
    )
    pairs = pairs.with_columns(_running_take("buy", "open", "candidate_id").alias("take"))
    upto = half_even_expr(pl.col("loss") * (pl.col("washed") + pl.col("take")), pl.col("qty"))
    pairs = pairs.with_columns((upto - pl.col("disallowed")).alias("now"))
    sums = pairs.group_by("candidate_id").agg(
        pl.col("take").sum().alias("takes"),
        pl.col("now").filter(~pl.col("is_long_term")).sum().alias("short"),
        pl.col("now").filter("is_long_term").sum().alias("long"),
        pl.col("sold_date").max().dt.offset_by(f"{CLEAR_AFTER_DAYS}d").alias("free_from_date"),
    )
    # A sale whose basis is not known may have been a loss.
    doubtful = (
        portions.filter(
            _is_near("sold_date", trade_date).fill_null(True),
            pl.col("answer").is_in([WashAnswer.BASIS_UNKNOWN, WashAnswer.BAD_INPUT]),
        )
        .select(GROUP)
        .unique()
        .with_columns(pl.lit(True).alias("is_unread"))
    )
    rows = (
        wanted.join(sums, on="candidate_id", how="left")
        .with_columns(pl.col("takes", "short", "long").fill_null(_ZERO))
        .rename({"takes": "washed"})
        .join(doubtful, on=GROUP, how="left")
        .join(covered_spans(coverage), on="wash_unit_id", how="left")
    )
    return rows.select(
        "candidate_id",
        units_expr("washed").alias("washed_qty"),
        usd_expr("short").alias("short_disallowed_usd"),
        usd_expr("long").alias("long_disallowed_usd"),
        usd_expr(pl.col("short") + pl.col("long")).alias("disallowed_usd"),
        ((pl.col("washed") > 0) & pl.col("is_retirement")).alias("is_permanent"),
        "free_from_date",
        _answer("buy", trade_date, known_to).alias("answer"),
    ).sort("candidate_id")


def no_buy_list(portions: pl.DataFrame, members: pl.DataFrame, trade_date: dt.date) -> pl.DataFrame:
    """Return what must not be bought, in any account of the wash unit, until when, and what loss is at stake.

    Of known losses only: where coverage is incomplete, what is not on the list is not thereby free (`washed_if_bought` says so).

    Args:
        portions: `history.WashSales.portions`, the harvest's own sales among them.
        members: `units.wash_groups`: `security_id`, `wash_group`.
        trade_date: From when on; losses whose window is over by then are left out.

    Returns:
        By `wash_unit_id` and `security_id`: `last_date` (the last on which a purchase washes), `free_from_date`, `loss_qty`, `loss_usd`
        (> 0; null where a sale's basis is not known, which may be a loss).
    """
    stakes = (
        pl.concat([_open_losses(portions, trade_date), _perhaps_losses(portions, trade_date)], how="diagonal")
        .group_by(GROUP)
        .agg(
            pl.col("sold_date").max().dt.offset_by(f"{WINDOW_DAYS}d").alias("last_date"),
            pl.col("open").sum(),
            pl.when(pl.col("loss").is_not_null().all())
            .then((pl.col("loss") - pl.col("disallowed")).sum())
            .alias("left"),
        )
    )
    return (
        stakes.join(members.select("security_id", "wash_group"), on="wash_group", how="inner")
        .select(
            "wash_unit_id",
            "security_id",
            "last_date",
            pl.col("last_date").dt.offset_by("1d").alias("free_from_date"),
            units_expr("open").alias("loss_qty"),
            usd_expr("left").alias("loss_usd"),
        )
        .sort("wash_unit_id", "security_id")
    )


def _readable(purchases: pl.DataFrame) -> pl.DataFrame:
    return purchases.filter("is_readable").select(
        *GROUP,
        "lot_id",
        "acquired_date",
        "is_retirement",
        quanta_expr("unused_qty").alias("free"),
        quanta_expr("held_qty").alias("held"),
    )


def _unread(purchases: pl.DataFrame) -> pl.DataFrame:
    return purchases.filter(~pl.col("is_readable")).select(GROUP).unique().with_columns(pl.lit(True).alias("is_unread"))


def _open_losses(portions: pl.DataFrame, trade_date: dt.date) -> pl.DataFrame:
    """Return the losses in the window of a purchase on the date, as far as nothing has replaced them yet."""
    return (
        portions.filter(
            _is_near("sold_date", trade_date),
            ~pl.col("is_retirement"),
            pl.col("gain_usd") < 0,
            pl.col("washed_qty") < pl.col("sold_qty"),
        )
        .select(
            *GROUP,
            "sale_id",
            "portion_no",
            "sold_date",
            "acquired_date",
            "is_long_term",
            quanta_expr("sold_qty").alias("qty"),
            quanta_expr("washed_qty").alias("washed"),
            (0 - cents_expr("gain_usd")).alias("loss"),
            cents_expr("disallowed_usd").alias("disallowed"),
        )
        .with_columns((pl.col("qty") - pl.col("washed")).alias("open"))
    )


def _perhaps_losses(portions: pl.DataFrame, trade_date: dt.date) -> pl.DataFrame:
    is_unknown = pl.col("answer") == WashAnswer.BASIS_UNKNOWN
    return portions.filter(_is_near("sold_date", trade_date), is_unknown).select(
        *GROUP, "sold_date", quanta_expr("sold_qty").alias("open")
    )


def _is_near(column: str, date: dt.date) -> pl.Expr:
    return (pl.col(column) - pl.lit(date)).dt.total_days().abs() <= WINDOW_DAYS


def _running_take(wanted: str, there: str, key: str) -> pl.Expr:
    """Return what each row gives when `wanted` is taken from the rows of its key in their order."""
    before = pl.col(there).cum_sum().over(key) - pl.col(there)
    return (pl.col(wanted) - before).clip(0, pl.col(there))


def _answer(wanted: str, trade_date: dt.date, known_to: dt.date) -> pl.Expr:
    first = pl.lit(trade_date - dt.timedelta(days=WINDOW_DAYS))
    covered = is_covered(first, pl.lit(min(known_to, trade_date)))
    return (
        pl.when(~(pl.col(wanted) > 0).fill_null(False))
        .then(pl.lit(WashAnswer.BAD_INPUT.value))
        .when(pl.col("washed") == pl.col(wanted))
        .then(pl.lit(WashAnswer.WASHED.value))
        .when(~covered | pl.col("is_unread").fill_null(False))
        .then(pl.lit(WashAnswer.COVERAGE_INCOMPLETE.value))
        .when(pl.col("washed") > 0)
        .then(pl.lit(WashAnswer.WASHED.value))
        .otherwise(pl.lit(WashAnswer.CLEAR.value))
    )
