"""Lift a stop: a person takes the responsibility for what a check has found, with a reason that is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.exceptions import Exceptions
from data_contracts.vocab import Check, EventKind, ExceptionEffect, Owner
from evenkeel.audit.event import Event, id_of
from evenkeel.desk.reading import dataset, of_id, run_of
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.ports import RunRecord
from evenkeel.run.house import House


@dataclass(frozen=True)
class Release:
    """A stored release: of what, and for which sessions."""

    release_id: str
    exception_id: str
    subject_id: str
    from_date: dt.date
    until_date: dt.date


def release(house: House, exception_id: str, until: dt.date | None, reason: str, actor: str, role: str) -> Release:
    """Store the release of a stop of the newest run; its id may be shortened to a beginning that no other stop has.

    It holds from that run's date until `until`, that date alone by default, and takes effect when the date is run again. A stop that is
    found on another subject, or by another check, is another one and stays.

    Raises:
        UsageError: Nothing of that id is stopped, reason or actor is empty, the role may not release, or the date has passed.
    """
    run = run_of(house)
    found = _stop(dataset(house, run, Exceptions), exception_id.strip(), run.business_date)
    if found["check"] == Check.SECURITY_UNKNOWN.value:
        # Whoever answers for it, a security that the book does not know has no class to be measured in.
        raise UsageError(
            f"{found['exception_id']} cannot be released; add the security to securities.csv and run again"
        )
    if not reason.strip() or not actor.strip():
        raise UsageError("a release needs a reason and an actor")
    if role not in set(Owner):
        raise UsageError(f"--role {role!r}: a stop is released by one of {', '.join(Owner)}")
    last = until or run.business_date
    if last < run.business_date:
        raise UsageError(f"--until {last} has passed; the stop is of {run.business_date}")
    now = house.clock.now()
    row = {
        "release_id": stable_id("re", found["exception_id"], actor, now.isoformat()),
        "exception_id": found["exception_id"],
        "check": found["check"],
        "subject_id": found["subject_id"],
        "from_date": run.business_date,
        "until_date": last,
        "actor": actor,
        "role": role,
        "reason": reason,
        "released_at": now,
    }
    house.records.add_release(row, _event(row, found, run))
    house.records.checkpoint(now)
    return Release(row["release_id"], found["exception_id"], found["subject_id"], run.business_date, last)


def _stop(exceptions: pl.DataFrame, beginning: str, business_date: dt.date) -> dict[str, Any]:
    """Return the one stop whose id begins so."""
    is_stop = pl.col("effect") == ExceptionEffect.STOP.value
    stops = of_id(exceptions.filter(is_stop), "exception_id", beginning, "stops")
    if stops.height:
        return stops.row(0, named=True)
    named = of_id(exceptions, "exception_id", beginning, "exceptions")
    if named.height:
        effect = named["effect"].item()
        raise UsageError(
            f"{named['exception_id'].item()} is no stop on {business_date} but: {effect}; nothing to release"
        )
    raise UsageError(f"nothing of id {beginning!r} is stopped on {business_date}; `evenkeel quarantine` lists what is")


def _event(row: Mapping[str, Any], found: Mapping[str, Any], run: RunRecord) -> Event:
    """Return what the trail is told: the release, and what the person saw of the stop."""
    seen = {name: found[name] for name in ("message", "account_id", "household_id", "feed", "expected", "found")}
    return Event(
        event_id=id_of(EventKind.RELEASE_GRANTED, row["release_id"]),
        kind=EventKind.RELEASE_GRANTED,
        business_date=run.business_date,
        subject=row["subject_id"],
        run_id=run.run_id,
        actor=row["actor"],
        role=row["role"],
        occurred_at=row["released_at"],
        payload={**row, "exception": seen},
    )
