"""Cash that must stay: every account raises its own, and nothing is sold for what need not be raised."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from data_contracts.book.accounts import Accounts
from data_contracts.conform import conform
from data_contracts.fields import MONEY_DTYPE
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import Account, Lot, book_of, day_of, listed, proposed


def made(accounts: dict[str, Account], kind: str, policy: dict[str, Any] | None = None, **least: float) -> Proposed:
    """Return the proposal of the portfolio that these accounts are; `least`: cash that must stay, by account."""
    book = book_of()
    floors = pl.col("account_id").replace_strict(least, default=None, return_dtype=pl.Float64)
    asks = conform(book.accounts.with_columns(floors.cast(MONEY_DTYPE).alias("min_cash_usd")), Accounts)
    day = day_of(accounts, replace(book, accounts=asks))
    policies = {
        label: each.model_copy(update={"trading": each.trading.model_copy(update=policy or {})})
        for label, each in day.policies.items()
    }
    return proposed(replace(day, policies=policies), **{"P2" if "A2" in accounts else next(iter(accounts)): kind})


def reasons(proposal: Proposed, security: str) -> list[str]:
    return list(json.loads(proposal.trades.filter(security_id=security)["reasons_json"][0]))


@pytest.mark.parametrize("band_cost", [1.9, 2.0, 5.0])
def test_no_band_outbids_cash_that_must_stay(band_cost: float) -> None:
    """The account that is short sells its bonds, which the household lacks, rather than stay short."""
    accounts = {"A2": Account(0.0, [Lot("BND", 160, 50)]), "A3": Account(0.0, [Lot("STK", 500, 90)])}
    proposal = made(accounts, "raise_cash", {"band_cost_frac": band_cost}, A2=500)
    assert listed(proposal)["A2", "sell", "BND"] == 550.0
    assert proposal.proposals["cash_short_usd"].to_list() == [0]


def test_what_an_account_cannot_hold_is_raised_in_no_other() -> None:
    proposal = made({"A2": Account(500.0, [Lot("BND", 160, 30)]), "A3": Account(0.0)}, "full", A3=5_000)
    assert ("A2", "sell", "BND") not in {key for key, usd in listed(proposal).items() if usd > 200}


@pytest.mark.parametrize("cash", [1_000.0, 1_000.5, 1_001.0])
@pytest.mark.parametrize("kind", ["full", "to_edge", "partial"])
def test_an_account_that_has_what_must_stay_sells_nothing_for_a_dollar_more(cash: float, kind: str) -> None:
    accounts = {"A2": Account(cash, [Lot("BND", 100, 30)]), "A3": Account(5_000.0, [Lot("STK", 120, 30)])}
    assert ("A2", "sell", "BND") not in listed(made(accounts, kind, A2=1_000))


def test_a_list_that_only_sells_goes_to_target_and_not_past_it_for_cash_that_is_there() -> None:
    proposal = made({"A1": Account(10_000.0, [Lot("STK", 900, 100)])}, "sell_only", A1=10_000)
    assert listed(proposal) == {("A1", "sell", "STK"): 30_000.0}


def test_a_purchase_with_cash_below_its_target_is_for_what_is_under_its_own() -> None:
    proposal = made({"A1": Account(4_800.0, [Lot("STK", 640, 30), Lot("BND", 624, 30)])}, "full")
    assert reasons(proposal, "BND")[0] == "underweight"


def test_an_overdrawn_sister_is_no_reason_for_a_sale_elsewhere() -> None:
    accounts = {"A2": Account(-500.0, [Lot("STK", 100, 100)]), "A3": Account(0.0, [Lot("STK", 500, 90)])}
    proposal = made(accounts, "raise_cash")
    main = {row["account_id"]: json.loads(row["reasons_json"])[0] for row in proposal.trades.iter_rows(named=True)}
    assert main == {"A2": "raises_cash", "A3": "overweight"}
