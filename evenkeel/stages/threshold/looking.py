"""The look of every portfolio: due, not due, or not measurable and why."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import CoverageStatus, LookStatus
from evenkeel.stages.threshold.profiles import Profiles
from evenkeel.stages.threshold.rulebook import Rulebook
from evenkeel.stages.threshold.widening import Widening


def measured_looks(business_date: dt.date, profiles: Profiles, widenings: dict[str, Widening]) -> pl.DataFrame:
    """Return the looks of measured portfolios (columns of `looks` but the date), in the order of the valuations."""
    schedules = pl.DataFrame(
        [(s.workflow.value, s.next_due(business_date), s.words) for s in profiles.schedules],
        schema={"workflow": pl.String, "next_look_date": pl.Date, "words": pl.String},
        orient="row",
    ).with_columns(pl.format("looked at {}; next on {}", "words", "next_look_date").alias("reason"))
    cases = pl.DataFrame(
        [
            (
                case.tier.tier if case.tier is not None else None,
                case.urgency.value,
                case.policy.label,
                widenings[case.policy.policy_id].factor,
            )
            for case in profiles.cases
        ],
        schema={"tier": pl.String, "urgency": pl.String, "policy_version": pl.String, "widening": pl.Float64},
        orient="row",
    )
    people = profiles.portfolios
    is_due = pl.col("is_due")
    return pl.concat(
        [
            people.select("portfolio_id", "household_id", "segment", "is_calendar_look", "is_due"),
            schedules.select(pl.all().gather(people["schedule"])),
            cases.select(pl.all().gather(people["case"])),
        ],
        how="horizontal",
    ).with_columns(
        pl.when(is_due).then(pl.lit(LookStatus.DUE.value)).otherwise(pl.lit(LookStatus.NOT_DUE.value)).alias("status"),
        pl.when(~is_due).then("reason").alias("reason"),
    )


def unmeasured_looks(
    valuations: pl.DataFrame,
    unmeasurable: pl.DataFrame,
    coverage: pl.DataFrame,
    rulebook: Rulebook,
    widenings: dict[str, Widening],
) -> pl.DataFrame:
    """Return the looks of portfolios that have an enabled account and were not measured, with the reason.

    The reason is that of the drift stage, else of the portfolio's first account that was not scanned. Tier, workflow and next look are
    null: they depend on a value that is not known.
    """
    versions = pl.DataFrame(
        [(name, widening.policy_version, widening.factor) for name, widening in widenings.items()],
        schema={"policy_id": pl.String, "policy_version": pl.String, "widening": pl.Float64},
        orient="row",
    )
    reasons = (
        coverage.filter(pl.col("status") != CoverageStatus.SCANNED.value)
        # The account that is the cause comes before those that only wait for it.
        .sort(pl.col("status") == CoverageStatus.HOUSEHOLD_WAITS.value, "account_id")
        .unique("portfolio_id", keep="first", maintain_order=True)
        .select("portfolio_id", pl.col("reason").alias("account_reason"))
    )
    return (
        coverage.select("portfolio_id")
        .unique()
        .join(valuations.select("portfolio_id"), on="portfolio_id", how="anti")
        .join(rulebook.portfolios, on="portfolio_id", how="inner")
        .join(unmeasurable.unique("portfolio_id"), on="portfolio_id", how="left")
        .join(reasons, on="portfolio_id", how="left")
        .join(versions, on="policy_id", how="left")
        .select(
            "portfolio_id",
            "household_id",
            "segment",
            "policy_version",
            "widening",
            pl.lit(LookStatus.UNMEASURED.value).alias("status"),
            pl.coalesce(
                "reason",
                "account_reason",
                pl.when(pl.col("model_id").is_null())
                .then(pl.lit("the portfolio has no model; choose one in portfolios.csv"))
                .otherwise(pl.lit("no holdings came for it")),
            ).alias("reason"),
            pl.lit(False).alias("is_calendar_look"),
        )
    )
