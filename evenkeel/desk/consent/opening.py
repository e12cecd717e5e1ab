"""A run's proposals become cases: routed, put before those who decide, and in the place of what they replace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from data_contracts.vocab import (
    ControlKind,
    EpisodeStatus,
    ProposalState,
)
from evenkeel import calendar
from evenkeel.approval.acting import open_case, supersede
from evenkeel.approval.moving import automation, withheld
from evenkeel.approval.staleness import differs_frac
from evenkeel.approval.states import REPLACEABLE_STATES
from evenkeel.book.model import Book
from evenkeel.desk.consent.drafting import accounts_of, new_case
from evenkeel.desk.consent.ground import Ground, ground_of, orders
from evenkeel.desk.consent.people import firm
from evenkeel.desk.reading import run_of
from evenkeel.errors import ActedBefore
from evenkeel.policy.model import Policy
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Case, Move
from evenkeel.run.house import HOUSE_POLICY, House

SESSIONS_OLD = 1
"""Sessions that the newest run may be behind the last closed one and still open cases: it may not have run yet this morning."""
TOGETHER = 100
"""Cases opened in one transaction."""


@dataclass(frozen=True)
class Opened:
    """What became of a run's proposals."""

    opened_count: int
    held_back_count: int
    superseded_count: int
    same_count: int
    """Lists that are the same, near enough, as one that waits: who decides keeps their time."""
    too_old_date: dt.date | None = None
    """The newest run's date, where it is too old for anybody to be asked about it: what was backfilled asks nobody."""


@dataclass(frozen=True)
class _Made:
    """The steps that open one case, in the place of those that it replaces."""

    moves: list[Move]
    is_held_back: bool
    superseded_count: int


def open_cases(house: House, business_date: dt.date | None = None) -> Opened:
    """Open a case for each proposal of a run, the newest by default, and end those that it takes the place of.

    Safe to repeat: a proposal that has a case has it once. Only the newest run opens cases: an older one has nothing to say any more.

    Raises:
        UsageError: The home has no run.
    """
    run = run_of(house, business_date)
    is_too_old = calendar.sessions_apart(run.business_date, house.last_closed_session()) > SESSIONS_OLD
    ground = ground_of(house, run)
    here = firm(house)
    people, book = here.people, here.book
    now = house.clock.now()
    pilots = {one.subject_id for one in house.approvals.controls(ControlKind.PILOT)}
    known = house.approvals.known([row["proposal_id"] for row in ground.proposals.values()])
    standing: dict[str, list[Case]] = {}
    for case in house.approvals.cases(states=REPLACEABLE_STATES):
        standing.setdefault(case.portfolio_id, []).append(case)
    # Said of the alert already, from the next session on: a corrected run of the same date does not ask again.
    answered = house.records.decisions().filter(pl.col("decided_date") > run.business_date)["episode_id"].to_list()
    made: list[_Made] = []
    counts = {"opened": 0, "held_back": 0, "superseded": 0, "same": 0}
    for portfolio_id, row in sorted(ground.proposals.items()):
        older = standing.pop(portfolio_id, [])
        if row["alert_id"] is None or row["proposal_id"] in known or not _is_newer(older, run):
            continue
        if row["alert_id"] in answered or is_too_old:
            continue
        policy = _policy(book, row)
        if any(_is_same(_as_made(house, case), ground, row, policy) for case in older):
            counts["same"] += 1
            continue
        case, failed = new_case(ground, row, people, policy, now, here.adviser_of.get(row["household_id"]))
        replaced = [supersede(each, automation(now), case.proposal_id) for each in older]
        made.append(_Made(_quieted([*replaced, *open_case(case, failed, now)], pilots), bool(failed), len(replaced)))
    for one in _stored(house, made):
        counts["opened"] += 1
        counts["held_back"] += one.is_held_back
        counts["superseded"] += one.superseded_count
    for case in (each for cases in standing.values() for each in cases):
        alert = ground.alerts.get(case.alert_id)
        is_over = alert is None or alert["status"] == EpisodeStatus.CLOSED.value
        if is_over and case.business_date <= run.business_date:
            counts["superseded"] += _store(house, _quieted([supersede(case, automation(now), None)], pilots))
    too_old_date = run.business_date if is_too_old else None
    return Opened(counts["opened"], counts["held_back"], counts["superseded"], counts["same"], too_old_date)


def _policy(book: Book, row: Mapping[str, Any]) -> Policy:
    """Return the portfolio's policy of today: who must be asked today is asked by today's rules."""
    policy_id = row["policy_version"].rpartition("/")[0] or HOUSE_POLICY
    return book.policies.held_on(policy_id, book.on, book.as_known_at)


def _is_newer(older: list[Case], run: RunRecord) -> bool:
    """Tell whether a run is not behind what stands: an earlier date run again opens nothing."""
    return all(case.business_date <= run.business_date for case in older)


def _as_made(house: House, case: Case) -> Case:
    """Return what a run made, where a person changed it: a newer run is held against that, not against the change."""
    original = house.approvals.case(case.modifies) if case.modifies else None
    return case if original is None else replace(original, state=case.state)


def _is_same(case: Case, ground: Ground, row: Mapping[str, Any], policy: Policy) -> bool:
    """Tell whether a list is near enough the one that somebody is deciding about; one that a person put off is not waited for."""
    if case.state in (ProposalState.DEFERRED, ProposalState.DRAFTED):
        return False
    then, now = orders(case.content["list"]["trades"]), orders(ground.trades[row["proposal_id"]])
    return differs_frac(then, now) <= policy.approval.list_tolerance_frac


def _quieted(moves: list[Move], pilots: set[str]) -> list[Move]:
    return [withheld(one) if pilots & accounts_of(one.after) else one for one in moves]


def _stored(house: House, made: list[_Made]) -> list[_Made]:
    """Store what opens cases, many in a transaction; one by one where another sweep or a person has been faster with one of them."""
    done = []
    for first in range(0, len(made), TOGETHER):
        together = made[first : first + TOGETHER]
        if _store(house, [move for one in together for move in one.moves]):
            done += together
        else:
            done += [one for one in together if _store(house, one.moves)]
    return done


def _store(house: House, moves: list[Move]) -> bool:
    """Store; False where somebody acted meanwhile: the next sweep looks again."""
    try:
        return house.approvals.store(moves)
    except ActedBefore:
        return False
