"""A report as one self-contained page: no network, no script, readable on a phone, printable as it is."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from evenkeel.desk import words
from evenkeel.desk.reporting.cells import figure_value, is_right, of_what, shown
from evenkeel.reports.model import Report, Unit

ROWS_SHOWN = 1000
"""Rows of a table on a page; CSV has all."""


def render_page(report: Report, firm: str = "evenkeel") -> str:
    """Return the page as HTML. The same report gives the same text; everything in it is escaped."""
    return _template().render(
        report=report,
        firm=firm,
        rows_shown=ROWS_SHOWN,
        units=Unit,
        made=shown(report.as_of_at, Unit.INSTANT),
        days=_days(report),
    )


def _days(report: Report) -> str:
    first, last = report.period.first, report.period.last
    return words.long_date(first) if first == last else f"{words.long_date(first)} to {words.long_date(last)}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("evenkeel.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure_value": figure_value, "of_what": of_what, "counted": words.counted}
    environment.globals |= {"shown": shown}
    environment.tests |= {"right": is_right}
    return environment.get_template("report.html.j2")
