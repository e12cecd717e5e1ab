"""What netted lists of households are made from: whose taxes they count to, and what was decided for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.households.arrays import MEMBER_FIGURES, HouseholdAnswerArrays, HouseholdProblem
from evenkeel.engine.netted.choosing import Chosen, Ready
from evenkeel.engine.netted.decide import decide, limits_of
from evenkeel.engine.netted.house import SOLVED_HOUSES, Houses, RunHouses, house_lists
from evenkeel.engine.netted.stake import lot_gains, stake_of


@dataclass(frozen=True)
class Netted:
    """A prepared problem of households whose accounts' tax units are known; `run` solves one at its lots' own rates."""

    known: Ready
    arrays: HouseholdProblem
    run: RunHouses

    @property
    def house_of_member(self) -> I8:
        """Household of each of `HouseholdArrays.member`."""
        members_from = self.arrays.households.members_from
        return np.repeat(np.arange(len(members_from) - 1), np.diff(members_from))


@dataclass(frozen=True)
class ChosenHouses(Chosen[Houses]):
    """What was decided for households at stake: `houses`, each a group."""

    houses: I8

    @property
    def house_of_account(self) -> I8:
        """Household of each account at stake."""
        house: I8 = self.houses[self.stake.group]
        return house


@dataclass(frozen=True)
class Less:
    """Dollars that budgets are taken to be less: of gains by household, of value sold by account of the problem."""

    gain: F8
    sold: F8


def choose_houses(
    netted: Netted, base: HouseholdAnswerArrays, some: np.ndarray | None = None, less: Less | None = None
) -> ChosenHouses | None:
    """Decide for households that are solved, those marked in `some`; None: none of their accounts has a unit or a budget."""
    known, households, problem = netted.known, netted.arrays.households, netted.arrays.problem
    house = netted.house_of_member
    is_in = np.isin(base.outcome, SOLVED_HOUSES)[house]
    if some is not None:
        is_in &= some[house]
    house, member = house[is_in], households.member[is_in]
    stake, houses = stake_of(house, member, known.unit[member], known.share[member])
    if not stake.groups:
        return None
    places = stake.account
    figures = base.member_figures[places]
    scope = Houses(
        problem, netted.run, base.cell_before[places], base.cell_location[places],
        figures[:, MEMBER_FIGURES.index("nav_usd")], figures[:, MEMBER_FIGURES.index("cash_before_usd")],
        households.location[places], households.location_cost,
    )  # fmt: skip
    limits = limits_of(stake, known.terms, scope.nav)
    if less is not None:
        caps, pairs = limits.caps.copy(), stake.pairs_in()
        caps[stake.pair_group, 3 * stake.pair_no + 2] -= less.gain[houses][stake.pair_group]
        has_share = stake.share_no >= 0
        group = stake.group[has_share]
        caps[group, 3 * pairs[group] + stake.share_no[has_share]] -= less.sold[places[has_share]]
        limits = replace(limits, caps=np.maximum(caps, 0.0))
    gains = lot_gains(problem, known.is_long)
    decision = decide(scope, stake, gains, limits, house_lists(base, places), problem.accounts.dust[places])
    return ChosenHouses(stake, places, limits.terms, scope, gains, decision, houses)
