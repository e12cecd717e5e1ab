"""What a report is made of: figures with their definitions, tables, notes. How it looks belongs in `evenkeel.desk.reporting`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from evenkeel.reports.period import Period


class Unit(StrEnum):
    """What a value is, and so how it is written."""

    TEXT = "text"
    CODE = "code"
    """An id: shown as it is."""
    WORDS = "words"
    """A code of a vocabulary: shown with spaces."""
    COUNT = "count"
    RATIO = "frac"
    POINTS = "points"
    """A ratio that people read as percentage points."""
    CHANGE = "change"
    """A difference of two ratios: percentage points with their sign."""
    DOLLARS = "usd"
    CENTS = "cents"
    QUANTITY = "qty"
    PRICE = "price"
    HOURS = "hours"
    MINUTES = "minutes"
    DATE = "date"
    INSTANT = "instant"
    FLAG = "flag"


@dataclass(frozen=True)
class Column:
    """A column of a table: `name` in files (with its unit, as everywhere), `label` on pages.

    One that `is_optional` is left out on pages where nothing of it is known; files always have it.
    """

    name: str
    label: str
    unit: Unit = Unit.TEXT
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under a heading.

    Attributes:
        name: In file names and `--table`.
        title: On pages.
        columns: What is shown, in order.
        rows: Values by column name; None: not known, or none.
        note: What a reader must know of it.
        when_empty: What is said where there are no rows.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    note: str = ""
    when_empty: str = "None."


@dataclass(frozen=True)
class Definition:
    """What a figure is.

    Attributes:
        name: In files, with its unit.
        title: On pages.
        says: One sentence.
        numerator: What is counted or summed.
        denominator: Over what; empty: the figure is a plain count.
        source: Datasets and records that it is computed from.
        unit: Of the value.
    """

    name: str
    title: str
    says: str
    numerator: str
    denominator: str
    source: str
    unit: Unit


@dataclass(frozen=True)
class Figure:
    """A figure as found. `value` is None where it cannot be known; `reason` then says why, and the value is never made 0 for that."""

    definition: Definition
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Fact:
    """One thing that is said of the whole report, beside its name: whose it is, when something was done."""

    label: str
    value: Any
    unit: Unit = Unit.TEXT


@dataclass(frozen=True)
class Report:
    """One report, ready to be shown.

    Attributes:
        name: As the command calls it.
        title: On its page.
        about: One or two sentences: what it answers.
        period: What it is about.
        as_of_at: What was known when it was made.
        is_period_over: Whether the whole period lies behind `as_of_at`.
        tables: In order; the first is the report's CSV unless another is asked for.
        figures: Shown above the tables.
        notes: What is missing or must be known to read it.
        run_ids: The runs it rests on, by date.
        facts: What is said above everything else.
        disclosure: What the firm must say of itself; empty: nothing.
    """

    name: str
    title: str
    about: str
    period: Period
    as_of_at: dt.datetime
    is_period_over: bool
    tables: Sequence[Table]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()
    run_ids: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    disclosure: str = ""

    def table(self, name: str) -> Table:
        """Return one of its tables."""
        return next(each for each in self.tables if each.name == name)
