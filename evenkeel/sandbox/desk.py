"""The order desk: each evening some of the portfolios that have drifted are brought half of the way back on the next session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.sandbox.draws import Draws, Ints
from evenkeel.sandbox.models import MODELS, class_weights_of
from evenkeel.sandbox.people import Portfolio, Practice
from evenkeel.sandbox.securities import CLASS_OF, CLASSES, SECURITIES

if TYPE_CHECKING:
    from evenkeel.sandbox.ledger import Holdings

UNIT = 10_000
DRIFTED = 0.04
SHARE_TRADED = 12
"""Of a hundred single-account portfolios past `DRIFTED`, so many trade on a day."""


@dataclass
class Orders:
    """Orders as columns: whole quantities in ten-thousandths, `price` the one they were estimated at."""

    account: Ints
    security: Ints
    qty: Ints
    is_buy: np.typing.NDArray[np.bool_]
    price: Ints
    number: Ints

    @classmethod
    def none(cls) -> Orders:
        """Return no orders."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty, np.zeros(0, dtype=bool), empty, empty)


def plan_orders(
    seed: int,
    index: int,
    practice: Practice,
    holdings: Holdings,
    cash: Ints,
    can_trade: np.typing.NDArray[np.bool_],
    blocked: Sequence[int],
) -> Orders:
    """Return the orders placed on the evening of session `index`; none in the securities `blocked`."""
    classes = len(CLASSES)
    values = np.zeros(len(cash) * classes, dtype=np.int64)
    np.add.at(
        values, holdings.account * classes + np.array(CLASS_OF, dtype=np.int64)[holdings.security], holdings.value
    )
    by_class = values.reshape(len(cash), classes)
    by_class[:, classes - 1] += cash
    chance = Draws(seed, f"desk {index}").below(100, len(practice.portfolios)).tolist()
    targets = [class_weights_of(model) for model in MODELS]
    found: list[tuple[int, int, int, bool, int]] = []
    for portfolio in practice.portfolios:
        if portfolio.model is None or len(portfolio.accounts) != 1 or chance[portfolio.place] >= SHARE_TRADED:
            continue
        account = portfolio.accounts[0]
        if can_trade[account]:
            found += _bring_back(
                portfolio, by_class[account].tolist(), targets[portfolio.model], holdings, account, blocked
            )
    if not found:
        return Orders.none()
    columns = list(zip(*found, strict=True))
    return Orders(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2], dtype=np.int64),
        np.array(columns[3], dtype=bool),
        np.array(columns[4], dtype=np.int64),
        np.arange(len(found), dtype=np.int64) + (index + 1) * 100_000,
    )


def _bring_back(
    portfolio: Portfolio,
    values: list[int],
    target: list[float],
    holdings: Holdings,
    account: int,
    blocked: Sequence[int],
) -> list[tuple[int, int, int, bool, int]]:
    total = sum(values)
    if total < 2_000_000 or portfolio.model is None:
        return []
    drift = [value / total - share for value, share in zip(values, target, strict=True)]
    over, under = drift.index(max(drift)), drift.index(min(drift))
    if max(drift[over], -drift[under]) < DRIFTED:
        return []
    first, last = np.searchsorted(holdings.account, [account, account + 1]).tolist()
    held = [(int(holdings.security[place]), place) for place in range(first, last)]
    amount = int(total * min(drift[over], -drift[under]) / 2)
    orders: list[tuple[int, int, int, bool, int]] = []
    sold = 0
    cash_class = len(CLASSES) - 1
    if over != cash_class:
        tradable = [(int(holdings.value[p]), s, p) for s, p in held if CLASS_OF[s] == over and _trades(s, blocked)]
        if not tradable:
            return []
        worth, security, place = max(tradable)
        qty = _quantity(min(amount, worth * 9 // 10), security, int(holdings.price[place]))
        if qty:
            orders.append((account, security, qty, False, int(holdings.price[place])))
            sold = qty * int(holdings.price[place]) // 1_000_000
    else:
        sold = amount
    if under != cash_class and sold:
        bought = [(s, int(holdings.price[p])) for s, p in held if CLASS_OF[s] == under and _trades(s, blocked)]
        if bought:
            security, price = bought[0]
            qty = _quantity(sold * 9 // 10, security, price)
            if qty:
                orders.append((account, security, qty, True, price))
    return orders


def _trades(security: int, blocked: Sequence[int]) -> bool:
    known = SECURITIES[security]
    return not known.is_bond and not known.is_private and security not in blocked


def _quantity(cents: int, security: int, price: int) -> int:
    step = UNIT if SECURITIES[security].is_whole else 10
    return cents * 1_000_000 // price // step * step
