"""The program of rounded lists: what it finds where the search does not, and that its bound is one, told by trying every list."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import polars as pl
import pytest

from evenkeel.engine import rounding
from evenkeel.engine.kernels import levels
from evenkeel.engine.problem import Tables, prepare
from evenkeel.engine.rounded_program import AtHand, RoundedPrograms, program_solver
from evenkeel.engine.rounding import round_lists, round_problem
from evenkeel.engine.solve import run_kernel, solve
from tests.unit.engine.scene import scene

NAV = 10_000.0
PRICES = {"VTI": ("equity", 371.0), "BND": ("bond", 83.0)}


def small(least: float | None = None, **given: Any) -> Tables:
    """Return an account of whole shares that are large for it."""
    tables = scene(prices=PRICES, **given)
    return replace(
        tables,
        securities=tables.securities.with_columns(
            pl.lit(1.0).alias("unit_step_qty"), pl.lit(least, pl.Float64).alias("min_ticket_usd")
        ),
    )


LOTS = [
    {"security": "VTI", "qty": 14, "basis": 200.0, "rate": 0.2},
    {"security": "VTI", "qty": 6, "basis": 360.0, "rate": 0.2},
    {"security": "BND", "qty": 20, "basis": 90.0, "rate": 0.2},
]


def best_of_all(tables: Tables, least: float) -> float:
    """Return the least objective of any list of whole shares, by trying them all: sales of two lots of VTI and one of BND, or purchases."""
    account = tables.accounts.row(0, named=True)
    bands = {row["asset_class"]: row for row in tables.models.to_dicts()}
    costs = {row["security_id"]: row["sell_cost_frac"] for row in tables.securities.to_dicts()}
    held = {"equity": 20 * 371.0, "bond": 20 * 83.0}
    cash = account["cash_usd"]
    net = cash + sum(held.values())
    best = float("inf")
    for first, second, bonds in product(range(-10, 15), range(7), range(-40, 21)):
        if first < 0 < second:
            continue
        shares = first + second
        tickets = [abs(shares) * 371.0, abs(bonds) * 83.0]
        after = {"equity": held["equity"] - shares * 371.0, "bond": held["bond"] - bonds * 83.0}
        after["cash"] = cash + shares * 371.0 + bonds * 83.0
        if after["cash"] < min(0.0, cash) - 1e-9 or any(0 < ticket < least for ticket in tickets):
            continue
        tax = 0.2 * (max(first, 0) * (371.0 - 200.0) + second * (371.0 - 360.0) + max(bonds, 0) * (83.0 - 90.0))
        total = tax + costs["VTI"] * tickets[0] + costs["BND"] * tickets[1]
        for name, value in after.items():
            band = bands.get(name, {"target_frac": 0.0, "lower_frac": 0.0, "upper_frac": 0.0})
            total += account["target_cost_frac"] * abs(value - band["target_frac"] * net)
            outside = max(band["lower_frac"] * net - value, value - band["upper_frac"] * net, 0.0)
            total += account["band_cost_frac"] * outside
        best = min(best, total)
    return best


@pytest.mark.parametrize("target_cost", [0.0, 0.02, 1.0])
@pytest.mark.parametrize(("cash", "least"), [(925.0, 0.0), (70.0, 500.0), (3_000.0, 1_000.0)])
def test_the_list_is_the_best_of_all_and_the_bound_is_below_it(target_cost: float, cash: float, least: float) -> None:
    tables = small(least, lots=LOTS, cash=cash, target_cost=target_cost)
    row = solve(tables, is_rounded=True).accounts.row(0, named=True)
    best = best_of_all(tables, least)
    assert row["bound_usd"] <= best + 1e-6
    assert row["objective_usd"] >= best - 1e-6
    if row["found_by"] in ("program", "search_kept"):
        assert row["objective_usd"] == pytest.approx(best, abs=1e-4 * row["nav_usd"] / 50)


@pytest.mark.parametrize("worse_usd", [1.0, 100.0, 5_000.0])
def test_the_bound_does_not_come_from_the_list_at_hand(worse_usd: float) -> None:
    """Told of a worse list than the best, the program's bound still is no higher than the best."""
    tables = small(500.0, lots=LOTS, cash=70.0, target_cost=0.02)
    prepared = prepare(tables)
    exact = run_kernel(prepared.arrays)
    pi = dict(zip(prepared.classes.to_list(), exact.price[0].tolist(), strict=True))
    best = best_of_all(tables, 500.0)
    at_hand = AtHand(exact.figures[0, rounding.MU], pi, exact.figures[0, rounding.CASH_AFTER])
    name = tables.accounts["account_id"][0]
    found = RoundedPrograms(tables, prepared, [name]).ask(name, at_hand, best + worse_usd, program_solver())
    assert found.bound_usd <= best + 1e-6
    assert found.bound_usd == pytest.approx(best, abs=0.02)


def test_past_the_limit_lists_are_left_to_the_search_and_say_so() -> None:
    tables = small(lots=LOTS, cash=70.0, target_cost=1.0)
    prepared = prepare(tables)
    exact = run_kernel(prepared.arrays)
    left = round_problem(tables, prepared, exact, most=0)
    assert left.found_by.tolist() == [rounding.LEFT]
    searched = round_lists(prepared.arrays, exact)
    assert left.answer.figures.tobytes() == searched.figures.tobytes()


def test_a_programs_purchase_that_the_search_does_not_try_is_taken_over() -> None:
    """Of five securities at 3,000 the search makes 9,000; one at 1,000, which it does not try, makes the 10,000 whole."""
    prices = {f"S{n}": ("equity", 3_000.0) for n in range(7)} | {"S7": ("equity", 1_000.0)}
    tables = scene(cash=10_000.0, targets={"equity": 1.0}, prices=prices, target_cost=1.0)
    tables = replace(tables, securities=tables.securities.with_columns(pl.lit(1.0).alias("unit_step_qty")))
    prepared = prepare(tables)
    searched = round_lists(prepared.arrays, run_kernel(prepared.arrays))
    assert searched.figures[0, rounding.CASH_AFTER] == pytest.approx(1_000.0)
    answer = solve(tables, is_rounded=True)
    assert answer.accounts["found_by"].to_list() == ["program"]
    assert answer.accounts["cash_after_usd"].to_list() == [pytest.approx(0.0)]
    assert answer.trades.filter(security_id="S7")["traded_qty"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("level", "most", "unit_usd", "lacks", "lifted_to"),
    [
        (9_999, 20_000, 0.01, 1.0, 10_000),
        (9_990, 20_000, 0.01, 10.0, 10_000),
        (9_989, 20_000, 0.01, 11.0, 0),
        (9_999, 9_999, 0.01, 1.0, 0),
        (3_333, 9_000, 0.03, 1.0, 3_334),
        (1, 20, 99.99, 1.0, 0),
        (500, 900, 0.01, -100.0, 0),
    ],
    ids=[
        "a cent",
        "ten cents",
        "eleven",
        "no more is held",
        "a level of three cents",
        "whole shares",
        "the other side is traded",
    ],
)
def test_an_order_that_lacks_cents_of_its_minimum_is_lifted_to_it(
    level: int, most: int, unit_usd: float, lacks: float, lifted_to: int
) -> None:
    """A program counts in dollars and may stop a cent short of the smallest order; a list in cents may not."""
    assert levels.lifted.py_func(level, most, unit_usd, lacks) == lifted_to


def test_an_exact_list_says_that_it_is_exact() -> None:
    assert solve(small(lots=LOTS)).accounts["found_by"].to_list() == ["exact"]
