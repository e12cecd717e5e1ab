"""Proposals for the tests of consent: facts, people and cases from a few words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from data_contracts.vocab import AssetClass, HouseholdKind, ProposalState, RebalanceKind, Registration
from evenkeel.approval.acting import consents_of
from evenkeel.approval.people import People, Person
from evenkeel.approval.routing import Facts, Route, TradedAccount, route
from evenkeel.calendar import EASTERN
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case

TUESDAY = dt.date(2026, 3, 3)
NOON = dt.datetime(2026, 3, 3, 12, 0, tzinfo=EASTERN)

BASIS = {"business_date": "2026-03-02", "prices": {}, "cash": {}, "holdings": {}, "planned": [], "model": ""}
"""What a list of these tests rests on: nothing that could move."""

PEOPLE = People(
    [
        Person("ada", escalates_to="sol"),
        Person("ben", escalates_to="sol"),
        Person("sol", is_senior=True, escalates_to="uma"),
        Person("uma", is_senior=True),
        Person("cora", is_compliance=True),
    ]
)
ALONE = People([Person("solo")], is_firm_of_one=True)


def account(
    name: str = "AC-1", *, asks: bool = True, registration: str = "individual", owners: str = ""
) -> TradedAccount:
    """Return an account; `asks`: the client must be asked; `owners` with blanks between them."""
    return TradedAccount(name, Registration(registration), not asks, tuple(owners.split()))


def facts(value: float = 90_000, *accounts: TradedAccount, **changes: Any) -> Facts:
    """Return the facts of a proposal of adviser ada for household H1, which is asked for one individual account by default."""
    plain: dict[str, Any] = {
        "adviser_id": "ada",
        "household_id": "H1",
        "relationship": HouseholdKind.INDIVIDUAL,
        "kind": RebalanceKind.FULL,
        "portfolio_usd": Decimal(str(value)),
        "household_usd": Decimal(str(value)),
        "traded_usd": Decimal(20_000),
        "tax_usd": Decimal(100),
        "is_tax_known": True,
        "traded_classes": frozenset({AssetClass.US_EQUITY, AssetClass.US_BOND}),
        "accounts": accounts or (account(owners="pat"),),
    }
    return Facts(**{**plain, **changes})


def routed(seen: Facts, rule: ApprovalRule | None = None, people: People = PEOPLE, on: dt.date = TUESDAY) -> Route:
    """Return the route, by the default policy unless another is given."""
    return route(seen, rule or ApprovalRule(), people, on)


def shown_to(way: Route) -> list[str]:
    """Return `1 adviser ada`, `2 client pat`: position, kind, person; the quorum where it is not all."""
    lines = []
    for one in way.needed:
        together = sum(other.position == one.position for other in way.needed)
        quorum = f" ({one.quorum} of {together})" if one.quorum != together else ""
        lines.append(f"{one.position} {one.kind.value} {one.person_id}{quorum}")
    return lines


def case(
    seen: Facts | None = None,
    rule: ApprovalRule | None = None,
    *,
    proposal_id: str = "pro-1",
    alert_id: str = "ep-1",
    people: People = PEOPLE,
    at: dt.datetime = NOON,
    run_id: str = "run-1",
    digest: str = "d" * 64,
) -> Case:
    """Return a drafted case."""
    rule, seen = rule or ApprovalRule(), seen or facts()
    way = routed(seen, rule, people, at.date())
    row = next(line for line in rule.rows if way.line.removeprefix("institutional (").startswith(line.name))
    return Case(
        proposal_id=proposal_id,
        alert_id=alert_id,
        run_id=run_id,
        business_date=TUESDAY,
        adviser_id=seen.adviser_id,
        household_id=seen.household_id,
        portfolio_id="P1",
        kind=seen.kind.value,
        state=ProposalState.DRAFTED,
        version=1,
        digest=digest,
        value_usd=seen.portfolio_usd,
        policy_version="house/1",
        modifies=None,
        escalated_to=None,
        until_date=None,
        wake_at=None,
        opened_at=at,
        changed_at=at,
        route={
            "line": way.line,
            "documents": list(way.documents),
            "is_small": way.is_small,
            "is_tax_known": seen.is_tax_known,
            "client_within": row.client_within.model_dump(mode="json"),
            "approval": rule.model_dump(mode="json"),
        },
        content={"list": {"figures": {}, "trades": trades()}, "basis": dict(BASIS)},
        consents=consents_of(proposal_id, way),
    )


def trades(accounts: Sequence[str] = ("AC-1",)) -> list[dict[str, Any]]:
    """Return a sale and a purchase in each account."""
    found: list[dict[str, Any]] = []
    for name in accounts:
        for side, security in (("sell", "VTI"), ("buy", "BND")):
            found.append(
                {
                    "trade_no": len(found) + 1,
                    "account_id": name,
                    "security_id": security,
                    "side": side,
                    "traded_qty": "10",
                    "price_usd": "100",
                    "value_usd": "1000.00",
                }
            )
    return found
