"""What a sandbox consists of: its deliveries with their times, and what a run should find wrong in them.

The files lie staged under `HOME/sandbox/<date>/<feed>/`; `deliver` drops them into the inbox as their time comes.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data_contracts.vocab import Check
from evenkeel.errors import UsageError

EASTERN = ZoneInfo("America/New_York")
STAGED = "sandbox"
INBOX = "inbox"
HALF_WRITTEN = ".part"


@dataclass(frozen=True)
class Delivery:
    """One file as it comes in. `path` is where it is staged, relative to the home's `sandbox/`."""

    business_date: dt.date
    feed: str
    name: str
    path: str
    arrives_at: dt.datetime
    byte_count: int


@dataclass(frozen=True)
class Expected:
    """Something done wrong on purpose, and what a run should make of it.

    `fault` names it: late, duplicate, corrected, half_written, value_product, security_unknown, price_stale. `check` is the check that
    finds it, None where nothing is to be reported. `account_ids` are the accounts that are stopped or wait.
    """

    business_date: dt.date
    fault: str
    check: Check | None
    feed: str
    file_name: str
    account_ids: tuple[str, ...] = ()
    security_id: str | None = None
    what: str = ""


@dataclass(frozen=True)
class SandboxPlan:
    """A generated practice.

    `policy_change_date` is the session on which the second version of the policy takes effect; None with fewer than two sessions, as are
    `split_date` and its security's last.
    """

    seed: int
    household_count: int
    account_count: int
    dates: tuple[dt.date, ...]
    shock_date: dt.date
    split_date: dt.date | None
    policy_change_date: dt.date | None
    deliveries: tuple[Delivery, ...] = field(default_factory=tuple)
    expected: tuple[Expected, ...] = field(default_factory=tuple)

    def of_date(self, business_date: dt.date) -> Sequence[Delivery]:
        """Return a session's deliveries in order of arrival."""
        return [delivery for delivery in self.deliveries if delivery.business_date == business_date]

    def deliver(self, business_date: dt.date, home: Path, until: dt.datetime | None = None) -> list[Path]:
        """Drop a session's files into the inbox, with the time at which each came as its modification time.

        A file that is there already is left alone. A half-written `.part` goes away when its whole file comes.

        Args:
            business_date: The session.
            home: The home that `generate` wrote to.
            until: Only what has come by this instant; None: everything.

        Returns:
            Paths of the files dropped now.
        """
        return self._drop(self.of_date(business_date), home, until)

    def deliver_all(self, home: Path) -> list[Path]:
        """Drop every file of every session."""
        return self._drop(self.deliveries, home, None)

    def _drop(self, deliveries: Iterable[Delivery], home: Path, until: dt.datetime | None) -> list[Path]:
        dropped = []
        for delivery in deliveries:
            if until is not None and delivery.arrives_at > until:
                continue
            target = home / INBOX / delivery.feed / delivery.name
            if target.exists():
                continue
            if (
                delivery.name.endswith(HALF_WRITTEN)
                and target.with_name(delivery.name.removesuffix(HALF_WRITTEN)).exists()
            ):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(home / STAGED / delivery.path, target)
            stamp(target, delivery.arrives_at)
            target.with_name(target.name + HALF_WRITTEN).unlink(missing_ok=True)
            dropped.append(target)
        return dropped

    def save(self, home: Path) -> None:
        """Write the plan to `HOME/sandbox/plan.json`."""
        path = home / STAGED / "plan.json"
        path.write_text(json.dumps(asdict(self), indent=1, default=_as_text) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, home: Path) -> SandboxPlan:
        """Read the plan of a home.

        Raises:
            UsageError: The home has none.
        """
        path = home / STAGED / "plan.json"
        if not path.is_file():
            raise UsageError(f"no sandbox in {home}: {path} is missing; make one with `evenkeel sandbox --home {home}`")
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            seed=raw["seed"],
            household_count=raw["household_count"],
            account_count=raw["account_count"],
            dates=tuple(map(dt.date.fromisoformat, raw["dates"])),
            shock_date=dt.date.fromisoformat(raw["shock_date"]),
            split_date=_date(raw["split_date"]),
            policy_change_date=_date(raw["policy_change_date"]),
            deliveries=tuple(
                Delivery(
                    **item
                    | {
                        "business_date": dt.date.fromisoformat(item["business_date"]),
                        "arrives_at": dt.datetime.fromisoformat(item["arrives_at"]),
                    }
                )
                for item in raw["deliveries"]
            ),
            expected=tuple(
                Expected(
                    **item
                    | {
                        "business_date": dt.date.fromisoformat(item["business_date"]),
                        "check": Check(item["check"]) if item["check"] else None,
                        "account_ids": tuple(item["account_ids"]),
                    }
                )
                for item in raw["expected"]
            ),
        )


def eastern(date: dt.date, hour: int, minute: int = 0, days_later: int = 0) -> dt.datetime:
    """Return the instant of an Eastern wall-clock time, in UTC."""
    local = dt.datetime.combine(date + dt.timedelta(days=days_later), dt.time(hour, minute), EASTERN)
    return local.astimezone(dt.UTC)


def stamp(path: Path, instant: dt.datetime) -> None:
    """Set a file's times."""
    seconds = instant.timestamp()
    os.utime(path, (seconds, seconds))


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _as_text(value: object) -> str:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a plan")


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
