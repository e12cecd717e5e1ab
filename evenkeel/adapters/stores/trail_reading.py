"""Read the audit trail: all of it to be verified or exported, or the events that somebody looks for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, or_, select
from sqlalchemy.exc import DBAPIError

from evenkeel.adapters.stores.database import reading
from evenkeel.adapters.stores.trail_file import read_checkpoints
from evenkeel.adapters.stores.trail_tables import trail_chain, trail_checkpoints, trail_events
from evenkeel.audit.chain import Entry
from evenkeel.audit.checkpoint import Checkpoint
from evenkeel.audit.verify import Outside
from evenkeel.errors import TrailBroken
from evenkeel.ports import StoredTrail, TrailQuery

BATCH = 10_000
"""Rows read at once."""


@contextmanager
def open_trail(engine: Engine, checkpoint_file: Path | None) -> Iterator[StoredTrail]:
    """Read the trail in one state, while the context lasts.

    Raises:
        TrailBroken: The database itself cannot read it any more.
    """
    # First: a checkpoint that is made from now on is in the database's state at least.
    outside = [] if checkpoint_file is None else read_checkpoints(checkpoint_file)
    try:
        with reading(engine) as connection, _any_text(connection):
            checkpoints = connection.execute(select(trail_checkpoints).order_by(trail_checkpoints.c.seq)).mappings()
            yield StoredTrail(
                entries=lambda after, until: _entries(connection, after, until),
                checkpoints=[Checkpoint(**row) for row in checkpoints],
                unsealed_count=_count_unsealed(connection),
                outside=None if checkpoint_file is None else Outside(str(checkpoint_file), outside, is_kept=True),
            )
    except DBAPIError as error:
        raise TrailBroken(
            f"the trail in {engine.url.render_as_string()} cannot be read: {type(error.orig).__name__}"
        ) from error


def find_events(engine: Engine, query: TrailQuery) -> list[dict[str, Any]]:
    """Return the events that a person looks for, oldest first, each with its seq (None: not sealed yet)."""
    events = trail_events.c
    found = select(trail_chain.c.seq, trail_events).outerjoin(trail_chain, trail_chain.c.event_no == events.event_no)
    if query.subject is not None:
        mentioned = json.dumps(query.subject, ensure_ascii=False)
        found = found.where(
            or_(
                events.subject == query.subject,
                events.run_id == query.subject,
                events.event_id == query.subject,
                events.payload.contains(mentioned, autoescape=True),
            )
        )
    if query.kind is not None:
        found = found.where(events.kind == query.kind)
    if query.business_date is not None:
        found = found.where(events.business_date == query.business_date.isoformat())
    if query.first is not None:
        found = found.where(events.business_date >= query.first.isoformat())
    if query.last is not None:
        found = found.where(events.business_date <= query.last.isoformat())
    if query.actor is not None:
        found = found.where(events.actor == query.actor)
    if query.role is not None:
        found = found.where(events.role == query.role)
    if query.words is not None:
        # As the payload has it: quotes and backslashes inside text are written with a backslash there.
        said = json.dumps(query.words, ensure_ascii=False)[1:-1]
        found = found.where(events.payload.icontains(said, autoescape=True))
    with reading(engine) as connection:
        newest = connection.execute(found.order_by(events.event_no.desc()).limit(query.limit)).mappings().all()
        return [dict(row) for row in reversed(newest)]


def seq_range(engine: Engine, first: dt.date | None, last: dt.date | None) -> tuple[int, int]:
    """Return the first and the last entry whose event belongs to a business date from `first` to `last`; zeros where none does."""
    found = select(func.min(trail_chain.c.seq), func.max(trail_chain.c.seq))
    if first is not None or last is not None:
        found = found.join(trail_events, trail_chain.c.event_no == trail_events.c.event_no)
    if first is not None:
        found = found.where(trail_events.c.business_date >= first.isoformat())
    if last is not None:
        found = found.where(trail_events.c.business_date <= last.isoformat())
    with reading(engine) as connection:
        least, greatest = connection.execute(found).one()
        return least or 0, greatest or 0


def _entries(connection: Connection, after: int, until: int | None) -> Iterator[Entry]:
    query: Select[Any] = select(trail_chain, *(column.label(f"event_{column.name}") for column in trail_events.columns))
    query = query.outerjoin(trail_events, trail_chain.c.event_no == trail_events.c.event_no)
    query = query.where(trail_chain.c.seq > after) if after else query
    query = query.where(trail_chain.c.seq <= until) if until is not None else query
    names = [column.name for column in trail_events.columns]
    found = connection.execute(query.order_by(trail_chain.c.seq), execution_options={"yield_per": BATCH})
    for row in found.mappings():
        event = {name: row[f"event_{name}"] for name in names} if row["event_event_no"] is not None else None
        yield Entry(row["seq"], row["event_no"], row["previous_hash"], row["hash"], row["sealed_at"], event)


def _count_unsealed(connection: Connection) -> int:
    joined = trail_events.outerjoin(trail_chain, trail_chain.c.event_no == trail_events.c.event_no)
    waiting = select(func.count()).select_from(joined).where(trail_chain.c.event_no.is_(None))
    return int(connection.execute(waiting).scalar_one())


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """Let SQLite hand over text that is no UTF-8 any more, so that it can be named instead of ending the reading."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before = driver.text_factory
    driver.text_factory = lambda content: content.decode("utf-8", "replace")
    try:
        yield
    finally:
        driver.text_factory = before
