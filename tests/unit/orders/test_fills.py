"""Executions as they come: twice, late, broken, corrected."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from data_contracts.vocab import BlockState, FillStatus
from evenkeel.errors import UsageError
from evenkeel.orders.fills import broken_qty, done, fills_frame, is_final, judged, standing, state_of
from evenkeel.ports.orders import Fill
from tests.support.ordering import BUY, block_of, fill

BLOCK = block_of(("A", "60"), ("B", "40"))


def against(
    earlier: Fill, execution_id: str, status: FillStatus, quantity: str = "0", price: str = "0", minute: int = 50
) -> Fill:
    told = fill(BLOCK, execution_id, quantity, price, minute)
    return replace(told, status=status, refers_to_id=earlier.execution_id)


def test_the_average_price_is_weighted_and_rounded_half_to_even() -> None:
    fills = [fill(BLOCK, "E1", "30", "250.01"), fill(BLOCK, "E2", "30", "250.02"), fill(BLOCK, "E3", "30", "250.02")]
    result = done(BLOCK, fills)
    assert (result.filled_qty, result.value_usd) == (Decimal(90), Decimal("22501.50"))
    assert result.average_price_usd == Decimal("250.016667")
    assert done(BLOCK, []).average_price_usd is None


def test_the_price_factor_of_a_bond_counts_in_dollars_only() -> None:
    bond = block_of(("A", "5000"), security_id="T-NOTE", side=BUY, price="98.5")
    result = done(bond, [fill(bond, "E1", "5000", "98.75")])
    assert (result.value_usd, result.average_price_usd) == (Decimal("4937.50"), Decimal("98.750000"))


def test_an_execution_told_twice_counts_once_and_two_with_one_id_are_refused() -> None:
    one = fill(BLOCK, "E1", "30", "250")
    assert done(BLOCK, [one, one]).filled_qty == 30
    with pytest.raises(UsageError, match="told twice with different figures"):
        judged([one, replace(one, filled_qty=Decimal(31))])


def test_a_broken_fill_is_taken_back_whenever_it_is_told() -> None:
    one, two = fill(BLOCK, "E1", "30", "250"), fill(BLOCK, "E2", "20", "251")
    bust = against(one, "X1", FillStatus.BROKEN)
    for told in permutations([one, two, bust]):
        assert [each.execution_id for each in standing(told)] == ["E2"]
    # Told before its execution: nothing yet, and nothing once it comes.
    assert standing([bust]) == []
    assert {each.fill.execution_id: (each.status, each.replaced_by_id) for each in judged([one, two, bust])} == {
        "E1": (FillStatus.BROKEN, "X1"),
        "E2": (FillStatus.GOOD, None),
        "X1": (FillStatus.BROKEN, None),
    }


@pytest.mark.parametrize("refers_to", ["E1", "C1"])
def test_the_last_word_of_a_chain_holds_whether_it_refers_to_the_first_or_the_last(refers_to: str) -> None:
    one = fill(BLOCK, "E1", "30", "250")
    corrected = against(one, "C1", FillStatus.CORRECTED, "30", "249", 50)
    bust = replace(against(one, "X1", FillStatus.BROKEN, minute=55), refers_to_id=refers_to)
    for told in permutations([one, corrected]):
        assert done(BLOCK, told).average_price_usd == Decimal(249)
    for broken in permutations([one, corrected, bust]):
        assert standing(broken) == []


def test_corrections_that_run_in_a_circle_end() -> None:
    one = replace(fill(BLOCK, "E1", "30", "250"), status=FillStatus.CORRECTED, refers_to_id="E2")
    two = replace(fill(BLOCK, "E2", "20", "251"), status=FillStatus.CORRECTED, refers_to_id="E1")
    itself = replace(fill(BLOCK, "E3", "1", "251"), status=FillStatus.CORRECTED, refers_to_id="E3")
    assert len(judged([one, two, itself])) == 3


def test_a_block_half_filled_at_its_limit_is_partly_filled() -> None:
    assert state_of(BLOCK, []) == BlockState.PLANNED
    assert state_of(BLOCK, [fill(BLOCK, "E1", "50", "250")]) == BlockState.PARTLY_FILLED
    assert state_of(BLOCK, [fill(BLOCK, "E1", "100", "250")]) == BlockState.FILLED


def test_an_order_in_dollars_is_filled_up_to_a_units_rounding() -> None:
    fund = block_of(("A", "10"), ("B", "20"), security_id="VTSAX", side=BUY, price="120")
    assert fund.order_value_usd == 3600
    assert state_of(fund, [fill(fund, "E1", "29.917", "120.33")]) == BlockState.FILLED
    assert state_of(fund, [fill(fund, "E1", "20", "120.33")]) == BlockState.PARTLY_FILLED


def test_all_executions_are_rows_with_what_became_of_them() -> None:
    one = fill(BLOCK, "E1", "30", "250")
    frame = fills_frame([one, against(one, "C1", FillStatus.CORRECTED, "30", "249")])
    assert frame.select("execution_id", "status", "replaced_by_id").rows() == [
        ("C1", "good", None),
        ("E1", "corrected", "C1"),
    ]
    assert frame.get_column("filled_at").to_list()[1] == dt.datetime(2026, 3, 4, 14, 46, tzinfo=dt.UTC)


def test_a_block_is_final_when_it_is_whole_or_its_day_is_over() -> None:
    half = [fill(BLOCK, "E1", "50", "250")]
    at_noon, at_close = (dt.datetime(2026, 3, 4, hour, tzinfo=dt.UTC) for hour in (17, 21))
    assert not is_final(BLOCK, half, at_noon)
    assert is_final(BLOCK, half, at_close)
    assert is_final(BLOCK, [fill(BLOCK, "E1", "100", "250")], at_noon)
    # A fund's value is told in the night: it is waited for until the next session's close.
    fund = block_of(("A", "10"), security_id="VTSAX", side=BUY, price="120")
    assert not is_final(fund, [], at_close)
    assert is_final(fund, [], at_close + dt.timedelta(days=1))


def test_an_order_all_of_whose_fills_were_broken_works_again_and_ends_with_its_day() -> None:
    filled = replace(BLOCK, state=BlockState.FILLED)
    first = fill(BLOCK, "E1", "60", "250")
    rest = fill(BLOCK, "E2", "40", "250")
    breaks = [
        replace(one, execution_id=f"B{one.execution_id}", status=FillStatus.BROKEN, refers_to_id=one.execution_id)
        for one in (first, rest)
    ]
    assert state_of(filled, [first, rest, breaks[0]]) == BlockState.PARTLY_FILLED
    assert state_of(filled, [first, rest, *breaks]) == BlockState.SENT
    assert state_of(replace(filled, state=BlockState.CANCELLED), [first, breaks[0]]) == BlockState.CANCELLED
    assert broken_qty(filled, [first, rest, *breaks]) == Decimal(100)
    assert broken_qty(filled, [first, rest, breaks[1]]) == Decimal(40)
    assert not is_final(filled, [first, rest, *breaks], first.filled_at)
    assert is_final(filled, [first, rest, *breaks], first.filled_at + dt.timedelta(days=1))
