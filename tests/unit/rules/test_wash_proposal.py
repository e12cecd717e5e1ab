"""What a proposal would wash: known answers, looking back from a sale and from a purchase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.fields import FACT_DTYPE
from evenkeel.rules.wash_sales import WashRules, no_buy_list, washed_if_bought, washed_if_sold
from tests.unit.rules.wash_frames import FAR_OFF, LONG_AGO, Buy, Sell, buy, coverage_frame, day, history, sell

TODAY = day("2025-03-10")
YESTERDAY = TODAY - dt.timedelta(days=1)
LOSS = sell("S", "A", "2024-01-02", "2025-03-03", "100", "800", "1000")


def if_sold(
    buys: Sequence[Buy], lot_id: str = "A", qty: str = "100", sells: Sequence[Sell] = (), **more: Any
) -> dict[str, Any]:
    coverage = more.pop("coverage", coverage_frame())
    candidate = pl.DataFrame(
        {"candidate_id": ["c"], "wash_unit_id": ["T"], "wash_group": ["G"], "lot_id": [lot_id], "sale_qty": [qty]}
    ).with_columns(pl.col("sale_qty").cast(FACT_DTYPE))
    purchases = history(buys, sells).purchases
    return washed_if_sold(candidate, purchases, coverage, TODAY, YESTERDAY, **more).row(0, named=True)


def if_bought(sells: Sequence[Sell], qty: str = "100", buys: Sequence[Buy] = (), **more: Any) -> dict[str, Any]:
    coverage = more.pop("coverage", coverage_frame())
    candidate = pl.DataFrame(
        {
            "candidate_id": ["c"],
            "wash_unit_id": ["T"],
            "wash_group": ["G"],
            "buy_qty": [qty],
            "is_retirement": [more.pop("is_retirement", False)],
        }
    ).with_columns(pl.col("buy_qty").cast(FACT_DTYPE))
    portions = history(buys, sells, known_to=YESTERDAY).portions
    return washed_if_bought(candidate, portions, coverage, TODAY, YESTERDAY).row(0, named=True)


def test_a_sale_is_clear_without_purchases_in_its_window() -> None:
    found = if_sold([buy("A", "2024-01-02", "100"), buy("B", "2025-02-07", "50")])
    assert (found["answer"], found["washed_qty"], found["clear_date"]) == ("clear", Decimal(0), None)


def test_shares_not_whole_lots_are_washed_and_it_says_until_when() -> None:
    found = if_sold([buy("B", "2025-02-08", "30"), buy("DRIP", "2025-02-20", "0.5")])
    assert (found["answer"], found["washed_qty"]) == ("washed", Decimal("30.5"))
    assert (found["clear_date"], found["days_to_clear"]) == (day("2025-03-23"), 13)


def test_the_first_shares_sold_are_the_washed_ones() -> None:
    found = if_sold([buy("B", "2025-02-20", "30")], qty="10")
    assert (found["washed_qty"], found["replaceable_qty"]) == (Decimal(10), Decimal(30))


def test_an_order_in_flight_and_an_expected_reinvestment_count_ahead() -> None:
    found = if_sold([buy("ORDER", "2025-03-11", "20"), buy("DRIP", "2025-04-09", "1"), buy("LATER", "2025-04-10", "9")])
    assert (found["washed_qty"], found["clear_date"]) == (Decimal(21), day("2025-05-10"))


def test_an_ira_purchase_would_lose_it_for_good() -> None:
    found = if_sold([buy("B", "2025-02-20", "30"), buy("IRA", "2025-02-20", "10", is_retirement=True)], qty="25")
    assert (found["washed_qty"], found["permanent_qty"]) == (Decimal(25), Decimal(10))


def test_shares_that_replaced_others_or_are_gone_replace_nothing_more() -> None:
    buys = [buy("B", "2025-02-20", "150"), buy("C", "2025-02-21", "40")]
    sells = [LOSS, sell("SC", "C", "2025-02-21", "2025-03-05", "40", "500", "400")]
    assert if_sold(buys, sells=sells, lot_id="OTHER")["washed_qty"] == Decimal(50)


def test_rev_rul_56_602_the_rest_of_the_lot_itself_only_if_switched_on() -> None:
    buys = [buy("A", "2025-02-20", "100")]
    assert if_sold(buys, qty="40")["answer"] == "clear"
    assert if_sold(buys, qty="40", rules=WashRules(same_lot_rest_counts=True))["washed_qty"] == Decimal(40)
    assert if_sold(buys, qty="70", rules=WashRules(same_lot_rest_counts=True))["washed_qty"] == Decimal(30)


@pytest.mark.parametrize(
    "coverage",
    [
        [("T", day("2025-02-09"), FAR_OFF)],
        [("T", LONG_AGO, day("2025-03-08"))],
        [("T", None, None)],
        [("X", LONG_AGO, FAR_OFF)],
    ],
    ids=["a day short", "not up to date", "not known", "nothing of the unit"],
)
def test_incomplete_history_is_never_clear(coverage: list[tuple[str, dt.date | None, dt.date | None]]) -> None:
    frame = coverage_frame(*coverage)
    assert if_sold([], coverage=frame)["answer"] == "coverage_incomplete"
    assert if_bought([], coverage=frame)["answer"] == "coverage_incomplete"


def test_history_of_exactly_the_window_is_enough() -> None:
    frame = coverage_frame(("T", day("2025-02-08"), YESTERDAY))
    assert if_sold([], coverage=frame)["answer"] == "clear"
    assert if_bought([], coverage=frame)["answer"] == "clear"


def test_a_purchase_that_cannot_be_read_is_never_clear() -> None:
    assert if_sold([replace(buy("B", "2025-02-20", "30"), qty=None)])["answer"] == "coverage_incomplete"


def test_a_quantity_that_is_none() -> None:
    assert if_sold([], qty="0")["answer"] == "bad_input"
    assert if_bought([], qty="-1")["answer"] == "bad_input"


def test_a_purchase_washes_the_earliest_losses_first_and_says_what_it_costs() -> None:
    sells = [
        sell("OLD", "A1", "2023-01-03", "2025-02-07", "100", "0", "1000"),  # out of the window
        sell("S1", "A2", "2024-12-02", "2025-02-10", "50", "400", "500"),
        sell("S2", "A3", "2023-01-03", "2025-03-03", "100", "800", "1100"),
    ]
    found = if_bought(sells, qty="80")
    assert found["washed_qty"] == Decimal(80)
    assert (found["short_disallowed_usd"], found["long_disallowed_usd"]) == (Decimal("100.00"), Decimal("90.00"))
    assert (found["disallowed_usd"], found["is_permanent"]) == (Decimal("190.00"), False)
    assert found["free_from_date"] == day("2025-04-03")


def test_in_an_ira_the_purchase_loses_the_loss_for_good() -> None:
    found = if_bought([LOSS], is_retirement=True)
    assert (found["answer"], found["disallowed_usd"], found["is_permanent"]) == ("washed", Decimal("200.00"), True)


def test_a_loss_that_is_washed_already_costs_nothing_more() -> None:
    found = if_bought([LOSS], buys=[buy("B", "2025-03-05", "100")])
    assert (found["answer"], found["disallowed_usd"], found["free_from_date"]) == ("clear", Decimal(0), None)


def test_of_a_loss_that_is_washed_in_part_only_the_rest_is_at_stake() -> None:
    found = if_bought([LOSS], buys=[buy("B", "2025-03-05", "33.3333")])
    assert (found["washed_qty"], found["disallowed_usd"]) == (Decimal("66.6667"), Decimal("133.33"))


def test_a_loss_sold_today_is_washed_by_a_purchase_today() -> None:
    today = replace(LOSS, sold_date=TODAY)
    assert if_bought([today], qty="10")["disallowed_usd"] == Decimal("20.00")


def test_a_sale_of_unknown_basis_may_have_been_a_loss() -> None:
    unknown = replace(LOSS, basis_usd=None)
    assert if_bought([unknown])["answer"] == "coverage_incomplete"
    assert if_bought([replace(LOSS, sold_date=None)])["answer"] == "coverage_incomplete"


def test_the_no_buy_list_names_every_security_of_the_group_with_its_end() -> None:
    members = pl.DataFrame({"security_id": ["VOO", "IVV", "VTI"], "wash_group": ["G", "G", "H"]})
    sells = [LOSS, sell("S2", "A3", "2024-12-02", "2025-03-10", "10", "80", "110")]
    found = no_buy_list(history([], sells).portions, members, TODAY)
    assert found.rows() == [
        ("T", security, day("2025-04-09"), day("2025-04-10"), Decimal(110), Decimal("230.00"))
        for security in ("IVV", "VOO")
    ]
    assert no_buy_list(history([], sells).portions, members, day("2025-04-10")).is_empty()
    assert no_buy_list(history([], sells).portions, members, day("2025-04-09")).height == 2


def test_the_no_buy_list_holds_sales_of_unknown_basis_too() -> None:
    members = pl.DataFrame({"security_id": ["VOO"], "wash_group": ["G"]})
    found = no_buy_list(history([], [replace(LOSS, basis_usd=None)]).portions, members, TODAY)
    assert found.select("loss_qty", "loss_usd").row(0) == (Decimal(100), None)


def test_a_harvest_on_day_1_and_the_spouses_ira_on_day_12() -> None:
    """The purchase is refused the benefit on day 12 and free on day 31 after the sale."""
    found = if_bought([replace(LOSS, sold_date=TODAY - dt.timedelta(days=11))], is_retirement=True, qty="1")
    assert (found["is_permanent"], found["disallowed_usd"]) == (True, Decimal("2.00"))
    assert found["free_from_date"] == TODAY - dt.timedelta(days=11) + dt.timedelta(days=31)
