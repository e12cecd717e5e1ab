"""Rounded lists whose taxes are netted, as mixed-integer programs for HiGHS: one for each convex part of an account's year.

As `evenkeel.engine.rounded_program`, with the year's tax in the place of each lot's own: a list's tax is the lesser of two convex functions
of its net gains (`terms`), so the least over both programs is a bound, and the better of their lists the best one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import highspy
import numpy as np

from evenkeel.engine.arrays import I8
from evenkeel.engine.checks.program import Program, Row
from evenkeel.engine.netted.alone import Alone
from evenkeel.engine.netted.at_rates import Lists
from evenkeel.engine.netted.choosing import Chosen, Ready
from evenkeel.engine.netted.master import pair_places
from evenkeel.engine.netted.price import flows_of
from evenkeel.engine.netted.rounded_bound import OF_CENTS, CaseBounds
from evenkeel.engine.netted.terms import Terms, net_tax, part_bound
from evenkeel.engine.problem import Prepared, Tables
from evenkeel.engine.rounded_program import AccountTables, AtHand, ProgramList, program_solver, solved
from evenkeel.engine.rounded_trades import Draft, Entries, Trade, sale_of


@dataclass(frozen=True)
class CaseAtHand:
    """A part of an account's tax, and what the search says there.

    Attributes:
        is_split: Which of the two convex parts.
        short: What a dollar of short gain costs at the case's prices, the gain budget's price in it.
        long: Likewise of long gain.
        sold: What a dollar of value sold costs: the turnover budget's price.
        most_gain: Dollars of gain that the budget leaves, infinite without one.
        most_sold: Dollars that may be sold, infinite without a budget.
        other_usd: What the bound at these prices has besides trades and penalties.
        terms: Of the tax unit, one entry; None: the account has none, its lots are taxed at their own rates.
        prices: Prices of classes and of cash there, and cash after the exact list.
    """

    is_split: bool
    short: float
    long: float
    sold: float
    most_gain: float
    most_sold: float
    other_usd: float
    terms: Terms | None
    prices: AtHand


class NettedPrograms(AccountTables):
    """Programs of accounts whose taxes are netted or that have a turnover budget, each alone."""

    def ask(self, account_id: str, case: CaseAtHand, objective_usd: float, solver: highspy.Highs) -> ProgramList:
        """Return the best list of one part of the tax within the branches allowed, and the bound of that part.

        Args:
            account_id: An account at stake.
            case: The part, with the prices that bound it.
            objective_usd: Of the best rounded list so far: no worse one is looked for, and the bound is not above it.
            solver: From `rounded_program.program_solver`; used again for the next account.
        """
        bands = self.bands(self.accounts[account_id]["model_id"])
        draft = self.draft(account_id, bands, case.prices, Program(), partial(_sale_of, case))
        self.fill(draft, case.prices, objective_usd + OF_CENTS, case.other_usd)
        short, long = _gains_in(draft, case)
        fixed = 0.0 if case.terms is None else _add_tax(draft.program, case, case.terms, short, long)
        if np.isfinite(case.most_gain):
            draft.program.row(-highspy.kHighsInf, case.most_gain, [*short, *long])
        if np.isfinite(case.most_sold):
            sales = [(column, 1.0) for columns in draft.sold.values() for column in columns]
            draft.program.row(-highspy.kHighsInf, case.most_sold, sales)
        found = solved(draft.program, [draft], draft.account, objective_usd + OF_CENTS, draft.net, solver, fixed)
        return ProgramList(found.trades, min(found.bound_usd - OF_CENTS, objective_usd))


def _sale_of(
    case: CaseAtHand, lot: Row, security: Row, limits: Mapping[str, Row], mu: float, pi: Mapping[str, float]
) -> Trade | None:
    """Return what may be sold of a lot at the case's prices; its row then has the highest rate that its gain may be taxed at."""
    at = lot
    if case.terms is not None:
        if lot["unit_basis_usd"] is None or lot["is_long_term"] is None:
            return None
        at = {**lot, "gain_rate_frac": case.long if lot["is_long_term"] else case.short}
    trade = sale_of(at, security, limits, mu, pi)
    if trade is None:
        return None
    most = lot if case.terms is None else {**lot, "gain_rate_frac": float(case.terms.short[0])}
    return replace(trade, lot=most, reduced=trade.reduced + case.sold)


def _gains_in(draft: Draft, case: CaseAtHand) -> tuple[Entries, Entries]:
    """Return what a dollar of each column adds to the year's short and long gain, and leave the columns their half-spreads."""
    short: Entries = []
    long: Entries = []
    if case.terms is None:
        return short, long
    for sale in draft.sales:
        columns, lot, security = draft.sold.get(sale.place), sale.lot, sale.security
        if columns is None or lot is None:
            continue
        for column in columns:
            draft.program.cost[column] = security["sell_cost_frac"]
        gain = (security["price_usd"] - lot["unit_basis_usd"]) / security["price_usd"]
        # Of a loss the units that are disallowed go first: they are a column of their own.
        if gain > 0 or lot["washed_qty"] < lot["held_qty"]:
            (long if lot["is_long_term"] else short).append((columns[-1], gain))
    return short, long


def _add_tax(program: Program, case: CaseAtHand, terms: Terms, short: Entries, long: Entries) -> float:
    """Add the part of the year's tax to the program's costs and return what is constant of it: the tax before, taken off."""
    own = {
        name: float(getattr(terms, name)[0])
        for name in ("short", "long", "ordinary", "carry", "limit", "start_short", "start_long")
    }
    total = own["start_short"] + own["start_long"]
    both = [*short, *long]
    if case.is_split:
        gain, of_short = program.variable(own["long"]), program.variable(own["short"] - own["long"])
        program.row(total, highspy.kHighsInf, [(gain, 1.0), *((column, -each) for column, each in both)])
        program.row(own["start_short"], highspy.kHighsInf, [(of_short, 1.0), *((at, -each) for at, each in short)])
    else:
        gain = program.variable(own["short"])
        deducted, carried = program.variable(-own["ordinary"], own["limit"]), program.variable(-own["carry"])
        parts = [(gain, 1.0), (deducted, -1.0), (carried, -1.0)]
        program.row(total, total, [*parts, *((column, -each) for column, each in both)])
    return -float(net_tax(terms, terms.start_short, terms.start_long)[0])


@dataclass(frozen=True)
class Asked:
    """What programs say of some accounts.

    Attributes:
        bound: By account asked: no list has a lower objective.
        lists: Of each part of the tax (first the one without a split): lists found, in the decision's part.
        cases: Of each: by account at stake, the case that its list is of, or -1.
    """

    bound: np.ndarray
    lists: tuple[Lists, Lists]
    cases: tuple[I8, I8]


def ask_programs(
    tables: Tables, known: Ready, chosen: Chosen[Alone], bounds: CaseBounds, objective: np.ndarray, asked: I8
) -> Asked:
    """Ask a program for each part of the tax of each account asked whose bound leaves room for a better list.

    Args:
        tables: What the problem was made of.
        known: The problem.
        chosen: What was decided for accounts at stake.
        bounds: Of each of its cases.
        objective: By account at stake, of its best rounded list.
        asked: Accounts at stake, by number.
    """
    places, prepared = chosen.places[asked], known.prepared
    names = prepared.accounts["account_id"].gather(places).to_list()
    programs, solver = NettedPrograms(tables, prepared, names), program_solver()
    classes = prepared.classes.to_list()
    flows = flows_of(chosen.decision.part, chosen.decision.lists)
    cash = chosen.scope.cash + flows.moved[:, 0]
    least = objective[asked]
    found: tuple[list[tuple[int, int, int, float]], ...] = ([], [])
    of_case = (np.full(chosen.stake.groups, -1), np.full(chosen.stake.groups, -1))
    for place, (g, name) in enumerate(zip(asked, names, strict=True)):
        for case in np.flatnonzero(bounds.group == g):
            if bounds.bound[case] >= objective[g]:
                continue
            prices = AtHand(
                -float(bounds.price[case, 0]),
                {k: float(p) for k, p in zip(classes, bounds.price[case], strict=True) if not np.isnan(p)},
                float(cash[g]),
            )
            at_hand = case_at_hand(chosen, int(case), prices)
            told = programs.ask(name, at_hand, float(objective[g]), solver)
            least[place] = min(least[place], max(told.bound_usd, float(bounds.bound[case])))
            if told.trades is None:
                continue
            part = int(at_hand.is_split)
            of_case[part][g] = case
            sold, bought = told.trades[name]
            found[part].extend((g, lot, -1, usd) for lot, usd in sold.items())
            found[part].extend((g, -1, row, usd) for row, usd in bought.items())
    one, other = (_lists_of(known.prepared, chosen, rows) for rows in found)
    return Asked(least, (one, other), of_case)


def case_at_hand(chosen: Chosen[Alone], case: int, prices: AtHand) -> CaseAtHand:
    """Return a case of the decision's, its rates as the kernels were given them."""
    stake, cases = chosen.stake, chosen.decision.tried.cases
    g = int(cases.group[case])
    pair = int(pair_places(stake, np.array([g]), 1)[0, 0]) if stake.pairs_in()[g] else -1
    caps = np.maximum(cases.caps[case], 0.0)
    is_split, short, long, other, room, terms = False, 0.0, 0.0, 0.0, np.inf, None
    if pair >= 0:
        terms = chosen.terms.take(np.array([pair]))
        is_split = bool(cases.is_split[case, 0])
        short, long = float(cases.short[case, 0]), float(cases.long[case, 0])
        room = float(terms.room[0])
        other = float(part_bound(terms, np.array([is_split]), np.array([short]), np.array([long]))[0])
        of_gain = float(caps[2])
        if of_gain > 0:
            short, long, other = short + of_gain, long + of_gain, other - of_gain * room
    sold, most = 0.0, np.inf
    if stake.share_no[g] >= 0:
        sold = float(caps[3 * (pair >= 0) + stake.share_no[g]])
        most = float(stake.share[g] * max(chosen.scope.nav[g], 0.0))
        other -= sold * most if sold > 0 else 0.0
    return CaseAtHand(is_split, short, long, sold, room, most, other, terms, prices)


def _lists_of(prepared: Prepared, chosen: Chosen[Alone], rows: list[tuple[int, int, int, float]]) -> Lists:
    """Return trades (account at stake, lot of the problem or -1, row of the universe or -1, dollars) as lists of the decision's part."""
    part, gains, arrays = chosen.decision.part, chosen.gains, prepared.arrays
    account, lot, row = (np.array([each[j] for each in rows], np.int64) for j in range(3))
    usd = np.array([each[3] for each in rows], np.float64)
    is_sale = lot >= 0
    own = part.problem.accounts.lots_from[account] + lot - arrays.accounts.lots_from[chosen.places[account]]
    row = np.where(is_sale, np.append(gains.row, -1)[lot], row)
    return Lists(account, np.where(is_sale, own, -1), row, usd, usd / arrays.universes.price[row])
