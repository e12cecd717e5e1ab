"""Days that follow each other: what was done or asked for on one of them is known on the next."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from evenkeel.policy.model import TradingRule
from evenkeel.rules.settlement import settle_date
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import LAST_WEEK, SECURITIES, Account, Lot, book_of, day_of, listed, proposed, with_past
from tests.support.small_book import MONDAY, with_rows

HARVESTED = MONDAY - dt.timedelta(days=12)
COUPLE = with_rows("accounts.csv").replace("A4,2000-0004,beta,H3,,,roth_ira", "A4,2000-0004,beta,H3,,T1,roth_ira")
"""The Roth IRA A4 is of the tax unit of the taxable account A1, in another household's portfolio."""


def sold(account: str, security: str, on: dt.date, qty: float, proceeds: float, basis: float) -> dict[str, Any]:
    """Return a row of `TaxSales`: a long-term sale."""
    gain = Decimal(f"{proceeds - basis:.2f}")
    return {
        "account_id": account,
        "security_id": security,
        "sold_date": on,
        "sale_no": 1,
        "lot_id": "gone",
        "acquired_date": dt.date(2020, 5, 4),
        "sold_qty": Decimal(str(qty)),
        "proceeds_usd": Decimal(f"{proceeds:.2f}"),
        "basis_usd": Decimal(f"{basis:.2f}"),
        "is_long_term": True,
        "short_term_gain_usd": Decimal(0),
        "long_term_gain_usd": gain,
        "told_by": "custodian",
    }


def rules(made: Proposed, place: int = 0) -> set[tuple[str, str, str]]:
    """Return security, side and rule of what stood in the way."""
    return {
        (row["security_id"], row["side"], row["rule"]) for row in json.loads(made.proposals["obstacles_json"][place])
    }


def test_a_harvest_on_day_1_and_the_spouses_ira_on_day_12() -> None:
    """The couple's taxable account sold STK at a loss 12 days ago: the IRA buys not STK nor its group's fund, but the substitute."""
    securities = SECURITIES.replace("STK,,,1", "STK,stocks,,1")
    book = book_of(accounts_csv=COUPLE, securities_csv=securities)
    ira = {"A4": Account(62_000, [Lot("BND", 700, 50)])}
    before = proposed(with_past(day_of(ira, book), book), A4="full")
    assert ("A4", "buy", "STK") in listed(before)
    after = proposed(with_past(day_of(ira, book), book, [sold("A1", "STK", HARVESTED, 100, 9_000, 12_000)]), A4="full")
    found = listed(after)
    assert ("A4", "buy", "STK") not in found
    assert ("A4", "buy", "STX") not in found
    assert found["A4", "buy", "ALT"] == pytest.approx(58_200, abs=160)
    assert ("STK", "buy", "wash_sale_if_bought") in rules(after)
    (obstacle,) = (row for row in json.loads(after.proposals["obstacles_json"][0]) if row["security_id"] == "STK")
    assert obstacle["until_date"] == (HARVESTED + dt.timedelta(days=30)).isoformat()
    assert after.proposals["status"][0] == "drafted"


def wash_check(made: Proposed) -> dict[str, Any]:
    """Return the wash-sale check of the one proposal."""
    [check] = [one for one in json.loads(made.proposals["checks_json"][0]) if one["check"] == "wash_sale"]
    return dict(check)


def test_in_the_first_month_it_is_not_known_whether_a_purchase_washes_a_loss() -> None:
    """A purchase on Tuesday 3 March could wash a loss of Sunday 1 February or later: sales must be known from Monday the 2nd on."""
    book = book_of(accounts_csv=COUPLE)
    day = day_of({"A4": Account(62_000, [Lot("BND", 700, 50)])}, book)
    known = proposed(with_past(day, book, known_from=dt.date(2026, 2, 2)), A4="full")
    assert wash_check(known)["result"] == "passed"
    check = wash_check(proposed(with_past(day, book, known_from=dt.date(2026, 2, 3)), A4="full"))
    assert (check["result"], check["figures"]["unproven"]) == ("not_known", ["STK"])
    assert check["text"] == (
        "It is not known whether a purchase washes a loss already taken: STK. "
        "The tax unit's sales are known from 2026-02-03 on, and 2026-02-01 is asked for."
    )


def test_a_parents_harvest_does_not_bind_the_adult_child() -> None:
    book = book_of(securities_csv=SECURITIES.replace("STK,,,1", "STK,stocks,,1"))
    made = proposed(
        with_past(
            day_of({"A4": Account(62_000, [Lot("BND", 700, 50)])}, book),
            book,
            [sold("A1", "STK", HARVESTED, 100, 9_000, 12_000)],
        ),
        A4="full",
    )
    assert ("A4", "buy", "STK") in listed(made)


def test_on_day_31_the_security_may_be_bought_again() -> None:
    book = book_of(accounts_csv=COUPLE)
    # The trade date is Tuesday 3 March: a sale on 31 January is 31 days before it.
    old = sold("A1", "STK", dt.date(2026, 1, 31), 100, 9_000, 12_000)
    made = proposed(with_past(day_of({"A4": Account(62_000, [Lot("BND", 700, 50)])}, book), book, [old]), A4="full")
    assert ("A4", "buy", "STK") in listed(made)


def test_a_lot_bought_last_week_blocks_the_harvest_of_the_old_one() -> None:
    """300 bought last week would replace 300 sold at a loss; the policy's small amount is 50 dollars, so nothing is sold."""
    lots = [Lot("STK", 300, 140), Lot("STK", 300, 99, dt.date(2026, 2, 24)), Lot("BND", 700, 50)]
    book = book_of()
    made = proposed(with_past(day_of({"A1": Account(5_000, lots)}, book), book), A1="harvest_only")
    assert listed(made) == {}
    clear = proposed(
        with_past(day_of({"A1": Account(5_000, [lots[0], lots[0], lots[2]])}, book), book), A1="harvest_only"
    )
    assert ("A1", "sell", "STK") in listed(clear)


def test_a_fund_at_net_asset_value_and_the_etf_at_9_45_are_paid_on_the_same_day() -> None:
    """The fund sold today and the ETF bought at 9:45 settle on one date, so that no day is overdrawn between them."""
    book = book_of()
    account = Account(3_000, [Lot("STX", 1_400, 40), Lot("BND", 300, 50), Lot("STK", 100, 90)])
    made = proposed(with_past(day_of({"A4": account}, book), book), A4="full")
    trades = made.trades
    assert {("sell", "STX"), ("buy", "BND")} <= set(trades.select("side", "security_id").iter_rows())
    assert set(trades["settle_date"]) == {settle_date(dt.date(2026, 3, 3))} == {dt.date(2026, 3, 4)}
    cash = Decimal(3_000)
    for value, side in trades.sort("settle_date").select("value_usd", "side").iter_rows():
        cash += value if side == "sell" else -value
    assert cash >= 0


def test_a_distribution_asked_for_between_proposal_and_trade_is_a_new_list() -> None:
    """Yesterday's list would have spent the cash; with 6,000 promised the list leaves it, and its id differs."""
    book = book_of()
    lots = [Lot("STK", 600, 80), Lot("BND", 560, 50)]
    yesterday = proposed(day_of({"A4": Account(15_000, lots)}, book), A4="full")
    today = proposed(day_of({"A4": Account(15_000, lots, spoken_for=6_000)}, book), A4="full")
    assert yesterday.proposals["proposal_id"][0] != today.proposals["proposal_id"][0]
    spent = yesterday.proposals["cash_after_usd"][0]
    assert spent < 6_000
    # After the trades and the payment there is still what must stay.
    assert today.proposals["cash_after_usd"][0] > 0
    assert today.proposals["cash_before_usd"][0] == 9_000


def test_a_partial_transfer_that_arrives_in_two_halves() -> None:
    """The first half came without its lots: it is not sold in a taxable account, and said; when the lots are there it may be."""
    book = book_of()
    rest = [Lot("BND", 400, 50)]
    day = day_of({"A1": Account(3_000, [Lot("STK", 700, 101), *rest])}, book)
    half = day.tax_lots.with_columns(
        pl.when(pl.col("security_id") == "STK")
        .then(pl.col("held_qty") / 2)
        .otherwise("held_qty")
        .cast(day.tax_lots["held_qty"].dtype)
        .alias("held_qty")
    )
    first = proposed(replace(with_past(day, book), tax_lots=half), A1="full")
    assert ("A1", "sell", "STK") not in listed(first)
    assert ("STK", "sell", "lots_differ") in rules(first)
    second = proposed(with_past(day, book), A1="full")
    assert ("A1", "sell", "STK") in listed(second)


def test_a_list_states_what_its_own_sales_wash_together() -> None:
    """Two old lots at a loss and two shares of last week: sold with the others they replace nothing; kept, one loss of two shares is."""
    book = book_of()
    lots = [Lot("OLD", 100, 60), Lot("OLD", 50, 70), Lot("STK", 600, 90), Lot("BND", 700, 50)]
    # Whether lots may go is asked of each alone; the limit is so high that they may.
    changes = {"trading": TradingRule(wash_limit_usd=1_000)}
    all_sold = day_of({"A1": Account(5_000, [*lots, Lot("OLD", 2, 45, LAST_WEEK)])}, book, policy=changes)
    trades = proposed(with_past(all_sold, book), A1="full").trades.filter(security_id="OLD")
    assert trades["traded_qty"].sum() == 152
    assert trades["disallowed_usd"].to_list() == [0, 0, 0]
    assert trades["tax_usd"].sum() == -(100 * 20 + 50 * 30) * Decimal("0.20") - 2 * 5 * Decimal("0.40")
    row = proposed(with_past(all_sold, book), A1="full").proposals.row(0, named=True)
    assert row["disallowed_usd"] == 0
    kept = "restriction_id,scope,scope_id,kind,security_id,reason\nR1,account,A1,no_sell,STX,client\n"
    group = book_of(restrictions_csv=kept, securities_csv=SECURITIES.replace("OLD,,OLDCO", "OLD,stocks,OLDCO"))
    one_kept = day_of({"A1": Account(5_000, [*lots, Lot("STX", 2, 45, LAST_WEEK)])}, group, policy=changes)
    trades = proposed(with_past(one_kept, group), A1="full").trades.filter(security_id="OLD").sort("lot_id")
    # Asked about alone each would lose two shares' worth, 40 and 60.
    assert trades["disallowed_usd"].to_list() == [40, 0]


def test_three_shares_bought_last_month_wash_three_and_not_three_of_each_lot() -> None:
    """Three lots of 100 down by 10, 12 and 15 a share: 45 dollars at most are disallowed, where the policy lets 50 go."""
    lots = [
        *(Lot("STK", 100, cost) for cost in (110, 112, 115)),
        Lot("STK", 3, 100, dt.date(2026, 2, 10)),
        Lot("BND", 700, 50),
    ]
    book = book_of()
    made = proposed(with_past(day_of({"A1": Account(5_000, lots)}, book), book), A1="harvest_only")
    assert listed(made)["A1", "sell", "STK"] >= 20_000
    assert float(made.proposals["disallowed_usd"][0]) <= 45
