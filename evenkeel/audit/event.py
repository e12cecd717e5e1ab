"""One thing that happened, as the trail keeps it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_contracts.vocab import EventKind
from evenkeel.audit.canonical import canonical, instant_text, plain

SYSTEM = "evenkeel"
"""Who acts where no person does."""

AUTOMATION = "automation"
"""In what role."""


@dataclass(frozen=True)
class Event:
    """What happened, to what, when, by whom.

    Attributes:
        event_id: A pure function of what happened (`id_of`): written twice, it is one event.
        kind: What it says.
        business_date: The session it belongs to; None where it belongs to none.
        subject: What it is about: an account, a security, a feed, an alert, a policy.
        run_id: The run that found it; None where a person did.
        actor: Who.
        role: In what role.
        occurred_at: When; for what a run finds, the run's time.
        payload: The particulars. No names of clients: ids lead to them.
    """

    event_id: str
    kind: EventKind
    business_date: dt.date | None
    subject: str
    run_id: str | None
    actor: str
    role: str
    occurred_at: dt.datetime
    payload: Mapping[str, Any]

    def columns(self) -> dict[str, str | None]:
        """Return the event as it is stored and hashed: text throughout, the payload as canonical JSON."""
        return {
            "event_id": self.event_id,
            "kind": self.kind.value,
            "business_date": None if self.business_date is None else self.business_date.isoformat(),
            "subject": self.subject,
            "run_id": self.run_id,
            "actor": self.actor,
            "role": self.role,
            "occurred_at": instant_text(self.occurred_at),
            "payload": canonical(plain(self.payload)).decode(),
        }


def id_of(kind: EventKind, *identity: object) -> str:
    """Return `tr-` and 32 hexadecimal digits that depend on kind and identity alone."""
    text = canonical([kind.value, *(plain(part) for part in identity)])
    return f"tr-{hashlib.sha256(text).hexdigest()[:32]}"
