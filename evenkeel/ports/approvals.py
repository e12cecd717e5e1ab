"""Proposals on their way to consent, as stored: cases, the consents they need, every step taken, and what people have put on hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from data_contracts.vocab import (
    ConsentKind,
    ConsentState,
    ControlKind,
    ControlScope,
    ProposalState,
    Role,
    Step,
)
from evenkeel.audit.event import Event


@dataclass(frozen=True)
class Consent:
    """One needed yes to the whole of a proposal.

    Consents of lower `position` come first; those of one position are asked at once. `quorum`: how many of a position suffice.
    """

    consent_id: str
    proposal_id: str
    position: int
    kind: ConsentKind
    role: Role
    person_id: str | None
    """Whose; None: anybody's in the role."""
    quorum: int
    state: ConsentState = ConsentState.PENDING
    started_at: dt.datetime | None = None
    """When its clock started; None: its turn has not come."""
    remind_at: dt.datetime | None = None
    """Null once reminded."""
    escalate_at: dt.datetime | None = None
    """Null once escalated, and where there is nobody to escalate to."""
    due_at: dt.datetime | None = None
    given_by: str | None = None
    given_role: Role | None = None
    given_at: dt.datetime | None = None
    reason: str | None = None
    version_seen: int | None = None
    digest_seen: str | None = None
    """Digest of the proposal as the person saw it: a consent is to all of it or to nothing."""
    signature: str | None = None


@dataclass(frozen=True)
class Case:
    """A proposal's life as it stands. `version` counts its steps: whoever acts says which one they saw."""

    proposal_id: str
    alert_id: str
    run_id: str
    business_date: dt.date
    adviser_id: str
    household_id: str
    portfolio_id: str
    kind: str
    state: ProposalState
    version: int
    digest: str
    value_usd: Decimal
    policy_version: str
    modifies: str | None
    """The proposal that a person changed into this one."""
    escalated_to: str | None
    """Whom it waits for, beside those whose consent is needed: an adviser's id, or `compliance`."""
    until_date: dt.date | None
    """Of a deferred one: last quiet date, where a person gave one."""
    wake_at: dt.datetime | None
    """When the sweep must look at it next."""
    opened_at: dt.datetime
    changed_at: dt.datetime
    route: Mapping[str, Any]
    """How it was routed: facts, the line of the policy's table, the policy's part on approval."""
    content: Mapping[str, Any]
    """What is consented to, and what it rests on; `digest` is over its `list`."""
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One step taken: never changed. `version`: the case's after it."""

    proposal_id: str
    version: int
    step: Step
    from_state: ProposalState | None
    to_state: ProposalState
    actor: str
    role: Role
    at: dt.datetime
    reason: str
    version_seen: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """A message to be written to the outbox: ids only, words are found where it is sent."""

    message_id: str
    kind: str
    payload: Mapping[str, Any]
    is_withheld: bool = False
    """Recorded only, never sent: a pilot account's."""


@dataclass(frozen=True)
class Move:
    """A step as it is to be stored, with everything that goes with it, in one transaction or not at all.

    `after` has `version` one above `before`; it is stored only where the case is still at `before.version`.
    """

    before: Case | None
    """None: the case is opened."""
    after: Case
    step: Step
    actor: str
    role: Role
    at: dt.datetime
    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
    messages: Sequence[Message] = ()
    decision: Mapping[str, Any] | None = None
    """A row of `data_contracts.decisions` that keeps the alert quiet."""


@dataclass(frozen=True)
class Control:
    """What a person has put on an account, a security, a custodian or the book; it holds until a person ends it."""

    control_id: str
    kind: ControlKind
    scope: ControlScope
    subject_id: str
    """Empty for the book."""
    code: str
    """Of a suspension: `vocab.SuspensionKind`; else empty."""
    reason: str
    actor: str
    role: Role
    from_at: dt.datetime
    review_date: dt.date | None = None
    ended_at: dt.datetime | None = None
    ended_by: str | None = None
    ended_role: Role | None = None
    ended_reason: str | None = None


class Approvals(Protocol):
    """Cases, their steps and the controls."""

    def store(self, moves: Sequence[Move]) -> bool:
        """Store steps that belong together, one transaction for all: cases, consents, log, trail, outbox, decisions.

        Where a case to be opened is there already nothing is stored, and False returned.

        Raises:
            ActedBefore: Somebody else has moved a case meanwhile; says who, what and when. Nothing is stored.
        """
        ...

    def case(self, proposal_id: str) -> Case | None:
        """Return a case with its consents, or None."""
        ...

    def cases(
        self,
        *,
        states: Collection[ProposalState] = (),
        alert_ids: Collection[str] = (),
        adviser_id: str | None = None,
        household_id: str | None = None,
        beginning: str | None = None,
    ) -> list[Case]:
        """Return cases with their consents, by the time they were opened; each condition that is given must hold.

        `beginning`: of the proposal's or the alert's id.
        """
        ...

    def known(self, proposal_ids: Collection[str]) -> set[str]:
        """Return which of these have a case."""
        ...

    def due(self, now: dt.datetime, limit: int) -> list[Case]:
        """Return the cases that the sweep must look at by `now`, the longest due first."""
        ...

    def entries(self, proposal_id: str) -> list[Entry]:
        """Return every step of a case, in order."""
        ...

    def entries_of(self, proposal_ids: Collection[str]) -> list[Entry]:
        """Return every step of these cases, by proposal, each one's in order."""
        ...

    def put_control(self, control: Control, event: Event) -> None:
        """Store a control and its event; the same id again changes nothing."""
        ...

    def end_control(
        self, control_id: str, *, at: dt.datetime, actor: str, role: Role, reason: str, event: Event
    ) -> None:
        """End a control.

        Raises:
            ActedBefore: It was ended already; says by whom and when.
        """
        ...

    def controls(self, kind: ControlKind | None = None, *, with_ended: bool = False) -> list[Control]:
        """Return the controls, oldest first; those that hold, unless the ended ones are asked for too."""
        ...

    def sweeping(self, seconds: int) -> AbstractContextManager[Any]:
        """Hold the sweep alone while the context lasts.

        Raises:
            LeaseHeld: Another one is at it.
        """
        ...


def in_turn(consents: Iterable[Consent]) -> list[Consent]:
    """Return the pending consents whose turn it is: those of the lowest position that has any."""
    pending = [one for one in consents if one.state is ConsentState.PENDING]
    first = min((one.position for one in pending), default=0)
    return [one for one in pending if one.position == first]
