"""Rounded lists of households: by search, and by a program where the search leaves too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import I8
from evenkeel.engine.codes import HOUSEHOLD_OUTCOMES, HouseholdOutcome
from evenkeel.engine.households.arrays import HOUSEHOLD_FIGURES, MEMBER_FIGURES, HouseholdAnswerArrays
from evenkeel.engine.households.problem import HouseholdTables, PreparedHouseholds
from evenkeel.engine.households.spaces import round_household_lists
from evenkeel.engine.rounding import ALL_BUYS, KEPT, LEFT, PROGRAM, PROGRAM_GAP, SEARCH

PROGRAM_HOUSEHOLDS = 50
"""So many households of a problem at most, largest gaps first: a program takes up to some seconds, the search some milliseconds."""

NAV, OBJECTIVE, BOUND = (HOUSEHOLD_FIGURES.index(name) for name in ("nav_usd", "objective_usd", "bound_usd"))
CASH_AFTER, MU = (MEMBER_FIGURES.index(name) for name in ("cash_after_usd", "cash_price_frac"))
SKIPPED = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.ACCOUNT_UNSOLVED)
SOLVED = [HOUSEHOLD_OUTCOMES.index(way) for way in (HouseholdOutcome.TRADED, HouseholdOutcome.NOTHING_TO_TRADE)]


@dataclass(frozen=True)
class RoundedHouseholds:
    """A rounded answer, and by household how its lists were found: a place in `codes.WAYS`."""

    answer: HouseholdAnswerArrays
    found_by: I8


def round_households(
    tables: HouseholdTables,
    prepared: PreparedHouseholds,
    exact: HouseholdAnswerArrays,
    most: int = PROGRAM_HOUSEHOLDS,
    without: I8 | None = None,
) -> RoundedHouseholds:
    """Return rounded lists: by search, and by a program for at most `most` households where the search leaves more than PROGRAM_GAP.

    No program is asked for the households `without`.
    """
    searched = round_household_lists(prepared.arrays, exact)
    figures = searched.figures
    found_by = np.full(len(searched.outcome), SEARCH)
    with np.errstate(invalid="ignore"):
        gap = (figures[:, OBJECTIVE] - figures[:, BOUND]) / figures[:, NAV]
        is_wide = np.isin(searched.outcome, SOLVED) & (gap > PROGRAM_GAP)
    if without is not None:
        is_wide[without] = False
    wide = np.flatnonzero(is_wide)
    wide = wide[np.argsort(-gap[wide], kind="stable")]
    found_by[wide[most:]] = LEFT
    asked = np.sort(wide[:most])
    if not len(asked):
        return RoundedHouseholds(searched, found_by)
    start, bounds = _programs(tables, prepared, exact, searched, asked)
    polished = round_household_lists(prepared.arrays, start, ALL_BUYS)
    is_better = np.zeros(len(found_by), bool)
    is_better[asked] = polished.figures[asked, OBJECTIVE] < figures[asked, OBJECTIVE] - 1e-6
    found_by[asked] = np.where(is_better[asked], PROGRAM, KEPT)
    answer = _merged(prepared, searched, polished, is_better)
    proven = np.minimum(bounds, answer.figures[asked, OBJECTIVE])
    answer.figures[asked, BOUND] = np.maximum(answer.figures[asked, BOUND], proven)
    return RoundedHouseholds(answer, found_by)


def _programs(
    tables: HouseholdTables,
    prepared: PreparedHouseholds,
    exact: HouseholdAnswerArrays,
    searched: HouseholdAnswerArrays,
    asked: I8,
) -> tuple[HouseholdAnswerArrays, np.ndarray]:
    """Return the programs' lists, with prices and bounds of the exact ones, for the search to go on from; and the programs' bounds."""
    from evenkeel.engine.households.rounded_program import RoundedHouseholdPrograms
    from evenkeel.engine.rounded_program import AtHand, program_solver

    names, classes = prepared.households["household_id"].gather(asked).to_list(), prepared.prepared.classes.to_list()
    programs, solver = RoundedHouseholdPrograms(tables, prepared, names), program_solver()
    ids, members = prepared.prepared.accounts["account_id"].to_list(), prepared.arrays.households
    bounds = np.full(len(asked), -np.inf)
    outcome = np.full(len(exact.outcome), SKIPPED)
    begin, end = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    lot: list[int] = []
    row: list[int] = []
    usd: list[float] = []
    for place, (house, name) in enumerate(zip(asked, names, strict=True)):
        own = members.member[members.members_from[house] : members.members_from[house + 1]]
        at_hand = {
            ids[a]: AtHand(
                float(exact.member_figures[a, MU]),
                _by_class(classes, exact.cell_price[a]),
                float(exact.member_figures[a, CASH_AFTER]),
            )
            for a in own
        }
        pi = _by_class(classes, exact.price[house])
        found = programs.ask(name, at_hand, pi, float(searched.figures[house, OBJECTIVE]), solver)
        bounds[place] = found.bound_usd
        if found.trades is None:
            continue
        outcome[house] = SOLVED[0]
        for a in own:
            sold, bought = found.trades[ids[a]]
            begin[a] = len(usd)
            lot += [*sold, *[-1] * len(bought)]
            row += [*[-1] * len(sold), *bought]
            usd += [*sold.values(), *bought.values()]
            end[a] = len(usd)
    start = exact._replace(
        outcome=outcome,
        trades_begin=begin,
        trades_end=end,
        trade_lot=np.array(lot, np.int64),
        trade_row=np.array(row, np.int64),
        trade_usd=np.array(usd, np.float64),
    )
    return start, bounds


def _by_class(classes: list[str], prices: np.ndarray) -> dict[str, float]:
    return {name: float(price) for name, price in zip(classes, prices, strict=True) if not np.isnan(price)}


def _merged(
    prepared: PreparedHouseholds, one: HouseholdAnswerArrays, other: HouseholdAnswerArrays, is_other: np.ndarray
) -> HouseholdAnswerArrays:
    """Return the answer whose households are those of `other` where told, and else those of `one`."""
    households = prepared.arrays.households
    is_others_member = np.zeros(len(one.member_outcome), bool)
    is_others_member[households.member] = np.repeat(is_other, np.diff(households.members_from))
    whole = {}
    for name in one._fields:
        mine, theirs = getattr(one, name), getattr(other, name)
        if name.startswith("trade_"):
            whole[name] = np.concatenate([mine, theirs])
            continue
        if name.startswith("trades_"):
            theirs = theirs + len(one.trade_usd)
        is_theirs = is_others_member if name.startswith(("member_", "cell_", "trades_")) else is_other
        whole[name] = np.where(is_theirs.reshape(-1, *[1] * (mine.ndim - 1)), theirs, mine)
    return HouseholdAnswerArrays(**whole)
