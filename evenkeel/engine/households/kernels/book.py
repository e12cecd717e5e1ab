"""The one compiled door of households: every household of a problem, its accounts loaded one after the other."""

from __future__ import annotations

import numpy as np
from numba import types

from evenkeel.engine.arrays import AccountArrays, LimitArrays, LotArrays, ModelArrays, PlanArrays, UniverseArrays
from evenkeel.engine.codes import HOUSEHOLD_OUTCOMES, OUTCOMES, HouseholdOutcome, Outcome
from evenkeel.engine.households.arrays import House, HouseholdAnswerArrays, HouseholdArrays
from evenkeel.engine.households.kernels.choose import choose_house
from evenkeel.engine.households.kernels.gather import LOCATION_UNKNOWN, add_member, forget, load_member, locate
from evenkeel.engine.households.kernels.judge import judge_house
from evenkeel.engine.households.kernels.tell import tell_house
from evenkeel.engine.kernels.jit import outer, type_of
from evenkeel.engine.kernels.load import FIGURE_INVALID, FINE
from evenkeel.engine.scratch import Scratch

WAITS = OUTCOMES.index(Outcome.HOUSEHOLD_WAITS)
MEMBER_NO_VALUE = OUTCOMES.index(Outcome.NO_VALUE)
ACCOUNT_UNSOLVED = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.ACCOUNT_UNSOLVED)
NO_VALUE = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.NO_VALUE)
BOUND, CYCLE = 16, 17

SIGNATURE = types.int64(
    *(
        type_of(arrays)
        for arrays in (
            AccountArrays,
            ModelArrays,
            UniverseArrays,
            LotArrays,
            PlanArrays,
            LimitArrays,
            HouseholdArrays,
            HouseholdAnswerArrays,
            Scratch,
            House,
        )
    ),
    types.int64,
)


@outer(SIGNATURE)
def solve_house_book(accounts, models, universes, lots, plans, limits, households, answer, s, h, width):  # type: ignore[no-untyped-def]
    """Solve every household and return how many trades there are; more than there is room for: call again with more room.

    `width` is the number of classes of the problem.
    """
    trades = 0
    member, location = households.member, households.location
    for house in range(len(households.members_from) - 1):
        place = households.members_from[house]
        members = households.members_from[house + 1] - place
        classes, lot_count, buy_count = 1, 0, 0
        total, is_whole = 0.0, True
        h.class_of[0], h.klass[0] = 0, 0
        for m in range(members):
            a = member[place + m]
            outcome, count, value = load_member(s, a, accounts, models, universes, lots, plans, limits, width, 0)
            if outcome == FINE and location[a] == -1:
                outcome = LOCATION_UNKNOWN
            answer.member_outcome[a] = outcome
            if outcome == FINE:
                if m == 0:
                    h.target[0], h.lower[0], h.upper[0] = s.target[0], s.lower[0], s.upper[0]
                own = accounts.lots_from[a + 1] - accounts.lots_from[a]
                classes = add_member(h, s, m, width, count, value, own, lot_count, buy_count, classes)
                lot_count += own
                buy_count += s.buys_at[count]
                total += value
                answer.member_figures[a, 0] = value
            else:
                is_whole = False
            forget(s, count)
        if is_whole and not locate(h, members, classes, width, location, households, place):
            is_whole = False
            for m in range(members):
                a = member[place + m]
                for k in range(classes):
                    if location[a] >= 0 and not np.isfinite(households.location_cost[location[a], h.klass[k]]):
                        answer.member_outcome[a] = FIGURE_INVALID
        if not is_whole or not (total > 0.0 and np.isfinite(total)):
            answer.outcome[house] = NO_VALUE if is_whole else ACCOUNT_UNSOLVED
            for m in range(members):
                a = member[place + m]
                if answer.member_outcome[a] == FINE:
                    answer.member_outcome[a] = MEMBER_NO_VALUE if is_whole else WAITS
        else:
            for k in range(classes):
                h.class_held[k] = 0.0
                for m in range(members):
                    h.class_held[k] += h.held[m * width + k]
            figures, first = answer.figures[house], member[place]
            proven, cycle = choose_house(
                h, s, members, classes, width, total, first, lot_count, buy_count, accounts, universes, lots, plans, member, place,
                figures, answer.member_figures,
            )  # fmt: skip
            for _ in range(2):
                objective = judge_house(
                    h, members, classes, width, total, first, accounts, universes, lots, plans, member, place, figures,
                    answer.member_figures, False,
                )  # fmt: skip
                if objective <= figures[5]:
                    break
                # Dust left out, or a loss disallowed on what was sold of it, can make lists worse than none.
                for i in range(lot_count):
                    h.sold[i] = 0.0
                for b in range(buy_count):
                    h.buy_usd[b] = 0.0
            figures[BOUND], figures[CYCLE] = proven, cycle
            trades = tell_house(
                h, s, house, members, classes, width, accounts, universes, lots, member, place, answer, trades, False
            )
        for k in range(classes):
            h.class_of[h.klass[k]] = -1
    return trades
