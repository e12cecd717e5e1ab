"""Cells of a CSV file as typed columns: whole columns at a time, so that a book of a million accounts is read in seconds.

A cell that cannot be read becomes null and a problem; which columns a file has belongs in `tables`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.contract import Contract
from data_contracts.fields import FACT_SCALE
from evenkeel.book.csv_text import CELLS, LINE, decode, read_rows
from evenkeel.book.problems import Problems, did_you_mean, shown

_INTEGER_DIGITS = 20
_YES = ["true", "yes", "y", "1"]
_NO = ["false", "no", "n", "0"]


@dataclass(frozen=True)
class Column:
    """One column of a book file: its type, whether each row must fill it, what a blank means, and what is allowed."""

    name: str
    dtype: pl.DataType
    is_required: bool = False
    default: object = None
    codes: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    is_positive: bool = False

    @property
    def expected(self) -> str:
        """Return in words what a cell must look like."""
        if self.codes:
            return f"use one of {', '.join(self.codes)}"
        if self.dtype == pl.Date:
            return "write the date as YYYY-MM-DD, from 1900 to 2199"
        if self.dtype == pl.Datetime:
            return "write the moment with its zone, for example 2026-01-02T15:00:00Z"
        if self.dtype == pl.Boolean:
            return "write true or false"
        if self.dtype == pl.Float64:
            return "write a plain number with a point, ratios as fractions: 0.05 for five per cent"
        if self.dtype == pl.Int64:
            return "write a whole number, zero or more"
        return "write a plain number with a point, without currency sign or thousands separators"


def columns_of(contract: type[Contract]) -> list[Column]:
    """Return a contract's columns as a file has them: types, codes, bounds and null rules are the contract's own."""
    columns = []
    for name, column in contract.to_schema().columns.items():
        bounds: dict[str, Any] = {}
        for check in column.checks or []:
            bounds.update(check.statistics or {})
        columns.append(
            Column(
                name,
                contract.polars_schema()[name],
                is_required=not column.nullable,
                codes=tuple(bounds.get("allowed_values") or ()),
                at_least=bounds.get("min_value"),
                at_most=bounds.get("max_value"),
            )
        )
    return columns


@dataclass(frozen=True)
class Table:
    """One file as read: `_line` and every column, blanks filled with their defaults, faulty cells null.

    `is_whole` is false where rows had to be left out: then nobody can say what else is missing.
    """

    file: str
    frame: pl.DataFrame
    is_whole: bool = True


def read_csv(file: str, data: bytes, columns: Sequence[Column], problems: Problems) -> Table | None:
    """Return the file as a table; None where its text or its header cannot be used (a problem is noted)."""
    text = decode(file, data, problems)
    if text is None:
        return None
    required = [column.name for column in columns if column.is_required and column.default is None]
    found = read_rows(file, text, [column.name for column in columns], required, problems)
    if found is None:
        return None
    header, rows, is_whole = found
    frame = rows.select(
        LINE,
        *(
            _blank_is_null(pl.col(CELLS).list.get(place, null_on_oob=True)).alias(name)
            for place, name in enumerate(header)
            if name
        ),
    )
    return Table(
        file, frame.select(LINE, *(_read_column(file, frame, column, problems) for column in columns)), is_whole
    )


def _blank_is_null(cell: pl.Expr) -> pl.Expr:
    stripped = cell.str.strip_chars()
    return pl.when(stripped.str.len_chars() > 0).then(stripped)


def _read_column(file: str, frame: pl.DataFrame, column: Column, problems: Problems) -> pl.Series:
    if column.name not in frame.columns:
        blank = pl.Series(column.name, [None] * 0, dtype=column.dtype).extend_constant(None, frame.height)
        return _filled(blank, column)
    raw = frame.get_column(column.name)
    if column.is_required and column.default is None:
        lines = frame.filter(raw.is_null()).get_column(LINE).to_list()
        message = f"{column.name} is blank; fill it in" + (f": {column.expected}" if column.dtype != pl.String else "")
        problems.add_lines(file, lines, [message] * len(lines), message)
    try:
        value = frame.select(_converted(pl.col(column.name), column).alias(column.name)).to_series()
    except pl.exceptions.PolarsError:
        # A text so odd that polars refuses the whole column instead of the cell: read the cells one by one.
        parts = [_converted_alone(text, column) for text in raw.to_list()]
        value = pl.concat(parts) if parts else pl.Series(column.name, [], dtype=column.dtype)
    is_bad = raw.is_not_null() & value.is_null()
    if is_bad.any():
        bad = frame.filter(is_bad).select(LINE, column.name)
        messages = (
            f"{column.name} {shown(text)} is not valid{did_you_mean(text.lower(), column.codes)}; {column.expected}"
            for text in bad.get_column(column.name)
        )
        problems.add_lines(file, bad.get_column(LINE).to_list(), messages, f"{column.name}: {column.expected}")
    _check_bounds(file, frame.get_column(LINE), value, column, problems)
    return _filled(value, column)


def _converted_alone(text: str | None, column: Column) -> pl.Series:
    cell = pl.DataFrame({column.name: [text]}, schema={column.name: pl.String})
    try:
        return cell.select(_converted(pl.col(column.name), column).alias(column.name)).to_series()
    except pl.exceptions.PolarsError:
        return pl.Series(column.name, [None], dtype=column.dtype)


def _filled(value: pl.Series, column: Column) -> pl.Series:
    if column.default is None or not value.null_count():
        return value
    return value.to_frame().select(pl.col(column.name).fill_null(pl.lit(column.default).cast(column.dtype))).to_series()


def _converted(cell: pl.Expr, column: Column) -> pl.Expr:
    """Return the cell in the column's type, null where it is not of its form (nothing is guessed)."""
    dtype = column.dtype
    if column.codes:
        lower = cell.str.to_lowercase()
        return pl.when(lower.is_in(list(column.codes))).then(lower)
    if dtype == pl.String:
        return cell
    if dtype == pl.Boolean:
        lower = cell.str.to_lowercase()
        return pl.when(lower.is_in(_YES)).then(True).when(lower.is_in(_NO)).then(False).otherwise(None)
    if dtype == pl.Date:
        written = pl.when(cell.str.contains(r"^(19|20|21)\d{2}-\d{2}-\d{2}$")).then(cell)
        return written.str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Datetime:
        form = r"^(19|20|21)\d{2}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$"
        # Seconds may be left out; polars' reader wants them.
        written = pl.when(cell.str.contains(form)).then(
            cell.str.replace(" ", "T", literal=True).str.replace(r"(T\d{2}:\d{2})(Z|[+-])", "${1}:00${2}")
        )
        return written.str.replace("Z", "+00:00", literal=True).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False
        )
    if dtype == pl.Int64:
        return pl.when(cell.str.contains(r"^\d{1,9}$")).then(cell).cast(pl.Int64, strict=False)
    digits = rf"^[+-]?\d{{1,{_INTEGER_DIGITS}}}(\.\d{{1,{FACT_SCALE}}})?$"
    return pl.when(cell.str.contains(digits)).then(cell.str.strip_prefix("+")).cast(dtype, strict=False)


def _check_bounds(file: str, lines: pl.Series, value: pl.Series, column: Column, problems: Problems) -> None:
    name, wrong, rule = column.name, None, ""
    if column.is_positive:
        wrong, rule = value <= 0, "must be more than zero"
    elif column.at_least is not None and column.at_most is not None:
        wrong = (value < column.at_least) | (value > column.at_most)
        rule = f"must be from {column.at_least:g} to {column.at_most:g}"
    elif column.at_least is not None:
        wrong, rule = value < column.at_least, f"must not be below {column.at_least:g}"
    if wrong is None or not wrong.any():
        return
    remedy = "ratios are fractions: 0.05 for five per cent" if name.endswith("_frac") else "correct the number"
    wrong = wrong.fill_null(False)
    messages = (f"{name} {shown(format(float(number), 'g'))} {rule}; {remedy}" for number in value.filter(wrong))
    problems.add_lines(file, lines.filter(wrong).to_list(), messages, f"{name} {rule}; {remedy}")
