"""A market event's one digest: who is affected, worst first."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from evenkeel.run.house import House
from evenkeel.run.market_event import EventOutcome

SHOWN = 25


def print_digest(outcome: EventOutcome, console: Console, shown: int = SHOWN) -> None:
    """Print what a scan found: the sentence, the worst of the list, and how many are on which desk."""
    console.print(f"[bold]{outcome.event_id}[/bold] {outcome.message}.")
    if not outcome.affected.height:
        return
    table = Table(
        "",
        "adviser",
        "household",
        "portfolio",
        "worst",
        "weight",
        "target",
        "beyond",
        "before",
        box=None,
        header_style="bold",
    )
    for row in outcome.affected.sort("place").head(shown).iter_rows(named=True):
        table.add_row(
            str(row["place"]),
            row["adviser_id"],
            row["household_name"],
            row["portfolio_id"],
            row["worst_node_id"],
            f"{row['worst_weight_frac']:.1%}",
            f"{row['worst_target_frac']:.1%}",
            f"{100 * row['severity_frac']:.1f} pt",
            f"{100 * row['before_severity_frac']:.1f} pt",
        )
    console.print(table, soft_wrap=False)
    if outcome.affected.height > shown:
        console.print(
            f'and {outcome.affected.height - shown} more: evenkeel sql "select * from event_alerts"', markup=False
        )
    desks = outcome.affected.group_by("adviser_id").agg(pl.len()).sort("adviser_id").rows()
    console.print("Desks: " + ", ".join(f"{adviser} {count}" for adviser, count in desks))


def write_digest(house: House, outcome: EventOutcome) -> Path:
    """Write the whole list as text to the home's reports/events and return where."""
    path = house.home / "reports" / "events" / f"{outcome.event_id}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        print_digest(outcome, Console(file=stream, width=160, highlight=False), shown=outcome.affected.height)
    return path
