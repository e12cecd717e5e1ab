"""What the audit trail takes in: events a second that fifty writers commit and that are sealed, on SQLite and on PostgreSQL.

Run as `python -m benchmarks trail`. Every writer has connections of its own and seals after each commit, as a run and the desk do; a sealer
that makes checkpoints runs alongside. Each database is one of its own, made for this and dropped afterwards.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from data_contracts.alerts import Alerts
from data_contracts.vocab import EventKind
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.audit.event import Event, id_of
from evenkeel.audit.verify import verify
from evenkeel.ports import RunRecord

WRITERS = 50
COMMITS = 10
"""Of each writer."""

AT_ONCE = 2_000
"""Events that one run commits at once, for comparison."""

SERVER = "postgres@127.0.0.1:5432"
MONDAY = dt.date(2026, 7, 27)
NOON = dt.datetime(2026, 7, 28, 12, tzinfo=dt.UTC)
RUN = RunRecord(
    run_id="run-1",
    business_date=MONDAY,
    kind="daily",
    status="done",
    book_digest="",
    policy_version="house@1",
    code_version="",
    started_at=NOON,
    finished_at=NOON,
    summary={},
    datasets=[],
)


def main() -> None:
    """Print events a second on each database; the trail must be whole afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/records.db", Path(folder) / "sqlite.jsonl")
        with postgres_url() as url:
            if url is None:
                print(f"PostgreSQL: skipped, none at {SERVER.partition('@')[2]}")
            else:
                measure("PostgreSQL", url, Path(folder) / "postgresql.jsonl")


def measure(name: str, url: str, file: Path) -> None:
    """Let the writers write, and print what came of it."""
    records = SqlRecords(url, file)
    took = write_at_once(url, file)
    count = WRITERS * COMMITS
    print(f"{name}: {WRITERS} writers, an event a commit, sealed after each: {count / took:,.0f} events/s")
    start = time.perf_counter()
    with records.begin() as unit:
        unit.commit_run(RUN, Alerts.empty_frame(), (), [event(f"run:{n}") for n in range(AT_ONCE)])
    records.checkpoint(NOON)
    print(f"{name}: {AT_ONCE:,} events in one commit, sealed: {AT_ONCE / (time.perf_counter() - start):,.0f} events/s")
    start = time.perf_counter()
    with records.trail() as trail:
        outside = [trail.outside] if trail.outside else []
        verdict = verify(trail.entries(0, None), trail.checkpoints, outside, trail.unsealed_count)
    took = time.perf_counter() - start
    records.close()
    if not verdict.is_whole or verdict.entry_count != count + AT_ONCE:
        raise SystemExit(f"{name}: the trail is broken or has lost events: {verdict}")
    print(f"{name}: one whole chain, nothing lost; verified at {verdict.entry_count / took:,.0f} events/s")


def write_at_once(url: str, file: Path) -> float:
    """Return the seconds that all writers together took."""
    gate, is_over = threading.Barrier(WRITERS + 1), threading.Event()

    def write(writer: int) -> None:
        own = SqlRecords(url, file)
        gate.wait()
        for number in range(COMMITS):
            identity = f"{writer}:{number}"
            own.add_decision(decision(identity), event(identity))
            own.seal(NOON)
        own.close()

    def seal() -> None:
        own = SqlRecords(url, file)
        while not is_over.wait(0.1):
            own.checkpoint(NOON)
        own.close()

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    sealer = threading.Thread(target=seal)
    for thread in (*writers, sealer):
        thread.start()
    gate.wait()
    start = time.perf_counter()
    for thread in writers:
        thread.join()
    took = time.perf_counter() - start
    is_over.set()
    sealer.join()
    return took


def event(identity: str) -> Event:
    """Return an event of the usual size."""
    return Event(
        event_id=id_of(EventKind.DECISION_TAKEN, identity),
        kind=EventKind.DECISION_TAKEN,
        business_date=MONDAY,
        subject=identity,
        run_id="run-1",
        actor="adviser",
        role="adviser",
        occurred_at=NOON,
        payload={"identity": identity, "reason": "client asked for time until the tax return is in", "share_frac": 0.1},
    )


def decision(identity: str) -> dict[str, object]:
    """Return the decision that it is the event of."""
    return {
        "decision_id": identity,
        "episode_id": "episode",
        "kind": "snooze",
        "decided_date": MONDAY,
        "until_date": None,
        "severity_frac": 0.1,
        "actor": "adviser",
        "role": "adviser",
        "reason": "client asked for time until the tax return is in",
        "decided_at": NOON,
    }


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """Make a database and drop it; None where there is no server."""
    try:
        server = psycopg.connect(f"postgresql://{SERVER}/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    name = f"evenkeel_bench_{uuid.uuid4().hex}"
    with server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://{SERVER}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


if __name__ == "__main__":
    main()
