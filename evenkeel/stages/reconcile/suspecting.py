"""Prices and readings in doubt: whom they stop. Whether they could change an outcome is worked out in `doubting`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.coverage import Coverage
from data_contracts.doubts import Doubts
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from data_contracts.vocab import Check, Doubt, ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.ingest.read_file import FileKey
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.doubting import PriceDoubt, outcomes, scanned
from evenkeel.stages.reconcile.evidence import Evidence, believed
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.readings import doubtful_readings
from evenkeel.stages.threshold import Rulebook


def suspect(
    business_date: dt.date,
    evidence: Evidence,
    coverage: DataFrame[Coverage],
    holdings_of: Callable[[DataFrame[Coverage]], DataFrame[Holdings]],
    landed: Landed,
    untrusted: Collection[FileKey],
    book: Book,
    policy: Policy,
    before: Before,
    findings: Findings,
) -> DataFrame[Doubts]:
    """Stop the accounts of portfolios whose outcome a doubtful figure could change; note the others.

    Args:
        business_date: The session.
        evidence: What the sources say against each other.
        coverage: What becomes of each account by what has been found so far.
        holdings_of: Returns the holdings of the accounts that a coverage scans.
        landed: The day's tables.
        untrusted: Files that are no evidence.
        book: As it holds on the date.
        policy: The house policy.
        before: What the session before left.
        findings: Gets the stops.
    """
    rulebook = Rulebook.from_book(book, business_date)
    indicators = cast("DataFrame[Indicators]", believed(landed.fact(Indicators), untrusted))
    readings = doubtful_readings(
        business_date, indicators, before.indicators, book.feeds, rulebook.policies.values(), evidence.equity_move
    )
    doubtful = evidence.doubts.join(
        scanned(coverage).select("account_id", "household_id", "portfolio_id"), on="account_id", how="inner"
    )
    if not doubtful.height and not readings:
        return Doubts.empty_frame()
    doubts = outcomes(
        business_date,
        _by_household(doubtful),
        doubtful,
        readings,
        holdings_of(coverage),
        coverage,
        indicators,
        book,
        policy.reconciliation.outcome_frac,
    )
    _stop_prices(doubtful, doubts, findings)
    _note_securities(evidence.doubts, doubts, findings)
    _stop_readings(scanned(coverage), doubts, findings)
    return doubts


def _by_household(doubtful: pl.DataFrame) -> list[PriceDoubt]:
    rows = (
        doubtful.sort("household_id", "security_id", "account_id")
        .group_by("household_id", "security_id", maintain_order=True)
        .agg(pl.col("price").first(), pl.col("sources").explode())
    )
    return [
        PriceDoubt(
            household,
            security,
            (("the custodian", price), *dict.fromkeys((each["source"], each["price"]) for each in sources)),
        )
        for household, security, price, sources in rows.iter_rows()
    ]


def _stop_prices(doubtful: pl.DataFrame, doubts: pl.DataFrame, findings: Findings) -> None:
    harmful = doubts.filter("changes_outcome", pl.col("doubt") == Doubt.PRICE.value)
    stopped = doubtful.join(
        harmful.select("portfolio_id", pl.col("subject_id").alias("security_id"), "reasoning"),
        on=["portfolio_id", "security_id"],
        how="inner",
    ).with_columns(_said(pl.col("sources")).alias("said"))
    for check in (Check.PRICE_DOUBT, Check.SPLIT_DOUBT):
        findings.add(
            stopped.filter(pl.col("check") == check.value),
            check,
            ExceptionEffect.STOP,
            ExceptionScope.ACCOUNT,
            "account_id",
            pl.format(
                "account {}: the price of {} is in doubt: {} by its custodian, {}; {}; ask which is right",
                "account_id",
                "security_id",
                "price",
                "said",
                "reasoning",
            ),
            detail="security_id",
            expected=pl.col("said"),
            found=pl.col("price"),
        )


def _note_securities(doubtful: pl.DataFrame, doubts: pl.DataFrame, findings: Findings) -> None:
    priced = doubts.filter(pl.col("doubt") == Doubt.PRICE.value)
    if not priced.height:
        return
    counts = priced.group_by(pl.col("subject_id").alias("security_id")).agg(
        pl.len().alias("held"), pl.col("changes_outcome").sum().alias("changed")
    )
    first = (
        doubtful.sort("security_id", "account_id")
        .group_by("security_id", "check", maintain_order=True)
        .agg(pl.col("price").first(), _said(pl.col("sources").first()).alias("said"))
        .join(counts, on="security_id", how="inner")
        .sort("security_id")
    )
    for check in (Check.PRICE_DOUBT, Check.SPLIT_DOUBT):
        findings.add(
            first.filter(pl.col("check") == check.value),
            check,
            ExceptionEffect.NOTE,
            ExceptionScope.SECURITY,
            "security_id",
            pl.format(
                "security {}: its price is in doubt ({} by the custodian, {}); that could change the outcome of {} of the {} portfolios "
                "that hold it, which are stopped; `doubts` shows the reasoning",
                "security_id",
                "price",
                "said",
                "changed",
                "held",
            ),
        )


def _stop_readings(accounts: pl.DataFrame, doubts: pl.DataFrame, findings: Findings) -> None:
    harmful = doubts.filter("changes_outcome", pl.col("doubt") == Doubt.INDICATOR.value)
    findings.add(
        accounts.join(harmful.select("portfolio_id", "subject_id", "reasoning"), on="portfolio_id", how="inner").sort(
            "account_id"
        ),
        Check.INDICATOR_DOUBT,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format("account {}: {}; ask for the reading", "account_id", "reasoning"),
        detail="subject_id",
    )


def _said(sources: pl.Expr) -> pl.Expr:
    return sources.list.eval(
        pl.format("{} by {}", pl.element().struct.field("price"), pl.element().struct.field("source"))
    ).list.join(", ")
