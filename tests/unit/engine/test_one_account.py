"""Accounts whose best trades a careful person works out by hand."""

from __future__ import annotations

import pytest

from tests.unit.engine.scene import told, traded

DRIFTED = {"lots": [{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]}
"""70,000 of equity and 30,000 of bonds, to 60/40 with bands of five points."""


def test_lambda_nothing_trades_to_the_edge() -> None:
    row, _, classes, answer = told(**DRIFTED)
    assert traded(answer, "sell", "VTI") == pytest.approx(5_000)
    assert traded(answer, "buy", "BND") == pytest.approx(5_000)
    assert classes["equity"]["weight_after_frac"] == pytest.approx(0.65)
    assert row["objective_usd"] == pytest.approx(1.0)
    assert row["gap_usd"] == pytest.approx(0, abs=1e-9)


def test_a_large_lambda_trades_to_target() -> None:
    _, _, classes, _ = told(**DRIFTED, target_cost=1.0)
    assert classes["equity"]["weight_after_frac"] == pytest.approx(0.60)
    assert classes["bond"]["weight_after_frac"] == pytest.approx(0.40)


def test_a_shrunken_band_trades_to_the_midpoint() -> None:
    _, _, classes, _ = told(**DRIFTED, width=0.025)
    assert classes["equity"]["weight_after_frac"] == pytest.approx(0.625)


def test_inside_the_bands_nothing_is_traded() -> None:
    row, trades, _, _ = told(lots=[{"security": "VTI", "qty": 620}, {"security": "BND", "qty": 760}])
    assert row["outcome"] == "nothing_to_trade"
    assert trades == []
    assert row["objective_usd"] == row["bound_usd"] == 0


def test_the_dearest_lot_goes_first() -> None:
    lots = [
        {"security": "VTI", "qty": 350, "basis": 40.0, "rate": 0.2, "lot": "old"},
        {"security": "VTI", "qty": 30, "basis": 95.0, "rate": 0.2, "lot": "dear"},
        {"security": "VTI", "qty": 320, "basis": 60.0, "rate": 0.2, "lot": "middle"},
        {"security": "BND", "qty": 600},
    ]
    row, trades, _, _ = told(lots=lots)
    sold = {trade["lot_id"]: trade["traded_qty"] for trade in trades if trade["side"] == "sell"}
    assert sold == {"dear": pytest.approx(30), "middle": pytest.approx(20)}
    # Gains of 30 x 5 and 20 x 40, taxed at a fifth.
    assert row["tax_usd"] == pytest.approx(0.2 * (150 + 800))


def test_tax_that_costs_more_than_drift_is_not_paid() -> None:
    lots = [{"security": "VTI", "qty": 700, "basis": 10.0, "rate": 0.3}, {"security": "BND", "qty": 600}]
    row, trades, _, _ = told(lots=lots, band_cost=0.1)
    # A dollar moved costs 0.27 of tax and saves at most 0.2 of both bands' penalty.
    assert trades == []
    assert row["band_excess_usd"] == pytest.approx(10_000)


def test_mu_is_what_a_dollar_of_cash_would_save() -> None:
    lots = [
        {"security": "VTI", "qty": 620, "basis": 50.0, "rate": 0.2},
        {"security": "BND", "qty": 760, "sellable": False},
    ]
    row, _, _, _ = told(
        lots=lots, terms=[("minimum", 0.0, 1_000.0, 20.0, 0.0)], targets={"equity": 0.59, "bond": 0.4, "cash": 0.01}
    )
    # The marginal dollar is raised from equity: half of it is gain, taxed at a fifth, and a basis point of spread.
    assert row["cash_price_frac"] == pytest.approx(0.1001)
    assert row["cash_after_usd"] == pytest.approx(1_000)


def test_a_withdrawal_is_raised_from_what_is_overweight() -> None:
    _, trades, classes, answer = told(**DRIFTED, spoken_for=10_000.0, target_cost=1.0)
    assert [trade["side"] for trade in trades] == ["buy", "sell"]
    assert traded(answer, "sell", "VTI") == pytest.approx(70_000 - 0.6 * 90_000)
    assert classes["cash"]["value_after_usd"] == pytest.approx(0, abs=1e-6)


def test_a_minimum_of_cash_is_kept() -> None:
    row, _, classes, _ = told(**DRIFTED, terms=[("minimum", 0.0, 3_000.0, 20.0, 0.0)])
    assert classes["cash"]["value_after_usd"] == pytest.approx(3_000)
    assert row["cash_short_usd"] == pytest.approx(0, abs=1e-9)


def test_a_minimum_that_cannot_be_kept_is_told() -> None:
    lots = [{"security": "VTI", "qty": 700, "sellable": False}, {"security": "BND", "qty": 600, "sellable": False}]
    row, trades, _, _ = told(lots=lots, terms=[("minimum", 0.0, 3_000.0, 20.0, 0.0)])
    assert trades == []
    assert row["cash_short_usd"] == pytest.approx(3_000)


def test_the_cheaper_of_two_is_bought_and_a_cap_is_kept() -> None:
    prices = {"BND": ("bond", 50.0), "AGG": ("bond", 100.0), "VTI": ("equity", 100.0)}
    _, _, _, answer = told(**DRIFTED, prices=prices, limits=[("BND", False, False, 2_000.0)])
    assert traded(answer, "buy", "BND") == pytest.approx(2_000)
    assert traded(answer, "buy", "AGG") == pytest.approx(3_000)


def test_dust_is_left_out() -> None:
    lots = [{"security": "VTI", "qty": 650.04}, {"security": "BND", "qty": 700}]
    _, trades, _, _ = told(lots=lots, dust=10.0)
    assert trades == []


def test_a_loss_is_harvested_into_the_substitute() -> None:
    prices = {"VTI": ("equity", 100.0), "ITOT": ("equity", 60.0), "BND": ("bond", 50.0)}
    lots = [{"security": "VTI", "qty": 600, "basis": 120.0, "rate": 0.2}, {"security": "BND", "qty": 800}]
    row, _, _, answer = told(lots=lots, prices=prices, target_cost=1.0)
    assert traded(answer, "sell", "VTI") == pytest.approx(60_000)
    assert traded(answer, "buy", "ITOT") == pytest.approx(60_000)
    assert row["tax_usd"] == pytest.approx(-0.2 * 600 * 20)
    assert row["gap_usd"] == pytest.approx(0, abs=1e-6)


def test_without_a_substitute_the_loss_waits() -> None:
    lots = [{"security": "VTI", "qty": 600, "basis": 120.0, "rate": 0.2}, {"security": "BND", "qty": 800}]
    row, trades, _, _ = told(lots=lots, target_cost=1.0)
    assert trades == []
    assert row["gap_usd"] == pytest.approx(0, abs=1e-6)


def test_a_disallowed_loss_saves_nothing() -> None:
    lots = [
        {"security": "VTI", "qty": 700, "basis": 120.0, "rate": 0.2, "washed": 50.0},
        {"security": "BND", "qty": 600},
    ]
    row, trades, _, _ = told(lots=lots, limits=[("VTI", False, True, None)])
    sale = next(trade for trade in trades if trade["side"] == "sell")
    # The first fifty units sold are the disallowed ones.
    assert sale["disallowed_usd"] == pytest.approx(min(sale["traded_qty"], 50) * 20)
    assert row["tax_usd"] == pytest.approx(-0.2 * max(0.0, sale["traded_qty"] - 50) * 20)
    assert row["bound_usd"] <= row["objective_usd"]
