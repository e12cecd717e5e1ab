"""A case as the programs of rounded lists are told it: which convex part of each tax unit's year, at which rates, prices and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.netted.attempt import Scope
from evenkeel.engine.netted.choosing import Chosen
from evenkeel.engine.netted.price import flows_of
from evenkeel.engine.netted.rounded_bound import OF_CENTS, CaseBounds
from evenkeel.engine.netted.terms import Terms, part_bound
from evenkeel.engine.problem import Prepared
from evenkeel.engine.rounded_program import AtHand


@dataclass(frozen=True)
class PartAtHand:
    """A convex part of one tax unit's year, and what the search says there.

    Attributes:
        is_split: Which of the two.
        short: What a dollar of short gain costs at the case's rates, the gain budget's price in it.
        long: Likewise of long gain.
        most_gain: Dollars of gain that the budget leaves, infinite without one.
        terms: Of the unit, one entry.
    """

    is_split: bool
    short: float
    long: float
    most_gain: float
    terms: Terms


@dataclass(frozen=True)
class AccountAtHand:
    """What trades of one account cost in a case.

    Attributes:
        part: That its gains count to; None: it has no unit, its lots are taxed at their own rates.
        sold: What a dollar of value sold costs: the turnover budget's price.
        most_sold: Dollars that may be sold, infinite without a budget.
        prices: Prices of classes and of cash at the case's rates, and cash after the exact list.
    """

    part: int | None
    sold: float
    most_sold: float
    prices: AtHand


@dataclass(frozen=True)
class CaseAtHand:
    """A case of an account alone, or of a household: its parts, its accounts by id.

    Attributes:
        parts: One a tax unit.
        accounts: By account id.
        class_prices: Of a household, prices of its classes.
        other_usd: What the bound at these prices has besides trades, penalties, cash and location.
    """

    parts: tuple[PartAtHand, ...]
    accounts: Mapping[str, AccountAtHand]
    class_prices: Mapping[str, float]
    other_usd: float

    @property
    def of_cents_usd(self) -> float:
        """Return dollars that a year's tax to the cent may be below the tax as the program has it."""
        return OF_CENTS * len(self.parts)


class CasesAtHand:
    """Cases of what was decided, told one by one."""

    def __init__(self, prepared: Prepared, chosen: Chosen[Scope], bounds: CaseBounds) -> None:
        self._chosen, self._bounds = chosen, bounds
        self._ids: pl.Series = prepared.accounts["account_id"].gather(chosen.places)
        self._classes = prepared.classes.to_list()
        self._cash = chosen.scope.cash + flows_of(chosen.decision.part, chosen.decision.lists).moved[:, 0]
        self._most_sold = chosen.most_sold

    def told(self, case: int) -> CaseAtHand:
        """Return a case of the decision's, its rates as the kernels were given them."""
        stake, cases = self._chosen.stake, self._chosen.decision.tried.cases
        g = int(cases.group[case])
        pairs, caps = int(stake.pairs_in()[g]), np.maximum(cases.caps[case], 0.0)
        parts, other = [], 0.0
        first = int(np.searchsorted(stake.pair_group, g))
        for no in range(pairs):
            terms = self._chosen.terms.take(np.array([first + no]))
            is_split, of_gain = bool(cases.is_split[case, no]), float(caps[3 * no + 2])
            short, long, room = float(cases.short[case, no]), float(cases.long[case, no]), float(terms.room[0])
            other += float(part_bound(terms, np.array([is_split]), np.array([short]), np.array([long]))[0])
            other -= of_gain * room if of_gain > 0 else 0.0
            parts.append(PartAtHand(is_split, short + of_gain, long + of_gain, room, terms))
        accounts: dict[str, AccountAtHand] = {}
        for n, at in enumerate(range(stake.group_from[g], stake.group_from[g + 1])):
            share, pair = int(stake.share_no[at]), int(stake.pair[at])
            sold = float(caps[3 * pairs + share]) if share >= 0 else 0.0
            most = float(self._most_sold[at])
            other -= sold * most if sold > 0 else 0.0
            price = self._bounds.price[self._bounds.first[case] + n]
            prices = AtHand(-float(price[0]), self._by_class(price), float(self._cash[at]))
            accounts[self._ids[at]] = AccountAtHand(int(stake.pair_no[pair]) if pair >= 0 else None, sold, most, prices)
        return CaseAtHand(tuple(parts), accounts, self._by_class(self._bounds.class_price[case]), other)

    def _by_class(self, prices: np.ndarray) -> dict[str, float]:
        return {name: float(price) for name, price in zip(self._classes, prices, strict=True) if not np.isnan(price)}
