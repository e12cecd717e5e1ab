"""Lists chosen by the year's tax: losses of the year and carried in make gains cheap, and no further than they reach."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import _YEAR, Account, Lot, book_of, day_of, listed, proposed

GAINERS = Account(10_000.0, [Lot("STK", 700.0, 10.0), Lot("BND", 400.0, 50.0)])
"""70 per cent in shares that have grown tenfold, where 60 is the target: a sale's gain is nine tenths of it."""


def made(kind: str = "full", policy: dict[str, Any] | None = None, **year: float) -> Proposed:
    """Return the proposal of one account whose tax unit has that year so far."""
    row = {name: Decimal(str(year.get(name, 0.0))) for name in _YEAR.names() if name != "tax_unit_id"}
    day = day_of({"A1": GAINERS}, book_of(), year=pl.DataFrame([{"tax_unit_id": "T1", **row}], schema=_YEAR))
    trading = day.policies[next(iter(day.policies))].trading.model_copy(update=policy or {})
    policies = {label: each.model_copy(update={"trading": trading}) for label, each in day.policies.items()}
    return proposed(type(day)(**{**day.__dict__, "policies": policies}), A1=kind)


def of_two(**year: float) -> Proposed:
    """Return the proposal of a portfolio of two accounts, the first's tax unit with that year so far, the other one an IRA."""
    row = {name: Decimal(str(year.get(name, 0.0))) for name in _YEAR.names() if name != "tax_unit_id"}
    accounts = {"A2": GAINERS, "A3": Account(0.0, [Lot("BND", 10.0, 50.0)])}
    unit = book_of().accounts.filter(account_id="A2")["tax_unit_id"].item()
    day = day_of(accounts, book_of(), year=pl.DataFrame([{"tax_unit_id": unit, **row}], schema=_YEAR))
    return proposed(day, P2="full")


def sold(proposal: Proposed) -> float:
    return listed(proposal).get(("A1", "sell", "STK"), 0.0)


def test_without_a_year_a_gain_that_costs_more_than_it_is_worth_is_kept() -> None:
    assert sold(made()) == 0.0


def test_carried_losses_that_take_up_all_gains_let_the_list_go_to_target_free_of_tax() -> None:
    proposal = made(carry_long_usd=100_000.0)
    assert sold(proposal) == pytest.approx(10_000.0, abs=100.0)
    row = proposal.proposals.row(0, named=True)
    assert row["net_tax_usd"] == 0
    assert row["long_term_gain_usd"] == pytest.approx(Decimal(9_000), abs=Decimal(100))


def test_losses_realised_this_year_count_like_carried_ones() -> None:
    assert sold(made(realised_short_usd=-100_000.0)) == pytest.approx(10_000.0, abs=100.0)


def test_only_what_the_losses_take_up_is_free() -> None:
    # Past the 3,000 that lower other income, 5,400 of the carried loss has no use this year: 6,000 of the shares may go for it.
    row = made(carry_long_usd=8_400.0).proposals.row(0, named=True)
    assert row["long_term_gain_usd"] == pytest.approx(Decimal(5_400), abs=Decimal(90))
    assert row["net_tax_usd"] == 0


def test_gains_of_the_year_make_nothing_cheaper() -> None:
    assert sold(made(realised_long_usd=50_000.0)) == sold(made())


def test_a_carried_loss_that_policy_values_is_not_given_away() -> None:
    assert sold(made(policy={"carried_loss_value_frac": 0.2}, carry_long_usd=100_000.0)) == sold(made())


def test_a_list_for_harvesting_counts_at_the_lots_own_rates() -> None:
    both = [made("harvest_and_rebalance", carry_long_usd=amount) for amount in (0.0, 100_000.0)]
    assert sold(both[0]) == sold(both[1])


def test_a_portfolio_of_several_accounts_is_chosen_by_the_years_tax_too() -> None:
    without = of_two()
    assert listed(without).get(("A2", "sell", "STK"), 0.0) == 0.0
    proposal = of_two(carry_long_usd=100_000.0)
    # Of 100,500: 60 per cent are 60,300.
    assert listed(proposal)["A2", "sell", "STK"] == pytest.approx(9_700.0, abs=100.0)
    assert proposal.proposals["net_tax_usd"].to_list() == [Decimal(0)]
