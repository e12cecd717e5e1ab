"""Homes for the tests of the command: a sandbox that is copied, and what is in a home as plain values."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, text

from evenkeel.cli import run_command
from evenkeel.ports import RunRecord
from evenkeel.run.house import House
from evenkeel.sandbox.plan import SandboxPlan, stamp
from evenkeel.wiring import open_house, read_settings

AFTER = "2026-03-20T08:00:00-04:00"
"""An instant at which every session of the sandboxes is past its deadline."""

KEY = "5e" * 32
"""Two homes have equal digests only with the same key."""

STAMPS = {
    "runs": {"started_at", "finished_at", "summary"},
    "run_datasets": {"version", "files"},
    "received_files": {"arrival_no", "first_seen_at"},
    "alert_log": {"entry_no"},
}
"""Columns of the records that say when and where a run was written, not what it found; `summary` is compared as JSON beside them."""

NOT_COMPARED = {"leases", "alembic_version"}


def environment_of(home: Path, **more: str) -> dict[str, str]:
    """Return the variables under which a command works on a home at `AFTER`."""
    return {
        "EVENKEEL_HOME": str(home),
        "EVENKEEL_CLOCK": AFTER,
        "EVENKEEL_SETTLE_SECONDS": "0",
        "EVENKEEL_ACCOUNT_KEY": KEY,
        **more,
    }


@dataclass(frozen=True)
class Home:
    """A home and the environment its commands run in."""

    path: Path
    more: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment of its commands."""
        return environment_of(self.path, **self.more)

    @contextmanager
    def environment(self, **more: str) -> Iterator[None]:
        """Hold the environment of its commands."""
        before = {name: value for name, value in os.environ.items() if name.startswith("EVENKEEL_")}
        for name in before:
            del os.environ[name]
        os.environ.update({**self.variables, **more})
        try:
            yield
        finally:
            for name in {**self.variables, **more}:
                os.environ.pop(name, None)
            os.environ.update(before)

    def command(self, *words: object, **more: str) -> int:
        """Run `evenkeel` with these words in this process and return its exit code."""
        with self.environment(**more):
            return run_command([str(word) for word in words])

    def run(self, date: dt.date, **more: str) -> int:
        """Run one date."""
        return self.command("run", "--date", date, **more)

    def house(self) -> House:
        """Return the home's house."""
        with self.environment():
            return open_house(read_settings())

    def manifest(self, date: dt.date) -> RunRecord:
        """Return the run of a date, which must have one."""
        run = self.house().records.manifest(date)
        assert run is not None, f"{date} has no run"
        return run

    def digests(self, date: dt.date) -> dict[str, str]:
        """Return every dataset's digest."""
        return {stored.dataset: stored.digest for stored in self.manifest(date).datasets}

    def all_digests(self) -> dict[tuple[dt.date, str], str]:
        """Return every dataset's digest by date and name."""
        dates = self.house().records.committed_dates()
        return {(date, name): digest for date in dates for name, digest in self.digests(date).items()}

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Return every table of the records but leases, whole."""
        engine = create_engine(self.house().records._engine.url)  # type: ignore[attr-defined]
        try:
            with engine.connect() as connection:
                return {
                    table: sorted(
                        (dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()), key=str
                    )
                    for table in inspect(engine).get_table_names()
                    if table not in NOT_COMPARED
                }
        finally:
            engine.dispose()

    def found(self) -> dict[str, list[dict[str, Any]]]:
        """Return the records of the runs that count, without `STAMPS`, and without the log of states in between."""
        tables = self.records()
        current = {row["run_id"] for row in tables["current_runs"]}
        kept = {
            name: [
                {column: value for column, value in row.items() if column not in STAMPS.get(name, set())}
                for row in rows
                if name not in ("runs", "run_datasets") or row["run_id"] in current
            ]
            for name, rows in tables.items()
            if name != "alert_log"
        }
        return {name: sorted(rows, key=str) for name, rows in kept.items()}

    def copy(self, target: Path) -> Home:
        """Return a copy of the home; its lake's addresses are relative to it."""
        shutil.copytree(self.path, target)
        return Home(target, self.more)


def deliver(home: Home, plan: SandboxPlan, *dates: dt.date) -> None:
    """Drop the files of these sessions into the inbox."""
    for date in dates:
        plan.deliver(date, home.path)


def redeliver(path: Path, content: bytes, minutes: int = 0) -> Path:
    """Write a file that is old enough to be complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a sandbox's inbox links to its staged files
    path.write_bytes(content)
    stamp(path, dt.datetime(2026, 3, 10, 12, minutes, tzinfo=dt.UTC))
    return path
