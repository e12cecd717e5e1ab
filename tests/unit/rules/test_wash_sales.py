"""Wash sales over history: the examples of the regulations, Pub. 550 and Rev. Rul. 2008-5, and what an expert would probe."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from evenkeel.rules.wash_sales import WINDOW_DAYS, is_in_window, wash_groups, wash_units, window
from tests.unit.rules.wash_frames import (
    FAR_OFF,
    LONG_AGO,
    buy,
    coverage_frame,
    day,
    disallowed,
    history,
    increase,
    matched,
    sell,
)


def test_irc_1091_a_the_window_is_61_days_of_trade_dates() -> None:
    sale = day("2025-03-03")
    first, last = window(sale)
    assert (first, last) == (day("2025-02-01"), day("2025-04-02"))
    assert (last - first).days + 1 == 61 == 2 * WINDOW_DAYS + 1
    assert [is_in_window(sale, day(text)) for text in ("2025-01-31", "2025-02-01", "2025-04-02", "2025-04-03")] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("bought", "answer"),
    [("2025-01-31", "clear"), ("2025-02-01", "washed"), ("2025-04-02", "washed"), ("2025-04-03", "clear")],
)
def test_irc_1091_a_both_ends_of_the_window_as_matched(bought: str, answer: str) -> None:
    found = history([buy("B", bought, "100")], [sell("S", "A", "2024-01-02", "2025-03-03", "100", "800", "1000")])
    assert found.portions["answer"].to_list() == [answer]


def test_pub_550_wash_sales_example_1() -> None:
    """Buy 100 for 1,000, sell for 750, buy 100 for 800: 250 is disallowed, the new basis is 1,050."""
    found = history(
        [buy("A", "2025-01-06", "100"), buy("B", "2025-03-25", "100")],
        [sell("S", "A", "2025-01-06", "2025-03-10", "100", "750", "1000")],
    )
    assert matched(found) == [("S", "B", 100, "250.00")]
    assert Decimal(800) + increase(found, "B") == Decimal(1050)
    assert found.portions["allowed_gain_usd"].to_list() == [Decimal("0.00")]


def test_reg_1_1091_1_h_example_1_bought_before_the_sale() -> None:
    """100 on 1954-12-01, 100 on 1954-12-15, the first sold on 1955-01-03 at a loss of 1,000: none is deductible."""
    found = history(
        [buy("DEC01", "1954-12-01", "100"), buy("DEC15", "1954-12-15", "100")],
        [sell("S", "DEC01", "1954-12-01", "1955-01-03", "100", "9000", "10000")],
        coverage=coverage_frame(("T", day("1950-01-01"), FAR_OFF)),
    )
    assert matched(found) == [("S", "DEC15", 100, "1000.00")]


def test_reg_1_1091_1_h_example_2_and_pub_550_fewer_bought_than_sold() -> None:
    """100 for 5,000 in September, 50 for 2,750 and 25 for 1,125 in December, the first sold for 4,000: 750 of 1,000 is disallowed."""
    found = history(
        [buy("SEP", "2024-09-20", "100"), buy("D13", "2024-12-13", "50"), buy("D20", "2024-12-20", "25")],
        [sell("S", "SEP", "2024-09-20", "2025-01-03", "100", "4000", "5000")],
    )
    assert matched(found) == [("S", "D13", 50, "500.00"), ("S", "D20", 25, "250.00")]
    assert found.portions["allowed_gain_usd"].item() == Decimal("-250.00")
    assert Decimal(2750) + increase(found, "D13") == Decimal(3250)
    assert Decimal(1125) + increase(found, "D20") == Decimal(1375)


def test_reg_1_1091_1_h_example_3_and_pub_550_more_bought_than_sold() -> None:
    """100 from 2024-09-16, sold on 2025-01-29 at a loss of 1,000; 50 on each of Feb 3 to 6: the first two take it all."""
    found = history(
        [buy("SEP", "2024-09-16", "100"), *(buy(f"FEB{n}", f"2025-02-0{n}", "50") for n in (6, 5, 4, 3))],
        [sell("S", "SEP", "2024-09-16", "2025-01-29", "100", "4000", "5000")],
    )
    assert matched(found) == [("S", "FEB3", 50, "500.00"), ("S", "FEB4", 50, "500.00")]
    assert [increase(found, f"FEB{n}") for n in (5, 6)] == [Decimal(0), Decimal(0)]


def test_pub_550_loss_and_gain_on_the_same_day() -> None:
    """Blocks bought at 158, 100 and 95, 300 sold at 125, 250 bought after: the first's 3,300 is disallowed, gains stay whole."""
    bought = [("B1", "2012-03-01", "15800"), ("B2", "2012-04-02", "10000"), ("B3", "2012-05-01", "9500")]
    found = history(
        [buy("NEW", "2013-01-09", "250")],
        [sell(f"S{lot}", lot, date, "2012-12-27", "100", "12500", basis) for lot, date, basis in bought],
    )
    assert disallowed(found) == [("SB1", "3300.00"), ("SB2", "0.00"), ("SB3", "0.00")]
    assert found.portions["allowed_gain_usd"].to_list() == [Decimal(0), Decimal(2500), Decimal(3000)]


def test_reg_1_1091_2_examples_1_and_2_basis() -> None:
    """Bought for 100, sold for 80, again for 90 or 70: the new basis is 110 or 90."""
    found = history(
        [buy("B", "1955-02-01", "1")],
        [sell("S", "A", "1935-01-02", "1955-01-15", "1", "80", "100")],
        coverage=coverage_frame(("T", day("1930-01-01"), FAR_OFF)),
    )
    assert [price + increase(found, "B") for price in (90, 70)] == [Decimal(110), Decimal(90)]


def test_rev_rul_2008_5_ira_replacement_loses_the_loss_for_good() -> None:
    found = history(
        [buy("A", "2005-01-03", "100"), buy("IRA", "2007-12-21", "100", is_retirement=True)],
        [sell("S", "A", "2005-01-03", "2007-12-20", "100", "600", "1000")],
    )
    row = found.portions.row(0, named=True)
    assert (row["disallowed_usd"], row["permanently_lost_usd"]) == (Decimal("400.00"), Decimal("400.00"))
    assert increase(found, "IRA") == Decimal(0)
    assert found.matches["is_permanent"].to_list() == [True]
    assert found.matches["holding_start_date"].to_list() == [None]


def test_irc_1223_3_the_period_held_is_tacked_without_the_gap() -> None:
    found = history([buy("B", "2024-12-20", "10")], [sell("S", "A", "2024-01-02", "2024-12-02", "10", "50", "100")])
    assert found.matches["holding_start_date"].to_list() == [day("2024-12-20") - dt.timedelta(days=335)]


def test_reg_1_1091_1_b_the_earliest_loss_first_and_1_1091_1_e_each_share_once() -> None:
    found = history(
        [buy("B", "2025-03-20", "60")],
        [
            sell("LATER", "A2", "2024-01-02", "2025-03-11", "50", "400", "500"),
            sell("FIRST", "A1", "2024-06-03", "2025-03-10", "50", "300", "500"),
        ],
    )
    assert matched(found) == [("FIRST", "B", 50, "200.00"), ("LATER", "B", 10, "20.00")]


def test_reg_1_1091_1_b_losses_of_one_day_in_the_order_originally_bought() -> None:
    found = history(
        [buy("B", "2025-03-20", "50")],
        [
            sell("S1", "YOUNG", "2024-06-03", "2025-03-10", "50", "300", "500"),
            sell("S2", "OLD", "2024-01-02", "2025-03-10", "50", "400", "500"),
        ],
    )
    assert matched(found) == [("S2", "B", 50, "100.00")]


def test_two_partial_sales_of_one_lot_use_up_replacements_one_after_the_other() -> None:
    found = history(
        [buy("A", "2025-03-01", "100"), buy("B", "2025-03-05", "50")],
        [
            sell("S1", "A", "2025-03-01", "2025-03-10", "40", "320", "400"),
            sell("S2", "A", "2025-03-01", "2025-03-12", "40", "320", "400"),
        ],
    )
    assert matched(found) == [("S1", "B", 40, "80.00"), ("S2", "B", 10, "20.00")]


def test_rev_rul_56_602_the_rest_of_the_same_lot_is_no_replacement_unless_switched_on() -> None:
    buys = [buy("A", "2025-03-01", "100")]
    sells = [sell("S", "A", "2025-03-01", "2025-03-10", "40", "320", "400")]
    assert disallowed(history(buys, sells)) == [("S", "0.00")]
    assert disallowed(history(buys, sells, same_lot_rest_counts=True)) == [("S", "80.00")]
    # Nothing is left of a lot that is sold whole, whatever the switch says.
    whole = [sell("S", "A", "2025-03-01", "2025-03-10", "100", "800", "1000")]
    assert disallowed(history(buys, whole, same_lot_rest_counts=True)) == [("S", "0.00")]


def test_a_replacement_sold_before_the_loss_or_with_it_replaces_nothing() -> None:
    buys = [buy("A", "2024-01-02", "100"), buy("B", "2025-03-03", "100")]
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    for date in ("2025-03-05", "2025-03-10"):
        assert disallowed(history(buys, [loss, sell("SB", "B", "2025-03-03", date, "100", "900", "850")])) == [
            ("S", "0.00"),
            ("SB", "0.00"),
        ]
    part = history(buys, [loss, sell("SB", "B", "2025-03-03", "2025-03-05", "70", "630", "595")])
    assert matched(part) == [("S", "B", 30, "60.00")]


def test_a_purchase_on_the_day_of_the_sale_counts_whichever_came_first() -> None:
    found = history([buy("B", "2025-03-10", "100")], [sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")])
    assert matched(found) == [("S", "B", 100, "200.00")]


def test_a_day_trade_at_a_loss_replaces_itself_with_nothing() -> None:
    found = history([buy("B", "2025-03-10", "100")], [sell("S", "B", "2025-03-10", "2025-03-10", "100", "800", "1000")])
    assert disallowed(found) == [("S", "0.00")]


def test_a_chain_the_replacement_is_sold_at_a_loss_and_washed_in_turn() -> None:
    found = history(
        [buy("A", "2024-01-02", "100"), buy("B", "2025-03-20", "100"), buy("C", "2025-04-15", "100")],
        [
            sell("S1", "A", "2024-01-02", "2025-03-10", "100", "800", "1000"),
            sell("S2", "B", "2025-03-20", "2025-04-10", "100", "700", "820"),
        ],
    )
    assert matched(found) == [("S1", "B", 100, "200.00"), ("S2", "C", 100, "320.00")]
    second = found.portions.filter(sale_id="S2").row(0, named=True)
    assert (second["basis_usd"], second["gain_usd"]) == (Decimal("1020.00"), Decimal("-320.00"))
    # Held: A 433 days; B 21 more; so C's period starts 454 days before it was bought.
    assert second["is_long_term"] is True
    starts = found.matches["holding_start_date"].to_list()
    assert starts == [day("2025-03-20") - dt.timedelta(days=433), day("2025-04-15") - dt.timedelta(days=454)]


def test_a_chain_in_which_a_gain_turns_into_a_loss() -> None:
    found = history(
        [buy("B", "2025-03-20", "100"), buy("C", "2025-04-15", "100")],
        [
            sell("S1", "A", "2024-01-02", "2025-03-10", "100", "800", "1000"),
            sell("S2", "B", "2025-03-20", "2025-04-10", "100", "870", "820"),
        ],
    )
    assert matched(found) == [("S1", "B", 100, "200.00"), ("S2", "C", 100, "150.00")]


def test_a_lot_of_which_part_replaced_others_is_sold_in_portions_the_used_part_first() -> None:
    found = history(
        [buy("B", "2025-03-20", "100")],
        [
            sell("S1", "A", "2024-01-02", "2025-03-10", "60", "480", "600"),
            sell("S2", "B", "2025-03-20", "2026-03-19", "80", "800", "720"),
        ],
    )
    rows = found.portions.filter(sale_id="S2").select("sold_qty", "basis_usd", "gain_usd", "is_long_term").rows()
    assert rows == [
        (Decimal(60), Decimal("660.00"), Decimal("-60.00"), True),
        (Decimal(20), Decimal("180.00"), Decimal("20.00"), False),
    ]


def test_shares_that_replaced_others_first_are_sold_first() -> None:
    found = history(
        [buy("B", "2025-03-20", "100")],
        [
            sell("S1", "A1", "2024-01-02", "2025-03-10", "10", "80", "100"),
            sell("S2", "A2", "2024-01-03", "2025-03-11", "20", "160", "220"),
            sell("S3", "B", "2025-03-20", "2026-05-19", "15", "150", "150"),
            sell("S4", "B", "2025-03-20", "2026-05-20", "16", "160", "160"),
        ],
    )
    later = found.portions.filter(found.portions["lot_id"] == "B")
    assert later.select("sale_id", "sold_qty", "gain_usd").rows() == [
        ("S3", Decimal(10), Decimal("-20.00")),
        ("S3", Decimal(5), Decimal("-15.00")),
        ("S4", Decimal(15), Decimal("-45.00")),
        ("S4", Decimal(1), Decimal("0.00")),
    ]


def test_a_dividend_reinvested_in_fractions_washes_as_many_shares_as_it_bought() -> None:
    found = history(
        [buy("DRIP", "2025-03-14", "0.3333")], [sell("S", "A", "2024-01-02", "2025-03-10", "100", "500", "1000")]
    )
    row = found.matches.row(0, named=True)
    assert (row["matched_qty"], row["disallowed_usd"]) == (Decimal("0.3333"), Decimal("1.67"))


def test_substantially_identical_groups_are_data_and_others_do_not_wash() -> None:
    securities = pl.DataFrame(
        {"security_id": ["VOO", "IVV", "VTI"], "wash_group": ["sp500", "sp500", None]},
        schema={"security_id": pl.String, "wash_group": pl.String},
    )
    assert wash_groups(securities)["wash_group"].to_list() == ["group:sp500", "group:sp500", "security:VTI"]
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    assert disallowed(history([buy("B", "2025-03-12", "100", group="OTHER")], [loss])) == [("S", "0.00")]


def test_of_one_day_an_ira_purchase_is_matched_first() -> None:
    found = history(
        [buy("A-TAXABLE", "2025-03-12", "50"), buy("Z-IRA", "2025-03-12", "50", is_retirement=True)],
        [sell("S", "A", "2024-01-02", "2025-03-10", "50", "400", "500")],
    )
    assert matched(found) == [("S", "Z-IRA", 50, "100.00")]


def test_a_loss_inside_an_ira_is_none_but_its_shares_leave() -> None:
    found = history(
        [buy("IRA", "2025-03-01", "100", is_retirement=True)],
        [
            sell("SI", "IRA", "2025-03-01", "2025-03-05", "100", "500", "900", is_retirement=True),
            sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000"),
        ],
    )
    assert found.portions["answer"].to_list() == ["clear", "not_a_loss"]


def test_the_tax_unit_and_not_the_household_a_parent_and_an_adult_child() -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    child = buy("B", "2025-03-12", "100", tax_unit_id="CHILD", wash_unit_id="CHILD")
    assert disallowed(history([child], [loss])) == [("S", "0.00")]


def test_pub_550_a_spouse_washes_even_where_they_file_separately() -> None:
    units = wash_units(
        pl.DataFrame({"tax_unit_id": ["W", "H", "CHILD"]}),
        pl.DataFrame({"tax_unit_id": ["W"], "linked_tax_unit_id": ["H"]}),
    )
    unit = dict(units.rows())
    assert (unit["W"], unit["H"], unit["CHILD"]) == ("H", "H", "CHILD")
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000", tax_unit_id="H", wash_unit_id=unit["H"])
    spouse = buy("B", "2025-03-12", "100", tax_unit_id="W", wash_unit_id=unit["W"])
    found = history([spouse], [loss], coverage=coverage_frame(("H", LONG_AGO, FAR_OFF)))
    assert disallowed(found) == [("S", "200.00")]
    assert found.matches["crosses_return"].to_list() == [True]


def test_links_join_chains_of_units() -> None:
    links = pl.DataFrame({"tax_unit_id": ["B", "A", "E"], "linked_tax_unit_id": ["C", "C", "D"]})
    assert dict(wash_units(pl.DataFrame({"tax_unit_id": ["A", "B", "C", "D", "F"]}), links).rows()) == {
        **dict.fromkeys("ABC", "A"),
        **dict.fromkeys("DE", "D"),
        "F": "F",
    }


@pytest.mark.parametrize(
    "coverage",
    [
        [("T", LONG_AGO, FAR_OFF), ("T", day("2025-02-09"), FAR_OFF)],
        [("T", None, FAR_OFF)],
        [("T", LONG_AGO, day("2025-04-08"))],
        [("OTHER", LONG_AGO, FAR_OFF)],
    ],
    ids=["one account a day short", "not known", "ends in the window", "nothing of the unit"],
)
def test_incomplete_history_is_its_own_answer_and_never_no(
    coverage: list[tuple[str, dt.date | None, dt.date | None]],
) -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    found = history([], [loss], coverage=coverage_frame(*coverage))
    assert found.portions["answer"].to_list() == ["coverage_incomplete"]
    # What is known to be washed stays known; and if that is all of it, nothing is missing.
    some = history([buy("B", "2025-03-12", "40")], [loss], coverage=coverage_frame(*coverage)).portions
    assert some.select("answer", "washed_qty").row(0) == ("coverage_incomplete", Decimal(40))
    whole = history([buy("B", "2025-03-12", "100")], [loss], coverage=coverage_frame(*coverage)).portions
    assert whole["answer"].to_list() == ["washed"]


def test_history_that_reaches_back_exactly_over_the_window_is_complete() -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    found = history([], [loss], coverage=coverage_frame(("T", day("2025-02-08"), day("2025-04-09"))))
    assert found.portions["answer"].to_list() == ["clear"]


def test_a_window_that_is_still_open_says_so() -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    coverage = coverage_frame(("T", LONG_AGO, day("2025-04-08")))
    found = history([], [loss], known_to=day("2025-04-08"), coverage=coverage)
    assert found.portions.select("answer", "is_window_open").row(0) == ("clear", True)
    closed = history([], [loss], known_to=day("2025-04-09"))
    assert closed.portions["is_window_open"].to_list() == [False]


def test_a_purchase_that_cannot_be_read_leaves_its_group_in_doubt() -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    for bad in (replace(buy("B", "2025-03-12", "1"), acquired_date=None), buy("B", "2025-03-12", "0")):
        assert history([bad], [loss]).portions["answer"].to_list() == ["coverage_incomplete"]
    with pytest.raises(ValueError, match="1 purchases lack unit"):
        history([replace(buy("B", "2025-03-12", "1"), group=None)], [loss])  # type: ignore[arg-type]


def test_a_sale_without_basis_or_date_is_said_and_not_guessed() -> None:
    whole = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    bad = [replace(whole, sale_id="S1", basis_usd=None), replace(whole, sale_id="S2", sold_date=None)]
    bad += [replace(whole, sale_id="S3", qty=Decimal(-1)), replace(whole, sale_id="S4", acquired_date=FAR_OFF)]
    found = history([buy("B", "2025-03-12", "100")], bad)
    assert found.portions["answer"].to_list() == ["basis_unknown", *["bad_input"] * 3]
    assert found.portions["gain_usd"].to_list()[0] is None
    assert found.matches.is_empty()


def test_ids_that_stand_twice_raise() -> None:
    loss = sell("S", "A", "2024-01-02", "2025-03-10", "100", "800", "1000")
    with pytest.raises(ValueError, match="1 rows repeat sale_id"):
        history([], [loss, loss])
    with pytest.raises(ValueError, match="1 rows repeat lot_id"):
        history([buy("B", "2025-03-12", "1"), buy("B", "2025-03-13", "1")], [loss])


def test_nothing_at_all() -> None:
    found = history([], [])
    assert (found.portions.height, found.matches.height, found.purchases.height) == (0, 0, 0)
