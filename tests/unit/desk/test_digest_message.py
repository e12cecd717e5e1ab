"""Operations' digest: one a date, a line for each check, stops first, and nothing where nothing needs anybody."""

from __future__ import annotations

import datetime as dt

import polars as pl

from evenkeel.desk.digest_message import SHOWN, digest_lines
from evenkeel.run.announcing import announce_operations

DATE = dt.date(2026, 3, 3)


def found(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Return exceptions of these effects, checks and owners."""
    return pl.DataFrame(
        [
            {"exception_id": f"ex-{n:03d}", "effect": effect, "check": check, "owner": owner, "message": f"Look {n}."}
            for n, (effect, check, owner) in enumerate(rows)
        ],
        schema=dict.fromkeys(("exception_id", "effect", "check", "owner", "message"), pl.String),
    )


def test_one_line_for_each_check_stops_first_the_most_first() -> None:
    stop, wait = ("stop", "break_quantity", "operations"), ("wait", "gate_stale", "operations")
    lines = digest_lines(found(wait, stop, wait, wait, ("stop", "cash_missing", "adviser"), stop, ("note", "x", "y")))
    assert [(each.name, each.count, each.action) for each in lines] == [
        ("break quantity (stopped, Operations)", 2, "Look 1. And 1 more."),
        ("cash missing (stopped, Adviser)", 1, "Look 4."),
        ("gate stale (waiting, Operations)", 3, "Look 0. And 2 more."),
    ]


def test_what_is_beyond_the_digest_is_counted() -> None:
    lines = digest_lines(found(*(("stop", f"check_{n:02d}", "operations") for n in range(SHOWN + 4))))
    assert len(lines) == SHOWN + 1
    assert (lines[-1].name, lines[-1].count) == ("others", 4)


def test_it_is_announced_once_a_date_and_only_where_something_is_held_up() -> None:
    assert announce_operations(DATE, found(("note", "x", "operations"), ("released", "y", "operations"))) == []
    first = announce_operations(DATE, found(("stop", "x", "operations")))
    again = announce_operations(DATE, found(("wait", "y", "adviser")))
    assert [each.message_id for each in first] == [each.message_id for each in again]
    assert first[0].payload["recipient_role"] == "operations"
