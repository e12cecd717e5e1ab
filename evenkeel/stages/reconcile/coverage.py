"""The proof that nobody was left out: every enabled account was scanned, or is listed with the reason."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.vocab import AccountState, CoverageStatus, ExceptionEffect
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.reconcile.findings import Findings

STATE_NEEDS = {
    AccountState.NEW.value: "is new: confirm funding and model, then set its state to open",
    AccountState.TRANSFERRING.value: "is being transferred: wait for the rest to arrive, then set its state to open",
    AccountState.CLOSING.value: "is closing: no rebalancing; set its state to closed when it is empty",
    AccountState.DECEASED.value: "belongs to a client who has died: wait for the estate's instructions",
}


HELD_UP_WORDS = {
    CoverageStatus.STATE_HOLD.value: "set aside by its state",
    CoverageStatus.WAITING.value: "its custodian has not delivered",
    CoverageStatus.QUARANTINED.value: "stopped by a check",
    CoverageStatus.SUSPENDED.value: "suspended",
}


def cover(
    business_date: dt.date,
    enabled: pl.DataFrame,
    book: Book,
    policy: Policy,
    incomplete: pl.DataFrame,
    findings: Findings,
) -> DataFrame[Coverage]:
    """Return what became of each enabled account.

    A person's word comes first (state, suspension), then a late custodian, then what a check stopped; an account that is fine by itself
    waits with its household, or its portfolio, as the policy says. An account without a model is scanned by every check and
    measured against none.
    """
    suspended = _suspended(business_date, book)
    quarantined = findings.stopped_accounts(ExceptionEffect.STOP)
    unmodelled = book.portfolios.filter(pl.col("model_id").is_null()).select(
        "portfolio_id", pl.lit(True).alias("is_unmodelled")
    )
    judged = (
        enabled.select("account_id", "portfolio_id", "household_id", "custodian", "state")
        .join(suspended, on="account_id", how="left")
        .join(incomplete.rename({"message": "late"}), on="custodian", how="left")
        .join(
            quarantined.select("account_id", pl.col("message").alias("stopped"), "finding_count"),
            on="account_id",
            how="left",
        )
        .join(unmodelled, on="portfolio_id", how="left")
        .with_columns(pl.col("state").replace_strict(STATE_NEEDS, default=None, return_dtype=pl.String).alias("needs"))
    )
    own = judged.with_columns(
        _first_of(
            ("needs", CoverageStatus.STATE_HOLD),
            ("suspended", CoverageStatus.SUSPENDED),
            ("late", CoverageStatus.WAITING),
            ("stopped", CoverageStatus.QUARANTINED),
        ).alias("status"),
        pl.coalesce(
            pl.format("account {} {}", "account_id", "needs"),
            "suspended",
            "late",
            pl.when(pl.col("finding_count") > 1)
            .then(pl.format("{} (and {} more)", "stopped", pl.col("finding_count") - 1))
            .otherwise("stopped"),
        ).alias("reason"),
    )
    return conform(_with_household(own, policy).with_columns(pl.lit(business_date).alias("business_date")), Coverage)


def _first_of(*choices: tuple[str, CoverageStatus]) -> pl.Expr:
    return pl.coalesce(pl.when(pl.col(name).is_not_null()).then(pl.lit(status.value)) for name, status in choices)


def _suspended(business_date: dt.date, book: Book) -> pl.DataFrame:
    return (
        book.suspensions.filter(
            pl.col("from_date") <= business_date,
            pl.col("ended_date").is_null() | (pl.col("ended_date") > business_date),
        )
        .sort("account_id", "from_date", "suspension_id")
        .group_by("account_id", maintain_order=True)
        .agg(pl.format("suspended since {} ({}): {}", "from_date", "kind", "reason").first().alias("suspended"))
    )


def _with_household(own: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    together = "household_id" if policy.household_waits == "household" else "portfolio_id"
    waiting = (
        own.filter(pl.col("status").is_not_null())
        .sort("account_id")
        .group_by(together, maintain_order=True)
        .agg(
            pl.format("{} ({})", "account_id", pl.col("status").replace(HELD_UP_WORDS))
            .str.join(", ")
            .alias("held_up_by")
        )
    )
    what = "household" if together == "household_id" else "portfolio"
    return (
        own.join(waiting, on=together, how="left")
        .with_columns(
            pl.when(pl.col("status").is_not_null())
            .then("status")
            .when("is_unmodelled")
            .then(pl.lit(CoverageStatus.NO_MODEL.value))
            .when(pl.col("held_up_by").is_not_null())
            .then(pl.lit(CoverageStatus.HOUSEHOLD_WAITS.value))
            .otherwise(pl.lit(CoverageStatus.SCANNED.value))
            .alias("status"),
            pl.when(pl.col("status").is_not_null())
            .then("reason")
            .when("is_unmodelled")
            .then(pl.format("portfolio {} has no model; choose one in portfolios.csv", "portfolio_id"))
            .when(pl.col("held_up_by").is_not_null())
            .then(pl.format(f"its {what} is measured only whole and waits for {{}}", "held_up_by"))
            .alias("reason"),
        )
        .drop("held_up_by")
    )
