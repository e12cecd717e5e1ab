"""A proposal as a case: what is consented to, what it rests on, and whom it is shown to."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from data_contracts.vocab import (
    AssetClass,
    CheckResult,
    HouseholdKind,
    PreCheck,
    ProposalState,
    ProposalStatus,
    RebalanceKind,
    Registration,
)
from evenkeel.approval.acting import consents_of
from evenkeel.approval.leaving import adviser_for
from evenkeel.approval.people import People
from evenkeel.approval.routing import Facts, TradedAccount, route, row_of
from evenkeel.audit.canonical import plain
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent.ground import Ground, basis, basis_as_json, digest_of, pairs_of
from evenkeel.desk.consent.people import split_codes
from evenkeel.policy.model import Policy
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Case

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


def new_case(
    ground: Ground,
    row: Mapping[str, Any],
    people: People,
    policy: Policy,
    now: dt.datetime,
    adviser_now: str | None = None,
) -> tuple[Case, list[str]]:
    """Return a drafted case for a proposal, and the codes of the checks that keep it back.

    `adviser_now`: the household's adviser of record today, who has it where the one of the run has left.
    """
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
    alert = dict(ground.alerts[row["alert_id"]])
    alert["adviser_id"] = adviser_for(alert["adviser_id"], adviser_now, people, now.astimezone(EASTERN).date())
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
            "is_tax_known": facts.is_tax_known,
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
        is_tax_known=row["is_tax_year_known"] is not False and not _is_wash_unknown(row["checks_json"]),
        traded_classes=frozenset(AssetClass(one["asset_class"]) for one in trades),
        accounts=tuple(_account(ground.accounts[one]) for one in sorted({each["account_id"] for each in trades})),
    )


def _is_wash_unknown(checks_json: str) -> bool:
    return any(
        one["check"] == PreCheck.WASH_SALE.value and one["result"] == CheckResult.NOT_KNOWN.value
        for one in json.loads(checks_json)
    )


def _account(row: Mapping[str, Any]) -> TradedAccount:
    return TradedAccount(
        row["account_id"], Registration(row["registration"]), row["is_discretionary"], split_codes(row["owner_ids"])
    )


def accounts_of(case: Case) -> set[str]:
    """Return the accounts that a case's list trades in."""
    return {row["account_id"] for row in case.content["list"]["trades"]}
