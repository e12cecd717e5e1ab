"""What cash must stay, and what of it is short before the trades."""

from __future__ import annotations

import polars as pl

from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.solving import Lists


def cash_needed(case: Case, lists: Lists) -> pl.DataFrame:
    """Return what each portfolio has in cash before the trades, and what must stay.

        needed = the accounts' least cash together, or the IPS's least share of the value where that is more
        short  = what accounts lack of theirs (one's cash is not another's), or the portfolio of the IPS's where that is more

    Args:
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.

    Returns:
        `portfolio_id`, `nav_usd`, `account_count`, `cash_usd`, `ips_usd` (what the IPS asks for), `needed_usd`, `short_usd` (0: nothing).
    """
    least = pl.max_horizontal("min_cash_usd", pl.lit(0.0))
    sums = case.accounts.group_by("portfolio_id").agg(
        pl.len().cast(pl.Int64).alias("account_count"),
        pl.col("cash_usd").sum(),
        least.sum().alias("needed_usd"),
        (least - pl.col("cash_usd")).clip(lower_bound=0.0).sum().alias("short_usd"),
        pl.col("least_cash_frac").first(),
    )
    of_ips = pl.col("least_cash_frac") * pl.col("nav_usd").fill_null(0.0)
    return (
        sums.join(lists.figures.select("portfolio_id", "nav_usd"), on="portfolio_id", how="left")
        .with_columns(
            of_ips.alias("ips_usd"),
            pl.max_horizontal("needed_usd", of_ips).alias("needed_usd"),
            pl.max_horizontal("short_usd", of_ips - pl.col("cash_usd"), pl.lit(0.0)).alias("short_usd"),
        )
        .drop("least_cash_frac")
        .sort("portfolio_id")
    )
