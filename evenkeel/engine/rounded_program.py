"""The rounded list of one account as a mixed-integer program for HiGHS: whole steps, smallest orders, one side of a security.

Written from the tables, as `evenkeel.engine.checks.program` is, with what that does not have. Prices of the exact list keep it small:
trading that loses more to the bound at these prices than the list at hand is above it cannot be part of a better list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import highspy
import polars as pl

from evenkeel.engine.checks.program import Program, Row, grouped
from evenkeel.engine.codes import FLOORS
from evenkeel.engine.columns import given
from evenkeel.engine.problem import Prepared, Tables
from evenkeel.engine.rounded_trades import (
    CENT,
    HAIR,
    Draft,
    Entries,
    Trade,
    add_trades,
    most_bought,
    purchase_of,
    sale_of,
)
from evenkeel.engine.tables.inputs import Securities

SaleOf = Callable[[Row, Row, Mapping[str, Row], float, Mapping[str, float]], Trade | None]
"""What may be sold of a lot: as `rounded_trades.sale_of`."""

NODES = 400
"""Branches a program is given: limited by number and not by time, so that the same problem has the same list on every machine."""


@dataclass(frozen=True)
class AtHand:
    """What the exact list says of an account: the price of cash, prices of classes there, and its cash after, in dollars."""

    mu: float
    pi: Mapping[str, float]
    cash_usd: float


@dataclass(frozen=True)
class ProgramList:
    """Dollars sold by place of lot and bought by row of security, by account (None: no list was found); and the bound.

    No rounded list that keeps the floors which the exact one keeps has an objective below `bound_usd`.
    """

    trades: dict[str, tuple[dict[int, float], dict[int, float]]] | None
    bound_usd: float


class AccountTables:
    """Rows of some accounts of a prepared problem, looked up by plain dictionaries."""

    def __init__(self, tables: Tables, prepared: Prepared, accounts: list[str]) -> None:
        chosen = prepared.accounts.filter(pl.col("account_id").is_in(accounts))
        self.accounts = {row["account_id"]: row for row in chosen.iter_rows(named=True)}
        lots = prepared.lots.with_row_index("place").join(chosen.select("account_id"), on="account_id", how="semi")
        shelf = given(prepared.securities, Securities).with_row_index("place")
        self._lots = grouped(lots.iter_rows(named=True), "account_id")
        self._shelves = {
            name: {row["security_id"]: row for row in rows}
            for name, rows in grouped(shelf.iter_rows(named=True), "universe_id").items()
        }
        # In key order, whatever that of the rows: of lists that are equally good the solver finds the first.
        models, terms = tables.models.sort("model_id", "asset_class"), tables.cash_terms.sort("cash_plan_id", "term")
        self._models = grouped(models.iter_rows(named=True), "model_id")
        self._terms = grouped(terms.iter_rows(named=True), "cash_plan_id")
        limits = tables.restrictions.join(chosen.select("account_id"), on="account_id", how="semi")
        self._limits = grouped(limits.iter_rows(named=True), "account_id")

    def bands(self, model_id: str) -> dict[str, Row]:
        """Return the model's rows by class."""
        return {row["asset_class"]: row for row in self._models[model_id]}

    def draft(
        self, account_id: str, named: Iterable[str], at_hand: AtHand, program: Program, sale: SaleOf = sale_of
    ) -> Draft:
        """Return the account with what may be traded, nothing of it in the program yet; `named`: classes of its model."""
        account = self.accounts[account_id]
        shelf, limits = (
            self._shelves[account["universe_id"]],
            {row["security_id"]: row for row in self._limits.get(account_id, [])},
        )
        held = dict.fromkeys(("cash", *named), 0.0)
        held["cash"] = account["cash_usd"] - account["spoken_for_usd"]
        lots = self._lots.get(account_id, [])
        for lot in lots:
            security = shelf[lot["security_id"]]
            name = security["asset_class"]
            held[name] = held.get(name, 0.0) + lot["held_qty"] * security["price_usd"]
        net = max(0.0, sum(held.values()))
        sales = [sale(lot, shelf[lot["security_id"]], limits, at_hand.mu, at_hand.pi) for lot in lots]
        buys = [
            purchase_of(security, limits, most_bought(net, held["cash"]), at_hand.mu, at_hand.pi)
            for security in shelf.values()
            if security["asset_class"] in held and net > 0
        ]
        return Draft(
            account,
            shelf,
            net,
            held,
            self._terms.get(account["cash_plan_id"], []),
            [sale for sale in sales if sale is not None],
            [buy for buy in buys if buy is not None],
            program,
            {name: [] for name in held},
        )

    def fill(self, draft: Draft, at_hand: AtHand, objective_usd: float, other_usd: float = 0.0) -> None:
        """Add everything to the draft's program: trades that a better list than `objective_usd` may have, penalties, the cash plan.

        `other_usd`: what the bound at these prices has besides trades and penalties.
        """
        account, bands = draft.account, self.bands(draft.account["model_id"])
        penalties = [
            (name, edges(bands.get(name), draft.net), -at_hand.mu if name == "cash" else at_hand.pi.get(name, 0.0))
            for name in draft.held
        ]
        dual = trades_dual(draft) - at_hand.mu * draft.held["cash"] + other_usd
        for name, band, price in penalties:
            dual += price * draft.held[name] if name != "cash" else 0.0
            dual += penalty_dual(account, band, price, draft if name == "cash" else None)
        add_trades(draft, objective_usd - dual + HAIR * draft.net)
        for name, band, _ in penalties:
            add_penalty(draft.program, draft.flows[name], draft.held[name], band, account)
        add_plan(draft, at_hand.cash_usd)


class RoundedPrograms(AccountTables):
    """Programs of accounts, each alone."""

    def ask(self, account_id: str, at_hand: AtHand, objective_usd: float, solver: highspy.Highs) -> ProgramList:
        """Return the best list within NODES branches, and the bound.

        Args:
            account_id: An account whose exact list is known.
            at_hand: What that says.
            objective_usd: Of the best rounded list so far: no worse one is looked for, and the bound is not above it.
            solver: From `program_solver`; used again for the next account.
        """
        draft = self.draft(account_id, self.bands(self.accounts[account_id]["model_id"]), at_hand, Program())
        self.fill(draft, at_hand, objective_usd)
        return solved(draft.program, [draft], draft.account, objective_usd, draft.net, solver)


def program_solver() -> highspy.Highs:
    """Return a solver that prints nothing, works on one thread, and stops after NODES branches."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    solver.setOptionValue("mip_max_nodes", NODES)
    solver.setOptionValue("mip_rel_gap", 0.0)
    return solver


def edges(band: Row | None, net: float) -> tuple[float, float, float]:
    """Return a class's target and the ends of its band in dollars."""
    if band is None:
        return 0.0, 0.0, 0.0
    return band["target_frac"] * net, band["lower_frac"] * net, band["upper_frac"] * net


def plan_cost(terms: list[Row], net: float, cash: float) -> float:
    """Return what the terms of a cash plan cost at that cash."""
    total = 0.0
    for term in terms:
        over: float = cash - term["at_frac"] * net - term["at_usd"]
        total += term["above_cost_frac"] * over if over > 0 else -term["below_cost_frac"] * over
    return total


def trades_dual(draft: Draft) -> float:
    """Return what trades add to the bound of docs/methodology/engine.md, "The proof"; both sides of a security are allowed in it."""
    total = sum(min(0.0, sale.reduced) * sale.room for sale in draft.sales)
    for name in draft.held:
        left = most_bought(draft.net, draft.held["cash"])
        of_class: list[Trade] = [buy for buy in draft.buys if buy.security["asset_class"] == name and buy.reduced < 0]
        for buy in sorted(of_class, key=lambda buy: buy.reduced):
            amount = min(left, buy.room)
            total += buy.reduced * amount
            left -= amount
    return total


def penalty_dual(policy: Row, band: tuple[float, float, float], price: float, cash_of: Draft | None) -> float:
    """Return the least of penalty less `price` a dollar over all values of a class; of an account's cash, its plan with it."""
    target, lower, upper = band
    places = [target, lower, upper]
    if cash_of is not None:
        places += [term["at_frac"] * cash_of.net + term["at_usd"] for term in cash_of.terms]
    costs: list[float] = []
    for at in places:
        cost = policy["target_cost_frac"] * abs(at - target) - price * at
        cost += policy["band_cost_frac"] * max(lower - at, at - upper, 0.0)
        costs.append(cost + (plan_cost(cash_of.terms, cash_of.net, at) if cash_of is not None else 0.0))
    return min(costs)


def add_penalty(program: Program, entries: Entries, held: float, band: tuple[float, float, float], policy: Row) -> None:
    """Add a class's distance from target and from its band."""
    target, lower, upper = band
    over, under = (program.variable(policy["target_cost_frac"]) for _ in range(2))
    above, below = (program.variable(policy["band_cost_frac"]) for _ in range(2))
    program.row(target - held, target - held, [*entries, (over, -1.0), (under, 1.0)])
    program.row(-highspy.kHighsInf, upper - held, [*entries, (above, -1.0)])
    program.row(lower - held, highspy.kHighsInf, [*entries, (below, 1.0)])


def add_plan(draft: Draft, exact_cash_usd: float) -> None:
    """Add the account's cash plan, and the floors that the exact list keeps."""
    program, cash, flow = draft.program, draft.held["cash"], draft.flows["cash"]
    floor = min(0.0, exact_cash_usd)
    for term in draft.terms:
        at = term["at_frac"] * draft.net + term["at_usd"]
        over, under = program.variable(term["above_cost_frac"]), program.variable(term["below_cost_frac"])
        program.row(at - cash, at - cash, [*flow, (over, -1.0), (under, 1.0)])
        if term["term"] in FLOORS and exact_cash_usd >= at - 1e-6:
            floor = max(floor, at)
    program.row(floor - cash - CENT - draft.hidden_usd, highspy.kHighsInf, flow)


def solved(
    program: Program, drafts: list[Draft], policy: Row, objective_usd: float, net: float, solver: highspy.Highs,
    fixed_usd: float = 0.0,
) -> ProgramList:  # fmt: skip
    """Return what HiGHS finds; `fixed_usd` is what no trade changes, beyond the program's own costs."""
    solver.clearModel()
    solver.setOptionValue("mip_abs_gap", 1e-6 * net)
    solver.passModel(program.model())
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    # Tax and costs of a dollar, then all that a dollar of a class and of cash may cost.
    steepest = 2.0 + 3 * (policy["target_cost_frac"] + policy["band_cost_frac"])
    hidden = sum(
        draft.hidden_usd * (steepest + sum(term["above_cost_frac"] + term["below_cost_frac"] for term in draft.terms))
        for draft in drafts
    )
    bound = info.mip_dual_bound + fixed_usd - hidden - HAIR * net if program.integer else -math.inf
    if not math.isfinite(bound) or status == highspy.HighsModelStatus.kInfeasible:
        bound = -math.inf  # Smallest orders can keep every list from a floor.
    bound = min(bound, objective_usd)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return ProgramList(None, bound)
    values: Any = solver.getSolution().col_value
    trades = {}
    for draft in drafts:
        sold = {place: sum(values[column] for column in columns) for place, columns in draft.sold.items()}
        bought = {place: values[column] for place, column in draft.bought.items()}
        trades[draft.account["account_id"]] = _traded(sold), _traded(bought)
    return ProgramList(trades, bound)


def _traded(amounts: dict[int, float]) -> dict[int, float]:
    return {place: usd for place, usd in amounts.items() if usd > CENT / 2}
