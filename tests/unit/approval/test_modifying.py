"""A smaller list: what may be asked, and what it is checked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.approval.modifying import Limits, smaller
from evenkeel.errors import UsageError


def trade(number: int, side: str, quantity: str, price: str = "100", **more: Any) -> dict[str, Any]:
    value = str((Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01")))
    plain = {
        "trade_no": number,
        "account_id": "AC-1",
        "security_id": {"sell": "VTI", "buy": "BND"}[side],
        "side": side,
        "traded_qty": quantity,
        "price_usd": price,
        "value_usd": value,
        "tax_usd": "15.00" if side == "sell" else "0.00",
        "gain_usd": "100.00" if side == "sell" else None,
        "is_long_term": True if side == "sell" else None,
        "commission_usd": "1.00",
    }
    return {**plain, **more}


SHOWN = {
    "portfolio_id": "P1",
    "kind": "full",
    "figures": {"cash_before_usd": "50.00", "sold_usd": "1000.00", "max_drift_after_frac": "0.01"},
    "trades": [trade(1, "sell", "10"), trade(2, "buy", "10")],
    "classes": [{"node": "us_equity", "before_frac": "0.66", "target_frac": "0.6", "after_frac": "0.6"}],
}
LIMITS = Limits({"AC-1": Decimal("50.00")}, {}, Decimal(100))


def test_less_of_both_sides_is_a_smaller_list_with_its_own_figures() -> None:
    made = smaller(SHOWN, {1: Decimal(5), 2: Decimal(5)}, LIMITS)
    assert [(row["traded_qty"], row["value_usd"]) for row in made["trades"]] == [("5", "500.00"), ("5", "500.00")]
    assert made["trades"][0]["tax_usd"] == "7.50"
    assert made["figures"] == {
        "cash_before_usd": "50.00",
        "sold_usd": "500.00",
        "bought_usd": "500.00",
        "cost_usd": "1.00",
        "net_tax_usd": "7.50",
        "short_term_gain_usd": "0",
        "long_term_gain_usd": "50.00",
        "cash_after_usd": "50.00",
        "max_drift_after_frac": None,
    }
    assert made["classes"] == [{"node": "us_equity", "before_frac": "0.66", "target_frac": "0.6", "after_frac": None}]
    assert SHOWN["trades"][0]["traded_qty"] == "10", "the original stays as it was"  # type: ignore[index]


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({1: 11}, "11 is more than the 10 proposed"),
        ({3: 1}, "there is no trade 3; the list has 1 to 2"),
        ({1: -1}, "zero or more"),
        ({1: "4.5"}, "in whole units"),
        ({1: 10}, "as it was; approve it instead"),
        ({1: 0, 2: 0}, "nothing would be left"),
        ({1: 0}, "-950.00 dollars of cash would be left, 0.00 must stay"),
        ({2: "0.0"}, None),
        ({1: 1, 2: "1"}, None),
        ({2: 0}, None),
    ],
)
def test_what_is_refused_says_what_is_wrong(wanted: dict[int, Any], says: str | None) -> None:
    quantities = {number: Decimal(quantity) for number, quantity in wanted.items()}
    if says is None:
        assert smaller(SHOWN, quantities, LIMITS)["trades"]
        return
    with pytest.raises(UsageError, match=says.replace(".", r"\.")):
        smaller(SHOWN, quantities, LIMITS)


def test_an_order_too_small_to_be_worth_it_is_refused_unless_it_was_so() -> None:
    limits = Limits({"AC-1": Decimal(50)}, {}, Decimal(250))
    with pytest.raises(UsageError, match=r"order to sell VTI would be 200.00 dollars, less than 250.00"):
        smaller(SHOWN, {1: Decimal(2), 2: Decimal(2)}, limits)
    tiny = {**SHOWN, "trades": [trade(1, "sell", "2"), trade(2, "buy", "1")]}
    assert smaller(tiny, {2: Decimal(0)}, limits)["trades"][0]["traded_qty"] == "2"


def test_cash_that_must_stay_stays() -> None:
    limits = Limits({"AC-1": Decimal(50)}, {"AC-1": Decimal(40)}, Decimal(0))
    with pytest.raises(UsageError, match=r"40\.00 must stay"):
        smaller(SHOWN, {1: Decimal(9)}, limits)
    short_anyway = Limits({"AC-1": Decimal(-500)}, {}, Decimal(0))
    assert smaller(SHOWN, {2: Decimal(9)}, short_anyway)["trades"], "less short than it was proposed"


@given(st.integers(0, 12), st.integers(0, 12), st.decimals(-200, 2000, places=2))
def test_a_smaller_list_never_trades_more_nor_leaves_an_account_shorter(sell: int, buy: int, cash: Decimal) -> None:
    limits = Limits({"AC-1": cash}, {}, Decimal(0))
    try:
        made = smaller(SHOWN, {1: Decimal(sell), 2: Decimal(buy)}, limits)
    except UsageError:
        return
    by_number = {row["trade_no"]: Decimal(row["traded_qty"]) for row in made["trades"]}
    assert all(0 < quantity <= 10 for quantity in by_number.values())
    after = cash + 100 * by_number.get(1, 0) - 100 * by_number.get(2, 0)
    assert after >= 0 or after >= cash
