"""Cells as values: numbers, dates, times and words as brokers write them.

A cell is a value, silent (null) or wrong; wrong ones are told apart so that their rows become rejects, never nulls.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection
from typing import Any

import polars as pl

from data_contracts.fields import FACT_DTYPE, FACT_SCALE

SILENT = (
    "", "-", "--", "---", "n/a", "na", "n.a.", "none", "null", "nan", "not applicable", "not available", "unavailable",
    "unknown", "incomplete", "various", "multiple",
)  # fmt: skip
"""Words, in lower case, that say that the source has no number or date to give."""
SILENT_TEXT = ("", "-", "--", "---", "n/a", "null", "no number")
"""The same for text: fewer, because NA and NAN are tickers."""

_AMOUNT = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
NUMBER_FORM = (
    rf"^(?:[-+]?\s*\$?\s*[-+]?\s*(?:{_AMOUNT})(?:[eE][-+]?\d{{1,2}})?"
    rf"|\$?\(\s*\$?\s*(?:{_AMOUNT})\s*\)|\$?(?:{_AMOUNT})-)$"
)
"""Numbers as seen: `1,234.50`, `$-50.00`, `-$100975.73`, `+$0.16`, `(12.00)`, `$(12.00)`, `12.00-`, `-2.6E-4`.

A comma must part thousands: `12,34` is not guessed at. So is no other currency's sign, and no per cent.
"""
_TWO_SIGNS = r"^[-+]\s*\$?\s*[-+]"

_MONTHS = {
    name: i
    for i, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_ISO = re.compile(r"(?<!\d)(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<![0-9A-Za-z])(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?!\d)")
_US = re.compile(r"(?<!\d)(?P<m>\d{1,2})[-/](?P<d>\d{1,2})[-/](?P<y>\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(
    r"(?<![A-Za-z])(?P<mon>[A-Za-z]{3})[a-z]*\.?[-\s_]+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?[-\s_]+(?P<y>\d{4})(?!\d)"
)
_DAY_FIRST = re.compile(r"(?<!\d)(?P<d>\d{1,2})[-\s](?P<mon>[A-Za-z]{3})[a-z]*\.?[-\s,]+(?P<y>\d{4})(?!\d)")
_UNIX = re.compile(
    r"(?P<mon>[A-Za-z]{3})\s+(?P<d>\d{1,2})\s+(?P<t>\d{1,2}:\d{2}:\d{2})\s+(?:[A-Z]{3,4}\s+)?(?P<y>\d{4})(?!\d)"
)
_FORMS = (_ISO, _US, _UNIX, _NAMED, _DAY_FIRST, _COMPACT)
_TIME = re.compile(r"(?<![\d:])(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2}))?(?:\.\d+)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?")
_AFTER_DATE = re.compile(
    r"^[\s,;T]*(?:\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?|\d{6})?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:E[SD]?T|UTC|GMT)?\s*$"
)


def find_date(text: str) -> tuple[dt.date, int] | None:
    """Return the first calendar date in `text` in any form seen and where it ends, or None. Month before day, as the brokers write."""
    found: list[tuple[int, int, dt.date]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            value = _date_of(match)
            if value is not None:
                found.append((match.start(), match.end(), value))
                break
    if not found:
        return None
    _, end, value = min(found, key=lambda item: item[0])
    return value, end


def _date_of(match: re.Match[str]) -> dt.date | None:
    parts = match.groupdict()
    named = parts.get("mon")
    month = _MONTHS.get(named.lower(), 0) if named else int(parts["m"])
    year = int(parts["y"])
    try:
        return dt.date(year + 2000 if year < 100 else year, month, int(parts["d"]))
    except ValueError:
        return None


def find_time(text: str) -> dt.time | None:
    """Return the first wall-clock time in `text`, or None; exactly midnight counts as none.

    `22:00:26 AM` is nonsense that brokers send: an hour after noon is read on the 24-hour clock whatever follows it.
    """
    match = _TIME.search(text)
    if match is None:
        return None
    hour, minute, second = int(match["h"]), int(match["min"]), int(match["s"] or 0)
    half = (match["half"] or "").lower()[:1]
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    value = dt.time(hour, minute, second)
    return None if value == dt.time(0) else value


def date_of_cell(text: str) -> dt.date | None:
    """Return the date that a whole cell states, a time of day after it ignored; None where it is not a date."""
    stripped = text.strip()
    found = find_date(stripped)
    if found is None or not _AFTER_DATE.match(stripped[found[1] :]):
        return None
    return found[0] if re.match(r"^[\dA-Za-z]", stripped) and _starts_with_date(stripped) else None


def _starts_with_date(text: str) -> bool:
    return any(match is not None and _date_of(match) is not None for match in (form.match(text) for form in _FORMS))


def numbers(cells: pl.Series) -> tuple[pl.Series, pl.Series, int]:
    """Return the cells as decimals, which of them are wrong, and how many had more decimals than facts keep (rounded half even)."""
    parsed = (
        pl.DataFrame({"cell": cells})
        .select(pl.col("cell").str.strip_chars().str.replace_all("[−–]", "-").alias("cell"))
        .with_columns(
            (pl.col("cell").is_null() | pl.col("cell").str.to_lowercase().is_in(SILENT)).alias("is_silent"),
            (pl.col("cell").str.contains(NUMBER_FORM) & ~pl.col("cell").str.contains(_TWO_SIGNS)).alias("is_number"),
            pl.col("cell").str.contains(r"^\s*[-$+\s]*[-(]|[\d.]-$").alias("is_negative"),
            pl.col("cell").str.to_lowercase().str.extract(r"(e[-+]?\d{1,2})$").fill_null("").alias("exponent"),
        )
        .with_columns(
            pl.col("cell").str.replace(r"[eE][-+]?\d{1,2}$", "").str.replace_all(r"[^0-9.]", "").alias("digits")
        )
        .with_columns(
            pl.when(pl.col("is_number") & ~pl.col("is_silent"))
            .then(
                pl.when(pl.col("is_negative")).then(pl.lit("-")).otherwise(pl.lit(""))
                + pl.col("digits")
                + pl.col("exponent")
            )
            .cast(FACT_DTYPE, strict=False)
            .alias("value"),
            pl.col("digits").str.contains(rf"\.\d{{{FACT_SCALE}}}\d*[1-9]").alias("is_long"),
        )
        .select("value", "is_long", (~pl.col("is_silent") & pl.col("value").is_null()).alias("is_wrong"))
    )
    return parsed["value"], parsed["is_wrong"], int(parsed["is_long"].fill_null(False).sum())


def mapped(cells: pl.Series, convert: Callable[[str], Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """Return `convert` of each cell, computed once a distinct text; null where the cell is null or `convert` says None."""
    distinct = cells.drop_nulls().unique()
    table = pl.DataFrame(
        {"cell": distinct, "value": pl.Series([convert(text) for text in distinct], dtype=dtype)},
        schema={"cell": pl.String, "value": dtype},
    )
    return pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).join(
        table, on="cell", how="left", maintain_order="left"
    )["value"]


def dates(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the cells as dates and which of them are wrong."""
    stripped = words(cells, SILENT)
    values = mapped(stripped, date_of_cell, pl.Date)
    return values, stripped.is_not_null() & values.is_null()


def words(cells: pl.Series, silent: Collection[str] = SILENT_TEXT) -> pl.Series:
    """Return the cells trimmed, null where they are silent."""
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).select(pl.col("cell").str.strip_chars())
    return frame.select(
        pl.when(~pl.col("cell").str.to_lowercase().is_in(list(silent))).then(pl.col("cell")).alias("cell")
    )["cell"]


def is_cusip(text: str) -> bool:
    """Tell whether `text` is a CUSIP: nine characters that start with a digit and whose check digit holds (a ticker never is)."""
    if not re.fullmatch(r"[0-9][0-9A-Z]{7}[0-9]", text):
        return False
    total = 0
    for place, char in enumerate(text[:8]):
        value = int(char) if char.isdigit() else ord(char) - ord("A") + 10
        doubled = value * 2 if place % 2 else value
        total += doubled // 10 + doubled % 10
    return (10 - total % 10) % 10 == int(text[8])


def cusips(symbols: pl.Series) -> pl.Series:
    """Return those symbols that are CUSIPs (bonds have no ticker), null for the others."""
    return mapped(symbols, lambda text: text if is_cusip(text) else None, pl.String)
