"""A post office for tests: a real outbox, channels that do as they are told, a clock that can be moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data_contracts.vocab import Channel
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.desk.sending import Post
from evenkeel.messages.scenarios import SAMPLE_FIRM
from evenkeel.messages.templates import Templates
from evenkeel.ports import Attempt, Delivery, Message, Notifier, Outcome, Retries

NOON = dt.datetime(2026, 3, 6, 17, 0, tzinfo=dt.UTC)


@dataclass
class MovingClock:
    """A clock that stands still until it is moved."""

    instant: dt.datetime = NOON

    def now(self) -> dt.datetime:
        return self.instant

    def move(self, **step: float) -> None:
        self.instant += dt.timedelta(**step)


@dataclass
class Told:
    """A channel that answers as told, and sends where nothing is told."""

    answers: list[Outcome] = field(default_factory=list)
    is_repeatable: bool = False
    asked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    retry_after_seconds: float | None = None

    def deliver(self, delivery: Delivery) -> Attempt:
        self.asked.append(delivery.message_id)
        outcome = self.answers.pop(0) if self.answers else Outcome.SENT
        if outcome in (Outcome.SENT, Outcome.IN_DOUBT):
            self.taken.append(delivery.message_id)
        error = None if outcome is Outcome.SENT else f"told to be {outcome}"
        return Attempt(outcome, {"response_code": 1}, error, self.retry_after_seconds)


@dataclass(frozen=True)
class Everybody:
    """Addresses of everybody but those in `unknown`."""

    unknown: tuple[str, ...] = ()

    def address(self, channel: Channel, recipient_ref: str) -> str | None:
        return None if recipient_ref in self.unknown else f"{recipient_ref.lower()}@client.example"


def message(identity: str, channel: Channel | None = Channel.EMAIL, **changes: Any) -> Message:
    values: dict[str, Any] = {
        "message_id": f"ms-{identity}",
        "kind": "client_proposal",
        "channel": channel,
        "recipient_ref": "HH-000012",
        "subject_id": "pp-5d1e9c70a2b34f68",
        "payload": {"subject": "Your decision, please", "text": "Dear Kevin", "html": "<p>Dear Kevin</p>"},
    }
    return Message(**values | changes)


def post_of(
    records: SqlRecords, channels: Mapping[Channel, Notifier], clock: MovingClock | None = None, **more: Any
) -> Post:
    return Post(
        outbox=records.outbox,
        channels=channels,
        addresses=more.pop("addresses", Everybody()),
        templates=lambda: Templates(SAMPLE_FIRM),
        clock=clock or MovingClock(),
        checkpoint=records.checkpoint,
        retries=more.pop("retries", Retries(60, 3600, 3)),
        **more,
    )
