"""Which purchases an account can pay for in a batch: no overdraft, and no free-riding.

The rule, by the account's type:

- A purchase is paid by the day it settles. Money for it is the cash that is settled already, and the proceeds of sales of the same
  batch that settle no later. Shares sold and shares bought on one day both settle the next business day (17 CFR 240.15c6-1(a)), so proceeds
  are as a rule usable at once; where a sale settles later than the purchase (a fund whose cut-off had passed) the purchase waits.
- A cash account pays in full for what it buys before it sells it (12 CFR 220.8(a)(1)(ii)). Purchases planned here are paid at settlement
  from money that is there then, and a lot that is sold was held on the evening before, so that no sale comes before its payment.
- An account that has lost the privilege of paying later (12 CFR 220.8(c), ninety days) buys with settled cash only.
- A margin account may pay later, but no loan is planned: all its purchases together keep to its cash and all its proceeds.

Money is counted carefully: proceeds of a market or fund order less the policy's reserve, of a limit order at the limit and only if the
policy counts them at all (it may not fill); a purchase at the market with the reserve on top, with a limit at the limit, in dollars as
ordered; fees on either side. Cents are rounded against the account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from data_contracts.vocab import OrderSide, OrderSize, OrderType
from evenkeel.orders.approved import ApprovedTrade, OrderingAccount
from evenkeel.orders.times import Timing
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.orders import OrderedSecurity

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sized:
    """A trade with the kind of order it becomes, its limit where it has one, and its days."""

    trade: ApprovedTrade
    security: OrderedSecurity
    order_type: OrderType
    order_size: OrderSize
    limit_price_usd: Decimal | None
    timing: Timing


def affordable(account: OrderingAccount, sized: Sequence[Sized], rule: OrderRule) -> tuple[list[Sized], list[Sized]]:
    """Return what of one account's trades goes in the batch, and which purchases wait.

    Sales all go; purchases go in their order while money lasts. One that finds no money waits whole; a smaller one after it may still go.
    """
    sales = [one for one in sized if one.trade.side == OrderSide.SELL]
    income = [(one.timing.settle_date, least_proceeds(one, rule)) for one in sales]
    taken: list[Sized] = []
    waiting: list[Sized] = []
    spent: list[tuple[dt.date, Decimal]] = []
    for one in sized:
        if one.trade.side == OrderSide.SELL:
            continue
        planned = [*spent, (one.timing.settle_date, most_cost(one, rule))]
        if _is_paid(account, income, planned):
            taken.append(one)
            spent = planned
        else:
            waiting.append(one)
    return [*sales, *taken], waiting


def least_proceeds(one: Sized, rule: OrderRule) -> Decimal:
    """Return what a sale brings at the least, in whole cents rounded down; 0 for a limit order that the policy does not count."""
    if one.order_type == OrderType.LIMIT:
        value = _at_limit(one) if rule.is_limit_sale_counted else Decimal(0)
    else:
        value = one.trade.value_usd * (1 - Decimal(str(rule.price_reserve_frac)))
    return max((value - one.trade.fees_usd).quantize(_CENT, ROUND_FLOOR), Decimal(0))


def most_cost(one: Sized, rule: OrderRule) -> Decimal:
    """Return what a purchase costs at the most, in whole cents rounded up."""
    if one.order_type == OrderType.LIMIT:
        value = _at_limit(one)
    elif one.order_size == OrderSize.DOLLARS:
        value = one.trade.value_usd
    else:
        value = one.trade.value_usd * (1 + Decimal(str(rule.price_reserve_frac)))
    return (value + one.trade.fees_usd).quantize(_CENT, ROUND_CEILING)


def _at_limit(one: Sized) -> Decimal:
    assert one.limit_price_usd is not None
    # The trade's own value over its own price carries the price factor and multiplier.
    return one.trade.value_usd * one.limit_price_usd / one.trade.price_usd


def _is_paid(
    account: OrderingAccount, income: Sequence[tuple[dt.date, Decimal]], planned: Sequence[tuple[dt.date, Decimal]]
) -> bool:
    cost = sum((usd for _, usd in planned), Decimal(0))
    if account.pays_at_once:
        return cost <= account.settled_cash_usd
    if account.has_margin:
        return cost <= account.settled_cash_usd + sum((usd for _, usd in income), Decimal(0))
    return all(
        sum((usd for date, usd in planned if date <= day), Decimal(0))
        <= account.settled_cash_usd + sum((usd for date, usd in income if date <= day), Decimal(0))
        for day in {date for date, _ in planned}
    )
