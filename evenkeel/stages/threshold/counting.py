"""What counts today: from nodes outside their bands to one breach a portfolio."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import AssetClass, NodeLevel, Rule, Workflow
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.threshold.banding import Drawn
from evenkeel.stages.threshold.profiles import Profiles

_LEVELS = [NodeLevel.CLASS.value, NodeLevel.SLEEVE.value, NodeLevel.SECURITY.value]
SMALLEST_TARGET = 0.01
"""Where a band has no width, severity is compared with the target, and with no less than this."""


@dataclass(frozen=True)
class Counted:
    """Breaches of rule `drift`, and portfolios that are outside a band without it counting today; columns of `breaches` but the date.

    `standing` opens nothing; an episode that is open is not over while its portfolio stands here. For a portfolio that is not due it
    says what a look would find today, so that an episode between two looks ends when its cause does.
    """

    breaches: pl.DataFrame
    standing: pl.DataFrame


def count_drift(drawn: Drawn, drift: pl.DataFrame, profiles: Profiles) -> Counted:
    """Return what counts of the portfolios that are due.

    threshold: weight outside the band. calendar: `min_drift_frac` or more from the centre, at a look. hybrid: outside the band at a look,
    past `override_multiple` times the band's width between looks. tiered: outside the band; large past `large_multiple` times its
    width. Outside an IPS limit counts under every workflow; illiquid nodes only at their own look.

    Pro-forma weights are judged. A portfolio that is inside by those, and outside by what is held, has a breach `is_in_flight` if orders
    in flight are what makes the difference; money that is only spoken for or unsettled makes none.
    """
    is_due = profiles.portfolios["is_due"]
    by_orders = moved_by_orders(drift)
    rows = _candidates(drawn, profiles, is_due)
    breaches = _breached(rows, by_orders, profiles)
    at_a_look = pl.lit(True)
    between = _candidates(drawn, profiles, ~is_due).with_columns(
        at_a_look.alias("is_calendar_look"), at_a_look.alias("is_illiquid_look")
    )
    rest = rows.join(breaches.select("portfolio"), on="portfolio", how="anti").filter(pl.col("excess_frac") > 0)
    standing = rest.with_columns(
        pl.col("excess_frac").alias("severity"),
        (pl.col("weight_frac") - pl.col("centre")).alias("off"),
        "is_outside_ips",
        pl.lit(False).alias("is_far"),
        pl.lit("band").alias("trigger"),
    )
    return Counted(
        breaches,
        pl.concat([aggregate(standing, profiles, in_flight=False), _breached(between, by_orders, profiles)]),
    )


def _breached(rows: pl.DataFrame, by_orders: pl.Series, profiles: Profiles) -> pl.DataFrame:
    """Return the portfolios that count by pro-forma weights, and those that do by held ones alone because of orders in flight."""
    ahead = aggregate(_counts(rows, "weight_frac", "excess_frac"), profiles, in_flight=False)
    held_rows = rows.join(ahead.select("portfolio"), on="portfolio", how="anti").filter(
        pl.col("portfolio").is_in(by_orders.implode())
    )
    in_flight = aggregate(_counts(held_rows, "held_frac", "held_excess_frac"), profiles, in_flight=True)
    return pl.concat([ahead, in_flight])


def _candidates(drawn: Drawn, profiles: Profiles, is_due: pl.Series) -> pl.DataFrame:
    """Return the rows of the portfolios `is_due` that can count at all, with what decides it."""
    rows = drawn.rows
    calendar = is_due & profiles.of_case([case.workflow is Workflow.CALENDAR for case in profiles.cases], pl.Boolean)
    is_off = rows.select(((pl.col("excess_frac") > 0) | (pl.col("held_excess_frac") > 0)).alias("is_off"))["is_off"]
    can = (is_off & is_due.gather(rows["portfolio"])) | calendar.gather(rows["portfolio"])
    found = rows.filter(can)
    cases = pl.DataFrame(
        {
            "workflow": [case.workflow.value for case in profiles.cases],
            "min_drift": [case.policy.calendar.min_drift_frac for case in profiles.cases],
            "multiple": [
                case.policy.hybrid.override_multiple
                if case.workflow is Workflow.HYBRID
                else case.policy.tiered.large_multiple
                for case in profiles.cases
            ],
        },
        schema={"workflow": pl.String, "min_drift": pl.Float64, "multiple": pl.Float64},
    )
    people = profiles.portfolios.select("case", "is_calendar_look", "is_illiquid_look")
    here = people.select(pl.all().gather(found["portfolio"]))
    return pl.concat(
        [
            found,
            here.select("is_calendar_look", "is_illiquid_look"),
            cases.select(pl.all().gather(here["case"])),
        ],
        how="horizontal",
    )


def _counts(rows: pl.DataFrame, weight: str, excess: str) -> pl.DataFrame:
    """Return the rows that count by one of the two weights, with `severity`, `off`, `is_far` and `trigger`."""
    off = pl.col(weight) - pl.col("centre")
    outside = pl.col(excess) > 0
    outside_ips = (
        (pl.col(weight) < pl.col("ips_min_frac") - COMPARE_TOLERANCE)
        | (pl.col(weight) > pl.col("ips_max_frac") + COMPARE_TOLERANCE)
    ).fill_null(False)
    far = (
        off.abs() > pl.col("multiple") * pl.when(off > 0).then("above").otherwise("below") + COMPARE_TOLERANCE
    ) & outside
    is_calendar = pl.col("workflow") == Workflow.CALENDAR.value
    is_hybrid = pl.col("workflow") == Workflow.HYBRID.value
    between = is_hybrid & ~pl.col("is_calendar_look")
    is_liquid = ~pl.col("is_illiquid")
    past_min = is_calendar & is_liquid & (off.abs() >= pl.col("min_drift") - COMPARE_TOLERANCE)
    counts = (
        pl.when("is_illiquid")
        .then(pl.col("is_illiquid_look") & outside)
        .when(is_calendar)
        .then(past_min | outside_ips)
        .when(between)
        .then(far | outside_ips)
        .otherwise(outside)
    )
    return rows.with_columns(
        outside_ips.alias("is_outside_ips"),
        off.alias("off"),
        far.alias("is_far"),
        # At a calendar look the bound that counts is the calendar's own, not only the band's.
        pl.when(past_min)
        .then(pl.max_horizontal(pl.col(excess), off.abs() - pl.col("min_drift"), 0.0))
        .otherwise(excess)
        .alias("severity"),
        pl.when(is_calendar | (is_hybrid & pl.col("is_calendar_look")))
        .then(pl.lit("calendar look"))
        .when(between)
        .then(pl.lit("override"))
        .otherwise(pl.lit("band"))
        .alias("trigger"),
    ).filter(counts)


def aggregate(rows: pl.DataFrame, profiles: Profiles, *, in_flight: bool) -> pl.DataFrame:
    """Return one row a portfolio: its worst node, and how many count. Ties (to 1e-12) go by level, then node."""
    width = pl.when(pl.col("off") > 0).then("above").otherwise("below")
    worst = (
        rows.with_columns(
            pl.col("severity").round(12).alias("rank"), pl.col("level").cast(pl.Enum(_LEVELS)).alias("level_rank")
        )
        .sort("portfolio", "rank", "level_rank", "node_id", descending=[False, True, False, False])
        .group_by("portfolio", maintain_order=True)
        .agg(
            pl.col("portfolio_id").first(),
            pl.col("severity").first().alias("severity_frac"),
            (
                pl.col("severity")
                / pl.when(width > 0).then(width).otherwise(pl.max_horizontal("target_frac", SMALLEST_TARGET))
            )
            .first()
            .alias("relative_severity"),
            pl.col("level").first().alias("worst_level"),
            pl.col("node_id").first().alias("worst_node_id"),
            (pl.col("held_frac") - pl.col("target_frac") if in_flight else pl.col("drift_frac"))
            .first()
            .alias("worst_drift_frac"),
            pl.len().cast(pl.Int64).alias("outside_count"),
            pl.col("is_outside_ips").any().alias("has_ips_breach"),
            pl.col("is_far").any(),
            pl.col("band_source").first(),
            pl.col("band_text").first(),
            pl.col("trigger").first(),
        )
    )
    people = profiles.portfolios.select("household_id", "case").select(pl.all().gather(worst["portfolio"]))
    by_case = case_words(profiles).select(pl.all().gather(people["case"]))
    whole = pl.concat([worst, people, by_case], how="horizontal")
    is_tiered = pl.col("workflow") == Workflow.TIERED.value
    size = pl.when("is_far").then(pl.lit("large")).otherwise(pl.lit("small"))
    return whole.with_columns(
        pl.lit(Rule.DRIFT.value).alias("rule"),
        pl.lit(in_flight).alias("is_in_flight"),
        pl.when(is_tiered).then(size).otherwise("trigger").alias("trigger"),
        pl.when(is_tiered)
        .then(pl.when("is_far").then("large_how_far").otherwise("small_how_far"))
        .otherwise("how_far")
        .alias("how_far"),
    )


def case_words(profiles: Profiles) -> pl.DataFrame:
    """Return what each case says about a breach, in the order of the cases: `urgency`, `workflow` and the three `how_far`."""
    return pl.DataFrame(
        {
            "urgency": [case.urgency.value for case in profiles.cases],
            "workflow": [case.workflow.value for case in profiles.cases],
            "how_far": [case.how_far.value for case in profiles.cases],
            "small_how_far": [case.how_far_tiered(False).value for case in profiles.cases],
            "large_how_far": [case.how_far_tiered(True).value for case in profiles.cases],
        },
        schema=dict.fromkeys(("urgency", "workflow", "how_far", "small_how_far", "large_how_far"), pl.String),
    )


def moved_by_orders(drift: pl.DataFrame) -> pl.Series:
    """Return the portfolios with orders in flight: some class other than cash is worth more or less once they are done."""
    return (
        drift.select(
            pl.col("portfolio_id").rle_id().alias("portfolio"),
            (
                (pl.col("level") == NodeLevel.CLASS.value)
                & (pl.col("asset_class") != AssetClass.CASH.value)
                & (pl.col("value_usd") != pl.col("proforma_usd"))
            ).alias("is_moved"),
        )
        .filter("is_moved")["portfolio"]
        .unique()
    )
