"""One account as a linear or mixed-integer program for HiGHS, written from the tables alone.

Nothing of the engine's preparation is used. Binary variables come in only where the problem is not linear: a security that pays to be sold
and bought back (one side only), and a loss that is partly disallowed (its disallowed units go first).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from evenkeel.engine.problem import Tables

Row = dict[str, Any]


@dataclass
class Program:
    """Columns (cost, lower, upper, whether integer) and rows (lower, upper, entries) of a program to be minimised."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def variable(self, cost: float, upper: float = highspy.kHighsInf, *, is_binary: bool = False) -> int:
        """Add a variable from 0 to `upper` and return its number."""
        self.cost.append(cost)
        self.upper.append(upper)
        if is_binary:
            self.integer.append(len(self.cost) - 1)
        return len(self.cost) - 1

    def row(self, lower: float, upper: float, entries: Iterable[tuple[int, float]]) -> None:
        """Add lower <= sum of value * variable <= upper."""
        for index, value in entries:
            self.index.append(index)
            self.value.append(value)
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        self.starts.append(len(self.index))

    def model(self) -> highspy.HighsLp:
        """Return the program as HiGHS takes it."""
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.cost), len(self.row_lower)
        model.col_cost_ = np.array(self.cost)
        model.col_lower_, model.col_upper_ = np.zeros(len(self.cost)), np.array(self.upper)
        model.row_lower_, model.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = np.array(self.starts), np.array(self.index)
        model.a_matrix_.value_ = np.array(self.value)
        if self.integer:
            kinds = [highspy.HighsVarType.kContinuous] * len(self.cost)
            for column in self.integer:
                kinds[column] = highspy.HighsVarType.kInteger
            model.integrality_ = kinds
        return model

    def minimum(self, solver: highspy.Highs) -> float:
        """Return the least cost.

        Raises:
            RuntimeError: HiGHS found no optimum; every account has one.
        """
        least = self.minimum_or_none(solver)
        if least is None:
            raise RuntimeError(f"HiGHS: {solver.modelStatusToString(solver.getModelStatus())}")
        return least

    def minimum_or_none(self, solver: highspy.Highs) -> float | None:
        """Return the least cost; None: nothing keeps all rows.

        Raises:
            RuntimeError: HiGHS told neither.
        """
        solver.passModel(self.model())
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS: {solver.modelStatusToString(solver.getModelStatus())}")
        return float(solver.getInfo().objective_function_value)


def quiet_solver() -> highspy.Highs:
    """Return a solver that prints nothing, works on one thread and is held to its tightest tolerances."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("primal_feasibility_tolerance", 1e-10)
    solver.setOptionValue("dual_feasibility_tolerance", 1e-10)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 1e-9)
    return solver


class Programs:
    """Programs of the accounts of a problem; rows are looked up by plain dictionaries."""

    def __init__(self, tables: Tables) -> None:
        self.accounts = {row["account_id"]: row for row in tables.accounts.iter_rows(named=True)}
        self._models = grouped(tables.models.iter_rows(named=True), "model_id")
        self._securities = grouped(tables.securities.iter_rows(named=True), "universe_id")
        self._lots = grouped(tables.lots.iter_rows(named=True), "account_id")
        self._terms = grouped(tables.cash_terms.iter_rows(named=True), "cash_plan_id")
        self._limits = grouped(tables.restrictions.iter_rows(named=True), "account_id")

    def least_objective(self, account_id: str, solver: highspy.Highs, *, allow_pairs: bool = False) -> float:
        """Return the account's least objective in dollars.

        Args:
            account_id: An account that the engine has solved.
            solver: From `quiet_solver`; used again for the next account.
            allow_pairs: Let a security be sold and bought back, as the engine's bound does.
        """
        account = self.accounts[account_id]
        lots = self._lots.get(account_id, [])
        limits = {row["security_id"]: row for row in self._limits.get(account_id, [])}
        securities = {row["security_id"]: row for row in self._securities[account["universe_id"]]}
        cash = account["cash_usd"] - account["spoken_for_usd"]
        net = cash + sum(lot["held_qty"] * securities[lot["security_id"]]["price_usd"] for lot in lots)
        most = net - min(0.0, cash)
        program = Program()
        flows: dict[str, list[tuple[int, float]]] = {"cash": []}
        held: dict[str, float] = {"cash": cash}
        bands = {row["asset_class"]: row for row in self._models[account["model_id"]]}
        for name in bands:
            flows.setdefault(name, [])
            held.setdefault(name, 0.0)
        sales: dict[str, list[int]] = {}
        pairs: set[str] = set()
        for lot in lots:
            security = securities[lot["security_id"]]
            name = security["asset_class"]
            value = lot["held_qty"] * security["price_usd"]
            held[name] = held.get(name, 0.0) + value
            flows.setdefault(name, [])
            limit = limits.get(lot["security_id"])
            if not lot["is_sellable"] or value <= 0 or (limit is not None and limit["is_sell_barred"]):
                continue
            if self.is_kept(account, lot):
                continue
            columns, saves = self.add_sale(program, account, lot, security, value)
            flows[name] += [(column, -1.0) for column in columns]
            flows["cash"] += [(column, 1.0) for column in columns]
            sales.setdefault(lot["security_id"], []).extend(columns)
            if security["buy_cost_frac"] + saves < 0:
                pairs.add(lot["security_id"])
        for name in flows:
            bought = []
            for security in securities.values():
                if (
                    security["asset_class"] != name
                    or not security["is_buyable"]
                    or not (security["price_usd"] or 0) > 0
                ):
                    continue
                limit = limits.get(security["security_id"])
                if limit is not None and limit["is_buy_barred"]:
                    continue
                cap = most if limit is None or limit["buy_cap_usd"] is None else min(most, limit["buy_cap_usd"])
                column = program.variable(security["buy_cost_frac"], cap)
                bought.append(column)
                if security["security_id"] in pairs and not allow_pairs:
                    keep_one_side(program, sales[security["security_id"]], column, most)
            if bought:
                program.row(-highspy.kHighsInf, most, [(column, 1.0) for column in bought])
                flows[name] += [(column, 1.0) for column in bought]
                flows["cash"] += [(column, -1.0) for column in bought]
        for name, entries in flows.items():
            band = bands.get(name, {"target_frac": 0.0, "lower_frac": 0.0, "upper_frac": 0.0})
            _penalise(program, entries, held[name], net, band, account)
        for term in self._terms.get(account["cash_plan_id"], []):
            at = term["at_frac"] * net + term["at_usd"]
            over, under = program.variable(term["above_cost_frac"]), program.variable(term["below_cost_frac"])
            program.row(at - cash, at - cash, [*flows["cash"], (over, -1.0), (under, 1.0)])
        return self.least(program, account, net, solver)

    def is_kept(self, account: Row, lot: Row) -> bool:
        """Tell whether the lot may not be sold because its tax is not known."""
        return lot["unit_basis_usd"] is None and bool(lot["gain_rate_frac"] > 0)

    def add_sale(
        self, program: Program, account: Row, lot: Row, security: Row, value: float
    ) -> tuple[list[int], float]:
        """Add the sale of a lot: as `add_sales`."""
        return add_sales(program, lot, security, value)

    def least(self, program: Program, account: Row, net: float, solver: highspy.Highs) -> float:
        """Return the least cost of the program of an account worth `net`."""
        return program.minimum(solver)


def grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    """Return rows by the text of a column."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return groups


def add_sales(program: Program, lot: Row, security: Row, value: float) -> tuple[list[int], float]:
    """Add the sale of a lot and return its columns, and the least that a dollar sold may cost."""
    half_spread, price = security["sell_cost_frac"], security["price_usd"]
    tax = 0.0 if not lot["gain_rate_frac"] else lot["gain_rate_frac"] * (price - lot["unit_basis_usd"]) / price
    washed = min(lot["washed_qty"] * price, value) if tax < 0 else 0.0
    if washed <= 0:
        return [program.variable(half_spread + tax, value)], half_spread + tax
    first, rest = program.variable(half_spread, washed), program.variable(half_spread + tax, value - washed)
    is_past = program.variable(0.0, 1.0, is_binary=True)
    program.row(0.0, highspy.kHighsInf, [(first, 1.0), (is_past, -washed)])
    program.row(-highspy.kHighsInf, 0.0, [(rest, 1.0), (is_past, washed - value)])
    return [first, rest], half_spread + tax


def keep_one_side(program: Program, sales: list[int], purchase: int, most: float) -> None:
    """Let the security be sold or bought, not both."""
    is_sold = program.variable(0.0, 1.0, is_binary=True)
    program.row(-highspy.kHighsInf, most, [(purchase, 1.0), (is_sold, most)])
    for column in sales:
        program.row(-highspy.kHighsInf, 0.0, [(column, 1.0), (is_sold, -program.upper[column])])


def _penalise(
    program: Program, entries: list[tuple[int, float]], held: float, net: float, band: Row, account: Row
) -> None:
    """Add the class's distance from target and from its band."""
    over, under = (program.variable(account["target_cost_frac"]) for _ in range(2))
    above, below = (program.variable(account["band_cost_frac"]) for _ in range(2))
    target = band["target_frac"] * net - held
    program.row(target, target, [*entries, (over, -1.0), (under, 1.0)])
    program.row(-highspy.kHighsInf, band["upper_frac"] * net - held, [*entries, (above, -1.0)])
    program.row(band["lower_frac"] * net - held, highspy.kHighsInf, [*entries, (below, 1.0)])
