"""What may be sold in an account: the list of one account keeps the turnover budget, and the pre-check looks at every list."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.stage import Proposed
from tests.small_practice import policy
from tests.support.proposing import Account, Lot, book_of, day_of, listed, proposed
from tests.unit.stages.propose.lists import checked, held, trade

ALL_SHARES = Account(0.0, [Lot("STK", 1_000.0, 100.0)])
"""100,000 in shares without a gain, where 60 per cent is the target: 40,000 is to go."""


def made(budget: float | None, accounts: dict[str, Account], **kinds: str) -> Proposed:
    day = day_of(accounts, book_of())
    trading = {"turnover_budget_frac": budget}
    changed = {
        label: each.model_copy(update={"trading": each.trading.model_copy(update=trading)})
        for label, each in day.policies.items()
    }
    return proposed(replace(day, policies=changed), **kinds)


def check_of(proposal: Proposed) -> dict[str, Any]:
    [checks] = proposal.proposals["checks_json"].to_list()
    return next(check for check in json.loads(checks) if check["check"] == "turnover")


def test_without_a_budget_the_list_goes_to_target() -> None:
    proposal = made(None, {"A1": ALL_SHARES}, A1="full")
    assert listed(proposal)["A1", "sell", "STK"] == pytest.approx(40_000.0, abs=200.0)
    assert check_of(proposal)["text"] == "The policy sets no turnover budget."


def test_a_tenth_may_be_sold() -> None:
    proposal = made(0.10, {"A1": ALL_SHARES}, A1="full")
    assert 9_800.0 <= listed(proposal)["A1", "sell", "STK"] <= 10_000.0
    assert check_of(proposal)["result"] == "passed"


def obstacles_of(proposal: Proposed) -> list[str]:
    rows = proposal.proposals.with_columns(
        pl.lit("2026-03-02").alias("business_date"), pl.lit("P").alias("proposal_id")
    )
    return obstacle_sentences(rows)["sentence"].to_list()


@pytest.mark.parametrize("budget", [0.0, 0.10])
def test_a_budget_that_is_used_up_is_told(budget: float) -> None:
    told = obstacles_of(made(budget, {"A1": ALL_SHARES}, A1="full"))
    assert told == ["STK may not be sold: no more of it, the account's turnover budget is used up."]


@pytest.mark.parametrize("budget", [None, 0.90])
def test_a_budget_that_is_not_used_up_is_not_told(budget: float | None) -> None:
    assert obstacles_of(made(budget, {"A1": ALL_SHARES}, A1="full")) == []


def test_nothing_may_be_sold() -> None:
    assert not [side for _, side, _ in listed(made(0.0, {"A1": ALL_SHARES}, A1="full")) if side == "sell"]


def test_a_list_of_two_accounts_that_sells_more_fails() -> None:
    proposal = made(0.10, {"A2": ALL_SHARES, "A3": ALL_SHARES}, P2="full")
    assert max(value for (_, side, _), value in listed(proposal).items() if side == "sell") > 10_000.0
    assert check_of(proposal)["result"] == "failed"
    assert proposal.proposals["status"].to_list() == ["held_back"]


START = held({"P1-1": {"USTM": 60_000, "CASH:USD": 40_000}, "P1-2": {"USTM": 10_000}})
TENTH = policy(trading={"turnover_budget_frac": 0.1})


def judged(*trades: dict[str, Any]) -> dict[str, Any]:
    return checked(list(trades), START, rules=TENTH)["turnover"]


def test_the_budget_itself_passes_and_a_dollar_more_fails() -> None:
    told = judged(trade("sell", "USTM", 10_000))
    assert told["result"] == "passed"
    assert told["text"] == "At most 10.0 % of an account's value is sold; the turnover budget is 10.0 %."
    assert told["figures"] == {"budget_frac": 0.1, "largest_sold_frac": 0.1}
    told = judged(trade("sell", "USTM", 10_001))
    assert told["result"] == "failed"
    assert told["text"] == "More is sold than the turnover budget of 10.0 % of an account: P1-1 10.0 %."


def test_sales_of_an_account_count_together_and_purchases_do_not() -> None:
    assert judged(trade("sell", "USTM", 6_000), trade("sell", "USAG", 6_000))["result"] == "failed"
    assert judged(trade("buy", "USAG", 30_000))["result"] == "passed"


def test_each_account_has_its_own_budget() -> None:
    told = judged(trade("sell", "USTM", 2_000, "P1-2"))
    assert told["text"] == "More is sold than the turnover budget of 10.0 % of an account: P1-2 20.0 %."
