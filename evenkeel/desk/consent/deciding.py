"""A person's answer to a proposal: approve, decline, defer, snooze, escalate, let a wash sale pass; one or many at once.

Each takes the actor, the role, the reason, and the version of the case that the person saw: where somebody else was faster it is refused.
A no, or a not now, keeps the alert quiet as well (ALR-07).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data_contracts.vocab import (
    ControlKind,
    DecisionKind,
    PreCheck,
    ProposalState,
    Role,
    Step,
    UseCase,
)
from evenkeel.approval import acting
from evenkeel.approval.moving import By, move, withheld
from evenkeel.desk.consent.drafting import accounts_of
from evenkeel.desk.consent.people import Firm, firm, require_case_right
from evenkeel.desk.quiet import decision_about
from evenkeel.errors import ActedBefore, EvenkeelError, UsageError
from evenkeel.ports.approvals import Case, Move
from evenkeel.run.house import House

_OVER = frozenset(
    {
        ProposalState.DECLINED,
        ProposalState.DEFERRED,
        ProposalState.EXPIRED,
        ProposalState.SUPERSEDED,
        ProposalState.RECONCILED,
    }
)


@dataclass(frozen=True)
class Asking:
    """Who asks for what: the words of every use case."""

    actor: str
    role: Role
    reason: str = ""
    seen_version: int | None = None
    """Version of the case that the person saw; None: as it is now."""
    link_version: int | None = None
    """Version that the signed link states by which they answer; None: they answer otherwise. It stands in the log."""
    batch: str | None = None
    """How many were chosen together, as the person asked for it; None: one by its id. It stands in the log."""
    is_rehearsal: bool = False
    """Try everything and store nothing: what would become of it, or why not."""


@dataclass(frozen=True)
class Outcome:
    """What became of one of many: the case after it, or why not."""

    proposal_id: str
    case: Case | None
    problem: str | None


def case_of(house: House, named: str) -> Case:
    """Return the case of a proposal's or alert's id, which may be shortened; of an alert, the one that is not over.

    Raises:
        UsageError: There is none, or several begin so.
    """
    typed = named.strip()
    found = house.approvals.cases(beginning=typed) if typed else []
    live = [case for case in found if case.state not in _OVER]
    candidates = [case for case in found if case.proposal_id == typed] or live or found[-1:]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UsageError(f"no proposal or alert {typed!r} is on its way; `evenkeel desk cases` lists those that are")
    raise UsageError(f"{typed!r} is the beginning of {len(candidates)} proposals; give more of the id")


def approve(
    house: House, named: str, asking: Asking, *, signature: str | None = None, documents: Collection[str] = ()
) -> Case:
    """Give a yes to the whole; return the case after it.

    Raises:
        UsageError: It is not this person's to give, or not now.
        ActedBefore: Somebody else has acted on it meanwhile.
    """

    def step(case: Case, by: By, now: Firm) -> Move:
        current = replace(case, route={**case.route, "adviser_now": now.adviser_of.get(case.household_id)})
        made = acting.approve(current, by, now.people, signature=signature, documents=documents)
        return replace(made, before=case, after=replace(made.after, route=case.route))

    if asking.role is Role.CLIENT and not (signature or "").strip():
        raise UsageError("a client's yes needs a signature: the name as they write it")
    use_case = UseCase.CONSENT if asking.role is Role.CLIENT else UseCase.APPROVE
    return _act(house, named, asking, use_case, step)


def decline(house: House, named: str, asking: Asking) -> Case:
    """Say no to the whole, or take an approval back before staging; the alert stays quiet for the policy's cooldown."""

    def step(case: Case, by: By, now: Firm) -> Move:
        return _with_decision(house, acting.decline(case, by), DecisionKind.DECLINE, None)

    return _act(house, named, asking, UseCase.DECLINE, step)


def defer(house: House, named: str, asking: Asking, until: dt.date | None = None) -> Case:
    """Put a proposal off: the alert stays quiet until a date, or for the policy's cooldown; then the run proposes anew."""

    def step(case: Case, by: By, now: Firm) -> Move:
        return _with_decision(house, acting.put_off(case, Step.DEFER, by, until), DecisionKind.DEFER, until)

    return _act(house, named, asking, UseCase.DEFER, step)


def snooze(house: House, named: str, asking: Asking, until: dt.date) -> Case:
    """Keep a proposal's alert quiet until a date."""

    def step(case: Case, by: By, now: Firm) -> Move:
        return _with_decision(house, acting.put_off(case, Step.SNOOZE, by, until), DecisionKind.SNOOZE, until)

    return _act(house, named, asking, UseCase.SNOOZE, step)


def escalate(house: House, named: str, asking: Asking) -> Case:
    """Ask compliance before anybody else says yes."""

    def step(case: Case, by: By, now: Firm) -> Move:
        return acting.escalate(case, by, now.people)

    return _act(house, named, asking, UseCase.ESCALATE, step)


def override_wash(house: House, named: str, asking: Asking) -> Case:
    """Let a wash sale pass, with a written reason: the only failed check that a person's word lifts (TRD-06).

    Raises:
        UsageError: Another check has failed too, or none of a wash sale.
    """
    case = case_of(house, named)
    now = firm(house)
    require_case_right(now, case, UseCase.OVERRIDE_WASH, asking.actor, asking.role)
    require_seen(house, case, asking)
    failed = set(case.content.get("failed_checks", ()))
    if failed != {PreCheck.WASH_SALE.value}:
        what = ", ".join(sorted(failed)) or "nothing"
        raise UsageError(f"{case.proposal_id} is held back by: {what}; only a wash sale can be let pass by a reason")
    at = house.clock.now()
    detail = {"failed_checks": sorted(failed)}
    passed = move(case, Step.OVERRIDE_WASH, ProposalState.CHECKED, _by(asking, at), detail=detail)
    return _stored(house, [passed, acting.present(passed.after, at)])


def many(house: House, names: Sequence[str], do: Callable[[str], Case]) -> list[Outcome]:
    """Do one thing to many, each by itself: what is refused for one does not hold up the others."""
    outcomes = []
    for name in names:
        try:
            after = do(name)
            outcomes.append(Outcome(after.proposal_id, after, None))
        except EvenkeelError as error:
            outcomes.append(Outcome(name, None, str(error)))
    return outcomes


def _act(house: House, named: str, asking: Asking, use_case: UseCase, step: Callable[[Case, By, Firm], Move]) -> Case:
    case = case_of(house, named)
    now = firm(house)
    require_case_right(now, case, use_case, asking.actor, asking.role)
    require_seen(house, case, asking)
    made = step(case, _by(asking, house.clock.now()), now)
    if asking.is_rehearsal:
        return made.after
    return _stored(house, [replace(made, detail={**made.detail, **_how(asking)})])


def _how(asking: Asking) -> dict[str, Any]:
    """Return what the log says of the way an answer came: by a link, or with many others."""
    said = {"link_version": asking.link_version, "batch": asking.batch}
    return {name: value for name, value in said.items() if value is not None}


def _by(asking: Asking, at: dt.datetime) -> By:
    return By(asking.actor, asking.role, at, asking.reason.strip())


def require_seen(house: House, case: Case, asking: Asking) -> None:
    """Refuse an answer to a version that is not the newest: the person has not seen what they would decide about."""
    if asking.seen_version is None or asking.seen_version == case.version:
        return
    last = house.approvals.entries(case.proposal_id)[-1]
    raise ActedBefore(
        f"{case.proposal_id} was changed meanwhile: {last.step.value.replace('_', ' ')} by {last.actor} ({last.role.value}) at "
        f"{last.at:%Y-%m-%d %H:%M:%S} UTC, it is {last.to_state.value.replace('_', ' ')} now, version {case.version}, not "
        f"{asking.seen_version}; look again"
    )


def _stored(house: House, moves: list[Move]) -> Case:
    store_moves(house, moves)
    house.records.checkpoint(house.clock.now())
    return moves[-1].after


def store_moves(house: House, moves: Sequence[Move]) -> None:
    """Store steps; messages of accounts in pilot mode are kept and not sent."""
    pilots = {one.subject_id for one in house.approvals.controls(ControlKind.PILOT)}
    house.approvals.store([withheld(one) if pilots & accounts_of(one.after) else one for one in moves])


def _with_decision(house: House, step: Move, kind: DecisionKind, until: dt.date | None) -> Move:
    """Add the decision that keeps the alert quiet, where the newest run still shows it; its event goes with it."""
    made = decision_about(house, kind, step.after.alert_id, until, step.reason, step.actor, step.role.value, step.at)
    if made is None:
        return step
    decision, event = made
    return replace(step, decision=decision, events=[*step.events, event])
