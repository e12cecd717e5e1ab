"""The whole system as it is deployed: a Prefect server, a work pool, a worker, `prefect deploy`, and every way to start a run."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import IntervalSchedule

from evenkeel import calendar
from evenkeel.ports import RunRecord
from evenkeel.run.market_event import KIND
from evenkeel.sandbox.generate import generate
from evenkeel.wiring import open_house, read_settings
from flows.local_server import environment, local_server, stop_group

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
EVENKEEL = [sys.executable, "-m", "evenkeel.cli"]
HOUSEHOLDS, DAYS, SEED = 12, 5, 7
MONDAY_AFTER = "2026-03-09T07:30:00-04:00"
"""The sandbox's week is over, and the deadline of its Friday has passed."""

PROMPT = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2"}
"""The scheduler looks for new schedules once a minute by default."""


def prefect(*arguments: str) -> str:
    """Run a Prefect command in the repository, as a person without a terminal would."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def worker(folder: Path) -> Iterator[Path]:
    """A worker of the pool as a process of its own, outside of the repository; yields its log."""
    folder.mkdir()
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", "evenkeel", "--type", "process"],
            cwd=folder,
            env={**os.environ, "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_LOGGING_LEVEL": "INFO"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield log
    finally:
        stop_group(process, 30)


class System:
    """What a test does with a deployed system, and sees of it."""

    def __init__(self, client: SyncPrefectClient, log: Path) -> None:
        self.client = client
        self.log = log

    def deployment_id(self, name: str) -> UUID:
        return self.client.read_deployment_by_name(name).id

    def start(self, deployment: str, parameters: dict[str, Any]) -> FlowRun:
        return self.client.create_flow_run_from_deployment(self.deployment_id(deployment), parameters=parameters)

    def runs_of(self, deployment: str) -> list[FlowRun]:
        only = DeploymentFilter(id=DeploymentFilterId(any_=[self.deployment_id(deployment)]))
        return self.client.read_flow_runs(deployment_filter=only)

    def completed(self, run: FlowRun, seconds: float = 240) -> FlowRun:
        """Wait for a run's end, which must be completion."""

        def ended() -> FlowRun | None:
            now = self.client.read_flow_run(run.id)
            return now if now.state and now.state.is_final() else None

        last: FlowRun = self.wait_for(ended, f"the end of {run.name}", seconds)
        assert last.state is not None
        assert last.state.is_completed(), f"{last.state}\n{self.log.read_text()}"
        return last

    def wait_for(self, look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
        give_up = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < give_up, f"{what} did not come within {seconds} s\n{self.log.read_text()}"
            time.sleep(0.5)
        return found


def manifests(kind: str = "daily") -> dict[dt.date, RunRecord]:
    """Return the current runs of the home by date."""
    records = open_house(read_settings()).records
    found = {date: records.manifest(date, kind) for date in records.committed_dates(kind)}
    return {date: run for date, run in found.items() if run}


def digests(kind: str = "daily") -> dict[tuple[dt.date, str], str]:
    """Return every dataset's digest by date and name."""
    return {(date, stored.dataset): stored.digest for date, run in manifests(kind).items() for stored in run.datasets}


def processes_with(mark: str) -> list[str]:
    """Return the command lines of other processes whose environment holds `mark`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_every_way_to_start_a_run(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plan = generate(home, HOUSEHOLDS, DAYS, SEED)
    plan.deliver_all(home)
    settings = {"EVENKEEL_HOME": str(home), "EVENKEEL_CLOCK": MONDAY_AFTER, "EVENKEEL_SETTLE_SECONDS": "0"}

    with environment(settings):
        with local_server(home, is_lean=False, server_settings=PROMPT):
            prefect("work-pool", "create", "evenkeel", "--type", "process")
            prefect("deploy", "--all", "--prefect-file", "deployments/prefect.yaml")
            with get_client(sync_client=True) as client, worker(tmp_path / "elsewhere") as log:
                system = System(client, log)
                scheduled_in_new_york(system)
                run_by_schedule(system, plan.dates[-1])
                run_by_date(system, plan.dates[0])
                run_backfill(system, list(plan.dates))
                run_by_event(system, plan.dates[-1])
                deployed_again_changes_nothing(system)
        if Path("/proc/self/environ").exists():
            assert processes_with(f"EVENKEEL_HOME={home}") == []


def scheduled_in_new_york(system: System) -> None:
    """The schedule of deployments/ has made its runs; they are put off, so that the test sees its own alone."""
    runs = system.wait_for(lambda: system.runs_of("daily/daily"), "the first scheduled runs")
    for run in runs:
        assert run.auto_scheduled
        at = run.expected_start_time.astimezone(calendar.EASTERN)
        assert at.weekday() < 5
        assert at.minute in (0, 30)
        assert at.hour >= 18 or at.hour <= 9
        assert run.parameters == {}
    daily = system.client.read_deployment_by_name("daily/daily")
    for schedule in daily.schedules:
        system.client.update_deployment_schedule(daily.id, schedule.id, active=False)


def run_by_schedule(system: System, last: dt.date) -> None:
    """A schedule whose time is close starts a run that finds its own date."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=15)
    schedule = IntervalSchedule(interval=dt.timedelta(days=1), anchor_date=soon)
    daily = system.deployment_id("daily/daily")
    (made,) = system.client.create_deployment_schedules(
        daily, [DeploymentScheduleCreate(schedule=schedule, active=True)]
    )

    def first_of_schedule() -> FlowRun | None:
        ours = [run for run in system.runs_of("daily/daily") if run.auto_scheduled and _seconds_from(run, soon) < 2]
        return ours[0] if ours else None

    run = system.completed(system.wait_for(first_of_schedule, "the scheduled run"))
    system.client.update_deployment_schedule(daily, made.id, active=False)
    assert run.auto_scheduled
    assert run.name == f"daily-{last}"
    assert set(manifests()) == {last}


def _seconds_from(run: FlowRun, instant: dt.datetime) -> float:
    at = run.expected_start_time
    return abs(at.timestamp() - instant.timestamp()) if at else float("inf")


def run_by_date(system: System, date: dt.date) -> None:
    """A run by the API with a date."""
    run = system.completed(system.start("daily/daily", {"business_date": date.isoformat()}))
    assert run.name == f"daily-{date}"
    assert date in manifests()
    assert manifests()[date].datasets


def run_backfill(system: System, dates: list[dt.date]) -> None:
    """A backfill of five dates, twice: the second changes nothing."""
    parameters = {"first": dates[0].isoformat(), "last": dates[-1].isoformat()}
    system.completed(system.start("backfill/backfill", parameters))
    runs, written = {date: run.run_id for date, run in manifests().items()}, digests()
    assert list(runs) == dates
    assert all(run.status in {"done", "stopped"} for run in manifests().values())

    system.completed(system.start("backfill/backfill", {**parameters, "as_known": "now"}))
    assert {date: run.run_id for date, run in manifests().items()} == runs
    assert digests() == written


def run_by_event(system: System, last: dt.date) -> None:
    """An emitted event starts its run through the automation, with its payload as parameters."""
    before = digests()
    # By the command, so in a process of its own: a process keeps the server that it sent its first event to.
    words = ["--emit", "--reason", "a test of the drill", "--move", "us_equity=-0.2", "--threshold", "0.1"]
    told = subprocess.run(
        [*EVENKEEL, "market-event", *words], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    (run,) = system.wait_for(lambda: system.runs_of("market-event/market-event"), "the automation's run")
    run = system.completed(run)
    assert run.parameters["reason"] == "a test of the drill"
    assert run.parameters["moves"] == {"us_equity": -0.2}
    assert run.parameters["threshold_frac"] == 0.1
    scanned = manifests(KIND)[last]
    assert scanned.summary["reason"] == "a test of the drill"
    assert scanned.summary["base_run"] == manifests()[last].run_id
    assert digests() == before, "an event leaves the day as it is"


def deployed_again_changes_nothing(system: System) -> None:
    """Deploying once more updates what is there: no second deployment, no second automation."""
    ids = {
        name: system.deployment_id(name) for name in ("daily/daily", "backfill/backfill", "market-event/market-event")
    }
    prefect("deploy", "--all", "--prefect-file", "deployments/prefect.yaml")
    assert {name: system.deployment_id(name) for name in ids} == ids
    assert prefect("automation", "ls").count("evenkeel market event") == 1
