"""The drill goes on: scripted advisers and clients answer the last run's proposals, a batch goes out, fills come back, the rest runs out.

The script is by each proposal's place on the list, so that the same practice plays the same story.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl

from data_contracts.vocab import ConsentKind, ControlScope, ProposalState, Role
from evenkeel import calendar
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent import controls, deciding
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.modifying import modify_and_approve
from evenkeel.desk.execution.answers import take_answers
from evenkeel.desk.execution.handing_over import hand_over
from evenkeel.desk.execution.planning import Planned, plan_and_stage
from evenkeel.desk.execution.showing import planned_lines, sent_lines, taken_lines
from evenkeel.desk.sent_report import NOTHING_DUE
from evenkeel.desk.sweep import sweep, swept_line
from evenkeel.desk.trail_report import verify_home
from evenkeel.desk.words import counted, eastern
from evenkeel.errors import EvenkeelError
from evenkeel.ports.approvals import Case, Consent, in_turn
from evenkeel.ports.orders import Batch
from evenkeel.run.house import House
from evenkeel.sandbox.order_desk import answer

HouseAt = Callable[[dt.datetime], House]
"""Opens the home at an instant."""
Tell = Callable[[dt.datetime], Sequence[str]]
"""Sends what is due at an instant, and says what became of it."""
_ANSWERED_AT = ((10, 5), (16, 15), (18, 40))
"""When the desk looks what custodians say: after the first fills, after the close, and once funds have their values."""
SAID_AT_MOST = 3
"""Lines told of a step that has many."""


@dataclass
class _Story:
    """What was handed over, and what has happened, counted for the summary.

    `handed` has batches with their securities' prices; custodians answer them in the folder `orders`, up to the moment that is asked for.
    """

    orders: Path
    seed: int
    handed: list[tuple[list[Batch], dict[str, Decimal]]] = field(default_factory=list)
    decided: Counter[str] = field(default_factory=Counter)
    executions: int = 0
    differences: int = 0


def play(house_at: HouseAt, tell: Tell, orders: Path, last_date: dt.date, seed: int) -> Iterator[str]:
    """Play the days after the last run, and yield the story line by line.

    Args:
        house_at: Opens the home at an instant.
        tell: Sends messages.
        orders: The folder of the order desk, where custodians' answers are put.
        last_date: Session of the last run.
        seed: Of what custodians make of the orders.
    """
    first = calendar.next_session(last_date)
    second = calendar.next_session(first)
    story = _Story(orders, seed)
    at = _clock(first)
    house = house_at(at(8, 30))
    yield f"{eastern(at(8, 30))}  {swept_line(sweep(house))}"
    _advisers(house_at(at(8, 45)), story)
    _compliance(house_at(at(9, 0)), story)
    _after_review(house_at(at(9, 10)), story)
    _clients(house_at(at(9, 15)), story)
    yield f"{eastern(at(9, 15))}  Answered: {_counts(story.decided)}."
    yield from _messages(tell, at(9, 30))
    paused = _pause(house_at(at(9, 40)))
    if paused is not None:
        yield f"{eastern(at(9, 40))}  Market stress: a senior adviser pauses execution in {paused[1]}."
    yield from _batch(house_at, at(9, 45), story)
    for hour, minute in _ANSWERED_AT:
        yield from _answers(house_at, at(hour, minute), story)
        yield from _messages(tell, at(hour, minute))
    at = _clock(second)
    if paused is not None:
        controls.resume(
            house_at(at(9, 30)),
            ControlScope.SECURITY,
            paused[1],
            Asking(paused[0], Role.SENIOR_ADVISER, "the market is calm"),
        )
        yield f"{eastern(at(9, 30))}  {paused[1]} is released."
    yield from _batch(house_at, at(9, 45), story)
    for hour, minute in _ANSWERED_AT:
        yield from _answers(house_at, at(hour, minute), story)
        yield from _messages(tell, at(hour, minute))
    for days in (2, 3, 4, 5):
        moment = at(12, 0) + dt.timedelta(days=days - 1)
        swept = sweep(house_at(moment))
        if swept.steps:
            yield f"{eastern(moment)}  {swept_line(swept).partition(', nobody is asked')[0].rstrip('.')}."
        yield from _answers(house_at, moment, story)
        yield from _messages(tell, moment)
    last = at(12, 0) + dt.timedelta(days=5)
    yield from _messages(tell, last)
    yield from _end(house_at(last), story)


def _messages(tell: Tell, at: dt.datetime) -> Iterator[str]:
    """Send what is due, and yield what became of it, where there was anything."""
    yield from (f"{eastern(at)}  {line}" for line in tell(at) if line != NOTHING_DUE)


def _clock(date: dt.date) -> Callable[[int, int], dt.datetime]:
    return lambda hour, minute: dt.datetime.combine(date, dt.time(hour, minute), EASTERN)


def _advisers(house: House, story: _Story) -> None:
    """Let advisers answer: one in seven is late, one declines, the first that can be is made smaller, the rest are approved.

    One of them asks compliance first, and so does who has one that a check holds back.
    """
    has_modified = False
    _ask_compliance(house, story)
    waiting = house.approvals.cases(states=[ProposalState.WITH_ADVISER])
    for place, case in enumerate(
        sorted(waiting, key=lambda one: (-float(one.route.get("score") or 0), one.proposal_id))
    ):
        consent = _pending(case)
        if consent is None or consent.person_id is None:
            continue
        asking = Asking(consent.person_id, consent.role)
        if place % 7 == 3:
            story.decided["late advisers"] += 1
        elif place % 7 == 5:
            reason = "the client buys a house and wants to wait"
            _try(story, "declined", partial(deciding.decline, house, case.proposal_id, _because(asking, reason)))
        elif not has_modified and len(case.content["list"]["trades"]) > 2:
            last = case.content["list"]["trades"][-1]["trade_no"]
            reason = "the last purchase can wait"
            has_modified = _try(
                story,
                "modified and approved",
                partial(modify_and_approve, house, case.proposal_id, {last: Decimal(0)}, _because(asking, reason)),
            )
            if not has_modified:
                _try(story, "approved by advisers", partial(deciding.approve, house, case.proposal_id, asking))
        else:
            _try(story, "approved by advisers", partial(deciding.approve, house, case.proposal_id, asking))


def _ask_compliance(house: House, story: _Story) -> None:
    """Let one proposal that a check holds back, and one that is with its adviser, be asked about."""
    for state, reason in (
        (ProposalState.DRAFTED, "may this be traded although a check holds it back?"),
        (ProposalState.WITH_ADVISER, "the client sits on the board of an issuer held here"),
    ):
        cases = sorted(house.approvals.cases(states=[state]), key=lambda one: one.proposal_id)
        for case in cases:
            asking = Asking(case.adviser_id, Role.ADVISER, reason)
            if _try(story, "asked compliance", partial(deciding.escalate, house, case.proposal_id, asking)):
                break


def _compliance(house: House, story: _Story) -> None:
    """Let compliance answer: what a check holds back is declined, the rest may go on to its adviser."""
    for case in house.approvals.cases(states=[ProposalState.ESCALATED]):
        consent = _pending(case)
        if consent is None or consent.person_id is None or consent.role is not Role.COMPLIANCE:
            continue
        asking = Asking(consent.person_id, consent.role)
        if case.content["failed_checks"]:
            said = _because(asking, "not without a change of the list")
            _try(story, "declined by compliance", partial(deciding.decline, house, case.proposal_id, said))
        else:
            said = _because(asking, "no order is in that issuer")
            _try(story, "reviewed by compliance", partial(deciding.approve, house, case.proposal_id, said))


def _after_review(house: House, story: _Story) -> None:
    """Let advisers approve what compliance has looked at."""
    for case in house.approvals.cases(states=[ProposalState.WITH_ADVISER]):
        consent = _pending(case)
        if consent is None or consent.person_id is None:
            continue
        if any(one.kind is ConsentKind.COMPLIANCE_REVIEW for one in case.consents):
            asking = Asking(consent.person_id, consent.role)
            _try(story, "approved by advisers", partial(deciding.approve, house, case.proposal_id, asking))


def _clients(house: House, story: _Story) -> None:
    """Let clients answer: one in five is late, one declines, the rest consent."""
    for place, case in enumerate(house.approvals.cases(states=[ProposalState.WITH_CLIENT])):
        if place % 5 == 4:
            story.decided["late clients"] += 1
            continue
        for consent in in_turn(case.consents):
            if consent.person_id is None:
                continue
            asking = Asking(consent.person_id, consent.role)
            if place % 5 == 3:
                said = _because(asking, "not this year")
                _try(story, "declined by clients", partial(deciding.decline, house, case.proposal_id, said))
                break
            _try(
                story,
                "consents of clients",
                partial(deciding.approve, house, case.proposal_id, asking, signature=asking.actor),
            )


def _pause(house: House) -> tuple[str, str] | None:
    """Pause one security of one approved proposal: the one that the fewest of them trade; return by whom, and which."""
    book = house.book(house.today())
    seniors = book.advisers.filter(pl.col("is_senior"))["adviser_id"].sort().to_list()
    traded = Counter(
        security
        for case in house.approvals.cases(states=[ProposalState.APPROVED])
        for security in sorted({row["security_id"] for row in case.content["list"]["trades"]})
    )
    if not seniors or not traded:
        return None
    security = min(traded, key=lambda one: (traded[one], one))
    controls.pause(
        house, ControlScope.SECURITY, security, Asking(seniors[0], Role.SENIOR_ADVISER, "it trades far from its value")
    )
    return seniors[0], security


def _batch(house_at: HouseAt, at: dt.datetime, story: _Story) -> Iterator[str]:
    house = house_at(at)
    planned: Planned = plan_and_stage(house)
    yield from _told(at, list(planned_lines(planned)))
    sent = hand_over(house)
    yield from _told(at, [*sent_lines(sent), *sent.problems])
    prices = {
        block.security.security_id: block.estimated_price_usd for batch, _ in sent.handed for block in batch.blocks
    }
    story.handed.append(([batch for batch, _ in sent.handed], prices))


def _answers(house_at: HouseAt, at: dt.datetime, story: _Story) -> Iterator[str]:
    for batches, prices in story.handed:
        answer(story.orders, batches, prices, story.seed, until=at)
    taken = take_answers(house_at(at))
    story.executions += len(taken.fills)
    story.differences += len(taken.differences) + len(taken.compared.differences)
    if taken.fills or taken.final or taken.compared.reconciled or taken.problems:
        yield from _told(at, [*taken_lines(taken), *taken.problems])


def _end(house: House, story: _Story) -> Iterator[str]:
    states = Counter(case.state.value for case in house.approvals.cases())
    blocks = [block for batch in house.order_book.batches() for block in batch.blocks]
    yield (
        f"At the end: {_counts(states)}; {counted(len(blocks), 'order')}, {counted(story.executions, 'execution')}, "
        f"{counted(story.differences, 'difference')} for a person to look at."
    )
    verdict = verify_home(house)
    yield f"The trail {'verifies' if verdict.is_whole else 'is BROKEN'}: `evenkeel audit verify` says so again."


def _told(at: dt.datetime, lines: Sequence[str]) -> Iterator[str]:
    """Return the first line with its time, and a few of the others."""
    if lines:
        yield f"{eastern(at)}  {lines[0]}"
        yield from lines[1 : 1 + SAID_AT_MOST]
        if len(lines) > 1 + SAID_AT_MOST:
            yield f"  and {len(lines) - 1 - SAID_AT_MOST} more"


def _pending(case: Case) -> Consent | None:
    return next(iter(in_turn(case.consents)), None)


def _because(asking: Asking, reason: str) -> Asking:
    return Asking(asking.actor, asking.role, reason)


def _try(story: _Story, what: str, act: Callable[[], object]) -> bool:
    """Do what the script says; what the rules refuse is counted."""
    try:
        act()
    except EvenkeelError:
        story.decided["refused by the rules"] += 1
        return False
    story.decided[what] += 1
    return True


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in sorted(counts.items())) or "nothing"
