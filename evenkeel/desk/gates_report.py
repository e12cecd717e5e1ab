"""What the gates said on a date, for people and for programs. Judging belongs in `evenkeel.stages.reconcile.gates`."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import polars as pl
from rich.console import Console
from rich.table import Table

from data_contracts.vocab import Gate
from evenkeel.desk.render_csv import safe_cell

PASSED, FAILED, NOT_JUDGED = "passed", "failed", "not judged"
_COUNTED = (Gate.STALE.value, Gate.TOTALS.value)
_RATIOS = (Gate.ACCOUNTS.value, Gate.ROWS.value, Gate.VALUE.value)


def gate_rows(results: pl.DataFrame) -> pl.DataFrame:
    """Return `GateResults` with a `verdict` in words: by custodian, its gates in the order of the vocabulary."""
    order = {gate.value: place for place, gate in enumerate(Gate)}
    verdict = (
        pl.when(~pl.col("is_judged"))
        .then(pl.lit(NOT_JUDGED))
        .when("is_passed")
        .then(pl.lit(PASSED))
        .otherwise(pl.lit(FAILED))
    )
    return results.with_columns(verdict.alias("verdict")).sort(
        "custodian", pl.col("gate").replace_strict(order, return_dtype=pl.Int64)
    )


def print_gates(rows: pl.DataFrame, business_date: dt.date, console: Console) -> None:
    """Print a line a custodian and gate; below them, each failed gate in full, and why others were not judged."""
    if not rows.height:
        console.print(
            f"No gate was judged on {business_date}: the book has no account, or the run is older than the gates."
        )
        return
    counted = dict(rows.group_by("verdict").len().iter_rows())
    numbers = ", ".join(f"{counted.get(verdict, 0)} {verdict}" for verdict in (PASSED, FAILED, NOT_JUDGED))
    console.print(f"[bold]Gates of {business_date:%A %Y-%m-%d}[/bold]: {numbers}", highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("custodian", overflow="fold")
    table.add_column("gate")
    table.add_column("figure", justify="right")
    table.add_column("passes")
    table.add_column("verdict")
    shown = ""
    for row in rows.iter_rows(named=True):
        name = "" if row["custodian"] == shown else row["custodian"]
        shown = row["custodian"]
        verdict = f"[bold]{FAILED}[/bold]" if row["verdict"] == FAILED else row["verdict"]
        table.add_row(
            name.replace("[", r"\["),
            row["gate"],
            _figure(row["gate"], row["observed"]),
            _bounds(row["gate"], row["lower"], row["upper"]),
            verdict,
        )
    console.print(table, soft_wrap=False)
    for verdict in (FAILED, NOT_JUDGED):
        for row in rows.filter(pl.col("verdict") == verdict).iter_rows(named=True):
            why = row["message"].removeprefix("not judged: ")
            console.print(f"{row['custodian']}, {row['gate']}, {verdict}: {why}", markup=False, soft_wrap=False)


def to_json(rows: pl.DataFrame) -> str:
    """Return the rows as a JSON array of objects; ratios and shares are fractions."""
    return json.dumps(rows.to_dicts(), default=str, ensure_ascii=False, indent=2) + "\n"


def to_csv(rows: pl.DataFrame) -> str:
    """Return the rows as CSV with a header."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(rows.columns)
    for row in rows.iter_rows():
        writer.writerow([str(cell).lower() if isinstance(cell, bool) else safe_cell(cell) for cell in row])
    return buffer.getvalue()


def _figure(gate: str, figure: float | None) -> str:
    if figure is None:
        return ""
    if gate in _COUNTED:
        return f"{figure:,.0f}"
    return f"{figure:.2f}" if gate in _RATIOS else f"{100 * figure:.1f} %"


def _bounds(gate: str, lower: float | None, upper: float | None) -> str:
    smallest, largest = _figure(gate, lower), _figure(gate, upper)
    if smallest and largest:
        return f"{smallest} to {largest}"
    return f"from {smallest}" if smallest else f"up to {largest}" if largest else ""
