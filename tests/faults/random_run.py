"""Random damages, many of them: every verdict is kept, so that one that is wrong does not hide the next."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from evenkeel.sandbox.faults.fault import Session
from tests.faults.in_memory import MemoryRun
from tests.faults.practices import Sandbox, make_sandbox
from tests.faults.random_damage import Step, damaged, steps

WORKERS = 2
SHARES = 10
"""Of each kind of day: what goes wrong is printed a share at a time."""


@dataclass(frozen=True)
class Found:
    """What a random damage did wrong; `what` says how it was made, `crashed` what the run raised."""

    what: str
    false_alerts: tuple[str, ...] = ()
    unnoticed: tuple[str, ...] = ()
    crashed: str = ""

    @property
    def is_wrong(self) -> bool:
        """Tell whether anything went wrong."""
        return bool(self.false_alerts or self.unnoticed or self.crashed)


@dataclass(frozen=True)
class Told:
    """How many damages were made, how many of them stopped something, and those that went wrong."""

    count: int
    stopping_count: int
    wrong: tuple[Found, ...]


def drawn(run: MemoryRun, count: int, number: int) -> Told:
    """Make `count` random damages, the same for the same `number`, and return what came of them."""
    wrong: list[Found] = []
    counts = {"made": 0, "stopping": 0}

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(steps())
    def make(todo: list[Step]) -> None:
        found, stopped_count = judged(run, todo)
        counts["made"] += 1
        counts["stopping"] += bool(stopped_count)
        if found.is_wrong:
            wrong.append(least(run, todo, found))

    make()
    return Told(counts["made"], counts["stopping"], tuple(wrong))


def judged(run: MemoryRun, todo: list[Step]) -> tuple[Found, int]:
    """Return what a random damage did wrong, if anything, and how many accounts it stopped; a run that raises is wrong too."""
    files, told = damaged(run.clean_files, todo)
    what = "; ".join(told)
    try:
        verdict = run.verdict(files, frozenset(), frozenset())
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the run raise is what is looked for
        return Found(what, crashed=f"{type(error).__name__}: {error}"), 0
    return Found(what, verdict.false_alerts, verdict.unnoticed), verdict.stopped_count


def least(run: MemoryRun, todo: list[Step], found: Found) -> Found:
    """Return what goes wrong with as few of the steps as it takes; `found` is what does with all."""
    for step in todo if len(todo) > 1 else []:
        fewer = [each for each in todo if each is not step]
        with_fewer, _ = judged(run, fewer)
        if with_fewer.is_wrong:
            return least(run, fewer, with_fewer)
    return found


def run_random(count: int, folder: Path) -> int:
    """Make so many random damages on two kinds of day and print what went wrong; 1 where there is a false alert or a crash."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    days = (Session.QUIET, Session.SHOCK)
    share = -(-count // (len(days) * SHARES))
    runs = {day: make_sandbox(folder / day.value / "home", day) for day in days}
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(_share, runs[day], share, part, folder) for part in range(SHARES) for day in days]
        told = []
        for future in as_completed(futures):
            told.append(future.result())
            for found in told[-1].wrong:
                _show(found)
    wrong = [found for each in told for found in each.wrong]
    false_alerts = sum(len(found.false_alerts) for found in wrong)
    crashes = sum(bool(found.crashed) for found in wrong)
    print(
        f"{sum(each.count for each in told)} random damages: {sum(each.stopping_count for each in told)} stopped something, "
        f"{false_alerts} false alerts in {sum(bool(found.false_alerts) for found in wrong)} of them, "
        f"{sum(len(found.unnoticed) for found in wrong)} harm unnoticed in {sum(bool(found.unnoticed) for found in wrong)}, "
        f"{crashes} crashed"
    )
    return int(bool(false_alerts or crashes))


def _show(found: Found) -> None:
    print(found.what, flush=True)
    crashed = (found.crashed,) if found.crashed else ()
    for title, rows in (("false", found.false_alerts), ("harm", found.unnoticed), ("crashed", crashed)):
        for row in rows[:4]:
            print(f"    {title}: {row}", flush=True)


_memory: dict[Session, MemoryRun] = {}


def _share(sandbox: Sandbox, count: int, part: int, folder: Path) -> Told:
    day = sandbox.session
    if day not in _memory:
        _memory[day] = MemoryRun(sandbox, folder / day.value / f"bytes-{os.getpid()}")
    return drawn(_memory[day], count, number=sum(day.value.encode()) + 1000 * part)
