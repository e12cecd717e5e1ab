"""Change a list and say yes to it: a smaller list is another proposal, with its own digest and its own consents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl

from data_contracts.vocab import (
    AssetClass,
    ConsentKind,
    HouseholdKind,
    ProposalState,
    RebalanceKind,
    Registration,
    UseCase,
)
from evenkeel.approval import acting
from evenkeel.approval.modifying import Limits, smaller
from evenkeel.approval.moving import By
from evenkeel.approval.routing import Facts, TradedAccount
from evenkeel.audit.canonical import plain
from evenkeel.desk.consent.deciding import Asking, case_of, require_seen, store_moves
from evenkeel.desk.consent.drafting import drafted
from evenkeel.desk.consent.people import Firm, firm, require_case_right, split_codes
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.policy.model import Policy
from evenkeel.ports.approvals import Case, in_turn
from evenkeel.run.house import HOUSE_POLICY, House

_CHANGEABLE = (ProposalState.WITH_ADVISER, ProposalState.ESCALATED)
"""What a client sees is not changed under their eyes."""


def modify_and_approve(house: House, named: str, wanted: Mapping[int, Decimal], asking: Asking) -> Case:
    """Lower quantities or drop trades, and approve what is left; return the new proposal's case.

    The old proposal is superseded, the new one routed anew: a modification does not carry over anybody's consent but the actor's own.

    Args:
        house: The home.
        named: Id of the proposal or alert.
        wanted: New quantity by trade number; 0 drops the trade.
        asking: Who asks; the reason is needed.

    Raises:
        UsageError: More than less is asked for, the smaller list does not hold together, or it is not this person's to change.
        ActedBefore: Somebody else has acted on it meanwhile.
    """
    case = case_of(house, named)
    now = firm(house)
    require_case_right(now, case, UseCase.MODIFY, asking.actor, asking.role)
    require_seen(house, case, asking)
    if case.state not in _CHANGEABLE:
        raise UsageError(
            f"{case.proposal_id} is {case.state.value.replace('_', ' ')}; a list is changed before the client sees it"
        )
    if any(one.kind is ConsentKind.COMPLIANCE_REVIEW for one in in_turn(case.consents)):
        raise UsageError(f"{case.proposal_id} waits for compliance; a list that is under review is not changed")
    if not asking.reason.strip():
        raise UsageError("a changed list needs a reason in words")
    policy = _policy(now, case)
    shown = smaller(case.content["list"], wanted, _limits(now, case, policy))
    by = By(asking.actor, asking.role, house.clock.now(), asking.reason.strip())
    newer = _case_of_list(house, case, shown, now, policy, by)
    replaced = acting.supersede(case, by, newer.proposal_id)
    opening = acting.open_case(newer, [], by.at, by)
    approval = acting.approve(opening[-1].after, by, now.people)
    store_moves(house, [replaced, *opening, approval])
    house.records.checkpoint(by.at)
    return approval.after


def _case_of_list(house: House, case: Case, shown: Mapping[str, object], now: Firm, policy: Policy, by: By) -> Case:
    run = house.records.run(case.run_id)
    if run is None:
        raise UsageError(f"the run of {case.proposal_id} is not on record; the database is not whole")
    content = {**case.content, "list": plain(shown), "author": by.actor, "failed_checks": []}
    proposal_id = stable_id("pro", case.proposal_id, "modified", repr(sorted(_quantities(content["list"]).items())))
    row = {name: getattr(case, name) for name in ("alert_id", "household_id", "portfolio_id", "kind")}
    made = drafted(
        proposal_id, run, row, case.adviser_id, _facts(case, content["list"], now), content, now.people, policy, by.at
    )
    return replace(made, modifies=case.proposal_id, route={**made.route, "score": case.route.get("score")})


def _quantities(shown: Mapping[str, list[Mapping[str, str]]]) -> dict[str, str]:
    return {str(row["trade_no"]): row["traded_qty"] for row in shown["trades"]}


def _facts(case: Case, shown: Mapping[str, list[Mapping[str, str]]], now: Firm) -> Facts:
    trades = shown["trades"]
    accounts = now.book.accounts.filter(pl.col("account_id").is_in([row["account_id"] for row in trades]))
    return Facts(
        adviser_id=case.adviser_id,
        household_id=case.household_id,
        relationship=HouseholdKind(case.route["relationship"]),
        kind=RebalanceKind(case.kind),
        portfolio_usd=case.value_usd,
        household_usd=Decimal(case.route["household_usd"]),
        traded_usd=sum((Decimal(row["value_usd"]) for row in trades), Decimal()),
        tax_usd=sum((Decimal(row["tax_usd"] or 0) for row in trades), Decimal()),
        is_tax_known=bool(case.route.get("is_tax_known")),
        traded_classes=frozenset(AssetClass(row["asset_class"]) for row in trades),
        accounts=tuple(
            TradedAccount(
                row["account_id"],
                Registration(row["registration"]),
                row["is_discretionary"],
                split_codes(row["owner_ids"]),
            )
            for row in accounts.sort("account_id").iter_rows(named=True)
        ),
    )


def _limits(now: Firm, case: Case, policy: Policy) -> Limits:
    cash = {account: Decimal(amount) for account, amount in case.content["basis"]["cash"].items()}
    least = now.book.accounts.filter(pl.col("account_id").is_in(list(cash))).select("account_id", "min_cash_usd")
    return Limits(cash, dict(least.drop_nulls().iter_rows()), Decimal(str(policy.trading.min_trade_usd)))


def _policy(now: Firm, case: Case) -> Policy:
    policy_id = case.policy_version.rpartition("/")[0] or HOUSE_POLICY
    return now.book.policies.held_on(policy_id, now.book.on, now.book.as_known_at)
