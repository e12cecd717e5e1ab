"""Programs of rounded lists whose taxes are netted, told by trying every list of whole shares."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from evenkeel.engine.checks.netted_program import unit_tax
from evenkeel.engine.netted.asking import ask_programs
from evenkeel.engine.netted.at_rates import at_rates, take_part
from evenkeel.engine.netted.case_at_hand import CasesAtHand
from evenkeel.engine.netted.choosing import choose, ready
from evenkeel.engine.netted.master import pair_places
from evenkeel.engine.netted.rounded_bound import case_bounds
from evenkeel.engine.netted.rounded_program import NettedPrograms
from evenkeel.engine.netted.search import account_rates
from evenkeel.engine.problem import Tables, prepare
from evenkeel.engine.rounded_program import program_solver
from evenkeel.engine.solve import run_kernel, solve
from tests.unit.engine.netted_problems import netted_tables
from tests.unit.engine.netted_scene import netted_scene

PRICES = {"VTI": ("equity", 371.0), "BND": ("bond", 83.0)}
LOTS = [
    {"security": "VTI", "qty": 14, "basis": 200.0, "rate": 0.37, "long": True},
    {"security": "VTI", "qty": 6, "basis": 280.0, "rate": 0.37},
    {"security": "BND", "qty": 20, "basis": 140.0, "rate": 0.37},
]
YEARS: list[dict[str, Any]] = [
    {},
    {"carry_short_usd": 700.0},
    {"carry_long_usd": 900.0, "realised_short_usd": 250.0},
    {"realised_short_usd": -2_900.0, "carry_value_frac": 0.1},
    {"realised_long_usd": 400.0, "gain_budget_usd": 800.0},
]


def account(year: dict[str, Any], **given: Any) -> Tables:
    """Return an account of whole shares that are large for it."""
    overdraft = ("overdraft", 0.0, 0.0, 10.0, 0.0)
    tables = netted_scene(LOTS, year, prices=PRICES, terms=[overdraft], **given)
    return replace(tables, securities=tables.securities.with_columns(pl.lit(1.0).alias("unit_step_qty")))


def best_of_all(tables: Tables) -> float:
    """Return the least objective of any list of whole shares that keeps the budgets: sales of three lots, or purchases."""
    row, unit = tables.accounts.row(0, named=True), tables.tax_units.row(0, named=True)
    bands = {each["asset_class"]: each for each in tables.models.to_dicts()}
    cost = tables.securities["sell_cost_frac"][0]
    starts = [unit[f"realised_{term}_usd"] - unit[f"carry_{term}_usd"] for term in ("short", "long")]
    before, cash = unit_tax(unit, starts[0], starts[1]), row["cash_usd"]
    held = {"equity": 20 * 371.0, "bond": 20 * 83.0}
    net = cash + sum(held.values())
    room = float("inf")
    if unit["gain_budget_usd"] is not None:
        room = max(0.0, unit["gain_budget_usd"] - unit["realised_short_usd"] - unit["realised_long_usd"])
    best = float("inf")
    for old, new, bonds in product(range(-10, 15), range(7), range(-60, 21)):
        if old < 0 < new:
            continue
        long = max(old, 0) * (371.0 - 200.0)
        short = new * (371.0 - 280.0) + max(bonds, 0) * (83.0 - 140.0)
        sold = max(old, 0) * 371.0 + new * 371.0 + max(bonds, 0) * 83.0
        after = {"equity": held["equity"] - (old + new) * 371.0, "bond": held["bond"] - bonds * 83.0}
        after["cash"] = net - sum(after.values())
        is_over = row["turnover_budget_frac"] is not None and sold > row["turnover_budget_frac"] * net + 1e-6
        if after["cash"] < -1e-6 or long + short > room + 1e-6 or is_over:
            continue
        total = unit_tax(unit, starts[0] + short, starts[1] + long) - before
        total += cost * (abs(old + new) * 371.0 + abs(bonds) * 83.0)
        for name, value in after.items():
            band = bands.get(name, {"target_frac": 0.0, "lower_frac": 0.0, "upper_frac": 0.0})
            outside = max(band["lower_frac"] * net - value, value - band["upper_frac"] * net, 0.0)
            total += row["target_cost_frac"] * abs(value - band["target_frac"] * net) + row["band_cost_frac"] * outside
        best = min(best, total)
    return best


@pytest.mark.parametrize("year", YEARS, ids=lambda year: " ".join(year) or "no year")
@pytest.mark.parametrize("turnover", [None, 0.15])
@pytest.mark.parametrize(("cash", "target_cost"), [(925.0, 0.0), (70.0, 0.05), (3_000.0, 1.0)])
def test_the_list_is_the_best_of_all_and_the_bound_is_below_it(
    year: dict[str, Any], turnover: float | None, cash: float, target_cost: float
) -> None:
    tables = account(year, cash=cash, target_cost=target_cost, turnover=turnover)
    row = solve(tables, is_rounded=True).accounts.row(0, named=True)
    best = best_of_all(tables)
    assert row["bound_usd"] <= best + 1e-6
    assert row["objective_usd"] >= best - 0.05
    if row["found_by"] in ("program", "search_kept"):
        assert row["objective_usd"] == pytest.approx(best, abs=0.05)
        assert row["gap_usd"] <= 0.15


@pytest.mark.parametrize("year", YEARS, ids=lambda year: " ".join(year) or "no year")
@pytest.mark.parametrize("turnover", [None, 0.15])
@pytest.mark.parametrize(("cash", "target_cost"), [(70.0, 0.05), (3_000.0, 0.3)])
@pytest.mark.parametrize("worse_usd", [1.0, 300.0])
def test_the_bound_does_not_come_from_the_list_at_hand(
    year: dict[str, Any], turnover: float | None, cash: float, target_cost: float, worse_usd: float
) -> None:
    """Told of a worse list than the best, the programs' bound is the best list's objective: no higher, and not much lower."""
    tables = account(year, cash=cash, target_cost=target_cost, turnover=turnover)
    known = ready(prepare(tables), tables.tax_units)
    base = run_kernel(known.prepared.arrays)
    chosen = choose(known, base, run_kernel, np.ones(1, bool), np.zeros(1), np.zeros(1))
    assert chosen is not None
    best = best_of_all(tables)
    programs, solver = NettedPrograms(tables, known.prepared, ["A"]), program_solver()
    told = ask_programs(
        known.prepared, chosen, case_bounds(chosen), np.array([best + worse_usd]), np.array([0]),
        lambda _, case, objective_usd: programs.ask("A", case, objective_usd, solver),
    )  # fmt: skip
    assert told.bound[0] <= best + 1e-6
    assert told.bound[0] == pytest.approx(best, abs=0.15)


def test_a_case_is_told_with_the_prices_that_bound_it() -> None:
    """What the kernel proves at a case's prices, and what is told besides, are the case's bound; where budgets bind, their prices too."""
    tables = netted_tables(7, 120)
    known = ready(prepare(tables), tables.tax_units)
    base, none = run_kernel(known.prepared.arrays), np.zeros(120)
    chosen = choose(known, base, run_kernel, np.ones(120, bool), none, none)
    assert chosen is not None
    stake, cases = chosen.stake, chosen.decision.tried.cases
    part = take_part(chosen.scope.problem, stake, cases.group)
    places = pair_places(stake, cases.group, cases.is_split.shape[1])
    rates = account_rates(part, stake, places, cases.short, cases.long, cases.caps)
    proven = chosen.scope.solve(at_rates(part, stake, chosen.gains, rates)).bound
    at_hand, binding = CasesAtHand(known.prepared, chosen, case_bounds(chosen)), 0
    for case, group in enumerate(cases.group):
        told = at_hand.told(case)
        (account,) = told.accounts.values()
        year = None if account.part is None else told.parts[account.part]
        known_rates = (0.0, 0.0) if year is None else (year.short, year.long)
        assert (*known_rates, account.sold) == (rates.short[case], rates.long[case], rates.sold[case])
        crumb = 1e-9 * chosen.scope.nav[group]
        assert proven[case] + told.other_usd == pytest.approx(cases.bound[case], abs=crumb)
        binding += int((cases.caps[case] > 0).any())
    assert binding > 20
