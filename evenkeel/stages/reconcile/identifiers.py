"""Whether a row's identifiers name one security of the book, and no other."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope
from evenkeel.book.model import Book
from evenkeel.stages.ingest.door import compared, identifier_map, identify
from evenkeel.stages.reconcile.findings import Findings

STOP, ACCOUNT = ExceptionEffect.STOP, ExceptionScope.ACCOUNT


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


def check_known(held: pl.DataFrame, book: Book, findings: Findings) -> None:
    """Stop accounts with a row whose identifiers name no security of the book, or two."""
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
