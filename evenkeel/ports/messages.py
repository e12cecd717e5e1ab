"""What is asked of whoever carries messages: an outbox that loses nothing, channels that say what became of each, addresses by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from data_contracts.vocab import Channel, DeliveryState
from evenkeel.audit.event import Event


@dataclass(frozen=True)
class Message:
    """Something to be told, before it is sent.

    Attributes:
        message_id: A pure function of what is told, to whom, on which channel: queued twice, it is one message.
        kind: A code of `vocab.MessageKind`.
        channel: The way it takes; None: an announcement, of which addressed messages are yet to be made.
        recipient_ref: Whom it is for, by id: an adviser's, a household's, `operations`. Never an address.
        subject_id: What it is about: a proposal, an event.
        payload: What the channel needs: `subject`, `text`, `html`; for a CRM also `crm`.
        run_id: The run that found it; None where a person did.
        not_before_at: Not to be sent earlier; None: at once.
        expires_at: Useless from then on: it is not sent any more but shown as dead; None: never.
        is_withheld: Recorded only: a pilot account's.
    """

    message_id: str
    kind: str
    channel: Channel | None
    recipient_ref: str
    subject_id: str
    payload: Mapping[str, Any]
    run_id: str | None = None
    not_before_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    is_withheld: bool = False


@dataclass(frozen=True)
class StoredMessage:
    """A message as the outbox has it.

    Attributes:
        message: What was queued.
        state: What became of it so far.
        attempt_count: How often a channel was asked to take it.
        next_try_at: When it is due; None: at once.
        last_error: What went wrong last, without client data; None: nothing.
        claimed_by: The sender that has it, or had it last.
        sent_at: When a channel took it.
        evidence: What proves that: Message-ID, response code, id at the other side.
        added_at: When it was queued.
        changed_at: When its state changed last.
    """

    message: Message
    state: DeliveryState
    attempt_count: int
    next_try_at: dt.datetime | None
    last_error: str | None
    claimed_by: str | None
    sent_at: dt.datetime | None
    evidence: Mapping[str, Any] | None
    added_at: dt.datetime
    changed_at: dt.datetime


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    """The other side has said that it has it."""
    NOT_NOW = "not_now"
    """It certainly does not have it, and may take it later."""
    CHANNEL_DOWN = "channel_down"
    """The same, and nothing else gets through either: no use trying the next message."""
    REFUSED = "refused"
    """It certainly does not have it, and will not take it as it is."""
    IN_DOUBT = "in_doubt"
    """The data went out, the answer did not come: nobody knows."""


@dataclass(frozen=True)
class Attempt:
    """What a channel says of one attempt.

    Attributes:
        outcome: How it ended.
        evidence: Ids and codes, no client data.
        error: What went wrong, for a person; no client data, no secrets.
        retry_after_seconds: How long the other side wants to be left alone; None: it did not say.
    """

    outcome: Outcome
    evidence: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class Delivery:
    """One message on its way: what a channel is handed.

    Attributes:
        message_id: Its id; channels derive what the other side may know it again by.
        kind: Its kind.
        address: Where it goes: a mail address, a contact's id in the CRM; empty for channels that have one address only.
        payload: As queued.
        queued_at: When it was queued: the date it bears, however often it is tried.
        subject_id: What it is about.
        recipient_ref: Whom it is for, by id.
    """

    message_id: str
    kind: str
    address: str
    payload: Mapping[str, Any]
    queued_at: dt.datetime
    subject_id: str = ""
    recipient_ref: str = ""


class Notifier(Protocol):
    """One channel."""

    @property
    def is_repeatable(self) -> bool:
        """Tell whether sending again is known to do no harm: the channel looks first whether the other side has it.

        An attempt of such a channel is never in doubt; it is made again.
        """
        ...

    def deliver(self, delivery: Delivery) -> Attempt:
        """Try once, and say what became of it. Does not raise for what the other side does."""
        ...


class Crm(Notifier, Protocol):
    """A channel that leaves tasks and notes with a client's contact; the payload's `crm` says which (`evenkeel.messages.crm`)."""

    def find(self, delivery: Delivery) -> str | None:
        """Return the id of the task or note that this delivery has left before, or None.

        Raises:
            TransientError: The CRM does not answer.
        """
        ...


class Addresses(Protocol):
    """Where people are reached."""

    def address(self, channel: Channel, recipient_ref: str) -> str | None:
        """Return where a recipient is reached on a channel, or None where that is not known."""
        ...


@dataclass(frozen=True)
class Retries:
    """How a message is tried again.

    Attributes:
        first_seconds: Until the second attempt; doubles each time.
        longest_seconds: Never longer than this.
        refused_count: After so many attempts that only this message failed, it is dead. A channel that is down does not count.
    """

    first_seconds: int = 60
    longest_seconds: int = 3600
    refused_count: int = 12

    def wait_seconds(self, attempt_count: int) -> int:
        """Return how long to wait after the attempt of that number, 1 being the first."""
        return int(min(self.first_seconds * 2 ** min(max(attempt_count - 1, 0), 30), self.longest_seconds))


class Outbox(Protocol):
    """Messages on their way. Every change of state and its event in the trail are one transaction."""

    def queue(self, messages: Sequence[Message], now: dt.datetime) -> int:
        """Add messages; one whose id is there changes nothing. Return how many are new."""
        ...

    def compose(self, message_id: str, messages: Sequence[Message], now: dt.datetime) -> None:
        """Add the addressed messages made of an announcement, which is done with that."""
        ...

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
        """Return messages that are due, oldest first, and keep other senders from them for some seconds.

        With `announcements` those without channel, else those with one, but for the channels `without`.
        """
        ...

    def begin(self, message_id: str, sender: str, seconds: int, now: dt.datetime) -> bool:
        """Mark a claimed message as being sent, right before it is; False where the claim was lost."""
        ...

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

        `then` is queued where it was sent: the copy for the archive.
        """
        ...

    def give_back(
        self, sender: str, now: dt.datetime, *, until: dt.datetime | None = None, channel: Channel | None = None
    ) -> int:
        """Free what a sender has claimed and not begun; with `until` it is not due before. Return how many."""
        ...

    def settle_dead_senders(self, repeatable: Sequence[Channel], now: dt.datetime) -> list[str]:
        """Find attempts whose sender has died: in doubt, or due again where the channel is repeatable. Return the ids in doubt."""
        ...

    def resolve(
        self, message_id: str, state: DeliveryState, event: Event, now: dt.datetime, then: Sequence[Message] = ()
    ) -> None:
        """Do as a person says with a message in doubt or dead: it was `sent`, is to be sent again (`pending`), or given up (`dead`).

        `then` is queued where it was sent.

        Raises:
            UsageError: It is neither in doubt nor dead, or not there.
        """
        ...

    def find(
        self, *, states: Sequence[DeliveryState] = (), beginning: str = "", limit: int = 200
    ) -> list[StoredMessage]:
        """Return messages of these states (none: all) whose id begins so, newest first."""
        ...

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many messages there are of each channel and state."""
        ...
