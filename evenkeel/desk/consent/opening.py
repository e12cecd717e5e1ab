"""A run's proposals become cases: routed, put before those who decide, and in the place of what they replace."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.vocab import (
    AssetClass,
    CheckResult,
    ControlKind,
    EpisodeStatus,
    HouseholdKind,
    ProposalState,
    ProposalStatus,
    RebalanceKind,
    Registration,
)
from evenkeel import calendar
from evenkeel.approval.acting import consents_of, open_case, supersede
from evenkeel.approval.moving import automation, withheld
from evenkeel.approval.people import People
from evenkeel.approval.routing import Facts, TradedAccount, route, row_of
from evenkeel.approval.staleness import differs_frac
from evenkeel.approval.states import REPLACEABLE_STATES
from evenkeel.audit.canonical import plain
from evenkeel.book.model import Book
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent.ground import Ground, basis, basis_as_json, digest_of, ground_of, orders, pairs_of
from evenkeel.desk.consent.people import firm, split_codes
from evenkeel.desk.reading import run_of
from evenkeel.errors import ActedBefore
from evenkeel.policy.model import Policy
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Case, Move
from evenkeel.run.house import HOUSE_POLICY, House

_FIGURES = (
    "sold_usd",
    "bought_usd",
    "cost_usd",
    "net_tax_usd",
    "short_term_gain_usd",
    "long_term_gain_usd",
    "cash_before_usd",
    "cash_after_usd",
    "max_drift_before_frac",
    "max_drift_after_frac",
)
_NOT_CONSENTED = (
    "business_date",
    "proposal_id",
    "margin_frac",
    "weight_before_frac",
    "weight_after_frac",
    "trade_cost_usd",
)
"""Columns of trades that tell how a list was chosen, not what is done."""


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
        case, failed = new_case(ground, row, people, policy, now)
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


def new_case(
    ground: Ground, row: Mapping[str, Any], people: People, policy: Policy, now: dt.datetime
) -> tuple[Case, list[str]]:
    """Return a drafted case for a proposal, and the codes of the checks that keep it back."""
    trades = ground.trades[row["proposal_id"]]
    failed = [one["check"] for one in json.loads(row["checks_json"]) if one["result"] == CheckResult.FAILED.value]
    if row["status"] == ProposalStatus.HELD_BACK.value and not failed:
        failed = ["held_back"]
    shown = {
        "portfolio_id": row["portfolio_id"],
        "kind": row["kind"],
        "figures": {name: row[name] for name in _FIGURES},
        "classes": json.loads(row["classes_json"]),
        "trades": [{name: value for name, value in one.items() if name not in _NOT_CONSENTED} for one in trades],
    }
    content = {
        "list": plain(shown),
        "basis": basis_as_json(basis(ground, row["portfolio_id"], pairs_of(trades))),
        "failed_checks": failed,
    }
    alert = ground.alerts[row["alert_id"]]
    facts = _facts(ground, row, trades, alert)
    case = drafted(row["proposal_id"], ground.run, row, alert["adviser_id"], facts, content, people, policy, now)
    return replace(case, route={**case.route, "score": alert["score"]}), failed


def drafted(
    proposal_id: str,
    run: RunRecord,
    row: Mapping[str, Any],
    adviser_id: str,
    facts: Facts,
    content: Mapping[str, Any],
    people: People,
    policy: Policy,
    now: dt.datetime,
) -> Case:
    """Return a drafted case by its route: consents needed, none asked yet."""
    rule = policy.approval
    way = route(facts, rule, people, now.astimezone(EASTERN).date())
    return Case(
        proposal_id=proposal_id,
        alert_id=row["alert_id"],
        run_id=run.run_id,
        business_date=run.business_date,
        adviser_id=adviser_id,
        household_id=row["household_id"],
        portfolio_id=row["portfolio_id"],
        kind=row["kind"],
        state=ProposalState.DRAFTED,
        version=1,
        digest=digest_of(content["list"]),
        value_usd=facts.portfolio_usd,
        policy_version=policy.label,
        modifies=None,
        escalated_to=None,
        until_date=None,
        wake_at=None,
        opened_at=now,
        changed_at=now,
        route={
            "line": way.line,
            "problem": way.problem,
            "documents": list(way.documents),
            "is_small": way.is_small,
            "is_discretionary": facts.is_discretionary,
            "relationship": facts.relationship.value,
            "household_usd": str(facts.household_usd),
            "client_within": row_of(facts, rule).client_within.model_dump(mode="json"),
            "approval": rule.model_dump(mode="json"),
        },
        content=content,
        consents=consents_of(proposal_id, way),
    )


def _facts(ground: Ground, row: Mapping[str, Any], trades: list[Mapping[str, Any]], alert: Mapping[str, Any]) -> Facts:
    value = ground.values.get(row["portfolio_id"])
    household = ground.households.get(row["household_id"], {})
    return Facts(
        adviser_id=alert["adviser_id"],
        household_id=row["household_id"],
        relationship=HouseholdKind(household.get("kind") or HouseholdKind.INDIVIDUAL),
        kind=RebalanceKind(row["kind"]),
        portfolio_usd=value["value_usd"] if value else alert["value_usd"],
        household_usd=value["household_value_usd"] if value else alert["value_usd"],
        traded_usd=sum((one["value_usd"] for one in trades), Decimal()),
        tax_usd=row["net_tax_usd"] or Decimal(),
        traded_classes=frozenset(AssetClass(one["asset_class"]) for one in trades),
        accounts=tuple(_account(ground.accounts[one]) for one in sorted({each["account_id"] for each in trades})),
    )


def _account(row: Mapping[str, Any]) -> TradedAccount:
    return TradedAccount(
        row["account_id"], Registration(row["registration"]), row["is_discretionary"], split_codes(row["owner_ids"])
    )


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


def accounts_of(case: Case) -> set[str]:
    """Return the accounts that a case's list trades in."""
    return {row["account_id"] for row in case.content["list"]["trades"]}


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
