"""What kind of order a security asks for: market, limit or net asset value; in units, dollars or all that is held; and at what limit.

A liquid ETF is bought and sold at the market; a mutual fund at the net asset value it computes next, bought in dollars and sold in units,
or all of it where all goes; what is of one issuer (stock, bond) with a limit on either side of the price. Which is which is the policy's.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from data_contracts.vocab import OrderSide, OrderSize, OrderType
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.orders import OrderedSecurity

_CENT = Decimal("0.01")
_BELOW_A_DOLLAR = Decimal("0.0001")


def order_type_of(security: OrderedSecurity, rule: OrderRule) -> OrderType | None:
    """Return at what price an order for the security may be done; None where the policy names none, so that no order is made."""
    return rule.security_order_types.get(security.security_id) or rule.order_types.get(security.asset_type)


def order_size_of(order_type: OrderType, side: OrderSide, *, is_all: bool) -> OrderSize:
    """Return what the order is stated in; `is_all`: every unit that the account holds is sold."""
    if order_type != OrderType.NAV:
        return OrderSize.UNITS
    if side == OrderSide.BUY:
        return OrderSize.DOLLARS
    return OrderSize.ALL if is_all else OrderSize.UNITS


def limit_price(price_usd: Decimal, side: OrderSide, security: OrderedSecurity, rule: OrderRule) -> Decimal:
    """Return the limit: the price and the policy's share on top of it for a purchase, less it for a sale.

    Rounded away from the price to a whole tick, a purchase's up and a sale's down, so that the room is never less than the policy's share;
    a sale's limit is one tick at least. 100.00 at 1 %: 101.00 and 99.00; 33.33: 33.67 and 32.99.
    """
    share = Decimal(str(rule.limit_frac))
    raw = price_usd * (1 + share if side == OrderSide.BUY else 1 - share)
    tick = tick_of(raw, security, rule)
    steps = (raw / tick).to_integral_value(ROUND_CEILING if side == OrderSide.BUY else ROUND_FLOOR)
    return max(steps, Decimal(1)) * tick


def tick_of(price_usd: Decimal, security: OrderedSecurity, rule: OrderRule) -> Decimal:
    """Return the step of a limit: the policy's by kind, else a cent, or a hundredth of one below a dollar (17 CFR 242.612)."""
    stated = rule.ticks.get(security.asset_type)
    if stated is not None:
        return Decimal(str(stated))
    return _CENT if price_usd >= 1 else _BELOW_A_DOLLAR
