"""The gates as people and programs read them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import polars as pl
from rich.console import Console

from data_contracts.conform import conform
from data_contracts.gate_results import GateResults
from evenkeel.desk.gates_report import gate_rows, print_gates, to_csv, to_json

MONDAY = dt.date(2026, 3, 2)
RESULTS = [
    (
        "schwab",
        "unchanged",
        True,
        False,
        0.825,
        None,
        0.8,
        "82.5 % of 40 listed securities have the price of the session before",
    ),
    ("schwab", "accounts", True, True, 1.0, 0.9, 1.25, "100 accounts of the book came"),
    ("schwab", "prices", False, None, None, None, None, "not judged: it sent no positions"),
    ("=a[b]", "stale", True, True, 0.0, None, 0.0, "its newest complete delivery is 0 sessions old"),
    ("=a[b]", "prices", True, True, 1.0, 0.98, None, "100 % of 10 positions have a price"),
]


def rows() -> pl.DataFrame:
    columns = ["custodian", "gate", "is_judged", "is_passed", "observed", "lower", "upper", "message"]
    frame = pl.DataFrame(RESULTS, schema=columns, orient="row").with_columns(pl.lit(MONDAY).alias("business_date"))
    return gate_rows(conform(frame, GateResults))


def printed(frame: pl.DataFrame) -> str:
    out = io.StringIO()
    print_gates(frame, MONDAY, Console(file=out, width=80))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_the_table_fits_a_terminal_and_says_what_failed() -> None:
    assert printed(rows()) == (
        "Gates of Monday 2026-03-02: 3 passed, 1 failed, 1 not judged\n"
        "custodian  gate        figure  passes        verdict\n"
        "=a[b]      stale            0  up to 0       passed\n"
        "           prices     100.0 %  from 98.0 %   passed\n"
        "schwab     accounts      1.00  0.90 to 1.25  passed\n"
        "           prices                            not judged\n"
        "           unchanged   82.5 %  up to 80.0 %  failed\n"
        "schwab, unchanged, failed: 82.5 % of 40 listed securities have the price of the\n"
        "session before\n"
        "schwab, prices, not judged: it sent no positions"
    )


def test_a_run_without_gates_says_so() -> None:
    nothing = gate_rows(GateResults.empty_frame())
    assert "No gate was judged on 2026-03-02" in printed(nothing)
    assert json.loads(to_json(nothing)) == []
    assert len(to_csv(nothing).splitlines()) == 1


def test_json_and_csv_have_every_row_and_figure() -> None:
    records = json.loads(to_json(rows()))
    assert [(row["custodian"], row["gate"], row["verdict"]) for row in records[-2:]] == [
        ("schwab", "prices", "not judged"),
        ("schwab", "unchanged", "failed"),
    ]
    assert (records[-1]["observed"], records[-1]["lower"], records[-1]["is_passed"]) == (0.825, None, False)
    cells = list(csv.DictReader(io.StringIO(to_csv(rows()))))
    assert (cells[0]["custodian"], cells[0]["is_passed"], cells[3]["is_passed"]) == ("'=a[b]", "true", "")
