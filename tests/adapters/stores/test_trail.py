"""The trail in the database: whatever is done to its rows, verification names the place; many writers make one chain."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from data_contracts.releases import Releases
from evenkeel.adapters.stores.database import reading, writing
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.trail import write_events
from evenkeel.adapters.stores.trail_file import append_checkpoints, read_checkpoints
from evenkeel.adapters.stores.trail_tables import trail_chain, trail_checkpoints, trail_events
from evenkeel.audit.verify import Outside, Verdict, verify
from evenkeel.errors import TrailBroken
from evenkeel.ports import TrailQuery
from tests.adapters.stores.samples import MONDAY, NOON, TUESDAY, alerts, event, run

TABLES = (trail_events, trail_chain, trail_checkpoints)
COUNT, EVERY = 13, 4
"""Thirteen events, a checkpoint after every fourth and at the end."""

Row = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "checkpoints.jsonl"


@pytest.fixture
def records(records_url: str, file: Path) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url, file)
    yield opened
    opened.close()


@pytest.fixture
def filled(records: SqlRecords) -> SqlRecords:
    """A trail whose guards are gone, as for somebody who owns the database."""
    for number in range(1, COUNT + 1):
        records.add_decision(decision(number), event(f"e{number}", subject=f"A{number}"))
        if number % EVERY == 0 or number == COUNT:
            records.checkpoint(NOON + dt.timedelta(minutes=number))
    unguard(records)
    return records


def decision(number: int) -> Row:
    return {
        "decision_id": f"d{number}",
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


def unguard(records: SqlRecords) -> None:
    with writing(records._engine) as connection:
        for table in TABLES:
            if connection.dialect.name == "sqlite":
                connection.execute(text(f"DROP TRIGGER {table.name}_no_update"))
                connection.execute(text(f"DROP TRIGGER {table.name}_no_delete"))
            else:
                connection.execute(text(f"DROP TRIGGER {table.name}_is_kept ON {table.name}"))


def rows(records: SqlRecords, table: Table) -> list[Row]:
    with reading(records._engine) as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in found]


def replace_rows(records: SqlRecords, table: Table, wanted: list[Row]) -> None:
    with writing(records._engine) as connection:
        connection.execute(delete(table))
        if wanted:
            connection.execute(insert(table), wanted)


def verified(records: SqlRecords, *copies: Outside, with_file: bool = True) -> Verdict:
    with records.trail() as trail:
        outside = [trail.outside] if trail.outside and with_file else []
        return verify(trail.entries(0, None), trail.checkpoints, [*outside, *copies], trail.unsealed_count)


def first_of(verdict: Verdict) -> tuple[str, int]:
    assert verdict.problems, "nothing was found"
    return verdict.problems[0].what, verdict.problems[0].seq


def other(value: Any) -> Any:
    """The value, one byte of it changed; null becomes one byte."""
    if value is None:
        return "x"
    return value + 1000 if isinstance(value, int) else value[:-1] + chr(ord(value[-1]) ^ 1)


def test_a_trail_that_nobody_touched_is_whole(filled: SqlRecords, file: Path) -> None:
    verdict = verified(filled)
    assert verdict.is_whole, verdict.problems
    assert (verdict.entry_count, verdict.checkpoint_count, verdict.unsealed_count) == (COUNT, 4, 0)
    assert verdict.last_hash == rows(filled, trail_chain)[-1]["hash"]
    assert [each and each.seq for each in read_checkpoints(file)] == [4, 8, 12, 13]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_one_byte_changed_in_any_column_is_named(filled: SqlRecords, table: Table) -> None:
    whole = rows(filled, table)
    key = table.primary_key.columns.values()[0].name
    for index in (0, len(whole) // 2, len(whole) - 1):
        seq = whole[index]["seq"] if "seq" in whole[index] else index + 1
        for column in table.columns.keys():  # noqa: SIM118
            damaged = [dict(row) for row in whole]
            damaged[index][column] = other(damaged[index][column])
            replace_rows(filled, table, damaged)
            verdict = verified(filled)
            place = f"{table.name}.{column} of row {index + 1}: {verdict.problems}"
            what, where = first_of(verdict)
            assert where == seq, place
            is_gone = column == key or (table is trail_chain and column == "event_no")
            assert what in (("missing", "cut", "altered") if is_gone else ("altered",)), place
    replace_rows(filled, table, whole)
    assert verified(filled).is_whole


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_any_row_removed_is_named(filled: SqlRecords, table: Table) -> None:
    whole = rows(filled, table)
    for index in range(len(whole)):
        seq = whole[index]["seq"] if "seq" in whole[index] else index + 1
        replace_rows(filled, table, whole[:index] + whole[index + 1 :])
        is_tail = index == len(whole) - 1 and table is not trail_checkpoints
        assert first_of(verified(filled)) == ("cut" if is_tail else "missing", seq), f"{table.name}, row {index + 1}"
    replace_rows(filled, table, whole)
    assert verified(filled).is_whole


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_two_rows_swapped_are_named(filled: SqlRecords, table: Table) -> None:
    whole = rows(filled, table)
    key = table.primary_key.columns.values()[0].name
    one, two = 0, len(whole) - 2
    damaged = list(whole)
    damaged[one] = {**whole[two], key: whole[one][key]}
    damaged[two] = {**whole[one], key: whole[two][key]}
    replace_rows(filled, table, damaged)
    seqs = [row.get("seq", place) for place, row in ((one + 1, whole[one]), (two + 1, whole[two]))]
    problems = verified(filled).problems
    wanted = "altered" if table is trail_checkpoints else "swapped"
    assert {each.seq for each in problems if each.what == wanted} >= set(seqs), problems
    assert (problems[0].what, problems[0].seq) == (wanted, seqs[0])


def cut(table: Table, count: int) -> Callable[[SqlRecords], None]:
    def do(records: SqlRecords) -> None:
        replace_rows(records, table, rows(records, table)[:-count])

    return do


@pytest.mark.parametrize(
    "cuts",
    [
        [cut(trail_events, 3)],
        [cut(trail_chain, 3)],
        [cut(trail_events, 3), cut(trail_chain, 3)],
        [cut(trail_events, 3), cut(trail_chain, 3), cut(trail_checkpoints, 2)],
    ],
    ids=["events", "chain", "events and chain", "events, chain and checkpoints"],
)
def test_a_tail_cut_off_is_named(filled: SqlRecords, cuts: list[Callable[[SqlRecords], None]]) -> None:
    for each in cuts:
        each(filled)
    verdict = verified(filled)
    assert first_of(verdict) == ("cut", COUNT - 2), verdict.problems


def test_a_tail_cut_off_and_gone_on_from_is_named(filled: SqlRecords) -> None:
    for each in (cut(trail_events, 3), cut(trail_chain, 3), cut(trail_checkpoints, 2)):
        each(filled)
    for number in range(20, 26):
        filled.add_decision(decision(number), event(f"e{number}"))
    filled.checkpoint(NOON)
    verdict = verified(filled)
    assert first_of(verdict) == ("altered", 12), verdict.problems
    assert "after entry 8, where a checkpoint still agreed" in verdict.problems[0].text


def test_only_an_older_copy_knows_a_tail_that_was_cut_everywhere(filled: SqlRecords, file: Path) -> None:
    copy = Outside("copy", read_checkpoints(file))
    lines = file.read_bytes().splitlines(keepends=True)
    for each in (cut(trail_events, 3), cut(trail_chain, 3), cut(trail_checkpoints, 2)):
        each(filled)
    file.write_bytes(b"".join(lines[:2]))
    assert verified(filled).is_whole, "this is what a home alone cannot show"
    assert first_of(verified(filled, copy)) == ("cut", COUNT - 2)


def test_damage_below_the_text_is_named(filled: SqlRecords) -> None:
    if filled._engine.dialect.name != "sqlite":
        pytest.skip("text that is no UTF-8 never enters PostgreSQL")
    with writing(filled._engine) as connection:
        connection.execute(text("UPDATE trail_events SET payload = CAST(x'7bff7d' AS TEXT) WHERE event_no = 5"))
        connection.execute(text("UPDATE trail_chain SET sealed_at = CAST(x'ff' AS TEXT) WHERE seq = 7"))
        connection.execute(text("UPDATE trail_chain SET hash = 'no hash' WHERE seq = 9"))
    assert [(each.what, each.seq) for each in verified(filled).problems if each.seq in (5, 7, 9)] == [
        ("altered", 5),
        ("altered", 7),
        ("altered", 9),
    ]


def test_a_database_that_cannot_be_read_is_broken(filled: SqlRecords) -> None:
    engine = filled._engine
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE trail_chain RENAME TO elsewhere"))
        else:
            page = connection.execute(
                text("SELECT rootpage FROM sqlite_master WHERE name = 'trail_chain'")
            ).scalar_one()
            size = connection.execute(text("PRAGMA page_size")).scalar_one()
    if engine.dialect.name == "sqlite":
        filled.close()
        with Path(str(engine.url.database)).open("r+b") as database:
            database.seek((page - 1) * size)
            database.write(b"\xee" * size)
    with pytest.raises(TrailBroken, match="cannot be read"), filled.trail() as trail:
        list(trail.entries(0, None))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_database_refuses_changes(records: SqlRecords, table: Table) -> None:
    records.add_decision(decision(1), event("e1"))
    records.checkpoint(NOON)
    changes = [update(table).values({table.columns.values()[-1].name: "x"}), delete(table)]
    changes += [text(f"TRUNCATE {table.name}")] if records._engine.dialect.name != "sqlite" else []  # type: ignore[list-item]
    for change in changes:
        with pytest.raises(DBAPIError, match="is only ever added to"), writing(records._engine) as connection:
            connection.execute(change)
    assert verified(records).is_whole


def test_an_event_written_again_changes_nothing(records: SqlRecords) -> None:
    records.add_decision(decision(1), event("e1"))
    records.add_decision(decision(1), event("e1", note="another"))
    records.checkpoint(NOON)
    before = [rows(records, table) for table in TABLES]
    records.add_decision(decision(1), event("e1"))
    assert records.seal(NOON) == 0
    records.checkpoint(NOON + dt.timedelta(hours=1))
    assert [rows(records, table) for table in TABLES] == before


def test_what_commits_late_is_sealed_later(records: SqlRecords) -> None:
    if records._engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with records._engine.connect() as slow, slow.begin():
        write_events(slow, [event("slow")])
        records.add_decision(decision(1), event("quick"))
        records.checkpoint(NOON)
        assert verified(records).entry_count == 1
    assert verified(records).unsealed_count == 1
    assert records.seal(NOON) == 1
    chain = rows(records, trail_chain)
    assert [row["event_no"] for row in chain] == [2, 1], "the lower number came later"
    assert verified(records).is_whole


def test_a_commit_that_fails_leaves_no_event(records: SqlRecords) -> None:
    def fail_midway() -> None:
        with records.begin() as work:
            work.commit_run(run("r1"), alerts(), [], [event("e1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    assert rows(records, trail_events) == []
    with records.begin() as work:
        work.commit_run(run("r1"), alerts(), [], [event("e1")])
    with records.begin() as work:
        work.commit_run(run("r1"), alerts(), [], [event("e2")])
    assert len(rows(records, trail_events)) == 1, "a run that counts already tells nothing"


def test_an_unsealed_event_whose_payload_was_damaged_is_not_sealed(records: SqlRecords) -> None:
    records.add_decision(decision(1), event("e1"))
    unguard(records)
    with writing(records._engine) as connection:
        connection.execute(update(trail_events).values(payload="{"))
    with pytest.raises(TrailBroken, match="event 1 was changed before it was sealed"):
        records.seal(NOON)


def test_a_half_written_line_is_written_to_its_end(filled: SqlRecords, file: Path) -> None:
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    checkpoints = [each for each in read_checkpoints(file) if each is not None]
    for torn in (whole[:-40], whole[: -len(lines[-1]) - 40], b"", lines[0][:30]):
        file.write_bytes(torn)
        append_checkpoints(file, checkpoints)
        assert file.read_bytes() == whole
    file.write_bytes(lines[0] + b"rubbish")
    append_checkpoints(file, checkpoints)
    assert [each and each.seq for each in read_checkpoints(file)] == [4, None, 8, 12, 13]


def test_events_are_found_by_what_they_are_about_and_mention(filled: SqlRecords) -> None:
    filled.add_decision(decision(90), event("e90", subject="A%_", accounts=["AC-7", 'a "quoted" one']))

    def found(**query: Any) -> list[Any]:
        return [json.loads(each["payload"])["identity"] for each in filled.find_events(TrailQuery(**query))]

    assert found(subject="A3") == ["e3"]
    assert found(subject="AC-7") == ["e90"]
    assert found(subject='a "quoted" one') == ["e90"]
    assert found(subject="A%_") == ["e90"]
    assert found(subject="AC-") == []
    assert len(found(kind="decision_taken")) == COUNT + 1
    assert found(kind="run_committed") == []
    assert found(business_date=TUESDAY) == []
    assert found(limit=2) == ["e13", "e90"]
    assert [each["seq"] for each in filled.find_events(TrailQuery(limit=2))] == [13, None]


def test_the_range_of_dates(filled: SqlRecords) -> None:
    assert filled.trail_range(None, None) == (1, COUNT)
    assert filled.trail_range(MONDAY, MONDAY) == (1, COUNT)
    assert filled.trail_range(TUESDAY, None) == (0, 0)
    assert filled.trail_range(None, MONDAY - dt.timedelta(days=1)) == (0, 0)


def test_releases_come_back_as_their_contract_says(records: SqlRecords) -> None:
    assert records.releases().schema == Releases.polars_schema()
    release = {
        "release_id": "re1",
        "exception_id": "ex1",
        "check": "price_stale",
        "subject_id": "AC-1",
        "from_date": MONDAY,
        "until_date": TUESDAY,
        "actor": "Zoë",
        "role": "operations",
        "reason": "priced weekly",
        "released_at": NOON,
    }
    records.add_release(release, event("re1"))
    records.add_release(release | {"reason": "other"}, event("re1"))
    assert records.releases().to_dicts() == [release]
    assert records.releases().schema == Releases.polars_schema()
    assert len(rows(records, trail_events)) == 1


WRITERS, EACH = 50, 6


@pytest.mark.slow
def test_fifty_writers_and_a_sealer_make_one_chain(records_url: str, file: Path) -> None:
    SqlRecords(records_url).close()
    gate, is_over, errors = threading.Barrier(WRITERS + 2), threading.Event(), []

    def working(work: Callable[[SqlRecords], None]) -> None:
        own = SqlRecords(records_url, file)
        gate.wait()
        try:
            work(own)
        except BaseException as error:
            errors.append(error)
            raise
        finally:
            own.close()

    def write(writer: int, own: SqlRecords) -> None:
        for number in range(EACH):
            own.add_decision(decision(writer * 1000 + number), event(f"{writer}:{number}"))
            if number % 2:
                own.seal(NOON)

    def seal(own: SqlRecords) -> None:
        while not is_over.wait(0.05):
            own.checkpoint(NOON)

    writers = [threading.Thread(target=working, args=(partial(write, writer),)) for writer in range(WRITERS)]
    sealer = threading.Thread(target=working, args=(seal,))
    for thread in (*writers, sealer):
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in writers:
        thread.join()
    took = time.perf_counter() - begun
    is_over.set()
    sealer.join()
    assert errors == []
    records = SqlRecords(records_url, file)
    made_alongside = len(rows(records, trail_checkpoints))
    records.checkpoint(NOON)
    verdict = verified(records)
    name = records._engine.dialect.name
    print(f"{name}: {WRITERS} writers, {WRITERS * EACH} events in {took:.1f} s: {WRITERS * EACH / took:.0f} events/s")
    assert verdict.is_whole, verdict.problems
    assert made_alongside > 1, "the sealer did not come to work while they wrote"
    assert (verdict.entry_count, verdict.unsealed_count) == (WRITERS * EACH, 0)
    assert [row["seq"] for row in rows(records, trail_chain)] == list(range(1, WRITERS * EACH + 1))
    told = {json.loads(row["payload"])["identity"] for row in rows(records, trail_events)}
    assert told == {f"{writer}:{number}" for writer in range(WRITERS) for number in range(EACH)}
    records.close()
