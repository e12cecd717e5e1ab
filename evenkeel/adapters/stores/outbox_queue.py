"""Put a message into the outbox, in the transaction of what it tells of; sending it belongs elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from evenkeel.adapters.stores.database import insert_once
from evenkeel.adapters.stores.records_schema import outbox

PENDING = "pending"


def queue_message(
    connection: Connection, message_id: str, kind: str, payload: Mapping[str, Any], now: dt.datetime, *, run_id: str
) -> None:
    """Queue a message once: one whose id is known changes nothing.

    Args:
        connection: The caller's transaction.
        message_id: A function of what it tells, so that telling it twice is one message.
        kind: What it is: `approval_requested`.
        payload: Ids only.
        now: When.
        run_id: The run whose proposal it is about.
    """
    row = {
        "message_id": message_id,
        "run_id": run_id,
        "kind": kind,
        "payload": dict(payload),
        "state": PENDING,
        "added_at": now,
        "changed_at": now,
    }
    insert_once(connection, outbox, [row])
