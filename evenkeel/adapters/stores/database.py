"""Connections to the records database: SQLite or PostgreSQL, transactions that behave alike, errors said plainly."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from evenkeel.adapters.stores.records_schema import HEAD
from evenkeel.errors import TransientError, UsageError

BUSY_SECONDS = 30
"""How long a writer waits for another one's transaction."""

POOL_SECONDS = 120
"""How long a thread waits for a connection of its process: the pool is not fair, and one in a hurry may be overtaken often."""

AT_ONCE = 500
"""Ids in one query: SQLite takes a few thousand at most."""

_READING = "evenkeel_reading"
_UPGRADE_LOCK = 7_310_525_118_001
"""Key of PostgreSQL's advisory lock under which the tables are made."""


def open_engine(url: str) -> Engine:
    """Return an engine whose transactions behave alike on both kinds of database.

    Raises:
        UsageError: The URL names no database that we know.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            "EVENKEEL_DATABASE_URL is not an SQLAlchemy URL; write sqlite:///path or postgresql://..."
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.drivername != "postgresql+psycopg":
        raise UsageError(f"{parsed.render_as_string()}: records live in SQLite or PostgreSQL (psycopg), not in this")
    try:
        return create_engine(
            parsed, pool_pre_ping=True, pool_timeout=POOL_SECONDS, connect_args={"connect_timeout": 10}
        )
    except NoSuchModuleError as error:
        raise UsageError(f"{parsed.render_as_string()}: its driver is not installed") from error


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise UsageError("records need a file: write sqlite:///path/records.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_timeout=POOL_SECONDS, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: it would do so late, and then fail to get the lock instead of waiting.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        _use_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        is_reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def _use_wal(cursor: Any) -> None:
    """Switch a database to its write-ahead log.

    Of processes that open a fresh database at the same moment one can, and SQLite lets the others fail at once whatever their timeout.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: nobody waits for it, and it sees one state throughout."""
    with errors_said(engine), engine.connect() as connection:
        level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        yield connection.execution_options(**{_READING: True, **level})


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; commit on success, roll back when an exception is on its way."""
    with _turn(engine), errors_said(engine), engine.begin() as connection:
        yield connection


_turns: WeakKeyDictionary[Engine, threading.RLock] = WeakKeyDictionary()
_turns_lock = threading.Lock()


def _turn(engine: Engine) -> AbstractContextManager[object]:
    """Let a process's threads write to SQLite one after the other.

    SQLite takes one writer at a time, and those who wait ask again and again in no order: of fifty one may wait past its limit.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    with _turns_lock:
        return _turns.setdefault(engine, threading.RLock())


@contextmanager
def errors_said(engine: Engine) -> Iterator[None]:
    """Turn what a later try may cure into `TransientError`.

    Raises:
        TransientError: The database is locked, gone, or chose this transaction to end a deadlock.
    """
    try:
        yield
    except PoolTimeout as error:
        raise TransientError(
            f"records at {engine.url.render_as_string()}: every connection of this process is in use; try again"
        ) from error
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise TransientError(
                f"records at {engine.url.render_as_string()}: {_first_line(error.orig)}; check the database and try again"
            ) from error
        raise


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def machine_now(connection: Connection) -> dt.datetime:
    """Return the instant by one clock for all, never the settable one: the server's where there is one."""
    if connection.dialect.name == "postgresql":
        instant: dt.datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return instant.astimezone(dt.UTC)
    return dt.datetime.now(dt.UTC)


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already changes nothing."""
    if rows:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def in_parts(ids: Collection[str]) -> list[list[str]]:
    """Return ids in order, as many at a time as one query may name."""
    ordered = sorted(set(ids))
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], newer: str | None = None) -> None:
    """Insert rows, or replace those of the same primary key; with `newer`, unless the one there has a greater value in that column."""
    if not rows:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    change = statement.on_conflict_do_update(
        index_elements=keys,
        set_={column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys},
        where=table.c[newer] <= statement.excluded[newer] if newer else None,
    )
    connection.execute(change, [dict(row) for row in rows])


def upgrade(engine: Engine) -> None:
    """Make the tables, or bring those of an older evenkeel up to date. Two processes may do it at once.

    Raises:
        UsageError: The database is of a newer evenkeel.
    """
    with errors_said(engine), engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        if _revision(connection) != HEAD:
            _migrate(connection)


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _migrate(connection: Connection) -> None:
    # Alembic takes half a second to import; most starts find the tables as they should be.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            f"records at {connection.engine.url.render_as_string()} were made by another evenkeel ({error}); use that one or newer"
        ) from error
