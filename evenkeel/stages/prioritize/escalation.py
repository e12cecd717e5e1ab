"""Who else must see an alert that nobody has acted on in time.

The path is the book's: an adviser's `escalates_to`, that adviser's, and so on. An alert goes one step further at each opening of the desk
that finds it overdue, and stays with the last of the path. The alert remains its adviser's own: escalating shows it to one more
person and takes it from nobody.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from evenkeel import calendar
from evenkeel.book.model import Book


def escalated_to(business_date: dt.date, rows: pl.DataFrame, book: Book) -> pl.Series:
    """Return for each row the adviser it has escalated to; null where it is not overdue, or its adviser's path is empty.

    Args:
        business_date: The session of the list; its desk opens on the session after it.
        rows: `adviser_id`, `due_at`, `is_overdue`.
        book: For the paths; it admits no circles.
    """
    paths = _paths(book)
    desk_date = calendar.next_session(business_date)
    overdue = pl.col("is_overdue").fill_null(False)
    wanted = rows.select("adviser_id", pl.when(overdue).then("due_at").alias("due_at"))
    cases = wanted.unique().drop_nulls()
    steps = [_step(paths.get(adviser, ()), _openings(due_at, desk_date)) for adviser, due_at in cases.iter_rows()]
    known = cases.with_columns(pl.Series("escalated_to", steps, dtype=pl.String))
    return wanted.join(known, on=["adviser_id", "due_at"], how="left", maintain_order="left")["escalated_to"]


def _paths(book: Book) -> dict[str, tuple[str, ...]]:
    nexts = dict(book.advisers.select("adviser_id", "escalates_to").drop_nulls().iter_rows())
    paths = {}
    for adviser in nexts:
        path, at = [], adviser
        while at in nexts and nexts[at] not in path:
            at = nexts[at]
            path.append(at)
        paths[adviser] = tuple(path)
    return paths


def _openings(due_at: dt.datetime, desk_date: dt.date) -> int:
    """Count the desk's openings, up to that of `desk_date`, that found it overdue; at least one has."""
    due_date = due_at.astimezone(calendar.EASTERN).date()
    # What is due when the session closes was not yet overdue that morning; what is due when the desk opens was.
    is_at_close = calendar.is_session(due_date) and due_at >= calendar.session_close(due_date)
    first = due_date + dt.timedelta(days=1) if is_at_close else due_date
    return max(len(calendar.sessions_between(first, desk_date)), 1)


def _step(path: tuple[str, ...], openings: int) -> str | None:
    return path[min(openings, len(path)) - 1] if path else None
