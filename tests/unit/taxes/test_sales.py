"""Sales from day to day: what the lots tell, what the custodian tells, and what cannot be told."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.tax_histories import TaxHistories
from data_contracts.tax_sales import TaxSales
from evenkeel.pipeline import Frames
from evenkeel.stages.taxes.histories import fold_histories
from tests.support.nights import moved
from tests.support.small_book import small_book
from tests.unit.taxes.nights import A1, ACCOUNTS, FEEDS, HOUSEHOLDS, Night, bought, closed, run, sold, told

OLD, NEW = ("L1", "2025-03-03", "100", "1500.00"), ("L2", "2026-02-02", "60", "900.00")
FIRST = Night([OLD, NEW])


def harvested() -> dict[str, Night]:
    """60 units of the new lot and 20 of the old one are sold at 10 on Tuesday."""
    tuesday = Night(
        [("L1", "2025-03-03", "80", "1200.00")], money="5800.00", moves=[sold(1, "2026-03-03", "80", "800.00")]
    )
    return {"2026-03-02": FIRST, "2026-03-03": tuesday}


def test_lots_that_became_smaller_by_what_was_sold_tell_the_sale() -> None:
    days = run(harvested())
    assert told(days["2026-03-02"]) == []
    columns = ("lot_id", "acquired_date", "sold_qty", "proceeds_usd", "basis_usd", "is_long_term", "told_by")
    assert told(days["2026-03-03"], *columns) == [
        ("L1", "2025-03-03", 20.0, 200.0, 300.0, False, "lots"),  # a year to the day is short-term
        ("L2", "2026-02-02", 60.0, 600.0, 900.0, False, "lots"),
    ]
    gains = ("sale_no", "short_term_gain_usd", "long_term_gain_usd", "custodian_disallowed_usd")
    assert told(days["2026-03-03"], *gains) == [(1, -100.0, 0.0, None), (2, -300.0, 0.0, None)]


def test_three_days_the_rest_is_sold_and_the_custodians_word_replaces_ours() -> None:
    nights = harvested()
    rest = sold(1, "2026-03-04", "80", "800.00")
    nights["2026-03-04"] = Night([], money="6600.00", moves=[rest], held="0")
    realized = [
        closed(1, "2025-03-03", "2026-03-03", "20", "200.00", "300.00", short_term_gain_ccy="-100.00"),
        closed(2, "2026-02-02", "2026-03-03", "60", "600.00", "960.00", short_term_gain_ccy="-360.00", disallowed_loss_ccy="36.00"),
    ]  # fmt: skip
    nights["2026-03-05"] = Night([], money="6600.00", closed=realized, held="0")
    # The year to date once more, with what has come since.
    later = closed(3, "2025-03-03", "2026-03-04", "80", "800.00", "1200.00", long_term_gain_ccy="-400.00")
    nights["2026-03-06"] = Night([], money="6600.00", closed=[*realized, later], held="0")
    days = run(nights)
    ours = [
        ("2026-03-03", 1, "L1", 20.0, 200.0, 300.0, "lots"),
        ("2026-03-03", 2, "L2", 60.0, 600.0, 900.0, "lots"),
        ("2026-03-04", 1, "L1", 80.0, 800.0, 1200.0, "lots"),
    ]
    assert told(days["2026-03-04"]) == ours
    assert told(days["2026-03-04"], "is_long_term", "long_term_gain_usd")[-1] == (True, -400.0)
    custodians = [
        ("2026-03-03", 1, None, 20.0, 200.0, 300.0, "custodian"),
        ("2026-03-03", 2, None, 60.0, 600.0, 960.0, "custodian"),
    ]
    assert told(days["2026-03-05"]) == [*custodians, ours[-1]]
    assert told(days["2026-03-05"], "custodian_disallowed_usd")[1] == (36.0,)
    assert told(days["2026-03-06"]) == [*custodians, ("2026-03-04", 1, None, 80.0, 800.0, 1200.0, "custodian")]


def test_two_equal_lots_of_one_file_are_two_and_a_repeated_file_adds_none() -> None:
    twins = [closed(n, "2025-01-02", "2026-03-02", "10", "100.00", "150.00", short_term_gain_ccy="0") for n in (1, 2)]
    days = run({"2026-03-02": Night([OLD], closed=twins), "2026-03-03": Night([OLD], closed=twins)})
    assert [len(told(frames)) for frames in days.values()] == [2, 2]


def test_a_restated_day_replaces_what_was_stated_and_a_late_lot_is_added() -> None:
    def of(cost: str, row_no: int = 1, qty: str = "10") -> dict[str, object]:
        return closed(row_no, "2025-01-02", "2026-03-02", qty, "100.00", cost)

    days = run(
        {
            "2026-03-02": Night([OLD], closed=[of("150.00")]),
            "2026-03-03": Night([OLD], closed=[of("140.00")]),
            "2026-03-04": Night([OLD], closed=[of("90.00", qty="7")]),
            "2026-03-05": Night([OLD]),
        }
    )
    basis = [[cell for (cell,) in told(frames, "basis_usd")] for frames in days.values()]
    assert basis == [[150.0], [140.0], [90.0, 140.0], [90.0, 140.0]]


def test_a_line_of_both_terms_keeps_the_custodians_split() -> None:
    both = closed(
        1, None, "2026-03-02", "10", "100.00", "80.00", short_term_gain_ccy="5.00", long_term_gain_ccy="15.00"
    )
    days = run({"2026-03-02": Night([OLD], closed=[both])})
    columns = ("is_long_term", "short_term_gain_usd", "long_term_gain_usd", "basis_usd")
    assert told(days["2026-03-02"], *columns) == [(None, 5.0, 15.0, 80.0)]


def test_money_of_another_currency_is_not_known_in_dollars() -> None:
    francs = closed(1, "2025-01-02", "2026-03-02", "10", "100.00", "80.00", currency="CHF", long_term_gain_ccy="20")
    columns = ("sold_qty", "proceeds_usd", "basis_usd", "long_term_gain_usd", "told_by")
    assert told(run({"2026-03-02": Night([OLD], closed=[francs])})["2026-03-02"], *columns) == [
        (10.0, None, None, None, "custodian")
    ]


@pytest.mark.parametrize(
    ("lots", "moves", "money"),
    [
        # Lots were renumbered on the day.
        ([("X1", "2025-03-03", "80", "1200.00"), ("X2", "2026-02-02", "60", "900.00")], (), "5200.00"),
        # Two lots are one now.
        ([("L1", "2025-03-03", "140", "2100.00")], (), "5200.00"),
        # Something was transferred out as well.
        (
            [("L1", "2025-03-03", "80", "1200.00"), ("L2", "2026-02-02", "55", "825.00")],
            [moved(9, A1, "transfer_out", None, "STK", "-5", on=dt.date(2026, 3, 3))],
            "5200.00",
        ),
    ],
)  # fmt: skip
def test_lots_that_do_not_add_up_leave_the_sale_without_a_basis(
    lots: list[tuple[str, str, str, str]], moves: list[dict[str, object]], money: str
) -> None:
    tuesday = Night(lots, money=money, moves=[sold(1, "2026-03-03", "20", "200.00"), *moves])
    columns = ("lot_id", "acquired_date", "sold_qty", "proceeds_usd", "basis_usd", "short_term_gain_usd", "told_by")
    days = run({"2026-03-02": FIRST, "2026-03-03": tuesday})
    assert told(days["2026-03-03"], *columns) == [(None, None, 20.0, 200.0, None, None, "unknown")]


def test_what_was_bought_the_same_day_is_no_sale() -> None:
    lots = [("L1", "2025-03-03", "70", "1050.00"), NEW, ("L3", "2026-03-03", "5", "50.00")]
    moves = [sold(1, "2026-03-03", "30", "300.00"), bought(2, "2026-03-03", "5", "50.00")]
    days = run({"2026-03-02": FIRST, "2026-03-03": Night(lots, "5250.00", moves)})
    assert told(days["2026-03-03"]) == [("2026-03-03", 1, "L1", 30.0, 300.0, 450.0, "lots")]


def test_a_split_or_a_transfer_alone_is_no_sale() -> None:
    split = Night([("L1", "2025-03-03", "100", "1500.00"), ("L2", "2026-02-02", "50", "750.00")], moves=[
        moved(1, A1, "transfer_out", None, "STK", "-10", on=dt.date(2026, 3, 3))])  # fmt: skip
    assert told(run({"2026-03-02": FIRST, "2026-03-03": split})["2026-03-03"]) == []


def test_lots_without_numbers_of_one_date_give_the_cost_that_is_missing() -> None:
    first = Night([(None, "2026-01-05", "10", "100.00"), (None, "2026-01-05", "10", "140.00")])
    second = Night([(None, "2026-01-05", "10", "100.00")], "5100.00", [sold(1, "2026-03-03", "10", "100.00")])
    days = run({"2026-03-02": first, "2026-03-03": second})
    assert told(days["2026-03-03"]) == [("2026-03-03", 1, None, 10.0, 100.0, 140.0, "lots")]


def test_a_stopped_accounts_sale_counts_without_its_lots() -> None:
    nights = harvested()
    nights["2026-03-03"].held = "81"  # neither its lots nor its transactions say so
    days = run(nights)
    assert days["2026-03-03"][Coverage]["status"].to_list() == ["quarantined"]
    assert told(days["2026-03-03"]) == [("2026-03-03", 1, None, 80.0, 800.0, None, "unknown")]


def test_the_portfolio_systems_word_counts_where_lots_do_not_tell() -> None:
    nights = harvested()
    said = [closed(1, "2026-02-02", "2026-03-03", "80", "800.00", "1000.00", short_term_gain_ccy="-200.00")]
    nights["2026-03-03"].system_closed = said
    assert {row[-1] for row in told(run(nights)["2026-03-03"])} == {"lots"}
    nights["2026-03-02"].lots = [("L9", *OLD[1:]), NEW]
    assert told(run(nights)["2026-03-03"]) == [("2026-03-03", 1, None, 80.0, 800.0, 1000.0, "portfolio_system")]


def test_sales_are_kept_for_the_year_and_for_61_days() -> None:
    def kept(on: str, sold_on: str) -> bool:
        return bool(told(run({on: Night([OLD], closed=[closed(1, "2020-01-02", sold_on, "1", "9.00", "10.00")])})[on]))

    assert [kept("2026-12-30", day) for day in ("2026-01-01", "2025-12-31")] == [True, False]
    assert [kept("2026-01-30", day) for day in ("2025-12-01", "2025-11-30")] == [True, False]

    days = run(
        {
            "2025-12-30": Night([OLD], closed=[closed(1, "2020-01-02", "2025-12-01", "1", "9.00", "10.00")]),
            "2025-12-31": Night([OLD]),
            "2026-02-02": Night([OLD]),
        }
    )
    assert [len(told(frames)) for frames in days.values()] == [1, 1, 0]


def history(frames: Frames) -> list[tuple[dt.date | None, dt.date | None]]:
    return frames[TaxHistories].select("history_from_date", "history_to_date").rows()


def test_a_history_begins_with_the_first_session_and_anew_after_one_left_out() -> None:
    days = run({"2026-03-02": FIRST, "2026-03-03": FIRST, "2026-03-05": FIRST})
    monday, tuesday, thursday = (dt.date(2026, 3, day) for day in (2, 3, 5))
    assert [history(frames) for frames in days.values()] == [
        [(monday, monday)], [(monday, tuesday)], [(thursday, thursday)]
    ]  # fmt: skip


def test_what_the_firm_says_of_the_time_before_counts_but_not_over_a_gap() -> None:
    monday, tuesday, thursday, friday = (dt.date(2026, 3, day) for day in (2, 3, 5, 6))
    year, known = dt.date(2026, 1, 2), dt.date(2026, 3, 4)

    def told_so(said: dt.date, *days: str) -> list[tuple[dt.date | None, dt.date | None]]:
        rows = "account_id,account_number,custodian,household_id,tax_unit_id,registration,sales_known_from_date\n"
        file = rows + f"A1,1000-0001,alpha,H1,T1,individual,{said}\n"
        return [
            row for frames in run(dict.fromkeys(days, FIRST), accounts_csv=file).values() for row in history(frames)
        ]

    assert told_so(year, "2026-03-02", "2026-03-03") == [(year, monday), (year, tuesday)]
    # It is no word for the future.
    assert told_so(friday, "2026-03-02") == [(monday, monday)]
    left_out = ("2026-03-02", "2026-03-03", "2026-03-05", "2026-03-06")
    assert told_so(year, *left_out)[2:] == [(thursday, thursday), (thursday, friday)]
    # Said of the gap itself it counts from there on.
    assert told_so(known, *left_out) == [(monday, monday), (monday, tuesday), (known, thursday), (known, friday)]


def test_a_word_that_is_taken_back_counts_no_more() -> None:
    monday, tuesday = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
    rows = "account_id,account_number,custodian,household_id,tax_unit_id,registration,sales_known_from_date\n"
    said = run({"2026-03-02": FIRST}, accounts_csv=rows + "A1,1000-0001,alpha,H1,T1,individual,2026-01-02\n")
    before = said["2026-03-02"]
    assert history(before) == [(dt.date(2026, 1, 2), monday)]
    book = small_book(feeds_yaml=FEEDS, accounts_csv=ACCOUNTS, households_csv=HOUSEHOLDS, portfolios_csv="")
    after = fold_histories(tuesday, before[TaxHistories], before[Coverage], pl.DataFrame({"account_id": ["A1"]}), book)
    assert after.select("history_from_date", "history_to_date").rows() == [(monday, tuesday)]


def test_a_stopped_account_is_known_until_the_day_before() -> None:
    days = run({"2026-03-02": FIRST, "2026-03-03": Night([OLD, NEW], held="161")})
    assert history(days["2026-03-03"]) == [(dt.date(2026, 3, 2), dt.date(2026, 3, 2))]


def test_without_transactions_no_sale_can_be_known() -> None:
    silent = "- {feed: alpha, layout: schwab_csv, location: in/a}\n"
    assert history(run({"2026-03-02": FIRST}, feeds_yaml=silent)["2026-03-02"]) == [(None, None)]


def test_a_sale_counts_once_however_often_its_transaction_comes() -> None:
    nights = harvested()
    again = [{**move, "row_no": 1} for move in nights["2026-03-03"].moves]
    nights["2026-03-04"] = Night(nights["2026-03-03"].lots, "5800.00", again)
    days = run(nights)
    assert days["2026-03-04"][TaxSales]["sold_qty"].sum() == 80
