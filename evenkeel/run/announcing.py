"""What a run has somebody told: announcements of ids, committed with it.

Wording belongs to `desk.composing`, sending to `desk.sending`.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import ExceptionEffect, MessageKind, Owner
from evenkeel.identity import stable_id
from evenkeel.ports import Message


def announce_event(event_id: str, affected: pl.DataFrame) -> list[Message]:
    """Return one announcement for each adviser concerned: a digest each, not a flood."""
    kind = MessageKind.MARKET_EVENT_DIGEST.value
    return [
        Message(
            message_id=stable_id("ms", kind, event_id, adviser_id),
            kind=kind,
            channel=None,
            recipient_ref="",
            subject_id=event_id,
            payload={"event_id": event_id, "recipient_id": adviser_id, "recipient_role": Owner.ADVISER.value},
        )
        for adviser_id in affected["adviser_id"].unique().sort()
    ]


def announce_operations(business_date: dt.date, exceptions: pl.DataFrame) -> list[Message]:
    """Return the announcement of operations' digest, one a date however often it is run; none where nothing is stopped or waits."""
    held_up = exceptions["effect"].is_in([ExceptionEffect.STOP.value, ExceptionEffect.WAIT.value]).any()
    kind, date = MessageKind.OPERATIONS_DIGEST.value, business_date.isoformat()
    if not held_up:
        return []
    whom = Owner.OPERATIONS.value
    payload = {"business_date": date, "recipient_id": whom, "recipient_role": whom}
    return [Message(stable_id("ms", kind, date), kind, None, "", f"digest-{date}", payload)]
