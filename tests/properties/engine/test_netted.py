"""What always holds of netted taxes and budgets, whatever the problem."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import FilingStatus
from evenkeel.engine.answer import Answer
from evenkeel.engine.checks.assertions import violations
from evenkeel.engine.checks.household_assertions import household_violations
from evenkeel.engine.checks.netted_program import NettedHouseholdPrograms, NettedPrograms, unit_tax
from evenkeel.engine.checks.program import quiet_solver
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.rules.netting import TaxRates, year_tax
from tests.unit.engine.netted_problems import netted_households, netted_tables

SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=20, deadline=None)
TOLERANCE = 1e-9
SOLVED = pl.col("nav_usd").is_not_null()


@cache
def _warm() -> None:
    for is_rounded in (False, True):
        solve(netted_tables(0, 2), is_rounded=is_rounded)
    solve_households(netted_households(0, 1))


@pytest.fixture(autouse=True)
def _compiled() -> None:
    _warm()


def stepped(tables: Tables, step: float | None, ticket: float | None) -> Tables:
    """Return the tables with one step and one smallest order for every security."""
    columns = (pl.lit(step, pl.Float64).alias("unit_step_qty"), pl.lit(ticket, pl.Float64).alias("min_ticket_usd"))
    return replace(tables, securities=tables.securities.with_columns(*columns))


def gains_by_term(tables: Tables, trades: pl.DataFrame) -> dict[tuple[str, bool], Decimal]:
    """Return what counts of the trades' gains, by account and term."""
    terms = tables.lots.select("account_id", "security_id", "lot_id", "is_long_term")
    sums: dict[tuple[str, bool], Decimal] = {}
    known = trades.filter(pl.col("gain_usd").is_not_null())
    for row in known.join(terms, on=["account_id", "security_id", "lot_id"]).iter_rows(named=True):
        key = (row["account_id"], row["is_long_term"])
        counted = Decimal(repr(row["gain_usd"])) + Decimal(repr(row["disallowed_usd"]))
        sums[key] = sums.get(key, Decimal(0)) + counted
    return sums


def budgets_broken(tables: Tables, answer: Any) -> list[str]:
    """Return accounts and units whose budgets are not kept, to the cent."""
    units = tables.tax_units.with_columns(
        (pl.col("realised_short_usd") + pl.col("realised_long_usd")).alias("realised")
    ).select("tax_unit_id", "realised", pl.max_horizontal("gain_budget_usd", "realised").alias("most"))
    over = answer.tax_results.join(units, on="tax_unit_id").filter(
        pl.col("gain_budget_usd").is_not_null() & (pl.col("budget_used_usd") > pl.col("most") + 0.0151)
    )
    rows = answer.accounts if isinstance(answer, Answer) else answer.household_accounts
    sold = rows.join(tables.accounts.select("account_id", "turnover_budget_frac"), on="account_id").filter(
        pl.col("sold_usd") > pl.col("turnover_budget_frac") * pl.col("nav_usd").clip(0) + 0.0051
    )
    return [str(name) for name in [*over["tax_unit_id"], *sold["account_id"]]]


@QUICK
@given(SEEDS, st.booleans())
def test_the_objective_is_that_of_the_exact_program(seed: int, losses: bool) -> None:
    tables = netted_tables(seed, 10, losses=losses)
    answer = solve(tables)
    programs, solver = NettedPrograms(tables), quiet_solver()
    assert violations(tables, answer) == []
    assert budgets_broken(tables, answer) == []
    for row in answer.accounts.filter(SOLVED).iter_rows(named=True):
        exact = programs.least_objective(row["account_id"], solver)
        assert row["objective_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])
        assert row["bound_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])


@QUICK
@given(SEEDS)
def test_where_losses_are_disallowed_the_exact_objective_is_between_bound_and_list(seed: int) -> None:
    tables = netted_tables(seed, 10, washed=True)
    answer = solve(tables)
    programs, solver = NettedPrograms(tables), quiet_solver()
    assert violations(tables, answer) == []
    for row in answer.accounts.filter(SOLVED).iter_rows(named=True):
        exact = programs.least_objective(row["account_id"], solver)
        assert row["bound_usd"] <= exact + TOLERANCE * row["nav_usd"]
        assert row["objective_usd"] >= exact - TOLERANCE * row["nav_usd"]


@QUICK
@given(SEEDS, st.sampled_from([1, 2, 2, 3]))
def test_a_households_objective_is_that_of_the_exact_program(seed: int, units: int) -> None:
    tables = netted_households(seed, 3, most_accounts=3, most_units=units)
    answer = solve_households(tables)
    programs, solver = NettedHouseholdPrograms(tables), quiet_solver()
    assert household_violations(tables, answer) == []
    assert budgets_broken(tables, answer) == []
    for row in answer.households.filter(SOLVED).iter_rows(named=True):
        exact = programs.least_objective(row["household_id"], solver)
        assert row["objective_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])
        assert row["bound_usd"] == pytest.approx(exact, abs=TOLERANCE * row["nav_usd"])


@QUICK
@given(SEEDS, st.booleans(), st.sampled_from([0.0, 250.0]), st.booleans())
def test_no_list_is_worse_than_that_of_the_lots_own_rates(
    seed: int, washed: bool, dust: float, is_rounded: bool
) -> None:
    tables = netted_tables(seed, 10, washed=washed, dust=dust, budgets=False)
    answer = solve(tables, is_rounded=is_rounded)
    # Sums of the lots that both may sell: own rates take lots whose term is not known, netted taxes do not.
    tables = replace(
        tables, lots=tables.lots.with_columns(pl.col("is_sellable") & pl.col("is_long_term").is_not_null())
    )
    own = solve(
        replace(
            tables,
            accounts=tables.accounts.with_columns(pl.lit(None, pl.String).alias("tax_unit_id")),
            lots=tables.lots.with_columns(pl.col("is_sellable") & pl.col("unit_basis_usd").is_not_null()),
        ),
        is_rounded=is_rounded,
        programs=0,
    )
    gains = gains_by_term(tables, own.trades.filter(pl.col("side") == "sell"))
    units = {row["tax_unit_id"]: row for row in tables.tax_units.iter_rows(named=True)}
    whose = dict(tables.accounts.select("account_id", "tax_unit_id").iter_rows())
    for row in own.accounts.filter(SOLVED).iter_rows(named=True):
        unit, account = units.get(whose[row["account_id"]]), row["account_id"]
        if unit is None:
            continue
        short = unit["realised_short_usd"] - unit["carry_short_usd"]
        long = unit["realised_long_usd"] - unit["carry_long_usd"]
        of_short, of_long = (float(gains.get((account, term), Decimal(0))) for term in (False, True))
        tax = unit_tax(unit, short + of_short, long + of_long) - unit_tax(unit, short, long)
        ours = answer.accounts.row(by_predicate=pl.col("account_id") == account, named=True)
        slack = 0.05 if is_rounded else TOLERANCE * row["nav_usd"]
        assert ours["objective_usd"] <= row["objective_usd"] - row["tax_usd"] + tax + slack


@QUICK
@given(SEEDS, st.booleans(), st.sampled_from([(1.0, None), (0.001, None), (None, None), (1.0, 500.0)]))
def test_a_rounded_list_keeps_every_rule_and_states_the_tax_of_the_year(
    seed: int, washed: bool, steps: tuple[float | None, float | None]
) -> None:
    tables = stepped(netted_tables(seed, 10, washed=washed, dust=1.0), *steps)
    answer = solve(tables, is_rounded=True)
    assert violations(tables, answer) == []
    assert budgets_broken(tables, answer) == []
    # Not to a cent, nor to a thousandth: floating point is all that a list may seem better than its bound.
    assert (answer.accounts.filter(SOLVED)["gap_frac"] >= -1e-13).all()
    gains = gains_by_term(tables, answer.trades.filter(pl.col("side") == "sell"))
    units = {row["tax_unit_id"]: row for row in tables.tax_units.iter_rows(named=True)}
    for row in answer.tax_results.iter_rows(named=True):
        unit = units[row["tax_unit_id"]]
        rates = TaxRates(*(unit[f"{kind}_rate_frac"] for kind in ("short", "long", "ordinary", "state")))
        status = FilingStatus.SINGLE if unit["deduction_limit_usd"] == 3_000 else FilingStatus.SEPARATE
        short, long, carry_short, carry_long = (
            Decimal(repr(unit[f"{name}_usd"]))
            for name in ("realised_short", "realised_long", "carry_short", "carry_long")
        )
        of_short, of_long = (gains.get((row["problem_id"], term), Decimal(0)) for term in (False, True))
        before, after = (
            year_tax(short + s, long + n, carry_short, carry_long, rates, status)
            for s, n in ((0, 0), (of_short, of_long))
        )
        assert Decimal(str(row["tax_usd"])) == after.total_usd - before.total_usd
        assert Decimal(str(row["deducted_usd"])) == after.netted.deducted_usd
        assert Decimal(str(row["carry_short_after_usd"])) == after.netted.carry_short_usd
        assert Decimal(str(row["carry_long_after_usd"])) == after.netted.carry_long_usd


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.booleans(), st.sampled_from([(1.0, None), (1.0, 500.0)]))
def test_a_programs_list_is_no_worse_than_the_searchs_and_no_gap_wider(
    seed: int, washed: bool, steps: tuple[float | None, float | None]
) -> None:
    tables = stepped(netted_tables(seed, 10, washed=washed, dust=1.0), *steps)
    searched, answer = (solve(tables, is_rounded=True, programs=programs) for programs in (0, 20))
    assert violations(tables, answer) == []
    assert budgets_broken(tables, answer) == []
    both = answer.accounts.filter(SOLVED).join(searched.accounts, on="account_id", suffix="_searched")
    hair = 1e-9 * pl.col("nav_usd")
    assert both.filter(pl.col("objective_usd") > pl.col("objective_usd_searched") + hair).height == 0
    assert both.filter(pl.col("bound_usd") < pl.col("bound_usd_searched") - hair).height == 0
    assert both.filter(pl.col("bound_usd") > pl.col("objective_usd") + hair).height == 0


@QUICK
@given(SEEDS, st.integers(0, 99), st.booleans())
def test_the_order_of_rows_does_not_matter(seed: int, order: int, is_rounded: bool) -> None:
    tables = netted_tables(seed, 8, washed=True)
    shuffled = Tables(
        **{f.name: getattr(tables, f.name).sample(fraction=1, shuffle=True, seed=order) for f in fields(tables)}
    )
    one, other = (solve(t, is_rounded=is_rounded) for t in (tables, shuffled))
    for table in fields(Answer):
        assert getattr(one, table.name).equals(getattr(other, table.name)), table.name


@QUICK
@given(SEEDS, st.booleans())
def test_accounts_without_a_unit_or_budget_are_solved_as_ever(seed: int, is_rounded: bool) -> None:
    tables = netted_tables(seed, 8)
    plain = replace(tables, accounts=tables.accounts.drop("tax_unit_id", "turnover_budget_frac"))
    alone = tables.accounts.filter(pl.col("tax_unit_id").is_null() & pl.col("turnover_budget_frac").is_null())
    one, other = (solve(t, is_rounded=is_rounded) for t in (tables, plain))
    for name in ("accounts", "classes", "trades"):
        rows = [getattr(a, name).join(alone.select("account_id"), on="account_id", how="semi") for a in (one, other)]
        assert rows[0].equals(rows[1]), name


def test_a_budget_that_does_not_bind_is_kept_by_another_list_not_by_none() -> None:
    """An account whose best list is within its budget of gains, and past it by a share once it is in whole shares."""
    tables = stepped(netted_tables(22, 40, dust=1.0), 1.0, None)
    account = solve(tables, is_rounded=True, programs=0).accounts.row(
        by_predicate=pl.col("account_id") == "A00030", named=True
    )
    assert account["trade_count"] > 0
    assert account["gap_frac"] < 0.003


@pytest.mark.parametrize(
    ("seed", "account_id", "most_usd"), [(3, "A00030", 20.0), (4, "A00118", 120.0), (4, "A00082", 5.0)]
)
def test_near_a_corner_of_the_year_the_search_stays_near_it(seed: int, account_id: str, most_usd: float) -> None:
    """These drifted from it by a share or two, since at the rates of a corner one place is as good as another: 141, 292, 50 dollars."""
    tables = stepped(netted_tables(seed, 120, budgets=False), 1.0, None)
    row = solve(tables, is_rounded=True, programs=0).accounts.row(
        by_predicate=pl.col("account_id") == account_id, named=True
    )
    assert row["gap_usd"] < most_usd
