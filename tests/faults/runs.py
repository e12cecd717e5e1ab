"""Singles, pairs and random damages over the machine's cores: what each worker holds, and one case as a row."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

from data_contracts import expectations
from data_contracts.vocab import Check
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Facts, Fault, Session
from evenkeel.sandbox.faults.registry import FAULTS, fault_named
from evenkeel.sandbox.faults.verdict import Verdict
from tests.faults.in_memory import MemoryRun
from tests.faults.practices import Sandbox, make_sandbox
from tests.faults.through_command import CommandRun

WORKERS = 2
Held = TypeVar("Held")


class Run(Protocol):
    """A way to run a damaged day."""

    clean_files: DayFiles
    facts: Facts

    def verdict(self, files: DayFiles, touched: frozenset[str], expected: frozenset[Check]) -> Verdict: ...


@dataclass(frozen=True)
class Case:
    """One case as it came out: a verdict, or why there is none (`skipped`: nothing to damage; `crashed`: the run raised)."""

    names: tuple[str, ...]
    what: str = ""
    verdict: Verdict | None = None
    skipped: str = ""
    crashed: str = ""


def made(faults: Sequence[Fault], run: Run) -> Case:
    """Return the case of these faults, each made in what the one before has left."""
    names = tuple(fault.name for fault in faults)
    files, touched, told = run.clean_files, frozenset[str](), []
    for fault in faults:
        try:
            damaged = fault.apply(files, run.facts)
        except CannotDamageError as error:
            return Case(names, skipped=str(error))
        files, touched = damaged.files, touched | damaged.touched
        told.append(damaged.what)
    expected = frozenset(check for fault in faults for check in fault.expected)
    if expected and len(faults) > 1:
        # A file that was sent twice and then damaged once: the damaged one is stopped, the right one stands.
        expected |= {Check.FILE_CONTRADICTED}
    return Case(names, "; then ".join(told), run.verdict(files, touched, expected))


def session_of(faults: Sequence[Fault]) -> Session | None:
    """Return the day on which these faults can be made together; None where they need different ones."""
    needed = {fault.session for fault in faults} - {Session.QUIET}
    if len(needed) > 1:
        return None
    return needed.pop() if needed else Session.QUIET


def singles(names: Sequence[str], folder: Path) -> Iterator[Case]:
    """Run faults, all by default, through the command."""
    chosen = [fault_named(name) for name in names] or list(FAULTS)
    bases = {}
    for session in sorted({fault.session for fault in chosen}):
        place = folder / session.value
        bases[session] = CommandRun(make_sandbox(place / "home", session), place / "runs")
    yield from _spread([(fault.name,) for fault in chosen], _use_commands, bases, {})


def pairs(part: int, parts: int, folder: Path) -> Iterator[Case]:
    """Run the `part`-th of so many parts of all pairs in memory, the later fault of the list made in what the earlier has left."""
    chosen = [(a.name, b.name) for place, (a, b) in enumerate(combinations(FAULTS, 2)) if place % parts == part - 1]
    # Cases of one day stay together, so that a worker keeps what it has read.
    chosen.sort(key=lambda names: str(session_of([fault_named(name) for name in names])))
    sandboxes = {session: make_sandbox(folder / session.value, session) for session in Session}
    yield from _spread(chosen, _use_memory, sandboxes, {"PANDERA_VALIDATION_ENABLED": "False"})


_runs: dict[Session, Run] = {}
_sandboxes: dict[Session, Sandbox] = {}


def _use_commands(bases: dict[Session, CommandRun]) -> None:
    _runs.update(bases)


def _use_memory(sandboxes: dict[Session, Sandbox]) -> None:
    """Make ready to run sixteen thousand pairs: what singles and random damages check each time is left out here.

    That is the row checks of the contracts, and the library that compares the gates' figures with their bounds (`test_pairs` holds
    the comparison below equal to it).
    """
    _sandboxes.update(sandboxes)
    expectations._failures = outside_bounds  # a worker process has nobody else to disturb


def outside_bounds(wide: pl.DataFrame, suite: pl.DataFrame) -> list[tuple[str, str]]:
    """Return custodian and gate of every figure outside its bounds, as `data_contracts.expectations` does."""
    failed = []
    for row in suite.iter_rows(named=True):
        lower, upper = row["lower"], row["upper"]
        for custodian, observed in wide.select("custodian", row["column"]).drop_nulls().iter_rows():
            if (lower is not None and observed < lower) or (upper is not None and observed > upper):
                failed.append((custodian, row["gate"]))
    return failed


def _run_of(session: Session) -> Run:
    if session not in _runs:
        sandbox = _sandboxes[session]
        scratch = sandbox.home.path.with_name(f"bytes-{session.value}-{os.getpid()}")
        _runs[session] = MemoryRun(sandbox, scratch)
    return _runs[session]


def _case(names: tuple[str, ...]) -> Case:
    faults = [fault_named(name) for name in names]
    session = session_of(faults)
    return Case(names, skipped="they need different days") if session is None else made(faults, _run_of(session))


def _spread(
    cases: Iterable[tuple[str, ...]], prepare: Callable[[Held], None], held: Held, environment: Mapping[str, str]
) -> Iterator[Case]:
    """Run cases in worker processes and yield them as they end; a case that raises is one too."""
    # Small frames are slower on several threads, and the workers share the cores.
    os.environ.update({"POLARS_MAX_THREADS": "1", **environment})
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=prepare, initargs=(held,)) as pool:
        futures = {pool.submit(_case, names): names for names in cases}
        for future in as_completed(futures):
            error = future.exception()
            yield Case(futures[future], crashed=f"{type(error).__name__}: {error}") if error else future.result()
