"""Each position on its own: known security, price there and fresh, units times price equal to value, not sent twice.

Bonds are priced per hundred (`price_factor` 0.01 of the book's security), options by contract (`multiplier`).
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.positions import Positions
from data_contracts.vocab import CashBucket, Check, ExceptionEffect, ExceptionScope
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.ingest.door import compared, identifier_map, identify
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.reconcile.accounts import custodian_feeds
from evenkeel.stages.reconcile.findings import Findings, plain
from evenkeel.stages.reconcile.totals import HELD_CASH
from evenkeel.stages.reconcile.wording import plain_fact

STOP, ACCOUNT, DUPLICATE = ExceptionEffect.STOP, ExceptionScope.ACCOUNT, Check.DUPLICATE_POSITION


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
    _check_known(held, book, findings)
    known = held.filter(pl.col("security_id").is_not_null())
    _check_priced(known, findings)
    _check_fresh(business_date, known, policy, findings)
    _check_product(known, policy, findings)
    _check_repeated(known, findings)


def check_identifiers(positions: pl.DataFrame, book: Book, findings: Findings) -> None:
    """Stop accounts with a row that one identifier ties to a security of the book while another contradicts it.

    A CUSIP or ISIN that the book does not know, beside a symbol of a security for which the book has another CUSIP or ISIN, may be a
    different security under the same ticker.
    """
    known = book.securities.select(
        "security_id", *(compared(pl.col(name)).alias(f"book_{name}") for name in ("cusip", "isin"))
    )
    aliases = book.security_aliases.select("security_id", "id_type", compared(pl.col("id_value")).alias("id_value"))
    rows = positions.filter(pl.col("security_id").is_not_null()).select(
        "feed", "file_id", "row_no", "account_id", "security_id", "symbol", "cusip", "isin"
    )
    if not rows.select(pl.any_horizontal(pl.col("cusip", "isin").is_not_null().any())).item():
        return
    for name in ("cusip", "isin"):
        sent = rows.with_columns(compared(pl.col(name)).alias("sent")).drop_nulls("sent").join(known, on="security_id")
        other = sent.filter(pl.col("sent") != pl.col(f"book_{name}")).join(
            aliases.filter(pl.col("id_type") == name).select("security_id", pl.col("id_value").alias("sent")),
            on=["security_id", "sent"],
            how="anti",
        )
        findings.add(
            other.sort("account_id", "row_no"),
            Check.IDENTIFIER_CONFLICT,
            STOP,
            ACCOUNT,
            "account_id",
            pl.format(
                f"account {{}}: row {{}}: {{}} comes with {name.upper()} {{}}, the book has {{}} for it; correct the file, or add the "
                "identifier to security_aliases.csv",
                "account_id",
                "row_no",
                "security_id",
                "sent",
                f"book_{name}",
            ),
            detail="security_id",
        )


def check_one_source(positions: pl.DataFrame, cash: pl.DataFrame, findings: Findings) -> None:
    """Stop accounts of which two files that both count tell the same holding: it would be added to itself.

    Two feeds of one custodian may send an account's securities and its cash apart, or each a part of its securities.
    """
    bucket = pl.when(pl.col("bucket").is_in(HELD_CASH)).then(pl.lit("cash")).otherwise(pl.lit("pending cash"))
    counted = pl.col("bucket").is_in([*HELD_CASH, CashBucket.PENDING.value])
    where = ("feed", "file_id", "row_no", "account_id")
    lines = pl.concat(
        [
            positions.filter(
                pl.col("security_id").is_not_null(),
                (pl.col("held_qty") != 0).fill_null(True) | (pl.col("value_ccy") != 0).fill_null(False),
            ).select(*where, pl.col("security_id").alias("what")),
            cash.filter(counted).select(*where, pl.format("{} in {}", bucket, "currency").alias("what")),
        ]
    )
    same = ["account_id", "what"]
    repeated = (
        lines.filter(_may_repeat(*same))
        .filter(pl.struct("feed", "file_id").n_unique().over(same) > 1)
        .sort("feed", "file_id", "row_no")
        .unique(same, keep="last", maintain_order=True)
    )
    findings.add(
        repeated,
        DUPLICATE,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} has come in two files that both count, and would count twice; have one feed send it, or ask for one "
            "file with the whole account",
            "account_id",
            "row_no",
            "what",
        ),
        detail="what",
    )


def _may_repeat(*names: str) -> pl.Expr:
    """Return the rows whose pair may stand elsewhere too: by one number, which is quick, so now and then a row too many."""
    first, second = names
    return (pl.col(first).hash() + pl.col(second).hash(1)).is_duplicated()


def _check_known(held: pl.DataFrame, book: Book, findings: Findings) -> None:
    unknown = held.filter(pl.col("security_id").is_null())
    if not unknown.height:
        return
    judged = identify(unknown.drop("security_id"), identifier_map(book)).with_columns(_security_text().alias("named"))
    findings.add(
        judged.filter("is_conflict"),
        Check.SECURITY_CONFLICT,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: the identifiers of {} name two different securities of the book; correct securities.csv or the file",
            "account_id",
            "row_no",
            "named",
        ),
        detail="named",
    )
    findings.add(
        judged.filter(~pl.col("is_conflict")),
        Check.SECURITY_UNKNOWN,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: security {} is not in the book; add it to securities.csv",
            "account_id",
            "row_no",
            "named",
        ),
        detail="named",
    )


def _security_text() -> pl.Expr:
    return pl.coalesce("symbol", "cusip", "isin", "native_id", "description", pl.lit("without an identifier"))


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


def _check_repeated(known: pl.DataFrame, findings: Findings) -> None:
    """The same security twice in one sub-account is legitimate (plan sources, say); the same figures twice are a row sent twice."""
    same = ["feed", "account_id", "security_id", "sub_account", "held_qty", "value_ccy"]
    often = known.filter(_may_repeat("account_id", "security_id"))
    repeated = often.filter(pl.len().over(same) > 1).unique(same, keep="last", maintain_order=True)
    findings.add(
        repeated,
        DUPLICATE,
        STOP,
        ACCOUNT,
        "account_id",
        pl.format(
            "account {}: row {}: {} stands twice with the same figures; ask for a corrected file",
            "account_id",
            "row_no",
            "security_id",
        ),
        detail="security_id",
    )
