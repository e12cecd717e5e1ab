"""Whose consent a proposal needs, and in which order (APR-01): discretion first, then the policy's table by value, relationship and kind.

- Discretionary: the firm's people only; the client is told after the trade.
- Otherwise the firm first, then the client: every owner or trustee of every account that trades, or an institution's committee.
- Harvests and alternatives go to a senior adviser at any size.
- A list that trades in one account without discretion is asked as a whole: there is no partial approval.
- In a firm of one the same person gives every consent of the firm's, once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from data_contracts.vocab import AssetClass, ConsentKind, HouseholdKind, RebalanceKind, Registration, Role
from evenkeel.approval.people import People
from evenkeel.policy.approval import ApprovalRow, ApprovalRule, FirmLevel


@dataclass(frozen=True)
class TradedAccount:
    """An account that the list trades in; `owner_ids` empty where the book names none."""

    account_id: str
    registration: Registration
    is_discretionary: bool
    owner_ids: tuple[str, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """Return who must say yes for it; empty: whoever speaks for the household.

        Two owners of a joint account, and a trustee, are asked apart even where the book does not name them.
        """
        if self.owner_ids:
            return self.owner_ids
        if self.registration is Registration.JOINT:
            return (f"{self.account_id}/owner-1", f"{self.account_id}/owner-2")
        if self.registration is Registration.TRUST:
            return (f"{self.account_id}/trustee",)
        return ()


@dataclass(frozen=True)
class Facts:
    """What of a proposal decides whom it is shown to. Values in dollars; `traded_usd`: sales and purchases together.

    `is_tax_known`: the year's earlier gains, and whether the list washes a loss, are known: no tax of it comes to light afterwards.
    """

    adviser_id: str
    household_id: str
    relationship: HouseholdKind
    kind: RebalanceKind
    portfolio_usd: Decimal
    household_usd: Decimal
    traded_usd: Decimal
    tax_usd: Decimal
    is_tax_known: bool
    traded_classes: frozenset[AssetClass]
    accounts: tuple[TradedAccount, ...]

    @property
    def is_discretionary(self) -> bool:
        """Return whether the firm may act in every account that trades without asking."""
        return bool(self.accounts) and all(one.is_discretionary for one in self.accounts)


@dataclass(frozen=True)
class Needed:
    """One consent that is needed; the fields are those of `ports.Consent`."""

    position: int
    kind: ConsentKind
    role: Role
    person_id: str | None
    quorum: int


@dataclass(frozen=True)
class Route:
    """Whom a proposal is shown to: `line` of the policy's table, the consents in order, documents a committee must have."""

    line: str
    needed: tuple[Needed, ...]
    documents: tuple[str, ...]
    is_small: bool
    """So small that, where the policy says so, silence lets it go."""
    problem: str | None
    """What is amiss with the route: a senior adviser is needed and the firm has none."""


def route(facts: Facts, rule: ApprovalRule, people: People, on: dt.date) -> Route:
    """Return whom a proposal is shown to on a day."""
    row = row_of(facts, rule)
    is_complex = facts.kind in rule.complex_kinds or bool(facts.traded_classes & set(rule.complex_classes))
    levels: tuple[FirmLevel, ...] = row.firm
    if is_complex and "senior_adviser" not in levels:
        # Where two people are asked already, the senior takes the place of the last.
        levels = (*levels[:-1], "senior_adviser")
    firm, problem = _firm(facts.adviser_id, levels, people, on)
    line = f"{row.name}, complex" if is_complex else row.name
    documents: tuple[str, ...] = ()
    asked: tuple[Needed, ...] = ()
    if not facts.is_discretionary:
        if facts.relationship is HouseholdKind.INSTITUTIONAL:
            line, documents = f"institutional ({line})", rule.committee.documents
            asked = _committee(facts, rule, people, len(firm) + 1)
        else:
            owners = owners_of(facts)
            asked = tuple(
                Needed(len(firm) + 1, ConsentKind.CLIENT, Role.CLIENT, owner, len(owners)) for owner in owners
            )
    small = rule.small_trades
    is_small = (
        small.is_executed_on_timeout
        and facts.is_discretionary
        and not is_complex
        and facts.traded_usd < Decimal(str(small.under_usd))
        and facts.is_tax_known
        and facts.tax_usd <= Decimal(str(small.max_tax_usd))
    )
    return Route(
        f"{line}, {'discretionary' if facts.is_discretionary else 'client asked'}",
        (*firm, *asked),
        documents,
        is_small,
        problem,
    )


def row_of(facts: Facts, rule: ApprovalRule) -> ApprovalRow:
    """Return the line of the table that a proposal falls under: a value on a bound falls under the line above it."""
    value = {
        "portfolio_value": facts.portfolio_usd,
        "household_value": facts.household_usd,
        "trades_value": facts.traded_usd,
    }[rule.value_by]
    return next(row for row in rule.rows if row.under_usd is None or value < Decimal(str(row.under_usd)))


def owners_of(facts: Facts) -> list[str]:
    """Return every owner and trustee of the accounts that trade without discretion, each once; else the household as one."""
    return _each_once(
        owner
        for account in facts.accounts
        if not account.is_discretionary
        for owner in account.owners or (facts.household_id,)
    )


def _firm(
    adviser_id: str, levels: tuple[FirmLevel, ...], people: People, on: dt.date
) -> tuple[tuple[Needed, ...], str | None]:
    if people.is_firm_of_one:
        only = next((one.person_id for one in people), adviser_id)
        kind, role = (
            (ConsentKind.SENIOR_ADVISER, Role.SENIOR_ADVISER)
            if "senior_adviser" in levels
            else (ConsentKind.ADVISER, Role.ADVISER)
        )
        return (Needed(1, kind, role, only, 1),), None
    needed: list[Needed] = []
    problem = None
    for position, level in enumerate(levels, start=1):
        if level == "adviser":
            needed.append(Needed(position, ConsentKind.ADVISER, Role.ADVISER, adviser_id, 1))
            continue
        senior = people.senior_for(adviser_id, on)
        if senior is None:
            problem = "a senior adviser must decide, and advisers.csv has none (is_senior); name one there"
        needed.append(Needed(position, ConsentKind.SENIOR_ADVISER, Role.SENIOR_ADVISER, senior, 1))
    return tuple(needed), problem


def _committee(facts: Facts, rule: ApprovalRule, people: People, position: int) -> tuple[Needed, ...]:
    members = list(rule.committee.members) or owners_of(facts)
    quorum = min(rule.committee.quorum or len(members) // 2 + 1, len(members))
    return tuple(
        Needed(position, ConsentKind.COMMITTEE, Role.ADVISER if one in people else Role.CLIENT, one, quorum)
        for one in members
    )


def _each_once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
