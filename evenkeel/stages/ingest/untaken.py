"""Rows that could be read and may not be used: those of a file that is stopped whole, and those that name no account.

They are kept beside the rows that could not be read, so that no row of any file is nowhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from data_contracts.parsed import SOURCE_ACCOUNT
from data_contracts.rejects import Rejects
from evenkeel.identity import mask_account
from evenkeel.ports import ParsedFile, RejectedRow
from evenkeel.stages.ingest.dating import accounts_in
from evenkeel.stages.ingest.door import mask_text


def untaken_rows(business_date: dt.date, feed: str, file_id: str, parsed: ParsedFile, message: str) -> pl.DataFrame:
    """Return rows of `Rejects`, one for each row that a table of `parsed` holds.

    Their reason is `message`, for which the file was stopped; their text is what was read, `column=value` where there is a value,
    with the file's account numbers masked.
    """
    masks = {account: mask_account(account) for account in sorted(accounts_in(parsed))}
    texts = [_texts(frame, masks) for frame in parsed.tables.values() if frame.height]
    schema = Rejects.polars_schema()
    if not texts:
        return pl.DataFrame(schema=schema)
    reason = mask_text(f"the whole file was stopped: {message}", masks)
    return (
        pl.concat(texts)
        .group_by("row_no", maintain_order=True)
        .agg(pl.col("raw_text").str.join("; "))
        .with_columns(
            pl.lit(business_date).alias("business_date"),
            pl.lit(feed).alias("feed"),
            pl.lit(file_id).alias("file_id"),
            pl.lit(None, dtype=pl.String).alias("column_name"),
            pl.lit(reason).alias("reason"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )


def refuse_nameless(parsed: ParsedFile) -> ParsedFile:
    """Return `parsed` with rows that must belong to an account and name none as rejects.

    A damaged heading leaves such rows: they are somebody's, and nothing says whose.
    """
    nameless: dict[int, str] = {}
    for contract, frame in parsed.tables.items():
        if SOURCE_ACCOUNT in frame.columns and not contract.to_schema().columns["account_key"].nullable:
            without = frame.filter(pl.col(SOURCE_ACCOUNT).is_null())
            nameless |= dict(_texts(without, {}).iter_rows()) if without.height else {}
    if not nameless:
        return parsed
    refused = [
        RejectedRow(row_no, "the row names no account, and none stands above it", text, "account")
        for row_no, text in nameless.items()
    ]
    return replace(
        parsed,
        tables={
            contract: frame.filter(~pl.col("row_no").is_in(list(nameless))) for contract, frame in parsed.tables.items()
        },
        rejects=sorted([*parsed.rejects, *refused], key=lambda reject: reject.row_no),
    )


def _texts(frame: pl.DataFrame, masks: Mapping[str, str]) -> pl.DataFrame:
    cells = []
    for name, dtype in frame.schema.items():
        text = pl.col(name).cast(pl.String)
        if dtype.is_decimal():
            # Without the zeros that the stored precision adds.
            text = text.str.strip_chars_end("0").str.strip_chars_end(".")
        if name != "row_no":
            cells.append(pl.format(name + "={}", text))
    joined = pl.concat_str(cells, separator=", ", ignore_nulls=True)
    # An account is masked as a cell of its own, however short; inside other text only where it is long enough to be one.
    own = {f"{SOURCE_ACCOUNT}={account}": f"{SOURCE_ACCOUNT}={mask}" for account, mask in masks.items()}
    long = {account: mask for account, mask in masks.items() if len(account) > 4}
    return frame.select("row_no", _replaced(_replaced(joined, own), long).alias("raw_text"))


def _replaced(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    return text.str.replace_many(words, leftmost=True) if words else text
