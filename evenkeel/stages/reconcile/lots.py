"""Lots against positions: the units of an account's lots in a security add up to its position, and so does their cost."""

from __future__ import annotations

import polars as pl

from data_contracts.tax_lots import TaxLots
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import custodian_feeds
from evenkeel.stages.reconcile.findings import Findings, plain


def check_lots(landed: Landed, positions: pl.DataFrame, book: Book, policy: Policy, findings: Findings) -> None:
    """Stop accounts whose lots do not add up. A security without lots is not judged: many sources send none."""
    lots = (
        landed.fact(TaxLots)
        .filter(
            pl.col("feed").is_in(custodian_feeds(book)),
            pl.col("account_id").is_not_null(),
            pl.col("security_id").is_not_null(),
        )
        .group_by("account_id", "security_id")
        .agg(
            pl.col("feed").first(),
            pl.col("held_qty").sum().alias("lots_qty"),
            pl.when(pl.col("cost_ccy").null_count() == 0).then(pl.col("cost_ccy").sum()).alias("lots_cost"),
        )
    )
    if not lots.height:
        return
    held = (
        positions.filter(pl.col("security_id").is_not_null())
        .group_by("account_id", "security_id")
        .agg(
            pl.col("held_qty").sum(),
            pl.when(pl.col("cost_ccy").null_count() == 0).then(pl.col("cost_ccy").sum()).alias("cost_ccy"),
        )
    )
    both = lots.join(held, on=["account_id", "security_id"], how="left").sort("account_id", "security_id")
    quantity_off = (pl.col("lots_qty") - pl.col("held_qty").fill_null(0)).cast(
        pl.Float64
    ).abs() > policy.tolerances.lots_qty
    findings.add(
        both.filter(quantity_off),
        Check.LOTS_QUANTITY,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: the lots of {} add up to {} units, the position is {}; ask for corrected lots",
            "account_id",
            "security_id",
            plain(pl.col("lots_qty"), 6),
            plain(pl.col("held_qty").fill_null(0), 6),
        ),
        detail="security_id",
        expected=plain(pl.col("held_qty").fill_null(0), 6),
        found=plain(pl.col("lots_qty"), 6),
    )
    cost_off = (pl.col("lots_cost") - pl.col("cost_ccy")).cast(pl.Float64).abs() > policy.tolerances.lots_cost_abs
    findings.add(
        both.filter(~quantity_off, cost_off),
        Check.LOTS_COST,
        ExceptionEffect.STOP,
        ExceptionScope.ACCOUNT,
        "account_id",
        pl.format(
            "account {}: the lots of {} cost {} together, the position says {}; ask for corrected lots",
            "account_id",
            "security_id",
            plain(pl.col("lots_cost")),
            plain(pl.col("cost_ccy")),
        ),
        detail="security_id",
        expected=plain(pl.col("cost_ccy")),
        found=plain(pl.col("lots_cost")),
    )
