"""The rounded lists of one household as a mixed-integer program for HiGHS, as `evenkeel.engine.rounded_program` is for one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import highspy
import polars as pl

from evenkeel.engine.checks.program import Program, Row, grouped
from evenkeel.engine.households.problem import HouseholdTables, PreparedHouseholds
from evenkeel.engine.rounded_program import (
    AccountTables,
    AtHand,
    ProgramList,
    SaleOf,
    add_penalty,
    add_plan,
    edges,
    penalty_dual,
    plan_cost,
    solved,
    trades_dual,
)
from evenkeel.engine.rounded_trades import HAIR, Draft, Entries, add_trades, sale_of


@dataclass(frozen=True)
class Written:
    """A household's program: a draft for each account, its value and what its assets cost by their location now, in dollars."""

    program: Program
    drafts: list[Draft]
    household: Row
    net: float
    location_usd: float

    def solved(self, objective_usd: float, solver: highspy.Highs, other_usd: float = 0.0) -> ProgramList:
        """Return what HiGHS finds; `other_usd` is what no trade changes, beyond the program's own costs and location."""
        fixed = self.location_usd + other_usd
        return solved(self.program, self.drafts, self.household, objective_usd, self.net, solver, fixed)


class RoundedHouseholdPrograms(AccountTables):
    """Programs of households of a prepared problem."""

    def __init__(self, tables: HouseholdTables, prepared: PreparedHouseholds, households: list[str]) -> None:
        of = prepared.members.filter(pl.col("household_id").is_in(households))
        super().__init__(tables, prepared.prepared, of["account_id"].to_list())
        self._members = grouped(of.iter_rows(named=True), "household_id")
        self._households = {row["household_id"]: row for row in prepared.households.iter_rows(named=True)}
        self._locations = {
            (row["location_id"], row["asset_class"]): row["location_cost_frac"]
            for row in tables.location_costs.iter_rows(named=True)
        }

    def ask(
        self,
        household_id: str,
        at_hand: Mapping[str, AtHand],
        pi: Mapping[str, float],
        objective_usd: float,
        solver: highspy.Highs,
    ) -> ProgramList:
        """Return the best lists within NODES branches, and the bound.

        Args:
            household_id: A household whose exact lists are known.
            at_hand: By account what they say; prices of classes there count `location_cost_frac` in.
            pi: Prices of classes of the household, cash too.
            objective_usd: Of the best rounded lists so far: no worse ones are looked for, and the bound is not above it.
            solver: From `program_solver`; used again for the next household.
        """
        return self.write(household_id, at_hand, pi, objective_usd).solved(objective_usd, solver)

    def write(
        self,
        household_id: str,
        at_hand: Mapping[str, AtHand],
        pi: Mapping[str, float],
        objective_usd: float,
        sales: Mapping[str, SaleOf] | None = None,
        other_usd: float = 0.0,
    ) -> Written:
        """Return the program, lots taxed at their own rates.

        Args:
            household_id: As for `ask`.
            at_hand: As for `ask`.
            pi: As for `ask`.
            objective_usd: As for `ask`.
            sales: By account, what may be sold of a lot, where that is not for the lot's own rate.
            other_usd: What the bound at these prices has besides trades, penalties, cash and location.
        """
        household = self._households[household_id]
        bands, program = self.bands(household["model_id"]), Program()
        drafts = [
            self.draft(name, bands, at_hand[name], program, (sales or {}).get(name, sale_of))
            for name in (row["account_id"] for row in self._members[household_id])
        ]
        classes = sorted({name for draft in drafts for name in draft.held})
        held = {name: sum(draft.held.get(name, 0.0) for draft in drafts) for name in classes}
        total = sum(held.values())
        dual = other_usd
        dual += sum(penalty_dual(household, edges(bands.get(name), total), pi.get(name, 0.0), None) for name in classes)
        places = [self._places(draft, classes) for draft in drafts]
        for draft, place in zip(drafts, places, strict=True):
            known = at_hand[draft.account["account_id"]]
            price = place["cash"] + pi["cash"] + known.mu
            dual += trades_dual(draft) + _cash_dual(draft, price, household) - known.mu * draft.held["cash"]
            dual += sum(known.pi.get(name, 0.0) * value for name, value in draft.held.items() if name != "cash")
        flows: dict[str, Entries] = {name: [] for name in classes}
        fixed = 0.0
        for draft, place in zip(drafts, places, strict=True):
            add_trades(draft, objective_usd - dual + HAIR * total)
            cash = draft.held["cash"]
            overdrawn = program.variable(household["band_cost_frac"])
            program.row(-cash, highspy.kHighsInf, [*draft.flows["cash"], (overdrawn, 1.0)])
            add_plan(draft, at_hand[draft.account["account_id"]].cash_usd)
            for name, entries in draft.flows.items():
                flows[name] += entries
                fixed += place[name] * draft.held[name]
                for column, sign in entries:
                    program.cost[column] += place[name] * sign
        for name, entries in flows.items():
            add_penalty(program, entries, held[name], edges(bands.get(name), total), household)
        return Written(program, drafts, household, total, fixed)

    def _places(self, draft: Draft, classes: list[str]) -> dict[str, float]:
        """Return what a dollar of each class costs in the account, over the cheapest class of the household there."""
        kind = draft.account["location_id"]
        costs = {name: self._locations.get((kind, name), 0.0) if kind else 0.0 for name in classes}
        least = min(costs.values())
        return {name: cost - least for name, cost in costs.items()}


def _cash_dual(draft: Draft, price: float, household: Row) -> float:
    """Return the least cost of the account's cash, no less than its floor, where a dollar costs `price` besides its plan."""
    floor = min(0.0, draft.held["cash"])
    at = [floor, 0.0, *(max(floor, term["at_frac"] * draft.net + term["at_usd"]) for term in draft.terms)]
    costs: list[float] = []
    for cash in at:
        overdrawn = household["band_cost_frac"] * max(0.0, -cash)
        costs.append(overdrawn + plan_cost(draft.terms, draft.net, cash) + price * cash)
    return min(costs)
