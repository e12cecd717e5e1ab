"""Which lots a sale closed: the custodian's open lots of the session before less today's.

The difference counts only where the night's sales explain it to the unit: lots became smaller by what was sold, and what is new is what was
bought. Split, merged, moved or renumbered lots do not add up that way, and then the sale's lots are not known.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import ToldBy
from evenkeel.rules.holding_period import is_long_term_expr
from evenkeel.rules.whole_numbers import cents_expr, half_even_expr, quanta_expr, units_expr, usd_expr
from evenkeel.stages.taxes.rows import DAY, PLACE, as_sales, gains_by_term

_LOT = [*PLACE, "lot_id", "opened_date"]


def told_by_lots(sales: pl.DataFrame, before: pl.DataFrame, today: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the sales whose lots can be told, a row for each lot.

    Args:
        sales: Of `sold.new_sales`, those of accounts believed on both dates.
        before: `TaxLots` of the session before, of custodians' feeds; other accounts' rows may be among them.
        today: The same of the date.
    """
    wanted = sales.filter("is_plain").select(
        *DAY, quanta_expr("traded_qty").alias("traded"), quanta_expr("bought_qty").alias("bought"), "proceeds_usd"
    )
    if not wanted.height:
        return as_sales(wanted.select(DAY))
    was, now = (_lots(rows.join(wanted, on=PLACE, how="semi")) for rows in (before, today))
    moved = (
        was.join(
            now.select(*_LOT, pl.col("held").alias("left"), pl.col("cost").alias("left_cost")),
            on=_LOT,
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .with_columns(pl.col("held").is_null().alias("is_new"), pl.col("held", "left").fill_null(0))
        .with_columns((pl.col("held") - pl.col("left")).alias("sold"))
        .filter(pl.col("sold") != 0)
    )
    closed = pl.col("sold").filter(pl.col("sold") > 0).sum()
    opened = pl.col("left").filter("is_new").sum()
    added_up = (
        moved.group_by(PLACE)
        .agg(
            closed.alias("closed"),
            opened.alias("opened"),
            ((pl.col("sold") > 0) | pl.col("is_new")).all().alias("is_plain"),
        )
        .join(wanted, on=PLACE, how="inner")
        .filter("is_plain", pl.col("closed") == pl.col("traded"), pl.col("opened") == pl.col("bought"))
        .select(*DAY, "traded", cents_expr("proceeds_usd").alias("proceeds"))
    )
    return _rows(moved.filter(pl.col("sold") > 0).join(added_up, on=PLACE, how="inner"))


def _lots(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the open lots in whole numbers; rows that neither number nor date tells apart are one lot.

    A cost in another currency is not known in dollars: they are of the day bought.
    """
    dollars = pl.when(pl.col("currency") == "USD").then(cents_expr("cost_ccy"))
    return (
        rows.filter(pl.col("held_qty") > 0)
        .with_columns(quanta_expr("held_qty").alias("held"), dollars.alias("cost"))
        .group_by(_LOT)
        .agg(
            pl.col("held").sum(),
            pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum()).alias("cost"),
            pl.len().alias("rows"),
            # Of rows with different periods none is the sold one's.
            pl.when(pl.col("holding_period_date").n_unique() == 1)
            .then(pl.col("holding_period_date").first())
            .alias("holding_start_date"),
            pl.when(pl.col("is_long_term").n_unique() == 1).then(pl.col("is_long_term").first()).alias("was_long"),
        )
    )


def _rows(lots: pl.DataFrame) -> pl.DataFrame:
    rows = lots.sort(*DAY, pl.col("opened_date"), "lot_id", nulls_last=True).with_columns(
        pl.col("sold").cum_sum().over(DAY).alias("upto")
    )
    before = pl.col("upto") - pl.col("sold")
    gets = half_even_expr(pl.col("proceeds") * pl.col("upto"), pl.col("traded")) - half_even_expr(
        pl.col("proceeds") * before, pl.col("traded")
    )
    share = half_even_expr(pl.col("cost") * pl.col("sold"), pl.col("held"))
    # Rows of one date without numbers may differ in cost; whichever was sold, its cost is what is missing.
    is_one = (pl.col("rows") == 1) | (pl.col("left") == 0)
    basis = pl.when(is_one).then(share).otherwise(pl.col("cost") - pl.col("left_cost"))
    start = pl.coalesce("holding_start_date", "opened_date")
    # A lot that was long-term yesterday is so today, whatever its date.
    term = pl.coalesce(is_long_term_expr(start, "sold_date"), pl.when(pl.col("was_long")).then(True))
    rows = rows.with_columns(
        usd_expr(gets).alias("proceeds_usd"), usd_expr(basis).alias("basis_usd"), term.alias("is_long_term")
    )
    return as_sales(
        rows.with_columns(
            *gains_by_term(pl.col("proceeds_usd") - pl.col("basis_usd")),
            units_expr("sold").alias("sold_qty"),
            pl.col("opened_date").alias("acquired_date"),
            pl.lit(ToldBy.LOTS.value).alias("told_by"),
        )
    )
