"""Tools for layouts made of records (XML elements, OFX aggregates): fields to facts, and rows to frames.

Lines and cells of text files belong in `text_file`, meaning of fields in the layout's own module.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

import polars as pl

from data_contracts.contract import Contract
from data_contracts.fields import FACT_DTYPE
from data_contracts.other_rows import OtherRows
from data_contracts.parsed import parsed_schema
from evenkeel.ports import RejectedRow

_NUMBER = re.compile(r"[+-]?(?:\d{1,22}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[;, T]+(\d{2}):?(\d{2}):?(\d{2})\b.*)?", re.ASCII)
_LARGEST = Decimal(10) ** 22
_YEARS = range(1900, 2200)

_PERSONAL = re.compile(
    r"^account(id|number|name|rep.*)?$|^acct|^name$|accountname|(first|last|holder|master|rep|employer|payee|company)_?name|alias$|street|city|postal|zip|"
    r"email|phone|tax_?id|ssn|birth|^state|^country|^addr|bankacct|usrid|userid|userpass|sesscookie|payeeid|clientreference|traderid",
    re.IGNORECASE,
)


class BadField(ValueError):
    """A field that cannot be read: its name and what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason

    def __reduce__(self) -> tuple[type[BadField], tuple[str, str]]:
        """Unpickle from both arguments."""
        return (BadField, (self.field, self.reason))


def number(field: str, text: str | None) -> str | None:
    """Return a number's text ready to become a decimal, None where the source is silent.

    Digits after the fifteenth decimal are rounded half to even when the frame is made.

    Raises:
        BadField: It is not a number, or has more than 22 digits before the point.
    """
    if text is None:
        return None
    text = text.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadField(field, "not a number")
    if "e" in text or "E" in text:
        value = Decimal(text)
        if abs(value) >= _LARGEST:
            raise BadField(field, "number too large")
        return f"{value:f}"
    return text


def negative(text: str | None) -> str | None:
    """Return minus the amount's size: what is short or owed, whichever sign the source uses."""
    return None if text is None else "-" + text.lstrip("+-")


def opposite(text: str | None) -> str | None:
    """Return the number with its sign turned."""
    if text is None:
        return None
    return text[1:] if text.startswith("-") else "-" + text.lstrip("+")


def total(texts: Iterable[str | None]) -> str | None:
    """Return the exact sum of the numbers that are there, None where none is."""
    present = [Decimal(text) for text in texts if text is not None]
    return f"{sum(present, Decimal(0)):f}" if present else None


def is_zero(text: str | None) -> bool:
    """Tell whether the number is there and zero."""
    return text is not None and Decimal(text) == 0


@lru_cache(maxsize=8192)
def _date_parts(text: str) -> tuple[dt.date, dt.time | None] | None:
    match = _DATE.fullmatch(text)
    if match is None or int(match[1]) not in _YEARS:
        return None
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
        moment = dt.time(int(match[4]), int(match[5]), int(match[6])) if match[4] else None
    except ValueError:
        return None
    return day, moment


def date(field: str, text: str | None) -> dt.date | None:
    """Return the date of `20251231`, `2026-01-01`, `20260419 144528` or `2026-01-25;120320`, None where silent.

    Raises:
        BadField: It is none of these, or no date of the calendar.
    """
    if text is None or not text.strip():
        return None
    parts = _date_parts(text.strip())
    if parts is None:
        raise BadField(field, "not a date")
    return parts[0]


def is_personal(name: str) -> bool:
    """Tell whether a field of this name may hold a name, an address, a tax id or an account number."""
    return _PERSONAL.search(name) is not None


def payload(fields: Mapping[str, object]) -> str:
    """Return the fields as a JSON object in their order, without personal and empty ones."""
    kept = {name: value for name, value in fields.items() if value not in ("", None) and not is_personal(name)}
    return json.dumps(kept, ensure_ascii=False)


def mask(account: str) -> str:
    """Return the account's last four characters as people see them: `…4321`."""
    return "…" + account.strip()[-4:]


def subject_of(accounts: Iterable[str]) -> str:
    """Return the mask of a file's only account; empty where it has several or none."""
    distinct = {account for account in accounts if account}
    return mask(distinct.pop()) if len(distinct) == 1 else ""


class RecordTables:
    """Rows by contract, rejects and structural records of one file, and their count."""

    def __init__(self, contracts: Iterable[type[Contract]], extra_columns: Iterable[str] = ()) -> None:
        self._schemas = {contract: parsed_schema(contract) for contract in contracts}
        self._extra = tuple(extra_columns)
        self._columns: dict[type[Contract], dict[str, list[object]]] = {
            contract: {name: [] for name in (*schema, *self._extra)} for contract, schema in self._schemas.items()
        }
        self.rejects: list[RejectedRow] = []
        self.row_count = 0
        self.structural_count = 0

    def next_row(self) -> int:
        """Return the number of the next record, counted from one in document order."""
        self.row_count += 1
        return self.row_count

    def structural(self) -> None:
        """Count the record just seen as one that carries no data."""
        self.structural_count += 1

    def add(self, contract: type[Contract], row_no: int, /, **values: object) -> None:
        """Add a row; columns left out are null, numbers are texts from `number`."""
        values["row_no"] = row_no
        for name, cells in self._columns[contract].items():
            cells.append(values.get(name))

    def other(self, row_no: int, section: str, fields: Mapping[str, object]) -> None:
        """Keep a record as JSON, personal fields left out."""
        self.add(OtherRows, row_no, section=section, payload_json=payload(fields))

    def reject(self, row_no: int, error: BadField, raw_text: str) -> None:
        """Keep a record that no table can take."""
        self.rejects.append(RejectedRow(row_no, str(error), raw_text, error.field))

    def frame(self, contract: type[Contract]) -> pl.DataFrame:
        """Return the contract's rows in row order, extra columns at the end."""
        schema = self._schemas[contract]
        columns = self._columns[contract]
        series = []
        for name, cells in columns.items():
            dtype = schema.get(name, pl.String())
            if dtype == FACT_DTYPE:
                series.append(pl.Series(name, cells, dtype=pl.String).cast(FACT_DTYPE))
            else:
                series.append(pl.Series(name, cells, dtype=dtype))
        return pl.DataFrame(series).sort("row_no", maintain_order=True)

    def frames(self) -> dict[type[Contract], pl.DataFrame]:
        """Return the frames of all contracts that have rows."""
        return {contract: self.frame(contract) for contract, columns in self._columns.items() if columns["row_no"]}
