"""Proposals in their documented shape (docs/alerts-json.md): plain values, ready for JSON; sentences are rendered here, when read."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.vocab import OrderSide
from evenkeel.decimals import digits
from evenkeel.desk.directory import Directory
from evenkeel.desk.words import utc_text
from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.proposal_sentences import proposal_sentences
from evenkeel.stages.propose.reason_sentences import reason_sentences
from evenkeel.stages.propose.trade_sentences import trade_sentences

Proposal = dict[str, Any]
"""One proposal as documented under `proposal` in docs/alerts-json.md."""

_BEFORE_AND_AFTER = {
    "max_drift": "max_drift",
    "band_excess": "band_excess",
    "tracking_error": "tracking",
    "volatility": "risk",
    "growth": "growth",
}
"""Members with `before_frac` and `after_frac`, and their columns' beginnings."""
_PROOF = (
    "objective_before_usd",
    "objective_usd",
    "choosing_tax_usd",
    "trade_cost_usd",
    "location_cost_usd",
    "target_penalty_usd",
    "band_penalty_usd",
    "cash_penalty_usd",
    "bound_usd",
    "gap_usd",
    "gap_bp",
    "cash_price_frac",
)


def proposals_by_id(proposals: pl.DataFrame, trades: pl.DataFrame, directory: Directory) -> dict[str, Proposal]:
    """Return the proposals of one date by their ids.

    Args:
        proposals: `data_contracts.proposals`.
        trades: `data_contracts.trades`.
        directory: Names of securities, masks of accounts.
    """
    ordered = trades.sort("proposal_id", "trade_no")
    said_of = dict(proposal_sentences(proposals, trades).select("proposal_id", "sentence").iter_rows())
    traded: dict[str, list[dict[str, Any]]] = defaultdict(list)
    sentences = trade_sentences(ordered)["sentence"].to_list()
    for row, sentence in zip(ordered.iter_rows(named=True), sentences, strict=True):
        traded[row["proposal_id"]].append(_trade(row, sentence, directory))
    reasons: dict[str, list[str]] = defaultdict(list)
    for row in reason_sentences(proposals, ["proposal_id"]).sort("proposal_id", "reason_no").iter_rows(named=True):
        reasons[row["proposal_id"]].append(row["sentence"])
    stood: dict[str, list[str]] = defaultdict(list)
    for row in obstacle_sentences(proposals).sort("proposal_id", "obstacle_no").iter_rows(named=True):
        stood[row["proposal_id"]].append(row["sentence"])
    return {
        row["proposal_id"]: _proposal(
            row,
            said_of[row["proposal_id"]],
            traded[row["proposal_id"]],
            stood[row["proposal_id"]],
            reasons[row["proposal_id"]],
            directory,
        )
        for row in proposals.iter_rows(named=True)
    }


def _proposal(
    row: Mapping[str, Any],
    sentence: str,
    trades: list[dict[str, Any]],
    obstacles: list[str],
    reasons: list[str],
    directory: Directory,
) -> Proposal:
    return {
        "id": row["proposal_id"],
        "kind": row["kind"],
        "status": row["status"],
        "status_reason": row["status_reason"],
        "reasons": [
            {**one, "sentence": said}
            for one, said in zip(json.loads(row["reasons_json"] or "[]"), reasons, strict=True)
        ],
        "sentence": sentence,
        "account_count": row["account_count"],
        "nav_usd": _cents(row["nav_usd"]),
        "sold_usd": _money(row["sold_usd"]),
        "bought_usd": _money(row["bought_usd"]),
        "cash": {
            "before_usd": _money(row["cash_before_usd"]),
            "after_usd": _money(row["cash_after_usd"]),
            "short_usd": _cents(row["cash_short_usd"]),
        },
        "gains": {
            "short_term_usd": _money(row["short_term_gain_usd"]),
            "long_term_usd": _money(row["long_term_gain_usd"]),
            "disallowed_usd": _money(row["disallowed_usd"]),
        },
        "taxes": {
            "federal_usd": _money(row["federal_tax_usd"]),
            "state_usd": _money(row["state_tax_usd"]),
            "net_usd": _money(row["net_tax_usd"]),
            "net_frac": _plain(row["net_tax_frac"]),
            "is_year_known": row["is_tax_year_known"],
        },
        "cost_usd": _cents(row["trade_cost_usd"]) if row["cost_usd"] is None else _money(row["cost_usd"]),
        **{
            member: {f"{when}_frac": _plain(row[f"{column}_{when}_frac"]) for when in ("before", "after")}
            for member, column in _BEFORE_AND_AFTER.items()
        },
        "advice": None
        if row["advice"] is None
        else {
            "action": row["advice"],
            "wait_until_date": _date(row["wait_until_date"]),
            "wait_saves_usd": _money(row["wait_saves_usd"]),
        },
        "classes": [
            {name: _plain(value) if isinstance(value, float) else value for name, value in node.items()}
            for node in json.loads(row["classes_json"])
        ],
        "checks": json.loads(row["checks_json"]),
        "obstacles": [
            {**one, "account_mask": directory.account_masks.get(one["account_id"]), "sentence": said}
            for one, said in zip(json.loads(row["obstacles_json"]), obstacles, strict=True)
        ],
        "notes": json.loads(row["notes_json"]),
        "proof": {name: _plain(row[name]) for name in _PROOF},
        "trades": trades,
    }


def _trade(row: Mapping[str, Any], sentence: str, directory: Directory) -> dict[str, Any]:
    is_sale = row["side"] == OrderSide.SELL
    return {
        "trade_no": row["trade_no"],
        "account": {"id": row["account_id"], "mask": directory.account_masks.get(row["account_id"])},
        "side": row["side"],
        "security": {"id": row["security_id"], "name": directory.security_names.get(row["security_id"])},
        "asset_class": row["asset_class"],
        "node": row["node_id"],
        "traded_qty": digits(row["traded_qty"]),
        "price_usd": digits(row["price_usd"]),
        "value_usd": _money(row["value_usd"]),
        "lot": {
            "id": row["lot_id"],
            "opened_date": _date(row["lot_opened_date"]),
            "instruction": row["lot_instruction"],
            "basis_usd": _money(row["basis_usd"]),
            "gain_usd": _money(row["gain_usd"]),
            "is_long_term": row["is_long_term"],
            "long_term_date": _date(row["long_term_date"]),
            "disallowed_usd": _money(row["disallowed_usd"]),
            "tax_rate_frac": row["tax_rate_frac"],
        }
        if is_sale
        else None,
        "tax_usd": _money(row["tax_usd"]),
        "cost_usd": _stated_cost(row),
        "commission_usd": _money(row["commission_usd"]),
        "half_spread_usd": _money(row["half_spread_usd"]),
        "redemption_fee_usd": _money(row["redemption_fee_usd"]),
        "order_by_at": utc_text(row["order_by_at"]),
        "settle_date": _date(row["settle_date"]),
        "reasons": json.loads(row["reasons_json"]),
        "replaces_security_id": row["replaces_security_id"],
        **{
            name: _plain(row[name])
            for name in ("weight_before_frac", "weight_after_frac", "target_frac", "margin_frac")
        },
        "sentence": sentence,
    }


def _plain(figure: float | None) -> float | None:
    """Return the figure, nothing without a sign: no -0.0."""
    return None if figure is None else figure + 0.0


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _stated_cost(row: Mapping[str, Any]) -> str | None:
    """Return the parts of a trade's cost together; of a list made before they were stated, what it was chosen by."""
    parts = [row[name] for name in ("commission_usd", "half_spread_usd", "redemption_fee_usd")]
    return _cents(row["trade_cost_usd"]) if None in parts else str(sum(parts, Decimal()))


def _cents(amount: float | None) -> str | None:
    """Return an estimate to the cent, as text like every other amount."""
    return None if amount is None else f"{round(amount, 2) + 0.0:.2f}"


def _date(date: dt.date | None) -> str | None:
    return None if date is None else date.isoformat()
