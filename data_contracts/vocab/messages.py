"""What is told to whom and how: kinds of message, channels, what became of each."""

from __future__ import annotations

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message says; each has a template of this name."""

    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_REMINDER = "approval_reminder"
    APPROVAL_ESCALATED = "approval_escalated"
    APPROVAL_EXPIRED = "approval_expired"
    PROPOSAL_APPROVED = "proposal_approved"
    PROPOSAL_DECLINED = "proposal_declined"
    PROPOSAL_SUPERSEDED = "proposal_superseded"
    CLIENT_PROPOSAL = "client_proposal"
    CLIENT_REMINDER = "client_reminder"
    CLIENT_AFTER_FILL_SHORT = "client_after_fill_short"
    CLIENT_AFTER_FILL_DETAILED = "client_after_fill_detailed"
    CLIENT_FILL_BROKEN = "client_fill_broken"
    OPERATIONS_DIGEST = "operations_digest"
    MARKET_EVENT_DIGEST = "market_event_digest"
    CHANNEL_TEST = "channel_test"


class Channel(StrEnum):
    """The way a message takes."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"
    SMS = "sms"
    REDTAIL = "redtail"
    WEALTHBOX = "wealthbox"
    JOURNAL = "journal"
    FILE = "file"


class DeliveryState(StrEnum):
    """What became of a message.

    `sending` lasts as long as one attempt; an attempt whose sender died is `in_doubt`. `withheld` is final: pilot accounts have
    everything computed and recorded, and nothing sent. `composed`: it was an announcement without channel, and the messages made of it
    are rows of their own.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELAYED = "delayed"
    DEAD = "dead"
    IN_DOUBT = "in_doubt"
    WITHHELD = "withheld"
    COMPOSED = "composed"
