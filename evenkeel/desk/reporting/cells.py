"""A report's values as text: for people on pages and in the terminal, for programs in files."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from evenkeel.calendar import EASTERN
from evenkeel.desk.render_csv import safe_cell
from evenkeel.desk.words import percent, points, utc_text
from evenkeel.reports.model import Column, Figure, Report, Table, Unit

UNKNOWN = "–"
_MINUS = "−"
_SHOWN_STEP = Decimal("0.0001")
"""People read units and prices to four digits; files have all of them."""
_RIGHT = frozenset(
    {
        Unit.COUNT,
        Unit.RATIO,
        Unit.POINTS,
        Unit.CHANGE,
        Unit.DOLLARS,
        Unit.CENTS,
        Unit.QUANTITY,
        Unit.PRICE,
        Unit.HOURS,
        Unit.MINUTES,
    }
)
_SPELLED = {"ira": "IRA", "ira,": "IRA,", "sep": "SEP", "401k": "401(k)", "401k,": "401(k),", "ips": "IPS"}
"""Words of codes that people write otherwise."""
FIGURES = "figures"
"""The table of a report's figures."""
_FIGURES = (
    Column("figure", "Figure", Unit.CODE),
    Column("title", "What"),
    Column("value", "Value", Unit.TEXT),
    Column("unit", "Unit", Unit.CODE),
    Column("numerator", "Numerator", Unit.TEXT),
    Column("denominator", "Denominator", Unit.TEXT),
    Column("reason", "Why it is not known"),
    Column("note", "Note"),
)


def is_right(column: Column) -> bool:
    """Return whether a column's values stand at the right."""
    return column.unit in _RIGHT


def seen_columns(table: Table) -> list[Column]:
    """Return the columns that people are shown; files have all of them."""
    return [
        each for each in table.columns if not each.is_optional or any(row[each.name] is not None for row in table.rows)
    ]


def shown(value: Any, unit: Unit) -> str:
    """Return a value as people read it; a dash for what is not known."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        local = value.astimezone(EASTERN)
        return f"{local:%a} {local.day} {local:%b %Y %H:%M} ET"
    if isinstance(value, dt.date):
        return f"{value.day} {value:%b %Y}"
    if unit is Unit.WORDS:
        return " ".join(_SPELLED.get(word, word) for word in str(value).replace("_", " ").split(" "))
    return _number(value, unit) if isinstance(value, int | float | Decimal) else str(value)


def _number(value: int | float | Decimal, unit: Unit) -> str:
    if unit is Unit.RATIO:
        return percent(float(value)).replace("-", _MINUS)
    if unit is Unit.POINTS:
        return f"{round(float(value) * 100, 1) + 0.0:.1f}".replace("-", _MINUS)
    if unit is Unit.CHANGE:
        return points(float(value))
    if unit in (Unit.HOURS, Unit.MINUTES):
        return f"{round(float(value), 1) + 0.0:,.1f}".replace("-", _MINUS)
    if unit in (Unit.DOLLARS, Unit.CENTS):
        step = Decimal(1) if unit is Unit.DOLLARS else Decimal("0.01")
        amount = Decimal(str(value)).quantize(step, ROUND_HALF_UP)
        return f"{_MINUS if amount < 0 else ''}${abs(amount):,}"
    if unit is Unit.QUANTITY:
        return _trimmed(Decimal(str(value)), 0)
    if unit is Unit.PRICE:
        price = _trimmed(abs(Decimal(str(value))), 2)
        return f"{_MINUS if value < 0 else ''}${price}"
    return f"{value:,}" if isinstance(value, int) else f"{float(value):,.1f}"


def _trimmed(value: Decimal, least: int) -> str:
    """Return a figure with at most four digits after the point, at least `least`, without zeros at the end."""
    text = f"{value.quantize(_SHOWN_STEP, ROUND_HALF_UP):,f}".rstrip("0")
    whole, _, digits = text.partition(".")
    return (f"{whole}.{digits:0<{least}}" if digits or least else whole).replace("-", _MINUS)


def figure_value(figure: Figure) -> str:
    """Return a figure as people read it: `64.2 %`, `1.6 pts`, `30.0 h`."""
    text = shown(figure.value, figure.definition.unit)
    if figure.value is None:
        return text
    if figure.definition.unit is Unit.COUNT and not float(figure.value).is_integer():
        return f"{figure.value:,.1f}"
    if figure.definition.unit is Unit.COUNT:
        return f"{figure.value:,.0f}"
    return text + {Unit.POINTS: " pts", Unit.HOURS: " h", Unit.MINUTES: " min"}.get(figure.definition.unit, "")


def of_what(figure: Figure) -> str:
    """Return what a figure was divided by, or why it is not known: `2 of 4`, `average of 3`."""
    said = []
    if figure.value is None:
        said.append(f"not known: {figure.reason}")
    elif figure.denominator is not None and figure.definition.unit in (Unit.RATIO, Unit.COUNT):
        said.append(
            f"{figure.numerator:,.0f} of {figure.denominator:,.0f}"
            if figure.definition.unit is Unit.RATIO
            else f"{figure.numerator:,.0f} divided by {figure.denominator:,.0f}"
        )
    elif figure.denominator is not None:
        said.append(f"average of {figure.denominator:,.0f}")
    if figure.note:
        said.append(figure.note)
    return "; ".join(said)


def stored(value: Any) -> object:
    """Return a value as a file has it: figures as they are, instants in UTC, no text that a spreadsheet would run."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return safe_cell(value)


def figures_table(report: Report) -> Table:
    """Return a report's figures as one of its tables."""
    rows = [
        {
            "figure": each.definition.name,
            "title": each.definition.title,
            "value": each.value,
            "unit": each.definition.unit.value,
            "numerator": each.numerator,
            "denominator": each.denominator,
            "reason": each.reason,
            "note": each.note,
        }
        for each in report.figures
    ]
    return Table(FIGURES, "Figures", _FIGURES, rows)


def tables_of(report: Report) -> list[Table]:
    """Return what can be had as CSV, the one that comes by itself first."""
    figures = [figures_table(report)] if report.figures else []
    return [*report.tables, *figures]
