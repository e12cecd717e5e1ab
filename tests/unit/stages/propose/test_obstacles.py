"""What stood in the way is told only of trades that the list would have had use for."""

from __future__ import annotations

import json

import pytest

from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import LAST_WEEK, Account, Lot, book_of, day_of, listed, proposed, with_past
from tests.unit.stages.propose.test_sequences import COUPLE

RESTRICTED = "restriction_id,scope,scope_id,kind,security_id,reason\n"
HARVEST = Account(5_000, [Lot("STK", 300, 140), Lot("STK", 300, 60), Lot("BND", 700, 50)])


def told(made: Proposed) -> set[tuple[str, str, str, str]]:
    """Return account, side, security and rule of all obstacles."""
    return {
        (row["account_id"], row["side"], row["security_id"], row["rule"])
        for text in made.proposals["obstacles_json"]
        for row in json.loads(text)
    }


def test_the_account_that_sells_did_not_want_to_buy() -> None:
    """STK is sold for its loss and ALT is bought: that STK may not be bought back stood in nobody's way here."""
    book = book_of()
    made = proposed(with_past(day_of({"A1": HARVEST}, book), book), A1="harvest_only")
    assert set(listed(made)) == {("A1", "sell", "STK"), ("A1", "buy", "ALT")}
    assert told(made) == set()


def test_the_unit_s_other_account_that_wanted_it_is_told() -> None:
    book = book_of(accounts_csv=COUPLE)
    accounts = {"A1": HARVEST, "A4": Account(30_000, [Lot("STK", 350, 80), Lot("BND", 700, 50)])}
    made = proposed(with_past(day_of(accounts, book), book), A1="harvest_only", A4="full")
    assert ("A4", "buy", "ALT") in listed(made)
    assert told(made) == {("A4", "buy", "STK", "sold_at_loss_today")}


def test_a_loss_that_may_not_be_taken_is_told_though_its_class_is_on_target() -> None:
    book = book_of()
    lots = [Lot("STK", 300, 140), Lot("STK", 300, 99, LAST_WEEK), Lot("BND", 700, 50)]
    made = proposed(with_past(day_of({"A1": Account(5_000, lots)}, book), book), A1="harvest_only")
    assert listed(made) == {}
    assert told(made) == {("A1", "sell", "STK", "wash_sale_if_sold")}


@pytest.mark.parametrize("kind", ["full", "to_edge", "sell_only"])
def test_a_sale_that_was_wanted_and_barred_is_told(kind: str) -> None:
    barred = book_of(restrictions_csv=RESTRICTED + "R1,account,A4,no_sell,STK,client\n")
    made = proposed(day_of({"A4": Account(5_000, [Lot("STK", 770, 80), Lot("BND", 360, 50)])}, barred), A4=kind)
    assert told(made) == {("A4", "sell", "STK", "no_sell")}


@pytest.mark.parametrize("kind", ["buy_only", "invest_cash", "harvest_only"])
def test_what_does_not_sell_wants_no_sales(kind: str) -> None:
    barred = book_of(restrictions_csv=RESTRICTED + "R1,account,A4,no_sell,STK,client\n")
    made = proposed(day_of({"A4": Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])}, barred), A4=kind)
    assert told(made) == set()


@pytest.mark.parametrize(("kind", "is_told"), [("full", True), ("raise_cash", False), ("sell_only", False)])
def test_what_does_not_buy_wants_no_purchases(kind: str, is_told: bool) -> None:
    barred = book_of(restrictions_csv=RESTRICTED + "R1,account,A4,no_buy,BND,client\n")
    made = proposed(day_of({"A4": Account(500, [Lot("STK", 700, 80), Lot("BND", 360, 50)])}, barred), A4=kind)
    assert told(made) == ({("A4", "buy", "BND", "no_buy")} if is_told else set())


def test_an_edge_that_is_reached_wants_nothing_more() -> None:
    """Stocks above target and inside the band: to the band's edge nothing is to sell, to target it is."""
    barred = book_of(restrictions_csv=RESTRICTED + "R1,account,A4,no_sell,STK,client\n")
    account = {"A4": Account(5_000, [Lot("STK", 630, 80), Lot("BND", 640, 50)])}
    assert told(proposed(day_of(account, barred), A4="to_edge")) == set()
    assert told(proposed(day_of(account, barred), A4="full")) == {("A4", "sell", "STK", "no_sell")}


def test_cash_that_stays_short_tells_what_may_not_be_sold_for_it() -> None:
    """Both classes are kept: neither is above target by much, and the cash is not there."""
    barred = book_of(
        restrictions_csv=RESTRICTED + "R1,account,A4,no_sell,STK,client\nR2,account,A4,no_sell,BND,client\n"
    )
    account = Account(1_000, [Lot("STK", 620, 80), Lot("BND", 740, 50)], spoken_for=3_000)
    made = proposed(day_of({"A4": account}, barred), A4="raise_cash")
    assert told(made) == {("A4", "sell", "STK", "no_sell"), ("A4", "sell", "BND", "no_sell")}
