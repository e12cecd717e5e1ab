"""Whether a list would put too much into one economic sector."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from tests.small_practice import policy
from tests.unit.stages.propose.lists import SECURITIES, checked, held, small_book, trade

START = held({"P1-1": {"PLMR": 24_000, "USTM": 60_000, "CASH:USD": 16_000}})


def known(**sectors: str) -> Book:
    plain = {"price_factor": Decimal(1), "multiplier": Decimal(1), "is_illiquid": False}
    rows = [
        {**plain, "name": one["security_id"], **one, "sector": sectors.get(one["security_id"])} for one in SECURITIES
    ]
    return small_book(securities=rows)


def limit(share: float | None = 0.25) -> Policy:
    return policy(trading={"max_sector_frac": share, "max_issuer_frac": 1.0})


def judged(trades: list[dict[str, Any]], book: Book, rules: Policy | None = None, start: Any = START) -> dict[str, Any]:
    return checked(trades, start, book, rules or limit())["sector_concentration"]


def test_a_sector_up_to_its_limit_passes_and_past_it_fails() -> None:
    energy = known(PLMR="energy")
    told = judged([trade("buy", "PLMR", 1_000)], energy)
    assert told["result"] == "passed"
    assert (
        told["text"]
        == "The largest sector after the trades is energy with 25.0 % (before: 24.0 %); the limit is 25.0 %."
    )
    assert told["figures"] == {
        "limit_frac": 0.25, "largest_sector": "energy", "largest_before_frac": 0.24, "largest_frac": 0.25, "unknown_frac": 0.0,
    }  # fmt: skip
    told = judged([trade("buy", "PLMR", 2_000)], energy)
    assert told["result"] == "failed"
    assert (
        told["text"]
        == "More than 25.0 % in one sector after the trades, and more than before: energy 26.0 % (before: 24.0 %)."
    )


def test_all_securities_of_a_sector_count_together() -> None:
    assert judged([trade("buy", "PLMR30", 2_000)], known(PLMR="energy", PLMR30="energy"))["result"] == "failed"
    assert judged([trade("buy", "PLMR30", 2_000)], known(PLMR="energy", PLMR30="utilities"))["result"] == "passed"


@pytest.mark.parametrize("sold", [0, 1_000])
def test_too_much_of_a_sector_that_does_not_grow_warns(sold: int) -> None:
    over = held({"P1-1": {"PLMR": 40_000, "USTM": 50_000, "CASH:USD": 10_000}})
    told = judged([trade("sell", "PLMR", sold)] if sold else [], known(PLMR="energy"), start=over)
    assert told["result"] == "warned"
    assert told["text"].startswith("More than 25.0 % in one sector, no more than before: energy ")


def test_without_a_limit_nothing_is_judged() -> None:
    told = judged([trade("buy", "PLMR", 16_000)], known(PLMR="energy"), limit(None))
    assert (told["result"], told["text"]) == ("passed", "The policy sets no limit for sectors.")


@pytest.mark.parametrize("security", ["USTM", "T34", "MMF"])
def test_diversified_funds_the_treasury_and_cash_are_exempt(security: str) -> None:
    told = judged([trade("buy", security, 10_000)], known(PLMR="energy"))
    assert (told["result"], told["figures"]["largest_sector"]) == ("passed", "energy")


def test_a_fund_of_one_sector_counts_to_it() -> None:
    assert judged([trade("buy", "USLC", 2_000)], known(PLMR="energy", USLC="energy"))["result"] == "failed"
    assert judged([trade("buy", "USLC", 2_000)], known(PLMR="energy", USLC="none"))["result"] == "passed"


def test_what_is_of_a_sector_that_is_not_known_could_be_of_the_largest() -> None:
    told = judged([trade("buy", "PLMR", 2_000)], known())
    assert (told["result"], told["figures"]["unknown_frac"]) == ("not_known", 0.26)
    assert told["text"] == "Of 26.0 % of the value the sector is not known; it could be too much of one."
    assert judged([trade("buy", "PLMR", 500)], known())["result"] == "passed"
    over = held({"P1-1": {"PLMR": 40_000, "CASH:USD": 60_000}})
    assert judged([], known(), start=over)["result"] == "warned"


def test_a_portfolio_without_value_is_not_known() -> None:
    assert judged([], known(), start=held({"P1-1": {"CASH:USD": 0}}))["result"] == "not_known"
    assert judged([], known(), limit(None), held({"P1-1": {"CASH:USD": 0}}))["result"] == "passed"
