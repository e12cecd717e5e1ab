"""Each position on its own: price there and fresh, units times price equal to value.

Bonds are priced per hundred (`price_factor` 0.01 of the book's security), options by contract (`multiplier`).
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.positions import Positions
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import custodian_feeds
from evenkeel.stages.reconcile.findings import Findings, plain
from evenkeel.stages.reconcile.identifiers import check_known
from evenkeel.stages.reconcile.repeating import check_repeated
from evenkeel.stages.reconcile.wording import plain_fact

STOP, ACCOUNT = ExceptionEffect.STOP, ExceptionScope.ACCOUNT


def believed_positions(landed: Landed, book: Book, rates: pl.DataFrame) -> pl.DataFrame:
    """Return the custodians' positions of the book's accounts, with their security's facts and their value in dollars.

    Adds to `Positions`: asset_class, sleeve, is_illiquid, max_price_age_sessions, price_factor, factor (price factor times
    multiplier), `product_ccy` (units x price x factor, null where either is), `value_usd` (cents) and `usd_rate`.
    """
    securities = book.securities.select(
        "security_id",
        "asset_class",
        pl.coalesce("sleeve", "asset_class").alias("sleeve"),
        "is_illiquid",
        "max_price_age_sessions",
        pl.col("price_factor").cast(pl.Float64),
        pl.col("multiplier").cast(pl.Float64).alias("book_multiplier"),
    )
    rows = (
        landed.fact(Positions)
        .filter(pl.col("feed").is_in(custodian_feeds(book)), pl.col("account_id").is_not_null())
        .join(securities, on="security_id", how="left", maintain_order="left")
        .join(rates, on="currency", how="left", maintain_order="left")
    )
    factor = pl.col("price_factor") * pl.coalesce(pl.col("multiplier").cast(pl.Float64), "book_multiplier")
    product = pl.col("held_qty").cast(pl.Float64) * pl.col("price_ccy").cast(pl.Float64) * pl.col("factor")
    # A dollar value keeps the custodian's own decimals until the one rounding to the cent; only conversions go through float.
    dollars = (
        pl.when(pl.col("usd_rate") == 1.0)
        .then(pl.coalesce(pl.col("value_ccy").round(2), pl.col("product_ccy").round(2).cast(pl.Decimal(38, 15))))
        .otherwise(
            (pl.coalesce(pl.col("value_ccy").cast(pl.Float64), "product_ccy") * pl.col("usd_rate"))
            .round(2)
            .cast(pl.Decimal(38, 15))
        )
    )
    return (
        rows.with_columns(factor.alias("factor"))
        .with_columns(product.alias("product_ccy"))
        .with_columns(dollars.cast(MONEY_DTYPE).alias("value_usd"))
    )


def check_positions(
    business_date: dt.date, positions: pl.DataFrame, book: Book, policy: Policy, findings: Findings
) -> None:
    """Stop accounts with a position that cannot be believed."""
    held = positions.filter(
        pl.col("held_qty").is_null() | (pl.col("held_qty") != 0) | (pl.col("value_ccy").fill_null(0) != 0)
    )
    check_known(held, book, findings)
    known = held.filter(pl.col("security_id").is_not_null())
    _check_priced(known, findings)
    _check_fresh(business_date, known, policy, findings)
    _check_product(known, policy, findings)
    check_repeated(known, findings)


def _check_priced(known: pl.DataFrame, findings: Findings) -> None:
    no_value = pl.col("value_usd").is_null() & pl.col("usd_rate").is_not_null()
    has_no_price = pl.col("price_ccy").is_null() | (pl.col("price_ccy") == 0)
    is_worth_nothing = pl.col("value_ccy").is_null() | (pl.col("value_ccy") == 0)
    findings.add(
        known.filter(pl.col("held_qty").is_null()),
        Check.VALUE_MISSING,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} has no quantity; ask for a corrected file", "account_id", "row_no", "security_id"
        ),
        detail="security_id",
    )
    priced = known.filter(pl.col("held_qty").is_not_null())
    findings.add(
        priced.filter((has_no_price & is_worth_nothing) | no_value),
        Check.PRICE_MISSING,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} has no price and no value; ask for a corrected file",
            "account_id",
            "row_no",
            "security_id",
        ),
        detail="security_id",
    )


def _check_fresh(business_date: dt.date, known: pl.DataFrame, policy: Policy, findings: Findings) -> None:
    dated = known.filter(pl.col("price_date").is_not_null(), pl.col("price_date") < business_date)
    if not dated.height:
        return
    limit = (
        pl.when(pl.col("max_price_age_sessions").is_not_null())
        .then(pl.col("max_price_age_sessions"))
        .when("is_illiquid")
        .then(policy.illiquid.max_price_age_sessions)
        .otherwise(policy.max_price_age_sessions)
    )
    dates = dated.get_column("price_date").unique().to_list()
    ages = pl.DataFrame(
        {
            "price_date": dates,
            # Some sources write 1 January 1970, or 1900, where they have no date: older than every limit, and no session.
            "age": [calendar.sessions_apart(max(date, calendar.FIRST_DATE), business_date) for date in dates],
        },
        schema={"price_date": pl.Date, "age": pl.Int64},
    )
    stale = (
        dated.join(ages, on="price_date", how="left")
        .with_columns(limit.alias("limit"))
        .filter(pl.col("age") > pl.col("limit"))
    )
    findings.add(
        stale,
        Check.PRICE_STALE,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: the price of {} is of {}, {} sessions old, where {} are allowed; ask for a fresh price, or raise "
            "max_price_age_sessions of the security",
            "account_id",
            "row_no",
            "security_id",
            "price_date",
            "age",
            "limit",
        ),
        detail="security_id",
        expected=pl.col("limit"),
        found=pl.col("age"),
    )


def _check_product(known: pl.DataFrame, policy: Policy, findings: Findings) -> None:
    """Units x price x factor = value, up to the policy's tolerance or to half a unit of the price's last printed digit."""
    value = pl.col("value_ccy").cast(pl.Float64)
    difference = (value - pl.col("product_ccy")).abs()
    rule = policy.tolerances
    allowed = pl.max_horizontal(pl.lit(rule.value_abs), value.abs() * rule.value_rel_frac)
    doubtful = known.filter(difference > rule.value_abs).with_columns(
        difference.alias("difference"), allowed.alias("allowed")
    )
    doubtful = doubtful.filter(pl.col("difference") > pl.col("allowed"))
    if not doubtful.height:
        return
    decimals = pl.col("price_ccy").cast(pl.String).str.strip_chars_end("0").str.split(".").list.get(1).str.len_chars()
    half_digit = (
        pl.col("held_qty").cast(pl.Float64).abs()
        * pl.col("factor")
        * 0.5
        * pl.lit(10.0).pow(-pl.max_horizontal(decimals, pl.lit(2)).cast(pl.Float64))
    )
    wrong = doubtful.filter(pl.col("difference") > pl.max_horizontal("allowed", half_digit) * (1 + 1e-9))
    findings.add(
        wrong,
        Check.VALUE_PRODUCT,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {}: {} units at {} make {}, the file says {}; ask for a corrected file",
            "account_id",
            "row_no",
            "security_id",
            plain_fact(pl.col("held_qty")),
            plain_fact(pl.col("price_ccy")),
            plain(pl.col("product_ccy")),
            plain_fact(pl.col("value_ccy")),
        ),
        detail="security_id",
        expected=plain(pl.col("product_ccy")),
        found=plain_fact(pl.col("value_ccy")),
    )
