"""The one state machine of a proposal's life, as data: from where, by which step, to where, in which role, with a reason or without.

docs/approval.md shows this table and its drawing; a test holds them equal. The database refuses every other change of state
(migration 0003).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_contracts.vocab import ProposalState as S
from data_contracts.vocab import Role, Step
from evenkeel.errors import UsageError

_DESK = frozenset({Role.ADVISER, Role.SENIOR_ADVISER})
_AUTO = frozenset({Role.AUTOMATION})
_OPERATIONS = frozenset({Role.OPERATIONS, Role.AUTOMATION})
_WAITING = (S.WITH_ADVISER, S.WITH_CLIENT, S.ESCALATED)
OPEN_STATES = (S.DRAFTED, S.CHECKED, *_WAITING)
"""In which somebody has still to say yes."""
WAITING_STATES = _WAITING
"""In which a clock runs."""
HANDED_OVER_STATES = (S.DRAFTED, *_WAITING, S.APPROVED)
"""In which a proposal goes to somebody else when whoever it waits for has left the firm."""
REPLACEABLE_STATES = (*OPEN_STATES, S.APPROVED, S.DEFERRED)
"""A newer proposal takes the place of one in these; from `staged` on it does not."""


@dataclass(frozen=True)
class Transition:
    """One arrow: taken by `step`, in one of `roles`."""

    origin: S
    step: Step
    target: S
    roles: frozenset[Role]
    needs_reason: bool = False


def _rows() -> Iterable[Transition]:
    yield Transition(S.DRAFTED, Step.CHECK, S.CHECKED, _AUTO)
    yield Transition(S.DRAFTED, Step.OVERRIDE_WASH, S.CHECKED, frozenset({Role.SENIOR_ADVISER}), True)
    yield Transition(S.DRAFTED, Step.ESCALATE, S.ESCALATED, _DESK, True)
    yield Transition(S.DRAFTED, Step.DECLINE, S.DECLINED, _DESK, True)
    yield Transition(S.DRAFTED, Step.DEFER, S.DEFERRED, _DESK, True)
    yield Transition(S.DRAFTED, Step.SNOOZE, S.DEFERRED, _DESK, True)
    yield Transition(S.CHECKED, Step.PRESENT, S.WITH_ADVISER, _AUTO)
    for target in (S.WITH_ADVISER, S.WITH_CLIENT, S.APPROVED):
        yield Transition(S.WITH_ADVISER, Step.APPROVE, target, _DESK | _AUTO)
        yield Transition(S.ESCALATED, Step.APPROVE, target, _DESK | _AUTO | {Role.COMPLIANCE, Role.CLIENT})
    for target in (S.WITH_CLIENT, S.APPROVED):
        # The firm's people sit on a committee where the policy names them; its consents stand on the client's side.
        yield Transition(S.WITH_CLIENT, Step.APPROVE, target, _DESK | {Role.CLIENT})
    yield Transition(S.WITH_ADVISER, Step.DECLINE, S.DECLINED, _DESK, True)
    yield Transition(S.WITH_CLIENT, Step.DECLINE, S.DECLINED, _DESK | {Role.CLIENT}, True)
    yield Transition(S.ESCALATED, Step.DECLINE, S.DECLINED, _DESK | {Role.COMPLIANCE, Role.CLIENT}, True)
    yield Transition(S.APPROVED, Step.DECLINE, S.DECLINED, _DESK | {Role.CLIENT}, True)
    for origin in _WAITING:
        roles = _DESK if origin is S.WITH_ADVISER else _DESK | {Role.CLIENT}
        yield Transition(origin, Step.DEFER, S.DEFERRED, roles, True)
        yield Transition(origin, Step.SNOOZE, S.DEFERRED, _DESK, True)
        if origin is not S.ESCALATED:
            yield Transition(origin, Step.ESCALATE, S.ESCALATED, _DESK | _AUTO, True)
        yield Transition(origin, Step.REMIND, origin, _AUTO)
        yield Transition(origin, Step.FOLLOW_UP, S.ESCALATED, _AUTO)
        yield Transition(origin, Step.EXPIRE, S.EXPIRED, _AUTO)
    yield Transition(S.APPROVED, Step.INVALIDATE, S.EXPIRED, _AUTO, True)
    for origin in HANDED_OVER_STATES:
        yield Transition(origin, Step.HAND_OVER, origin, _AUTO, True)
    for origin in REPLACEABLE_STATES:
        yield Transition(origin, Step.SUPERSEDE, S.SUPERSEDED, _DESK | _AUTO)
    yield Transition(S.APPROVED, Step.STAGE, S.STAGED, _OPERATIONS)
    yield Transition(S.STAGED, Step.UNSTAGE, S.APPROVED, _OPERATIONS, True)
    yield Transition(S.STAGED, Step.SEND, S.SENT, _OPERATIONS)
    yield Transition(S.SENT, Step.FILL, S.FILLED, _OPERATIONS)
    yield Transition(S.FILLED, Step.RECONCILE, S.RECONCILED, _OPERATIONS)
    yield Transition(S.RECONCILED, Step.TAKE_BACK, S.RECONCILED, _OPERATIONS, True)


TRANSITIONS: tuple[Transition, ...] = tuple(_rows())
_BY_MOVE = {(row.origin, row.step, row.target): row for row in TRANSITIONS}


def require(origin: S, step: Step, target: S, role: Role, reason: str) -> Transition:
    """Return the arrow that is taken.

    Raises:
        UsageError: There is none, it is not for this role, or it needs a reason.
    """
    row = _BY_MOVE.get((origin, step, target))
    if row is None:
        raise UsageError(f"a proposal that is {words(origin)} cannot be: {words(step)}; {_what_can(origin)}")
    if role not in row.roles:
        allowed = ", ".join(sorted(words(each) for each in row.roles))
        raise UsageError(f"{words(step)} of a proposal that is {words(origin)} is for {allowed}, not for {words(role)}")
    if row.needs_reason and not reason.strip():
        raise UsageError(f"{words(step)} needs a reason in words")
    return row


def steps_from(origin: S) -> list[Step]:
    """Return the steps that lead on from a state, each once."""
    return list(dict.fromkeys(row.step for row in TRANSITIONS if row.origin is origin))


def pairs() -> set[tuple[S, S]]:
    """Return every change of state that there is; the database holds the same."""
    return {(row.origin, row.target) for row in TRANSITIONS if row.origin is not row.target}


def words(code: S | Step | Role) -> str:
    """Return a code as people read it."""
    return code.value.replace("_", " ")


def _what_can(origin: S) -> str:
    steps = [words(step) for step in steps_from(origin)]
    return f"what can be done: {', '.join(steps)}" if steps else "its life is over"
