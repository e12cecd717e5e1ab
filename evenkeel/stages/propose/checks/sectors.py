"""Whether one economic sector would be too much of a portfolio."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, OrderSide, Sector
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.concentration import SPREAD, is_treasury
from evenkeel.stages.propose.checks.finding import TOLERANCE, chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import percent


def sectors(situation: Situation) -> pl.DataFrame:
    """Return `security_id` and `sector` of the securities that count to one; null: it counts to one that is not known.

    A fund counts where the book names its sector; without one it is taken for diversified, like one of sector `none`. Cash and the
    Treasury's securities are exempt.
    """
    is_spread = pl.col("asset_type").is_in(SPREAD)
    return situation.book.securities.filter(
        pl.col("asset_class") != AssetClass.CASH.value,
        ~is_treasury(),
        (pl.col("sector") != Sector.NONE.value).fill_null(True),
        ~(is_spread & pl.col("sector").is_null()),
    ).select("security_id", "sector")


def check_sectors(situation: Situation) -> pl.DataFrame:
    """Judge each sector's share of the portfolio after the trades by the policy's `max_sector_frac`; null: nothing is judged.

    Failed: above it, and more than before. Warned: above it, and no more than before. What is of a sector that is not known could be of
    any: where the largest sector would be above the limit with it, the result is not known if such a security is bought, else warned.
    Not known as well: the portfolio's value is not above zero.
    """
    of_sector = sectors(situation)
    limit = policy_columns(
        situation.proposals, situation.policies, {"limit_frac": lambda policy: policy.trading.max_sector_frac}
    ).with_columns(pl.col("limit_frac").cast(pl.Float64))
    share = [(pl.col(f"{when}_cents") / pl.col("nav_cents")).alias(f"{when}_frac") for when in ("before", "after")]
    placed = (
        situation.positions.join(of_sector, on="security_id")
        .group_by("portfolio_id", "sector")
        .agg(pl.col("before_cents", "after_cents").sum())
        .join(situation.nav.filter(pl.col("nav_cents") > 0), on="portfolio_id")
        .join(limit, on="portfolio_id")
        .with_columns(share)
    )
    is_over = pl.col("after_frac") > pl.col("limit_frac") + TOLERANCE
    is_more = pl.col("after_frac") > pl.col("before_frac") + TOLERANCE
    known = (
        placed.filter(pl.col("sector").is_not_null())
        .sort("portfolio_id", "after_frac", "sector", descending=[False, True, False])
        .with_columns(
            pl.format(
                "{} {} % (before: {} %)", "sector", percent(pl.col("after_frac")), percent(pl.col("before_frac"))
            ).alias("said")
        )
        .group_by("portfolio_id", maintain_order=True)
        .agg(
            pl.col("sector").first().alias("largest_sector"),
            pl.col("before_frac").first().alias("largest_before_frac"),
            pl.col("after_frac").first().alias("largest_frac"),
            pl.col("said").filter(is_over & is_more).alias("more"),
            pl.col("said").filter(is_over & ~is_more).alias("held"),
        )
    )
    unknown = placed.filter(pl.col("sector").is_null()).select(
        "portfolio_id", pl.col("after_frac").alias("unknown_frac")
    )
    bought = (
        situation.trades.filter(pl.col("side") == OrderSide.BUY.value)
        .join(of_sector.filter(pl.col("sector").is_null()), on="security_id", how="semi")
        .select("portfolio_id", pl.lit(True).alias("is_unknown_bought"))
        .unique()
    )
    rows = limit.join(situation.nav, on="portfolio_id", how="left", maintain_order="left")
    for part in (known, unknown, bought):
        rows = rows.join(part, on="portfolio_id", how="left", maintain_order="left")
    rows = rows.with_columns(
        pl.col("more", "held").fill_null([]),
        pl.col("unknown_frac").fill_null(0.0),
        pl.col("is_unknown_bought").fill_null(False),
    )
    is_judged = pl.col("limit_frac").is_not_null()
    has_more, has_held = pl.col("more").list.len() > 0, pl.col("held").list.len() > 0
    no_value = is_judged & (pl.col("nav_cents") <= 0).fill_null(True)
    could_be = pl.col("largest_frac").fill_null(0.0) + pl.col("unknown_frac") > pl.col("limit_frac") + TOLERANCE
    is_hidden = (is_judged & (pl.col("unknown_frac") > 0) & could_be).fill_null(False)
    words = percent(pl.col("limit_frac"))
    return findings(
        rows,
        chosen(has_more, no_value | (is_hidden & pl.col("is_unknown_bought")), has_held | is_hidden),
        sentences(
            (~is_judged, pl.lit("The policy sets no limit for sectors.")),
            (
                has_more,
                pl.format(
                    "More than {} % in one sector after the trades, and more than before: {}.",
                    words,
                    listed(pl.col("more")),
                ),
            ),
            (
                has_held,
                pl.format("More than {} % in one sector, no more than before: {}.", words, listed(pl.col("held"))),
            ),
            (no_value, pl.lit("The portfolio has no value to measure shares by.")),
            (
                is_hidden,
                pl.format(
                    "Of {} % of the value the sector is not known; it could be too much of one.",
                    percent(pl.col("unknown_frac")),
                ),
            ),
            (
                is_judged & ~has_more & ~has_held & pl.col("largest_sector").is_not_null(),
                pl.format(
                    "The largest sector after the trades is {} with {} % (before: {} %); the limit is {} %.",
                    "largest_sector",
                    percent(pl.col("largest_frac")),
                    percent(pl.col("largest_before_frac")),
                    words,
                ),
            ),
            otherwise=pl.lit("Nothing held counts to one sector."),
        ),
        ["limit_frac", "largest_sector", "largest_before_frac", "largest_frac", "unknown_frac"],
    )
