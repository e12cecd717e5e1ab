"""What the page shows of a proposal: figures of one card as the template takes them, and the list of losses to harvest."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.vocab import Advice, ProposalStatus
from evenkeel.desk import proposal_words
from evenkeel.desk.directory import Directory
from evenkeel.desk.orders import orders_of
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import dollars, percent

ORDERS_SHOWN = 16
"""Orders of one proposal on a card; `evenkeel trades` lists every lot."""
SENTENCES_SHOWN = 24
"""Obstacles, notes and sentences of trades on a card."""
_TONES = {ProposalStatus.DRAFTED.value: "ready", ProposalStatus.HELD_BACK.value: "held"}


def proposal_block(proposal: Proposal | None) -> dict[str, Any] | None:
    """Return what a card shows of its proposal; None where it has none."""
    if proposal is None:
        return None
    orders = orders_of(proposal)
    whys = [trade["sentence"] for trade in proposal["trades"]]
    return {
        "status": proposal_words.STATUS_NAMES[proposal["status"]],
        "tone": _TONES.get(proposal["status"], "none"),
        "kind": proposal_words.KIND_NAMES[proposal["kind"]],
        "sentence": proposal["sentence"],
        "advice": proposal_words.advice_words(proposal),
        "orders": orders[:ORDERS_SHOWN],
        "more_orders": max(len(orders) - ORDERS_SHOWN, 0),
        "has_accounts": proposal["account_count"] > 1,
        "improvements": _improvements(proposal) if orders else [],
        "money": _money(proposal) if orders else [],
        "checks": [
            {
                **check,
                "name": proposal_words.CHECK_NAMES[check["check"]],
                "said": proposal_words.RESULT_NAMES[check["result"]],
            }
            for check in proposal_words.checks_to_see(proposal)
        ],
        "passed": sum(check["result"] == "passed" for check in proposal["checks"]),
        "check_count": len(proposal["checks"]),
        "obstacles": proposal["obstacles"][:SENTENCES_SHOWN],
        "more_obstacles": max(len(proposal["obstacles"]) - SENTENCES_SHOWN, 0),
        "notes": proposal["notes"][:SENTENCES_SHOWN],
        "more_notes": max(len(proposal["notes"]) - SENTENCES_SHOWN, 0),
        "whys": whys[:SENTENCES_SHOWN],
        "more_whys": max(len(whys) - SENTENCES_SHOWN, 0),
        "proof": proposal_words.proof_line(proposal),
    }


def harvest_rows(harvests: pl.DataFrame, directory: Directory) -> list[Mapping[str, Any]]:
    """Return the losses to harvest as the page lists them, the largest benefit first.

    Args:
        harvests: `data_contracts.harvests`.
        directory: Names for people.
    """
    ordered = harvests.sort("benefit_usd", "account_id", "security_id", descending=[True, False, False])
    return [
        {
            **row,
            "adviser": directory.adviser(row["adviser_id"]),
            "account": directory.account_masks.get(row["account_id"]) or row["account_id"],
            "portfolio": directory.portfolio_names.get(row["portfolio_id"]) or row["portfolio_id"],
            "security": directory.security_names.get(row["security_id"]),
            "substitute": row["substitute_id"]
            and (directory.security_names.get(row["substitute_id"]) or row["substitute_id"]),
            "loss_percent": percent(row["loss_frac"]),
            "wash": proposal_words.WASH_NAMES.get(row["wash_answer"], row["wash_answer"]),
            "is_wait": row["advice"] == Advice.WAIT,
        }
        for row in ordered.iter_rows(named=True)
    ]


def _improvements(proposal: Proposal) -> list[tuple[str, str, str]]:
    """Return label, before and after of what the trades mend; those that are not known are left out."""
    figures = (
        ("Largest drift", "max_drift"),
        ("Outside bands", "band_excess"),
        ("Tracking error", "tracking_error"),
        ("Volatility", "volatility"),
    )
    known = ((label, proposal[member]["before_frac"], proposal[member]["after_frac"]) for label, member in figures)
    return [
        (label, percent(before), percent(after))
        for label, before, after in known
        if before is not None and after is not None and (round(before, 3) or round(after, 3))
    ]


def _money(proposal: Proposal) -> list[tuple[str, str]]:
    """Return label and amount of cash, gains, taxes and cost; amounts of nothing are left out, cash stays."""
    gains, taxes, cash = proposal["gains"], proposal["taxes"], proposal["cash"]
    rows = [
        ("Short-term gain", gains["short_term_usd"]),
        ("Long-term gain", gains["long_term_usd"]),
        ("Loss disallowed", gains["disallowed_usd"]),
        ("Federal tax", taxes["federal_usd"]),
        ("State tax", taxes["state_usd"]),
        ("Cost of trading", proposal["cost_usd"]),
        ("Cash short by", cash["short_usd"]),
    ]
    shown = [(label, dollars(amount)) for label, amount in rows if amount is not None and abs(Decimal(amount)) >= 1]
    if cash["before_usd"] is not None and cash["after_usd"] is not None:
        shown.append(("Cash", f"{dollars(cash['before_usd'])} → {dollars(cash['after_usd'])}"))
    return shown
