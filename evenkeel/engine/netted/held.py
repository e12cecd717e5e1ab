"""Lots held to what a decided list sells of them, in whole steps, so that a search keeps the budgets that bind it.

And so that it stays near a corner of the year's tax (a loss just used up, the last dollar of the deduction), which at the rates of one side
looks no better than any other place.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, I8, LotArrays, Problem, normal
from evenkeel.engine.netted.at_rates import Lists, Part, at_rates, kept_lists, moved_lists, take_part
from evenkeel.engine.netted.attempt import Scope
from evenkeel.engine.netted.choosing import Chosen
from evenkeel.engine.netted.master import pair_places
from evenkeel.engine.netted.search import account_rates
from evenkeel.engine.netted.stated import HAIR


class Held(Enum):
    """How a list is rounded: as the search finds, or held to whole steps of the decided one, or to some more.

    `NOT`: nothing is held, for whom no budget binds; `PRICED` is for the others. At real prices, for all: `FREE` no more than whole steps,
    `NEAR` a step beyond of the lots that lost more than half of one, `FILLED` of all, as far as the budgets go; `SURE` with as few gains as
    keep their budget whichever losses are sold.
    """

    NOT = "not"
    PRICED = "priced"
    FREE = "free"
    NEAR = "near"
    FILLED = "filled"
    SURE = "sure"

    @property
    def is_free(self) -> bool:
        """At real prices."""
        return self in (Held.FREE, Held.NEAR, Held.FILLED, Held.SURE)


class AtCase(NamedTuple):
    """Groups at the rates of a case each: their part, its problem at these rates (lots perhaps cut in two), the lot that each is a part of.

    `lists` are those to begin with, of the groups that are kept to them; all others begin with the best list at these rates.
    """

    part: Part
    problem: Problem
    lot: I8
    lists: Lists
    is_kept: np.ndarray


def at_case(
    chosen: Chosen[Scope], groups: I8, case: I8, lists: Lists, held: Held = Held.NOT, push: F8 | None = None
) -> AtCase:
    """Return groups at the rates of a case each, to round lists of the decision's part there.

    Where a budget binds, the search would trade a dollar within it for any other: each costs its price and the budget's. So of each lot it
    gets no more than the list sells; and what is sold costs its real price, without the turnover budget's. At real prices: nor with the
    gain budget's, at which to sell within the budget and not to sell come to the same; that a loss makes room for gains is not seen then.

    `push`: by group, what a dollar of gain costs more.
    """
    stake, decision, gains = chosen.stake, chosen.decision, chosen.gains
    part = take_part(chosen.scope.problem, stake, groups)
    lists = moved_lists(decision.part, lists, groups, part, np.arange(len(groups)))
    cases = decision.tried.cases
    caps, column = cases.caps[case].copy(), np.arange(cases.caps.shape[1])
    is_of_gain = column < 3 * stake.pairs_in()[groups][:, None]
    caps[~is_of_gain | held.is_free] = 0.0
    if push is not None:
        caps += np.where(is_of_gain & (column % 3 == 2), push[:, None], 0.0)
    places = pair_places(stake, groups, cases.is_split.shape[1])
    rates = account_rates(part, stake, places, cases.short[case], cases.long[case], caps)
    dust = chosen.scope.problem.accounts.dust[stake.account[part.at]]
    problem = at_rates(part, stake, gains, rates).problem
    problem = problem._replace(accounts=problem.accounts._replace(dust=normal(dust, np.float64)))
    if held is Held.NOT:
        return AtCase(part, problem, np.arange(len(part.lot)), lists, np.ones(len(groups), bool))
    is_kept = np.ones(len(groups), bool) if held.is_free else np.any(caps > 0, axis=1)
    return AtCase(part, *held_to(problem, lists, gains.row[part.lot], beyond(held, chosen, part, lists)), is_kept)


class _Steps(NamedTuple):
    """By lot: units sold in whole steps, units of a step, and the share of a step that the list sells beyond."""

    units: F8
    step: F8
    left: F8


def _whole_steps(problem: Problem, lists: Lists, row: I8) -> _Steps:
    """Return what lists sell of each lot in whole steps; whole lots are whole."""
    lots, universes = problem.lots, problem.universes
    price, step = universes.price[row], universes.step[row]
    sold = np.zeros(len(row))
    is_sale = lists.lot >= 0
    sold[lists.lot[is_sale]] = lists.usd[is_sale]
    unit = np.where(np.isnan(step), 0.01 / price, step)
    steps = sold / price / unit
    whole = np.floor(steps + 1e-9)
    is_all = sold >= lots.qty * price * (1.0 - 1e-12)
    units = np.where(is_all, lots.qty, np.minimum(whole * unit, lots.qty))
    left = np.where(is_all, 0.0, np.maximum(steps - whole, 0.0))
    return _Steps(np.where(sold > 0, units, 0.0), unit, np.where(sold > 0, left, 0.0))


def more_steps(chosen: Chosen[Scope], part: Part, lists: Lists, least: float = 0.0) -> F8:
    """Return by lot of the part the units that may be sold beyond whole steps of the lists: a step each, as long as the budgets allow.

    What is cut off each lot is room in the budgets; the lots that the cut took most of a step from are first, those that it took less than
    the share `least` from have none.
    """
    stake, gains, problem = chosen.stake, chosen.gains, part.problem
    row = gains.row[part.lot]
    steps, price = _whole_steps(problem, lists, row), problem.universes.price[row]
    account = np.repeat(np.arange(len(part.at)), np.diff(problem.accounts.lots_from))
    at = part.at[account]
    pair, gain = stake.pair[at], gains.gain[part.lot]
    usd = steps.units * price
    has_pair = pair >= 0
    of_gain = chosen.terms.room - np.bincount(pair[has_pair], (gain * usd)[has_pair], minlength=len(stake.pair_group))
    of_sold = chosen.most_sold[part.at] - np.bincount(account, usd, minlength=len(part.at))
    more = np.zeros(len(row))
    for n in np.argsort(-steps.left, kind="stable"):
        if steps.left[n] <= max(least, 1e-6):
            break
        units = min(float(steps.step[n]), float(problem.lots.qty[n] - steps.units[n]))
        step_usd = units * price[n]
        if step_usd > of_sold[account[n]] + HAIR:
            continue
        if has_pair[n]:
            if gain[n] * step_usd > of_gain[pair[n]] + HAIR:
                continue
            of_gain[pair[n]] -= gain[n] * step_usd
        of_sold[account[n]] -= step_usd
        more[n] = units
    return more


def fewer_steps(chosen: Chosen[Scope], part: Part, lists: Lists) -> F8:
    """Return by lot of the part the units (0 or less) that are sold beyond whole steps of the lists, so that no loss is needed as room.

    The lists may sell gains that only their losses make room for, and a search may leave the losses. Of the lots with a gain those with
    the least for a dollar sold stay, as far as the budget goes.
    """
    stake, gains, problem = chosen.stake, chosen.gains, part.problem
    row = gains.row[part.lot]
    steps, price = _whole_steps(problem, lists, row), problem.universes.price[row]
    account = np.repeat(np.arange(len(part.at)), np.diff(problem.accounts.lots_from))
    pair, gain = stake.pair[part.at[account]], gains.gain[part.lot]
    of_gain = chosen.terms.room.copy()
    fewer = np.zeros(len(row))
    for n in np.argsort(gain, kind="stable"):
        if pair[n] < 0 or gain[n] <= 0 or steps.units[n] <= 0 or not np.isfinite(of_gain[pair[n]]):
            continue
        usd = steps.units[n] * price[n]
        if gain[n] * usd > of_gain[pair[n]]:
            whole = np.floor(of_gain[pair[n]] / (gain[n] * price[n] * steps.step[n]) + 1e-9)
            fewer[n] = whole * steps.step[n] - steps.units[n]
            usd += fewer[n] * price[n]
        of_gain[pair[n]] -= gain[n] * usd
    return fewer


def beyond(held: Held, chosen: Chosen[Scope], part: Part, lists: Lists) -> F8 | None:
    """Return by lot of the part the units that are sold beyond whole steps of the lists; None: no others."""
    if held is Held.FILLED:
        return more_steps(chosen, part, lists)
    if held is Held.NEAR:
        return more_steps(chosen, part, lists, least=0.5)
    return fewer_steps(chosen, part, lists) if held is Held.SURE else None


def at_real_prices(attempt: int, tries: int) -> tuple[Held, ...]:
    """Return how lists are rounded besides, at real prices; the sure way is for those that all tries left over a budget."""
    ways = (Held.FREE, Held.NEAR, Held.FILLED)
    return ways if attempt + 1 < tries else (*ways, Held.SURE)


def held_to(problem: Problem, lists: Lists, row: I8, more: F8 | None = None) -> tuple[Problem, I8, Lists]:
    """Return the problem with each lot cut in two: what the lists sell of it, in whole steps, and the rest, which may not be sold.

    Besides: the lot that each of its lots is a part of, and the lists in whole steps; `row` is each lot's row of the universe, `more` what
    is sold of each lot beyond whole steps of the lists (`beyond`).
    """
    lots, universes, accounts = problem.lots, problem.universes, problem.accounts
    price = universes.price[row]
    is_sale = lists.lot >= 0
    first = _whole_steps(problem, lists, row).units + (0.0 if more is None else more)
    lot = np.repeat(np.arange(len(row)), 2)
    is_first = np.tile(np.array([True, False]), len(row))
    qty = np.where(is_first, first[lot], (lots.qty - first)[lot])
    is_there = (qty != 0) | (is_first & (lots.qty[lot] == 0))
    lot, is_first, qty = lot[is_there], is_first[is_there], qty[is_there]
    owner = np.repeat(np.arange(len(accounts.model)), np.diff(accounts.lots_from))
    counts = np.bincount(owner[lot], minlength=len(accounts.model))
    cut = LotArrays(*(array[lot] for array in lots))._replace(
        qty=normal(qty, np.float64),
        sellable=normal(np.where(is_first, lots.sellable[lot], 0), np.uint8),
        washed=normal(np.minimum(lots.washed[lot], np.maximum(qty, 0.0)), np.float64),
    )
    starts = normal(np.concatenate([[0], np.cumsum(counts)]), np.int64)
    whole = np.zeros(len(row), np.int64)
    whole[lot[is_first]] = np.nonzero(is_first)[0]
    usd = np.where(is_sale, (first * price)[lists.lot], lists.usd)
    held = Lists(
        lists.account, np.where(is_sale, whole[lists.lot], -1), lists.row, usd, usd / universes.price[lists.row]
    )
    return problem._replace(lots=cut, accounts=accounts._replace(lots_from=starts)), lot, kept_lists(held, usd > 0)
