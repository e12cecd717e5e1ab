"""Budgets of gains and turnover; answers worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import _YEAR, TAX_UNITS, Account, Lot, book_of, day_of, listed, proposed

LEAVER = Account(1_000.0, [Lot("OLD", 500.0, 20.0)])
"""20,000 dollars in a share the model has no use for, half of it a long-term gain: +10,000 to sell all."""


def units(t1: str = "", t2: str = "") -> str:
    """Return the tax units' file, with these gain budgets."""
    header, one, two, *_ = TAX_UNITS.splitlines()
    return f"{header},gain_budget_usd\n{one},{t1}\n{two},{t2}\n"


def made(
    accounts: dict[str, Account],
    budget: str = "",
    policy: dict[str, Any] | None = None,
    tables: dict[str, str] | None = None,
    kind: str = "full",
    **year: float,
) -> Proposed:
    """Return the proposals of accounts whose drift is worth any tax."""
    row = {name: Decimal(str(year.get(name, 0.0))) for name in _YEAR.names() if name != "tax_unit_id"}
    book = book_of(**{"tax_units_csv": units(budget), **(tables or {})})
    day = day_of(accounts, book, year=pl.DataFrame([{"tax_unit_id": "T1", **row}], schema=_YEAR))
    policies = {
        label: each.model_copy(
            update={"trading": each.trading.model_copy(update={"target_cost_frac": 1.0, **(policy or {})})}
        )
        for label, each in day.policies.items()
    }
    portfolios = {"A1": "A1", "A2": "P2", "A3": "P2", "A4": "A4"}
    return proposed(replace(day, policies=policies), **dict.fromkeys((portfolios[name] for name in accounts), kind))


def sold(proposal: Proposed, account: str = "A1", security: str = "OLD") -> float:
    return listed(proposal).get((account, "sell", security), 0.0)


def check(proposal: Proposed, name: str, portfolio: str = "A1") -> dict[str, Any]:
    [text] = proposal.proposals.filter(portfolio_id=portfolio)["checks_json"]
    return next(one for one in json.loads(text) if one["check"] == name)


def test_without_a_budget_all_is_sold() -> None:
    proposal = made({"A1": LEAVER})
    assert sold(proposal) == 20_000.0
    assert check(proposal, "gain_budget")["result"] == "passed"
    assert check(proposal, "turnover_budget")["result"] == "passed"


@pytest.mark.parametrize("cash", [0.0, 50.0, 200.0, 1_000.0])
def test_a_gain_budget_of_4000_lets_8000_be_sold(cash: float) -> None:
    """Whatever cash there is beside it: a share of 40 dollars less would leave 20 dollars of the budget unused."""
    proposal = made({"A1": replace(LEAVER, cash=cash)}, "4000")
    assert sold(proposal) == 8_000.0
    [gain] = proposal.proposals["long_term_gain_usd"]
    assert float(gain) == sold(proposal) / 2
    found = check(proposal, "gain_budget")
    assert (found["result"], found["figures"]["after_usd"]) == ("passed", float(gain))


def test_gains_of_the_year_use_the_budget_up() -> None:
    assert sold(made({"A1": LEAVER}, "4000", realised_long_usd=3_000.0)) == 2_000.0


def test_losses_carried_in_are_not_taken_off() -> None:
    assert sold(made({"A1": LEAVER}, "4000", carry_long_usd=50_000.0)) == 8_000.0


def test_past_the_budget_no_gain_is_added_and_a_loss_may_be_taken() -> None:
    """30,000 in STK, where 60 % of 31,000 is the target: 10,000 of it at a loss of 2,500, which goes whole, and nothing else."""
    account = Account(1_000.0, [Lot("STK", 200.0, 50.0), Lot("STK", 100.0, 125.0)])
    proposal = made({"A1": account}, "4000", realised_long_usd=5_000.0)
    assert sold(proposal, security="STK") == 10_000.0
    assert proposal.proposals["long_term_gain_usd"].to_list() == [Decimal(-2_500)]
    assert check(proposal, "gain_budget")["result"] == "passed"


def test_a_budget_of_zero_is_a_budget() -> None:
    assert sold(made({"A1": LEAVER}, "0")) == 0.0


def test_no_more_than_a_tenth_of_the_account_is_sold() -> None:
    proposal = made({"A1": LEAVER}, policy={"turnover_budget_frac": 0.1})
    # Of 21,000 dollars: 52 shares.
    assert sold(proposal) == 2_080.0
    found = check(proposal, "turnover_budget")
    assert (found["result"], found["figures"]["largest_frac"]) == ("passed", pytest.approx(2_080 / 21_000))


ONE_UNIT = {
    "accounts_csv": (
        "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment\n"
        "A1,1000-0001,alpha,H1,,T1,individual,mix,\n"
        "A2,1000-0002,alpha,H2,P2,T1,individual,,\n"
        "A3,2000-0003,beta,H2,P2,T1,ira,,\n"
        "A4,2000-0004,beta,H3,,T1,individual,mix,\n"
    )
}


def test_two_accounts_of_a_unit_share_the_budget_by_the_gains_they_could_realise() -> None:
    """10,000 of gains in one, 5,000 in the other: of 6,000 they have 4,000 and 2,000."""
    small = Account(1_000.0, [Lot("OLD", 250.0, 20.0)])
    proposal = made({"A1": LEAVER, "A4": small}, "6000", tables=ONE_UNIT)
    assert sold(proposal) == 8_000.0
    assert sold(proposal, "A4") == 4_000.0
    for portfolio in ("A1", "A4"):
        found = check(proposal, "gain_budget", portfolio)
        assert (found["result"], found["figures"]["after_usd"] <= 6_000.0) == ("passed", True)


def test_sales_in_flight_use_the_budget_up_their_dearest_lots_first() -> None:
    """4,000 dollars of STK are being sold: 1,000 of it bought at a tenth, the rest at 80: 900 and 600 of gain."""
    lots = [Lot("OLD", 500.0, 20.0), Lot("STK", 10.0, 10.0), Lot("STK", 90.0, 80.0)]
    proposal = made({"A1": Account(1_000.0, lots, in_flight={"STK": -4_000.0})}, "4000")
    assert check(proposal, "gain_budget")["figures"]["before_usd"] == 1_500.0
    assert sold(proposal) == 5_000.0


def test_several_accounts_of_one_portfolio_keep_the_budget_together() -> None:
    accounts = {"A2": LEAVER, "A3": Account(1_000.0)}
    assert sold(made(accounts, "10000", tables=ONE_UNIT), "A2") == 20_000.0
    within = made(accounts, "4000", tables=ONE_UNIT)
    assert sold(within, "A2") == 8_000.0
    found = check(within, "gain_budget", "P2")
    assert (found["result"], found["figures"]["after_usd"]) == ("passed", 4_000.0)
    assert within.proposals["status"].to_list() == ["drafted"]


def test_two_taxable_accounts_of_one_portfolio_have_one_budget() -> None:
    """It is theirs together, not shared out: 10,000 of gains in each, and 6,000 may be realised in both."""
    tables = {
        "accounts_csv": ONE_UNIT["accounts_csv"].replace(
            "A3,2000-0003,beta,H2,P2,T1,ira", "A3,2000-0003,beta,H2,P2,T1,trust"
        )
    }
    proposal = made({"A2": LEAVER, "A3": LEAVER}, "6000", tables=tables)
    assert sold(proposal, "A2") + sold(proposal, "A3") == 12_000.0
    assert check(proposal, "gain_budget", "P2")["result"] == "passed"


def test_a_portfolio_shares_the_budget_with_accounts_outside_it() -> None:
    proposal = made({"A1": LEAVER, "A2": LEAVER, "A3": Account(1_000.0)}, "6000", tables=ONE_UNIT)
    assert (sold(proposal), sold(proposal, "A2")) == (6_000.0, 6_000.0)
    assert {check(proposal, "gain_budget", name)["result"] for name in ("A1", "P2")} == {"passed"}


def test_no_more_than_a_tenth_of_an_account_of_several_is_sold() -> None:
    within = made({"A2": LEAVER, "A3": Account(1_000.0)}, policy={"turnover_budget_frac": 0.1}, tables=ONE_UNIT)
    assert sold(within, "A2") == 2_080.0
    assert check(within, "turnover_budget", "P2")["result"] == "passed"
    assert said(within) == ["Less of OLD is sold than of use: the account's turnover budget is used up."]


def test_a_list_that_harvests_and_rebalances_keeps_the_budget() -> None:
    within = made({"A1": LEAVER}, "4000", kind="harvest_and_rebalance")
    found = check(within, "gain_budget")
    assert (found["result"], found["figures"]["after_usd"]) == ("passed", 4_000.0)
    assert sold(within) == 8_000.0
    assert within.proposals["status"].to_list() == ["drafted"]


def test_losses_that_are_harvested_make_room_for_gains() -> None:
    """STK is down by 3,000, which is harvested: of OLD 7,000 of gains may go, and not 4,000."""
    loser = replace(LEAVER, lots=[*LEAVER.lots, Lot("STK", 30.0, 200.0)])
    within = made({"A1": loser}, "4000", kind="harvest_and_rebalance")
    found = check(within, "gain_budget")
    assert (found["result"], found["figures"]["after_usd"]) == ("passed", 4_000.0)
    assert (sold(within), listed(within)["A1", "sell", "STK"]) == (14_000.0, 3_000.0)


def said(proposal: Proposed) -> list[str]:
    return obstacle_sentences(proposal.proposals)["sentence"].to_list()


def test_a_budget_that_binds_is_said() -> None:
    assert said(made({"A1": LEAVER})) == []
    assert said(made({"A1": LEAVER}, "4000")) == [
        "Less of OLD is sold than of use: the gains that the year's budget leaves this account are taken, and losses beside them make "
        "no room."
    ]
    assert said(made({"A1": LEAVER}, policy={"turnover_budget_frac": 0.1})) == [
        "Less of OLD is sold than of use: the account's turnover budget is used up."
    ]
    assert said(made({"A1": LEAVER}, "20000", policy={"turnover_budget_frac": 1.0})) == []
