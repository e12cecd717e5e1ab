"""The door: account numbers become keyed digests, identifiers become the book's securities.

Behind it no frame holds an account number. Whether an unknown account or security matters is reconcile's business.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence

import polars as pl

from data_contracts.parsed import SOURCE_ACCOUNT
from data_contracts.vocab import FeedRole
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.identity import AccountKeyer, mask_account

IDENTIFIERS = ("cusip", "isin", "native_id", "symbol")
"""Identifiers in the order in which they are believed."""

_DATE_LIKE = re.compile(r"(19|20)\d{6}|\d{4}(19|20)\d{2}")
_DATE_BEFORE = re.compile(r"(19|20)\d{2}-?\d{2}-?\d{2}[-_T ]\Z")
_TIME_LIKE = re.compile(r"([01]\d|2[0-3])[0-5]\d[0-5]\d")
_GROUPED_NUMBER = re.compile(r"(?<![\d.$-])(?:[A-Za-z]{1,3}\d{2,}|\d{3,})(?:-\d{3,})+(?![\d-]|\.\d)")
"""An account number in groups; a written date has groups of two digits."""
_LONG_NUMBER = re.compile(r"(?<![\d.$])[A-Za-z]{0,3}\d{5,}(?!\d|\.\d)")


def account_keys(texts: Iterable[str], feed: FeedSpec, book: Book, on: dt.date, keyer: AccountKeyer) -> pl.DataFrame:
    """Return one row per account text: `source_account`, `account_key`, `account_mask`, `account_id` (null: not in the book).

    An alias of the feed that holds on the date comes first; else the number itself, among the accounts of the feed's custodian, or
    among all accounts where the feed is not a custodian's and the number is unique.
    """
    distinct = sorted(set(texts))
    keyed = pl.DataFrame(
        {
            SOURCE_ACCOUNT: distinct,
            "account_key": [keyer.digest(text) for text in distinct],
            "account_mask": [mask_account(text) for text in distinct],
        },
        schema={SOURCE_ACCOUNT: pl.String, "account_key": pl.String, "account_mask": pl.String},
    )
    aliases = book.account_aliases.filter(
        pl.col("feed") == feed.feed,
        pl.col("from_date").fill_null(dt.date.min) <= on,
        pl.col("until_date").fill_null(dt.date.max) >= on,
    ).select(pl.col("source_account").alias("account_key"), pl.col("account_id").alias("alias_id"))
    known: pl.DataFrame = book.accounts
    if feed.role == FeedRole.CUSTODIAN:
        known = known.filter(pl.col("custodian") == feed.delivers_for)
    numbers = known.group_by("account_key").agg(
        pl.when(pl.len() == 1).then(pl.col("account_id").first()).alias("number_id")
    )
    return (
        keyed.join(aliases.unique("account_key", keep="first", maintain_order=True), on="account_key", how="left")
        .join(numbers, on="account_key", how="left")
        .select(SOURCE_ACCOUNT, "account_key", "account_mask", pl.coalesce("alias_id", "number_id").alias("account_id"))
    )


def identifier_map(book: Book) -> pl.DataFrame:
    """Return one row per identifier of the book: `id_type`, `id_value` (compared form), `security_id`."""
    parts = [
        book.securities.select(
            pl.lit(id_type).alias("id_type"), compared(pl.col(id_type)).alias("id_value"), pl.col("security_id")
        ).drop_nulls("id_value")
        for id_type in IDENTIFIERS
    ]
    parts.append(book.security_aliases.select("id_type", compared(pl.col("id_value")).alias("id_value"), "security_id"))
    return pl.concat(parts).unique(["id_type", "id_value"], keep="first", maintain_order=True)


def compared(identifier: pl.Expr) -> pl.Expr:
    """Return an identifier as it is compared: trimmed, upper case, empty as null."""
    text = identifier.str.strip_chars().str.to_uppercase()
    return pl.when(text.str.len_chars() > 0).then(text)


def identify(frame: pl.DataFrame, identifiers: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with `security_id` and `is_conflict`.

    Identifiers are believed in the order of `IDENTIFIERS`. Where two of a row's identifiers name different securities of the book, the
    row has no `security_id` and `is_conflict` is true.
    """
    found = frame
    for id_type in IDENTIFIERS:
        lookup = identifiers.filter(pl.col("id_type") == id_type).select(
            pl.col("id_value").alias("_value"), pl.col("security_id").alias(f"_by_{id_type}")
        )
        found = found.with_columns(compared(pl.col(id_type)).alias("_value")).join(
            lookup, on="_value", how="left", maintain_order="left"
        )
    candidates = [pl.col(f"_by_{id_type}") for id_type in IDENTIFIERS]
    chosen = pl.coalesce(candidates)
    conflict = pl.any_horizontal((candidate != chosen).fill_null(False) for candidate in candidates)
    return (
        found.with_columns(conflict.alias("is_conflict"), chosen.alias("_chosen"))
        .with_columns(pl.when(~pl.col("is_conflict")).then(pl.col("_chosen")).alias("security_id"))
        .drop("_value", "_chosen", *(f"_by_{id_type}" for id_type in IDENTIFIERS))
    )


def mask_text(text: str, accounts: Iterable[str]) -> str:
    """Return a rejected row's text with account numbers masked: the file's own, and any long number that is not an amount or a date."""
    return mask_texts([text], accounts)[0]


def mask_texts(texts: Sequence[str], accounts: Iterable[str]) -> list[str]:
    """Return texts as `mask_text` does, all at once: a file may have a million accounts and thousands of rejected rows."""
    if not texts:
        return []
    long = sorted({account for account in accounts if len(account) > 4}, key=lambda account: (-len(account), account))
    series = pl.Series(texts, dtype=pl.String)
    if long:
        series = series.str.replace_many(long, [mask_account(account) for account in long], leftmost=True)
    return [_LONG_NUMBER.sub(_masked_number, _GROUPED_NUMBER.sub(_masked_groups, text)) for text in series.to_list()]


def _masked_groups(match: re.Match[str]) -> str:
    """Mask `1000-0001`, but neither a date with a time or a number behind it (`20260302-1630`) nor one before it."""
    groups = match.group().split("-")
    return match.group() if any(_DATE_LIKE.fullmatch(group) for group in groups) else mask_account(match.group())


def _masked_number(match: re.Match[str]) -> str:
    number = match.group()
    if _DATE_LIKE.fullmatch(number):
        return number
    # The time in `Positions-2026-03-02-163045.csv`, which people find the file by.
    is_time = _TIME_LIKE.fullmatch(number) and _DATE_BEFORE.search(match.string[: match.start()])
    return number if is_time else mask_account(number)
