"""Households: the kernel of households asked at rates, what the lists of their accounts cost, and their answer written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, Problem, normal
from evenkeel.engine.codes import HOUSEHOLD_OUTCOMES, HouseholdOutcome
from evenkeel.engine.households.arrays import (
    HOUSEHOLD_FIGURES,
    MEMBER_FIGURES,
    HouseholdAnswerArrays,
    HouseholdArrays,
    HouseholdProblem,
)
from evenkeel.engine.netted.alone import NOTHING, TRADED
from evenkeel.engine.netted.at_rates import Best, Lists, Part, ranges, row_sums, totals
from evenkeel.engine.netted.price import Flows, distances, flows_of, plan_costs
from evenkeel.engine.netted.told import TRADES, NewLists, trades_with

OBJECTIVE, TAX = HOUSEHOLD_FIGURES.index("objective_usd"), HOUSEHOLD_FIGURES.index("tax_usd")
BOUND, CYCLE = HOUSEHOLD_FIGURES.index("bound_usd"), HOUSEHOLD_FIGURES.index("residual_cycle_frac")
HOUSE_TRADED = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.TRADED)
HOUSE_NOTHING = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.NOTHING_TO_TRADE)


SOLVED_HOUSES = (HOUSE_TRADED, HOUSE_NOTHING)
RunHouses = Callable[[HouseholdProblem], HouseholdAnswerArrays]

COMPONENTS = (
    "tax_usd", "trade_cost_usd", "location_cost_usd", "target_penalty_usd", "band_penalty_usd", "cash_penalty_usd"
)  # fmt: skip
"""What the objective is the sum of."""


@dataclass(frozen=True)
class Penalties:
    """By household: distances from target and band. By account: cash plan and overdraft, shortfall of cash, location before and after."""

    distance: F8
    outside: F8
    plan: F8
    short: F8
    location_before: F8
    location: F8


@dataclass(frozen=True)
class Houses:
    """Households, each a group. By account at stake, as the kernel has them: cells before and their location costs, value and cash."""

    problem: Problem
    run: RunHouses
    before: F8_2D
    location: F8_2D
    nav: F8
    cash: F8
    location_row: I8
    location_cost: F8_2D

    def take(self, at: I8, problem: Problem) -> Houses:
        """Return the accounts at those places of the stake, which are those of another problem."""
        return Houses(
            problem, self.run, self.before[at], self.location[at], self.nav[at], self.cash[at], self.location_row[at],
            self.location_cost,
        )  # fmt: skip

    def answer(self, part: Part) -> HouseholdAnswerArrays:
        """Return the kernel's answer for the part's households."""
        return self.run(HouseholdProblem(part.problem, house_problem(self, part)))

    def solve(self, part: Part) -> Best:
        """Return the kernel's best lists of the part."""
        answer = self.answer(part)
        figures = answer.figures
        return Best(
            figures[:, OBJECTIVE] - figures[:, TAX], figures[:, BOUND], house_lists(answer, np.arange(len(part.at))),
            answer.cell_price, answer.price,
        )  # fmt: skip

    def plain(self, part: Part, lists: Lists) -> F8:
        """Return what the lists cost, all but tax."""
        flows = flows_of(part, lists)
        costs, first = self.penalties(part, flows), first_accounts(part)
        accounts = part.problem.accounts
        by_account = flows.cost + costs.plan + costs.location
        total: F8 = totals(part.copy, by_account, len(part.group))
        return total + accounts.target_cost[first] * costs.distance + accounts.band_cost[first] * costs.outside

    def penalties(self, part: Part, flows: Flows) -> Penalties:
        """Return what distance, cash and location cost."""
        accounts, first = part.problem.accounts, first_accounts(part)
        nav = self.nav[part.at]
        before = np.nan_to_num(self.before[part.at])
        values = np.zeros((len(part.group), before.shape[1]))
        np.add.at(values, part.copy, before + flows.moved)
        total = totals(part.copy, nav, len(part.group))
        distance, outside = distances(values, total, accounts.model[first], part.problem.models)
        cash = self.cash[part.at] + flows.moved[:, 0]
        plan, short = plan_costs(cash, np.maximum(nav, 0.0), accounts.plan, part.problem.plans)
        location = np.nan_to_num(self.location[part.at])
        return Penalties(
            distance, outside, plan + accounts.band_cost * np.maximum(-cash, 0.0), np.maximum(short, np.maximum(-cash, 0.0)),
            row_sums(location * before), row_sums(location * (before + flows.moved)),
        )  # fmt: skip

    def floor(self, part: Part) -> F8 | None:
        """Return what sales less purchases must come to: an account pays with nobody else's money."""
        cash = self.cash[part.at]
        floor: F8 = np.minimum(0.0, cash) - cash
        return floor


def house_problem(scope: Houses, part: Part) -> HouseholdArrays:
    """Return the part's households as the kernel has them."""
    sizes = np.bincount(part.copy, minlength=len(part.group))
    return HouseholdArrays(
        normal(np.concatenate([[0], np.cumsum(sizes)]), np.int64), normal(np.arange(len(part.at)), np.int64),
        normal(scope.location_row[part.at], np.int64), scope.location_cost,
    )  # fmt: skip


def first_accounts(part: Part) -> I8:
    """Return the first account of each copy."""
    first: I8 = np.searchsorted(part.copy, np.arange(len(part.group)))
    return first


def house_lists(answer: HouseholdAnswerArrays, places: I8) -> Lists:
    """Return the trades of some of an answer's accounts; `account` is the number among them, lots are the answer's."""
    counts = (answer.trades_end - answer.trades_begin)[places]
    take = ranges(answer.trades_begin[places], counts)
    return Lists(
        np.repeat(np.arange(len(places)), counts),
        *(getattr(answer, name)[take] for name in ("trade_lot", "trade_row", "trade_usd", "trade_qty")),
    )


def house_answer_with(
    base: HouseholdAnswerArrays,
    scope: Houses,
    places: I8,
    houses: I8,
    new: NewLists,
    bound: F8,
    priced: HouseholdAnswerArrays,
) -> HouseholdAnswerArrays:
    """Return the answer with new lists of the accounts at `places`, of the households at `houses`.

    Prices, and the cheapest cycle, are those of `priced`: the same households solved at the rates of their best case.
    """
    part, flows = new.part, flows_of(new.part, new.lists)
    costs, first, count = scope.penalties(part, flows), first_accounts(part), len(part.group)
    old = {name: getattr(base, name) for name in TRADES}
    trades, starts = trades_with(old, base.trades_begin, base.trades_end, places, scope.problem.accounts.lots_from, new)
    tax = totals(new.lists.account, new.trade_tax, len(places))
    member = {
        "cash_after_usd": scope.cash + flows.moved[:, 0], "cash_short_usd": costs.short, "sold_usd": flows.sold,
        "bought_usd": flows.bought, "tax_usd": tax, "trade_cost_usd": flows.cost, "location_cost_usd": costs.location,
        "cash_penalty_usd": costs.plan, "cash_price_frac": -new.price[:, 0],
    }  # fmt: skip
    whole = {name: totals(part.copy, values, count) for name, values in member.items() if name in HOUSEHOLD_FIGURES}
    whole["target_penalty_usd"] = part.problem.accounts.target_cost[first] * costs.distance
    whole["band_penalty_usd"] = part.problem.accounts.band_cost[first] * costs.outside
    whole["objective_usd"] = np.sum([whole[name] for name in COMPONENTS], axis=0)
    whole |= {"band_excess_usd": costs.outside, "bound_usd": bound, "residual_cycle_frac": priced.figures[:, CYCLE]}
    result = HouseholdAnswerArrays._make(array.copy() for array in base)
    for name, values in member.items():
        result.member_figures[places, MEMBER_FIGURES.index(name)] = values
    for name, values in whole.items():
        result.figures[houses, HOUSEHOLD_FIGURES.index(name)] = values
    is_traded = np.diff(starts)[places] > 0
    result.member_outcome[places] = np.where(is_traded, TRADED, NOTHING)
    has_trade = totals(part.copy, is_traded, count) > 0
    result.outcome[houses] = np.where(has_trade, HOUSE_TRADED, HOUSE_NOTHING)
    result.cell_after[places] = scope.before + flows.moved
    result.cell_price[places] = np.where(np.isnan(scope.before), np.nan, new.price)
    moved = np.zeros((count, flows.moved.shape[1]))
    np.add.at(moved, part.copy, flows.moved)
    result.after[houses] = base.before[houses] + moved
    result.price[houses] = priced.price
    return result._replace(trades_begin=starts[:-1], trades_end=starts[1:], **trades)
