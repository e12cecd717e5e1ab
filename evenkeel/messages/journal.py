"""Which messages a message archive gets a copy of, and what the copy is made from."""

from __future__ import annotations

import datetime as dt

from data_contracts.vocab import Channel
from evenkeel.identity import stable_id
from evenkeel.ports import Message, StoredMessage

CLIENT_PREFIX = "client_"
"""Kinds that begin so go to clients."""
_COPIED = (Channel.EMAIL, Channel.SMS, Channel.CHAT, Channel.WEBHOOK)
ARCHIVE = "archive"
"""Whom a copy is for, by id."""


def journal_copy(stored: StoredMessage) -> Message | None:
    """Return the copy of a message that was sent, for the archive; None for what is no client's, or did not leave the house."""
    message = stored.message
    if not message.kind.startswith(CLIENT_PREFIX) or message.channel not in _COPIED:
        return None
    return Message(
        message_id=stable_id("ms", "journal", message.message_id),
        kind=message.kind,
        channel=Channel.JOURNAL,
        recipient_ref=ARCHIVE,
        subject_id=message.subject_id,
        payload={
            "message_id": message.message_id,
            "kind": message.kind,
            "channel": message.channel.value,
            "recipient_ref": message.recipient_ref,
            "queued_at": stored.added_at.astimezone(dt.UTC).isoformat(),
            "payload": dict(message.payload),
        },
        run_id=message.run_id,
    )
