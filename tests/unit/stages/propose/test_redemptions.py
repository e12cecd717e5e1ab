"""Funds with a redemption fee: what is free first in, first out, what a list sells of it, and what is told."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from evenkeel.policy.model import TradingRule
from evenkeel.rules.costs import early_units
from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.redemptions import early_holdings, keep_early
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import LAST_WEEK, LONG_AGO, SECURITIES, Account, Lot, book_of, day_of, listed, proposed

TUESDAY = dt.date(2026, 3, 3)
"""The session on which trades are done."""
WITH_FEE = "".join(
    f"{row},{extra}\n"
    for row, extra in zip(
        SECURITIES.splitlines(),
        ["redemption_fee_frac,redemption_days", ",", "0.015,30", ",", ",", ",", ","],
        strict=True,
    )
)
"""STX, a mutual fund at 50, keeps 1.5 % of units held less than 30 days: those of last week are free from 26 March on."""
FUNDS = pl.DataFrame({"security_id": ["STX"], "redemption_fee_frac": [0.015], "redemption_days": [30]})


def early(*lots: tuple[dt.date | None, float]) -> dict[str, Any] | None:
    rows = pl.DataFrame(
        [("A1", "STX", date, qty) for date, qty in lots],
        schema={"account_id": pl.String, "security_id": pl.String, "acquired_date": pl.Date, "held_qty": pl.Float64},
        orient="row",
    )
    found = early_holdings(rows, FUNDS, TUESDAY)
    return found.row(0, named=True) if found.height else None


def fund_list(account: str, lots: list[Lot], bonds: float, trading: TradingRule | None = None) -> Proposed:
    """Return the list, to target, of an account of 100,000 with 5,000 of cash."""
    day = day_of(
        {account: Account(5_000, [*lots, Lot("BND", bonds, 50)])},
        book_of(securities_csv=WITH_FEE),
        policy={"trading": trading or TradingRule()},
    )
    return proposed(day, **{account: "full"})


def obstacles(made: Proposed) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(made.proposals["obstacles_json"][0])
    return [row for row in rows if row["rule"] == "redemption_period"]


def check(made: Proposed) -> dict[str, Any]:
    [found] = [one for one in json.loads(made.proposals["checks_json"][0]) if one["check"] == "trading_cost"]
    return dict(found)


def test_units_are_free_on_the_day_that_ends_the_period() -> None:
    """Bought on 1 February: 30 days to 3 March, free that day. Bought on the 2nd: free on the 4th."""
    found = early((LONG_AGO, 100.0), (dt.date(2026, 2, 1), 40.0), (dt.date(2026, 2, 2), 7.0))
    assert found is not None
    assert (found["free_qty"], found["early_qty"], found["free_from_date"]) == (140.0, 7.0, dt.date(2026, 3, 4))
    assert early((LONG_AGO, 100.0), (dt.date(2026, 2, 1), 40.0)) is None


def test_units_of_unknown_date_count_as_early_and_nobody_knows_until_when() -> None:
    found = early((LONG_AGO, 100.0), (None, 40.0), (LAST_WEEK, 5.0))
    assert found is not None
    assert (found["free_qty"], found["early_qty"], found["undated_qty"]) == (100.0, 45.0, 40.0)
    assert found["free_from_date"] is None


@pytest.mark.parametrize("sold", [50, 140, 141, 147])
def test_a_sale_is_free_up_to_the_free_units_as_the_rule_counts(sold: int) -> None:
    lots = [(LAST_WEEK, 7.0), (LONG_AGO, 100.0), (dt.date(2026, 2, 1), 40.0)]
    found = early(*lots)
    assert found is not None
    by_rule = early_units([(date, Decimal(str(qty))) for date, qty in lots], Decimal(sold), TUESDAY, 30)
    assert max(sold - found["free_qty"], 0) == by_rule


def test_free_units_go_to_the_lots_with_the_least_tax_that_may_be_sold_at_all() -> None:
    """250 are free. The lot at a loss is kept by something else; of the others the smaller gain comes first, then a part of the larger."""
    rows = pl.DataFrame(
        {
            "lot_id": ["loss", "large", "small", "last"],
            "unit_gain": [-9.0, 8.0, 1.0, 9.0],
            "kept_by": ["basis_missing", None, None, None],
            "acquired_date": [LONG_AGO, LONG_AGO, LAST_WEEK, LAST_WEEK],
        }
    ).with_columns(
        *(pl.lit(text).alias(name) for name, text in (("account_id", "A1"), ("security_id", "STX"))),
        *(pl.lit(number).alias(name) for name, number in (("held_qty", 200.0), ("rate", 0.2), ("price_usd", 50.0))),
        pl.lit(True).alias("is_open"),
    )
    held = pl.DataFrame({"account_id": ["A1"], "security_id": ["STX"], "free_qty": [250.0]})
    found = {
        row["lot_id"]: (row["kept_by"], row["free_qty"])
        for row in keep_early(rows, held, is_fee_paid=False).iter_rows(named=True)
    }
    assert found == {
        "loss": ("basis_missing", 200.0),
        "small": (None, 200.0),
        "large": (None, 50.0),
        "last": ("redemption_period", 0.0),
    }
    assert keep_early(rows, held, is_fee_paid=True)["free_qty"].to_list() == [200.0] * 4


def test_a_list_sells_the_free_units_and_keeps_the_others() -> None:
    """80 % in a fund where 60 % is wanted, of which 300 units (15 %) are past the period."""
    made = fund_list("A4", [Lot("STX", 300, 45), Lot("STX", 1_300, 45, LAST_WEEK)], 300)
    assert listed(made)["A4", "sell", "STX"] == 15_000.0
    assert obstacles(made) == [
        {
            "account_id": "A4", "security_id": "STX", "side": "sell", "rule": "redemption_period", "until_date": "2026-03-26",
            "restriction_id": None, "custodian": None, "weight_frac": None, "kept_qty": 1300.0, "fee_frac": 0.015,
        }
    ]  # fmt: skip
    sentences = obstacle_sentences(made.proposals)["sentence"].to_list()
    assert (
        "1,300 units of STX are kept: redeemed before 2026-03-26 they would cost the fund's redemption fee of 1.5 %."
        in sentences
    )
    assert made.trades["redemption_fee_usd"].sum() == 0
    assert check(made)["result"] == "passed"


def test_which_lots_are_sold_for_tax_is_free_to_choose() -> None:
    """First in, first out is the fund's count: 300 units may go, and the lot at a loss is the one that is named."""
    made = fund_list("A1", [Lot("STX", 300, 20), Lot("STX", 1_300, 60, LAST_WEEK)], 300)
    sold = made.trades.filter(side="sell")
    assert listed(made)["A1", "sell", "STX"] == 15_000.0
    assert sold["lot_id"].to_list() == ["A1-STX-1"]
    assert [row["kept_qty"] for row in obstacles(made)] == [1300.0]


def test_a_policy_may_pay_the_fee_and_it_is_in_the_stated_cost() -> None:
    """20 % too much is 400 units; 300 are free, 100 pay 1.5 % of 5,000."""
    trading = TradingRule(is_redemption_fee_paid=True)
    made = fund_list("A4", [Lot("STX", 300, 45), Lot("STX", 1_300, 45, LAST_WEEK)], 300, trading)
    assert listed(made)["A4", "sell", "STX"] == 20_000.0
    assert made.trades["redemption_fee_usd"].sum() == Decimal("75.00")
    # 20,000 of bonds are bought at half a spread of 2 bp: 4.00.
    assert made.proposals["cost_usd"][0] == Decimal("79.00")
    assert obstacles(made) == []
    assert (check(made)["result"], check(made)["text"]) == (
        "warned",
        "The fund's redemption fee is paid: 100 units of STX.",
    )


def test_a_position_without_dates_is_kept_and_that_is_told() -> None:
    made = fund_list("A4", [Lot("STX", 300, 45), Lot("STX", 1_300, 45, None)], 300)
    assert listed(made)["A4", "sell", "STX"] == 15_000.0
    [row] = obstacles(made)
    assert (row["until_date"], row["kept_qty"]) == (None, 1300.0)
    assert any("when 1,300 units of STX were bought is not known" in note for note in _notes(made))
    assert any("(when they were bought is not known)" in one for one in obstacle_sentences(made.proposals)["sentence"])


def test_a_fund_without_a_fee_is_sold_as_before() -> None:
    day = day_of(
        {"A4": Account(5_000, [Lot("STX", 300, 45), Lot("STX", 1_300, 45, LAST_WEEK), Lot("BND", 300, 50)])}, book_of()
    )
    assert listed(proposed(day, A4="full"))["A4", "sell", "STX"] == 20_000.0


@pytest.mark.parametrize(("cutoffs", "instant"), [({}, "21:00"), ({"beta": dt.time(15, 30)}, "20:30")])
def test_a_trade_says_by_when_an_order_for_a_fund_must_be_in(cutoffs: dict[str, dt.time], instant: str) -> None:
    """A4 is at beta; 3 March is five hours behind UTC. What an exchange trades has no such time."""
    made = fund_list("A4", [Lot("STX", 1_600, 45)], 300, TradingRule(fund_cutoffs=cutoffs))
    by_security = dict(made.trades.select("security_id", "order_by_at").iter_rows())
    assert by_security == {"STX": dt.datetime.fromisoformat(f"2026-03-03T{instant}:00+00:00"), "BND": None}
    assert set(made.trades["settle_date"]) == {dt.date(2026, 3, 4)}


def _notes(made: Proposed) -> list[str]:
    notes: list[str] = json.loads(made.proposals["notes_json"][0])
    return notes
