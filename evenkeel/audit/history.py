"""Every version of every record, rebuilt from the events of the trail: what it was, since when, by whom, and what had changed.

An event has the whole record as it was from then on in its payload, or, where it ends, as it was last. Its kind says of what:
`alert_opened` and `alert_changed` are of one record, an alert. No other table is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from data_contracts.vocab import EventKind
from evenkeel.audit.comparing import Difference, differences

ENDINGS = ("ended", "withdrawn")
"""Last words of kinds after which there is no such record any more."""

_SEVERAL = {"doubt": ("portfolio_id", "doubt", "subject_id")}
"""Records that have no id of their own, and what tells them apart."""

_WHAT = {
    EventKind.POLICY_IN_FORCE.value: "policy",
    EventKind.MODEL_IN_FORCE.value: "model",
    EventKind.IPS_IN_FORCE.value: "ips",
    EventKind.MESSAGE_IN_DOUBT.value: "message",
    EventKind.NO_RESPONSE.value: "response",
}
"""Kinds of which the last word alone does not say what became of a record."""


@dataclass(frozen=True)
class Version:
    """One version of a record.

    Attributes:
        number: 1, 2, 3 ...
        event: The event that tells of it, as stored, with its `seq` in the chain (None: not sealed yet).
        record: The record from then on; None: there was none any more.
        changes: What is other than in the version before; none in the first.
        reason: Why, where somebody gave a reason.
    """

    number: int
    event: Mapping[str, Any]
    record: Mapping[str, Any] | None
    changes: tuple[Difference, ...]
    reason: str | None


@dataclass(frozen=True)
class History:
    """A record's versions, oldest first; `what` is the kind of record."""

    what: str
    record_id: str
    versions: tuple[Version, ...]


def histories(events: Iterable[Mapping[str, Any]]) -> list[History]:
    """Return the records that events tell of, in the order of their first events, each with all its versions.

    Args:
        events: Stored events, in order; `payload` is text.
    """
    told: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        told.setdefault(record_of(event), []).append(event)
    return [History(what, record_id, _versions(each)) for (what, record_id), each in told.items()]


def record_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind of record that an event tells of, and the record's id."""
    what = _WHAT.get(event["kind"]) or str(event["kind"]).rpartition("_")[0]
    payload = json.loads(event["payload"])
    names = _SEVERAL.get(what, (f"{what}_id",))
    if isinstance(payload, dict) and all(name in payload for name in names):
        return what, " ".join(str(payload[name]) for name in names)
    return what, str(event["subject"])


def _versions(events: Iterable[Mapping[str, Any]]) -> tuple[Version, ...]:
    found: list[Version] = []
    before: Mapping[str, Any] = {}
    for number, event in enumerate(events, 1):
        payload = json.loads(event["payload"])
        is_end = str(event["kind"]).rpartition("_")[2] in ENDINGS
        changes = () if number == 1 or is_end else tuple(differences(before, payload))
        reason = payload.get("reason") if isinstance(payload, dict) else None
        found.append(
            Version(number, event, None if is_end else payload, changes, reason if isinstance(reason, str) else None)
        )
        before = payload
    return tuple(found)


@dataclass(frozen=True)
class FileVersion:
    """A version of a file of the book: the event that tells of it, and its SHA-256; None: it was taken away."""

    number: int
    event: Mapping[str, Any]
    file_id: str | None


def file_versions(events: Iterable[Mapping[str, Any]]) -> dict[str, list[FileVersion]]:
    """Return the versions of every file of the book by its name, from the events that the book has changed."""
    found: dict[str, list[FileVersion]] = {}
    for event in events:
        for each in json.loads(event["payload"])["files"]:
            row = found.setdefault(each["file"], [])
            row.append(FileVersion(len(row) + 1, event, each["to"]))
    return found
