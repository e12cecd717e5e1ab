"""A day's files as one value: what each feed delivers, in order of arrival. Damage makes a new value of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from evenkeel.sandbox.plan import STAGED, SandboxPlan


class CannotDamageError(Exception):
    """The damage finds nothing to work on: its file is not there, or has no such row any more."""


@dataclass(frozen=True)
class FeedFile:
    """One file as it arrives."""

    feed: str
    name: str
    data: bytes
    arrives_at: dt.datetime


@dataclass(frozen=True)
class DayFiles:
    """All files of one session; a feed has one file of a name."""

    files: tuple[FeedFile, ...]

    def of(self, feed: str, part: str = "") -> FeedFile:
        """Return the last file of a feed whose name contains `part`: of several, the one that counts.

        Raises:
            CannotDamageError: There is none.
        """
        for file in reversed(self.files):
            if file.feed == feed and part in file.name:
                return file
        raise CannotDamageError(f"feed {feed} has no file named like {part!r}")

    def named(self, feed: str, name: str) -> FeedFile:
        """Return the file of a feed with exactly this name.

        Raises:
            CannotDamageError: There is none.
        """
        for file in self.files:
            if (file.feed, file.name) == (feed, name):
                return file
        raise CannotDamageError(f"feed {feed} has no file {name}")

    def replaced(self, file: FeedFile, data: bytes) -> DayFiles:
        """Return the files with other bytes under the same name.

        Raises:
            CannotDamageError: The bytes are the same: nothing would be damaged.
        """
        if data == file.data:
            raise CannotDamageError(f"{file.name} would stay as it is")
        return self._with(file, replace(file, data=data))

    def renamed(self, file: FeedFile, name: str) -> DayFiles:
        """Return the files with one under another name."""
        return self._with(file, replace(file, name=name))

    def without(self, file: FeedFile) -> DayFiles:
        """Return the files without one."""
        return DayFiles(tuple(each for each in self.files if each is not file))

    def after(self, file: FeedFile, name: str, data: bytes) -> DayFiles:
        """Return the files and one more of the same feed, arriving half an hour after `file`."""
        later = FeedFile(file.feed, name, data, file.arrives_at + dt.timedelta(minutes=30))
        kept = [each for each in self.files if (each.feed, each.name) != (file.feed, name)]
        return DayFiles(_in_order([*kept, later]))

    def _with(self, old: FeedFile, new: FeedFile) -> DayFiles:
        taken = (each for each in self.files if each is not old and (each.feed, each.name) == (new.feed, new.name))
        gone = next(taken, None)
        return DayFiles(tuple(new if each is old else each for each in self.files if each is not gone))


def staged_files(home: Path, plan: SandboxPlan, business_date: dt.date) -> DayFiles:
    """Return the files that a sandbox has staged for a session."""
    return DayFiles(
        _in_order(
            FeedFile(each.feed, each.name, (home / STAGED / each.path).read_bytes(), each.arrives_at)
            for each in plan.of_date(business_date)
        )
    )


def _in_order(files: Iterable[FeedFile]) -> tuple[FeedFile, ...]:
    return tuple(sorted(files, key=lambda each: (each.arrives_at, each.feed, each.name)))
