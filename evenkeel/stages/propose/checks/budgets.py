"""Whether the year's gains stay in the client's budget, and what is sold of an account in the policy's."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import TaxStatus
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import TOLERANCE, chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import IS_SALE, Situation
from evenkeel.stages.wording import percent, small_dollars

_YEAR = ("realised_short_usd", "realised_long_usd", "planned_usd")


def check_gain_budget(situation: Situation) -> pl.DataFrame:
    """Judge the year's net gain of each tax unit of the list, with the trades, by its `gain_budget_usd`.

    Counted: what is realised this year, what orders in flight and lists made before will realise, this list, and of the other lists of the
    batch those that add gains: that their losses are taken is not certain. Carry-overs are not taken off.

    Failed: the list adds gains, and the year is past the budget with them. Not known: the list adds gains, and those of the year, of orders
    in flight or of a sale are not all known. A list that adds none passes.
    """
    budgets = situation.book.tax_units.filter(pl.col("gain_budget_usd").is_not_null()).select(
        "tax_unit_id", pl.col("gain_budget_usd").cast(pl.Float64).alias("budget_usd")
    )
    allowed = (pl.col("gain_cents") + pl.col("disallowed_cents").fill_null(0)) / 100
    lists = (
        situation.trades.filter(IS_SALE, pl.col("tax_status") == TaxStatus.TAXABLE.value)
        .join(budgets, on="tax_unit_id", how="inner")
        .group_by("portfolio_id", "tax_unit_id")
        .agg(
            allowed.sum().alias("added_usd"),
            pl.col("gain_cents").is_null().any().alias("is_sale_unknown"),
            pl.col("budget_usd").first(),
        )
    )
    adding = pl.col("added_usd").clip(lower_bound=0.0)
    judged = (
        lists.with_columns((adding.sum().over("tax_unit_id") - adding).alias("others_usd"))
        .join(_years(situation.year), on="tax_unit_id", how="left")
        .with_columns(pl.sum_horizontal("before_usd", "others_usd", "added_usd").alias("after_usd"))
    )
    adds = (pl.col("added_usd") > 0.005) | pl.col("is_sale_unknown")
    is_past = (pl.col("added_usd") > 0.005) & (pl.col("after_usd") > pl.col("budget_usd") + 0.005)
    is_unknown = adds & (pl.col("is_sale_unknown") | ~pl.col("is_year_known").fill_null(False))
    figures = ("budget_usd", "before_usd", "others_usd", "added_usd", "after_usd")
    worst = (
        judged.with_columns(is_past.alias("is_past"), is_unknown.alias("is_unknown"))
        .sort(
            "portfolio_id",
            "is_past",
            "is_unknown",
            "after_usd",
            "tax_unit_id",
            descending=[False, True, True, True, False],
        )
        .unique("portfolio_id", keep="first", maintain_order=True)
    )
    rows = (
        situation.proposals.select("portfolio_id")
        .join(worst, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(pl.col("is_past", "is_unknown").fill_null(False))
    )
    has_budget = pl.col("budget_usd").is_not_null()
    said = pl.format(
        "With these trades the year's net gain of {} is {}", "tax_unit_id", small_dollars(pl.col("after_usd"))
    )
    budget = small_dollars(pl.col("budget_usd"))
    return findings(
        rows,
        chosen(pl.col("is_past"), pl.col("is_unknown"), pl.lit(False)),
        sentences(
            (~has_budget, pl.lit("Nothing is sold that counts to a gain budget.")),
            (pl.col("is_past"), pl.format("{}: more than its gain budget of {}.", said, budget)),
            (
                pl.col("is_unknown"),
                pl.format("Not all gains of {} are known; its gain budget is {}.", "tax_unit_id", budget),
            ),
            (
                has_budget & ~pl.col("is_past") & ~pl.col("is_unknown") & (pl.col("added_usd") <= 0.005),
                pl.lit("The trades add no net gain."),
            ),
            otherwise=pl.format("{}, within its gain budget of {}.", said, budget),
        ),
        ["tax_unit_id", *figures],
    )


def check_turnover_budget(situation: Situation) -> pl.DataFrame:
    """Judge what is sold of each account, as a share of its value before, by the policy's `turnover_budget_frac`; null: nothing is judged.

    Failed: more is sold, by over a cent. Not known: something is sold, and the account has no value above zero.
    """
    limit = policy_columns(
        situation.proposals, situation.policies, {"limit_frac": lambda policy: policy.trading.turnover_budget_frac}
    ).with_columns(pl.col("limit_frac").cast(pl.Float64))
    value = situation.positions.group_by("portfolio_id", "account_id").agg(
        pl.col("before_cents").sum().alias("value_cents")
    )
    accounts = (
        situation.trades.filter(IS_SALE)
        .group_by("portfolio_id", "account_id")
        .agg(pl.col("value_cents").sum().alias("sold_cents"))
        .join(value, on=["portfolio_id", "account_id"], how="left")
        .join(limit, on="portfolio_id", how="inner")
        .filter(pl.col("sold_cents") > 0)
        .with_columns(
            pl.when(pl.col("value_cents") > 0).then(pl.col("sold_cents") / pl.col("value_cents")).alias("sold_frac")
        )
    )
    is_over = pl.col("sold_cents") > pl.col("limit_frac") * (pl.col("value_cents") + TOLERANCE) + 1
    words = pl.format("{} {} %", "account_id", percent(pl.col("sold_frac")))
    told = (
        accounts.sort("portfolio_id", "account_id")
        .group_by("portfolio_id", maintain_order=True)
        .agg(
            pl.col("sold_frac").max().alias("largest_frac"),
            words.filter(is_over.fill_null(False)).alias("over"),
            pl.col("sold_frac").is_null().any().alias("has_no_value"),
        )
    )
    rows = limit.join(told, on="portfolio_id", how="left", maintain_order="left").with_columns(
        pl.col("over").fill_null([]), pl.col("has_no_value").fill_null(False)
    )
    is_judged = pl.col("limit_frac").is_not_null()
    is_past = pl.col("over").list.len() > 0
    no_value = is_judged & pl.col("has_no_value")
    share = percent(pl.col("limit_frac"))
    return findings(
        rows,
        chosen(is_past, no_value, pl.lit(False)),
        sentences(
            (~is_judged, pl.lit("The policy sets no turnover budget.")),
            (is_past, pl.format("More than {} % of an account is sold: {}.", share, listed(pl.col("over")))),
            (no_value, pl.lit("An account that sells has no value to measure turnover by.")),
            otherwise=pl.format("No account sells more than {} % of its value.", share),
        ),
        ["limit_frac", "largest_frac"],
    )


def _years(year: pl.DataFrame | None) -> pl.DataFrame:
    """Return `tax_unit_id`, `before_usd`, `is_year_known`; without a year nothing is known."""
    if year is None:
        return pl.DataFrame(schema={"tax_unit_id": pl.String, "before_usd": pl.Float64, "is_year_known": pl.Boolean})
    known = pl.col("is_complete") if "is_complete" in year.columns else pl.lit(True)
    planned = pl.col("is_planned_known") if "is_planned_known" in year.columns else pl.lit(True)
    return year.select(
        "tax_unit_id",
        pl.sum_horizontal(pl.col(name).cast(pl.Float64) for name in _YEAR if name in year.columns).alias("before_usd"),
        (known & planned).alias("is_year_known"),
    )
