"""A report as one self-contained page: no network, no script, readable on a phone, printable as it is."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from evenkeel.desk import words
from evenkeel.desk.reporting.bars import after_words, hundredths, is_drawn
from evenkeel.desk.reporting.cells import figure_value, is_right, of_what, seen_columns, shown
from evenkeel.reports.model import Column, Report, Table, Unit

ROWS_SHOWN = 1000
"""Rows of a table on a page; CSV has all."""
NARROW, DENSE = 6, 6
"""Columns of figures that a phone shows side by side; columns that a screen shows in full size."""
_LONG = 28
"""Characters from which on words, and lists of ids, break into lines."""
_CODE = re.compile("`([^`]+)`")


def render_page(report: Report, firm: str = "evenkeel") -> str:
    """Return the page as HTML. The same report gives the same text; everything in it is escaped."""
    return _template().render(
        report=report,
        firm=firm,
        rows_shown=ROWS_SHOWN,
        units=Unit,
        made=shown(report.as_of_at, Unit.INSTANT),
        period=period_words(report.period.name, report.period.first),
        days=_days(report),
        dense=DENSE,
        is_landscape=not report.facts and any(len(seen_columns(each)) > DENSE for each in report.tables),
    )


def period_words(name: str, first: dt.date) -> str:
    """Return a period as people call it: `March 2026`, `first quarter of 2026`, `2 March 2026`."""
    if re.fullmatch(r"\d{4}-\d{2}", name):
        return f"{first:%B %Y}"
    if "Q" in name:
        return f"{('first', 'second', 'third', 'fourth')[first.month // 3]} quarter of {first.year}"
    return f"{first.day} {first:%B %Y}"


def _days(report: Report) -> str:
    """Return `1 to 31 March 2026`; empty for one day, which the period names already."""
    first, last = report.period.first, report.period.last
    if first == last:
        return ""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    start = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{start} to {last.day} {last:%B %Y}"


def _coded(text: str) -> Markup:
    """Return words with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _is_carded(table: Table) -> bool:
    """Return whether each row is a card on a phone: where there is more than words with a few figures beside them."""
    columns = seen_columns(table)
    return len(columns) > NARROW or any(not is_right(each) for each in columns[1:])


def _is_long(column: Column, table: Table) -> bool:
    """Return whether a column breaks into lines; single ids, figures and dates stay whole."""
    texts = [str(row[column.name] or "") for row in table.rows]
    return column.unit in (Unit.TEXT, Unit.CODE) and any(len(each) >= _LONG and " " in each for each in texts)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("evenkeel.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure_value": figure_value,
        "of_what": of_what,
        "counted": words.counted,
        "coded": _coded,
        "seen": seen_columns,
        "bars": hundredths,
        "after_words": after_words,
    }
    environment.globals |= {"shown": shown}
    environment.tests |= {"right": is_right, "long_in": _is_long, "carded": _is_carded, "drawn": is_drawn}
    return environment.get_template("report.html.j2")
