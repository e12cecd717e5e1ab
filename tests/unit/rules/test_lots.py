"""Lot relief: known answers, in the scalar form and over frames alike."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.vocab import ReliefMethod
from evenkeel.rules.lots import Lot, Relief, ReliefOutcome, Sale, relieve
from tests.unit.rules.lot_frames import both_forms, frames_of

SOLD = dt.date(2025, 6, 2)
OLD, MIDDLE, YOUNG = dt.date(2020, 1, 2), dt.date(2023, 5, 1), dt.date(2025, 3, 3)


def lot(lot_id: str, acquired: dt.date | None, qty: str, cost: str | None, **more: Any) -> Lot:
    return Lot(lot_id, acquired, Decimal(qty), None if cost is None else Decimal(cost), **more)


def sell(qty: str, proceeds: str, method: str = "fifo", **more: Any) -> Sale:
    return Sale(SOLD, Decimal(qty), Decimal(proceeds), ReliefMethod(method), **more)


THREE = [lot("A", OLD, "100", "1000"), lot("B", MIDDLE, "100", "3000"), lot("C", YOUNG, "100", "2500")]


def taken(relief: Relief) -> list[tuple[str, str]]:
    return [(one.lot_id, f"{one.sold_qty.normalize():f}") for one in relief.lots]


def test_reg_1_1012_1_c_first_in_first_out_without_identification() -> None:
    relief = both_forms(THREE, sell("150", "3000"))
    assert taken(relief) == [("A", "100"), ("B", "50")]
    assert relief.basis_usd == Decimal("2500.00")
    assert (relief.short_gain_usd, relief.long_gain_usd) == (Decimal("0.00"), Decimal("500.00"))


def test_last_in_first_out() -> None:
    assert taken(both_forms(THREE, sell("150", "3000", "lifo"))) == [("C", "100"), ("B", "50")]


def test_highest_cost_is_largest_loss_first_then_smallest_gain() -> None:
    # At 20 a unit: B loses 10, C loses 5, A gains 10.
    relief = both_forms(THREE, sell("300", "6000", "highest_cost"))
    assert taken(relief) == [("B", "100"), ("C", "100"), ("A", "100")]
    assert [one.gain_usd for one in relief.lots] == [Decimal("-1000.00"), Decimal("-500.00"), Decimal("1000.00")]
    assert (relief.short_gain_usd, relief.long_gain_usd) == (Decimal("-500.00"), Decimal("0.00"))


def test_minimum_tax_takes_the_dearer_rate_on_a_loss_and_the_cheaper_on_a_gain() -> None:
    rates = {"short_rate_frac": 0.408, "long_rate_frac": 0.238}
    # Losses of 5 a unit short save more than losses of 6 a unit long: 2.04 against 1.428.
    lots = [lot("long", MIDDLE, "10", "260"), lot("short", YOUNG, "10", "250")]
    assert taken(both_forms(lots, sell("10", "200", "tax_optimised", **rates))) == [("short", "10")]
    # Gains of 5 short cost more than gains of 8 long: 2.04 against 1.904.
    lots = [lot("long", MIDDLE, "10", "120"), lot("short", YOUNG, "10", "150")]
    assert taken(both_forms(lots, sell("10", "200", "tax_optimised", **rates))) == [("long", "10")]
    assert taken(both_forms(lots, sell("10", "200", "highest_cost"))) == [("short", "10")]


def test_minimum_tax_without_rates_is_refused() -> None:
    assert both_forms(THREE, sell("10", "200", "tax_optimised")).outcome == ReliefOutcome.RATES_UNKNOWN


def test_pub_550_average_basis_4800_for_300_shares_sell_150() -> None:
    lots = [lot("A", OLD, "100", "1000"), lot("B", MIDDLE, "100", "1800"), lot("C", YOUNG, "100", "2000")]
    relief = both_forms(lots, sell("150", "3000", "average", may_average=True))
    assert relief.basis_usd == Decimal("2400.00")
    # The holding period is the earliest shares' all the same, Reg. 1.1012-1(e)(7).
    assert taken(relief) == [("A", "100"), ("B", "50")]
    assert relief.long_gain_usd == Decimal("600.00")


def test_reg_1_1012_1_e_averaging_is_for_funds_only() -> None:
    assert both_forms(THREE, sell("150", "3000", "average")).outcome == ReliefOutcome.AVERAGE_NOT_ALLOWED


def test_a_lot_without_basis_leaves_no_average() -> None:
    lots = [THREE[0], lot("B", MIDDLE, "100", None)]
    relief = both_forms(lots, sell("50", "3000", "average", may_average=True))
    assert (relief.outcome, relief.basis_usd) == (ReliefOutcome.BASIS_UNKNOWN, None)
    assert relief.lots[0].is_long_term is True


def test_reg_1_1012_1_c_specific_lots_are_those_named() -> None:
    named = {"C": Decimal("30"), "A": Decimal("20.5")}
    relief = both_forms(THREE, sell("50.5", "1010", "specific", identified=named))
    assert taken(relief) == [("A", "20.5"), ("C", "30")]
    assert relief.basis_usd == Decimal("955.00")


@pytest.mark.parametrize(
    "named",
    [{}, {"A": "50"}, {"A": "101"}, {"Z": "100"}, {"A": "100", "B": "0"}, {"A": "150", "B": "-50"}],
    ids=["none", "too few", "more than the lot", "not there", "nothing of one", "negative"],
)
def test_an_identification_that_does_not_fit_sells_nothing(named: dict[str, str]) -> None:
    wanted = {lot_id: Decimal(qty) for lot_id, qty in named.items()}
    relief = both_forms(THREE, sell("100", "2000", "specific", identified=wanted))
    assert relief == Relief(ReliefOutcome.IDENTIFICATION_DIFFERS)


@pytest.mark.parametrize("method", ["highest_cost", "lowest_cost", "tax_optimised"])
def test_a_lot_without_basis_goes_last_and_is_never_guessed(method: str) -> None:
    rates = {"short_rate_frac": 0.4, "long_rate_frac": 0.2}
    lots = [lot("X", OLD, "100", None), *THREE]
    some = both_forms(lots, sell("300", "6000", method, **rates))
    assert (some.outcome, some.unknown_lots) == (ReliefOutcome.COMPLETE, 1)
    assert "X" not in {one.lot_id for one in some.lots}
    all_of_it = both_forms(lots, sell("301", "6020", method, **rates))
    assert all_of_it.outcome == ReliefOutcome.BASIS_UNKNOWN
    assert (all_of_it.basis_usd, all_of_it.short_gain_usd, all_of_it.long_gain_usd) == (None, None, None)
    assert all_of_it.lots[-1].lot_id == "X"
    assert all_of_it.lots[-1].gain_usd is None


def test_first_in_first_out_over_a_lot_without_basis_says_so() -> None:
    lots = [lot("X", OLD, "100", None), lot("B", MIDDLE, "100", "3000")]
    relief = both_forms(lots, sell("150", "3000"))
    assert relief.outcome == ReliefOutcome.BASIS_UNKNOWN
    assert [one.basis_usd for one in relief.lots] == [None, Decimal("1500.00")]


def test_a_lot_without_date_has_no_place_in_an_order_by_date() -> None:
    lots = [lot("X", None, "100", "1000"), lot("B", MIDDLE, "100", "3000")]
    for method in ("fifo", "lifo"):
        assert both_forms(lots, sell("150", "3000", method)) == Relief(ReliefOutcome.DATE_UNKNOWN)
    whole = both_forms(lots, sell("200", "4000"))
    assert (whole.outcome, whole.basis_usd) == (ReliefOutcome.DATE_UNKNOWN, Decimal("4000.00"))
    assert whole.long_gain_usd is None  # the money is known, the term is not


@pytest.mark.parametrize(("qty", "proceeds"), [("0", "10"), ("-5", "10"), ("5", "-0.01")])
def test_a_sale_that_is_none(qty: str, proceeds: str) -> None:
    assert both_forms(THREE, sell(qty, proceeds)).outcome == ReliefOutcome.BAD_SALE


def test_never_more_than_is_held() -> None:
    assert both_forms(THREE, sell("300.000000000000001", "10")).outcome == ReliefOutcome.NOT_ENOUGH_HELD
    assert both_forms([], sell("1", "10")).outcome == ReliefOutcome.NOT_ENOUGH_HELD


def test_short_lots_and_lots_bought_after_the_sale_are_not_in_the_pool() -> None:
    lots = [lot("short", OLD, "-100", "-1000"), lot("later", SOLD + dt.timedelta(days=1), "100", "1"), THREE[1]]
    assert taken(both_forms(lots, sell("100", "2000"))) == [("B", "100")]
    assert both_forms(lots, sell("101", "2000")).outcome == ReliefOutcome.NOT_ENOUGH_HELD


def test_a_tacked_period_and_irc_1223_9_inheritance_decide_the_term() -> None:
    tacked = lot("tacked", YOUNG, "10", "100", holding_start_date=dt.date(2024, 6, 1))
    assert both_forms([tacked], sell("10", "200")).long_gain_usd == Decimal("100.00")
    inherited = lot("inherited", YOUNG, "10", "100", is_inherited=True)
    assert both_forms([inherited], sell("10", "200")).long_gain_usd == Decimal("100.00")


def test_two_partial_sales_of_one_lot_relieve_exactly_its_cost() -> None:
    first = both_forms([lot("A", OLD, "3", "100.00")], sell("1", "50"))
    assert first.basis_usd == Decimal("33.33")
    second = both_forms([lot("A", OLD, "2", "66.67")], sell("1", "50"))
    assert second.basis_usd == Decimal("33.34")  # 33.335 to the even cent
    third = both_forms([lot("A", OLD, "1", "33.33")], sell("1", "50"))
    assert third.basis_usd == Decimal("33.33")


def test_proceeds_are_spread_without_losing_a_cent() -> None:
    lots = [lot(str(n), OLD, "1", "1") for n in range(3)]
    relief = both_forms(lots, sell("3", "100.00"))
    assert [one.proceeds_usd for one in relief.lots] == [Decimal("33.33"), Decimal("33.34"), Decimal("33.33")]


def test_equal_lots_go_by_age_and_then_by_id_in_any_order_of_rows() -> None:
    lots = [lot("b", OLD, "1", "5"), lot("a", OLD, "1", "5"), lot("c", dt.date(2019, 1, 2), "1", "5")]
    for rows in (lots, lots[::-1]):
        relief = both_forms(rows, sell("3", "30", "highest_cost"))
        assert [one.lot_id for one in relief.lots] == ["c", "a", "b"]


def test_alternatives_do_not_see_each_other() -> None:
    lots, sales, named = frames_of([(THREE, sell("300", "6000")), (THREE, sell("300", "6000", "lifo"))])
    both = relieve(lots.filter(lots["account_id"] == "0"), sales.with_columns(pl.lit("0").alias("account_id")))
    assert both.sales["outcome"].to_list() == ["complete", "complete"]
    assert named.is_empty()


def test_a_repeated_id_is_a_defect_and_raises() -> None:
    lots, sales, _ = frames_of([([THREE[0], THREE[0]], sell("10", "200"))])
    with pytest.raises(ValueError, match="1 rows repeat account_id, security_id, lot_id"):
        relieve(lots, sales)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sale_qty", None),
        ("proceeds_usd", None),
        ("sold_date", None),
        ("relief_method", None),
        ("relief_method", "hifo"),
    ],
)
def test_a_sale_that_cannot_be_read_chooses_no_lot(column: str, value: str | None) -> None:
    lots, sales, _ = frames_of([(THREE, sell("100", "2000"))])
    found = relieve(lots, sales.with_columns(pl.lit(value, dtype=sales.schema[column]).alias(column)))
    assert found.sales["outcome"].to_list() == ["bad_sale"]
    assert found.lots.is_empty()
