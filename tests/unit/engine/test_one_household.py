"""Households whose best lists a careful person works out by hand: what goes where, and that nothing crosses."""

from __future__ import annotations

import pytest

from tests.unit.engine.household_scene import Member, told, traded


def near(value: float) -> object:
    return pytest.approx(value, abs=1e-6)


def test_bonds_go_to_the_deferred_account() -> None:
    """New money in both accounts: 60,000 of equity and 40,000 of bonds, the bonds where interest is not taxed."""
    row, cells, answer = told(
        {"taxable": Member(cash=60_000.0, location="taxable"), "ira": Member(cash=40_000.0, location="deferred")}
    )
    assert cells["taxable", "equity"] == near(60_000)
    assert cells["ira", "bond"] == near(40_000)
    assert answer.trades.height == 2
    assert row["location_cost_usd"] == near(0)
    assert row["objective_usd"] == near(100_000 * 0.0001)
    assert row["gap_frac"] == near(0)
    assert row["residual_cycle_frac"] == 0


def test_the_worst_taxed_class_comes_first() -> None:
    """The IRA has room for 30,000: real estate first (2 per cent a year), then bonds (1), the rest of the bonds in the taxable account."""
    targets = {"equity": 0.5, "bond": 0.3, "real_estate": 0.2}
    members = {"taxable": Member(cash=70_000.0, location="taxable"), "ira": Member(cash=30_000.0, location="deferred")}
    row, cells, _ = told(members, targets=targets)
    assert cells["ira", "real_estate"] == near(20_000)
    assert cells["ira", "bond"] == near(10_000)
    assert cells["taxable", "bond"] == near(20_000)
    assert cells["taxable", "equity"] == near(50_000)
    assert row["location_cost_usd"] == near(20_000 * 0.01)


def test_a_swap_of_location_moves_no_cash() -> None:
    """Equity in the IRA and bonds in the taxable account change places by four trades, each account paying for its own."""
    members = {
        "taxable": Member(lots=[{"security": "BND", "qty": 800}, {"security": "VTI", "qty": 200}], location="taxable"),
        "ira": Member(lots=[{"security": "VTI", "qty": 400}], location="deferred"),
    }
    row, cells, answer = told(members)
    assert cells["ira", "bond"] == near(40_000)
    assert cells["taxable", "equity"] == near(60_000)
    for account in answer.household_accounts.iter_rows(named=True):
        assert account["sold_usd"] == near(40_000)
        assert account["bought_usd"] == near(40_000)
        assert account["cash_after_usd"] == near(0)
    assert row["other_side_count"] == 2
    findings = answer.findings.filter(finding="other_side_in_household")
    assert findings.height == 4


def test_no_swap_where_tax_costs_more_than_location_saves() -> None:
    lots = [{"security": "BND", "qty": 800, "basis": 25.0, "rate": 0.2}, {"security": "VTI", "qty": 200}]
    members = {
        "taxable": Member(lots=lots, location="taxable"),
        "ira": Member(lots=[{"security": "VTI", "qty": 400}], location="deferred"),
    }
    # A dollar of bonds sold costs 0.1 of tax; its place costs 0.011 on both sides together.
    row, _, answer = told(members)
    assert answer.trades.is_empty()
    assert row["outcome"] == "nothing_to_trade"
    assert row["location_cost_usd"] == near(40_000 * 0.01 + 40_000 * 0.001)


def test_drift_of_one_account_is_mended_in_the_other_where_it_is_not_taxed() -> None:
    """The household is 10,000 over in equity; the gains are in the taxable account, so the IRA sells."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 500, "basis": 20.0, "rate": 0.2}]),
        "ira": Member(lots=[{"security": "VTI", "qty": 200}, {"security": "BND", "qty": 600}]),
    }
    row, _, answer = told(members)
    assert traded(answer, "ira", "sell", "VTI") == near(10_000)
    assert traded(answer, "ira", "buy", "BND") == near(10_000)
    assert row["tax_usd"] == 0
    assert answer.household_accounts.filter(account_id="taxable")["trade_count"].item() == 0


def test_without_a_plan_an_account_still_pays_with_its_own_money() -> None:
    """A taxable account that would rather hold nothing but equity does not lend the IRA what it needs for all the bonds."""
    members = {"taxable": Member(cash=70_000.0, location="taxable"), "ira": Member(cash=30_000.0)}
    _, cells, answer = told(members, locations={("taxable", "bond"): 0.5, ("taxable", "cash"): 0.0})
    assert cells["ira", "bond"] == near(30_000)
    assert cells["taxable", "bond"] == near(10_000)
    assert answer.household_accounts["cash_after_usd"].to_list() == [near(0), near(0)]


def test_cash_of_one_account_does_not_pay_for_another() -> None:
    """The taxable account must pay out 5,000 while the IRA has cash to spare: it sells all the same."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 600}], spoken_for=5_000.0, plan="P"),
        "ira": Member(lots=[{"security": "BND", "qty": 700}], cash=5_000.0, plan="P"),
    }
    terms = {"P": [("overdraft", 0.0, 0.0, 50.0, 0.0)]}
    _, _, answer = told(members, terms=terms, target_cost=0.01)
    after = dict(answer.household_accounts.select("account_id", "cash_after_usd").iter_rows())
    assert traded(answer, "taxable", "sell", "VTI") >= 5_000 - 1e-6
    assert after["taxable"] >= -1e-6
    assert after["ira"] >= -1e-6


def test_each_account_keeps_its_own_minimum_of_cash() -> None:
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 600}], plan="FLOOR"),
        "ira": Member(lots=[{"security": "BND", "qty": 800}]),
    }
    terms = {"FLOOR": [("minimum", 0.0, 2_000.0, 20.0, 0.0)]}
    _, cells, answer = told(members, terms=terms)
    assert cells["taxable", "cash"] == near(2_000)
    assert answer.household_accounts["cash_short_usd"].max() == near(0)


def test_a_restricted_account_leaves_what_it_must() -> None:
    """The taxable account may not sell its 80,000 of equity: the IRA is all bonds, and the rest of the excess is told."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 800}], limits=[("VTI", True, False, None)]),
        "ira": Member(lots=[{"security": "VTI", "qty": 100}, {"security": "BND", "qty": 200}]),
    }
    row, cells, answer = told(members)
    assert traded(answer, "taxable", "sell", "VTI") == 0
    assert cells["ira", "bond"] == near(20_000)
    assert row["band_excess_usd"] == near(2 * 20_000)


def test_an_account_buys_only_from_its_own_shelf() -> None:
    """The plan's shelf has no bonds: they are bought in the taxable account, though it is the worse place."""
    members = {
        "taxable": Member(cash=60_000.0, location="taxable"),
        "plan": Member(cash=40_000.0, location="deferred", universe="MENU"),
    }
    _, cells, answer = told(members, shelves={"U": {"VTI", "BND", "VNQ"}, "MENU": {"VTI"}})
    assert traded(answer, "plan", "buy", "BND") == 0
    assert cells["plan", "equity"] == near(40_000)
    assert cells["taxable", "bond"] == near(40_000)


def test_a_loss_in_one_account_bought_back_in_another_is_told() -> None:
    """The taxable account harvests what the IRA must buy: allowed by this problem, and flagged on both sides."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 200, "basis": 150.0, "rate": 0.3}], location="taxable"),
        "ira": Member(cash=40_000.0, limits=[("BND", False, True, None)]),
        "roth": Member(lots=[{"security": "BND", "qty": 800}], limits=[("BND", True, False, None)]),
    }
    _, _, answer = told(members, targets={"equity": 0.4, "bond": 0.6})
    flags = answer.findings.select("account_id", "security_id", "finding").rows()
    assert ("taxable", "VTI", "loss_bought_in_household") in flags
    assert ("ira", "VTI", "other_side_in_household") in flags


def test_location_costs_count_over_the_cheapest_class() -> None:
    """The same preference told in negative figures, or with a constant on every class, changes nothing."""
    members = {"taxable": Member(cash=60_000.0, location="t"), "ira": Member(cash=40_000.0, location="d")}
    classes = ("equity", "bond", "cash")
    plain = dict(zip(((kind, name) for kind in "td" for name in classes), (0, 0.01, 0.01, 0.01, 0, 0.01), strict=True))
    shifted = {key: value - (0.5 if key[0] == "t" else -0.25) for key, value in plain.items()}
    one, _, first = told(members, locations=plain)
    other, _, second = told(members, locations=shifted)
    assert one["location_cost_usd"] == near(other["location_cost_usd"])
    assert one["location_cost_usd"] == near(0)
    assert first.trades.select("account_id", "security_id", "side").equals(
        second.trades.select("account_id", "security_id", "side")
    )


def test_an_empty_account_and_a_small_overdraft_do_not_stop_the_household() -> None:
    members = {
        "empty": Member(),
        "fee": Member(cash=-25.0),
        "ira": Member(lots=[{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]),
    }
    row, cells, answer = told(members)
    assert row["outcome"] == "traded"
    assert row["nav_usd"] == near(99_975)
    assert cells["fee", "cash"] == near(-25)
    assert set(answer.trades["account_id"]) == {"ira"}


def test_prices_say_why() -> None:
    """The last dollar of a trade saves nothing at the account's price of cash and the class's price."""
    members = {
        "taxable": Member(lots=[{"security": "VTI", "qty": 700, "basis": 50.0, "rate": 0.2}], location="taxable"),
        "ira": Member(lots=[{"security": "VTI", "qty": 100}, {"security": "BND", "qty": 400}], location="deferred"),
    }
    _, _, answer = told(members)
    assert answer.trades["margin_frac"].min() >= -1e-9  # type: ignore[operator]
