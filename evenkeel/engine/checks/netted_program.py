"""Netted taxes and budgets as linear or mixed-integer programs for HiGHS, written from the tables and the rule alone.

The year's tax is linear in each of five cases (the table of `evenkeel.rules.netting`), so the exact program is the best of five, each held
to its case by rows; nothing of the engine's two convex parts is used. Households of several tax units: every combination of cases.
"""

from __future__ import annotations

import itertools
from copy import deepcopy
from dataclasses import dataclass, field

import highspy

from evenkeel.engine.checks.household_program import HouseholdPrograms
from evenkeel.engine.checks.program import Program, Programs, Row, add_sales
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.problem import Tables

Entries = list[tuple[int, float]]
FREE = highspy.kHighsInf


@dataclass
class UnitGains:
    """What a dollar of each column adds to the unit's short-term and long-term gain."""

    short: Entries = field(default_factory=list)
    long: Entries = field(default_factory=list)


def rates_of(unit: Row) -> dict[str, float]:
    """Return the unit's rates by kind, the state's added."""
    return {name: float(unit[f"{name}_rate_frac"] + unit["state_rate_frac"]) for name in ("short", "long", "ordinary")}


def unit_tax(unit: Row, short: float, long: float) -> float:
    """Return the year's tax less the carry-over's value at net gains, from the rule's table."""
    total, limit, rate = short + long, float(unit["deduction_limit_usd"]), rates_of(unit)
    if total < -limit:
        return -rate["ordinary"] * limit + float(unit["carry_value_frac"] or 0.0) * (total + limit)
    if total < 0:
        return rate["ordinary"] * total
    if short >= 0 and long >= 0:
        return rate["short"] * short + rate["long"] * long
    return (rate["short"] if long < 0 else rate["long"]) * total


def hold_to_case(program: Program, unit: Row, gains: UnitGains, case: int) -> float:
    """Hold the program to a case of the unit's tax, add that tax to its costs, and return what is constant of it."""
    short = float(unit["realised_short_usd"] - unit["carry_short_usd"])
    long = float(unit["realised_long_usd"] - unit["carry_long_usd"])
    limit, carry, rate = float(unit["deduction_limit_usd"]), float(unit["carry_value_frac"] or 0.0), rates_of(unit)
    of_short, of_long, fixed = {
        0: (rate["short"], rate["long"], 0.0),
        1: (rate["short"], rate["short"], 0.0),
        2: (rate["long"], rate["long"], 0.0),
        3: (rate["ordinary"], rate["ordinary"], 0.0),
        4: (carry, carry, (carry - rate["ordinary"]) * limit),
    }[case]
    both = [*gains.short, *gains.long]
    low, high = {0: (None, None), 1: (0.0, FREE), 2: (0.0, FREE), 3: (-limit, 0.0), 4: (-FREE, -limit)}[case]
    if low is not None and high is not None:
        program.row(low - short - long if low > -FREE else -FREE, high - short - long if high < FREE else FREE, both)
    if case in (0, 1):
        program.row(-short, FREE, gains.short)
    if case in (0, 2):
        program.row(-long, FREE, gains.long)
    if case == 1:
        program.row(-FREE, -long, gains.long)
    if case == 2:
        program.row(-FREE, -short, gains.short)
    for entries, price in ((gains.short, of_short), (gains.long, of_long)):
        for column, gain in entries:
            program.cost[column] += price * gain
    return of_short * short + of_long * long + fixed


def least_over_cases(program: Program, units: list[tuple[Row, UnitGains]], solver: highspy.Highs) -> float:
    """Return the least cost of the program with the units' taxes, over every combination of their cases; budgets kept."""
    before = 0.0
    for unit, gains in units:
        realised = unit["realised_short_usd"] + unit["realised_long_usd"]
        before += unit_tax(
            unit,
            unit["realised_short_usd"] - unit["carry_short_usd"],
            unit["realised_long_usd"] - unit["carry_long_usd"],
        )
        if unit["gain_budget_usd"] is not None:
            program.row(-FREE, max(0.0, unit["gain_budget_usd"] - realised), [*gains.short, *gains.long])
    best = FREE
    for cases in itertools.product(range(5), repeat=len(units)):
        held, fixed = deepcopy(program), 0.0
        for (unit, gains), case in zip(units, cases, strict=True):
            fixed += hold_to_case(held, unit, gains, case)
        found = held.minimum_or_none(solver)
        if found is not None:
            best = min(best, found + fixed - before)
    return best


def add_netted_sale(
    program: Program, lot: Row, security: Row, value: float, unit: Row, gains: UnitGains
) -> tuple[list[int], float]:
    """Add the sale of a lot whose gain is netted: as `add_sales`, its tax left to the unit."""
    most = unit["short_rate_frac"] + unit["state_rate_frac"]
    columns, saves = add_sales(program, {**lot, "gain_rate_frac": most}, security, value)
    gain = (security["price_usd"] - lot["unit_basis_usd"]) / security["price_usd"]
    for column in columns:
        program.cost[column] = security["sell_cost_frac"]
    counted = columns[-1] if len(columns) == 2 else columns[0]
    if gain > 0 or lot["washed_qty"] < lot["held_qty"]:
        (gains.long if lot["is_long_term"] else gains.short).append((counted, gain))
    return columns, saves


class NettedPrograms(Programs):
    """Programs of accounts alone with tax units and turnover budgets."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._units = {row["tax_unit_id"]: row for row in tables.tax_units.iter_rows(named=True)}
        self._gains = UnitGains()
        self._sales: list[int] = []

    def least_objective(self, account_id: str, solver: highspy.Highs, *, allow_pairs: bool = False) -> float:
        """Return the account's least objective in dollars: as `Programs.least_objective`."""
        self._gains, self._sales = UnitGains(), []
        return super().least_objective(account_id, solver, allow_pairs=allow_pairs)

    def is_kept(self, account: Row, lot: Row) -> bool:
        """Tell whether the lot may not be sold because its tax is not known."""
        if account["tax_unit_id"] is None:
            return super().is_kept(account, lot)
        return lot["unit_basis_usd"] is None or lot["is_long_term"] is None

    def add_sale(
        self, program: Program, account: Row, lot: Row, security: Row, value: float
    ) -> tuple[list[int], float]:
        """Add the sale of a lot, and note its gain."""
        if account["tax_unit_id"] is None:
            columns, saves = add_sales(program, lot, security, value)
        else:
            unit = self._units[account["tax_unit_id"]]
            columns, saves = add_netted_sale(program, lot, security, value, unit, self._gains)
        self._sales += columns
        return columns, saves

    def least(self, program: Program, account: Row, net: float, solver: highspy.Highs) -> float:
        """Return the least cost of the program of an account worth `net`, over all cases."""
        if account["turnover_budget_frac"] is not None:
            program.row(-FREE, account["turnover_budget_frac"] * net, [(column, 1.0) for column in self._sales])
        unit = self._units.get(account["tax_unit_id"])
        return least_over_cases(program, [] if unit is None else [(unit, self._gains)], solver)


class NettedHouseholdPrograms(HouseholdPrograms):
    """Programs of households with tax units and turnover budgets."""

    def __init__(self, tables: HouseholdTables) -> None:
        super().__init__(tables)
        self._units = {row["tax_unit_id"]: row for row in tables.tax_units.iter_rows(named=True)}
        self._gains: dict[str, UnitGains] = {}

    def least_objective(self, household_id: str, solver: highspy.Highs, *, allow_pairs: bool = False) -> float:
        """Return the household's least objective in dollars: as `HouseholdPrograms.least_objective`."""
        self._gains = {}
        return super().least_objective(household_id, solver, allow_pairs=allow_pairs)

    def is_kept(self, account: Row, lot: Row) -> bool:
        """Tell whether the lot may not be sold because its tax is not known."""
        if account["tax_unit_id"] is None:
            return super().is_kept(account, lot)
        return lot["unit_basis_usd"] is None or lot["is_long_term"] is None

    def add_sale(
        self, program: Program, account: Row, lot: Row, security: Row, value: float
    ) -> tuple[list[int], float]:
        """Add the sale of a lot, and note its gain."""
        name = account["tax_unit_id"]
        if name is None:
            return add_sales(program, lot, security, value)
        gains = self._gains.setdefault(name, UnitGains())
        return add_netted_sale(program, lot, security, value, self._units[name], gains)

    def account_done(self, program: Program, account: Row, net: float, sales: list[int]) -> None:
        """Keep the account's turnover budget."""
        if account["turnover_budget_frac"] is not None:
            program.row(-FREE, account["turnover_budget_frac"] * net, [(column, 1.0) for column in sales])

    def least(self, program: Program, solver: highspy.Highs) -> float:
        """Return the least cost of the program of a household, over all cases of its units."""
        return least_over_cases(program, [(self._units[name], gains) for name, gains in self._gains.items()], solver)
