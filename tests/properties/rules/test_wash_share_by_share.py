"""The matching against a second, naive reading of the rule that knows only single shares and exact fractions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rules.wash_frames import Buy, Sell, history

START = dt.date(2025, 1, 2)


@dataclass
class Share:
    lot: str
    bought: dt.date
    is_retirement: bool
    basis_added: Fraction = Fraction(0)
    days_added: int = 0
    has_replaced: bool = False
    turn: int = 0
    is_sold: bool = False


@dataclass
class Loss:
    sale: Sell
    loss: Fraction
    days_held: int
    portion: tuple[int, int]
    replaced_by: str | None = None


def share_by_share(
    buys: list[Buy], sells: list[Sell]
) -> tuple[dict[str, int], dict[str, Fraction], dict[str, Fraction]]:
    """Return shares washed by sale, loss disallowed by sale, and basis added by lot."""
    shares = [
        Share(b.lot_id, b.acquired_date, b.is_retirement)
        for b in buys
        if b.acquired_date is not None
        for _ in range(int(b.qty or 0))
    ]
    washed = {s.sale_id: 0 for s in sells}
    disallowed = {s.sale_id: Fraction(0) for s in sells}
    added = {b.lot_id: Fraction(0) for b in buys}
    turn = 0
    for today in sorted({s.sold_date for s in sells if s.sold_date}):
        losses: list[Loss] = []
        todays = [s for s in sells if s.sold_date == today]
        for sale in sorted(todays, key=lambda s: (s.acquired_date or START, s.sale_id)):
            assert sale.acquired_date is not None
            count = int(sale.qty or 0)
            mine = [x for x in shares if x.lot == sale.lot_id and not x.is_sold]
            mine.sort(key=lambda x: (not x.has_replaced, x.turn))
            for share in mine[:count]:
                share.is_sold = True
                gain = (Fraction(sale.proceeds_usd or 0) - Fraction(sale.basis_usd or 0)) / count - share.basis_added
                if gain < 0 and not sale.is_retirement:
                    held = (today - sale.acquired_date).days + share.days_added
                    losses.append(Loss(sale, -gain, held, (not share.has_replaced, share.turn)))
        for loss in losses:
            free = [
                x
                for x in shares
                if not x.has_replaced
                and x.lot != loss.sale.lot_id
                and abs((x.bought - today).days) <= 30
                and not (x.is_sold and x.bought <= today)
            ]
            if not free:
                continue
            turn += 1
            share = min(free, key=lambda x: (x.bought, not x.is_retirement, x.lot))
            share.has_replaced, share.turn = True, turn
            washed[loss.sale.sale_id] += 1
            disallowed[loss.sale.sale_id] += loss.loss
            if not share.is_retirement:
                share.basis_added, share.days_added = loss.loss, loss.days_held
                added[share.lot] += loss.loss
    return washed, disallowed, added


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Buy], list[Sell]]:
    buys, sells = [], []
    for n in range(draw(st.integers(1, 6))):
        bought = START + dt.timedelta(days=draw(st.integers(0, 40)))
        left = draw(st.integers(1, 8))
        is_retirement = draw(st.integers(0, 5)) == 0
        buys.append(Buy(f"L{n}", bought, Decimal(left), is_retirement))
        for part in range(draw(st.integers(0, 3))):
            qty = draw(st.integers(1, 8))
            if qty > left:
                break
            left -= qty
            sold = bought + dt.timedelta(days=draw(st.integers(0, 40)))
            # Mostly losses, so that there is something to wash.
            proceeds, basis = Decimal(draw(st.integers(0, 40)) * qty), Decimal(draw(st.integers(20, 60)) * qty)
            sells.append(Sell(f"S{n}{part}", f"L{n}", bought, sold, Decimal(qty), proceeds, basis, is_retirement))
    return buys, sells


@settings(max_examples=300, deadline=None)
@given(books())
def test_the_matching_is_what_single_shares_give(book: tuple[list[Buy], list[Sell]]) -> None:
    """Shares washed are equal; money to within the cents that rounding may move between portions."""
    buys, sells = book
    washed, disallowed, added = share_by_share(buys, sells)
    found = history(buys, sells)
    shares = {sale: 0 for sale in washed}
    money = {sale: Fraction(0) for sale in washed}
    for sale, qty, usd in found.portions.select("sale_id", "washed_qty", "disallowed_usd").rows():
        shares[sale] += int(qty)
        money[sale] += Fraction(usd)
    assert shares == washed
    slack = Fraction(1, 20)
    assert all(abs(money[sale] - usd) <= slack for sale, usd in disallowed.items())
    increases = dict(found.purchases.select("lot_id", "basis_increase_usd").rows())
    assert all(abs(Fraction(increases[lot]) - usd) <= slack for lot, usd in added.items())
