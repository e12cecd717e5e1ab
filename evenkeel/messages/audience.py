"""Which message an announcement becomes for whom, and what stands in it where the announcement does not say."""

from __future__ import annotations

from data_contracts.vocab import Channel, MessageKind
from evenkeel.errors import UsageError

CLIENT = "client"
OPERATIONS = ("operations", "compliance", "administrator")
_ALIASES = {"superseded": MessageKind.PROPOSAL_SUPERSEDED}
_FOR_CLIENTS = {
    MessageKind.APPROVAL_REQUESTED: MessageKind.CLIENT_PROPOSAL,
    MessageKind.APPROVAL_REMINDER: MessageKind.CLIENT_REMINDER,
}
NEXT_STEPS: dict[MessageKind, str] = {
    MessageKind.PROPOSAL_APPROVED: "Its orders go out with the next batch.",
    MessageKind.PROPOSAL_DECLINED: "The alert stays quiet for its cooldown unless it grows.",
    MessageKind.APPROVAL_EXPIRED: "Nothing is traded; the alert stays open, and a new proposal comes with the next run.",
    MessageKind.PROPOSAL_SUPERSEDED: "The newer proposal comes to you by itself.",
}
DECIDED_BY: dict[MessageKind, str] = {
    MessageKind.PROPOSAL_APPROVED: "all who were asked",
    MessageKind.PROPOSAL_DECLINED: "one of those asked",
    MessageKind.APPROVAL_EXPIRED: "nobody",
    MessageKind.PROPOSAL_SUPERSEDED: "nobody",
}


def kind_for(announced: str, role: str) -> MessageKind:
    """Return the kind of message that a person in a role gets.

    Raises:
        UsageError: No message is called so.
    """
    try:
        kind = _ALIASES.get(announced) or MessageKind(announced)
    except ValueError as error:
        raise UsageError(f"message {announced!r}: no message is called so") from error
    return _FOR_CLIENTS.get(kind, kind) if role == CLIENT else kind


def parse_channels(text: str, setting: str, *, has_mail: bool) -> tuple[Channel, ...]:
    """Return the channels that a setting names; mail where there is a server, else files, where it names none.

    Raises:
        UsageError: It names one that does not exist, or that people are not told by.
    """
    named = [each.strip() for each in text.split(",") if each.strip()]
    wrong = [each for each in named if each not in set(Channel) or each == Channel.JOURNAL]
    if wrong:
        raise UsageError(
            f"{setting}: {', '.join(wrong)} is no channel; they are {', '.join(each for each in Channel if each is not Channel.JOURNAL)}"
        )
    return tuple(dict.fromkeys(Channel(each) for each in named)) or (Channel.EMAIL if has_mail else Channel.FILE,)
