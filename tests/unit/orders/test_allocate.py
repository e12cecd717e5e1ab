"""Fills shared out among accounts: worked examples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evenkeel.errors import UsageError
from evenkeel.orders.allocate import FRACTIONAL, share_out, shares, turn
from tests.support.ordering import BUY, SELL, account, block_of, fill, plan, proposal, trade

D = Decimal


def units(**parts: str) -> dict[str, Decimal]:
    return {name: D(part) for name, part in parts.items()}


def test_pro_rata_comes_out_even_where_it_can() -> None:
    assert shares("o", units(A="600", B="300", C="100"), D(500), D(1)) == units(A="300", B="150", C="50")


def test_the_largest_remainder_gets_what_is_left() -> None:
    # Shares 4.5, 2.7, 1.8 of 9: 4, 2, 1, and the two left go to C (0.8) and B (0.7).
    assert shares("o", units(A="50", B="30", C="20"), D(9), D(1)) == units(A="4", B="3", C="2")


def test_ties_go_by_a_hash_so_that_no_account_is_always_first() -> None:
    winners = set()
    for number in range(40):
        given = shares(f"ord-{number}", units(A="10", B="10", C="10"), D(1), D(1))
        (winner,) = [name for name, got in given.items() if got]
        assert winner == turn(f"ord-{number}", "ABC")[0]
        winners.add(winner)
    assert winners == {"A", "B", "C"}


def test_an_odd_holding_is_filled_to_its_last_fraction_and_no_further() -> None:
    # A sells all of 10.5: its share is 10.5 when all is filled, and never more.
    assert shares("o", units(A="10.5", B="10"), D("20.5"), D(1)) == units(A="10.5", B="10")
    given = shares("o", units(A="0.5", B="100"), D(100), D(1))
    assert sum(given.values()) == 100
    assert given["A"] <= D("0.5")


def test_fractions_where_they_are_taken() -> None:
    assert shares("o", units(A="1", B="2"), D("1"), FRACTIONAL) == units(A="0.333", B="0.667")


def test_a_share_below_the_least_is_pooled_and_given_whole() -> None:
    # Shares of 40: 36, 2, 2; the least is 4 units. B and C pool 4: one of them gets it all, the other nothing.
    ordered = units(A="360", B="20", C="20")
    first, second = (one for one in turn("o", ordered) if one != "A")
    assert shares("o", ordered, D(40), D(1), least=D(4)) == {"A": D(36), first: D(4), second: D(0)}


def test_an_order_smaller_than_the_least_is_filled_whole_or_not_at_all() -> None:
    # Shares of 200: 180, 1, 1, 18. B and C pool two units, which is all that one of them ordered.
    ordered = units(A="360", B="2", C="2", D="36")
    first, second = (one for one in turn("o", ordered) if one in "BC")
    assert shares("o", ordered, D(200), D(1), least=D(4)) == {"A": D(180), first: D(2), second: D(0), "D": D(18)}


def test_the_pool_never_gives_an_odd_order_more_than_it_is() -> None:
    # Shares of 13: 11, 1, 1. One of B and C gets its whole 1.5; the half that is left goes to A, since nobody served has room.
    ordered = units(A="15", B="1.5", C="1.5")
    first, second = (one for one in turn("o", ordered) if one != "A")
    assert shares("o", ordered, D(13), D(1), least=D(4)) == {"A": D("11.5"), first: D("1.5"), second: D(0)}


def test_a_pool_that_serves_nobody_leaves_the_shares_as_they_are() -> None:
    # Nothing at all, time and again, would be less fair than a small part.
    ordered = units(A="390", B="10")
    assert shares("o", ordered, D(40), D(1), least=D(5)) == units(A="39", B="1")


def test_over_filling_is_refused() -> None:
    block = block_of(("A", "10"))
    with pytest.raises(UsageError, match="ask schwab to break"):
        share_out(block, [fill(block, "E1", "11", "250")])
    with pytest.raises(ValueError, match="11 filled of 10"):
        shares("o", units(A="10"), D(11), D(1))


def test_all_accounts_have_one_price_and_their_cents_add_up() -> None:
    block = block_of(("A", "3"), ("B", "3"), ("C", "3"))
    found = share_out(block, [fill(block, "E1", "5", "250.01"), fill(block, "E2", "4", "250.03")])
    assert {one.average_price_usd for one in found} == {D("250.018889")}
    assert sum(one.value_usd for one in found) == D("2250.17")
    # 2,250.17 / 3 = 750.0566...: two accounts have a cent more than the third.
    assert sorted(one.value_usd for one in found) == [D("750.05"), D("750.06"), D("750.06")]


def test_a_block_half_filled_at_its_limit_over_several_executions() -> None:
    block = block_of(("A", "500"), ("B", "300"), ("C", "200"), security_id="XOM", price="110")
    assert block.limit_price_usd == D("108.90")
    fills = [fill(block, "E1", "400", "108.90"), fill(block, "E2", "100", "108.94", 52)]
    found = share_out(block, fills, min_usd=D(100))
    assert [one.filled_qty for one in found] == [D(250), D(150), D(100)]
    assert {one.average_price_usd for one in found} == {D("108.908000")}
    assert [one.value_usd for one in found] == [D("27227.00"), D("16336.20"), D("10890.80")]


def test_nothing_filled_is_nothing_shared() -> None:
    assert share_out(block_of(("A", "10")), []) == []


def test_a_fund_bought_in_dollars_is_shared_by_dollars_in_thousandths() -> None:
    block = block_of(("A", "10"), ("B", "5"), security_id="VTSAX", side=BUY, price="100")
    found = share_out(block, [fill(block, "E1", "14.778", "101.5")])
    assert [one.filled_qty for one in found] == [D("9.852"), D("4.926")]
    assert [one.value_usd for one in found] == [D("999.98"), D("499.99")]


def test_dollars_of_a_fund_follow_what_was_ordered_not_the_rounded_units() -> None:
    block = block_of(("A", "10"), ("B", "5"), security_id="VTSAX", side=BUY, price="100")
    found = share_out(block, [fill(block, "E1", "14.779", "101.5")])
    assert [one.filled_qty for one in found] == [D("9.853"), D("4.926")]
    # 1,500.07 dollars, two thirds and one third; by the units it would be 1,000.08.
    assert [one.value_usd for one in found] == [D("1000.05"), D("500.02")]


def test_of_a_part_filled_account_the_lots_with_the_least_tax_a_unit_go_first() -> None:
    made = proposal(
        "P",
        trade(1, "A", SELL, "VTI", "10", "250", lot="GAIN", gain="500", tax="119"),
        trade(2, "A", SELL, "VTI", "10", "250", lot="LOSS", gain="-300", tax="-71.40"),
        trade(3, "A", SELL, "VTI", "10", "250", lot="FLAT"),
    )
    (block,) = plan([made], account("A")).batch.blocks
    (found,) = share_out(block, [fill(block, "E1", "15", "250")])
    assert {one.lot.lot_id: one.filled_qty for one in found.lots} == {"LOSS": D(10), "FLAT": D(5)}


def test_a_fraction_that_was_ordered_is_given_last() -> None:
    """595 of 595.93 are 95.78 and 499.22. A's remainder is the larger one, but its 0.93 would leave B 499.07."""
    assert shares("o", units(A="95.93", B="500"), D(595), D(1)) == units(A="95", B="500")
    assert shares("o", units(A="95.93", B="500"), D("595.93"), D(1)) == units(A="95.93", B="500")
    assert shares("o", units(A="95.93", B="500"), D("595.5"), D(1)) == units(A="95.5", B="500")


def test_a_fill_that_is_no_whole_step_leaves_one_fraction() -> None:
    given = shares("o", units(A="10", B="10", C="10"), D("17.5"), D(1))
    assert sum(given.values()) == D("17.5")
    assert sorted(given.values()) == [D("5.5"), D(6), D(6)]
