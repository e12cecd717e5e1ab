"""The words of `evenkeel channels` and `evenkeel messages`, and their defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli.options import Home

ChannelName = Literal["email", "webhook", "chat", "sms", "redtail", "wealthbox", "journal", "file"]
"""`vocab.Channel`, written out: `--help` imports nothing."""
StateName = Literal["pending", "sending", "sent", "delayed", "dead", "in_doubt", "withheld", "composed"]
"""`vocab.DeliveryState`."""
Kind = Literal[
    "approval_requested",
    "approval_reminder",
    "approval_escalated",
    "approval_expired",
    "proposal_approved",
    "proposal_declined",
    "proposal_superseded",
    "client_proposal",
    "client_reminder",
    "client_after_fill_short",
    "client_after_fill_detailed",
    "client_fill_broken",
    "operations_digest",
    "market_event_digest",
    "channel_test",
]
"""`vocab.MessageKind`."""


def channels_app() -> App:
    """Return `evenkeel channels`."""
    channels = App(name="channels", help="The ways messages take: which are set up, and whether they work.")

    @channels.command(name="list")
    def list_channels(*, home: Home = None) -> int:
        """List the channels: which are set up, how the others are, and how many messages wait or need a person."""
        from evenkeel.cli import messaging

        return messaging.list_channels(home)

    @channels.command
    def test(
        channel: Annotated[ChannelName, Parameter(name="CHANNEL", help="The channel.")],
        /,
        *,
        to: Annotated[str, Parameter(help="Whom to send it to, by id (contacts.csv).")] = "operations",
        home: Home = None,
    ) -> int:
        """Send a message that says only that the channel works, at once; exit code 1 where it does not."""
        from evenkeel.cli import messaging

        return messaging.test_channel(home, channel, to)

    return channels


def messages_app() -> App:
    """Return `evenkeel messages`."""
    messages = App(name="messages", help="What is told to advisers, clients and operations, and what became of it.")

    @messages.command(name="list")
    def list_messages(
        *,
        state: Annotated[tuple[StateName, ...], Parameter(help="Only these states. Repeatable.", negative=())] = (),
        limit: Annotated[int, Parameter(help="The newest so many.")] = 50,
        format: Annotated[Literal["table", "json"], Parameter(help="How to print.")] = "table",
        home: Home = None,
    ) -> int:
        """List messages: to whom, on which channel, what became of them, and what went wrong."""
        from evenkeel.cli import messaging

        return messaging.list_messages(home, state, limit, format)

    @messages.command
    def show(
        message_id: Annotated[str, Parameter(name="MESSAGE", help="The message's id, or its beginning.")],
        /,
        *,
        home: Home = None,
    ) -> int:
        """Print a message's words; of an announcement what would be said, a pilot's too. Links are left out: each is one person's."""
        from evenkeel.cli import messaging

        return messaging.show(home, message_id)

    @messages.command
    def preview(
        kind: Annotated[
            Kind | None, Parameter(name="KIND", help="The kind of message; all of them by default.")
        ] = None,
        /,
        *,
        scenario: Annotated[str, Parameter(help="The sample scenario; a wrong one lists them.")] = "typical",
        format: Annotated[Literal["text", "html"], Parameter(help="How to print.")] = "text",
        out: Annotated[Path | None, Parameter(help="Write every kind under every scenario into this folder.")] = None,
        home: Home = None,
    ) -> int:
        """Show a message with invented clients, as the home's templates make it. Without KIND: try every template."""
        from evenkeel.cli import messaging

        return messaging.preview(home, kind, scenario, format, out)

    @messages.command
    def send(*, home: Home = None) -> int:
        """Send what is due. Safe to run late, twice, or in two places; exit code 3 where something needs a person."""
        from evenkeel.cli import messaging

        return messaging.send(home)

    @messages.command
    def resolve(
        message_id: Annotated[str, Parameter(name="MESSAGE", help="The message's id, or its beginning.")],
        /,
        *,
        how: Annotated[Literal["sent", "again", "drop"], Parameter(help="It was sent; send it again; give it up.")],
        reason: Annotated[str, Parameter(help="Why, in words; it is kept.")],
        actor: Annotated[str, Parameter(help="Who decides.")],
        role: Annotated[str, Parameter(help="In what role.")] = "operations",
        home: Home = None,
    ) -> int:
        """Settle a message in doubt, or a dead one, after looking at the other side."""
        from evenkeel.cli import messaging

        return messaging.resolve(home, message_id, how, reason, actor, role)

    return messages
