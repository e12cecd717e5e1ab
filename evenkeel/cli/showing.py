"""Commands that show what is there: task lists, status, any query."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evenkeel.errors import EXIT_DONE

console = Console(soft_wrap=True, highlight=False)
LIST_DATASETS = (
    "select table_name as dataset, count(*) as columns, string_agg(column_name, ', ' order by ordinal_position) as names "
    "from information_schema.columns group by all order by all"
)
TABLE_ROWS = 1000
"""More rows than this are not drawn as a table; JSON and CSV print all."""


def alerts(home: Path | None, date: dt.date | None, form: str, adviser: str | None) -> int:
    """Print the task list."""
    from evenkeel.desk.page import page_of, tasks_of
    from evenkeel.desk.reading import run_of
    from evenkeel.desk.render_csv import render_csv
    from evenkeel.desk.render_text import task_tables
    from evenkeel.desk.task_list import to_json
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    if form == "html":
        sys.stdout.write(page_of(house, date, adviser))
        return EXIT_DONE
    tasks = tasks_of(house, date, adviser)
    if form == "json":
        sys.stdout.write(to_json(tasks))
    elif form == "csv":
        sys.stdout.write(render_csv(tasks))
    else:
        run = run_of(house, date)
        coverage = run.summary["coverage"]
        covered = (coverage.get("scanned", 0), run.summary["accounts"])
        console.print(task_tables(tasks, run.business_date, covered), soft_wrap=False)
        if covered[0] < covered[1]:
            held_up = ", ".join(
                f"{count} {status.replace('_', ' ')}" for status, count in coverage.items() if status != "scanned"
            )
            console.print(
                f"{covered[0]} of {covered[1]} accounts were scanned ({held_up}); `evenkeel status` says who must act."
            )
    return EXIT_DONE


def gates(home: Path | None, date: dt.date | None, form: str) -> int:
    """Print the verdicts of the gates."""
    from data_contracts.gate_results import GateResults
    from evenkeel.desk.gates_report import gate_rows, print_gates, to_csv, to_json
    from evenkeel.desk.reading import dataset, run_of
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    run = run_of(house, date)
    rows = gate_rows(dataset(house, run, GateResults))
    if form == "json":
        sys.stdout.write(to_json(rows))
    elif form == "csv":
        sys.stdout.write(to_csv(rows))
    else:
        print_gates(rows, run.business_date, console)
    return EXIT_DONE


def status(home: Path | None) -> int:
    """Print where the home stands."""
    from evenkeel.desk.run_summary import print_status
    from evenkeel.desk.sent_report import status_line
    from evenkeel.wiring import open_house, read_settings

    settings = read_settings(home)
    house = open_house(settings)
    print_status(house, console)
    if line := status_line(house.records.outbox.counts(), settings.says_who_writes):
        console.print(line, markup=False)
    return EXIT_DONE


def sql(home: Path | None, query: str | None, form: str) -> int:
    """Run a query and print its rows; without one, list the datasets."""
    from evenkeel.adapters.stores.lake_views import connect, run_query
    from evenkeel.run.catalogue import DATASETS
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    question = sys.stdin.read() if query == "-" else query or LIST_DATASETS
    with connect(house.records, house.store, DATASETS, mentioned_in=question) as connection:
        answer = run_query(connection, question)
    columns, rows = answer.columns, answer.rows
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, default=str, ensure_ascii=False, indent=2) + "\n")
    else:
        _print_rows(columns, rows)
    return EXIT_DONE


def _print_rows(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows[:TABLE_ROWS]:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table, soft_wrap=False)
    if len(rows) > TABLE_ROWS:
        console.print(f"{len(rows):,} rows, {TABLE_ROWS:,} shown; --format csv or json prints all")
