"""Random damages, many of them: every verdict is kept, so that one that is wrong does not hide the next."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from evenkeel.sandbox.faults.fault import Session
from evenkeel.sandbox.faults.verdict import Verdict
from tests.faults.in_memory import MemoryRun
from tests.faults.practices import make_sandbox
from tests.faults.random_damage import Step, damaged, steps

WORKERS = 2


@dataclass(frozen=True)
class Found:
    """What a random damage did wrong; `what` says how it was made."""

    what: str
    false_alerts: tuple[str, ...]
    unnoticed: tuple[str, ...]


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
        verdict, _ = judged(run, todo)
        counts["made"] += 1
        counts["stopping"] += bool(verdict.stopped_count)
        if verdict.false_alerts or verdict.unnoticed:
            wrong.append(least(run, todo))

    make()
    return Told(counts["made"], counts["stopping"], tuple(wrong))


def judged(run: MemoryRun, todo: list[Step]) -> tuple[Verdict, str]:
    """Return the verdict on a random damage, and what was done."""
    files, told = damaged(run.clean_files, todo)
    return run.verdict(files, frozenset(), frozenset()), "; ".join(told)


def least(run: MemoryRun, todo: list[Step]) -> Found:
    """Return what goes wrong with as few of the steps as it takes."""
    for step in todo if len(todo) > 1 else []:
        fewer = [each for each in todo if each is not step]
        verdict, _ = judged(run, fewer)
        if verdict.false_alerts or verdict.unnoticed:
            return least(run, fewer)
    verdict, told = judged(run, todo)
    return Found(told, verdict.false_alerts, verdict.unnoticed)


def run_random(count: int, folder: Path) -> int:
    """Make so many random damages on two kinds of day and print what went wrong; 1 where there is a false alert."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        days = (Session.QUIET, Session.SHOCK)
        share = -(-count // len(days))
        told = list(pool.map(_share, days, [share] * len(days), [folder] * len(days)))
    wrong = [found for each in told for found in each.wrong]
    for found in wrong:
        print(found.what)
        for title, rows in (("false", found.false_alerts), ("harm", found.unnoticed)):
            for row in rows[:4]:
                print(f"    {title}: {row}")
    false_alerts = sum(len(found.false_alerts) for found in wrong)
    print(
        f"{sum(each.count for each in told)} random damages: {sum(each.stopping_count for each in told)} stopped something, "
        f"{false_alerts} false alerts in {sum(bool(found.false_alerts) for found in wrong)} of them, "
        f"{sum(len(found.unnoticed) for found in wrong)} harm unnoticed in {sum(bool(found.unnoticed) for found in wrong)}"
    )
    return int(bool(false_alerts))


def _share(session: Session, count: int, folder: Path) -> Told:
    place = folder / session.value
    run = MemoryRun(make_sandbox(place / "home", session), place / "bytes")
    return drawn(run, count, number=sum(session.value.encode()))
