"""One list of several: their trades in proportion, with what no list may have taken out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.netted.at_rates import Lists, Part, kept_lists, ranges, totals
from evenkeel.engine.netted.search import Cases, Columns
from evenkeel.engine.netted.stake import Stake


def lists_of(part: Part, stake: Stake, columns: Columns, copy: I8, column: I8, weight: F8) -> Lists:
    """Return for each copy of the part the sum of its lists of `columns`, each times its weight."""
    of_column, at, lot, row, usd = columns.trades()
    start = np.searchsorted(of_column, column)
    counts = np.searchsorted(of_column, column, side="right") - start
    pick = ranges(start, counts)
    copy, weight = np.repeat(copy, counts), np.repeat(weight, counts)
    at, lot, row, usd = at[pick], lot[pick], row[pick], usd[pick] * weight
    first = np.searchsorted(part.copy, np.arange(len(part.group)))
    account = first[copy] + at - stake.group_from[part.group[copy]]
    order = np.lexsort((row, lot, account))
    account, lot, row, usd = account[order], lot[order], row[order], usd[order]
    is_first = np.ones(len(account), bool)
    is_first[1:] = (np.diff(account) != 0) | (np.diff(lot) != 0) | (np.diff(row) != 0)
    begin = np.nonzero(is_first)[0]
    usd = np.add.reduceat(usd, begin) if len(begin) else usd
    account, lot, row = account[begin], lot[begin], row[begin]
    lots_from = part.problem.accounts.lots_from
    own = np.append(part.lot, 0)[np.minimum(lots_from[account], max(0, len(part.lot) - 1))] if len(account) else account
    lot = np.where(lot >= 0, lots_from[account] + lot - own, -1)
    return with_units(part, account, lot, row, usd)


def with_units(part: Part, account: I8, lot: I8, row: I8, usd: F8) -> Lists:
    """Return lists in dollars with their units."""
    return Lists(account, lot, row, usd, usd / part.problem.universes.price[row])


class Sides(NamedTuple):
    """By group: the security that a mixture both sells and buys for most; place of its account in the stake (-1: there is none), row."""

    at: I8
    row: I8


def both_sides(part: Part, lists: Lists, copies: I8, least: F8) -> Sides:
    """Return what the lists of one copy of each group both sell and buy, for more than `least` dollars (by group)."""
    rows = len(part.problem.universes.price)
    of_group = np.full(len(part.group), -1)
    of_group[copies] = np.arange(len(copies))
    is_in = of_group[part.copy[lists.account]] >= 0
    account, lot, row, usd = lists.account[is_in], lists.lot[is_in], lists.row[is_in], lists.usd[is_in]
    keys, place = np.unique(account * rows + row, return_inverse=True)
    sold = totals(place, np.where(lot >= 0, usd, 0.0), len(keys))
    bought = totals(place, np.where(lot >= 0, 0.0, usd), len(keys))
    both, account, row = np.minimum(sold, bought), keys // rows, keys % rows
    group = of_group[part.copy[account]] if len(keys) else np.zeros(0, np.int64)
    sides = Sides(np.full(len(copies), -1), np.zeros(len(copies), np.int64))
    for i in np.argsort(both, kind="stable"):
        if both[i] > least[group[i]]:
            sides.at[group[i]], sides.row[group[i]] = part.at[account[i]], row[i]
    return sides


def tidy(part: Part, lists: Lists, crumb: F8, dust: F8, floor: F8 | None = None) -> Lists:
    """Return lists without both sides of a security, without crumbs, and without trades under the dust threshold.

    Args:
        part: What the lists are of.
        lists: Trades, each lot and each purchase of an account once.
        crumb: Dollars that are none, by account.
        dust: Dollars under which a trade is left out, by account.
        floor: By account, the least that its sales less its purchases may come to; what is missing is taken off the largest purchase.
    """
    lists = _one_side(part, lists)
    lots, price = part.problem.lots, part.problem.universes.price
    is_sale = lists.lot >= 0
    all_of_it = np.where(is_sale, np.append(lots.qty, 0.0)[lists.lot] * price[lists.row], np.inf)
    usd = np.where(is_sale & (all_of_it - lists.usd <= crumb[lists.account]), all_of_it, lists.usd)
    is_kept = usd >= np.maximum(crumb, dust)[lists.account]
    lists = kept_lists(with_units(part, lists.account, lists.lot, lists.row, usd), is_kept)
    return lists if floor is None else _paid(part, lists, crumb, dust, floor)


def _one_side(part: Part, lists: Lists) -> Lists:
    """Set purchases off against sales of the same security in the same account."""
    rows = len(part.problem.universes.price)
    key, is_sale = lists.account * rows + lists.row, lists.lot >= 0
    both = np.intersect1d(key[is_sale], key[~is_sale])
    if not len(both):
        return lists
    place = np.minimum(np.searchsorted(both, key), len(both) - 1)
    is_both = both[place] == key
    sold = totals(place[is_both & is_sale], lists.usd[is_both & is_sale], len(both))
    bought = totals(place[is_both & ~is_sale], lists.usd[is_both & ~is_sale], len(both))
    off = np.minimum(sold, bought)
    left = np.where(is_sale, 1.0 - (off / sold)[place], 1.0 - (off / bought)[place])
    return with_units(part, lists.account, lists.lot, lists.row, np.where(is_both, lists.usd * left, lists.usd))


def _paid(part: Part, lists: Lists, crumb: F8, dust: F8, floor: F8) -> Lists:
    """Take off the largest purchases what an account lacks for them."""
    signed = np.where(lists.lot >= 0, lists.usd, -lists.usd)
    lacks = floor - totals(lists.account, signed, len(part.at)) - crumb
    usd = lists.usd.copy()
    for account in np.nonzero(lacks > 0)[0]:
        own = np.nonzero((lists.account == account) & (lists.lot < 0))[0]
        for i in own[np.argsort(-usd[own], kind="stable")]:
            if lacks[account] <= 0:
                break
            left = usd[i] - lacks[account] - crumb[account]
            left = left if left >= max(dust[account], crumb[account]) else 0.0
            lacks[account] -= usd[i] - left
            usd[i] = left
    return kept_lists(with_units(part, lists.account, lists.lot, lists.row, usd), usd > 0)


def mixed_lists(part: Part, stake: Stake, columns: Columns, cases: Cases) -> Lists:
    """Return the mixture of every case; the part has a copy for each, first."""
    return lists_of(part, stake, columns, cases.case, cases.column, cases.weight)
