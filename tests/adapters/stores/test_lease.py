"""One at a time, also when holders die."""

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import select, update

from evenkeel.adapters.stores.database import reading, writing
from evenkeel.adapters.stores.lease import HeldLease
from evenkeel.adapters.stores.process import host_identity, is_gone, started
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.records_schema import leases
from evenkeel.errors import LeaseHeld
from tests.adapters.stores.samples import alerts, processes, run

NAME = "date:2026-07-27"


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    yield opened
    opened.close()


def change(records: SqlRecords, **values: object) -> None:
    with writing(records._engine) as connection:
        connection.execute(update(leases).values(**values))


def expires_at(records: SqlRecords) -> dt.datetime:
    with reading(records._engine) as connection:
        found: dt.datetime = connection.execute(select(leases.c.expires_at)).scalar_one()
        return found


def test_a_held_name_says_who_holds_it(records: SqlRecords) -> None:
    with (
        records.lease(NAME, "night run", 60),
        pytest.raises(LeaseHeld, match=rf"{NAME} is held by night run \(process {os.getpid()}\) since .* until"),
        records.lease(NAME, "second", 60),
    ):
        pass
    with records.lease(NAME, "third", 60), records.lease("date:2026-07-28", "other", 60):
        pass


def test_a_lease_that_ran_out_is_taken_and_its_holder_learns_it(records: SqlRecords) -> None:
    first = HeldLease(records._engine, NAME, "slow", 60, heartbeat=False)
    with first:
        change(records, expires_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        with records.lease(NAME, "next", 60):
            with pytest.raises(LeaseHeld, match="was lost by slow: taken by next"):
                first.renew()
            with pytest.raises(LeaseHeld), records.begin(first) as work:
                work.commit_run(run("r1"), alerts(), [])
        assert records.committed_dates() == [], "who lost the lease commits nothing"
    with records.lease(NAME, "after", 60) as held, records.begin(held) as work:
        work.commit_run(run("r1"), alerts(), [])


def test_a_lease_is_renewed_on_demand_and_in_the_background(records: SqlRecords) -> None:
    with HeldLease(records._engine, NAME, "run", 60, heartbeat=False) as lease:
        before = expires_at(records)
        lease.renew()
        assert expires_at(records) > before
    with HeldLease(records._engine, NAME, "run", 0.15):
        before = expires_at(records)
        time.sleep(0.4)
        assert expires_at(records) > before
        with pytest.raises(LeaseHeld), records.lease(NAME, "other", 60):
            pass


@pytest.mark.parametrize("change_of", ["host", "process_started"])
def test_a_holder_is_gone_only_when_that_can_be_proved(records: SqlRecords, change_of: str) -> None:
    with HeldLease(records._engine, NAME, "first", 60, heartbeat=False):
        change(records, **{change_of: "another"})
        if change_of == "host":
            with pytest.raises(LeaseHeld), records.lease(NAME, "second", 60):
                pass
        else:
            with records.lease(NAME, "second", 60):
                pass


def test_process_identity() -> None:
    start = started(os.getpid())
    assert start is not None
    assert not is_gone(host_identity(), os.getpid(), start)
    assert is_gone(host_identity(), os.getpid(), "earlier")
    assert not is_gone("elsewhere", os.getpid(), "earlier")
    assert started(2**22 + 1) is None


def hold_for_ever(url: str, is_held: Event) -> None:
    with SqlRecords(url).lease(NAME, "doomed", 600):
        is_held.set()
        time.sleep(600)


@pytest.mark.kill
def test_a_killed_holder_is_followed_at_once(records_url: str) -> None:
    context = processes()
    is_held = context.Event()
    holder = context.Process(target=hold_for_ever, args=(records_url, is_held))
    holder.start()
    assert is_held.wait(30)
    records = SqlRecords(records_url)
    with pytest.raises(LeaseHeld, match="doomed"), records.lease(NAME, "next", 60):
        pass
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while started(holder.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    with records.lease(NAME, "next", 60):
        pass
    holder.join()
    records.close()


def count_alone(url: str, path: str, rounds: int) -> None:
    records = SqlRecords(url)
    done = 0
    while done < rounds:
        try:
            with records.lease(NAME, "counter", 60):
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL)  # fails if another one is inside
                time.sleep(0.002)
                os.close(descriptor)
                os.unlink(path)
            done += 1
        except LeaseHeld:
            time.sleep(0.003)


def test_only_one_of_many_processes_is_ever_inside(records_url: str, tmp_path: object) -> None:
    SqlRecords(records_url).close()
    context = processes()
    counters = [context.Process(target=count_alone, args=(records_url, f"{tmp_path}/inside", 8)) for _ in range(4)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert [counter.exitcode for counter in counters] == [0] * 4
