"""Trails in memory, whole ones and damaged ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from data_contracts.vocab import EventKind
from evenkeel.audit.chain import FIRST_HASH, Entry, link
from evenkeel.audit.checkpoint import Checkpoint, make
from evenkeel.audit.event import Event, id_of
from evenkeel.audit.merkle import Tree

NOON = dt.datetime(2026, 7, 28, 12, 0, 0, 123456, tzinfo=dt.UTC)


def event(number: int, **payload: Any) -> Event:
    """One event."""
    return Event(
        event_id=id_of(EventKind.EXCEPTION_FOUND, number),
        kind=EventKind.EXCEPTION_FOUND,
        business_date=dt.date(2026, 7, 27),
        subject=f"AC-{number}",
        run_id="run-1",
        actor="evenkeel",
        role="automation",
        occurred_at=NOON,
        payload={"number": number, "share_frac": 0.1, "ö": [None, True, "x"]} | payload,
    )


def trail(count: int, every: int = 4) -> tuple[list[Entry], list[Checkpoint]]:
    """A sealed trail with a checkpoint after every so many entries, and at its end."""
    entries: list[Entry] = []
    checkpoints: list[Checkpoint] = []
    tree, before = Tree(), FIRST_HASH
    for number in range(1, count + 1):
        stored = {"event_no": number * 2, **event(number).columns()}
        entries.append(link(number, before, "2026-07-28T12:00:01.000000Z", stored))
        before = entries[-1].hash
        tree.add([bytes.fromhex(before)])
        if number % every == 0 or number == count:
            checkpoints.append(make(number, before, tree, NOON, checkpoints[-1] if checkpoints else None))
    return entries, checkpoints


def exchanged(rows: Sequence[Any], one: int, other: int) -> list[Any]:
    """The rows with two of them in each other's place."""
    out = list(rows)
    out[one], out[other] = out[other], out[one]
    return out
