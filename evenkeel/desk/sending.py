"""Send what is due, and settle what cannot be known. Safe to run late, twice, or in two places at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from data_contracts.vocab import Channel, DeliveryState, EventKind, MessageKind
from evenkeel.audit.event import Event, id_of
from evenkeel.errors import TransientError, UsageError
from evenkeel.identity import stable_id
from evenkeel.messages.fields import ChannelTest
from evenkeel.messages.journal import journal_copy
from evenkeel.messages.templates import Templates
from evenkeel.ports import (
    Addresses,
    Attempt,
    Clock,
    Delivery,
    Message,
    Notifier,
    Outbox,
    Outcome,
    Retries,
    StoredMessage,
)

CLAIM_SECONDS = 600
"""How long one attempt may take before its sender is taken for dead; longer than any channel's time limits together."""
BATCH = 50
"""Messages claimed at once."""
RESOLVERS = ("operations", "compliance", "administrator")
"""Who may settle a message in doubt."""
How = Literal["sent", "again", "drop"]
NOBODY_WRITES = "set EVENKEEL_FIRM_NAME, EVENKEEL_FIRM_CONTACT and EVENKEEL_PUBLIC_URL"
_NO_ADDRESS_NEEDED = (Channel.WEBHOOK, Channel.CHAT, Channel.JOURNAL, Channel.FILE)
_STATES: Mapping[How, DeliveryState] = {
    "sent": DeliveryState.SENT,
    "again": DeliveryState.PENDING,
    "drop": DeliveryState.DEAD,
}


@dataclass(frozen=True)
class Post:
    """What messages are sent with, joined by `wiring`.

    Attributes:
        outbox: The messages.
        channels: Those that are set up.
        addresses: Where people are reached.
        templates: Those that count; made when asked for, because they need the firm's name.
        clock: The time.
        checkpoint: Seals the trail after a pass.
        retries: How messages are tried again.
        compose: Makes addressed messages of an announcement; None: announcements wait.
        claim_seconds: How long one attempt may take.
    """

    outbox: Outbox
    channels: Mapping[Channel, Notifier]
    addresses: Addresses
    templates: Callable[[], Templates]
    clock: Clock
    checkpoint: Callable[[dt.datetime], None]
    retries: Retries = field(default_factory=Retries)
    compose: Callable[[StoredMessage], Sequence[Message]] | None = None
    claim_seconds: int = CLAIM_SECONDS


@dataclass(frozen=True)
class Sending:
    """What a pass came to.

    Attributes:
        by_state: Messages by what became of them in this pass.
        down: Channels that could not be used, with the reason.
        in_doubt: Messages whose earlier sender died.
        announcements_wait: Why no messages could be made of announcements; None: they could.
    """

    by_state: Mapping[DeliveryState, int]
    down: Mapping[Channel, str]
    in_doubt: Sequence[str]
    announcements_wait: str | None = None
    late_count: int = 0
    """Sent after the time by which they should have been."""


def send_due(post: Post, batch: int = BATCH) -> Sending:
    """Send every message that is due, oldest first.

    A channel that is down is left alone for the rest of the pass: its messages wait, and are tried again later, for ever. A message that
    the other side refuses is dead; one of which nobody knows is in doubt. Both stay until a person has looked.
    """
    sender = f"sender-{uuid.uuid4().hex[:16]}"
    repeatable = [channel for channel, notifier in post.channels.items() if notifier.is_repeatable]
    doubtful = post.outbox.settle_dead_senders(repeatable, post.clock.now())
    tally: Counter[DeliveryState] = Counter()
    down: dict[Channel, str] = {}
    late_count = 0
    try:
        wait = _compose_due(post, sender, batch, tally)
        while claimed := post.outbox.claim(sender, post.claim_seconds, batch, post.clock.now(), without=down):
            for stored in claimed:
                channel = stored.message.channel
                if channel is None or channel in down:
                    continue
                attempt, state = _send(post, sender, stored)
                if state is not None:
                    tally[state] += 1
                    late_count += state is DeliveryState.SENT and _is_late(stored, post.clock.now())
                if attempt is not None and attempt.outcome is Outcome.CHANNEL_DOWN:
                    down[channel] = attempt.error or "it is down"
            post.outbox.give_back(sender, post.clock.now())
    finally:
        post.outbox.give_back(sender, post.clock.now())
    post.checkpoint(post.clock.now())
    return Sending(dict(tally), down, doubtful, wait, late_count)


def _is_late(stored: StoredMessage, now: dt.datetime) -> bool:
    by = stored.message.payload.get("tell_by_at")
    return by is not None and now > dt.datetime.fromisoformat(by)


def _send(post: Post, sender: str, stored: StoredMessage) -> tuple[Attempt | None, DeliveryState | None]:
    message = stored.message
    if message.channel is None or not post.outbox.begin(
        message.message_id, sender, post.claim_seconds, post.clock.now()
    ):
        return None, None
    attempt = _try(post, message.channel, stored)
    then = _copies(post, stored) if attempt.outcome is Outcome.SENT else []
    state = post.outbox.finish(message.message_id, sender, attempt, post.retries, post.clock.now(), then)
    return attempt, state


def _try(post: Post, channel: Channel, stored: StoredMessage) -> Attempt:
    notifier, message = post.channels.get(channel), stored.message
    if notifier is None:
        return Attempt(
            Outcome.CHANNEL_DOWN, error=f"the channel {channel} is not set up; `evenkeel channels list` says how"
        )
    address = post.addresses.address(channel, message.recipient_ref) or ""
    if not address and channel not in _NO_ADDRESS_NEEDED:
        text = f"no address of {message.recipient_ref} for {channel}; add it to contacts.csv and send it again"
        return Attempt(Outcome.REFUSED, error=text)
    try:
        return notifier.deliver(_delivery(stored, address))
    except Exception as error:
        if not notifier.is_repeatable:
            raise  # what went out nobody knows: the claim runs out, and the message is in doubt
        # Else it would be first in the next pass too, and keep all others from going out. The error's own text may hold an address.
        text = f"the channel {channel} failed in a way it does not know ({type(error).__name__})"
        return Attempt(Outcome.NOT_NOW, error=text)


def _delivery(stored: StoredMessage, address: str) -> Delivery:
    message = stored.message
    return Delivery(
        message_id=message.message_id,
        kind=message.kind,
        address=address,
        payload=message.payload,
        queued_at=stored.added_at,
        subject_id=message.subject_id,
        recipient_ref=message.recipient_ref,
    )


def _copies(post: Post, stored: StoredMessage) -> list[Message]:
    copy = journal_copy(stored) if Channel.JOURNAL in post.channels else None
    return [copy] if copy is not None else []


def _compose_due(post: Post, sender: str, batch: int, tally: Counter[DeliveryState]) -> str | None:
    """Make addressed messages of the announcements that are due; return why that is not possible now, or None.

    An announcement of which none can be made is dead: nothing of it is queued. What is addressed already goes out whatever happens here.
    """
    if post.compose is None:
        return NOBODY_WRITES
    wait: str | None = None
    while claimed := post.outbox.claim(sender, post.claim_seconds, batch, post.clock.now(), announcements=True):
        for stored in claimed:
            identity, now = stored.message.message_id, post.clock.now()
            try:
                made = post.compose(stored)
            except UsageError as error:
                if post.outbox.begin(identity, sender, post.claim_seconds, now):
                    post.outbox.finish(identity, sender, Attempt(Outcome.REFUSED, error=str(error)), post.retries, now)
                    tally[DeliveryState.DEAD] += 1
                continue
            except TransientError as error:
                wait = str(error)  # it stays claimed for this pass, so that it does not keep the others from being made
                continue
            post.outbox.compose(identity, made, now)
    return wait


def resolve(post: Post, beginning: str, how: How, reason: str, actor: str, role: str) -> tuple[str, DeliveryState]:
    """Settle a message in doubt, or a dead one, as a person says: it `sent`, send it `again`, or `drop` it. Return its id and new state.

    Raises:
        UsageError: No message or several begin so, it is neither in doubt nor dead, reason or actor is empty, the role may not.
    """
    if not reason.strip() or not actor.strip():
        raise UsageError("settling a message needs a reason and an actor")
    if role not in RESOLVERS:
        raise UsageError(f"--role {role!r}: a message is settled by one of {', '.join(RESOLVERS)}")
    stored = one_message(post, beginning)
    message, state, now = stored.message, _STATES[how], post.clock.now()
    if stored.state not in (DeliveryState.IN_DOUBT, DeliveryState.DEAD):
        raise UsageError(
            f"{message.message_id} is {stored.state}: only a message in doubt or dead is settled by a person"
        )
    event = Event(
        event_id=id_of(EventKind.MESSAGE_RESOLVED, message.message_id, now, actor),
        kind=EventKind.MESSAGE_RESOLVED,
        business_date=None,
        subject=message.subject_id or message.message_id,
        run_id=message.run_id,
        actor=actor,
        role=role,
        occurred_at=now,
        payload={
            "message_id": message.message_id,
            "channel": message.channel,
            "recipient_ref": message.recipient_ref,
            "from": stored.state,
            "to": state,
            "attempt": stored.attempt_count,
            "evidence": dict(stored.evidence or {}),
            "reason": reason,
        },
    )
    then = _copies(post, stored) if state is DeliveryState.SENT else []
    post.outbox.resolve(message.message_id, state, event, now, then)
    post.checkpoint(now)
    return message.message_id, state


def one_message(post: Post, beginning: str) -> StoredMessage:
    """Return the one message whose id begins so.

    Raises:
        UsageError: None does, or several do.
    """
    found = post.outbox.find(beginning=beginning.strip(), limit=2) if beginning.strip() else []
    exact = [each for each in found if each.message.message_id == beginning.strip()] or found
    if len(exact) != 1:
        what = "several messages begin" if exact else "no message begins"
        raise UsageError(f"{what} with {beginning!r}; `evenkeel messages list` lists them")
    return exact[0]


def try_channel(post: Post, channel: Channel, recipient_ref: str, asked_by: str) -> Attempt:
    """Send a message that says only that the channel works, at once, past the outbox; return what became of it.

    Raises:
        UsageError: The channel is not set up, or the recipient has no address there.
    """
    notifier, now = post.channels.get(channel), post.clock.now()
    if notifier is None:
        raise UsageError(f"the channel {channel} is not set up; `evenkeel channels list` says how")
    address = post.addresses.address(channel, recipient_ref) or ""
    if not address and channel not in _NO_ADDRESS_NEEDED:
        raise UsageError(f"no address of {recipient_ref} for {channel}; add it to contacts.csv")
    rendered = post.templates().render(
        MessageKind.CHANNEL_TEST, ChannelTest(recipient_ref, channel.value, asked_by, now)
    )
    payload = {
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "crm": {"kind": "note", "name": rendered.subject, "text": rendered.text, "due_at": now.isoformat()},
    }
    identity = stable_id("ms", "channel_test", channel, recipient_ref, now.isoformat())
    if channel is Channel.JOURNAL:
        payload = {
            "message_id": identity,
            "kind": MessageKind.CHANNEL_TEST.value,
            "channel": channel.value,
            "recipient_ref": recipient_ref,
            "queued_at": now.isoformat(),
            "payload": payload,
        }
    return notifier.deliver(
        Delivery(identity, MessageKind.CHANNEL_TEST.value, address, payload, now, identity, recipient_ref)
    )
