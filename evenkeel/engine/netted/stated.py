"""Rounded lists priced as they will be told: taxes by the rule, to the cent, and dollars over their budgets; and the better of two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.netted.at_rates import Lists, Part, kept_lists, totals
from evenkeel.engine.netted.attempt import Scope
from evenkeel.engine.netted.choosing import Chosen, Ready
from evenkeel.engine.netted.price import gains_of, net_gains, own_taxes
from evenkeel.engine.netted.results import Change, change_of, of_pairs

HAIR = 1e-6
"""Dollars over a budget that are floating point."""


@dataclass(frozen=True)
class Stated:
    """Lists of one copy of each group, priced: objective by group with taxes to the cent, and dollars over its budgets.

    `group`: of each account. `over_gain` is the most of a group's tax units, `over_sold` by account.
    """

    lists: Lists
    group: I8
    objective: F8
    over_gain: F8
    over_sold: F8

    @property
    def is_kept(self) -> np.ndarray:
        """Tell which groups' lists keep their budgets."""
        most_sold = np.full(len(self.objective), -np.inf)
        np.maximum.at(most_sold, self.group, self.over_sold)
        kept: np.ndarray = (self.over_gain <= HAIR) & (most_sold <= HAIR)
        return kept


def stated(chosen: Chosen[Scope], known: Ready, lists: Lists) -> Stated:
    """Return lists priced with taxes to the cent."""
    stake, part = chosen.stake, chosen.decision.part
    gains = gains_of(part, lists)
    net = net_gains(part, stake, lists, gains, known.is_long, chosen.decision.net.short.shape[1])
    short, long = of_pairs(stake, net)
    none = np.zeros(len(short))
    change: Change = change_of(chosen.terms, short, long, none, to_the_cent=True)
    tax = totals(part.copy, own_taxes(part, stake, lists, gains), stake.groups)
    tax += totals(stake.pair_group, change.net, stake.groups)
    over_gain = np.full(stake.groups, -np.inf)
    np.maximum.at(over_gain, stake.pair_group, short + long - chosen.terms.room)
    sold = totals(lists.account, np.where(lists.lot >= 0, lists.usd, 0.0), len(part.at))
    return Stated(lists, part.copy, chosen.scope.plain(part, lists) + tax, over_gain, sold - chosen.most_sold)


def better(one: Stated, other: Stated, is_tried: np.ndarray | None = None) -> Stated:
    """Return group by group the better one that keeps its budgets; of equal ones the first. `is_tried`: `other` is of those groups."""
    is_other = other.is_kept & (other.objective < one.objective)
    if is_tried is not None:
        is_other &= is_tried
    is_others_account = is_other[one.group]
    keeps, takes = (
        kept_lists(one.lists, ~is_others_account[one.lists.account]),
        kept_lists(other.lists, is_others_account[other.lists.account]),
    )
    return Stated(
        Lists(*(np.concatenate(arrays) for arrays in zip(keeps, takes, strict=True))),
        one.group,
        np.where(is_other, other.objective, one.objective),
        np.where(is_other, other.over_gain, one.over_gain),
        np.where(is_others_account, other.over_sold, one.over_sold),
    )


def in_part(lists: Lists, part: Part, to: Part, at: I8) -> Lists:
    """Return lists of a part's accounts as those of accounts `at` of another."""
    account = at[lists.account]
    offset = to.problem.accounts.lots_from[account] - part.problem.accounts.lots_from[lists.account]
    return lists._replace(account=account, lot=np.where(lists.lot >= 0, lists.lot + offset, -1))
