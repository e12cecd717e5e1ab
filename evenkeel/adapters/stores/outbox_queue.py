"""Put messages into the outbox, in the transaction of what they tell of; each with its event in the trail."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from data_contracts.vocab import DeliveryState, EventKind
from evenkeel.adapters.stores.database import insert_once
from evenkeel.adapters.stores.records_schema import outbox
from evenkeel.adapters.stores.trail import write_events
from evenkeel.audit.canonical import canonical, plain
from evenkeel.audit.event import AUTOMATION, SYSTEM, Event, id_of
from evenkeel.ports import Message

BATCH = 500
"""Ids in one statement."""


def queue_messages(connection: Connection, messages: Sequence[Message], now: dt.datetime) -> int:
    """Add messages and their events; one whose id is there changes nothing. Return how many are new."""
    known = _known(connection, messages)
    new = [each for each in _once(messages) if each.message_id not in known]
    rows = [_row(each, now) for each in new]
    insert_once(connection, outbox, rows)
    write_events(connection, [message_event(EventKind.MESSAGE_QUEUED, row, now) for row in rows])
    return len(rows)


def queue_message(
    connection: Connection,
    message_id: str,
    kind: str,
    payload: Mapping[str, Any],
    now: dt.datetime,
    run_id: str | None = None,
    *,
    is_withheld: bool = False,
) -> int:
    """Add an announcement: ids only, of which addressed messages are made later. Return 1, or 0 where it is there already."""
    subject = str(payload.get("proposal_id") or payload.get("alert_id") or message_id)
    announced = Message(message_id, kind, None, "", subject, payload, run_id, is_withheld=is_withheld)
    return queue_messages(connection, [announced], now)


def message_event(
    kind: EventKind, row: Mapping[str, Any], now: dt.datetime, identity: Sequence[object] = (), **more: Any
) -> Event:
    """Return what the trail is told of a message: ids, codes and a digest of its content, never a name or an address."""
    return Event(
        event_id=id_of(kind, row["message_id"], *identity),
        kind=kind,
        business_date=None,
        subject=row["subject_id"] or row["message_id"],
        run_id=row["run_id"],
        actor=SYSTEM,
        role=AUTOMATION,
        occurred_at=now,
        payload={
            "message_id": row["message_id"],
            "message_kind": row["kind"],
            "channel": row["channel"],
            "recipient_ref": row["recipient_ref"],
            "state": row["state"],
            "content_digest": hashlib.sha256(canonical(plain(row["payload"]))).hexdigest(),
            **more,
        },
    )


def _once(messages: Sequence[Message]) -> list[Message]:
    return list({each.message_id: each for each in reversed(messages)}.values())[::-1]


def _known(connection: Connection, messages: Sequence[Message]) -> set[str]:
    ids = [each.message_id for each in messages]
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        some = outbox.c.message_id.in_(ids[start : start + BATCH])
        found.update(connection.execute(select(outbox.c.message_id).where(some)).scalars())
    return found


def _row(message: Message, now: dt.datetime) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "run_id": message.run_id,
        "kind": message.kind,
        "channel": None if message.channel is None else message.channel.value,
        "recipient_ref": message.recipient_ref or None,
        "subject_id": message.subject_id,
        "payload": dict(message.payload),
        "state": (DeliveryState.WITHHELD if message.is_withheld else DeliveryState.PENDING).value,
        "next_try_at": message.not_before_at,
        "expires_at": message.expires_at,
        "added_at": now,
        "changed_at": now,
    }
