"""Reports as files and in the terminal: CSV of one table, all of them with the page in a folder, a client's on paper too."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from evenkeel.desk.reporting.cells import figure_value, is_right, of_what, seen_columns, shown, stored, tables_of
from evenkeel.desk.reporting.page import render_page
from evenkeel.errors import UsageError
from evenkeel.reports.before_after import NAME as BEFORE_AFTER
from evenkeel.reports.model import Report, Table

ON_PAPER = frozenset({BEFORE_AFTER})
"""Reports that are for clients, and so can be had as PDF."""
ROWS_DRAWN = 60
"""Rows of a table in the terminal; CSV has all."""


def render_csv(report: Report, name: str | None = None) -> str:
    """Return one table of a report as CSV, its first by default.

    Raises:
        UsageError: It has no table of that name; says which it has.
    """
    tables = {each.name: each for each in tables_of(report)}
    if name is not None and name not in tables:
        raise UsageError(f"{report.name} has no table {name!r}; it has {', '.join(tables)}")
    return table_csv(tables[name] if name is not None else next(iter(tables.values())))


def table_csv(table: Table) -> str:
    """Return a table as CSV with a header; units are in the names of its columns."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([each.name for each in table.columns])
    for row in table.rows:
        writer.writerow([stored(row[each.name]) for each in table.columns])
    return buffer.getvalue()


def print_report(report: Report, console: Console, name: str | None = None) -> None:
    """Print figures and tables, or the one table that is asked for."""
    console.print(Text(f"{report.title}, {report.period.name}", style="bold"))
    for note in report.notes:
        console.print(note, markup=False)
    for fact in report.facts if name is None else ():
        console.print(f"{fact.label}: {shown(fact.value, fact.unit)}", markup=False)
    if name is None and report.figures:
        drawn = Drawn("figure", "value", "of what", box=None, pad_edge=False)
        for each in report.figures:
            drawn.add_row(each.definition.title, Text(figure_value(each), justify="right"), Text(of_what(each)))
        console.print(drawn, soft_wrap=False)
    tables = [each for each in tables_of(report) if each.name == name] if name else report.tables
    if name and not tables:
        render_csv(report, name)  # says which there are
    for table in tables:
        _print_table(table, console)
    if report.disclosure:
        console.print(f"\n{report.disclosure}", markup=False)


def write_all(report: Report, folder: Path, firm: str = "evenkeel") -> list[Path]:
    """Write a report's page, a client's as PDF too, and a CSV of each table into a folder, each whole or not at all; return where."""
    contents = {f"{report.name}.html": render_page(report, firm).encode()}
    if report.name in ON_PAPER:
        contents[f"{report.name}.pdf"] = pdf_of(report, firm)
    contents |= {f"{report.name}-{table.name}.csv": table_csv(table).encode() for table in tables_of(report)}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in contents.items():
        # Beside its place: another folder may be another disk, where nothing can be renamed to.
        half = folder / f".{name}.part"
        half.write_bytes(content)
        written.append(half.replace(folder / name))
    return written


def pdf_of(report: Report, firm: str = "evenkeel") -> bytes:
    """Return a client's report as PDF.

    Raises:
        UsageError: It is not a report for clients.
    """
    if report.name not in ON_PAPER:
        raise UsageError(f"{report.name} is not for clients, and there is no PDF of it; print its page (--format html)")
    from evenkeel.desk.reporting.paper import render_pdf  # its library takes a moment, and few reports need it

    return render_pdf(report, firm)


def _print_table(table: Table, console: Console) -> None:
    console.print()
    console.print(Text(table.title, style="bold"))
    if not table.rows:
        console.print(table.when_empty, markup=False)
        return
    drawn = Drawn(box=None, pad_edge=False)
    columns = seen_columns(table)
    for column in columns:
        drawn.add_column(column.label, justify="right" if is_right(column) else "left", overflow="fold")
    for row in table.rows[:ROWS_DRAWN]:
        drawn.add_row(*(Text(shown(row[each.name], each.unit)) for each in columns))
    console.print(drawn, soft_wrap=False)
    if len(table.rows) > ROWS_DRAWN:
        console.print(f"{len(table.rows) - ROWS_DRAWN:,} more: --format csv --table {table.name} has them all.")
    if table.note:
        console.print(table.note, markup=False)
