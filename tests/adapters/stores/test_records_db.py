"""The records: one commit a run, or none of it; files remembered once."""

import datetime as dt
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, select, text

from data_contracts.decisions import Decisions
from evenkeel.adapters.stores import database, records_schema
from evenkeel.adapters.stores.database import open_engine, reading, upgrade, writing
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.records_schema import alert_log, outbox
from evenkeel.adapters.stores.records_schema import alerts as alert_table
from evenkeel.errors import TransientError, UsageError
from evenkeel.ports import Arrival, Message, TrailQuery
from tests.adapters.stores.samples import MONDAY, NOON, TUESDAY, alert, alerts, event, processes, run

MESSAGE = Message("m1", "digest", None, "", "ev-1", {"to": "ADV1", "count": 1})


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    yield opened
    opened.close()


def rows(records: SqlRecords, table: Table) -> list[dict[str, Any]]:
    with reading(records._engine) as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in found]


def commit(records: SqlRecords, *arguments: Any) -> None:
    with records.begin() as work:
        work.commit_run(*arguments)


def test_the_migrations_make_the_tables_that_the_code_speaks_of(records_url: str) -> None:
    engine = open_engine(records_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, records_schema.metadata) == []
        assert context.get_current_revision() == records_schema.HEAD
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == records_schema.HEAD
    engine.dispose()


def test_a_process_that_opens_a_fresh_database_beside_others_waits_for_its_log() -> None:
    # Seen twice in 1,200 openings by four processes at once: SQLite ends one of two that wait for each other, timeout or not.
    class Cursor:
        tries = 0

        def execute(self, statement: str) -> None:
            self.tries += 1
            if self.tries < 3:
                raise sqlite3.OperationalError("database is locked")

    cursor = Cursor()
    database._use_wal(cursor)
    assert cursor.tries == 3


def test_a_database_of_a_newer_version_is_refused(records: SqlRecords, records_url: str) -> None:
    with writing(records._engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="another evenkeel"):
        SqlRecords(records_url)


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x", "sqlite://"])
def test_urls_of_no_use_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        SqlRecords(url)


def test_a_database_that_is_away_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match="secret") as caught:
        SqlRecords("postgresql://user:hidden@127.0.0.1:1/secret")
    assert "hidden" not in str(caught.value)


def test_a_manifest_comes_back_as_it_was(records: SqlRecords) -> None:
    assert records.manifest(MONDAY) is None
    commit(records, run("r1"), alerts(), [])
    assert records.manifest(MONDAY) == run("r1")
    assert records.run("r1") == run("r1")
    assert records.manifest(MONDAY, "market_event") is None


def test_the_last_run_of_a_date_counts(records: SqlRecords) -> None:
    late = NOON + dt.timedelta(hours=1)
    commit(records, run("r1"), alerts(), [])
    commit(records, run("r2", TUESDAY), alerts(), [])
    commit(records, run("r3", at=late), alerts(), [])
    assert records.manifest(MONDAY) == run("r3", at=late)
    assert records.committed_dates() == [MONDAY, TUESDAY]
    assert [one.run_id for one in records.manifests()] == ["r3", "r2"]
    assert [one.run_id for one in records.recent_runs(2)] == ["r3", "r1"]
    before = records.latest_manifest_before(TUESDAY)
    assert before is not None
    assert before.run_id == "r3"
    assert records.latest_manifest_before(MONDAY) is None


def test_the_same_run_again_changes_nothing(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(alert("a")), [MESSAGE])
    tables = records_schema.metadata.sorted_tables
    before = [rows(records, table) for table in tables]
    commit(records, run("r1", status="other"), alerts(alert("b")), [replace(MESSAGE, message_id="m2")])
    assert [rows(records, table) for table in tables] == before


def test_an_earlier_run_that_comes_again_counts_again(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(alert("a")), [MESSAGE])
    commit(records, run("r2"), alerts(alert("b")), [])
    assert {row["alert_id"]: row["is_withdrawn"] for row in rows(records, alert_table)} == {"a": True, "b": False}
    commit(records, run("r1"), alerts(alert("a")), [MESSAGE])
    found = records.manifest(MONDAY)
    assert found is not None
    assert found.run_id == "r1"
    assert {row["alert_id"]: row["is_withdrawn"] for row in rows(records, alert_table)} == {"a": False, "b": True}


def test_an_error_on_the_way_leaves_nothing(records: SqlRecords) -> None:
    def fail_midway() -> None:
        with records.begin() as work:
            work.commit_run(run("r1"), alerts(alert("a")), [MESSAGE])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    assert all(rows(records, table) == [] for table in records_schema.metadata.sorted_tables)


def test_a_message_is_queued_once(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(), [MESSAGE])
    commit(records, run("r2"), alerts(), [replace(MESSAGE, payload={"count": 2})])
    (message,) = rows(records, outbox)
    assert message["payload"] == {"to": "ADV1", "count": 1}
    assert (message["state"], message["run_id"]) == ("pending", "r1")


def test_an_alert_is_updated_while_it_stands(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(alert("a")), [])
    commit(records, run("r2", TUESDAY), alerts(alert("a", TUESDAY, severity_frac=0.07, age_sessions=1)), [])
    (row,) = rows(records, alert_table)
    assert (row["run_id"], row["business_date"], row["value_cents"]) == ("r2", TUESDAY, 123456789)
    assert row["due_at"] == NOON
    assert row["alert"]["severity_frac"] == 0.07
    assert row["alert"]["value_usd"] == "1234567.89"
    assert [entry["business_date"] for entry in rows(records, alert_log)] == [MONDAY, TUESDAY]


def test_a_rerun_of_an_older_date_leaves_the_newer_state(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(alert("a")), [])
    commit(records, run("r2", TUESDAY), alerts(alert("a", TUESDAY)), [])
    commit(records, run("r3"), alerts(alert("a", severity_frac=0.01)), [])
    commit(records, run("r4"), alerts(alert("a", severity_frac=0.01)), [])
    (row,) = rows(records, alert_table)
    assert (row["run_id"], row["business_date"]) == ("r2", TUESDAY)
    logged = [(entry["run_id"], entry["alert"]["severity_frac"]) for entry in rows(records, alert_log)]
    assert logged == [("r1", 0.05), ("r2", 0.05), ("r3", 0.01)], "an equal state is not logged again"


def test_an_alert_that_a_rerun_does_not_find_is_withdrawn(records: SqlRecords) -> None:
    commit(records, run("r1"), alerts(alert("a"), alert("b")), [])
    commit(records, run("e1", kind="market_event"), alerts(), [])
    assert [row["is_withdrawn"] for row in rows(records, alert_table)] == [False, False]
    commit(records, run("r2"), alerts(alert("a")), [])
    assert [row["is_withdrawn"] for row in rows(records, alert_table)] == [False, True]
    commit(records, run("r3"), alerts(alert("a"), alert("b")), [])
    assert [row["is_withdrawn"] for row in rows(records, alert_table)] == [False, False]
    logged = [(entry["alert_id"], entry["run_id"], entry["is_withdrawn"]) for entry in rows(records, alert_log)]
    assert logged == [("a", "r1", False), ("b", "r1", False), ("b", "r2", True), ("b", "r3", False)]


def test_decisions_come_back_as_their_contract_says(records: SqlRecords) -> None:
    assert records.decisions().schema == Decisions.polars_schema()
    decision = {
        "decision_id": "d1",
        "episode_id": "a",
        "kind": "snooze",
        "decided_date": MONDAY,
        "until_date": None,
        "severity_frac": 0.1,
        "actor": "Zoë",
        "role": "adviser",
        "reason": "client asked",
        "decided_at": NOON,
    }
    records.add_decision(decision, event("d1"))
    records.add_decision(decision | {"reason": "other"}, event("d1"))
    assert records.decisions().to_dicts() == [decision]
    assert records.decisions().schema == Decisions.polars_schema()


def test_an_event_alone_is_written_once(records: SqlRecords) -> None:
    for _ in range(2):
        records.add_event(event("signed"))
    assert len(records.find_events(TrailQuery())) == 1


def arrival(name: str, minutes: int = 0, feed: str = "schwab") -> Arrival:
    return Arrival(feed, name, 10, NOON + dt.timedelta(minutes=minutes), "token")


def test_a_file_is_remembered_once_however_often_it_comes(records: SqlRecords) -> None:
    assert not records.has_arrival(arrival("a.csv"))
    first = records.remember_file(arrival("a.csv"), "1" * 64, NOON)
    assert first.first_seen_at == NOON
    assert first.business_date is None
    records.assign_file(first, MONDAY)
    again = records.remember_file(arrival("a.csv", 9), "1" * 64, NOON + dt.timedelta(days=1))
    assert (again.name, again.first_seen_at, again.business_date) == ("a.csv", NOON, MONDAY)
    assert records.has_arrival(arrival("a.csv"))
    assert records.has_arrival(arrival("a.csv", 9))
    assert not records.has_arrival(arrival("a.csv", 1)), "another modification time is another delivery"
    assert not records.has_arrival(arrival("a.csv", feed="fidelity"))


def test_the_same_bytes_under_another_name_may_be_of_another_date(records: SqlRecords) -> None:
    monday = records.remember_file(arrival("orders-06.csv"), "1" * 64, NOON)
    tuesday = records.remember_file(arrival("orders-07.csv", 5), "1" * 64, NOON)
    copy = records.remember_file(arrival("copy of orders-06.csv", 9), "1" * 64, NOON)
    for file, date in ((monday, MONDAY), (tuesday, TUESDAY), (copy, MONDAY)):
        records.assign_file(file, date)
    assert [file.name for file in records.files_of(MONDAY)] == ["orders-06.csv"], "bytes count once for a date"
    assert [file.name for file in records.files_of(TUESDAY)] == ["orders-07.csv"]
    newest = records.newest_file_before("schwab", TUESDAY)
    assert newest is not None
    assert (newest.name, newest.business_date) == ("copy of orders-06.csv", MONDAY)
    assert records.newest_file_before("schwab", MONDAY) is None
    assert records.newest_file_before("fidelity", TUESDAY) is None


def test_files_are_listed_in_order_of_arrival(records: SqlRecords) -> None:
    for number, (name, minutes) in enumerate([("z.csv", 0), ("b.csv", 5), ("a.csv", 5), ("first.csv", 9)]):
        seen_at = NOON if name != "first.csv" else NOON - dt.timedelta(hours=1)
        records.remember_file(arrival(name, minutes), str(number) * 64, seen_at)
    order = ["first.csv", "z.csv", "a.csv", "b.csv"]
    assert [file.name for file in records.unassigned_files()] == order
    assert records.files_of(MONDAY) == []
    for file in records.unassigned_files():
        records.assign_file(file, MONDAY)
    assert [file.name for file in records.files_of(MONDAY)] == order
    assert records.unassigned_files() == []


def commit_for_ever(url: str) -> None:
    records = SqlRecords(url)
    for number in range(1, 100_000):
        found = alerts(*(alert(f"a{i:03d}", severity_frac=float(number)) for i in range(200)))
        message = replace(MESSAGE, message_id=f"m{number:06d}")
        commit(records, run(f"r{number:06d}", at=NOON + dt.timedelta(seconds=number)), found, [message])


@pytest.mark.kill
@pytest.mark.parametrize("delay", [0.0, 0.013, 0.029])
def test_a_killed_commit_leaves_the_old_run_or_the_new_one(records_url: str, delay: float) -> None:
    SqlRecords(records_url).close()
    writer = processes().Process(target=commit_for_ever, args=(records_url,))
    writer.start()
    records = SqlRecords(records_url)
    while len(records.recent_runs(5)) < 5:
        time.sleep(0.005)
    time.sleep(delay)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    manifest = records.manifest(MONDAY)
    assert manifest is not None
    number = int(manifest.run_id[1:])
    assert len(manifest.datasets) == 2
    assert len(records.recent_runs(100_000)) == number
    assert {row["alert"]["severity_frac"] for row in rows(records, alert_table)} == {float(number)}
    assert [row["message_id"] for row in rows(records, outbox)][-1] == f"m{number:06d}"
    assert len(rows(records, alert_log)) == 200 * number
    commit(records, run("after", at=NOON + dt.timedelta(days=9)), alerts(), [])
    records.close()


def open_and_commit(url: str, number: int) -> None:
    records = SqlRecords(url)
    commit(records, run(f"r{number}", MONDAY + dt.timedelta(days=number)), alerts(alert(f"a{number}")), [])


@pytest.mark.slow
def test_eight_processes_make_the_tables_and_commit_at_once(records_url: str) -> None:
    context = processes()
    writers = [context.Process(target=open_and_commit, args=(records_url, number)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    records = SqlRecords(records_url)
    assert len(records.committed_dates()) == 8
    records.close()
