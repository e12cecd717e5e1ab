"""Households that are not measured today, and whom they wait for."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import CoverageStatus, NoticeKind, Owner
from evenkeel.stages.prioritize.routing import UNASSIGNED

SHOWN_CAUSES = 3
_CAUSES = {
    CoverageStatus.WAITING.value: "late",
    CoverageStatus.QUARANTINED.value: "quarantined",
    CoverageStatus.SUSPENDED.value: "suspended",
    CoverageStatus.STATE_HOLD.value: "set aside",
}


def waiting_households(coverage: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """Return a notice for each household with an account that holds it up: which accounts, why, and how many others wait for them.

    Args:
        coverage: `data_contracts.coverage`.
        households: `household_id`, `name`, and `adviser_id`: whose desk it is on.
    """
    cause = pl.col("status").replace_strict(_CAUSES, default=None, return_dtype=pl.String)
    causes = (
        coverage.with_columns(cause.alias("cause"))
        .filter(pl.col("cause").is_not_null())
        .sort("household_id", "account_id")
    )
    named = (
        pl.when(pl.col("reason").is_null())
        .then(pl.format("{} ({})", "account_id", "cause"))
        .when(pl.col("reason").str.starts_with(pl.col("cause")))
        .then(pl.format("{} ({})", "account_id", "reason"))
        .otherwise(pl.format("{} ({}: {})", "account_id", "cause", "reason"))
    )
    held_up = (
        causes.with_columns(named.alias("named"))
        .group_by("household_id", maintain_order=True)
        .agg(
            pl.col("named").head(SHOWN_CAUSES).str.join("; "),
            pl.len().cast(pl.Int64).alias("cause_count"),
            pl.col("account_id").str.join(",").alias("accounts"),
            (pl.col("status") == CoverageStatus.QUARANTINED.value).any().alias("is_quarantined"),
        )
        .join(
            coverage.filter(pl.col("status") == CoverageStatus.HOUSEHOLD_WAITS.value)
            .group_by("household_id")
            .agg(pl.len().alias("other_count")),
            on="household_id",
            how="left",
        )
        .join(households.select("household_id", "name", "adviser_id"), on="household_id", how="left")
    )
    more = pl.col("cause_count") - SHOWN_CAUSES
    others = pl.col("other_count").fill_null(0)
    text = pl.concat_str(
        [
            pl.format("Household {} ({}) waits for {}", pl.coalesce("name", "household_id"), "household_id", "named"),
            pl.when(more > 0).then(pl.format(" and {} more", more)).otherwise(pl.lit("")),
            pl.when(others == 1)
            .then(pl.lit("; 1 other account is not measured until then"))
            .when(others > 1)
            .then(pl.format("; {} other accounts are not measured until then", others))
            .otherwise(pl.lit("")),
        ]
    )
    owner = pl.when("is_quarantined").then(pl.lit(Owner.OPERATIONS.value)).otherwise(pl.lit(Owner.ADVISER.value))
    return held_up.select(
        pl.lit(NoticeKind.HOUSEHOLD_WAITING.value).alias("kind"),
        pl.col("household_id").alias("subject_id"),
        pl.col("adviser_id").fill_null(UNASSIGNED),
        owner.alias("owner"),
        text.alias("text"),
        pl.col("accounts").alias("detail"),
    )
