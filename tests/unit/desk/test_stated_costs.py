"""What the desk says of costs and of orders for funds."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from evenkeel.desk.orders import orders_of
from evenkeel.desk.proposal_text import proposal_text
from tests.unit.desk.proposed import OBSTACLE, PURCHASE, SALE, proposed

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "docs" / "alerts.schema.json").read_text("utf-8")
)["items"]["properties"]["proposal"]
COSTS = {
    "commission_usd": Decimal("1.25"),
    "half_spread_usd": Decimal("6.00"),
    "redemption_fee_usd": Decimal("30.00"),
}
BY_HALF_PAST_THREE = {"order_by_at": dt.datetime(2026, 7, 7, 19, 30, tzinfo=dt.UTC)}
KEPT = {
    **OBSTACLE,
    **{"security_id": "USTMX", "rule": "redemption_period", "until_date": "2026-08-01", "restriction_id": None},
    **{"kept_qty": 120.0, "fee_frac": 0.015},
}


def text_of(proposal: dict[str, Any]) -> str:
    out = io.StringIO()
    for part in proposal_text(proposal):
        Console(file=out, width=200, color_system=None).print(part)
    return out.getvalue()


def test_the_stated_parts_add_up_to_the_cost() -> None:
    [trade] = proposed([{**SALE, **COSTS}], cost_usd=Decimal("37.25"))["trades"]
    assert (trade["cost_usd"], trade["commission_usd"], trade["redemption_fee_usd"]) == ("37.25", "1.25", "30.00")
    assert proposed([{**SALE, **COSTS}], cost_usd=Decimal("37.25"))["cost_usd"] == "37.25"


def test_a_list_made_before_costs_were_stated_shows_what_it_was_chosen_by() -> None:
    proposal = proposed([SALE])
    assert (proposal["cost_usd"], proposal["trades"][0]["cost_usd"]) == ("12.60", "6.00")
    assert proposal["trades"][0]["commission_usd"] is None


@pytest.mark.parametrize(("at", "said"), [(BY_HALF_PAST_THREE, "order by 15:30 ET"), ({}, "")])
def test_an_order_for_a_fund_says_by_when_it_must_be_in(at: dict[str, Any], said: str) -> None:
    proposal = proposed([{**PURCHASE, **at}])
    [order] = orders_of(proposal)
    assert (order.order_by, order.notes) == (said, said)
    assert ("ET" in text_of(proposal)) is bool(said)


def test_a_sale_of_a_fund_says_its_lots_and_the_time() -> None:
    [order] = orders_of(proposed([{**SALE, **BY_HALF_PAST_THREE}]))
    assert order.notes == "lot of 2019-03-04, long-term; order by 15:30 ET"


def test_all_of_it_is_as_documented() -> None:
    trades = [{**SALE, **COSTS, **BY_HALF_PAST_THREE}, {**PURCHASE, "trade_no": 2, **COSTS}]
    proposal = proposed(trades, cost_usd=Decimal("74.50"), obstacles_json=json.dumps([KEPT, OBSTACLE]))
    jsonschema.validate(proposal, SCHEMA)
    assert proposal["trades"][0]["order_by_at"] == "2026-07-07T19:30:00Z"
    assert proposal["obstacles"][0]["sentence"] == (
        "120 units of USTMX are kept: redeemed before 2026-08-01 they would cost the fund's redemption fee of 1.5 %."
    )
    assert proposal["obstacles"][1]["sentence"] == "PLMR may not be sold: legacy position (restriction R-17)."
