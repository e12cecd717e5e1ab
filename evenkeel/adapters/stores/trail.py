"""The audit trail in the records database: write events, seal them into the chain, read it back.

Events are written in the transaction of what they record. One sealer at a time links what has been committed, in order of number; a
transaction that commits late with a lower number is linked by the next one. Nobody else ever reads the last hash in order to go on from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select, text

from data_contracts.vocab import EventKind
from evenkeel.adapters.stores.database import insert_once, reading, writing
from evenkeel.adapters.stores.trail_tables import trail_chain, trail_checkpoints, trail_events
from evenkeel.audit.canonical import instant_text
from evenkeel.audit.chain import FIRST_HASH, link
from evenkeel.audit.checkpoint import Checkpoint, make
from evenkeel.audit.event import Event
from evenkeel.audit.merkle import Tree
from evenkeel.errors import TrailBroken

SEAL_LOCK = 7_310_525_118_002
"""Key of PostgreSQL's advisory lock under which the chain grows; SQLite has one writer anyway."""

LOOK_BACK = 100_000
"""How many numbers behind the newest sealed one a quick sealing looks for what committed late; a checkpoint looks through all."""

BATCH = 10_000
"""Rows read at once."""


def write_events(connection: Connection, events: Iterable[Event]) -> None:
    """Write events in the caller's transaction; one whose id is there already changes nothing."""
    insert_once(connection, trail_events, [event.columns() for event in events])


def seal(engine: Engine, now: dt.datetime) -> int:
    """Link every committed event that is not linked yet; return how many."""
    with _sealing(engine) as connection:
        return _link_all(connection, now, is_thorough=False)


def seal_and_check(engine: Engine, now: dt.datetime) -> Checkpoint | None:
    """Link every committed event, and write a checkpoint where the chain has grown since the last one; return that, or None."""
    with _sealing(engine) as connection:
        _link_all(connection, now, is_thorough=True)
        last, before = _last_entry(connection), _last_checkpoint(connection)
        if last is None or (before is not None and before.seq >= last.seq):
            return None
        tree = (before and _tree_of(before)) or Tree()
        grown = select(trail_chain.c.hash).where(trail_chain.c.seq > tree.count).order_by(trail_chain.c.seq)
        hashes = connection.execute(grown, execution_options={"yield_per": BATCH}).scalars()
        tree.add(bytes.fromhex(each) for each in hashes)
        checkpoint = make(last.seq, last.hash, tree, now, before)
        connection.execute(trail_checkpoints.insert(), [asdict(checkpoint)])
        return checkpoint


def checkpoints_after(engine: Engine, seq: int) -> list[Checkpoint]:
    """Return the checkpoints of entries after `seq`, in order."""
    later = select(trail_checkpoints).where(trail_checkpoints.c.seq > seq).order_by(trail_checkpoints.c.seq)
    with reading(engine) as connection:
        return [Checkpoint(**row) for row in connection.execute(later).mappings()]


def count_commits(connection: Connection, business_date: dt.date, kind: str) -> int:
    """Return how many commits of runs of a date and kind the trail has."""
    commits = select(func.count()).where(
        trail_events.c.business_date == business_date.isoformat(),
        trail_events.c.kind == EventKind.RUN_COMMITTED.value,
        trail_events.c.subject == kind,
    )
    return int(connection.execute(commits).scalar_one())


@contextmanager
def _sealing(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            # Only statements after this one see what the sealer before has written.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEAL_LOCK})
        yield connection


def _link_all(connection: Connection, now: dt.datetime, *, is_thorough: bool) -> int:
    query = _unsealed(trail_events).order_by(trail_events.c.event_no)
    if not is_thorough:
        newest = connection.execute(select(func.max(trail_chain.c.event_no))).scalar() or 0
        query = query.where(trail_events.c.event_no > newest - LOOK_BACK)
    waiting = connection.execute(query).mappings().all()
    if not waiting:
        return 0
    last = _last_entry(connection)
    seq, before = (last.seq, last.hash) if last else (0, FIRST_HASH)
    sealed_at, rows = instant_text(now), []
    for event in waiting:
        try:
            entry = link(seq + 1, before, sealed_at, dict(event))
        except ValueError as error:
            raise TrailBroken(
                f"event {event['event_no']} was changed before it was sealed: its payload is no JSON; `evenkeel audit verify` "
                "says what else is wrong"
            ) from error
        seq, before = entry.seq, entry.hash
        rows.append({name: getattr(entry, name) for name in trail_chain.columns.keys()})  # noqa: SIM118
    connection.execute(trail_chain.insert(), rows)
    return len(rows)


def _unsealed(columns: Any) -> Select[Any]:
    is_sealed = trail_chain.c.event_no == trail_events.c.event_no
    joined = trail_events.outerjoin(trail_chain, is_sealed)
    return select(columns).select_from(joined).where(trail_chain.c.event_no.is_(None))


def _last_entry(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(trail_chain).order_by(trail_chain.c.seq.desc()).limit(1)).first()


def _tree_of(checkpoint: Checkpoint) -> Tree | None:
    """Return the tree to go on from; None where the checkpoint is damaged, so that a new one is made of all entries."""
    try:
        return checkpoint.tree()
    except (ValueError, TypeError, AttributeError):
        return None


def _last_checkpoint(connection: Connection) -> Checkpoint | None:
    last = select(trail_checkpoints).order_by(trail_checkpoints.c.seq.desc()).limit(1)
    found = connection.execute(last).mappings().first()
    return None if found is None else Checkpoint(**found)
