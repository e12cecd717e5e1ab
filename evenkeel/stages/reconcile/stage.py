"""The order of the checks, and the holdings that pass them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.vocab import AssetClass, Check, CoverageStatus, ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import (
    check_accounts,
    check_other_feeds,
    custodian_feeds,
    enabled_accounts,
)
from evenkeel.stages.reconcile.counted import CASH_SECURITY, cash_in_dollars, held_cash, orders_in_flight, spoken_for
from evenkeel.stages.reconcile.coverage import cover
from evenkeel.stages.reconcile.currency import check_currencies, usd_rates
from evenkeel.stages.reconcile.files import EarlierFile, check_feeds, check_files
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.lots import check_lots
from evenkeel.stages.reconcile.positions import believed_positions, check_one_source, check_positions
from evenkeel.stages.reconcile.totals import check_totals

MEASURED = (CoverageStatus.SCANNED.value, CoverageStatus.NO_MODEL.value)
"""Accounts whose holdings go on; those without a model only to be matched to the nearest one."""


@dataclass(frozen=True)
class Reconciled:
    """Holdings that may be measured, what was stopped, and the proof of coverage."""

    holdings: DataFrame[Holdings]
    exceptions: DataFrame[Exceptions]
    coverage: DataFrame[Coverage]


def reconcile(
    business_date: dt.date,
    landed: Landed,
    book: Book,
    policy: Policy,
    *,
    is_past_deadline: bool,
    earlier_files: Mapping[str, EarlierFile] | None = None,
) -> Reconciled:
    """Check the day's tables and return what may be believed.

    Args:
        business_date: The session.
        landed: The day's tables.
        book: As it holds on the date.
        policy: The house policy of the date (tolerances, deadline, what waits for what).
        is_past_deadline: What has not come is missing, no longer late.
        earlier_files: By feed, what it sent last before the date, for the message about a missing one.
    """
    findings = Findings()
    enabled = enabled_accounts(book, business_date)
    rates = usd_rates(business_date, landed)
    positions = believed_positions(landed, book, rates)
    cash = cash_in_dollars(landed, book, rates)

    check_files(landed, policy, findings)
    incomplete = check_feeds(business_date, landed, book.feeds, is_past_deadline, earlier_files or {}, findings)
    check_accounts(landed, book, enabled, incomplete, findings)
    check_other_feeds(landed, book, findings)
    money = [frame.select("feed", "account_id", "currency") for frame in (positions, cash)]
    check_currencies(pl.concat(money), rates, findings)
    check_positions(business_date, positions, book, policy, findings)
    check_one_source(positions, cash, findings)
    check_lots(landed, positions, book, policy, findings)
    check_totals(landed, custodian_feeds(book), policy, findings)
    orders = orders_in_flight(landed, positions, book, rates, findings)

    findings.relax_outside(enabled)
    coverage = cover(business_date, enabled, book, policy, incomplete, findings)
    holdings = _holdings(
        business_date, coverage, positions, cash, orders, spoken_for(business_date, book, policy), book
    )
    _note_missing_cash(coverage, cash, findings)
    _note_nothing_held(holdings, findings)
    return Reconciled(
        holdings=holdings,
        exceptions=findings.to_exceptions(business_date, book.accounts),
        coverage=coverage,
    )


def _holdings(
    business_date: dt.date,
    coverage: pl.DataFrame,
    positions: pl.DataFrame,
    cash: pl.DataFrame,
    orders: pl.DataFrame,
    reserved: pl.DataFrame,
    book: Book,
) -> DataFrame[Holdings]:
    measured = coverage.filter(pl.col("status").is_in(MEASURED)).select("account_id", "portfolio_id", "household_id")
    # Into dollars row by row, before rows are added: one security may be held in two currencies.
    held = (
        positions.join(measured.select("account_id"), on="account_id", how="semi")
        .sort("feed", "file_id", "row_no")
        .with_columns(_in_dollars("price_ccy").alias("price_usd"), _in_dollars("cost_ccy").alias("cost_usd"))
        .group_by("account_id", "security_id", maintain_order=True)
        .agg(
            pl.col("held_qty").sum(),
            pl.col("price_usd").drop_nulls().first(),
            pl.col("price_date").max(),
            pl.when(pl.col("cost_usd").null_count() == 0).then(pl.col("cost_usd").sum()).alias("cost_usd"),
            pl.col("value_usd").sum(),
        )
    )
    securities = (
        held.join(
            orders.join(measured, on="account_id", how="semi"),
            on=["account_id", "security_id"],
            how="full",
            coalesce=True,
        )
        .with_columns(pl.col("value_usd").fill_null(0), pl.col("held_qty").fill_null(0))
        .with_columns((pl.col("value_usd") + pl.col("change_usd").fill_null(0)).alias("proforma_usd"))
        .join(
            book.securities.select(
                "security_id", "asset_class", pl.coalesce("sleeve", "asset_class").alias("sleeve"), "is_illiquid"
            ),
            on="security_id",
            how="left",
        )
        .filter((pl.col("held_qty") != 0) | (pl.col("value_usd") != 0) | (pl.col("proforma_usd") != 0))
        .select(
            "account_id",
            "security_id",
            "asset_class",
            "sleeve",
            "is_illiquid",
            pl.col("held_qty").cast(FACT_DTYPE),
            "price_usd",
            "price_date",
            "cost_usd",
            "value_usd",
            "proforma_usd",
        )
    )
    spent = orders.group_by("account_id").agg(pl.col("change_usd").sum())
    cash_rows = (
        measured.select("account_id")
        .join(held_cash(cash), on="account_id", how="left")
        .join(spent, on="account_id", how="left")
        .join(reserved, on="account_id", how="left")
        .with_columns(pl.col("value_usd").fill_null(0))
        .with_columns(
            (
                pl.col("value_usd")
                + pl.col("pending_usd").fill_null(0)
                - pl.col("change_usd").fill_null(0)
                - pl.col("spoken_for_usd").fill_null(0)
            ).alias("proforma_usd")
        )
        .select(
            "account_id",
            pl.lit(CASH_SECURITY).alias("security_id"),
            pl.lit(AssetClass.CASH.value).alias("asset_class"),
            pl.lit(AssetClass.CASH.value).alias("sleeve"),
            pl.lit(False).alias("is_illiquid"),
            pl.col("value_usd").cast(FACT_DTYPE).alias("held_qty"),
            pl.lit(1).cast(FACT_DTYPE).alias("price_usd"),
            pl.lit(business_date).alias("price_date"),
            pl.col("value_usd").cast(FACT_DTYPE).alias("cost_usd"),
            pl.col("value_usd").cast(MONEY_DTYPE),
            pl.col("proforma_usd").cast(MONEY_DTYPE),
        )
    )
    rows = pl.concat([securities, cash_rows]).join(measured, on="account_id", how="left")
    return conform(rows.with_columns(pl.lit(business_date).alias("business_date")), Holdings)


def _in_dollars(name: str) -> pl.Expr:
    converted = (pl.col(name).cast(pl.Float64) * pl.col("usd_rate")).round(12).cast(FACT_DTYPE)
    return pl.when(pl.col("usd_rate") == 1.0).then(pl.col(name)).otherwise(converted)


def _note_missing_cash(coverage: pl.DataFrame, cash: pl.DataFrame, findings: Findings) -> None:
    without = coverage.filter(pl.col("status").is_in(MEASURED)).join(cash, on="account_id", how="anti")
    findings.add(
        without,
        Check.CASH_MISSING,
        ExceptionEffect.NOTE,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format("account {}: its custodian sent no cash line; it is measured as holding none", "account_id"),
    )


def _note_nothing_held(holdings: pl.DataFrame, findings: Findings) -> None:
    empty = (
        holdings.group_by("portfolio_id")
        .agg((pl.col("value_usd") != 0).any().alias("has_value"))
        .filter(~pl.col("has_value"))
        .sort("portfolio_id")
    )
    findings.add(
        empty,
        Check.NOTHING_HELD,
        ExceptionEffect.NOTE,
        ExceptionScope.PORTFOLIO,
        "portfolio_id",
        pl.format(
            "portfolio {}: its accounts hold nothing, so it cannot be measured; set their state to new until money comes, or to closed",
            "portfolio_id",
        ),
    )
