"""One sale: which lots, how many units, what basis, what gain. The package says which rules and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from data_contracts.vocab import ReliefMethod
from evenkeel.rules.holding_period import is_long_term
from evenkeel.rules.whole_numbers import QUANTA, cents, parts, quanta, share_of, units, usd

UNIT_PRICE_PARTS = 10**6
"""Unit costs are compared in cents times this: whole 1e-8 dollars."""

NO_DATE = dt.date.max
"""Where a lot without date stands among ties."""


class ReliefOutcome(StrEnum):
    """What a sale's relief came to; all but the first three choose no lot."""

    COMPLETE = "complete"
    BASIS_UNKNOWN = "basis_unknown"
    DATE_UNKNOWN = "date_unknown"
    NOT_ENOUGH_HELD = "not_enough_held"
    BAD_SALE = "bad_sale"
    IDENTIFICATION_DIFFERS = "identification_differs"
    AVERAGE_NOT_ALLOWED = "average_not_allowed"
    RATES_UNKNOWN = "rates_unknown"


@dataclass(frozen=True, slots=True)
class Lot:
    """Units bought at one time at one cost. `holding_start_date` where the period is tacked; null is not known, never zero."""

    lot_id: str
    acquired_date: dt.date | None
    held_qty: Decimal
    cost_usd: Decimal | None
    holding_start_date: dt.date | None = None
    is_inherited: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """A quantity to sell. `proceeds_usd` is the amount realised, commissions and fees taken off (Reg. 1.1001-1)."""

    sold_date: dt.date
    sale_qty: Decimal
    proceeds_usd: Decimal
    relief_method: ReliefMethod = ReliefMethod.FIFO
    short_rate_frac: float | None = None
    long_rate_frac: float | None = None
    identified: Mapping[str, Decimal] = field(default_factory=dict)
    may_average: bool = False


@dataclass(frozen=True, slots=True)
class RelievedLot:
    """What one lot gives. Basis and gain are null without a cost, `is_long_term` without a date. A loss is negative."""

    lot_id: str
    sold_qty: Decimal
    proceeds_usd: Decimal
    basis_usd: Decimal | None
    gain_usd: Decimal | None
    is_long_term: bool | None


@dataclass(frozen=True, slots=True)
class Relief:
    """The lots in the order relieved and their sums; sums are null where a relieved lot's basis or term is not known."""

    outcome: ReliefOutcome
    lots: tuple[RelievedLot, ...] = ()
    basis_usd: Decimal | None = None
    short_gain_usd: Decimal | None = None
    long_gain_usd: Decimal | None = None
    unknown_lots: int = 0


def choose_lots(lots: Sequence[Lot], sale: Sale) -> Relief:
    """Return the lots that `sale` relieves under its method.

    Args:
        lots: The account's lots of the security, in any order; lot ids are unique.
        sale: What is sold; rates only for `tax_optimised`, `identified` only for `specific`.
    """
    pool = [
        lot for lot in lots if lot.held_qty > 0 and (lot.acquired_date is None or lot.acquired_date <= sale.sold_date)
    ]
    unknown = sum(lot.cost_usd is None for lot in pool)
    refused = _why_not(pool, sale)
    if refused is not None:
        return Relief(refused, unknown_lots=unknown)
    pool.sort(key=lambda lot: _place(lot, sale))
    takes = _takes(pool, sale)
    relieved = _relieved(pool, takes, sale)
    has_basis = all(one.basis_usd is not None for one in relieved)
    has_term = all(one.is_long_term is not None for one in relieved)
    is_known = has_basis and has_term
    return Relief(
        ReliefOutcome.COMPLETE
        if is_known
        else ReliefOutcome.DATE_UNKNOWN
        if has_basis
        else ReliefOutcome.BASIS_UNKNOWN,
        relieved,
        sum((one.basis_usd or Decimal(0) for one in relieved), Decimal("0.00")) if has_basis else None,
        _gains(relieved, is_long=False) if is_known else None,
        _gains(relieved, is_long=True) if is_known else None,
        unknown,
    )


def _why_not(pool: Sequence[Lot], sale: Sale) -> ReliefOutcome | None:
    if sale.sale_qty <= 0 or sale.proceeds_usd < 0:
        return ReliefOutcome.BAD_SALE
    held = sum(quanta(lot.held_qty) for lot in pool)
    if quanta(sale.sale_qty) > held:
        return ReliefOutcome.NOT_ENOUGH_HELD
    method = sale.relief_method
    if method == ReliefMethod.AVERAGE and not sale.may_average:
        return ReliefOutcome.AVERAGE_NOT_ALLOWED
    if method == ReliefMethod.TAX_OPTIMISED and (sale.short_rate_frac is None or sale.long_rate_frac is None):
        return ReliefOutcome.RATES_UNKNOWN
    if method == ReliefMethod.SPECIFIC:
        there = {lot.lot_id: lot.held_qty for lot in pool}
        named = sale.identified
        is_there = all(0 < qty <= there.get(lot_id, Decimal(0)) for lot_id, qty in named.items())
        if not is_there or sum(quanta(qty) for qty in named.values()) != quanta(sale.sale_qty):
            return ReliefOutcome.IDENTIFICATION_DIFFERS
    by_date = method in (ReliefMethod.FIFO, ReliefMethod.LIFO, ReliefMethod.AVERAGE)
    if by_date and quanta(sale.sale_qty) < held and any(lot.acquired_date is None for lot in pool):
        return ReliefOutcome.DATE_UNKNOWN
    return None


def _place(lot: Lot, sale: Sale) -> tuple[bool, int, dt.date, str]:
    """Return where the lot stands: what is not known last, then the method's figure, then the older, then the id."""
    figure = _figure(lot, sale)
    return figure is None, figure or 0, lot.acquired_date or NO_DATE, lot.lot_id


def _figure(lot: Lot, sale: Sale) -> int | None:
    method = sale.relief_method
    if method in (ReliefMethod.FIFO, ReliefMethod.AVERAGE, ReliefMethod.SPECIFIC):
        return 0
    if method == ReliefMethod.LIFO:
        return -(lot.acquired_date or NO_DATE).toordinal()
    if lot.cost_usd is None:
        return None
    unit_cost = _of_a_unit(cents(lot.cost_usd), quanta(lot.held_qty))
    if method == ReliefMethod.HIGHEST_COST:
        return -unit_cost
    if method == ReliefMethod.LOWEST_COST:
        return unit_cost
    is_long = _is_long(lot, sale.sold_date)
    if is_long is None:
        return None
    rate_frac = (sale.long_rate_frac if is_long else sale.short_rate_frac) or 0.0
    return parts(rate_frac) * (_of_a_unit(cents(sale.proceeds_usd), quanta(sale.sale_qty)) - unit_cost)


def _of_a_unit(whole_cents: int, whole_quanta: int) -> int:
    """Return dollars a unit in whole 1e-8 dollars, rounded down: only compared, never summed."""
    return whole_cents * QUANTA * UNIT_PRICE_PARTS // whole_quanta


def _is_long(lot: Lot, sold_date: dt.date) -> bool | None:
    if lot.is_inherited:
        return True  # IRC 1223(9)
    start = lot.holding_start_date or lot.acquired_date
    return None if start is None else is_long_term(start, sold_date)


def _takes(pool: Sequence[Lot], sale: Sale) -> list[int]:
    if sale.relief_method == ReliefMethod.SPECIFIC:
        return [quanta(sale.identified.get(lot.lot_id, Decimal(0))) for lot in pool]
    left, takes = quanta(sale.sale_qty), []
    for lot in pool:
        takes.append(min(left, quanta(lot.held_qty)))
        left -= takes[-1]
    return takes


def _relieved(pool: Sequence[Lot], takes: Sequence[int], sale: Sale) -> tuple[RelievedLot, ...]:
    sold, proceeds = quanta(sale.sale_qty), cents(sale.proceeds_usd)
    averaged = sale.relief_method == ReliefMethod.AVERAGE
    pool_qty = sum(quanta(lot.held_qty) for lot in pool)
    costs = [None if lot.cost_usd is None else cents(lot.cost_usd) for lot in pool]
    pool_cost = None if None in costs else sum(cost or 0 for cost in costs)
    rows, before = [], 0
    for lot, take, cost in zip(pool, takes, costs, strict=True):
        if not take:
            continue
        upto = before + take
        gets = share_of(proceeds, upto, sold) - share_of(proceeds, before, sold)
        basis: int | None
        if averaged:
            basis = None
            if pool_cost is not None:
                basis = share_of(pool_cost, upto, pool_qty) - share_of(pool_cost, before, pool_qty)
        else:
            basis = None if cost is None else share_of(cost, take, quanta(lot.held_qty))
        rows.append(
            RelievedLot(
                lot.lot_id,
                units(take),
                usd(gets),
                None if basis is None else usd(basis),
                None if basis is None else usd(gets - basis),
                _is_long(lot, sale.sold_date),
            )
        )
        before = upto
    return tuple(rows)


def _gains(relieved: Sequence[RelievedLot], *, is_long: bool) -> Decimal:
    return sum((one.gain_usd or Decimal(0) for one in relieved if one.is_long_term is is_long), Decimal("0.00"))
