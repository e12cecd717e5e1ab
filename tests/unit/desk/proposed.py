"""A proposal of a sale and a purchase in few words, for the tests of what the desk shows of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from evenkeel.desk.directory import Directory
from evenkeel.desk.proposals import Proposal, proposals_by_id
from tests.small_practice import MONDAY, frame

ID = "pro-0123456789abcdef"
NAMES = Directory(account_masks={"P1-1": "…1234"}, security_names={"USTM": "US total market <ETF>"})

CHECKS = [
    {"check": "wash_sale", "result": "passed", "figures": {}, "text": "No loss is washed."},
    {"check": "cash", "result": "warned", "figures": {"still_count": 1}, "text": "1 account stays below its minimum."},
]
PROPOSAL: dict[str, Any] = {
    "business_date": MONDAY,
    "proposal_id": ID,
    "portfolio_id": "P1",
    "household_id": "H1",
    "kind": "full",
    "status": "drafted",
    "account_count": 1,
    "nav_usd": 1_000_000.0,
    "sold_usd": Decimal("42000.00"),
    "bought_usd": Decimal("41000.00"),
    "trade_count": 3,
    "cash_before_usd": Decimal("50000.00"),
    "cash_after_usd": Decimal("51000.00"),
    "cash_short_usd": 0.0,
    "short_term_gain_usd": Decimal("-500.00"),
    "long_term_gain_usd": Decimal("12000.00"),
    "disallowed_usd": Decimal("0.00"),
    "federal_tax_usd": Decimal("2300.00"),
    "state_tax_usd": Decimal("112.50"),
    "net_tax_usd": Decimal("2412.50"),
    "net_tax_frac": 0.05744,
    "trade_cost_usd": 12.604,
    "max_drift_before_frac": 0.042,
    "max_drift_after_frac": 0.001,
    "band_excess_before_frac": 0.012,
    "band_excess_after_frac": 0.0,
    "objective_before_usd": 12840.25,
    "objective_usd": 2425.1,
    "bound_usd": 2425.0,
    "gap_usd": 0.1,
    "gap_bp": 0.0101,
    "advice": "act_now",
    "obstacles_json": "[]",
    "classes_json": json.dumps(
        [
            {
                "node": node,
                "asset_class": node.partition("/")[0],
                "target_frac": target,
                "lower_frac": None,
                "upper_frac": None,
                "before_frac": before,
                "after_frac": after,
            }
            for node, target, before, after in (
                ("us_equity/core", 0.4, 0.442, 0.4),
                ("us_equity/growth", 0.2, 0.2, 0.2),
                ("us_bond", 0.35, 0.308, 0.349),
                ("cash", 0.05, 0.05, 0.051),
            )
        ]
    ),
    "checks_json": json.dumps(CHECKS),
    "notes_json": "[]",
    "policy_version": "house/1",
}
SALE: dict[str, Any] = {
    "business_date": MONDAY,
    "proposal_id": ID,
    "trade_no": 1,
    "account_id": "P1-1",
    "security_id": "USTM",
    "side": "sell",
    "asset_class": "us_equity",
    "node_id": "us_equity/core",
    "traded_qty": Decimal("400.000000000000000000"),
    "price_usd": Decimal(100),
    "value_usd": Decimal("40000.00"),
    "lot_id": "L1",
    "lot_opened_date": dt.date(2019, 3, 4),
    "lot_instruction": "specific_lot",
    "basis_usd": Decimal("28000.00"),
    "gain_usd": Decimal("12000.00"),
    "is_long_term": True,
    "long_term_date": dt.date(2020, 3, 5),
    "disallowed_usd": Decimal("0.00"),
    "tax_rate_frac": 0.2,
    "tax_usd": Decimal("2400.00"),
    "trade_cost_usd": 6.0,
    "settle_date": MONDAY,
    "reasons_json": '["overweight"]',
    "weight_before_frac": 0.442,
    "weight_after_frac": 0.4,
    "target_frac": 0.4,
    "margin_frac": -0.0,
}
SECOND_LOT = {
    **SALE,
    "trade_no": 2,
    "lot_id": "L2",
    "traded_qty": Decimal(20),
    "value_usd": Decimal("2000.00"),
    "basis_usd": Decimal("2500.00"),
    "gain_usd": Decimal("-500.00"),
    "is_long_term": False,
    "tax_usd": Decimal("-145.00"),
    "reasons_json": '["overweight", "loss_first"]',
}
PURCHASE: dict[str, Any] = {
    **{
        name: value
        for name, value in SALE.items()
        if not name.startswith(("lot_", "basis", "gain", "long_", "is_", "dis"))
    },
    "trade_no": 3,
    "side": "buy",
    "security_id": "USAG",
    "asset_class": "us_bond",
    "node_id": "us_bond",
    "traded_qty": Decimal("820.5"),
    "price_usd": Decimal("49.9695"),
    "value_usd": Decimal("41000.00"),
    "lot_instruction": "none",
    "tax_rate_frac": None,
    "tax_usd": Decimal("0.00"),
    "reasons_json": '["underweight"]',
}
OBSTACLE = {
    "account_id": "P1-1",
    "security_id": "PLMR",
    "side": "sell",
    "rule": "legacy_keep",
    "until_date": None,
    "restriction_id": "R-17",
}


def proposed(
    trades: Sequence[Mapping[str, Any]] = (SALE, SECOND_LOT, PURCHASE), names: Directory = NAMES, **changes: Any
) -> Proposal:
    """Return the proposal as documented, with columns changed."""
    return proposals_by_id(frame(Proposals, [{**PROPOSAL, **changes}]), frame(Trades, list(trades)), names)[ID]


def without_trades(status: str, reason: str | None = None, **changes: Any) -> Proposal:
    """Return a proposal that has no list."""
    return proposed((), status=status, status_reason=reason, advice=None, trade_count=0, **changes)
