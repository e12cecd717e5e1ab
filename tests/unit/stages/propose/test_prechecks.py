"""Each check of a list of trades: what passes it, what fails it, and what it says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.vocab import PreCheck
from tests.small_practice import MONDAY, policy
from tests.unit.stages.propose.lists import IRA, TAXABLE, TRADED, checked, held, ips, restriction, small_book, trade

START = held({"P1-1": {"USTM": 60_000, "USAG": 35_000, "CASH:USD": 5_000}})
SWAP = [trade("sell", "USTM", 10_000, gain_usd=Decimal(800)), trade("buy", "USAG", 10_000)]


def test_clean_list_passes_every_check_in_order() -> None:
    told = checked(SWAP, START)
    assert told.pop("worst") == {"result": "passed"}
    assert list(told) == [check.value for check in PreCheck]
    assert {check["result"] for check in told.values()} == {"passed"}
    assert told["balance"]["text"] == "Sales, purchases, positions and cash add up to the cent."


def test_no_trades_pass_as_well() -> None:
    assert checked([], START)["worst"]["result"] == "passed"


# Restrictions


@pytest.mark.parametrize(
    ("kind", "security", "word"),
    [
        ("no_buy", "USAG", "bought"),
        ("no_sell", "USTM", "sold"),
        ("hold_until", "USTM", "sold"),
        ("legacy_keep", "USTM", "sold"),
        ("unsupervised", "USAG", "bought"),
        ("unsupervised", "USTM", "sold"),
    ],
)
def test_trade_against_a_restriction_fails(kind: str, security: str, word: str) -> None:
    known = small_book(restrictions=[restriction(kind, security_id=security, until_date=TRADED)])
    told = checked(SWAP, START, known)["restrictions"]
    assert told["result"] == "failed"
    assert told["text"] == f"Against a restriction: {security} may not be {word} (restriction R-17)."
    assert told["figures"]["restriction_ids"] == ["R-17"]


@pytest.mark.parametrize(
    ("kind", "security"),
    [
        ("no_buy", "USTM"),
        ("no_sell", "USAG"),
        ("hold_until", "USAG"),
        ("legacy_keep", "USAG"),
        ("unsupervised", "PLMR"),
    ],
)
def test_the_other_side_and_other_securities_are_free(kind: str, security: str) -> None:
    known = small_book(restrictions=[restriction(kind, security_id=security, until_date=TRADED)])
    assert checked(SWAP, START, known)["restrictions"]["result"] == "passed"


@pytest.mark.parametrize(
    ("scope", "scope_id", "result"),
    [
        ("account", "P1-1", "failed"),
        ("account", "P1-2", "passed"),
        ("portfolio", "P1", "failed"),
        ("portfolio", "P2", "passed"),
        ("household", "H1", "failed"),
        ("household", "H2", "passed"),
        ("firm", None, "failed"),
    ],
)
def test_restriction_holds_in_its_scope(scope: str, scope_id: str | None, result: str) -> None:
    known = small_book(restrictions=[restriction("no_sell", scope, scope_id, security_id="USTM")])
    assert checked(SWAP, START, known)["restrictions"]["result"] == result


@pytest.mark.parametrize(
    ("means", "result"),
    [
        ({"issuer_id": "PALOMAR"}, "failed"),
        ({"issuer_id": "UST"}, "passed"),
        ({"asset_class": "us_equity"}, "failed"),
        ({"asset_class": "us_bond"}, "passed"),
        ({"issuer_id": "PALOMAR", "asset_class": "us_bond"}, "passed"),
        ({"security_id": "PLMR", "asset_class": "us_bond"}, "passed"),
        ({"security_id": "PLMR", "issuer_id": "PALOMAR", "asset_class": "us_equity"}, "failed"),
        ({}, "failed"),
    ],
)
def test_restriction_means_what_it_fills_in(means: dict[str, str], result: str) -> None:
    known = small_book(restrictions=[restriction("no_buy", "account", "P1-1", **means)])
    bought = [trade("buy", "PLMR", 1_000)]
    assert checked(bought, START, known)["restrictions"]["result"] == result


@pytest.mark.parametrize(
    ("first", "last", "result"),
    [
        (TRADED, TRADED, "failed"),
        (TRADED + dt.timedelta(days=1), None, "passed"),
        (None, MONDAY, "passed"),
        (dt.date(2020, 1, 1), None, "failed"),
    ],
)
def test_restriction_holds_on_the_day_of_the_trade(first: dt.date | None, last: dt.date | None, result: str) -> None:
    known = small_book(restrictions=[restriction("no_sell", security_id="USTM", from_date=first, until_date=last)])
    assert checked(SWAP, START, known)["restrictions"]["result"] == result


def test_account_set_aside_is_not_traded() -> None:
    held_back = {"suspension_id": "S1", "account_id": "P1-1", "kind": "compliance_hold", "reason": "r", "actor": "a"}
    known = small_book(suspensions=[{**held_back, "from_date": MONDAY}])
    told = checked(SWAP, START, known)["restrictions"]
    assert (told["result"], told["figures"]["trades_in_accounts_set_aside"]) == ("failed", 2)
    assert told["text"] == "2 trades are in an account that is set aside (suspended, or not open)."
    ended = small_book(suspensions=[{**held_back, "from_date": MONDAY, "ended_date": TRADED}])
    assert checked(SWAP, START, ended)["restrictions"]["result"] == "passed"
    closing = small_book(accounts=[{**TAXABLE, "state": "closing"}, IRA])
    assert checked(SWAP, START, closing)["restrictions"]["result"] == "failed"


# Wash sales

LOSS = trade("sell", "USTM", 10_000, gain_usd=Decimal(-900), disallowed_usd=Decimal(0))
CLEAR = [("USTM", "clear")]


def test_loss_that_nothing_washes_passes() -> None:
    told = checked([LOSS, trade("buy", "USAG", 10_000)], START, answers=CLEAR)["wash_sale"]
    assert (told["result"], told["text"]) == ("passed", "No loss would be washed.")


def test_same_group_bought_in_an_ira_of_the_tax_unit_fails() -> None:
    both = held({"P1-1": {"USTM": 60_000}, "P1-2": {"CASH:USD": 20_000}})
    told = checked([LOSS, trade("buy", "USTMX", 5_000, "P1-2")], both, answers=CLEAR)["wash_sale"]
    assert told["result"] == "failed"
    assert told["text"] == "The list washes its own loss: USTM is sold at a loss and USTMX is bought."


def test_a_spouses_purchase_who_files_apart_washes_too() -> None:
    spouse = {**TAXABLE, "account_id": "P1-2", "tax_unit_id": "T2"}
    start = held({"P1-1": {"USTM": 60_000}, "P1-2": {"CASH:USD": 60_000}})
    trades = [LOSS, trade("buy", "USTMX", 10_000, "P1-2")]
    for link, result in ((None, "passed"), ("T2", "failed")):
        units = [
            {"tax_unit_id": "T1", "filing_status": "separate", "linked_tax_unit_id": link},
            {"tax_unit_id": "T2", "filing_status": "separate"},
        ]
        known = small_book(accounts=[TAXABLE, spouse], tax_units=units)
        assert checked(trades, start, known, answers=CLEAR)["wash_sale"]["result"] == result


def test_gain_or_an_iras_own_loss_washes_nothing() -> None:
    both = held({"P1-1": {"USTM": 60_000}, "P1-2": {"USTM": 20_000}})
    gain = [{**LOSS, "gain_usd": Decimal(900)}, trade("buy", "USTMX", 5_000, "P1-2")]
    assert checked(gain, both)["wash_sale"]["result"] == "passed"
    inside = [{**LOSS, "account_id": "P1-2"}, trade("buy", "USTMX", 5_000, "P1-1")]
    assert checked(inside, both)["wash_sale"]["result"] == "passed"


@pytest.mark.parametrize(("unit", "result"), [("T2", "passed"), (None, "not_known")])
def test_other_and_unknown_tax_units(unit: str | None, result: str) -> None:
    known = small_book(accounts=[TAXABLE, {**IRA, "tax_unit_id": unit}])
    both = held({"P1-1": {"USTM": 60_000}, "P1-2": {"CASH:USD": 20_000}})
    trades = [LOSS, trade("buy", "USTMX", 5_000, "P1-2")]
    assert checked(trades, both, known, answers=CLEAR)["wash_sale"]["result"] == result


def test_purchase_in_another_list_of_the_tax_unit_is_a_warning_to_both() -> None:
    people = [{"portfolio_id": "P1"}, {"portfolio_id": "P2", "household_id": "H1"}]
    known = small_book(portfolios=people, accounts=[TAXABLE, {**TAXABLE, "account_id": "P2-1", "portfolio_id": "P2"}])
    both = held({"P1-1": {"USTM": 60_000}, "P2-1": {"CASH:USD": 20_000}})
    trades = [LOSS, trade("buy", "USTMX", 5_000, "P2-1")]
    for portfolio, answers in (("P1", CLEAR), ("P2", [])):
        told = checked(trades, both, known, answers=answers, portfolio=portfolio)["wash_sale"]
        assert told["result"] == "warned"
        assert told["figures"]["other_list"] == ["USTM is sold at a loss and USTMX is bought"]


@pytest.mark.parametrize(
    ("of_lots", "result"),
    [(["0", "0"], "passed"), (["0.01", None], "warned"), (["25", "25"], "warned"), (["25", "25.01"], "failed")],
)
def test_disallowed_loss_of_a_sale_against_the_policys_limit(of_lots: list[str | None], result: str) -> None:
    lots = [{**LOSS, "disallowed_usd": None if usd is None else Decimal(usd)} for usd in of_lots]
    assert checked(lots, START, answers=CLEAR)["wash_sale"]["result"] == result


def test_limit_is_a_sales_not_the_lists() -> None:
    start = held({"P1-1": {"USTM": 60_000, "USLC": 60_000}})
    two = [{**LOSS, "disallowed_usd": Decimal(40)}, {**LOSS, "security_id": "USLC", "disallowed_usd": Decimal(40)}]
    told = checked(two, start, answers=[*CLEAR, ("USLC", "washed")])["wash_sale"]
    assert (told["result"], told["figures"]["disallowed_usd"]) == ("warned", 80)


@pytest.mark.parametrize("answers", [[("USTM", "coverage_incomplete")], [("USTM", "basis_unknown")], []])
def test_what_history_does_not_say_is_not_known(answers: list[tuple[str, str]]) -> None:
    told = checked([LOSS], START, answers=answers)["wash_sale"]
    assert told["result"] == "not_known"
    assert told["text"] == "It is not known whether a purchase washes the loss of USTM."


def test_purchase_of_what_was_lost_already_fails() -> None:
    told = checked(SWAP, START, bought={"answer": "washed"})["wash_sale"]
    assert (told["result"], told["figures"]["washing"]) == ("failed", ["USAG"])
    assert told["text"] == "A purchase washes a loss already taken: USAG."


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, "The tax unit's sales are not known."),
        (MONDAY, MONDAY, f"The tax unit's sales are known from {MONDAY} on, and 2026-06-07 is asked for."),
        (dt.date(2020, 1, 2), dt.date(2026, 2, 26), "The tax unit's sales are known to 2026-02-26."),
    ],
)
def test_purchase_where_losses_may_be_unknown_is_not_known(
    first: dt.date | None, last: dt.date | None, said: str
) -> None:
    row = {"answer": "coverage_incomplete", "losses_from_date": first, "losses_to_date": last}
    told = checked(SWAP, START, bought=row)["wash_sale"]
    assert (told["result"], told["figures"]["unproven"]) == ("not_known", ["USAG"])
    assert told["text"] == f"It is not known whether a purchase washes a loss already taken: USAG. {said}"


def test_purchase_that_nobody_asked_about_is_not_known() -> None:
    told = checked(SWAP, START, bought={})["wash_sale"]
    assert told["result"] == "not_known"
    assert told["text"].endswith("The tax unit's sales are not known.")


def test_answer_about_what_is_not_traded_does_not_matter() -> None:
    assert checked([LOSS], START, answers=[*CLEAR, ("USLC", "coverage_incomplete")])["wash_sale"]["result"] == "passed"


# Concentration


def test_issuer_over_the_limit_and_bought_fails() -> None:
    start = held({"P1-1": {"USTM": 80_000, "PLMR": 6_000, "PLMR30": 3_000, "CASH:USD": 11_000}})
    told = checked([trade("buy", "PLMR", 1_500)], start)["concentration"]
    assert told["result"] == "failed"
    assert told["text"] == "More than 10.0 % in one issuer after the trades, and bought: PALOMAR 10.5 %."
    assert told["figures"]["largest_frac"] == pytest.approx(0.105)


def test_issuer_on_the_limit_passes_and_is_named() -> None:
    start = held({"P1-1": {"USTM": 80_000, "PLMR": 9_000, "CASH:USD": 11_000}})
    told = checked([trade("buy", "PLMR", 1_000)], start)["concentration"]
    assert told["result"] == "passed"
    assert told["text"] == "The largest issuer after the trades is PALOMAR with 10.0 %; the limit is 10.0 %."


def test_issuer_over_the_limit_and_not_bought_is_a_warning() -> None:
    start = held({"P1-1": {"PLMR": 30_000, "USTM": 70_000}})
    told = checked([trade("sell", "PLMR", 10_000)], start)["concentration"]
    assert (told["result"], told["text"]) == (
        "warned",
        "More than 10.0 % in one issuer, held before and not bought: PALOMAR 20.0 %.",
    )


@pytest.mark.parametrize("security", ["USTM", "USTMX", "T34", "MMF"])
def test_funds_treasuries_and_cash_are_exempt(security: str) -> None:
    start = held({"P1-1": {security: 50_000, "CASH:USD": 50_000}})
    told = checked([trade("buy", security, 10_000)], start)["concentration"]
    assert (told["result"], told["text"]) == ("passed", "Nothing held counts to one issuer.")


def test_private_holding_without_an_issuer_is_its_own() -> None:
    start = held({"P1-1": {"PVCR": 20_000, "CASH:USD": 80_000}})
    assert checked([], start)["concentration"]["figures"]["largest_issuer"] == "PVCR"


# Liquidity


def test_private_holding_is_not_traded() -> None:
    start = held({"P1-1": {"PVCR": 5_000, "USTM": 95_000}})
    told = checked([trade("sell", "PVCR", 1_000)], start)["liquidity"]
    assert (told["result"], told["text"]) == ("failed", "Privately priced, yet traded: PVCR.")


def test_old_price_of_what_is_traded_is_a_warning() -> None:
    old = held({"P1-1": {"USTM": 60_000, "USAG": 40_000}}, USTM={"price_date": dt.date(2026, 7, 1)})
    told = checked([trade("sell", "USTM", 1_000)], old)["liquidity"]
    # 2 July, then Friday the 3rd (Independence Day observed) closed, then Monday.
    assert (told["result"], told["text"]) == (
        "warned",
        "The price is older than the policy allows: USTM (2 sessions old).",
    )
    assert checked([trade("buy", "USAG", 1_000)], old)["liquidity"]["result"] == "passed"
    patient = policy(max_price_age_sessions=2)
    assert checked([trade("sell", "USTM", 1_000)], old, rules=patient)["liquidity"]["result"] == "passed"


def test_price_of_what_is_not_held_yet_is_looked_up_among_others() -> None:
    bought = [trade("buy", "USLC", 1_000)]
    told = checked(bought, START)["liquidity"]
    assert (told["result"], told["text"]) == ("not_known", "How old the price is is not known: USLC.")
    others = pl.concat([START, held({"P9-1": {"USLC": 1_000}})])
    assert checked(bought, others)["liquidity"]["result"] == "passed"


# Suitability and limits of the IPS


@pytest.mark.parametrize(
    ("trades", "limit", "result"),
    [
        ([trade("buy", "USTM", 5_000)], 0.65, "passed"),
        ([trade("buy", "USTM", 5_000)], 0.64, "failed"),
        ([trade("sell", "USTM", 5_000)], 0.50, "warned"),
        ([], 0.50, "warned"),
        ([trade("buy", "USTM", 5_000)], None, "passed"),
    ],
)
def test_growth_share_against_what_the_client_tolerates(
    trades: list[dict[str, Any]], limit: float | None, result: str
) -> None:
    known = small_book(ips_profiles=[ips(max_growth_frac=limit)])
    assert checked(trades, START, known)["suitability"]["result"] == result


def test_growth_share_in_words() -> None:
    known = small_book(ips_profiles=[ips(max_growth_frac=0.62)])
    told = checked([trade("buy", "USTM", 5_000)], START, known)["suitability"]
    assert told["text"] == "The trades raise growth assets to 65.0 % from 60.0 %; the client tolerates 62.0 %."
    assert told["figures"] == {"max_growth_frac": 0.62, "growth_before_frac": 0.6, "growth_after_frac": 0.65}


@pytest.mark.parametrize(
    ("trades", "result", "text"),
    [
        ([], "warned", "Still outside the IPS, no further than before: US equity 60.0 % (at most 55.0 %)."),
        (
            [trade("sell", "USTM", 2_000)],
            "warned",
            "Still outside the IPS, no further than before: US equity 58.0 % (at most 55.0 %).",
        ),
        (
            [trade("buy", "USTM", 2_000)],
            "failed",
            "Outside the IPS, and further than before: US equity 62.0 % (at most 55.0 %).",
        ),
        ([trade("sell", "USTM", 5_000)], "passed", "Every class is inside the limits of the IPS."),
        (
            [trade("sell", "USTM", 5_000), trade("sell", "USAG", 6_000)],
            "failed",
            "Outside the IPS, and further than before: US bonds 29.0 % (at least 30.0 %).",
        ),
    ],
)
def test_weights_against_the_limits_of_the_ips(trades: list[dict[str, Any]], result: str, text: str) -> None:
    limits = [
        {"ips_id": "ips", "asset_class": "us_equity", "max_frac": 0.55},
        {"ips_id": "ips", "asset_class": "us_bond", "min_frac": 0.30},
        {"ips_id": "other", "asset_class": "cash", "min_frac": 0.90},
    ]
    told = checked(trades, START, small_book(ips_profiles=[ips()], ips_limits=limits))["ips_limits"]
    assert (told["result"], told["text"]) == (result, text)


def test_least_cash_of_the_ips_is_a_limit_and_money_funds_are_cash() -> None:
    known = small_book(ips_profiles=[ips(min_cash_frac=0.05)])
    assert checked([trade("buy", "MMF", 4_000)], START, known)["ips_limits"]["result"] == "passed"
    told = checked([trade("buy", "USAG", 1_000)], START, known)["ips_limits"]
    assert told["text"] == "Outside the IPS, and further than before: Cash 4.0 % (at least 5.0 %)."


def test_limit_missed_by_a_cent_says_so() -> None:
    known = small_book(ips_profiles=[ips(min_cash_frac=0.05)])
    told = checked([trade("buy", "USAG", 0.01, traded_qty=Decimal("0.001"))], START, known)["ips_limits"]
    assert told["text"] == (
        "Outside the IPS, and further than before: Cash 5.0 % (at least 5.0 %, missed by less than $1)."
    )


# Cash


@pytest.mark.parametrize(("dollars", "result"), [(5_000, "passed"), (5_000.01, "failed")])
def test_account_is_not_overdrawn_by_a_cent(dollars: float, result: str) -> None:
    bought = [trade("buy", "USAG", dollars, traded_qty=Decimal(str(dollars)) / 10)]
    assert checked(bought, START)["cash"]["result"] == result


def test_one_accounts_cash_does_not_help_another() -> None:
    two = held({"P1-1": {"CASH:USD": 1_000}, "P1-2": {"CASH:USD": 50_000}})
    told = checked([trade("buy", "USAG", 1_500)], two)["cash"]
    assert told["result"] == "failed"
    assert told["text"] == "The trades leave 1 account overdrawn or below the cash that must stay, by $500 in all."


def test_purchase_paid_from_a_money_fund_says_that_it_is_to_be_sold_first() -> None:
    start = held({"P1-1": {"MMF": 10_000, "CASH:USD": 0}})
    told = checked([trade("buy", "USAG", 4_000)], start)["cash"]
    assert (told["result"], told["text"]) == (
        "warned",
        "Purchases for $4,000 are paid from money funds, to be sold first.",
    )
    assert checked([trade("buy", "USAG", 11_000)], start)["cash"]["result"] == "failed"
    paid = [trade("sell", "MMF", 4_000), trade("buy", "USAG", 4_000)]
    assert checked(paid, start)["cash"]["result"] == "passed"


def test_least_cash_of_an_account_counts_money_funds() -> None:
    known = small_book(accounts=[{**TAXABLE, "min_cash_usd": Decimal(3_000)}, IRA])
    start = held({"P1-1": {"USTM": 60_000, "MMF": 2_000, "CASH:USD": 2_000}})
    assert checked([trade("buy", "USAG", 1_000)], start, known)["cash"]["result"] == "passed"
    told = checked([trade("buy", "USAG", 1_100)], start, known)["cash"]
    assert (told["result"], told["figures"]["worse_usd"]) == ("failed", 100)


def test_shortfall_that_the_trades_lessen_is_a_warning() -> None:
    short = held({"P1-1": {"USTM": 60_000, "CASH:USD": -3_000}})
    told = checked([trade("sell", "USTM", 1_000)], short)["cash"]
    assert (told["result"], told["figures"]["still_usd"]) == ("warned", 2_000)
    assert checked([trade("sell", "USTM", 3_000)], short)["cash"]["result"] == "passed"


# Balance


@pytest.mark.parametrize(
    ("trades", "figure", "text"),
    [
        (
            [trade("sell", "USTM", 1_000), trade("buy", "USTM", 500)],
            "both_sides",
            "Bought and sold in one account: USTM.",
        ),
        ([trade("sell", "USTM", 60_001)], "oversold", "More is sold than is held: USTM."),
        ([trade("sell", "USLC", 10)], "oversold", "More is sold than is held: USLC."),
        (
            [trade("sell", "USTM", 1_000, value_usd=Decimal("1000.01"))],
            "wrong_value",
            "The value is not units times price, above zero: USTM.",
        ),
        (
            [trade("buy", "USAG", 0)],
            "wrong_value",
            "The value is not units times price, above zero: USAG.",
        ),
        (
            [trade("buy", "NEWCO", 100)],
            "unknown",
            "The book does not know the account or security: NEWCO.",
        ),
        (
            [trade("buy", "USAG", 100, "P1-1", portfolio_id="P2")],
            "other_portfolio",
            "Traded in an account of another portfolio: USAG.",
        ),
    ],
)
def test_what_cannot_be_right_fails(trades: list[dict[str, Any]], figure: str, text: str) -> None:
    portfolio = trades[0]["portfolio_id"]
    told = checked(trades, START, portfolio=portfolio)["balance"]
    assert (told["result"], told["text"]) == ("failed", text)
    assert [name for name, said in told["figures"].items() if said] == [figure]


def test_security_may_be_sold_in_one_account_and_bought_in_another() -> None:
    both = held({"P1-1": {"USTM": 60_000}, "P1-2": {"CASH:USD": 20_000}})
    trades = [trade("sell", "USTM", 1_000, gain_usd=Decimal(1)), trade("buy", "USTM", 1_000, "P1-2")]
    assert checked(trades, both)["balance"]["result"] == "passed"


def test_everything_held_may_be_sold_lot_by_lot() -> None:
    lots = [trade("sell", "USTM", 20_000), trade("sell", "USTM", 40_000)]
    assert checked(lots, START)["balance"]["result"] == "passed"
    one_more = trade("sell", "USTM", 0.01)
    assert checked([*lots, one_more], START)["balance"]["figures"]["oversold"] == ["USTM"]


@pytest.mark.parametrize(("after", "result"), [("5000.00", "passed"), ("5000.01", "failed")])
def test_cash_after_as_the_solver_says_it(after: str, result: str) -> None:
    stated = pl.DataFrame({"portfolio_id": ["P1"], "account_id": ["P1-1"], "cash_after_usd": [Decimal(after)]})
    assert checked(SWAP, START, account_cash=stated)["balance"]["result"] == result


# The whole


def test_worst_result_is_told_and_failure_is_worse_than_not_known() -> None:
    assert checked([LOSS], START)["worst"]["result"] == "not_known"
    known = small_book(restrictions=[restriction("no_sell", security_id="USTM")])
    assert checked([LOSS], START, known)["worst"]["result"] == "failed"


def test_many_portfolios_are_judged_apart() -> None:
    people = [{"portfolio_id": f"P{n}"} for n in (1, 2, 3)]
    known = small_book(portfolios=people, accounts=None, restrictions=[restriction("no_buy", "portfolio", "P2")])
    start = held({f"P{n}-1": {"USTM": 50_000, "CASH:USD": 50_000} for n in (1, 2, 3)})
    trades = [trade("buy", "USTM", 1_000 * n, f"P{n}-1") for n in (1, 2, 3)]
    results = [checked(trades, start, known, portfolio=f"P{n}")["worst"]["result"] for n in (1, 2, 3)]
    assert results == ["passed", "failed", "passed"]
