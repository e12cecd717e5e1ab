"""A case as the merge fields of messages: what is consented to is what the case has, whoever made or changed the list."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from data_contracts.vocab import MessageKind, ProposalState, Role, Step
from evenkeel.audit.event import SYSTEM
from evenkeel.calendar import EASTERN
from evenkeel.desk.directory import Directory
from evenkeel.desk.words import class_words
from evenkeel.messages.audience import DECIDED_BY
from evenkeel.messages.fields import ClassWeight, EarlierResult, ProposalFields, TradeLine
from evenkeel.ports.approvals import Case
from evenkeel.run.house import House

EARLIER_SHOWN = 3
"""Earlier results in a client's message."""
_COSTS = ("commission_usd", "half_spread_usd", "redemption_fee_usd")


def case_fields(
    case: Case,
    alert: Mapping[str, Any],
    directory: Directory,
    notes: Sequence[str],
    after: Mapping[str, float] | None = None,
) -> ProposalFields:
    """Return the merge fields of a case's list.

    Args:
        case: What is consented to.
        alert: The alert of the case's run (`data_contracts.alerts`): the reason, weights and bands.
        directory: Names of that run.
        after: Weight of each class after the fills, where they are known; None: as the list was to lead to.
        notes: What the run noted; of a list that a person changed it does not hold, and one note says so.
    """
    shown = case.content["list"]
    figures, trades = shown["figures"], case_lines(shown["trades"], directory)
    if case.modifies:
        author = directory.adviser(str(case.content.get("author") or case.adviser_id))
        notes = (f"{author} made the list smaller than it was first proposed; what it leads to is not estimated anew.",)
    weights = {**_weights_after(shown.get("classes", ())), **(after or {})}
    return ProposalFields(
        proposal_id=case.proposal_id,
        client_name=alert["household_name"],
        account_masks=tuple(dict.fromkeys(each.account_mask for each in trades)),
        value_usd=case.value_usd,
        reason=alert["reason"],
        classes=tuple(
            ClassWeight(
                class_words(node["level"], node["node"], node["asset_class"]),
                node["weight_frac"],
                node["target_frac"],
                weights.get(node["node"]),
                node["lower_frac"],
                node["upper_frac"],
            )
            for node in json.loads(alert["classes_json"])
            if node["level"] == "class"
        ),
        trades=trades,
        sold_usd=Decimal(figures["sold_usd"]),
        bought_usd=Decimal(figures["bought_usd"]),
        cost_usd=_cost(figures, shown["trades"]),  # type: ignore[arg-type]  # None is refused with its name
        tax_usd=_amount(figures["net_tax_usd"]),
        notes=tuple(notes),
    )


def case_lines(trades: Sequence[Mapping[str, Any]], directory: Directory) -> tuple[TradeLine, ...]:
    """Return the orders of a case's list, the lots of one security in one account together: sales first."""

    def key(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return row["side"], row["account_id"], row["security_id"]

    # The engine lists sales first; `sell` sorts after `buy`.
    ordered = sorted(trades, key=lambda row: (row["side"] != "sell", row["account_id"], row["security_id"]))
    lines = []
    for (side, account_id, security_id), rows in ((each, list(some)) for each, some in groupby(ordered, key)):
        gains = [_amount(row.get("gain_usd")) for row in rows if side == "sell"]
        known = [each for each in gains if each is not None]
        lines.append(
            TradeLine(
                side=side,
                symbol=security_id,
                security_name=directory.security_names.get(security_id) or security_id,
                account_mask=directory.account_masks.get(account_id) or account_id,
                share_count=sum((Decimal(row["traded_qty"]) for row in rows), Decimal()),
                price_usd=Decimal(rows[0]["price_usd"]),
                value_usd=sum((Decimal(row["value_usd"]) for row in rows), Decimal()),
                gain_usd=sum(known, Decimal()) if gains and len(known) == len(gains) else None,
            )
        )
    return tuple(lines)


def earlier_results(house: House, case: Case) -> tuple[EarlierResult, ...]:
    """Return what the portfolio's last reconciled proposals came to, newest first."""
    done = [
        one
        for one in house.approvals.cases(states=[ProposalState.RECONCILED], household_id=case.household_id)
        if one.portfolio_id == case.portfolio_id and one.content["list"]["figures"]["max_drift_after_frac"] is not None
    ]
    newest = sorted(done, key=lambda one: one.changed_at, reverse=True)[:EARLIER_SHOWN]
    return tuple(
        EarlierResult(
            done_date=_filled_date(house, one),
            largest_drift_before_frac=float(one.content["list"]["figures"]["max_drift_before_frac"]),
            largest_drift_after_frac=float(one.content["list"]["figures"]["max_drift_after_frac"]),
            tax_usd=_amount(one.content["list"]["figures"]["net_tax_usd"]),
        )
        for one in newest
    )


def decider(told: Mapping[str, Any], kind: MessageKind, directory: Directory) -> str:
    """Return who took a decision, for people: name and role; a client is `the client`, who is no name of the book's."""
    person, role = told.get("decided_by"), told.get("decided_role")
    if not person or role == Role.AUTOMATION:
        return DECIDED_BY[kind]
    if role == Role.CLIENT:
        return "the client"
    name = directory.adviser(str(person))
    return f"{name}, {str(role).replace('_', ' ')}" if role else name


def person_words(person: str | None, directory: Directory) -> str | None:
    """Return the name of somebody of the firm, or of the system; whoever the book does not name is the client."""
    if not person:
        return None
    others = {Role.COMPLIANCE.value: "compliance", SYSTEM: SYSTEM}
    return directory.adviser_names.get(person) or others.get(person, "the client")


def _filled_date(house: House, case: Case) -> dt.date:
    filled = [each.at for each in house.approvals.entries(case.proposal_id) if each.step is Step.FILL]
    return (filled[-1] if filled else case.changed_at).astimezone(EASTERN).date()


def _weights_after(nodes: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the weight after the trades of each class; None where it is not known of a part."""
    parts: dict[str, list[str | None]] = {}
    for node in nodes:  # a case has its ratios as text
        parts.setdefault(node["asset_class"], []).append(node["after_frac"])
    return {name: None if None in some else sum(float(each or 0) for each in some) for name, some in parts.items()}


def _cost(figures: Mapping[str, Any], trades: Sequence[Mapping[str, Any]]) -> Decimal | None:
    if figures.get("cost_usd") is not None:
        return Decimal(figures["cost_usd"])
    parts = [row.get(name) for row in trades for name in _COSTS]
    return None if None in parts else sum((Decimal(str(each)) for each in parts), Decimal())


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
