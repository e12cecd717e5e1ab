"""What is at stake: whose gains net with which, under which budgets. A group is what one kernel call solves as one: account or household.

A group has pairs (itself and a tax unit of its accounts), each with three sums over its trades (short gain, long gain, both), and one sum
(value sold) for each account with a turnover budget. These sums are all that couples lots beyond what the kernels know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8, I8, Problem
from evenkeel.engine.netted.terms import Terms


@dataclass(frozen=True)
class Stake:
    """Groups by number; accounts at stake group by group, so that group g has account[group_from[g]:group_from[g + 1]].

    `account`: places in the problem. `pair`: by account at stake, place of its pair, or -1. `pair_group`, `pair_unit`, `pair_no`: by pair:
    its group, its unit, its number in the group. `share`: by account at stake, its turnover budget, infinite without one; `share_no` its
    number among the group's accounts that have one, or -1.
    """

    account: I8
    group_from: I8
    pair: I8
    pair_group: I8
    pair_unit: I8
    pair_no: I8
    share: F8
    share_no: I8

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.group_from) - 1

    @property
    def group(self) -> I8:
        """Group of each account at stake."""
        return np.repeat(np.arange(self.groups), np.diff(self.group_from))

    def pairs_in(self) -> I8:
        """Return how many pairs each group has."""
        return np.bincount(self.pair_group, minlength=self.groups).astype(np.int64)


def stake_of(group: I8, account: I8, unit: I8, share: F8) -> tuple[Stake, I8]:
    """Return the stake, and the caller's group number of each of its groups: those with a tax unit or turnover budget.

    Args:
        group: Of each account; sorted, accounts of a group in their order.
        account: Places in the problem.
        unit: Of each account, -1 for none.
        share: Turnover budget of each account, infinite for none.
    """
    is_in = np.isin(group, np.unique(group[(unit >= 0) | np.isfinite(share)]))
    group, account, unit, share = group[is_in], account[is_in], unit[is_in], share[is_in]
    own, number, sizes = np.unique(group, return_inverse=True, return_counts=True)
    has_unit = unit >= 0
    key = number[has_unit] * (unit.max(initial=0) + 2) + unit[has_unit]
    keys, place = np.unique(key, return_inverse=True)
    pair = np.full(len(unit), -1)
    pair[has_unit] = place
    pair_group, pair_unit = keys // (unit.max(initial=0) + 2), keys % (unit.max(initial=0) + 2)
    has_share = np.isfinite(share)
    share_no = np.where(has_share, _number_within(number, has_share), -1)
    return (
        Stake(
            account, np.concatenate([[0], np.cumsum(sizes)]), pair, pair_group, pair_unit,
            np.arange(len(keys)) - np.searchsorted(pair_group, pair_group), share, share_no,
        ),
        own,
    )  # fmt: skip


def take_stake(stake: Stake, groups: I8) -> tuple[Stake, I8]:
    """Return the stake of groups, perhaps several times, as accounts of a problem of their own; and whose pairs its pairs are."""
    sizes, pairs = np.diff(stake.group_from)[groups], stake.pairs_in()
    ends = np.cumsum(sizes)
    at = np.arange(int(ends[-1])) + np.repeat(stake.group_from[groups] - (ends - sizes), sizes)
    first_pair, counts = np.searchsorted(stake.pair_group, groups), pairs[groups]
    pair_ends = np.cumsum(counts)
    pair = np.arange(int(pair_ends[-1])) + np.repeat(first_pair - (pair_ends - counts), counts)
    shift = np.repeat((pair_ends - counts) - first_pair, sizes)
    return (
        Stake(
            np.arange(len(at)), np.concatenate([[0], ends]), np.where(stake.pair[at] >= 0, stake.pair[at] + shift, -1),
            np.repeat(np.arange(len(groups)), counts), stake.pair_unit[pair], stake.pair_no[pair], stake.share[at],
            stake.share_no[at],
        ),
        pair,
    )  # fmt: skip


def _number_within(group: I8, is_counted: np.ndarray) -> I8:
    """Return how many counted entries of the same group stand before each entry; groups are sorted."""
    before = np.concatenate([[0], np.cumsum(is_counted)])
    number: I8 = before[:-1] - before[np.searchsorted(group, group)]
    return number


@dataclass(frozen=True)
class LotGains:
    """By lot of the problem, where its account is at stake (elsewhere of no meaning).

    `row`: of the universe. `gain`: per dollar sold, of a loss what counts over the whole lot (`kernels.load` says why). `own`: tax per
    dollar at the lot's own rate. `is_long`: the term.
    """

    row: I8
    gain: F8
    own: F8
    is_long: np.ndarray


def lot_gains(problem: Problem, is_long: np.ndarray) -> LotGains:
    """Return what a dollar sold of each lot realises."""
    accounts, universes, lots = problem.accounts, problem.universes, problem.lots
    counts = np.diff(accounts.lots_from)
    universe = np.repeat(accounts.universe, counts)
    codes = int(max(universes.security.max(initial=0), lots.security.max(initial=0))) + 2
    owner = np.repeat(np.arange(len(universes.rows_from) - 1), np.diff(universes.rows_from))
    known = owner * codes + universes.security
    row = np.searchsorted(known, universe * codes + lots.security)
    row = np.minimum(row, max(0, len(known) - 1))
    price = universes.price[row]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (price - lots.basis) / price
        gain = np.where(gain < 0, gain * (1.0 - np.minimum(lots.washed, lots.qty) / lots.qty), gain)
    gain = np.where(np.isfinite(gain), gain, 0.0)
    return LotGains(row, gain, np.nan_to_num(lots.rate) * gain, is_long)


def units_of(accounts: pl.DataFrame, terms: Terms) -> tuple[I8, np.ndarray, np.ndarray]:
    """Return each account's unit (-1: none), whether it names one that is not known, and whether its terms or budget make no sense."""
    if "tax_unit_id" not in accounts.columns:
        unit = np.full(accounts.height, -1)
        is_unknown = np.zeros(accounts.height, bool)
    else:
        known = terms.rows.select("tax_unit_id").with_row_index("unit")
        found = accounts.select("tax_unit_id").join(known, on="tax_unit_id", how="left", maintain_order="left")
        unit = found["unit"].cast(pl.Int64).fill_null(-1).to_numpy().copy()
        is_unknown = (found["tax_unit_id"].is_not_null() & found["unit"].is_null()).to_numpy()
    is_unfit = (unit >= 0) & ~np.append(terms.is_fit, True)[unit]
    return np.where(is_unfit, -1, unit), is_unknown, is_unfit


def shares_of(accounts: pl.DataFrame) -> F8:
    """Return each account's turnover budget, infinite where it has none; NaN: one that is not finite."""
    if "turnover_budget_frac" not in accounts.columns:
        return np.full(accounts.height, np.inf)
    given = accounts["turnover_budget_frac"].cast(pl.Float64)
    shares: F8 = given.set(given.is_infinite().fill_null(False), np.nan).fill_null(np.inf).to_numpy()
    return shares


def is_netted(accounts: pl.DataFrame) -> bool:
    """Tell whether an account has a tax unit or a turnover budget."""
    names = [name for name in ("tax_unit_id", "turnover_budget_frac") if name in accounts.columns]
    return any(accounts[name].null_count() < accounts.height for name in names)
