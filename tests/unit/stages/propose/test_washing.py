"""Wash sales from the day's data: known answers of the rules, the window's edges, whose purchases count, and what is not known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from evenkeel.stages.propose.washing import WashView, unit_accounts, wash_view
from tests.unit.stages.propose.washes import (
    LONG_AGO,
    day,
    disallowed,
    family,
    histories,
    lot,
    lots,
    no_buys,
    orders,
    sale,
    sales,
    view,
    washed,
)

LOSER = lot("A", "2024-01-02", 100, 1000.0)
CLEAR, WASHED, INCOMPLETE = "clear", "washed", "coverage_incomplete"


def test_a_loss_of_250_is_disallowed_when_100_are_bought_back() -> None:
    found = view(
        "2025-03-20", [lot("B", "2025-03-17", 100, 800.0)], [sale("2024-09-16", "2025-03-03", "100", "750", "1000")]
    )
    assert disallowed(found) == [("2025-03-03", 250.0)]
    assert no_buys(found) == []  # nothing of it is left to wash


def test_replacements_are_used_in_the_order_bought_each_once() -> None:
    bought = [lot(f"F{n}", f"2025-02-0{n}", 50, 500.0) for n in (3, 4, 5, 6)]
    found = view("2025-02-20", bought, [sale("2024-09-16", "2025-01-29", "100", "1000", "2000")])
    assert disallowed(found) == [("2025-01-29", 1000.0)]
    # Of the four lots the third and the fourth have replaced nothing yet: they would wash one of the others.
    assert washed(found, *bought) == [
        (50.0, "2025-03-09", WASHED), (50.0, "2025-03-09", WASHED), (50.0, "2025-03-09", WASHED), (50.0, "2025-03-08", WASHED)
    ]  # fmt: skip


def test_bought_in_an_ira_the_loss_is_disallowed_for_good() -> None:
    sold = sale("2006-12-20", "2007-12-20", "100", "600", "1000", is_long_term=True)
    found = view("2007-12-24", [lot("I", "2007-12-21", 100, 600.0, "ira")], [sold])
    assert disallowed(found) == [("2007-12-20", 400.0)]
    asked = view("2007-12-24", [LOSER, lot("I", "2007-12-21", 30, 600.0, "ira")])
    row = asked.washed(
        pl.DataFrame([LOSER], schema=["account_id", "security_id", "lot_id", "a", "held_qty", "c"], orient="row")
    )
    assert row.select("washed_qty", "permanent_qty").row(0) == (30.0, 30.0)


@pytest.mark.parametrize(
    ("bought", "answer"),
    [
        ("2025-01-31", (0.0, None, CLEAR)),
        ("2025-02-01", (40.0, "2025-03-04", WASHED)),
        ("2025-03-02", (40.0, "2025-04-02", WASHED)),
    ],
)
def test_a_sale_on_3_march_looks_back_to_1_february(bought: str, answer: tuple[Any, ...]) -> None:
    found = view("2025-03-03", [LOSER, lot("B", bought, 40, 400.0)])
    assert washed(found, LOSER) == [answer]


@pytest.mark.parametrize(("on", "is_barred"), [("2025-04-02", True), ("2025-04-03", False)])
def test_after_a_loss_of_3_march_nobody_of_the_unit_buys_to_2_april(on: str, is_barred: bool) -> None:
    found = view(on, [], [sale("2024-01-02", "2025-03-03", "100", "800", "1000")])
    barred = [
        (account, fund, "2025-04-02", 200.0) for account in ("ira", "joint", "second") for fund in ("FUND", "TWIN")
    ]
    assert no_buys(found) == (barred if is_barred else [])


def test_the_unit_and_its_ira_count_a_childs_account_does_not() -> None:
    def with_purchase(account: str, security: str = "FUND") -> list[tuple[Any, ...]]:
        return washed(view("2025-03-03", [LOSER, lot("B", "2025-02-20", 40, 400.0, account, security)]), LOSER)

    hit = [(40.0, "2025-03-23", WASHED)]
    assert [with_purchase(account) for account in ("second", "ira")] == [hit, hit]
    assert with_purchase("second", "TWIN") == hit
    assert with_purchase("child") == with_purchase("second", "OTHER") == [(0.0, None, CLEAR)]


def test_a_spouse_who_files_apart_counts_where_the_book_says_so() -> None:
    on = day("2025-03-03")
    bought = lots(LOSER, lot("B", "2025-02-20", 40, 400.0, "child"))

    def seen(link: str | None, **spans: Any) -> WashView:
        known = histories(on, **spans)
        return wash_view(on, family(on, linked_tax_unit_id=link), bought, sales(on), known, orders(on))

    def is_loss_known(found: WashView) -> bool:
        return bool(found.buyers.filter(pl.col("account_id") == "child")["is_loss_known"].item())

    assert washed(seen(None), LOSER) == [(0.0, None, CLEAR)]
    assert washed(seen("daughter"), LOSER) == [(40.0, "2025-03-23", WASHED)]
    # A purchase needs the other's losses known too.
    unknown: dict[str, Any] = {"joint": (None, None)}
    assert [is_loss_known(seen(link, **unknown)) for link in (None, "daughter")] == [True, False]


def test_the_rest_of_a_lot_sold_in_part_replaces_nothing_another_lot_does() -> None:
    sold = sale("2025-02-20", "2025-02-28", "60", "480", "600")
    rest = lot("B", "2025-02-20", 40, 400.0)
    assert disallowed(view("2025-03-03", [rest], [sold])) == []
    assert disallowed(view("2025-03-03", [rest], [{**sold, "lot_id": "B"}])) == []
    assert disallowed(view("2025-03-03", [rest, lot("C", "2025-02-21", 60, 1.0)], [sold])) == [("2025-02-28", 120.0)]


def test_a_lot_bought_and_sold_again_has_replaced_what_it_could() -> None:
    # 60 sold at a loss, 60 bought on the 10th and sold at a gain on the 20th: they had replaced the loss by then.
    first = sale("2024-01-02", "2025-02-03", "60", "480", "600")
    again = sale("2025-02-10", "2025-02-20", "60", "700", "500")
    assert disallowed(view("2025-03-03", [], [first, again])) == [("2025-02-03", 120.0)]


def test_our_open_purchases_wash_on_the_trade_date() -> None:
    def with_order(**order: Any) -> list[tuple[Any, ...]]:
        return washed(view("2025-03-03", [LOSER], ordered=[{"account_id": "second", **order}]), LOSER)

    assert with_order() == [(10.0, "2025-04-03", WASHED)]
    assert with_order(filled_qty=4, state="part_filled") == [(6.0, "2025-04-03", WASHED)]
    assert with_order(order_qty=None, order_value_ccy=270) == [(30.0, "2025-04-03", WASHED)]
    assert with_order(state="filled") == with_order(side="sell") == [(0.0, None, CLEAR)]
    # How much it buys is not known.
    assert with_order(order_qty=None, order_value_ccy=270, estimated_price_ccy=None) == [(0.0, None, INCOMPLETE)]


def test_our_open_sales_at_a_loss_count_as_sold() -> None:
    at_a_loss = view("2025-03-03", [LOSER], ordered=[{"side": "sell"}])
    assert no_buys(at_a_loss)[0] == ("ira", "FUND", "2025-04-02", 10.0)  # 10 of 100 that cost 10, at 9
    assert no_buys(view("2025-03-03", [LOSER], ordered=[{"side": "sell", "estimated_price_ccy": 11}])) == []
    unpriced = view("2025-03-03", [LOSER], ordered=[{"side": "sell", "estimated_price_ccy": None}])
    assert no_buys(unpriced)[0] == ("ira", "FUND", "2025-04-02", None)
    too_many = view("2025-03-03", [LOSER], ordered=[{"side": "sell", "order_qty": 101}])
    assert no_buys(too_many)[0] == ("ira", "FUND", "2025-04-02", None)


def test_an_ordered_sale_takes_what_a_purchase_could_wash_it_with() -> None:
    # The lot bought in the window is ordered away itself, so nothing is left of it that replaces.
    held = [LOSER, lot("B", "2025-02-20", 10, 80.0)]
    order = {"side": "sell", "account_id": "joint"}
    lifo = [{"account_id": "joint", "tax_unit_id": "parents", "relief_method": "lifo"}]
    assert washed(view("2025-03-03", held), LOSER) == [(10.0, "2025-03-23", WASHED)]
    book_accounts = view("2025-03-03", [(*row[:0], "last", *row[1:]) for row in held], ordered=[{**order, "account_id": "last"}],
                         accounts=[{**lifo[0], "account_id": "last"}], last=(LONG_AGO, day("2025-03-02")))  # fmt: skip
    assert washed(book_accounts, ("last", *LOSER[1:])) == [(0.0, None, CLEAR)]


def test_a_sale_of_unknown_lots_may_have_been_a_loss() -> None:
    found = view("2025-03-20", [], [sale(None, "2025-03-03", "100", "800", None)])
    assert no_buys(found)[0] == ("ira", "FUND", "2025-04-02", None)
    # A loss of unknown date is one.
    assert no_buys(view("2025-03-20", [], [sale(None, "2025-03-03", "100", "800", "1000")]))[0][-1] == 200.0


@pytest.mark.parametrize(
    ("account", "span"),
    [
        ("second", (dt.date(2025, 2, 4), dt.date(2025, 3, 3))),  # begins inside the window: the 3rd was a session
        ("ira", (LONG_AGO, dt.date(2025, 2, 28))),  # stopped since
        ("ira", (None, None)),
    ],
)
def test_an_incomplete_history_of_any_account_is_an_answer_of_its_own(account: str, span: tuple[Any, Any]) -> None:
    held = [LOSER, lot("C", "2024-01-02", 10, 200.0, "child")]
    found = view("2025-03-04", held, **{account: span})
    assert washed(found, LOSER, held[1]) == [(0.0, None, CLEAR), (0.0, None, INCOMPLETE)]
    # What is washed all the same is told.
    washes = view("2025-03-04", [LOSER, lot("B", "2025-02-20", 100, 1.0)], **{account: span})
    assert washed(washes, LOSER) == [(100.0, "2025-03-23", WASHED)]


@pytest.mark.parametrize(
    ("account", "span", "known"),
    [
        ("second", (dt.date(2025, 2, 4), dt.date(2025, 3, 3)), (False, "2025-02-04", "2025-03-03")),
        ("second", (dt.date(2025, 2, 3), dt.date(2025, 3, 3)), (True, "2025-02-01", "2025-03-03")),
        ("second", (LONG_AGO, dt.date(2025, 2, 28)), (False, "2000-01-01", "2025-02-28")),
        ("second", (None, None), (False, None, None)),
        # An IRA takes no loss, so that what it buys and sells is nothing that a purchase could wash.
        ("ira", (None, None), (True, "2000-01-01", "2025-03-03")),
    ],
)
def test_purchases_are_clear_only_where_every_loss_of_the_unit_is_known(
    account: str, span: tuple[Any, Any], known: tuple[Any, ...]
) -> None:
    rows = view("2025-03-04", [LOSER], **{account: span}).buyers.rows(named=True)
    told = {
        row["account_id"]: (
            row["is_loss_known"],
            *(row[name] and str(row[name]) for name in ("losses_from_date", "losses_to_date")),
        )
        for row in rows
    }
    assert told["joint"] == told["second"] == told["ira"] == known
    assert told["child"][0] is True
    # Of what tax unit it is is not on record: its owner's losses may be anywhere.
    assert told["stray"] == (False, None, None)


def test_an_ira_whose_owner_has_no_taxable_account_washes_nothing() -> None:
    alone = {"account_id": "roth", "tax_unit_id": "alone", "tax_status": "exempt", "registration": "roth_ira"}
    found = view("2025-03-04", [LOSER], accounts=[alone], roth=(None, None))
    assert found.buyers.filter(pl.col("account_id") == "roth")["is_loss_known"].to_list() == [True]


def test_days_without_trading_before_the_first_session_are_covered() -> None:
    # The window of Monday 31 March begins on Saturday 1 March.
    spans: dict[str, Any] = {"ira": (dt.date(2025, 3, 3), dt.date(2025, 3, 30))}
    assert washed(view("2025-03-31", [LOSER], **spans), LOSER) == [(0.0, None, CLEAR)]


def test_an_account_opened_since_is_known_whole_and_one_not_seen_is_not() -> None:
    new = {"account_id": "new", "tax_unit_id": "parents", "opened_date": day("2025-02-20")}
    seen: dict[str, Any] = {"new": (day("2025-02-20"), day("2025-03-02"))}
    assert washed(view("2025-03-03", [LOSER], accounts=[new], **seen), LOSER) == [(0.0, None, CLEAR)]
    assert washed(view("2025-03-03", [LOSER], accounts=[new]), LOSER) == [(0.0, None, INCOMPLETE)]


def test_a_closed_account_is_known_to_its_end() -> None:
    gone = {"account_id": "gone", "tax_unit_id": "parents", "state": "closed", "closed_date": day("2025-02-20")}
    seen: dict[str, Any] = {"gone": (LONG_AGO, day("2025-02-19"))}
    assert washed(view("2025-03-03", [LOSER], accounts=[gone], **seen), LOSER) == [(0.0, None, CLEAR)]
    assert washed(view("2025-03-03", [LOSER], accounts=[gone]), LOSER) == [(0.0, None, INCOMPLETE)]
    before = {**gone, "closed_date": day("2025-01-31")}
    assert washed(view("2025-03-03", [LOSER], accounts=[before]), LOSER) == [(0.0, None, CLEAR)]


def test_an_account_of_no_tax_unit_and_a_lot_of_no_date_are_not_known() -> None:
    own = lot("S", "2024-01-02", 10, 200.0, "stray")
    assert washed(view("2025-03-03", [own]), own) == [(0.0, None, INCOMPLETE)]
    assert washed(view("2025-03-03", [LOSER, lot("B", None, 10, 50.0, "second")]), LOSER) == [(0.0, None, INCOMPLETE)]


def test_no_loss_in_an_ira_and_no_answer_for_what_the_book_does_not_know() -> None:
    retired, unknown = lot("I", "2024-01-02", 10, 200.0, "ira"), lot("U", "2024-01-02", 10, 200.0, "nobody")
    assert washed(view("2025-03-03", [retired, unknown]), retired, unknown) == [
        (0.0, None, "not_a_loss"), (0.0, None, "bad_input")
    ]  # fmt: skip


def test_fractions_in_floats_add_up_to_the_whole() -> None:
    held = [
        lot("A", "2024-01-02", 12345.678, 200000.0),
        lot("B", "2025-02-20", 12345.6, 1.0),
        lot("C", "2025-02-20", 0.078, 1.0),
    ]
    assert washed(view("2025-03-03", held), held[0]) == [(12345.678, "2025-03-23", WASHED)]


def test_whose_lots_a_view_needs() -> None:
    some = pl.DataFrame({"account_id": ["ira", "stray"]})
    assert unit_accounts(some, family(day("2025-03-03")))["account_id"].to_list() == ["ira", "joint", "second", "stray"]


def test_what_an_account_without_lots_has_bought_is_not_known() -> None:
    assert washed(view("2025-03-03", [LOSER], seen=["joint", "second"]), LOSER) == [(0.0, None, INCOMPLETE)]
    assert washed(view("2025-03-03", [LOSER], seen=["joint", "second", "ira"]), LOSER) == [(0.0, None, CLEAR)]


def test_a_loss_put_off_by_the_custodian_is_not_disallowed_twice_over() -> None:
    # The 250 of the first sale are in the custodian's basis of the second, whose loss is 150 with them.
    first = sale("2024-09-16", "2025-03-03", "100", "750", "1000")
    second = sale("2025-03-10", "2025-03-17", "100", "900", "1050")
    found = view("2025-03-25", [lot("C", "2025-03-20", 100, 900.0)], [first, second])
    assert disallowed(found) == [("2025-03-03", 250.0), ("2025-03-17", 150.0)]


def test_a_number_says_more_than_a_date_which_lot_was_sold() -> None:
    held = [lot("L1", "2025-02-20", 100, 1000.0), lot("L2", "2025-02-20", 40, 400.0)]
    sold = sale("2025-02-20", "2025-02-28", "60", "480", "600", lot_id="L2")
    assert disallowed(view("2025-03-03", held, [sold])) == [("2025-02-28", 120.0)]


def test_what_is_washed_whole_is_washed_whatever_the_history_also_in_fractions() -> None:
    held = [
        lot("A", "2024-01-02", 12345.678, 200000.0),
        lot("B", "2025-02-20", 12345.6, 1.0),
        lot("C", "2025-02-20", 0.078, 1.0),
    ]
    assert washed(view("2025-03-03", held, ira=(None, None)), held[0]) == [(12345.678, "2025-03-23", WASHED)]


def test_an_account_that_is_opened_later_has_bought_nothing_yet() -> None:
    later = {"account_id": "later", "tax_unit_id": "parents", "opened_date": day("2025-03-10")}
    assert washed(view("2025-03-03", [LOSER], accounts=[later]), LOSER) == [(0.0, None, CLEAR)]


DRIP = lot("R", "2025-02-20", 5, 50.0)
"""Five shares of a dividend reinvested eleven days before the sale."""


def together(found: WashView, *sold: tuple[str, float], portfolio: str = "P1") -> dict[tuple[str, str], float]:
    """Return what is disallowed by list and lot where so many of these lots, bought at 10 a share, are sold at 8."""
    bought = {"A": "2024-01-02", "B": "2023-01-03", "R": "2025-02-20", "I": "2025-02-20"}
    rows = [
        (portfolio, "ira" if name == "I" else "joint", "FUND", name, day(bought[name]), qty, 8 * qty, 10 * qty)
        for name, qty in sold
    ]
    names = ["portfolio_id", "account_id", "security_id", "lot_id", "acquired_date", "sold_qty", "proceeds_usd", "basis_usd"]  # fmt: skip
    told = found.disallowed_together(pl.DataFrame(rows, schema=names, orient="row"))
    return {
        (list_, name): float(usd) for list_, name, usd in told.select("portfolio_id", "lot_id", "disallowed_usd").rows()
    }


def test_a_replacement_that_is_sold_in_the_same_list_replaces_nothing() -> None:
    """Rev. Rul. 56-602: a sale that reduces what is held is no wash sale; after this one nothing that was bought is held."""
    found = view("2025-03-03", [LOSER, DRIP])
    assert washed(found, LOSER) == [(5.0, "2025-03-23", WASHED)]  # asked about alone
    assert together(found, ("A", 100)) == {("P1", "A"): 10.0}
    assert together(found, ("A", 100), ("R", 5)) == {}
    assert together(found, ("A", 100), ("R", 3)) == {("P1", "A"): 4.0}


def test_a_share_replaces_one_of_the_list_and_the_first_bought_first() -> None:
    found = view("2025-03-03", [LOSER, lot("B", "2023-01-03", 100, 1000.0), DRIP])
    assert together(found, ("A", 100), ("B", 100)) == {("P1", "B"): 10.0}
    assert together(found, ("A", 100), ("B", 3)) == {("P1", "B"): 6.0, ("P1", "A"): 4.0}


def test_what_has_replaced_an_earlier_loss_replaces_none_of_the_list() -> None:
    found = view("2025-03-03", [LOSER, DRIP], [sale("2024-01-02", "2025-02-24", "4", "32", "40")])
    assert together(found, ("A", 100)) == {("P1", "A"): 2.0}


def test_a_replacement_in_an_ira_counts_unless_the_list_sells_it() -> None:
    found = view("2025-03-03", [LOSER, lot("I", "2025-02-20", 30, 300.0, "ira")])
    assert together(found, ("A", 100)) == {("P1", "A"): 60.0}
    assert together(found, ("A", 100), ("I", 30)) == {}


def test_lists_of_two_portfolios_are_each_taken_alone() -> None:
    found = view("2025-03-03", [LOSER, lot("B", "2023-01-03", 100, 1000.0), DRIP])
    rows = [
        (portfolio, "joint", "FUND", name, None, 100.0, 800.0, 1000.0) for portfolio, name in (("P1", "A"), ("P2", "B"))
    ]
    names = ["portfolio_id", "account_id", "security_id", "lot_id", "acquired_date", "sold_qty", "proceeds_usd", "basis_usd"]  # fmt: skip
    schema = {name: pl.Date if name == "acquired_date" else None for name in names}
    told = found.disallowed_together(pl.DataFrame(rows, schema=schema, orient="row"))
    assert told["disallowed_usd"].to_list() == [10, 10]
