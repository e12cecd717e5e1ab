"""Commands about proposals on their way: what they print, and which use case each calls."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from data_contracts.vocab import ControlScope, ProposalState, Role, SuspensionKind
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, UsageError

if TYPE_CHECKING:
    from evenkeel.desk.consent.deciding import Asking, Outcome
    from evenkeel.ports.approvals import Case, Control
    from evenkeel.run.house import House

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def cases(
    home: Path | None, states: Sequence[str], adviser: str | None, actor: str | None, role: str, form: str
) -> int:
    """Print the cases that somebody may see."""
    from evenkeel.approval.states import OPEN_STATES
    from evenkeel.desk.consent.people import cases_in_reach, firm
    from evenkeel.desk.consent.showing import case_as_json, print_cases, to_json

    house = open_desk(home)
    wanted = [ProposalState(each) for each in states] or [*OPEN_STATES, ProposalState.APPROVED]
    found = house.approvals.cases(states=wanted, adviser_id=adviser)
    if actor is not None:
        found = cases_in_reach(firm(house), found, actor, role_named(role))
    # The most pressing first, as on the task list.
    found = sorted(found, key=lambda case: -float(case.route.get("score") or 0))
    if form == "json":
        sys.stdout.write(to_json([case_as_json(case) for case in found]))
        return EXIT_DONE
    print_cases(found, console)
    if not found and not states:
        over = Counter(case.state for case in house.approvals.cases(adviser_id=adviser))
        if over:
            ended = ", ".join(f"{number} {each.value}" for each, number in over.most_common())
            console.print(f"None is on its way: {ended}. `evenkeel desk cases --state reconciled` lists those.")
    return EXIT_DONE


def show(home: Path | None, named: str, actor: str | None, role: str, form: str) -> int:
    """Print one case whole, and whether an approval is still good."""
    from data_contracts.vocab import UseCase
    from evenkeel.desk.consent.deciding import case_of
    from evenkeel.desk.consent.people import firm, require_case_right
    from evenkeel.desk.consent.showing import case_as_json, print_case, to_json
    from evenkeel.desk.consent.staging import readiness
    from evenkeel.desk.consent.viewing import record_view

    house = open_desk(home)
    case = case_of(house, named)
    if actor is not None:
        require_case_right(firm(house), case, UseCase.VIEW, actor, role_named(role))
    entries = house.approvals.entries(case.proposal_id)
    is_good = case.state is ProposalState.APPROVED
    found = readiness(house, [case]).get(case.proposal_id) if is_good else None
    if form == "json":
        sys.stdout.write(to_json(case_as_json(case, entries, found)))
    else:
        print_case(case, entries, found, console)
    if actor is not None:
        record_view(house, case, actor, role_named(role))
    return EXIT_DONE


def decide(
    home: Path | None,
    verb: str,
    names: Sequence[str],
    actor: str,
    role: str,
    reason: str,
    *,
    seen: int | None = None,
    until: dt.date | None = None,
    signature: str | None = None,
    documents: Sequence[str] = (),
) -> int:
    """Take one step with one proposal or many, and say where each is now."""
    from evenkeel.desk.consent import deciding
    from evenkeel.desk.consent.deciding import Asking

    house = open_desk(home)
    asking = Asking(actor, role_named(role), reason, seen)
    do = step_of(house, verb, asking, until, signature, documents)
    if len(names) == 1:
        _say(do(names[0]))
        return EXIT_DONE
    return say_outcomes(deciding.many(house, names, do), verb)


def step_of(
    house: House,
    verb: str,
    asking: Asking,
    until: dt.date | None,
    signature: str | None = None,
    documents: Sequence[str] = (),
) -> Callable[[str], Case]:
    """Return the use case that a word names: it takes a proposal's id and returns the case after the step."""
    from evenkeel.desk.consent import deciding

    steps: dict[str, Callable[[str], Case]] = {
        "approve": lambda name: deciding.approve(house, name, asking, signature=signature, documents=documents),
        "decline": lambda name: deciding.decline(house, name, asking),
        "defer": lambda name: deciding.defer(house, name, asking, until),
        "snooze": lambda name: deciding.snooze(house, name, asking, _needed(until)),
        "escalate": lambda name: deciding.escalate(house, name, asking),
        "override-wash": lambda name: deciding.override_wash(house, name, asking),
    }
    return steps[verb]


def say_outcomes(outcomes: Sequence[Outcome], verb: str) -> int:
    """Print what became of each, those refused with the reason; return the exit code."""
    for one in outcomes:
        if one.case is not None:
            _say(one.case)
        else:
            errors.print(f"{one.proposal_id}: {one.problem}", markup=False)
    done = sum(one.case is not None for one in outcomes)
    console.print(f"{done} of {len(outcomes)}: {verb}.")
    return EXIT_DONE if done == len(outcomes) else EXIT_STOPPED


def has_case(home: Path | None, named: str) -> bool:
    """Tell whether an id is that of a proposal, or of an alert whose proposal is on its way."""
    from evenkeel.approval.states import REPLACEABLE_STATES

    typed = named.strip()
    if not typed:
        return False
    found = open_desk(home).approvals.cases(beginning=typed)
    return any(case.state in REPLACEABLE_STATES or case.proposal_id.startswith(typed) for case in found)


def modify(
    home: Path | None,
    named: str,
    quantities: Sequence[str],
    drop: Sequence[int],
    actor: str,
    role: str,
    reason: str,
    seen: int | None,
) -> int:
    """Make a list smaller and approve it."""
    from evenkeel.desk.consent.deciding import Asking
    from evenkeel.desk.consent.modifying import modify_and_approve

    wanted = dict(_quantity(text) for text in quantities) | {number: Decimal() for number in drop}
    if not wanted:
        raise UsageError("say what is to be less: --qty NUMBER=QUANTITY, or --drop NUMBER")
    case = modify_and_approve(open_desk(home), named, wanted, Asking(actor, role_named(role), reason, seen))
    console.print(f"A new list takes the place of {case.modifies}.", markup=False)
    _say(case)
    return EXIT_DONE


def hold(
    home: Path | None,
    what: str,
    scope: str,
    subject: str,
    actor: str,
    role: str,
    reason: str,
    *,
    kind: str = "transition",
    review: dt.date | None = None,
) -> int:
    """Put something on hold, or end that, and say so."""
    from evenkeel.desk.consent import controls
    from evenkeel.desk.consent.deciding import Asking

    house, asking, where = open_desk(home), Asking(actor, role_named(role), reason), ControlScope(scope)
    steps: dict[str, Callable[[], Control]] = {
        "suspend": lambda: controls.suspend(house, subject, SuspensionKind(kind), asking, review),
        "unsuspend": lambda: controls.unsuspend(house, subject, asking),
        "pause": lambda: controls.pause(house, where, subject, asking),
        "resume": lambda: controls.resume(house, where, subject, asking),
        "pilot on": lambda: controls.start_pilot(house, subject, asking),
        "pilot off": lambda: controls.end_pilot(house, subject, asking),
    }
    steps[what]()
    console.print(f"{scope} {subject}".strip() + f": {what} recorded.", markup=False)
    return EXIT_DONE


def sweep(home: Path | None) -> int:
    """Do what has come due, send what there is to be told, and say what was done."""
    from evenkeel.desk.sweep import sweep as go
    from evenkeel.desk.sweep import swept_line
    from evenkeel.wiring import read_settings
    from evenkeel.wiring_messages import send_by

    console.print(swept_line(go(open_desk(home))), markup=False)
    for line in send_by(read_settings(home)):
        console.print(line, markup=False)
    return EXIT_DONE


def _say(case: Case) -> None:
    from evenkeel.desk.words import eastern
    from evenkeel.ports.approvals import in_turn

    turn = in_turn(case.consents) if case.wake_at else []
    due = min((one.due_at for one in turn if one.due_at), default=None)
    waits = f"; waits for {', '.join(one.person_id or one.role.value for one in turn)}" if turn else ""
    until = f" until {eastern(due)}" if due else ""
    console.print(
        f"{case.proposal_id}: {case.state.value.replace('_', ' ')}, version {case.version}{waits}{until}.", markup=False
    )


def open_desk(home: Path | None) -> House:
    """Return the home's house, as the commands of the desk see it."""
    from evenkeel.wiring import open_house, read_settings

    return open_house(read_settings(home))


def role_named(text: str) -> Role:
    """Return the role a word names; refuse one that is none, or the system's own."""
    if text not in set(Role) - {Role.AUTOMATION}:
        raise UsageError(f"--role {text!r}: one of {', '.join(each for each in Role if each is not Role.AUTOMATION)}")
    return Role(text)


def _quantity(text: str) -> tuple[int, Decimal]:
    number, mark, quantity = text.partition("=")
    try:
        if mark:
            return int(number), Decimal(quantity)
    except (ValueError, InvalidOperation):
        pass
    raise UsageError(f"--qty {text!r}: write the trade's number and its new quantity, for example 3=120")


def _needed(until: dt.date | None) -> dt.date:
    if until is None:
        raise UsageError("snooze needs --until, the last quiet date")
    return until
