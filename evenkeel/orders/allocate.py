"""How a block's fills are shared out among its accounts: pro rata, at the average price, whole to the last step.

    share[a] = filled * ordered[a] / sum(ordered)

Each share is rounded down to the step (a whole share; what the custodian takes where it takes fractions). The steps that are left go
one each to the largest remainders; a fraction of a step that an account ordered, since it was all that it held, is given last. Ties are
broken by the SHA-256 of order id and account id, so that over many orders no account is always first. No account gets more than it
ordered, and the shares add up to what was filled.

An account whose share of a block that was filled in part is worth less than the least value gets nothing from it, or at least that
value: the small shares are pooled and given, in the order of the same hash, to as many of these accounts as the pool can serve; what
cannot serve another goes to the last one served, up to what it ordered, and so on. Where the pool serves nobody all shares stay: nothing,
time and again, would be less fair than a small part.

Shares are final once the block is done or the day has ended: until then they are an estimate, and may go down for an account while the
filled quantity goes up (the Alabama paradox of largest remainders).

Money: every account has the same average price. Its dollars are its part of the block's dollars, in whole cents by largest remainder, so
that the accounts' dollars add up to the block's, rounded half to even to the cent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from data_contracts.vocab import AssetType
from evenkeel.decimals import digits
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.orders.fills import done
from evenkeel.ports.orders import AccountShare, Allocation, Block, Fill, LotShare

WHOLE = Decimal(1)
FRACTIONAL = Decimal("0.001")
"""What funds' orders, and custodians that take fractions, are shared out in."""

_CENT = Decimal("0.01")
_VOID = "void"


def share_out(
    block: Block, fills: Iterable[Fill], *, step: Decimal | None = None, min_usd: Decimal = Decimal(0)
) -> list[AccountShare]:
    """Return each account's share of what was filled, accounts that get nothing included, by account; empty where nothing was filled.

    Args:
        block: The order.
        fills: Executions, of other orders too; what was broken or corrected is accounted for.
        step: Least unit of a share; null: `FRACTIONAL` for funds, `WHOLE` for all others.
        min_usd: Least value of a share of a block that was filled in part.

    Raises:
        UsageError: More was filled than ordered.
    """
    filled = done(block, fills)
    if not filled.filled_qty or filled.average_price_usd is None:
        return []
    if step is None:
        step = FRACTIONAL if block.security.asset_type in (AssetType.MUTUAL_FUND, AssetType.MONEY_MARKET) else WHOLE
    # An order in dollars is shared by its dollars: the units that it buys are whatever the price makes of them.
    is_units = block.order_qty is not None
    ordered = {one.account_id: one.order_qty if is_units else one.order_value_usd for one in block.allocations}
    if block.order_qty is not None and filled.filled_qty > sum(ordered.values(), Decimal(0)):
        raise UsageError(
            f"order {block.order_id}: {digits(filled.filled_qty)} units were filled of {digits(block.order_qty)} ordered; "
            f"ask {block.custodian} to break what is too much"
        )
    least = min_usd / filled.average_price_usd / block.security.price_factor if min_usd else Decimal(0)
    if is_units:
        units = shares(block.order_id, ordered, filled.filled_qty, step, least)
    else:
        units = _by_weight(block.order_id, ordered, filled.filled_qty, step)
    weights = units if is_units else ordered
    cents = _by_weight(block.order_id, weights, filled.value_usd.quantize(_CENT, ROUND_HALF_EVEN), _CENT)
    return [
        AccountShare(
            one.account_id,
            one.order_qty,
            units[one.account_id],
            filled.average_price_usd,
            cents[one.account_id],
            tuple(lots_sold(one, units[one.account_id])) if is_units else _bought(one, units[one.account_id]),
        )
        for one in sorted(block.allocations, key=lambda one: one.account_id)
    ]


def allocation_id(block: Block, shares: Iterable[AccountShare], after: str | None = None) -> str:
    """Return the id of an allocation: a digest of the order and of what each account gets, whether those that get nothing are named or not.

    Where nobody gets anything it is a void one, with a prefix of its own. `after`: the one that it makes void, or the void one that it
    comes after, so that the same figures again are another allocation.
    """
    parts = sorted(
        f"{share.account_id}:{digits(share.filled_qty)}:{digits(share.value_usd)}"
        for share in shares
        if share.filled_qty
    )
    if not parts:
        return stable_id(_VOID, block.order_id, after or "")
    return stable_id("alloc", block.order_id, *parts, *([after] if is_void(after) else []))


def is_void(named: str | None) -> bool:
    """Tell whether an allocation's id is of one that takes an earlier one back."""
    return named is not None and named.startswith(f"{_VOID}-")


def nothing_each(block: Block) -> list[AccountShare]:
    """Return the shares of a block of which nothing stands any more: every account gets nothing."""
    parts = sorted(block.allocations, key=lambda one: one.account_id)
    return [AccountShare(one.account_id, one.order_qty, Decimal(0), Decimal(0), Decimal(0), ()) for one in parts]


def shares(
    order_id: str, ordered: Mapping[str, Decimal], filled: Decimal, step: Decimal, least: Decimal = Decimal(0)
) -> dict[str, Decimal]:
    """Return units by account: at most what it ordered, in sum what was filled.

    Args:
        order_id: For the order of ties.
        ordered: Units by account, each > 0.
        filled: Units filled, at most the sum of `ordered`.
        step: Least unit of a share.
        least: Least share, in units; a share that is all that its account ordered may be smaller.

    Raises:
        ValueError: More was filled than ordered.
    """
    if filled > sum(ordered.values(), Decimal(0)):
        raise ValueError(f"{filled} filled of {sum(ordered.values(), Decimal(0))} ordered")
    given = _pro_rata(order_id, ordered, filled, step)
    if filled == sum(ordered.values(), Decimal(0)) or least <= 0:
        return given
    small = [one for one in turn(order_id, given) if 0 < given[one] < min(least, ordered[one])]
    pool = sum((given[one] for one in small), Decimal(0))
    served: dict[str, Decimal] = {}
    for one in small:
        wanted = _up_to_step(min(least, ordered[one]), step, ordered[one])
        if wanted <= pool:
            served[one] = wanted
            pool -= wanted
    if not served:
        return given
    result = {one: served.get(one, Decimal(0)) if one in small else units for one, units in given.items()}
    # What serves nobody else: first those served in the pool, the last one first, then all that have something.
    for one in [
        *reversed(list(served)),
        *(other for other in turn(order_id, given) if result[other] and other not in served),
    ]:
        more = min(pool, ordered[one] - result[one])
        result[one] += more
        pool -= more
    if pool:
        return given
    return result


def turn(order_id: str, accounts: Iterable[str]) -> list[str]:
    """Return accounts in the order in which ties of this order are broken."""
    return sorted(accounts, key=lambda one: (hashlib.sha256(f"{order_id}\x1f{one}".encode()).hexdigest(), one))


def lots_sold(allocation: Allocation, filled: Decimal) -> list[LotShare]:
    """Return what goes of each lot where less was filled than ordered: least tax a unit first, ties by the proposal's order."""
    ordered = sorted(
        allocation.lots,
        key=lambda lot: (Fraction(lot.tax_usd) / Fraction(lot.order_qty), lot.proposal_id, lot.trade_no),
    )
    left, found = filled, {}
    for lot in ordered:
        found[lot] = min(left, lot.order_qty)
        left -= found[lot]
    return [LotShare(lot, found[lot]) for lot in allocation.lots if found[lot]]


def _bought(allocation: Allocation, units: Decimal) -> tuple[LotShare, ...]:
    return (LotShare(allocation.lots[0], units),) if units else ()


def _pro_rata(order_id: str, ordered: Mapping[str, Decimal], filled: Decimal, step: Decimal) -> dict[str, Decimal]:
    total = sum(ordered.values(), Decimal(0))
    exact = {one: Fraction(filled) * Fraction(wanted) / Fraction(total) for one, wanted in ordered.items()}
    given = {one: _down_to_step(share, step) for one, share in exact.items()}
    left = filled - sum(given.values(), Decimal(0))
    # Whole steps first: a fraction that one account ordered (all that it held) would leave another a fraction that it did not order.
    for least in (step, Decimal(0)):
        by_remainder, has_more = _by_remainder(order_id, exact, given), True
        while left > 0 and has_more:
            has_more = False
            for one in by_remainder:
                more = min(step, ordered[one] - given[one], left)
                if more and more >= least:
                    given[one] += more
                    left -= more
                    has_more = True
    return given


def _by_weight(order_id: str, weights: Mapping[str, Decimal], amount: Decimal, step: Decimal) -> dict[str, Decimal]:
    """Share an amount out by weight, without a cap; where it is no multiple of the step the last bit goes to the first in turn."""
    total = sum(weights.values(), Decimal(0))
    exact = {one: Fraction(amount) * Fraction(weight) / Fraction(total) for one, weight in weights.items()}
    given = {one: _down_to_step(share, step) for one, share in exact.items()}
    left = amount - sum(given.values(), Decimal(0))
    for one in _by_remainder(order_id, exact, given):
        more = min(step, left)
        given[one] += more
        left -= more
    return given


def _by_remainder(order_id: str, exact: Mapping[str, Fraction], given: Mapping[str, Decimal]) -> Sequence[str]:
    return sorted(turn(order_id, exact), key=lambda one: -(exact[one] - Fraction(given[one])))


def _down_to_step(value: Fraction, step: Decimal) -> Decimal:
    return (value / Fraction(step)).__floor__() * step


def _up_to_step(value: Decimal, step: Decimal, most: Decimal) -> Decimal:
    steps = -(-Fraction(value) // Fraction(step))
    return min(int(steps) * step, most)
