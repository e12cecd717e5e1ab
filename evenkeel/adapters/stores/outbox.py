"""The outbox as `ports.Outbox`: claims that no two senders share, outcomes with their events, doubt resolved by a person.

A sender claims messages, marks each as begun right before it hands it to the channel, and writes down what became of it. Claims last by the
machine's clock, as leases do; when a message is due goes by the clock that can be set. A claim that runs out before the message was begun
frees it. One that runs out afterwards leaves a message of which nobody knows whether it went out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select, update

from data_contracts.vocab import Channel, DeliveryState, EventKind, MessageKind
from evenkeel.adapters.stores.database import machine_now, reading, writing
from evenkeel.adapters.stores.outbox_queue import message_event, queue_messages
from evenkeel.adapters.stores.records_schema import outbox
from evenkeel.adapters.stores.trail import write_events
from evenkeel.audit.event import Event
from evenkeel.errors import UsageError
from evenkeel.ports import Attempt, Message, Outcome, Retries, StoredMessage

_WAITING = (DeliveryState.PENDING.value, DeliveryState.DELAYED.value)
_STUCK = (DeliveryState.IN_DOUBT.value, DeliveryState.DEAD.value)
_FIRST = (MessageKind.CLIENT_AFTER_FILL_SHORT.value, MessageKind.CLIENT_AFTER_FILL_DETAILED.value)
"""Kinds that have a quarter of an hour: no flood of others keeps them waiting."""
TOO_LATE = "its time had passed before a channel took it"
SENDER_DIED = "the sender died while it was sending; look at the other side, then `evenkeel messages resolve`"


class SqlOutbox:
    """A `ports.Outbox` in the records database, whose tables must be up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def queue(self, messages: Sequence[Message], now: dt.datetime) -> int:
        """Add messages; one whose id is there changes nothing. Return how many are new."""
        with writing(self._engine) as connection:
            return queue_messages(connection, messages, now)

    def compose(self, message_id: str, messages: Sequence[Message], now: dt.datetime) -> None:
        """Add the addressed messages made of an announcement, which is done with that; a second time changes nothing."""
        is_waiting = and_(outbox.c.message_id == message_id, outbox.c.state.in_(_WAITING))
        done = {"state": DeliveryState.COMPOSED.value, "changed_at": now, "claimed_until": None}
        with writing(self._engine) as connection:
            if connection.execute(update(outbox).where(is_waiting).values(done)).rowcount:
                queue_messages(connection, messages, now)

    def claim(
        self,
        sender: str,
        seconds: int,
        limit: int,
        now: dt.datetime,
        *,
        announcements: bool = False,
        without: Collection[Channel] = (),
    ) -> list[StoredMessage]:
        """Return messages that are due, those of fills before others, then oldest first; keep other senders from them for some seconds."""
        others = outbox.c.channel.not_in([each.value for each in without]) if without else outbox.c.channel.is_not(None)
        is_kind = outbox.c.channel.is_(None) if announcements else others
        with writing(self._engine) as connection:
            until = machine_now(connection)
            is_due = and_(is_kind, _is_due(now), or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= until))
            oldest = func.coalesce(outbox.c.next_try_at, outbox.c.added_at)
            later = case((outbox.c.kind.in_(_FIRST), 0), else_=1)
            query = select(outbox).where(is_due).order_by(later, oldest, outbox.c.message_id).limit(limit)
            found = [dict(row) for row in connection.execute(query.with_for_update(skip_locked=True)).mappings()]
            late = [row for row in found if row["expires_at"] is not None and row["expires_at"] <= now]
            for row in late:
                _settle(connection, row, DeliveryState.DEAD, now, last_error=TOO_LATE)
            kept = [row for row in found if row not in late]
            ids = [row["message_id"] for row in kept]
            claim = {"claimed_by": sender, "claimed_until": until + dt.timedelta(seconds=seconds)}
            if ids:
                connection.execute(update(outbox).where(outbox.c.message_id.in_(ids)).values(claim))
            return [_stored({**row, **claim}) for row in kept]

    def begin(self, message_id: str, sender: str, seconds: int, now: dt.datetime) -> bool:
        """Mark a claimed message as being sent, right before it is; False where the claim was lost."""
        with writing(self._engine) as connection:
            at = machine_now(connection)
            is_ours = and_(_is_held(message_id, sender), outbox.c.state.in_(_WAITING))
            begun = {
                "state": DeliveryState.SENDING.value,
                "attempt_count": outbox.c.attempt_count + 1,
                "claimed_until": at + dt.timedelta(seconds=seconds),
                "changed_at": now,
            }
            return bool(connection.execute(update(outbox).where(is_ours).values(begun)).rowcount)

    def finish(
        self,
        message_id: str,
        sender: str,
        attempt: Attempt,
        retries: Retries,
        now: dt.datetime,
        then: Sequence[Message] = (),
    ) -> DeliveryState | None:
        """Write down what became of an attempt; None where somebody else has the message by now.

        An answer that comes after the claim ran out still ends the doubt, as long as nobody has resolved it.
        """
        is_open = outbox.c.state.in_((DeliveryState.SENDING.value, DeliveryState.IN_DOUBT.value))
        query = select(outbox).where(_is_held(message_id, sender), is_open).with_for_update()
        with writing(self._engine) as connection:
            found = connection.execute(query).mappings().one_or_none()
            if found is None:
                return None
            row = dict(found)
            state, changes = _became(row, attempt, retries, now)
            _settle(connection, row, state, now, **changes)
            if state is DeliveryState.SENT:
                queue_messages(connection, then, now)
            return state

    def give_back(
        self, sender: str, now: dt.datetime, *, until: dt.datetime | None = None, channel: Channel | None = None
    ) -> int:
        """Free what a sender has claimed and not begun; with `until` it is not due before. Return how many."""
        is_ours = and_(outbox.c.claimed_by == sender, outbox.c.state.in_(_WAITING))
        if channel is not None:
            is_ours = and_(is_ours, outbox.c.channel == channel.value)
        freed: dict[str, Any] = {"claimed_by": None, "claimed_until": None}
        freed |= {} if until is None else {"next_try_at": until, "changed_at": now}
        with writing(self._engine) as connection:
            return connection.execute(update(outbox).where(is_ours).values(freed)).rowcount

    def settle_dead_senders(self, repeatable: Sequence[Channel], now: dt.datetime) -> list[str]:
        """Find attempts whose sender has died: in doubt, or due again where the channel is repeatable. Return the ids in doubt."""
        doubtful = []
        with writing(self._engine) as connection:
            is_dead = and_(
                outbox.c.state == DeliveryState.SENDING.value, outbox.c.claimed_until <= machine_now(connection)
            )
            query = select(outbox).where(is_dead).order_by(outbox.c.message_id).with_for_update(skip_locked=True)
            for row in [dict(each) for each in connection.execute(query).mappings()]:
                if row["channel"] in repeatable:
                    _settle(connection, row, DeliveryState.DELAYED, now, last_error="the sender died", next_try_at=now)
                else:
                    _settle(connection, row, DeliveryState.IN_DOUBT, now, last_error=SENDER_DIED)
                    doubtful.append(row["message_id"])
        return doubtful

    def resolve(
        self, message_id: str, state: DeliveryState, event: Event, now: dt.datetime, then: Sequence[Message] = ()
    ) -> None:
        """Do as a person says with a message in doubt or dead: it was `sent`, is to be sent again (`pending`), or given up (`dead`)."""
        changes: dict[str, Any] = {
            "state": state.value,
            "changed_at": now,
            "claimed_by": None,
            "claimed_until": None,
            "next_try_at": None,
        }
        if state is DeliveryState.SENT:
            changes |= {"sent_at": now, "last_error": None}
        if state is DeliveryState.PENDING:
            changes |= {"failure_count": 0, "expires_at": None}
        is_stuck = and_(outbox.c.message_id == message_id, outbox.c.state.in_(_STUCK))
        with writing(self._engine) as connection:
            if not connection.execute(update(outbox).where(is_stuck).values(changes)).rowcount:
                raise UsageError(
                    f"{message_id} is neither in doubt nor dead any more; `evenkeel messages list` says what it is"
                )
            write_events(connection, [event])
            if state is DeliveryState.SENT:
                queue_messages(connection, then, now)

    def find(
        self, *, states: Sequence[DeliveryState] = (), beginning: str = "", limit: int = 200
    ) -> list[StoredMessage]:
        """Return messages of these states (none: all) whose id begins so, newest first."""
        query = select(outbox).order_by(outbox.c.added_at.desc(), outbox.c.message_id).limit(limit)
        if states:
            query = query.where(outbox.c.state.in_([each.value for each in states]))
        if beginning:
            query = query.where(outbox.c.message_id.startswith(beginning, autoescape=True))
        with reading(self._engine) as connection:
            return [_stored(dict(row)) for row in connection.execute(query).mappings()]

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many messages there are of each channel and state."""
        channel = func.coalesce(outbox.c.channel, "")
        with reading(self._engine) as connection:
            found = connection.execute(select(channel, outbox.c.state, func.count()).group_by(channel, outbox.c.state))
            return {(row[0], row[1]): int(row[2]) for row in found}


def _became(
    row: Mapping[str, Any], attempt: Attempt, retries: Retries, now: dt.datetime
) -> tuple[DeliveryState, dict[str, Any]]:
    """Return the state after an attempt, and the columns that change with it."""
    if attempt.outcome is Outcome.SENT:
        return DeliveryState.SENT, {"sent_at": now, "evidence": dict(attempt.evidence), "last_error": None}
    said: dict[str, Any] = {"last_error": attempt.error, "evidence": dict(attempt.evidence)}
    if attempt.outcome is Outcome.IN_DOUBT:
        return DeliveryState.IN_DOUBT, said
    if attempt.outcome is Outcome.REFUSED:
        return DeliveryState.DEAD, said
    failures = row["failure_count"] + (attempt.outcome is Outcome.NOT_NOW)
    if failures >= retries.refused_count:
        return DeliveryState.DEAD, said | {"failure_count": failures}
    seconds = max(retries.wait_seconds(row["attempt_count"]), attempt.retry_after_seconds or 0)
    return DeliveryState.DELAYED, said | {"failure_count": failures, "next_try_at": now + dt.timedelta(seconds=seconds)}


_TOLD: dict[DeliveryState, EventKind] = {
    DeliveryState.SENT: EventKind.MESSAGE_SENT,
    DeliveryState.DELAYED: EventKind.MESSAGE_DELAYED,
    DeliveryState.DEAD: EventKind.MESSAGE_DEAD,
    DeliveryState.IN_DOUBT: EventKind.MESSAGE_IN_DOUBT,
}


def _settle(
    connection: Connection, row: Mapping[str, Any], state: DeliveryState, now: dt.datetime, **changes: Any
) -> None:
    """Change a message's state and tell the trail; a delay for the same reason as before is told once.

    The claim of a message in doubt stays: the answer of its sender may still come.
    """
    after = {**row, **changes, "state": state.value}
    freed = {} if state is DeliveryState.IN_DOUBT else {"claimed_by": None, "claimed_until": None}
    values = {**changes, **freed, "state": state.value, "changed_at": now}
    connection.execute(update(outbox).where(outbox.c.message_id == row["message_id"]).values(values))
    if state is DeliveryState.DELAYED and row["last_error"] == after["last_error"]:
        return
    more = {"attempt": row["attempt_count"], "evidence": after["evidence"] or {}, "error": after["last_error"]}
    write_events(connection, [message_event(_TOLD[state], after, now, [row["attempt_count"]], **more)])


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    return and_(outbox.c.state.in_(_WAITING), or_(outbox.c.next_try_at.is_(None), outbox.c.next_try_at <= now))


def _is_held(message_id: str, sender: str) -> ColumnElement[bool]:
    return and_(outbox.c.message_id == message_id, outbox.c.claimed_by == sender)


def _stored(row: Mapping[str, Any]) -> StoredMessage:
    return StoredMessage(
        message=Message(
            message_id=row["message_id"],
            kind=row["kind"],
            channel=None if row["channel"] is None else Channel(row["channel"]),
            recipient_ref=row["recipient_ref"] or "",
            subject_id=row["subject_id"] or "",
            payload=row["payload"],
            run_id=row["run_id"],
            not_before_at=None,
            expires_at=row["expires_at"],
            is_withheld=row["state"] == DeliveryState.WITHHELD,
        ),
        state=DeliveryState(row["state"]),
        attempt_count=row["attempt_count"],
        next_try_at=row["next_try_at"],
        last_error=row["last_error"],
        claimed_by=row["claimed_by"],
        sent_at=row["sent_at"],
        evidence=row["evidence"],
        added_at=row["added_at"],
        changed_at=row["changed_at"],
    )
