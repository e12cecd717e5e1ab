"""Accounts alone: the kernel of accounts asked at rates, what their lists cost, and their answer written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, FIGURES, I8, AnswerArrays, Problem
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.netted.at_rates import Best, Lists, Part
from evenkeel.engine.netted.price import Flows, distances, flows_of, plan_costs
from evenkeel.engine.netted.told import TRADES, NewLists, trades_with

OBJECTIVE, TAX, BOUND = FIGURES.index("objective_usd"), FIGURES.index("tax_usd"), FIGURES.index("bound_usd")
TRADED, NOTHING = OUTCOMES.index(Outcome.TRADED), OUTCOMES.index(Outcome.NOTHING_TO_TRADE)


@dataclass(frozen=True)
class Alone:
    """Accounts alone, each its own group. By account at stake, as the kernel has them: classes before, value, cash before."""

    problem: Problem
    run: Callable[[Problem], AnswerArrays]
    before: F8_2D
    nav: F8
    cash: F8

    def take(self, at: I8, problem: Problem) -> Alone:
        """Return the accounts at those places of the stake, which are those of another problem."""
        return Alone(problem, self.run, self.before[at], self.nav[at], self.cash[at])

    def solve(self, part: Part) -> Best:
        """Return the kernel's best lists of the part."""
        answer = self.run(part.problem)
        figures = answer.figures
        return Best(
            figures[:, OBJECTIVE] - figures[:, TAX], figures[:, BOUND], lists_in(answer, np.arange(len(part.at))),
            answer.price, answer.price,
        )  # fmt: skip

    def plain(self, part: Part, lists: Lists) -> F8:
        """Return what the lists cost, all but tax."""
        accounts, flows = part.problem.accounts, flows_of(part, lists)
        distance, outside, terms, _ = self.penalties(part, flows)
        cost: F8 = flows.cost + accounts.target_cost * distance + accounts.band_cost * outside + terms
        return cost

    def penalties(self, part: Part, flows: Flows) -> tuple[F8, F8, F8, F8]:
        """Return distances from target and band, the cost of the cash plan, and how short of cash the account is."""
        accounts, nav = part.problem.accounts, self.nav[part.at]
        values = np.nan_to_num(self.before[part.at]) + flows.moved
        distance, outside = distances(values, nav, accounts.model, part.problem.models)
        terms, short = plan_costs(values[:, 0], nav, accounts.plan, part.problem.plans)
        return distance, outside, terms, short

    def floor(self, part: Part) -> F8 | None:
        """Return none: cash below 0 is priced, not forbidden."""
        return None


def lists_in(answer: AnswerArrays, places: I8) -> Lists:
    """Return the trades of some of an answer's accounts; `account` is the number among them, lots are the answer's."""
    begin, counts = answer.trades_from[places], np.diff(answer.trades_from)[places]
    account = np.repeat(np.arange(len(places)), counts)
    take = np.arange(len(account)) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
    return Lists(
        account, answer.trade_lot[take], answer.trade_row[take], answer.trade_usd[take], answer.trade_qty[take]
    )


def answer_with(base: AnswerArrays, scope: Alone, places: I8, new: NewLists, tax: F8, bound: F8) -> AnswerArrays:
    """Return the answer with new lists of the accounts at `places`; `tax` and `bound` by account, in their order."""
    old = {name: getattr(base, name) for name in TRADES}
    trades, starts = trades_with(
        old, base.trades_from[:-1], base.trades_from[1:], places, scope.problem.accounts.lots_from, new
    )
    accounts, flows = new.part.problem.accounts, flows_of(new.part, new.lists)
    distance, outside, terms, short = scope.penalties(new.part, flows)
    spread, bands = accounts.target_cost * distance, accounts.band_cost * outside
    written = {
        "cash_after_usd": scope.cash + flows.moved[:, 0], "cash_short_usd": short, "sold_usd": flows.sold,
        "bought_usd": flows.bought, "objective_usd": tax + flows.cost + spread + bands + terms, "tax_usd": tax,
        "trade_cost_usd": flows.cost, "target_penalty_usd": spread, "band_penalty_usd": bands, "cash_penalty_usd": terms,
        "band_excess_usd": outside, "bound_usd": bound, "cash_price_frac": -new.price[:, 0],
    }  # fmt: skip
    outcome, figures, after, price = (getattr(base, name).copy() for name in ("outcome", "figures", "after", "price"))
    for name, values in written.items():
        figures[places, FIGURES.index(name)] = values
    outcome[places] = np.where(np.diff(starts)[places] > 0, TRADED, NOTHING)
    after[places] = scope.before + flows.moved
    price[places] = np.where(np.isnan(scope.before), np.nan, new.price)
    return base._replace(outcome=outcome, figures=figures, after=after, price=price, trades_from=starts, **trades)
