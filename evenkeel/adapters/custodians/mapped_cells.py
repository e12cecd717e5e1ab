"""Cells of a mapped table to typed columns, vectorised: each column comes with the mask of cells that cannot be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE
from evenkeel.adapters.custodians.feed_map import FeedMap, SignBy, boolean, codes_of

_YEARS = (dt.date(1900, 1, 1), dt.date(2199, 12, 31))


@dataclass(frozen=True)
class Column:
    """A column's values, where a cell is wrong, and what was expected there."""

    values: pl.Series
    is_bad: pl.Series
    expected: str


def text_of(cells: pl.Series, feed_map: FeedMap) -> pl.Series:
    """Return trimmed text; empty cells and the map's null values are null."""
    text = cells.cast(pl.String).str.strip_chars()
    nulls = ["", *feed_map.null_values]
    return text.set(text.is_in(nulls).fill_null(False), None)


def read_cells(cells: pl.Series, name: str, dtype: pl.DataType, feed_map: FeedMap) -> Column:
    """Return the column `name` read as `dtype`."""
    if cells.dtype == pl.Date and dtype == pl.Date:
        return Column(cells, ~cells.is_between(*_YEARS).fill_null(True), "not a date")
    text = text_of(cells, feed_map)
    if dtype == FACT_DTYPE:
        return _checked(numbers(text, feed_map), text, "not a number")
    if dtype == pl.Date:
        return _dates(text, feed_map.date_format(name))
    if dtype == pl.Boolean:
        words = {word: boolean(feed_map.values.get(name, {}).get(word, word)) for word in text.drop_nulls().unique()}
        return _checked(_replaced(text, words, pl.Boolean()), text, "neither yes nor no; add it to the map's values")
    return _codes(text, name, feed_map)


def signed(values: pl.Series, name: str, sources: dict[str, pl.Series], feed_map: FeedMap) -> pl.Series:
    """Return the numbers with the sign that the map's rule gives them."""
    rule = feed_map.sign.get(name)
    if rule is None:
        return values
    if not isinstance(rule, SignBy):
        return -values
    is_negative = text_of(sources[rule.column.strip()], feed_map).is_in(list(rule.negative)).fill_null(False)
    return (-values.abs()).zip_with(is_negative, values)


def numbers(text: pl.Series, feed_map: FeedMap) -> pl.Series:
    """Return trimmed texts as decimals, null where one is no number; digits after the fifteenth decimal are rounded half to even."""
    if feed_map.decimal == ",":
        text = _without(text, feed_map.thousands).str.replace(",", ".", literal=True)
    values = text.cast(FACT_DTYPE, strict=False)
    if values.null_count() == text.null_count():
        return values
    # Only a table with signs and separators pays for taking them off.
    plain = _without(text, feed_map.thousands if feed_map.decimal == "." else "")
    plain = plain.str.replace_all(r"[$€£]", "").str.replace(r"^\((.*)\)$", "-$1").str.replace(r"^([^-].*)-$", "-$1")
    return plain.str.strip_chars().str.replace(r"^- +", "-").cast(FACT_DTYPE, strict=False)


def _without(text: pl.Series, separator: str) -> pl.Series:
    return text.str.replace_all(separator, "", literal=True) if separator else text


def _dates(text: pl.Series, date_format: str) -> Column:
    has_time = any(field in date_format for field in ("%H", "%I", "%T", "%R"))
    kind = pl.Datetime("us") if has_time else pl.Date()
    values = text.str.strptime(kind, date_format, strict=False).cast(pl.Date)
    values = values.set(~values.is_between(*_YEARS).fill_null(True), None)
    return _checked(values, text, f"not a date of the form {date_format}")


def _codes(text: pl.Series, name: str, feed_map: FeedMap) -> Column:
    words = feed_map.values.get(name, {})
    codes = codes_of(feed_map.contract, name)
    if not codes:
        values = text.replace(words) if words else text
        return Column(values, pl.repeat(False, text.len(), eager=True), "")
    lowered = {word: word.lower().replace(" ", "_") for word in text.drop_nulls().unique()}
    table = {word: words.get(word, low if low in codes else None) for word, low in lowered.items()}
    return _checked(_replaced(text, table, pl.String()), text, "a word that the map's values do not name; add it there")


def _replaced(text: pl.Series, table: Mapping[str, object], dtype: pl.DataType) -> pl.Series:
    if not table:
        return pl.Series(text.name, [None] * text.len(), dtype=dtype)
    return text.replace_strict(
        list(table), pl.Series(list(table.values()), dtype=dtype), default=None, return_dtype=dtype
    )


def _checked(values: pl.Series, text: pl.Series, expected: str) -> Column:
    return Column(values, values.is_null() & text.is_not_null(), expected)
