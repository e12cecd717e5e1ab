"""Lists of trades, and the kernels asked for the best ones at given rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, AccountArrays, LimitArrays, LotArrays, Problem, normal
from evenkeel.engine.netted.stake import LotGains, Stake


class Part(NamedTuple):
    """Groups taken from a problem, some of them perhaps several times: each time is a copy with accounts and lots of its own.

    `problem` has the copies' accounts one after the other; `copy` is the copy of each, `at` its place in the stake; `lot` the lot of the
    whole problem that each of its lots is. `group`: of each copy.
    """

    problem: Problem
    group: I8
    copy: I8
    at: I8
    lot: I8

    def own_lot(self, problem: Problem, stake: Stake, lists: Lists) -> I8:
        """Return the part's lots of lists whose lots are the problem's, in a part of one copy of each group."""
        first, own = problem.accounts.lots_from[stake.account], self.problem.accounts.lots_from
        lots: I8 = np.where(lists.lot >= 0, own[lists.account] + lists.lot - first[lists.account], -1)
        return lots


class Lists(NamedTuple):
    """Trades of the accounts of a part, in any order: lot of the part (-1: a purchase), row of the universe, dollars, units."""

    account: I8
    lot: I8
    row: I8
    usd: F8
    qty: F8


class Best(NamedTuple):
    """What a kernel found for each copy: the objective without tax, the bound with it, the lists.

    Prices: by account and class (cash: -mu), and of a household's classes.
    """

    plain: F8
    bound: F8
    lists: Lists
    price: F8_2D
    class_price: F8_2D


@dataclass(frozen=True)
class Rates:
    """By account of a part: what a dollar of short gain, of long gain, and of value sold costs. Accounts without a unit: 0 for gains."""

    short: F8
    long: F8
    sold: F8


Solver = Callable[[Part], Best]


def ranges(starts: I8, counts: I8) -> I8:
    """Return start, start + 1 ... of each range, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    places: I8 = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    return places


def kept_lists(lists: Lists, is_kept: np.ndarray) -> Lists:
    """Return the trades marked."""
    return Lists(*(array[is_kept] for array in lists))


def moved_lists(part: Part, lists: Lists, copies: I8, to: Part, to_copies: I8) -> Lists:
    """Return the lists of some copies of a part as those of copies of the same groups in another."""
    is_in = np.isin(part.copy[lists.account], copies)
    account, lot = lists.account[is_in], lists.lot[is_in]
    place = np.zeros(len(part.group), np.int64)
    place[copies] = to_copies
    copy = part.copy[account]
    begin, to_begin = (np.searchsorted(p.copy, np.arange(len(p.group))) for p in (part, to))
    own = to_begin[place[copy]] + account - begin[copy]
    offset = to.problem.accounts.lots_from[own] - part.problem.accounts.lots_from[account]
    return kept_lists(lists, is_in)._replace(account=own, lot=np.where(lot >= 0, lot + offset, -1))


def totals(place: I8, values: F8 | np.ndarray, count: int) -> F8:
    """Return the sum of the values of each place, 0 to count - 1."""
    total: F8 = np.bincount(place, values, minlength=count).astype(np.float64)
    return total


def row_sums(values: F8_2D) -> F8:
    """Return the sum of each row, added from left to right: columns of zeros change no digit."""
    total: F8 = np.zeros(len(values))
    for column in values.T:
        total += column
    return total


def take_part(problem: Problem, stake: Stake, groups: I8) -> Part:
    """Return copies of groups, with no dust: what is left out is decided at the end."""
    sizes = np.diff(stake.group_from)[groups]
    at = ranges(stake.group_from[groups], sizes)
    copy = np.repeat(np.arange(len(groups)), sizes)
    taken, lot = take_accounts(problem, stake.account[at])
    accounts = taken.accounts._replace(dust=np.zeros(len(at)))
    return Part(taken._replace(accounts=accounts), groups, copy, at, lot)


def take_accounts(problem: Problem, places: I8) -> tuple[Problem, I8]:
    """Return the problem of the accounts at those places, in that order, and which lots they are."""
    accounts = problem.accounts
    lot_counts = np.diff(accounts.lots_from)[places]
    limit_counts = np.diff(accounts.limits_from)[places]
    lot, limit = ranges(accounts.lots_from[places], lot_counts), ranges(accounts.limits_from[places], limit_counts)
    own = {name: normal(getattr(accounts, name)[places], getattr(accounts, name).dtype.type) for name in _PER_ACCOUNT}
    starts = {
        "lots_from": normal(np.concatenate([[0], np.cumsum(lot_counts)]), np.int64),
        "limits_from": normal(np.concatenate([[0], np.cumsum(limit_counts)]), np.int64),
    }
    return problem._replace(
        accounts=AccountArrays(**own, **starts),
        lots=LotArrays._make(array[lot] for array in problem.lots),
        limits=LimitArrays._make(array[limit] for array in problem.limits),
    ), lot


_PER_ACCOUNT = tuple(name for name in AccountArrays._fields if not name.endswith("_from"))


def lot_costs(part: Part, stake: Stake, gains: LotGains, rates: Rates) -> F8:
    """Return what a dollar sold of each lot of the part costs at the rates, half-spread left out."""
    account = np.repeat(np.arange(len(part.at)), np.diff(part.problem.accounts.lots_from))
    rate = np.where(gains.is_long[part.lot], rates.long[account], rates.short[account])
    tax: F8 = np.where(stake.pair[part.at[account]] >= 0, rate * gains.gain[part.lot], gains.own[part.lot])
    return tax + rates.sold[account]


def at_rates(part: Part, stake: Stake, gains: LotGains, rates: Rates) -> Part:
    """Return the part with its lots taxed at the rates.

    Where a dollar sold has a cost of its own, the kernels get it as a gain taxed in full: a basis of price * (1 - cost), a rate of 1.
    """
    lots, account = part.problem.lots, np.repeat(np.arange(len(part.at)), np.diff(part.problem.accounts.lots_from))
    has_unit = stake.pair[part.at[account]] >= 0
    rate = np.where(has_unit, np.where(gains.is_long[part.lot], rates.long[account], rates.short[account]), lots.rate)
    basis, washed = lots.basis, lots.washed
    is_sold = rates.sold[account] > 0
    if is_sold.any():
        price = part.problem.universes.price[gains.row[part.lot]]
        cost = lot_costs(part, stake, gains, rates)
        keeps = np.isnan(basis) & (lots.rate > 0)
        basis = np.where(is_sold & ~keeps, price * (1.0 - cost), basis)
        rate, washed = np.where(is_sold, 1.0, rate), np.where(is_sold, 0.0, washed)
    taxed = lots._replace(
        rate=normal(rate, np.float64), basis=normal(basis, np.float64), washed=normal(washed, np.float64)
    )
    return part._replace(problem=part.problem._replace(lots=taxed))
