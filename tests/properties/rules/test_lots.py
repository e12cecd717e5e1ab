"""What always holds of lot relief."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import ReliefMethod
from evenkeel.rules.holding_period import is_long_term
from evenkeel.rules.lots import Lot, ReliefOutcome, Sale, choose_lots
from tests.unit.rules.lot_frames import vectorised

SOLD = dt.date(2025, 6, 2)
quantities = st.one_of(st.integers(1, 300).map(Decimal), st.integers(1, 10**9).map(lambda n: Decimal(n).scaleb(-4)))
dates = st.dates(dt.date(2023, 1, 1), dt.date(2025, 7, 1))
money = st.integers(0, 10**7).map(lambda n: Decimal(n).scaleb(-2))
METHODS = [m for m in ReliefMethod if m != ReliefMethod.SPECIFIC]


@st.composite
def pools(draw: st.DrawFn, *, is_known: bool = False) -> list[Lot]:
    lots = []
    for n in range(draw(st.integers(1, 6))):
        date, cost = draw(dates), draw(money)
        odd = 0 if is_known else draw(st.integers(0, 9))
        qty = draw(quantities) * (-1 if odd == 1 else 1)
        lots.append(
            Lot(
                f"L{n}",
                None if odd == 2 else date,
                qty,
                None if odd == 3 else cost,
                date - dt.timedelta(days=200) if odd == 4 else None,
                odd == 5,
            )
        )
    return lots


@st.composite
def cases(draw: st.DrawFn, *, is_known: bool = False, method: ReliefMethod | None = None) -> tuple[list[Lot], Sale]:
    pool = draw(pools(is_known=is_known))
    held = sum((lot.held_qty for lot in pool if lot.held_qty > 0), Decimal(0))
    share = draw(st.integers(1, 105 if not is_known else 100))
    chosen = method or draw(st.sampled_from(list(ReliefMethod)))
    qty = (held * share / 100).quantize(Decimal("0.000001"))
    named = {}
    if chosen == ReliefMethod.SPECIFIC:
        named = {lot.lot_id: min(lot.held_qty, draw(quantities)) for lot in pool if draw(st.booleans())}
        qty = sum(named.values(), Decimal(draw(st.sampled_from([0, 0, 0, 1]))))
    rates = draw(st.sampled_from([(0.408, 0.238), (0.22, 0.15), (0.0, 0.0), (None, 0.2)]))
    return pool, Sale(SOLD, qty, draw(money), chosen, *rates, identified=named, may_average=draw(st.booleans()))


@settings(max_examples=60, deadline=None)
@given(st.lists(cases(), min_size=1, max_size=12))
def test_scalar_and_frames_form_agree_to_the_cent(several: list[tuple[list[Lot], Sale]]) -> None:
    assert vectorised(several) == [choose_lots(lots, sale) for lots, sale in several]


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(case: tuple[list[Lot], Sale], shuffle: random.Random) -> None:
    lots, sale = case
    mixed = lots.copy()
    shuffle.shuffle(mixed)
    assert choose_lots(mixed, sale) == choose_lots(lots, sale)


@given(cases())
def test_units_and_money_add_up_and_nothing_beyond_a_lot(case: tuple[list[Lot], Sale]) -> None:
    lots, sale = case
    relief = choose_lots(lots, sale)
    if not relief.lots:
        assert relief.outcome not in (ReliefOutcome.COMPLETE, ReliefOutcome.BASIS_UNKNOWN)
        return
    held = {lot.lot_id: lot.held_qty for lot in lots}
    assert all(0 < one.sold_qty <= held[one.lot_id] for one in relief.lots)
    assert sum(one.sold_qty for one in relief.lots) == sale.sale_qty
    assert sum(one.proceeds_usd for one in relief.lots) == sale.proceeds_usd
    if relief.outcome == ReliefOutcome.COMPLETE:
        gains = [relief.short_gain_usd, relief.long_gain_usd, relief.basis_usd]
        assert sum(gain or 0 for gain in gains) == sale.proceeds_usd


@given(cases(is_known=True), st.sampled_from(METHODS))
def test_selling_everything_relieves_exactly_the_cost(case: tuple[list[Lot], Sale], method: ReliefMethod) -> None:
    lots = [lot for lot in case[0] if lot.acquired_date and lot.acquired_date <= SOLD]
    if not lots:
        return
    qty = sum((lot.held_qty for lot in lots), Decimal(0))
    relief = choose_lots(lots, Sale(SOLD, qty, Decimal("10"), method, 0.4, 0.2, may_average=True))
    assert relief.basis_usd == sum(lot.cost_usd or 0 for lot in lots)


@given(cases(is_known=True, method=ReliefMethod.TAX_OPTIMISED), st.data())
def test_no_other_choice_of_lots_costs_less_tax(case: tuple[list[Lot], Sale], data: st.DataObject) -> None:
    """Against any other selection of the same quantity, in exact fractions; unit costs are compared in 1e-8 dollars."""
    lots, sale = case
    relief = choose_lots(lots, sale)
    if relief.outcome != ReliefOutcome.COMPLETE:
        return
    rates = Fraction(str(sale.short_rate_frac)), Fraction(str(sale.long_rate_frac))
    by_id = {lot.lot_id: lot for lot in lots if lot.acquired_date and lot.acquired_date <= SOLD}
    price = Fraction(sale.proceeds_usd) / Fraction(sale.sale_qty)

    def tax(takes: dict[str, Fraction]) -> Fraction:
        total = Fraction(0)
        for lot_id, take in takes.items():
            lot = by_id[lot_id]
            assert lot.acquired_date is not None
            assert lot.cost_usd is not None
            gain = take * (price - Fraction(lot.cost_usd) / Fraction(lot.held_qty))
            total += gain * rates[is_long_term(lot.acquired_date, SOLD)]
        return total

    left, other = Fraction(sale.sale_qty), {}
    for lot_id in data.draw(st.permutations(sorted(by_id))):
        other[lot_id] = min(left, Fraction(by_id[lot_id].held_qty))
        left -= other[lot_id]
    chosen = {one.lot_id: Fraction(one.sold_qty) for one in relief.lots}
    assert tax(chosen) <= tax(other) + Fraction(sale.sale_qty) * Fraction(2, 10**8)
