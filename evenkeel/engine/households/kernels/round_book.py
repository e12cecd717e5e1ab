"""The second compiled door of households: rounded lists of a problem whose exact answer is known."""

from __future__ import annotations

import numpy as np
from numba import types

from evenkeel.engine.arrays import AccountArrays, LimitArrays, LotArrays, ModelArrays, PlanArrays, UniverseArrays
from evenkeel.engine.households.arrays import House, HouseholdAnswerArrays, HouseholdArrays
from evenkeel.engine.households.kernels.book import ACCOUNT_UNSOLVED, BOUND, CYCLE, WAITS
from evenkeel.engine.households.kernels.gather import add_member, forget, load_member, locate
from evenkeel.engine.households.kernels.house_improve import improve_house
from evenkeel.engine.households.kernels.house_moves import put_item
from evenkeel.engine.households.kernels.judge import judge_house
from evenkeel.engine.households.kernels.round_house import (
    clear_lists,
    house_allowance,
    set_items,
    set_places,
    start_lists,
    write_lists,
)
from evenkeel.engine.households.kernels.tell import CASH_PRICE, NOTHING_TO_TRADE, TRADED, tell_house
from evenkeel.engine.households.round_space import HouseRound
from evenkeel.engine.kernels.jit import inner, outer, type_of
from evenkeel.engine.kernels.load import FIGURE_INVALID
from evenkeel.engine.kernels.round_book import AGAIN, STOP
from evenkeel.engine.scratch import Scratch

NAV, OBJECTIVE_BEFORE = 0, 5

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
            HouseholdAnswerArrays,
            Scratch,
            House,
            HouseRound,
        )
    ),
    types.int64,
    types.int64,
    types.int64,
)


@inner
def load_house(  # type: ignore[no-untyped-def]
    h, s, r, members, width, accounts, models, universes, lots, plans, limits, households, place, exact, house, extra
):
    """Load a household that is solved, with the prices of its exact lists. Return counts of classes, lots and purchases, and its value."""
    classes, lot_count, buy_count, total = 1, 0, 0, 0.0
    h.class_of[0], h.klass[0] = 0, 0
    for m in range(members):
        a = households.member[place + m]
        _, count, value = load_member(s, a, accounts, models, universes, lots, plans, limits, width, extra)
        if m == 0:
            h.target[0], h.lower[0], h.upper[0] = s.target[0], s.lower[0], s.upper[0]
        own = accounts.lots_from[a + 1] - accounts.lots_from[a]
        classes = add_member(h, s, m, width, count, value, own, lot_count, buy_count, classes)
        lot_count += own
        buy_count += s.buys_at[count]
        total += value
        h.mu[m], r.account[m] = exact.member_figures[a, CASH_PRICE], a
        forget(s, count)
    locate(h, members, classes, width, households.location, households, place)
    for k in range(classes):
        h.pi[k], h.class_held[k] = exact.price[house, h.klass[k]], 0.0
        for m in range(members):
            h.class_held[k] += h.held[m * width + k]
    return classes, lot_count, buy_count, total


@outer(SIGNATURE)
def round_house_book(  # type: ignore[no-untyped-def]
    accounts, models, universes, lots, plans, limits, households, exact, answer, s, h, r, width, rows, extra
):
    """Write the rounded lists of every household of `exact` to `answer` and return how many trades there are, as `solve_house_book`.

    `rows` is the most securities that a universe has, `extra` as for `load_buys`.
    """
    trades = 0
    for house in range(len(households.members_from) - 1):
        place = households.members_from[house]
        members = households.members_from[house + 1] - place
        answer.outcome[house] = exact.outcome[house]
        for m in range(members):
            a = households.member[place + m]
            answer.member_outcome[a] = exact.member_outcome[a]
            answer.member_figures[a, NAV] = exact.member_figures[a, NAV]
        if exact.outcome[house] != TRADED and exact.outcome[house] != NOTHING_TO_TRADE:
            continue
        classes, lot_count, buy_count, total = load_house(
            h,
            s,
            r,
            members,
            width,
            accounts,
            models,
            universes,
            lots,
            plans,
            limits,
            households,
            place,
            exact,
            house,
            extra,
        )
        items, first = lot_count + buy_count, households.member[place]
        target_cost, band_cost = accounts.target_cost[first], accounts.band_cost[first]
        odd = set_items(r, h, members, classes, width, rows, lot_count, accounts, universes, lots)
        if odd >= 0:
            answer.outcome[house] = ACCOUNT_UNSOLVED
            for m in range(members):
                answer.member_outcome[r.account[m]] = FIGURE_INVALID if m == odd else WAITS
        else:
            set_places(r, h, members, classes, total, accounts, plans, exact)
            bound = exact.figures[house, BOUND] - house_allowance(r, h, lot_count, universes, lots)
            fixed = 0.0
            for m in range(members):
                for k in range(classes):
                    fixed += h.location[m * width + k] * h.held[m * width + k]
            best = np.inf
            for attempt in range(2):
                clear_lists(r, h, members, classes, items)
                if attempt == 0:
                    start_lists(r, h, members, classes, width, lot_count, items, accounts, universes, exact)
                found = improve_house(
                    r, h, members, classes, items, bound - fixed, STOP * total, total, target_cost, band_cost, accounts,
                    universes, lots, plans,
                )  # fmt: skip
                if found < best:
                    best = found
                    for n in range(items):
                        r.best[n] = r.level[n]
                if best + fixed - bound <= AGAIN * total:
                    break
            figures = answer.figures[house]
            for attempt in range(2):
                clear_lists(r, h, members, classes, items)
                if attempt == 0:
                    for n in range(items):
                        put_item(r, n, r.best[n], universes)
                write_lists(r, h, lot_count, items, universes, lots)
                objective = judge_house(
                    h, members, classes, width, total, first, accounts, universes, lots, plans, households.member, place, figures,
                    answer.member_figures, True,
                )  # fmt: skip
                if objective <= figures[OBJECTIVE_BEFORE]:
                    break
            figures[BOUND], figures[CYCLE] = bound, exact.figures[house, CYCLE]
            trades = tell_house(
                h, s, house, members, classes, width, accounts, universes, lots, households.member, place, answer, trades, True
            )  # fmt: skip
        for k in range(classes):
            h.class_of[h.klass[k]] = -1
    return trades
