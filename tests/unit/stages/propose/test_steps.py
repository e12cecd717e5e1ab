"""In which sizes orders are: whole steps at the custodian, or all that is held; what goes whole, what is kept and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from evenkeel.policy.model import TradingRule
from evenkeel.stages.propose import solving
from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.stage import Day, Proposed
from evenkeel.stages.propose.steps import kept_crumb, step_qty
from tests.small_practice import policy
from tests.support.proposing import Account, Lot, book_of, day_of, proposed
from tests.unit.stages.propose.lists import checked, held, trade

D = Decimal
NO_WASH = {"account_id": "A1", "security_id": "OLD", "clear_from_date": None, "answer": "no_wash"}


def sold(made: Proposed, security: str) -> dict[str, Decimal]:
    """Return the units sold of a security by lot."""
    rows = made.trades.filter(pl.col("side") == "sell", pl.col("security_id") == security)
    return dict(rows.select("lot_id", "traded_qty").iter_rows())


def bought(made: Proposed, security: str) -> list[Decimal]:
    rows = made.trades.filter(pl.col("side") == "buy", pl.col("security_id") == security)
    return rows["traded_qty"].to_list()


def told(made: Proposed) -> list[str]:
    """Return what is told of crumbs."""
    return [text for text in obstacle_sentences(made.proposals)["sentence"] if "whole steps" in text]


def rules(made: Proposed, security: str) -> list[str]:
    """Return the rules of all that stood in the way of a security."""
    rows = [one for text in made.proposals["obstacles_json"] for one in json.loads(text or "[]")]
    return [one["rule"] for one in rows if one["security_id"] == security]


def balance(made: Proposed) -> str:
    [found] = [one for one in json.loads(made.proposals["checks_json"][0]) if one["check"] == "balance"]
    return str(found["result"])


def at_target(*old: Lot, cash: float = 5_000.0, bonds: float = 700.0) -> Account:
    """Return an account of some 100,000 that is at target but for what it holds of OLD."""
    return Account(cash, [Lot("STK", 560, 90), Lot("BND", bonds, 50), *old])


def with_trading(held_by: Mapping[str, Account], prices: Mapping[str, float] | None = None, **rule: Any) -> Day:
    return day_of(held_by, book_of(), prices, policy={"trading": TradingRule(**rule)})


def test_a_sale_of_a_lot_with_a_fraction_beside_another_is_in_whole_shares() -> None:
    """200 shares too many. By lot it would be 95.93 and 104 more: 199.93, which no custodian of whole shares takes."""
    made = proposed(
        day_of(
            {"A1": Account(5_000, [Lot("STK", 95.93, 110), Lot("STK", 704.07, 99), Lot("BND", 300, 50)])}, book_of()
        ),
        A1="full",
    )
    assert sold(made, "STK") == {"A1-STK-0": D(95), "A1-STK-1": D(105)}
    assert bought(made, "BND") == [D(400)]
    assert balance(made) == "passed"
    assert told(made) == []


def test_a_position_that_goes_takes_its_fractions_with_it_as_its_source_has_them() -> None:
    made = proposed(
        day_of({"A1": at_target(Lot("OLD", 95.931234, 50), Lot("OLD", 10, 50), Lot("OLD", 0.4, 50))}, book_of()),
        A1="full",
    )
    assert sold(made, "OLD") == {"A1-OLD-2": D("95.931234"), "A1-OLD-3": D(10), "A1-OLD-4": D("0.4")}
    assert balance(made) == "passed"
    assert told(made) == []


def test_a_large_quantity_has_no_dust() -> None:
    """12,345,678.901 as a float, told in fifteen digits, is 12345678.90100000129."""
    made = proposed(day_of({"A4": Account(5e6, [Lot("OLD", 12_345_678.901, 50)])}, book_of()), A4="full")
    assert sold(made, "OLD") == {"A4-OLD-0": D("12345678.901")}


def test_what_is_left_of_a_position_is_told_once_where_another_lot_is_kept() -> None:
    """10 shares would have 200 of loss washed and are kept: the other lot can go in whole shares only."""
    day = day_of({"A1": at_target(Lot("OLD", 95.93, 38), Lot("OLD", 10, 60))}, book_of())
    washed = pl.DataFrame(
        [{**NO_WASH, "lot_id": "A1-OLD-3", "washed_qty": 10.0, "answer": "washed"}], schema=day.washed.schema
    )
    made = proposed(replace(day, washed=washed), A1="full")
    assert sold(made, "OLD") == {"A1-OLD-2": D(95)}
    [obstacle] = [one for one in json.loads(made.proposals["obstacles_json"][0]) if one["rule"] == "whole_steps"]
    assert (obstacle["account_id"], obstacle["side"], obstacle["kept_qty"]) == ("A1", "sell", 0.93)
    assert told(made) == ["0.93 units of OLD are kept: of a lot whole steps go, or the position as a whole."]
    assert balance(made) == "passed"


def test_a_crumb_is_not_told_while_whole_shares_are_left_to_sell() -> None:
    """The stock fund stays a share above target for its steps; that 0.25 of a lot is kept too says nothing more."""
    lots = [Lot("STK", 300.5, 60), Lot("STK", 20.25, 120), Lot("BND", 100, 50)]
    made = proposed(day_of({"A1": Account(1_000, [*lots, Lot("OLD", 105.93, 60)])}, book_of()), A1="full")
    assert sold(made, "STK")["A1-STK-1"] == D(20)
    after = [one for one in json.loads(made.proposals["classes_json"][0]) if one["node"].startswith("us_equity")]
    assert any(one["after_frac"] > one["target_frac"] + 1e-4 for one in after)
    assert told(made) == []


def test_a_crumb_is_stuck_where_its_position_cannot_go_whole() -> None:
    rows = pl.DataFrame(
        {
            "kept_by": [None, None, "no_sell", None],
            "is_open": [True, True, True, False],
            "may_go_whole": [False, True, False, False],
            "free_qty": [95.75] * 4,
            "whole_qty": [95.0] * 4,
        }
    )
    assert rows.select(kept_crumb()).to_series().to_list() == [0.75, 0.0, 0.0, 0.0]


def test_shares_that_are_washed_count_as_sold_first_of_what_goes() -> None:
    """2 of 95.93 are washed, 10 of loss a share: below the policy's amount. Whole shares go, and of them 2 are washed."""
    day = day_of({"A1": at_target(Lot("OLD", 95.93, 50), Lot("OLD", 50, 30), cash=-1_000, bonds=830)}, book_of())
    washed = pl.DataFrame(
        [{**NO_WASH, "lot_id": "A1-OLD-2", "washed_qty": 2.0, "answer": "washed"}], schema=day.washed.schema
    )
    made = proposed(replace(day, washed=washed), A1="raise_cash")
    [row] = made.trades.filter(pl.col("lot_id") == "A1-OLD-2").to_dicts()
    assert row["traded_qty"] == row["traded_qty"].to_integral_value()
    assert row["disallowed_usd"] == D("20.00")


@pytest.mark.parametrize("lots", [["0.9"], ["0.7", "0.6"], ["1.5", "0.25"]])
def test_a_position_whose_whole_shares_are_no_order_goes_whole_or_not_at_all(lots: list[str]) -> None:
    """At 90 a share: 1 share of 1.5 is below the smallest order of 100, all 1.75 are not."""
    old, total = [Lot("OLD", float(qty), 50) for qty in lots], sum(map(D, lots))
    made = proposed(day_of({"A4": at_target(*old)}, book_of(), {"OLD": 90.0 if total > 1 else 120.0}), A4="full")
    assert sum(sold(made, "OLD").values()) == total
    assert balance(made) == "passed"


def test_less_than_the_smallest_order_stays_and_nothing_is_told_of_steps() -> None:
    made = proposed(day_of({"A4": at_target(Lot("OLD", 0.9, 50))}, book_of(), {"OLD": 100.0}), A4="full")
    assert sold(made, "OLD") == {}
    assert told(made) == []


@pytest.mark.parametrize("attempts", [solving.ATTEMPTS, 2])
def test_what_cannot_go_whole_for_another_reason_is_in_whole_shares_for_good(
    monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    """4,230 may be sold of A4: the 105 whole shares of OLD at 40, and not the 1.43 with them, 4,257.20 in all.

    After two attempts the lots are unsplit and nothing has settled: the list is in whole shares all the same.
    """
    monkeypatch.setattr(solving, "ATTEMPTS", attempts)
    account = at_target(Lot("OLD", 95.93, 30), Lot("OLD", 10.5, 30), bonds=610.856)
    made = proposed(with_trading({"A4": account}, turnover_budget_frac=4_230 / 95_800), A4="full")
    assert sold(made, "OLD") == {"A4-OLD-2": D(95), "A4-OLD-3": D(10)}
    assert balance(made) == "passed"
    assert rules(made, "OLD") == ["whole_steps"]


@pytest.mark.parametrize("attempts", [solving.ATTEMPTS, 2])
def test_what_does_not_go_whole_keeps_no_other_position_from_it(monkeypatch: pytest.MonkeyPatch, attempts: int) -> None:
    """Nor does it where lists have not settled: after two attempts that of A1 has."""
    monkeypatch.setattr(solving, "ATTEMPTS", attempts)
    accounts = {
        "A4": at_target(Lot("OLD", 95.93, 30), Lot("OLD", 10.5, 30), bonds=610.856),
        "A1": Account(5_000, [Lot("OLD", 20.75, 45), Lot("STK", 560, 99), Lot("BND", 683.4, 50)]),
    }
    made = proposed(with_trading(accounts, turnover_budget_frac=4_230 / 95_800), A1="full", A4="full")
    assert sold(made, "OLD") == {"A1-OLD-0": D("20.75"), "A4-OLD-2": D(95), "A4-OLD-3": D(10)}


def test_the_order_of_rows_changes_nothing() -> None:
    accounts = {
        "A1": at_target(Lot("OLD", 95.93, 50), Lot("OLD", 10.07, 30)),
        "A2": Account(2_000, [Lot("STK", 95.93, 90), Lot("STK", 300.5, 60), Lot("OLD", 33.3, 30)]),
        "A3": Account(500, [Lot("STK", 120.25, 90), Lot("OLD", 1.3, 30)]),
    }
    day = day_of(accounts, book_of())
    one = proposed(day, A1="full", P2="full").trades
    for seed in range(3):
        mixed = replace(
            day,
            tax_lots=day.tax_lots.sample(fraction=1.0, shuffle=True, seed=seed),
            holdings=day.holdings.sample(fraction=1.0, shuffle=True, seed=seed),
        )
        assert proposed(mixed, A1="full", P2="full").trades.equals(one)


def test_a_custodian_of_fractions_takes_thousandths() -> None:
    account = {"A1": Account(5_000, [Lot("STK", 95.93127, 130), Lot("STK", 704.07, 120), Lot("BND", 300, 50)])}
    made = proposed(with_trading(account, {"STK": 99.99}, fractional=("alpha",)), A1="full")
    quantities = list(sold(made, "STK").values())
    assert quantities[0] == D("95.931")
    assert all(qty == round(qty, 3) for qty in quantities)
    assert any(qty != round(qty, 0) for qty in quantities[1:])


def test_funds_are_in_thousandths_and_units_times_price_is_the_value_to_the_cent() -> None:
    """25,000 of a fund is to be sold at 50.37, and its other part is another account's purchase, stated in dollars."""
    made = proposed(
        day_of({"A4": Account(5_000, [Lot("STX", 1_600.1234, 45), Lot("BND", 300, 50)])}, book_of(), {"STX": 50.37}),
        A4="full",
    )
    for row in made.trades.filter(pl.col("security_id") == "STX").iter_rows(named=True):
        assert row["traded_qty"] == round(row["traded_qty"], 3)
        assert round(row["traded_qty"] * row["price_usd"], 2) == row["value_usd"]
    assert balance(made) == "passed"


def test_all_of_a_fund_goes_with_every_digit() -> None:
    lots = [Lot("STX", 120.12345, 45), Lot("STX", 30.5, 45)]
    book = book_of(securities_csv=_OF_NO_MODEL)
    made = proposed(day_of({"A4": at_target(*lots)}, book), A4="full")
    assert sold(made, "STX") == {"A4-STX-2": D("120.12345"), "A4-STX-3": D("30.5")}


_OF_NO_MODEL = (
    "security_id,name,asset_type,asset_class,sleeve,symbol,wash_group,issuer_id,price_factor,is_illiquid\n"
    "STK,Stock fund,etf,us_equity,core,STK,,,1,false\n"
    "STX,Stock index fund,mutual_fund,us_equity,stocks,STX,stocks,,1,false\n"
    "ALT,Other stock fund,etf,us_equity,core,ALT,,,1,false\n"
    "BND,Bond fund,etf,us_bond,aggregate,BND,,,1,false\n"
)


@pytest.mark.parametrize(
    ("kind", "custodian", "price", "step"),
    [
        ("stock", "alpha", 40.0, 1.0),
        ("stock", "beta", 40.0, 0.001),
        ("etf", "beta", 40.0, 0.001),
        ("etf", None, 40.0, 1.0),
        ("bond", "beta", 0.98, 5000.0),
        ("mutual_fund", "alpha", 1.0, 0.001),
        ("money_market", "alpha", 1.0, 0.01),
        ("money_market", "alpha", 1.0001, 0.001),
        ("money_market", "alpha", None, 0.001),
        ("option", "beta", 3.0, 1.0),
    ],
)
def test_steps_by_kind_and_custodian(kind: str, custodian: str | None, price: float | None, step: float) -> None:
    row = pl.DataFrame(
        {"asset_type": [kind], "custodian": [custodian], "price_usd": [price]},
        schema={"asset_type": pl.String, "custodian": pl.String, "price_usd": pl.Float64},
    )
    assert row.select(step_qty(TradingRule(fractional=("beta",), bond_step_qty=5000))).item() == step


# The check


@pytest.mark.parametrize(
    ("side", "parts", "fractional", "result"),
    [
        ("sell", ["95.93", "10"], (), "passed"),  # all that is held
        ("sell", ["95.93"], (), "failed"),
        ("sell", ["95", "10"], (), "passed"),
        ("sell", ["95.93", "0.07"], (), "passed"),  # an order is what is taken, not a lot: 96
        ("sell", ["95.93"], ("schwab",), "passed"),
        ("sell", ["95.9312"], ("schwab",), "failed"),
        ("sell", ["95.000000000000004"], (), "failed"),  # dust is refused like any fraction
        ("buy", ["0.5"], (), "failed"),
        ("buy", ["105.93"], (), "failed"),  # as many as are held, bought
    ],
)
def test_an_order_is_whole_steps_or_all_that_is_held(
    side: str, parts: list[str], fractional: tuple[str, ...], result: str
) -> None:
    start = held({"P1-1": {"USTM": 1_059.30, "USAG": 35_000, "CASH:USD": 5_000}})
    rows = [
        trade(
            side,
            "USTM",
            0,
            traded_qty=D(part),
            value_usd=round(D(part) * 10, 2),
            gain_usd=D(0) if side == "sell" else None,
        )
        for part in parts
    ]
    rules = policy(trading={"fractional": list(fractional), "min_trade_usd": 0})
    found = checked(rows, start, rules=rules)["balance"]
    assert found["result"] == result
    if result == "failed":
        assert found["text"] == "Neither whole steps nor all that is held: USTM."
        assert found["figures"]["not_whole"] == ["USTM"]


def test_a_bond_goes_in_its_step_and_a_fund_in_thousandths() -> None:
    start = held({"P1-1": {"PLMR30": 50_000, "USTMX": 1_234.5678, "CASH:USD": 5_000}})
    good = [trade("sell", "PLMR30", 20_000, gain_usd=D(0)), trade("sell", "USTMX", 123.45, gain_usd=D(0))]
    assert checked(good, start)["balance"]["result"] == "passed"
    bad = [
        trade("sell", "PLMR30", 25_000, gain_usd=D(0)),
        trade("sell", "USTMX", 0, traded_qty=D("8.12345"), value_usd=D("81.23"), gain_usd=D(0)),
    ]
    found = checked(bad, start)["balance"]
    assert found["text"] == "Neither whole steps nor all that is held: PLMR30, USTMX."
