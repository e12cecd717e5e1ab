"""Make addressed messages of an announcement: look up what it names by id, fill in the fields, render.

An announcement is queued in the transaction of what it tells of, and holds ids only: `proposal_id`, `alert_id`, `adviser_id`,
`household_id`, `recipient_id`, `recipient_role`, `due_at`, `case_version`, and where they are known `escalated_from`, `escalated_by`,
`decided_by`, `decided_role`, `reason`, `next_step`. What is said of a proposal is what its case has: that is what is consented to, a
list that a person changed too. Whatever is missing is an error here, before anything is queued for a channel.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from data_contracts.vocab import Channel, MessageKind
from evenkeel.desk.case_fields import case_fields, decider, earlier_results, person_words
from evenkeel.desk.digest_message import digest_values
from evenkeel.desk.directory import Directory
from evenkeel.desk.event_message import event_values
from evenkeel.desk.filled_message import broken_values, filled_values
from evenkeel.desk.page import directory_of
from evenkeel.desk.proposal_fields import proposal_fields
from evenkeel.desk.proposals import Proposal, proposals_by_id
from evenkeel.desk.reading import dataset
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.messages.audience import CLIENT, NEXT_STEPS, OPERATIONS, kind_for
from evenkeel.messages.fields import (
    FIELDS,
    Asked,
    Broken,
    Decided,
    Digest,
    Filled,
    MarketEvent,
    ProposalFields,
    build_fields,
)
from evenkeel.messages.links import LinkPurpose, Signer, link
from evenkeel.messages.templates import Rendered, Templates
from evenkeel.messages.wording import one_line
from evenkeel.ports import Message, RunRecord, StoredMessage
from evenkeel.ports.approvals import Case
from evenkeel.run.house import House

CRMS = (Channel.REDTAIL, Channel.WEALTHBOX)
_FILE_NOTES = (Filled, Broken)
"""Kinds of which the client's file has a note."""
RUNS_AT_ONCE = 4
"""Runs whose facts are kept: reminders are of several."""
FOLLOW_UP_DAYS = 7
"""How long the link of a follow-up works: no clock of its own runs on."""


@dataclass(frozen=True)
class _Facts:
    """One run's alerts, proposals and names, read once."""

    alerts: Mapping[str, Mapping[str, Any]]
    proposals: Mapping[str, Proposal]
    directory: Directory


@dataclass(frozen=True)
class Composer:
    """Makes messages; called with a stored announcement.

    Attributes:
        house: Where the facts are.
        templates: Those that count.
        signer: Signs links.
        public_url: Where links lead.
        channels: By which people are told, by audience: `adviser`, `client`, `operations`.
    """

    house: House
    templates: Templates
    signer: Signer
    public_url: str
    channels: Mapping[str, Sequence[Channel]]
    _runs: dict[str, _Facts] = field(default_factory=dict)

    def __call__(self, stored: StoredMessage) -> list[Message]:
        """Return a message for each channel of the recipient.

        Raises:
            UsageError: A field is missing, or what it names is not there.
        """
        told = stored.message.payload
        role, recipient = str(told.get("recipient_role") or "adviser"), told.get("recipient_id")
        if not recipient:
            raise UsageError(f"message {stored.message.kind}: recipient_id is missing; nothing was queued")
        kind = kind_for(stored.message.kind, role)
        try:
            values = self._values(kind, stored, str(recipient), role)
        except (ValueError, KeyError, ArithmeticError) as error:
            # Its text may hold the value.
            raise UsageError(
                f"message {kind}: an id, a date, a figure or a version is none; nothing was queued"
            ) from error
        fields = build_fields(kind, values)
        rendered = self.templates.render(kind, fields)
        audience = CLIENT if role == CLIENT else "operations" if role in OPERATIONS else "adviser"
        channels = [*self.channels[audience]]
        if FIELDS[kind] in _FILE_NOTES:
            # The client's file gets the date and the reason, however the client is told.
            channels += [each for each in self.channels["adviser"] if each in CRMS and each not in channels]
        return [_message(stored, kind, channel, str(recipient), rendered, values) for channel in channels]

    def _values(self, kind: MessageKind, stored: StoredMessage, recipient: str, role: str) -> dict[str, Any]:
        if FIELDS[kind] is MarketEvent:
            return event_values(self.house, self._run(stored), recipient)
        if FIELDS[kind] is Digest:
            return digest_values(self.house, self._run(stored))
        told = stored.message.payload
        case = self.house.approvals.case(str(told.get("proposal_id")))
        facts = self._facts(self._run(stored) if case is None else self._run_of(kind, case.run_id))
        alert = facts.alerts.get(told.get("alert_id", ""))
        if alert is None:
            raise UsageError(f"message {kind}: its run has no alert of that id; nothing was queued")
        directory, proposal = facts.directory, _proposal(kind, told, case, alert, facts)
        name = alert["household_name"] if role == CLIENT else directory.adviser(recipient)
        adviser = directory.adviser(str(told.get("adviser_id") or alert["adviser_id"]))
        values: dict[str, Any] = {"recipient_name": name, "proposal": proposal}
        if FIELDS[kind] is Asked:
            due_at = _due_at(kind, stored)
            version = int(told.get("case_version") or 0)
            token = self.signer.token(LinkPurpose.DECIDE, told["proposal_id"], recipient, version, due_at)
            is_reviewed = bool(told.get("escalated_by"))
            return values | {
                "adviser_name": adviser,
                "due_at": due_at,
                "approval_link": link(self.public_url, token),
                "escalated_from": person_words(told.get("escalated_from"), directory),
                "escalated_by": person_words(told.get("escalated_by"), directory),
                "reason": str(told.get("reason") or "") if is_reviewed else "",
                "earlier": earlier_results(self.house, case) if case is not None and role == CLIENT else (),
            }
        if FIELDS[kind] is Filled:
            return values | {"adviser_name": adviser, **filled_values(told, proposal, directory)}
        if FIELDS[kind] is Broken:
            return values | {"adviser_name": adviser, **broken_values(told, directory)}
        if FIELDS[kind] is Decided:
            return values | {
                "decided_at": stored.added_at,
                "decided_by": decider(told, kind, directory),
                "reason": told.get("reason") or "",
                "next_step": told.get("next_step") or NEXT_STEPS[kind],
            }
        raise UsageError(f"message {kind}: it is not made from an announcement; nothing was queued")

    def _facts(self, run: RunRecord) -> _Facts:
        if run.run_id not in self._runs:
            if len(self._runs) >= RUNS_AT_ONCE:
                self._runs.pop(next(iter(self._runs)))
            self._runs[run.run_id] = _read(self.house, run)
        return self._runs[run.run_id]

    def _run(self, stored: StoredMessage) -> RunRecord:
        return self._run_of(stored.message.kind, stored.message.run_id or "")

    def _run_of(self, kind: str, run_id: str) -> RunRecord:
        run = self.house.records.run(run_id)
        if run is None:
            raise UsageError(f"message {kind}: it names no run that is known; nothing was queued")
        return run


def _proposal(
    kind: MessageKind, told: Mapping[str, Any], case: Case | None, alert: Mapping[str, Any], facts: _Facts
) -> ProposalFields:
    """Return what the case has; of a proposal that has none, what its run has."""
    made = facts.proposals.get(told.get("proposal_id", ""))
    if case is not None:
        return case_fields(case, alert, facts.directory, made["notes"] if made else (), told.get("after"))
    if made is None:
        raise UsageError(f"message {kind}: there is no proposal of that id; nothing was queued")
    return proposal_fields(alert, made)


def _due_at(kind: MessageKind, stored: StoredMessage) -> dt.datetime:
    told = stored.message.payload
    if told.get("is_follow_up"):
        return stored.added_at + dt.timedelta(days=FOLLOW_UP_DAYS)
    if not told.get("due_at"):
        raise UsageError(f"message {kind}: due_at is missing; nothing was queued")
    return dt.datetime.fromisoformat(told["due_at"])


def _message(
    stored: StoredMessage,
    kind: MessageKind,
    channel: Channel,
    recipient: str,
    rendered: Rendered,
    values: Mapping[str, Any],
) -> Message:
    announced, due_at = stored.message, values.get("due_at")
    payload: dict[str, Any] = {"subject": rendered.subject, "text": rendered.text, "html": rendered.html}
    if values.get("approval_link"):
        payload["link"] = values["approval_link"]
    if channel in CRMS:
        is_task = due_at is not None
        payload["crm"] = {
            "kind": "task" if is_task else "note",
            "name": rendered.subject,
            "text": _crm_text(announced.payload, rendered, values),
            "priority": "High" if kind is MessageKind.APPROVAL_ESCALATED else "Medium",
            **({"due_at": due_at.isoformat()} if due_at is not None else {}),
            **({"closes": _ids(announced.payload)} if FIELDS[kind] is Decided else {}),
        }
    if told_by := announced.payload.get("tell_by_at"):
        payload["tell_by_at"] = told_by
    identity: tuple[object, object] = (announced.message_id, recipient)
    if channel in CRMS and FIELDS[kind] in _FILE_NOTES:
        # A proposal is filled once, and may be taken back in parts.
        what = "filled" if FIELDS[kind] is Filled else f"broken-{announced.payload.get('case_version')}"
        identity = (announced.payload.get("proposal_id"), what)
    return Message(
        # Two owners are told, and the client's file has one note.
        message_id=stable_id("ms", identity[0], channel, identity[1]),
        kind=kind.value,
        channel=channel,
        # In a CRM a task lies with the client it is about.
        recipient_ref=str(announced.payload.get("household_id") or recipient) if channel in CRMS else recipient,
        subject_id=announced.subject_id,
        payload=payload,
        run_id=announced.run_id,
        expires_at=due_at,
    )


def _ids(told: Mapping[str, Any]) -> list[str]:
    """Return the ids that every task about a proposal bears: once it is decided, the tasks that ask for it are done."""
    return [str(told.get("alert_id")), str(told.get("proposal_id"))]


def _crm_text(told: Mapping[str, Any], rendered: Rendered, values: Mapping[str, Any]) -> str:
    """Return what a CRM keeps: the message without its link, which is one person's; why, and the alert's id to search by."""
    lines = [line for line in rendered.text.splitlines() if "/decide?t=" not in line and "Look and decide" not in line]
    why = [f"Why: {one_line(values['proposal'].reason)}"] if "fills" in values else []
    return "\n".join([*lines, *why, f"Alert {told.get('alert_id')}, proposal {told.get('proposal_id')}"])


def _read(house: House, run: RunRecord) -> _Facts:
    directory = directory_of(house, run)
    alerts = dataset(house, run, Alerts).filter(pl.col("proposal_id").is_not_null())
    proposals = proposals_by_id(dataset(house, run, Proposals), dataset(house, run, Trades), directory)
    return _Facts({row["alert_id"]: row for row in alerts.iter_rows(named=True)}, proposals, directory)
