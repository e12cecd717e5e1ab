"""What must hold of every sharing out, and of every batch."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.orders.allocate import share_out, shares
from evenkeel.orders.fills import done
from tests.support.ordering import block_of, fill

steps = st.sampled_from([Decimal(1), Decimal("0.001"), Decimal(1000)])
quantities = st.decimals(Decimal("0.001"), Decimal(100_000), places=3)


@st.composite
def orders(draw: st.DrawFn) -> tuple[dict[str, Decimal], Decimal]:
    wanted = draw(st.lists(quantities, min_size=1, max_size=8))
    ordered = {f"A{place}": quantity for place, quantity in enumerate(wanted)}
    total = sum(wanted, Decimal(0))
    part = draw(st.integers(1, 1000))
    filled = total if part == 1000 else max((total * part / 1000).quantize(Decimal("0.001")), Decimal("0.001"))
    return ordered, min(filled, total)


@given(orders(), steps, st.decimals(0, 200, places=3), st.integers(0, 5))
def test_parts_add_up_and_nobody_gets_more_than_ordered(
    case: tuple[dict[str, Decimal], Decimal], step: Decimal, least: Decimal, number: int
) -> None:
    ordered, filled = case
    found = shares(f"ord-{number}", ordered, filled, step, least)
    assert found.keys() == ordered.keys()
    assert sum(found.values(), Decimal(0)) == filled
    assert all(0 <= found[one] <= ordered[one] for one in ordered)


@given(orders(), st.sampled_from([Decimal(1), Decimal("0.001")]))
def test_without_a_least_value_nobody_is_a_step_or_more_away_from_pro_rata_but_for_who_is_full(
    case: tuple[dict[str, Decimal], Decimal], step: Decimal
) -> None:
    ordered, filled = case
    found = shares("ord", ordered, filled, step)
    total = sum(ordered.values(), Decimal(0))
    is_odd = any(one % step for one in ordered.values())
    for one, wanted in ordered.items():
        exact = filled * wanted / total
        assert exact - found[one] < step
        # Where an odd holding is full before its step is, the others take over what it leaves.
        assert found[one] - exact < step or is_odd


@given(orders(), steps, st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_stand_changes_nothing(
    case: tuple[dict[str, Decimal], Decimal], step: Decimal, shuffle: random.Random
) -> None:
    ordered, filled = case
    names = list(ordered)
    shuffle.shuffle(names)
    assert shares("ord", {one: ordered[one] for one in names}, filled, step) == shares("ord", ordered, filled, step)


prices = st.decimals(Decimal("0.01"), Decimal(5000), places=4)


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 200), prices), min_size=1, max_size=5),
    st.decimals(0, 5000, places=2),
)
def test_units_and_cents_of_the_accounts_are_those_of_the_block(
    ordered: list[int], executed: list[tuple[int, Decimal]], min_usd: Decimal
) -> None:
    block = block_of(*((f"A{place}", str(quantity)) for place, quantity in enumerate(ordered)))
    left, fills = sum(ordered), []
    for place, (quantity, price) in enumerate(executed):
        quantity = min(quantity, left)
        left -= quantity
        if quantity:
            fills.append(fill(block, f"E{place}", str(quantity), str(price)))
    found = share_out(block, fills, min_usd=min_usd)
    whole = done(block, fills)
    assert sum((one.filled_qty for one in found), Decimal(0)) == whole.filled_qty
    assert sum((one.value_usd for one in found), Decimal(0)) == round(whole.value_usd, 2)
    assert len({one.average_price_usd for one in found}) == 1
    for one in found:
        assert sum((lot.filled_qty for lot in one.lots), Decimal(0)) == one.filled_qty
        assert all(lot.filled_qty <= lot.lot.order_qty for lot in one.lots)
