"""What users of other tools complain of: each shown on a naive method, and absent here.

The naive method is the usual one: for each class, buy or sell the distance from target, its first security, its first lot.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.engine.scene import told, traded

BOOK = {"VTI": ("equity", 100.0), "ITOT": ("equity", 60.0), "BND": ("bond", 50.0)}


def naive(
    nav: float, held: dict[str, float], targets: dict[str, float], prices: dict[str, tuple[str, float]]
) -> dict[str, float]:
    """Return signed dollars by security: each class's distance from target, in its first security."""
    trades = {}
    for klass, target in targets.items():
        first = next(name for name, (its, _) in prices.items() if its == klass)
        trades[first] = target * nav - sum(value for name, value in held.items() if prices[name][0] == klass)
    return trades


def test_the_same_fund_bought_and_sold() -> None:
    # Naive, one step after the other: harvest the loss in VTI, then bring equity back to target by its first security, VTI.
    lots = [{"security": "VTI", "qty": 500, "basis": 130.0, "rate": 0.2}, {"security": "BND", "qty": 1_000}]
    harvested = {"VTI": -50_000.0}
    after = naive(100_000, {"VTI": 0.0, "BND": 50_000.0}, {"equity": 0.6, "bond": 0.4}, BOOK)
    assert harvested["VTI"] < 0 < after["VTI"]
    _, trades, _, answer = told(lots=lots, prices=BOOK, target_cost=1.0)
    assert traded(answer, "sell", "VTI") == pytest.approx(50_000)
    assert len({trade["security_id"] for trade in trades}) == len(trades)


def test_amounts_that_do_not_add_up() -> None:
    # Naive: a restricted class cannot be sold, and the purchases are made all the same.
    lots = [{"security": "VTI", "qty": 800, "sellable": False}, {"security": "BND", "qty": 400}]
    trades = naive(100_000, {"VTI": 80_000.0, "BND": 20_000.0}, {"equity": 0.6, "bond": 0.4}, BOOK)
    assert trades["BND"] == pytest.approx(20_000)
    row, _, _, answer = told(lots=lots, target_cost=1.0)
    assert row["bought_usd"] == row["sold_usd"] == 0
    assert row["cash_before_usd"] + row["sold_usd"] - row["bought_usd"] == row["cash_after_usd"]
    assert answer.accounts["band_excess_usd"][0] == pytest.approx(30_000)


def test_after_weights_sum_to_one() -> None:
    # Naive: weights after are taken over the value before the withdrawal.
    lots = [{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]
    _, _, classes, _ = told(lots=lots, spoken_for=30_000.0, target_cost=1.0)
    naive_sum = (0.6 * 100_000 + 0.4 * 100_000) / 70_000
    assert naive_sum > 1.36
    assert sum(row["weight_after_frac"] for row in classes.values()) == pytest.approx(1)


def test_the_most_overweight_class_is_not_bought() -> None:
    # Naive: cash is spread over the model's weights, so equity is bought though it is far over.
    lots = [{"security": "VTI", "qty": 750}, {"security": "BND", "qty": 300}]
    spread = {"VTI": 0.6 * 10_000, "BND": 0.4 * 10_000}
    assert spread["VTI"] > 0
    _, _, _, answer = told(lots=lots, cash=10_000.0, target_cost=1.0)
    assert traded(answer, "buy", "VTI") == 0
    assert traded(answer, "buy", "BND") > 0


def test_cash_is_not_spent_twice() -> None:
    # Naive: each underweight class is given what it lacks; together more than there is.
    prices = {"VTI": ("equity", 100.0), "BND": ("bond", 50.0), "GLD": ("gold", 200.0)}
    lots = [{"security": "GLD", "qty": 50, "sellable": False}]
    targets = {"equity": 0.6, "bond": 0.4}
    wanted = naive(11_000, {"GLD": 10_000.0}, targets, prices)
    assert sum(wanted.values()) > 1_000
    row, _, _, _ = told(
        lots=lots,
        cash=1_000.0,
        prices=prices,
        targets=targets,
        target_cost=0.5,
        terms=[("overdraft", 0.0, 0.0, 9.0, 0.0)],
    )
    assert row["bought_usd"] == pytest.approx(1_000)
    assert row["cash_after_usd"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("targets", [{"equity": 0.6, "bond": 0.4, "gold": 0.0}, {"equity": 0.6, "bond": 0.4}])
def test_a_target_of_zero_is_a_target(targets: dict[str, float]) -> None:
    # Naive: classes without a weight are skipped, so gold stays.
    prices = {"VTI": ("equity", 100.0), "BND": ("bond", 50.0), "GLD": ("gold", 200.0)}
    lots = [{"security": "VTI", "qty": 540}, {"security": "BND", "qty": 720}, {"security": "GLD", "qty": 50}]
    weighted = {klass: target for klass, target in targets.items() if target}
    assert "GLD" not in naive(100_000, {"VTI": 54_000.0, "BND": 36_000.0, "GLD": 10_000.0}, weighted, prices)
    _, _, classes, answer = told(lots=lots, prices=prices, targets=targets)
    assert traded(answer, "sell", "GLD") == pytest.approx(10_000)
    assert classes["gold"]["weight_after_frac"] == pytest.approx(0, abs=1e-12)


def test_idle_cash_is_invested() -> None:
    # Naive: drift is measured over what is invested, 60/40 to the dollar, and reads zero.
    lots = [{"security": "VTI", "qty": 480}, {"security": "BND", "qty": 640}]
    invested = {"equity": 48_000 / 80_000, "bond": 32_000 / 80_000}
    assert invested == {"equity": 0.6, "bond": 0.4}
    _, _, classes, _ = told(lots=lots, cash=20_000.0)
    assert classes["cash"]["weight_after_frac"] == pytest.approx(0, abs=1e-12)


def test_every_trade_says_what_it_saves() -> None:
    lots: list[dict[str, Any]] = [
        {"security": "VTI", "qty": 700, "basis": 80.0, "rate": 0.2},
        {"security": "BND", "qty": 600},
    ]
    row, trades, classes, _ = told(lots=lots, target_cost=0.2)
    for trade in trades:
        cost = (trade["tax_usd"] + trade["trade_cost_usd"]) / trade["value_usd"]
        value = row["cash_price_frac"] + classes[trade["asset_class"]]["price_frac"]
        assert trade["margin_frac"] == pytest.approx((value if trade["side"] == "sell" else -value) - cost)
        assert trade["margin_frac"] >= -1e-12
