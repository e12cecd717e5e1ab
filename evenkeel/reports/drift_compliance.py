"""Drift compliance: how near each account is to its model, by model, adviser and custodian, and how that went over the period."""

from __future__ import annotations

from typing import Any

import polars as pl

from data_contracts.vocab import CoverageStatus, EpisodeStatus, Rule
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import NO_SESSION, derive, within_points
from evenkeel.reports.model import Column, Report, Table, Unit

NAME = "drift-compliance"
_ACCOUNT = (
    Column("account_id", "Account", Unit.CODE),
    Column("household_id", "Household", Unit.CODE),
    Column("portfolio_id", "Portfolio", Unit.CODE),
    Column("model_id", "Model", Unit.CODE),
    Column("adviser_id", "Adviser", Unit.CODE),
    Column("custodian", "Custodian", Unit.CODE),
    Column("status", "Coverage", Unit.WORDS),
    Column("max_drift_frac", "Largest drift, pts", Unit.POINTS),
    Column("is_inside", "In bands", Unit.FLAG),
    Column("is_within_2", "Within 2 pts", Unit.FLAG),
    Column("is_within_3", "Within 3 pts", Unit.FLAG),
    Column("measured_count", "Sessions measured", Unit.COUNT),
    Column("outside_count", "Sessions out", Unit.COUNT),
    Column("peak_drift_frac", "Peak, pts", Unit.POINTS),
    Column("open_since_date", "Alert since", Unit.DATE),
    Column("rebalanced_date", "Last filled", Unit.DATE),
)
_SHARES = (
    Column("account_count", "Accounts", Unit.COUNT),
    Column("measured_count", "Measured", Unit.COUNT),
    Column("inside_count", "In bands", Unit.COUNT),
    Column("inside_frac", "In bands, share", Unit.RATIO),
    Column("within_2_frac", "Within 2 pts", Unit.RATIO),
    Column("within_3_frac", "Within 3 pts", Unit.RATIO),
    Column("average_drift_frac", "Average drift, pts", Unit.POINTS),
)


def drift_compliance(facts: Facts) -> Report:
    """Return the report; shares are of the accounts that were measured, and null where none was."""
    accounts = _accounts(facts)
    groups = [
        _group(accounts, name, title, column)
        for name, title, column in (
            ("models", "By model", "model_id"),
            ("advisers", "By adviser", "adviser_id"),
            ("custodians", "By custodian", "custodian"),
        )
    ]
    last = facts.sessions[-1] if facts.sessions else None
    return Report(
        NAME,
        "Drift compliance",
        "How near each account is to its model on the period's last session, and how that went.",
        facts.period,
        facts.as_of_at,
        facts.is_period_over,
        (
            Table(
                "accounts",
                f"Accounts on {last}" if last else "Accounts",
                _ACCOUNT,
                accounts.sort("max_drift_frac", "account_id", descending=[True, False], nulls_last=True).to_dicts(),
                "Drift is the portfolio's: the largest distance of an asset class from the model's share, the farthest first. An "
                "account that was not measured has none, and comes last.",
                NO_SESSION.capitalize() + "." if not last else "The book has no account.",
            ),
            *groups,
            _history(facts),
        ),
        figures=within_points(facts),
        run_ids=facts.run_ids,
    )


def _accounts(facts: Facts) -> pl.DataFrame:
    """Return a row per enabled account of the last session."""
    last = facts.sessions[-1] if facts.sessions else None
    listed = facts.coverage.filter(pl.col("business_date").eq_missing(pl.lit(last, pl.Date)))
    in_period = facts.days.filter(pl.col("business_date").is_between(facts.period.first, facts.period.last))
    history = in_period.group_by("portfolio_id").agg(
        pl.len().cast(pl.Int64).alias("measured_count"),
        pl.col("is_outside").sum().cast(pl.Int64).alias("outside_count"),
        pl.col("max_drift_frac").max().alias("peak_drift_frac"),
    )
    open_since = (
        facts.alerts.filter(
            pl.col("business_date").eq_missing(pl.lit(last, pl.Date)),
            pl.col("rule") == Rule.DRIFT.value,
            pl.col("status") != EpisodeStatus.CLOSED.value,
        )
        .group_by("portfolio_id")
        .agg(pl.col("opened_date").min().alias("open_since_date"))
    )
    today = in_period.filter(pl.col("business_date").eq_missing(pl.lit(last, pl.Date))).select(
        "portfolio_id", "model_id", "adviser_id", "max_drift_frac", (~pl.col("is_outside")).alias("is_inside")
    )
    # What is not scanned is not judged, though its portfolio may be measured without it.
    judged = pl.when(pl.col("status") == CoverageStatus.SCANNED.value)
    near = [
        (pl.col("max_drift_frac") <= limit / 100 + COMPARE_TOLERANCE).alias(f"is_within_{limit}") for limit in (2, 3)
    ]
    return (
        listed.join(today, on="portfolio_id", how="left")
        .with_columns(judged.then(pl.col(name)).alias(name) for name in ("max_drift_frac", "is_inside"))
        .with_columns(near)
        .join(history, on="portfolio_id", how="left")
        .join(open_since, on="portfolio_id", how="left")
        .join(_rebalanced(facts), on="portfolio_id", how="left")
        .with_columns(pl.col("measured_count", "outside_count").fill_null(0))
        .select(each.name for each in _ACCOUNT)
    )


def _rebalanced(facts: Facts) -> pl.DataFrame:
    """Return the date of each portfolio's last known fill."""
    rows = {
        each.case["portfolio_id"]: each.filled_at
        for each in sorted(derive(facts).answers, key=lambda one: str(one.filled_at or ""))
        if each.filled_at
    }
    found = pl.DataFrame(
        {"portfolio_id": list(rows), "rebalanced_at": list(rows.values())},
        schema={"portfolio_id": pl.String, "rebalanced_at": pl.Datetime("us", "UTC")},
    )
    eastern = pl.col("rebalanced_at").dt.convert_time_zone("America/New_York").dt.date()
    return found.select("portfolio_id", eastern.alias("rebalanced_date"))


def _shares() -> list[pl.Expr]:
    measured = pl.col("max_drift_frac").is_not_null()

    def share(name: str) -> pl.Expr:
        return pl.when(measured.any()).then(pl.col(name).filter(measured).mean())

    return [
        pl.len().cast(pl.Int64).alias("account_count"),
        measured.sum().cast(pl.Int64).alias("measured_count"),
        (pl.col("is_inside") & measured).sum().cast(pl.Int64).alias("inside_count"),
        share("is_inside").alias("inside_frac"),
        share("is_within_2").alias("within_2_frac"),
        share("is_within_3").alias("within_3_frac"),
        share("max_drift_frac").alias("average_drift_frac"),
    ]


def _group(accounts: pl.DataFrame, name: str, title: str, column: str) -> Table:
    rows = accounts.sort("account_id").group_by(column).agg(_shares()).sort(column, nulls_last=True)
    label = title.removeprefix("By ").capitalize()
    note = "Accounts whose portfolio was not measured stand in the row without a name." if column != "custodian" else ""
    return Table(name, title, (Column(column, label, Unit.CODE), *_SHARES), rows.to_dicts(), note)


def _history(facts: Facts) -> Table:
    scanned = facts.coverage.with_columns((pl.col("status") == CoverageStatus.SCANNED.value).alias("is_scanned"))
    days = facts.days.select("business_date", "portfolio_id", "max_drift_frac", "is_outside")
    joined = scanned.join(days, on=["business_date", "portfolio_id"], how="left").with_columns(
        pl.when("is_scanned").then("max_drift_frac").alias("max_drift_frac"),
        pl.when("is_scanned").then(~pl.col("is_outside")).alias("is_inside"),
        *((pl.col("max_drift_frac") <= x / 100 + COMPARE_TOLERANCE).alias(f"is_within_{x}") for x in (2, 3)),
    )
    opened = (
        facts.alerts.filter(pl.col("status") == EpisodeStatus.OPEN.value)
        .group_by("business_date")
        .agg(pl.len().cast(pl.Int64).alias("open_count"))
    )
    rows: list[dict[str, Any]] = (
        joined.sort("business_date", "account_id")
        .group_by("business_date")
        .agg(_shares())
        .join(opened, on="business_date", how="left")
        .with_columns(pl.col("open_count").fill_null(0))
        .sort("business_date")
        .to_dicts()
    )
    columns = (Column("business_date", "Session", Unit.DATE), *_SHARES, Column("open_count", "Open alerts", Unit.COUNT))
    return Table("history", "Session by session", columns, rows, when_empty=NO_SESSION.capitalize() + ".")
