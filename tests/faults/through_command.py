"""A damaged day run through the command: files in the inbox, `evenkeel run`, datasets out of the lake."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_contracts.alerts import Alerts
from data_contracts.breaks import Breaks
from data_contracts.coverage import Coverage
from data_contracts.doubts import Doubts
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import Check
from evenkeel.desk.reading import dataset, run_of
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED
from evenkeel.run.house import House, house_policy
from evenkeel.sandbox.faults.day_files import DayFiles, staged_files
from evenkeel.sandbox.faults.facts import facts_of
from evenkeel.sandbox.faults.fault import Facts
from evenkeel.sandbox.faults.verdict import Outcome, Verdict, judge
from evenkeel.sandbox.plan import INBOX, STAGED, stamp
from evenkeel.wiring import _open
from tests.command.practice import Home, deliver
from tests.faults.in_memory import outcome_of
from tests.faults.practices import Sandbox

_SEEN = (Alerts, Coverage, Exceptions, Breaks, Doubts)


class CommandRun:
    """A home whose earlier sessions have run, copied for each damage of the last one's files."""

    def __init__(self, sandbox: Sandbox, scratch: Path) -> None:
        self._sandbox, self._scratch = sandbox, scratch
        scratch.mkdir(parents=True, exist_ok=True)
        home = sandbox.home
        for date in sandbox.dates[:-1]:
            deliver(home, sandbox.plan, date)
            _command(home, date, [EXIT_DONE])
        _close(home)
        self.clean_files = staged_files(home.path, sandbox.plan, sandbox.damaged_date)
        with self._ran(self.clean_files, "clean", [EXIT_DONE]) as house:
            self.clean = _outcome(house, sandbox)
            coverage = dataset(house, run_of(house, sandbox.damaged_date), Coverage)
            self.outcome_frac = house_policy(house.book(sandbox.damaged_date)).reconciliation.outcome_frac
        self.facts: Facts = facts_of(home.path, sandbox.plan, sandbox.damaged_date, sandbox.session, coverage)

    def outcome(self, files: DayFiles) -> Outcome:
        """Return the datasets of all sessions with these files on the last day."""
        with self._ran(files, "damaged", [EXIT_DONE, EXIT_STOPPED]) as house:
            return _outcome(house, self._sandbox)

    def verdict(self, files: DayFiles, touched: frozenset[str], expected: frozenset[Check]) -> Verdict:
        """Return the verdict on these files."""
        return judge(self.clean, self.outcome(files), touched, expected, self.outcome_frac)

    @contextmanager
    def _ran(self, files: DayFiles, name: str, exits: list[int]) -> Iterator[House]:
        path = self._scratch / f"{name}-{os.getpid()}"
        shutil.copytree(self._sandbox.home.path, path, ignore=shutil.ignore_patterns(STAGED))
        home = Home(path, self._sandbox.home.more)
        try:
            for file in files.files:
                target = path / INBOX / file.feed / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.data)
                stamp(target, file.arrives_at)
            _command(home, self._sandbox.damaged_date, exits)
            yield home.house()
        finally:
            _close(home)
            shutil.rmtree(path)


def _command(home: Home, date: object, exits: list[int]) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = home.command("run", "--date", date)
    assert code in exits, f"the run of {date} ended with {code}:\n{said.getvalue()}"


def _close(home: Home) -> None:
    """Close the records of a home and forget it: hundreds are opened one after the other."""
    home.house().records.close()  # type: ignore[attr-defined]
    _open.cache_clear()


def _outcome(house: House, sandbox: Sandbox) -> Outcome:
    runs = {date: run_of(house, date) for date in sandbox.dates}
    return outcome_of({date: {seen: dataset(house, run, seen) for seen in _SEEN} for date, run in runs.items()})
