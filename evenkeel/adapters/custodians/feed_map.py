"""The map of a mapped feed: which column of a source's table means what. Written as YAML, explained in docs/mapped-feeds.md.

Reading rows with it belongs in `mapped`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.fields import FACT_DTYPE
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import AS_OF_TIME, parsed_schema
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from evenkeel.errors import BookError

KINDS: dict[str, type[Contract]] = {
    "positions": Positions,
    "cash": CashBalances,
    "lots": TaxLots,
    "transactions": Transactions,
    "realized": RealizedLots,
    "prices": Prices,
    "orders": OpenOrders,
    "indicators": Indicators,
    "fx": FxRates,
    "securities": SecurityTexts,
}

SUMMED: dict[str, tuple[str | None, str | None]] = {
    "positions": ("held_qty", "value_ccy"),
    "cash": (None, "amount_ccy"),
    "lots": ("held_qty", "cost_ccy"),
    "transactions": ("traded_qty", "net_cash_ccy"),
    "orders": ("order_qty", "estimated_price_ccy"),
    "prices": (None, "price_ccy"),
    "indicators": (None, "reading"),
}
"""What the quantity and the amount of a trailer are the sums of, by kind; kinds that are not here have a row count alone."""

DEFAULTS = {"sub_account": "cash", "bucket": "core"}
"""What a column holds that neither `columns` nor `constants` name."""

_DAY_COLUMNS = ("as_of_date", "price_date", "rate_date", "indicator_date")
"""Columns that `as_of` fills, where the kind has them and the map does not name them itself."""

_BOOLEANS = {"true": True, "yes": True, "y": True, "1": True, "t": True}
_BOOLEANS |= {"false": False, "no": False, "n": False, "0": False, "f": False}


class AsOf(BaseModel):
    """Where the date of the whole table stands: in a column, or in the file's name (the regex's first group)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | None = None
    file_name: str | None = None


class SignBy(BaseModel):
    """Amounts are without sign in the source: negative where `column` holds one of `negative`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    negative: tuple[str, ...] = Field(min_length=1)


class TrailerRule(BaseModel):
    """The line that ends a table: its first cell is `marker`; the cells (counted from 1) of row count and sums."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    marker: str = Field(min_length=1)
    rows: int = Field(ge=2)
    qty: int | None = Field(None, ge=2)
    amount: int | None = Field(None, ge=2)
    qty_is_net: bool = False
    """The quantity is that of purchases less that of sales."""


class FeedMap(BaseModel):
    """One table layout of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    kind: Literal[
        "positions", "cash", "lots", "transactions", "realized", "prices", "orders", "indicators", "fx", "securities"
    ]
    format: Literal["csv", "parquet"] = "csv"
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    quoted_newlines: bool = False
    columns: dict[str, tuple[str, ...]]
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    dates: dict[str, str] = {}
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    null_values: tuple[str, ...] = ()
    sign: dict[str, Literal["negate"] | SignBy] = {}
    skip_rows_where: dict[str, tuple[str, ...]] = {}
    as_of: AsOf | None = None
    trailer: TrailerRule | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_more_names(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: (headers,) if isinstance(headers, str) else headers for name, headers in value.items()}

    @field_validator("dates", mode="before")
    @classmethod
    def _one_format_for_all(cls, value: Any) -> Any:
        return {"*": value} if isinstance(value, str) else value

    @property
    def contract(self) -> type[Contract]:
        """Return the contract that rows of this kind fill."""
        return KINDS[self.kind]

    def date_format(self, column: str) -> str:
        """Return the format of a date column, ISO where the map says nothing."""
        return self.dates.get(column, self.dates.get("*", "%Y-%m-%d"))

    @property
    def day_column(self) -> str | None:
        """Return the column that `as_of` fills, None where there is none or the map names it itself."""
        schema = parsed_schema(self.contract)
        return next(
            (c for c in _DAY_COLUMNS if c in schema and c not in self.columns and c not in self.constants), None
        )


def read_map(path: Path) -> FeedMap:
    """Read a map from a YAML file.

    Raises:
        BookError: It is not valid; every problem is listed with its remedy.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(
            [f"{path.name}: cannot be read ({type(error).__name__}); check the name in the feed"]
        ) from error
    except yaml.YAMLError as error:
        raise BookError([f"{path.name}: not YAML: {' '.join(str(error).split())}"]) from error
    return parse_map(data, path.name)


def parse_map(data: Any, name: str) -> FeedMap:
    """Return the map that the mapping `data` describes; `name` stands at the front of every problem.

    Raises:
        BookError: It is not valid; every problem is listed with its remedy.
    """
    if not isinstance(data, Mapping):
        raise BookError([f"{name}: not a mapping; start with `kind:` and `columns:`"])
    problems = []
    feed_map = None
    try:
        feed_map = FeedMap.model_validate(data)
    except ValidationError as error:
        problems = [f"{name}: {'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    problems += [f"{name}: {problem}" for problem in _problems(data)]
    if problems or feed_map is None:
        raise BookError(problems)
    return feed_map


@cache
def codes_of(contract: type[Contract], column: str) -> tuple[str, ...]:
    """Return the codes that a column may hold, empty where it is not a code."""
    checks = contract.to_schema().columns[column].checks if column in contract.polars_schema() else []
    for check in checks:
        allowed = (check.statistics or {}).get("allowed_values")
        if allowed:
            return tuple(allowed)
    return ()


@cache
def required_columns(contract: type[Contract]) -> tuple[str, ...]:
    """Return the columns of a parsed frame that may not be null, without those that the adapter fills itself."""
    full = contract.to_schema().columns
    nullable = {name for name, column in full.items() if column.nullable}
    source = ("source_account",) if "account_key" in full and "account_key" not in nullable else ()
    return source + tuple(
        name for name in parsed_schema(contract) if name in full and name not in nullable and name != "row_no"
    )


def boolean(text: str) -> bool | None:
    """Return what a word says: yes or no in its usual spellings, None for others."""
    return _BOOLEANS.get(text.strip().lower())


def _problems(data: Mapping[str, Any]) -> list[str]:
    """Return what is wrong beyond types; tolerant of parts that are not what they should be."""
    contract = KINDS.get(str(data.get("kind")))
    if contract is None:
        return []
    schema = parsed_schema(contract)
    known = [name for name in schema if name not in ("row_no", AS_OF_TIME, "as_of_date")]
    parts = {
        key: data[key] if isinstance(data.get(key), Mapping) else {}
        for key in ("columns", "constants", "values", "sign", "as_of", "trailer")
    }
    columns, constants = parts["columns"], parts["constants"]
    problems = [
        f"{key}.{name}: no column of {data['kind']}; take one of {', '.join(known)}"
        for key in ("columns", "constants", "values", "sign")
        for name in parts[key]
        if name not in known
    ]
    problems += [f"{name}: in columns and in constants; keep one" for name in columns if name in constants]
    for name, headers in columns.items():
        if not headers or not all(
            isinstance(h, str) and h.strip() for h in ([headers] if isinstance(headers, str) else headers)
        ):
            problems.append(f"columns.{name}: give the source's header, or a list of them")
    problems += _unfilled(contract, columns, constants, parts["as_of"])
    problems += _bad_codes(contract, parts["values"], constants)
    for name, text in constants.items():
        if name in known and (problem := _bad_constant(schema[name], str(text))):
            problems.append(f"constants.{name}: {problem}")
    problems += [
        f"sign.{name}: not a number column" for name in parts["sign"] if name in known and schema[name] != FACT_DTYPE
    ]
    if data.get("decimal", ".") == data.get("thousands"):
        problems.append("thousands: the same sign as decimal; take another or none")
    pattern = parts["as_of"].get("file_name")
    if isinstance(pattern, str):
        problems += _bad_pattern(pattern)
    problems += _bad_trailer(data, parts["trailer"])
    dates = data.get("dates", {})
    formats = dates.values() if isinstance(dates, Mapping) else [dates]
    problems += [f"dates: {text!r} lacks %-fields; for example %m/%d/%Y" for text in formats if "%" not in str(text)]
    return problems


def _unfilled(
    contract: type[Contract], columns: Mapping[str, Any], constants: Mapping[str, Any], as_of: Mapping[str, Any]
) -> list[str]:
    has_day = ("column" in as_of) != ("file_name" in as_of)
    problems = [] if has_day or not as_of else ["as_of: give either `column` or `file_name`"]
    filled = {*columns, *constants, *DEFAULTS} | (
        {"raw_action"} if "transaction_type" in {*columns, *constants} else set()
    )
    for name in required_columns(contract):
        if name in filled or (name in _DAY_COLUMNS and has_day):
            continue
        remedy = "give as_of" if name == "as_of_date" else f"add columns.{name} or constants.{name}"
        problems.append(f"{name}: required and not mapped; {remedy}")
    return problems


def _bad_codes(contract: type[Contract], values: Mapping[str, Any], constants: Mapping[str, Any]) -> list[str]:
    problems = []
    for where, name, texts in [
        *((f"values.{name}", name, table.values()) for name, table in values.items() if isinstance(table, Mapping)),
        *((f"constants.{name}", name, [text]) for name, text in constants.items()),
    ]:
        allowed = codes_of(contract, name)
        wrong = [str(text) for text in texts if allowed and str(text) not in allowed]
        if wrong:
            problems.append(f"{where}: {', '.join(wrong)} is no code; take one of {', '.join(allowed)}")
    return problems


def _bad_constant(dtype: pl.DataType, text: str) -> str | None:
    if dtype == pl.Boolean and boolean(text) is None:
        return "give true or false"
    if dtype == FACT_DTYPE:
        try:
            Decimal(text)
        except InvalidOperation:
            return "not a number"
    if dtype == pl.Date:
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            return "not a date; write it as 2025-12-31"
    return None


def _bad_trailer(data: Mapping[str, Any], trailer: Mapping[str, Any]) -> list[str]:
    if not trailer:
        return []
    if data.get("format") == "parquet":
        return ["trailer: a Parquet file has no lines; take it out"]
    sums = dict(zip(("qty", "amount"), SUMMED.get(str(data.get("kind")), (None, None)), strict=True))
    problems = [
        f"trailer.{name}: {data['kind']} have no such sum; take it out"
        for name in sums
        if sums[name] is None and name in trailer
    ]
    problems += [
        f"trailer.{name}: the sum of {column}, which is not mapped; add columns.{column} or take it out"
        for name, column in sums.items()
        if column is not None and name in trailer and column not in data.get("columns", {})
    ]
    if str(data.get("delimiter", ",")) in str(trailer.get("marker", "")):
        problems.append("trailer.marker: the delimiter is in it; give the first cell alone")
    return problems


def _bad_pattern(pattern: str) -> list[str]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        return [f"as_of.file_name: not a regular expression ({error})"]
    return [] if groups == 1 else ["as_of.file_name: put one group around the date, for example `_(\\d{8})\\.csv`"]
