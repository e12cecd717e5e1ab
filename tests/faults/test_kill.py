"""A run killed anywhere is either absent or whole, and the next one ends where it would have ended."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evenkeel.ports import RunRecord
from evenkeel.run.catalogue import DATASETS
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver

pytestmark = [pytest.mark.kill, pytest.mark.timeout(2400)]
HOUSEHOLDS, DAYS, SEED = 25, 2, 7
KILLS_AT_RANDOM = 50
FIFTHS = 5
"""The random moments are so many tests of ten each, so that they can run beside each other."""
LONGEST_WAIT_SECONDS = 60.0
"""A run after a killed one takes as long as any other: nothing of the dead one is waited for."""

EVENKEEL = [sys.executable, "-m", "evenkeel.cli"]
KILLED_RUN = [sys.executable, str(Path(__file__).with_name("killed_run.py"))]
STEPS = ("fetch", "ingest", "reconcile", "drift", "threshold", "prioritize", "propose", "alerts", "records")

UNDIGESTED = {name: list(columns) for name, each in DATASETS.items() if (columns := each.undigested_columns())}
"""Columns that a digest leaves out, from the contracts."""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SandboxPlan]:
    """Return a home whose first session has run, and the second's files have come."""
    home = Home(tmp_path_factory.mktemp("start") / "home")
    plan = generate(home.path, HOUSEHOLDS, DAYS, SEED, faults=False)
    deliver(home, plan, plan.dates[0])
    assert home.run(plan.dates[0]) == 0
    deliver(home, plan, plan.dates[1])
    home.house().records.close()  # type: ignore[attr-defined]
    return home, plan


@pytest.fixture(scope="module")
def undisturbed(start: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return the home as it is after a second run that nobody killed."""
    home = start[0].copy(tmp_path_factory.mktemp("undisturbed") / "home")
    assert home.run(start[1].dates[1]) == 0
    return home


def environment(home: Home) -> dict[str, str]:
    return os.environ | home.variables | {"PYTHONPATH": str(Path(__file__).parents[2])}


def command(home: Home, *words: str, in_own_process: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command that nobody kills, in this process if not in its own: to start one more takes longer than most commands."""
    if in_own_process:
        return subprocess.run([*EVENKEEL, *words], env=environment(home), capture_output=True, text=True, check=False)
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = home.command(*words)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def seconds_of_a_run(home: Home, date: dt.date) -> float:
    """Run a date as killed runs are run, in a process of its own, and return how long it took."""
    begun = time.monotonic()
    subprocess.run([*EVENKEEL, "run", "--date", str(date)], env=environment(home), capture_output=True, check=True)
    return time.monotonic() - begun


def leftovers(home: Home) -> list[str]:
    """Return what lies in the home that no run leaves on purpose."""
    known = {
        "book",
        "sandbox",
        "inbox",
        "lake",
        "archive",
        "reports",
        "audit",
        "orders",
        "records.db",
        "records.db-wal",
        "records.db-shm",
    }
    odd = [path for path in home.path.iterdir() if path.name not in known]
    odd += [path for path in (home.path / "archive").rglob("*") if path.name.startswith(".")]
    odd += [path for path in (home.path / "reports").rglob("*") if path.is_file() and path.name != "tasks.html"]
    odd += [path for path in (home.path / "lake").rglob("*") if path.name.endswith(".tmp") or "#" in path.name]
    return [str(path.relative_to(home.path)) for path in odd]


def processes_of(home: Home) -> list[int]:
    """Return the processes that know the home by their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                variables = (entry / "environ").read_bytes()
            except (OSError, ProcessLookupError):
                continue
            if f"EVENKEEL_HOME={home.path}".encode() in variables.split(b"\0"):
                found.append(int(entry.name))
    return found


def look(home: Home, plan: SandboxPlan, whole: RunRecord) -> bool:
    """Look at a home after a kill: its second date is absent or whole, and every command works. Tells which."""
    run = home.house().records.manifest(plan.dates[1])
    if run is not None:
        assert run.run_id == whole.run_id
        assert [(each.dataset, each.digest) for each in run.datasets] == [
            (each.dataset, each.digest) for each in whole.datasets
        ]
    newest = plan.dates[0] if run is None else plan.dates[1]
    counted = command(home, "sql", "select max(business_date) from coverage", "--format", "csv")
    assert counted.stdout.splitlines()[1:] == [str(newest)], counted.stderr
    status = command(home, "status", in_own_process=True)
    assert (status.returncode, status.stderr) == (0, "")
    alerts = command(home, "alerts", "--format", "json")
    assert (alerts.returncode, alerts.stderr) == (0, "")
    assert f'"{newest}"' in alerts.stdout
    return run is not None


def run_again(home: Home, plan: SandboxPlan, undisturbed: Home, *, in_own_process: bool = False) -> None:
    """Run the date again and hold the home against one that nobody disturbed."""
    begun = time.monotonic()
    again = command(home, "run", "--date", str(plan.dates[1]), in_own_process=in_own_process)
    assert (again.returncode, again.stderr) == (0, "")
    assert time.monotonic() - begun < LONGEST_WAIT_SECONDS
    assert home.all_digests() == undisturbed.all_digests()
    assert home.found() == undisturbed.found()
    verified = command(home, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    page = Path("reports") / str(plan.dates[1]) / "tasks.html"
    assert (home.path / page).read_text() == (undisturbed.path / page).read_text()
    assert leftovers(home) == []
    assert processes_of(home) == []


def test_the_columns_that_a_digest_leaves_out() -> None:
    print("left out of the digests:", UNDIGESTED)
    assert UNDIGESTED == {"source_files": ["received_at"]}


@pytest.mark.parametrize(
    ("where", "number"),
    [
        *(("step", number) for number in range(1, len(STEPS) + 1)),
        ("keep", 1),
        ("keep", 4),
        ("write", 1),
        ("write", 20),
        ("write", 33),
        ("commit", 1),
    ],
)
def test_killed_at_a_boundary(
    start: tuple[Home, SandboxPlan], undisturbed: Home, tmp_path: Path, where: str, number: int
) -> None:
    plan = start[1]
    home = start[0].copy(tmp_path / "home")
    words = [*KILLED_RUN, str(plan.dates[1]), where, str(number)]
    killed = subprocess.run(words, env=environment(home), capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert not look(home, plan, undisturbed.manifest(plan.dates[1])), "nothing is visible before the commit"
    run_again(home, plan, undisturbed, in_own_process=True)


@pytest.mark.parametrize("fifth", range(FIFTHS))
def test_killed_at_any_moment(start: tuple[Home, SandboxPlan], undisturbed: Home, tmp_path: Path, fifth: int) -> None:
    plan = start[1]
    whole = undisturbed.manifest(plan.dates[1])
    moments = random.Random(SEED + fifth)
    length = seconds_of_a_run(start[0].copy(tmp_path / "timed"), plan.dates[1])
    before = after = 0
    for number in range(KILLS_AT_RANDOM // FIFTHS):
        home = start[0].copy(tmp_path / f"home{number}")
        words = [*EVENKEEL, "run", "--date", str(plan.dates[1])]
        process = subprocess.Popen(
            words, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        # Starting takes a third of the time and touches nothing: the kills fall into the rest.
        time.sleep(length * moments.uniform(0.3, 1.0))
        process.kill()
        process.wait()
        run = home.house().records.manifest(plan.dates[1])
        assert run is None or run.datasets == undisturbed_files(run, whole)
        if number % 5 == 0:
            look(home, plan, whole)
        before, after = before + (run is None), after + (run is not None)
        run_again(home, plan, undisturbed)
    print(f"{before} killed before the commit, {after} after it")
    assert before > KILLS_AT_RANDOM // FIFTHS // 4, "the moments were all too late to prove anything"


def undisturbed_files(run: RunRecord, whole: RunRecord) -> tuple[object, ...]:
    """Return the run's own datasets if they are those of the whole run, file names aside."""
    same = [(each.dataset, each.digest, each.row_count) for each in run.datasets] == [
        (each.dataset, each.digest, each.row_count) for each in whole.datasets
    ]
    return tuple(run.datasets) if same else ()
