"""The chain: each entry's hash covers its event and the hash before it, so that no entry can change or go unseen.

    hash = SHA-256(canonical JSON of {event, previous_hash, sealed_at, seq})

`event` has all columns of the stored event, its number too; `payload` is in it as the object that its text says. What follows from a
hash that is not right belongs in `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenkeel.audit.canonical import canonical

FIRST_HASH = "0" * 64
"""What the first entry has for the hash before it."""


@dataclass(frozen=True)
class Entry:
    """One link as stored; whether it is right is for `hash_of` to say.

    `event` holds the event's columns as text, with `event_no`; None where no such event is stored.
    """

    seq: int
    event_no: int
    previous_hash: str
    hash: str
    sealed_at: str
    event: Mapping[str, Any] | None

    @property
    def event_id(self) -> str | None:
        """Return the event's id."""
        return None if self.event is None else str(self.event.get("event_id"))


def link(seq: int, previous_hash: str, sealed_at: str, event: Mapping[str, Any]) -> Entry:
    """Return the entry that seals an event (its stored columns with `event_no`) behind the one of `previous_hash`."""
    open_entry = Entry(seq, event["event_no"], previous_hash, "", sealed_at, event)
    return Entry(seq, event["event_no"], previous_hash, _digest(body_of(open_entry)), sealed_at, event)


def hash_of(entry: Entry) -> str | None:
    """Return the hash that the entry's columns lead to; None where they cannot be those that were sealed, whatever the hash."""
    if entry.event is None:
        return None
    try:
        body = body_of(entry)
        if canonical(body["event"]["payload"]).decode() != entry.event["payload"]:
            return None
        return _digest(body)
    except (ValueError, TypeError, KeyError, RecursionError):
        # Damage that JSON cannot say.
        return None


def body_of(entry: Entry) -> dict[str, Any]:
    """Return what is hashed, and what an export says of the entry beside its hash.

    Raises:
        ValueError: The payload is no JSON.
    """
    event = dict(entry.event or {})
    event["payload"] = json.loads(event["payload"])
    return {"event": event, "previous_hash": entry.previous_hash, "sealed_at": entry.sealed_at, "seq": entry.seq}


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(body)).hexdigest()
