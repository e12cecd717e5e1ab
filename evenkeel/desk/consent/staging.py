"""Whether an approval is still good, and the steps from it to the reconciled fill.

Orders ask for `readiness` before they build anything, and again before it leaves. A stale approval is never staged nor sent, it expires
with its causes. What is paused or in pilot mode waits whole and stays approved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace

import polars as pl

from data_contracts.vocab import ControlKind, ControlScope, EpisodeStatus, ProposalState, Role, Step, UseCase
from evenkeel.approval import acting, staleness
from evenkeel.approval.moving import By, move
from evenkeel.approval.rights import require_right
from evenkeel.approval.staleness import Basis, Stale
from evenkeel.desk.consent.deciding import Asking, Outcome, case_of, require_seen, store_moves
from evenkeel.desk.consent.drafting import accounts_of
from evenkeel.desk.consent.ground import Ground, basis, basis_from_json, ground_of, orders, pairs_of
from evenkeel.desk.consent.people import firm, require_person
from evenkeel.desk.reading import run_of
from evenkeel.errors import ActedBefore, UsageError
from evenkeel.ports.approvals import Case, Control, Move
from evenkeel.run.house import House

_STEPS = {
    Step.UNSTAGE: (ProposalState.APPROVED, UseCase.STAGE),
    Step.SEND: (ProposalState.SENT, UseCase.STAGE),
    Step.FILL: (ProposalState.FILLED, UseCase.RECONCILE),
    Step.RECONCILE: (ProposalState.RECONCILED, UseCase.RECONCILE),
}


@dataclass(frozen=True)
class Readiness:
    """Whether an approved proposal may be staged: why its consents are stale, and what it waits for."""

    stale: tuple[Stale, ...]
    waits: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Return whether nothing stands in the way."""
        return not self.stale and not self.waits

    @property
    def causes(self) -> list[dict[str, str]]:
        """Return why it is stale, as it is kept."""
        return [{**asdict(one), "cause": one.cause.value} for one in self.stale]

    @property
    def text(self) -> str:
        """Return what stands in the way, in words: why it is stale, or else what it waits for."""
        return "; ".join([one.text for one in self.stale] or self.waits)


def readiness(house: House, cases: Collection[Case]) -> dict[str, Readiness]:
    """Return how it stands with cases, by proposal: held against the newest run, today's book, and what people have put on hold."""
    if not cases:
        return {}
    book = house.book(house.today())
    newest = ground_of(house, run_of(house), book.planned_cash)
    corrected = _grounds_then(house, cases, newest)
    controls = house.approvals.controls()
    today = house.today()
    active = book.suspensions.filter(
        pl.col("from_date") <= today, pl.col("ended_date").is_null() | (pl.col("ended_date") > today)
    )
    suspended = {one.subject_id for one in controls if one.kind is ControlKind.SUSPENSION}
    suspended |= set(active["account_id"].to_list())
    custodians = {account: row["custodian"] for account, row in newest.accounts.items()}
    return {
        case.proposal_id: Readiness(
            tuple(_stale(house, case, newest, corrected, suspended)), tuple(_waits(case, controls, custodians))
        )
        for case in cases
    }


def stage(house: House, names: Iterable[str], asking: Asking) -> list[Outcome]:
    """Mark approved proposals staged, each by itself: a stale one expires, one that is paused or piloted waits.

    Raises:
        UsageError: The role may not stage.
    """
    if asking.role is not Role.AUTOMATION:
        require_person(firm(house).people, asking.actor, asking.role)
    _require(UseCase.STAGE, asking.role)
    cases = [case_of(house, name) for name in names]
    standing = readiness(house, [case for case in cases if case.state is ProposalState.APPROVED])
    outcomes = []
    for case in cases:
        try:
            outcomes.append(_staged(house, case, standing.get(case.proposal_id), asking))
        except (ActedBefore, UsageError) as error:
            outcomes.append(Outcome(case.proposal_id, None, str(error)))
    house.records.checkpoint(house.clock.now())
    return outcomes


def advance(house: House, named: str, step: Step, asking: Asking) -> Case:
    """Take a staged proposal on: `unstage`, `send`, `fill`, `reconcile`.

    Raises:
        UsageError: It is not where the step begins, or the role may not.
        ActedBefore: Somebody else has moved it meanwhile.
    """
    if step not in _STEPS:
        raise UsageError(
            f"{step.value} is not a step of execution; those are {', '.join(each.value for each in _STEPS)}"
        )
    target, use_case = _STEPS[step]
    if asking.role is not Role.AUTOMATION:
        require_person(firm(house).people, asking.actor, asking.role)
    _require(use_case, asking.role)
    case = case_of(house, named)
    require_seen(house, case, asking)
    made = move(case, step, target, By(asking.actor, asking.role, house.clock.now(), asking.reason))
    store_moves(house, [made])
    return made.after


def _staged(house: House, case: Case, found: Readiness | None, asking: Asking) -> Outcome:
    require_seen(house, case, asking)
    at = house.clock.now()
    if found is not None and found.stale:
        expired = _expired(case, found, at)
        store_moves(house, [expired])
        return Outcome(
            case.proposal_id, expired.after, f"{case.proposal_id} was approved and is stale: {expired.reason}"
        )
    if found is not None and found.waits:
        return Outcome(case.proposal_id, None, f"{case.proposal_id} waits: {'; '.join(found.waits)}")
    made = move(case, Step.STAGE, ProposalState.STAGED, By(asking.actor, asking.role, at, asking.reason))
    store_moves(house, [made])
    return Outcome(case.proposal_id, made.after, None)


def _expired(case: Case, found: Readiness, at: dt.datetime) -> Move:
    return acting.invalidate(case, at, found.causes, found.text)


def _require(use_case: UseCase, role: Role) -> None:
    require_right(use_case, role, is_own_book=False, is_own_household=False, is_escalated=False, what="orders")


def _grounds_then(house: House, cases: Collection[Case], newest: Ground) -> Mapping[str, Ground]:
    """Return what is believed now of the dates whose run has been replaced since; dates that stand as they were are left out."""
    found: dict[str, Ground] = {}
    for case in cases:
        date = case.business_date
        if date.isoformat() in found:
            continue
        run = newest.run if newest.run.business_date == date else house.records.manifest(date)
        if run is not None and run.run_id != case.run_id:
            found[date.isoformat()] = newest if run is newest.run else ground_of(house, run)
    return found


def _stale(
    house: House, case: Case, newest: Ground, corrected: Mapping[str, Ground], suspended: Collection[str]
) -> list[Stale]:
    rule = acting.rule_of(case)
    then = basis_from_json(case.content["basis"])
    trades = case.content["list"]["trades"]
    pairs, accounts = pairs_of(trades), sorted(accounts_of(case))
    then = _of_list(then, pairs)
    now = basis(newest, case.portfolio_id, pairs)
    found = staleness.suspended_or_quarantined(accounts, suspended, newest.stopped)
    unseen = {one.subject_id for one in found}
    found += staleness.price_moved(
        then, _with_known_prices(then, now, newest, pairs, unseen), rule.price_tolerance_frac
    )
    if case.state is ProposalState.SENT:
        # Its own orders have moved cash and holdings, and the alert with them: what came from outside is left to look at.
        found += staleness.withdrawal_requested(then, now) + staleness.model_changed(then, now)
        return found
    found += staleness.cash_moved(_without(then, unseen), now, rule.cash_tolerance_usd)
    found += staleness.withdrawal_requested(then, now)
    found += staleness.model_changed(then, now)
    if case.run_id != newest.run.run_id and then.business_date in corrected:
        found += staleness.file_corrected(then, basis(corrected[then.business_date], case.portfolio_id, pairs))
    if not unseen:
        found += _newer(house, case, newest, rule.list_tolerance_frac)
    return found


def _newer(house: House, case: Case, newest: Ground, tolerance_frac: float) -> list[Stale]:
    row = newest.proposals.get(case.portfolio_id)
    alert = newest.alerts.get(case.alert_id)
    if row is not None:
        origin = house.approvals.case(case.modifies) if case.modifies else case
        made = (origin or case).content["list"]["trades"]
        is_same = differs(made, newest.trades[row["proposal_id"]]) <= tolerance_frac
        newest_id = case.proposal_id if is_same else row["proposal_id"]
        return staleness.newer_proposal(case.proposal_id, newest_id, case.alert_id)
    is_over = alert is None or alert["status"] in (EpisodeStatus.CLOSED.value, EpisodeStatus.QUIET.value)
    return staleness.newer_proposal(case.proposal_id, None if is_over else case.proposal_id, case.alert_id)


def differs(older: list[Mapping[str, object]], newer: list[Mapping[str, object]]) -> float:
    """Return how far a newer list is from an older one, as `staleness.differs_frac` says it."""
    return staleness.differs_frac(orders(older), orders(newer))


def _of_list(then: Basis, pairs: Collection[tuple[str, str]]) -> Basis:
    """Keep what the list rests on: of a trade that a person has taken out, neither price nor account matters any more."""
    accounts, securities = {account for account, _ in pairs}, {security for _, security in pairs}
    return replace(
        then,
        prices={one: price for one, price in then.prices.items() if one in securities},
        cash={one: amount for one, amount in then.cash.items() if one in accounts},
        holdings={one: digest for one, digest in then.holdings.items() if one in accounts},
    )


def _without(then: Basis, accounts: Collection[str]) -> Basis:
    """Leave out accounts about which the newest run says nothing: one cause raises one finding."""
    return replace(then, cash={one: amount for one, amount in then.cash.items() if one not in accounts})


def _with_known_prices(
    then: Basis, now: Basis, newest: Ground, pairs: Collection[tuple[str, str]], unseen: Collection[str]
) -> Basis:
    """Fill in what another custodian says of a security; of accounts that were not looked at, no price is missed."""
    prices = dict(now.prices)
    anywhere = {security: price for (_, security), price in sorted(newest.prices.items(), reverse=True)}
    for account, security in pairs:
        fallback = anywhere.get(security) or (then.prices.get(security) if account in unseen else None)
        if security not in prices and fallback is not None:
            prices[security] = fallback
    return replace(now, prices=prices)


def _waits(case: Case, controls: Iterable[Control], custodians: Mapping[str, str]) -> list[str]:
    accounts = accounts_of(case)
    touched = {
        ControlScope.BOOK: {""},
        ControlScope.CUSTODIAN: {custodians[one] for one in accounts if one in custodians},
        ControlScope.SECURITY: {row["security_id"] for row in case.content["list"]["trades"]},
        ControlScope.ACCOUNT: accounts,
    }
    said = {ControlKind.PAUSE: "execution is paused", ControlKind.PILOT: "pilot mode, nothing is sent"}
    return [
        f"{said[one.kind]} for {one.scope.value} {one.subject_id}".rstrip() + f" ({one.reason})"
        for one in controls
        if one.kind in said and one.subject_id in touched[one.scope]
    ]
