"""What always holds of wash sales, whatever was bought and sold."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.rules.wash_sales import is_in_window, washed_if_bought, washed_if_sold, window
from tests.unit.rules.wash_frames import Buy, Sell, coverage_frame, history

START = dt.date(2025, 1, 2)
TODAY = START + dt.timedelta(days=120)
SLOW = settings(max_examples=60, deadline=None)

quantities = st.one_of(st.integers(1, 200).map(Decimal), st.integers(1, 2_000_000).map(lambda n: Decimal(n).scaleb(-4)))


@st.composite
def trades(draw: st.DrawFn) -> tuple[list[Buy], list[Sell]]:
    """Lots of two units and two groups, bought over 120 days, each sold in up to three parts."""
    buys, sells = [], []
    for n in range(draw(st.integers(1, 9))):
        bought = START + dt.timedelta(days=draw(st.integers(0, 119)))
        unit, group = draw(st.sampled_from("TU")), draw(st.sampled_from("GGH"))
        tax_unit = unit + draw(st.sampled_from(["", "-spouse"]))
        is_retirement = draw(st.integers(0, 4)) == 0
        left = draw(quantities)
        buys.append(Buy(f"L{n}", bought, left, is_retirement, group, tax_unit, unit))
        for part in range(draw(st.integers(0, 3))):
            qty = (left * draw(st.integers(1, 100)) / 100).quantize(Decimal("0.0001"))
            if not 0 < qty <= left:
                break
            left -= qty
            sold = bought + dt.timedelta(days=draw(st.integers(0, 119)))
            cents = draw(st.integers(0, 99_999))
            basis = Decimal(draw(st.integers(0, 99_999))).scaleb(-2)
            proceeds = Decimal(cents).scaleb(-2)
            sale = Sell(
                f"S{n}{part}",
                f"L{n}",
                bought,
                min(sold, TODAY),
                qty,
                proceeds,
                basis,
                is_retirement,
                group,
                tax_unit,
                unit,
            )
            sells.append(sale)
    return buys, sells


def covered() -> pl.DataFrame:
    far = (dt.date(2000, 1, 1), dt.date(2099, 1, 1))
    return coverage_frame(("T", *far), ("U", *far))


def total(frame: pl.DataFrame, column: str) -> Decimal:
    added: Decimal = frame[column].sum()  # type: ignore[assignment]  # of a decimal column
    return added


@SLOW
@given(trades())
def test_no_share_is_used_twice_and_none_beyond_its_lot(book: tuple[list[Buy], list[Sell]]) -> None:
    buys, sells = book
    found = history(buys, sells, coverage=covered())
    used: dict[str, Decimal] = defaultdict(Decimal)
    for lot_id, qty in found.matches.select("lot_id", "matched_qty").rows():
        used[lot_id] += qty
    for b in buys:
        assert b.qty is not None
        assert used[b.lot_id] <= b.qty
    for unused, held, matched, bought in found.purchases.select(
        "unused_qty", "held_qty", "matched_qty", "bought_qty"
    ).rows():
        assert 0 <= unused <= held
        assert unused + matched <= bought


@SLOW
@given(trades())
def test_disallowed_never_exceeds_the_loss_and_no_gain_is_touched(book: tuple[list[Buy], list[Sell]]) -> None:
    for row in history(*book, coverage=covered()).portions.rows(named=True):
        loss = max(-row["gain_usd"], Decimal(0))
        assert 0 <= row["disallowed_usd"] <= loss
        assert 0 <= row["washed_qty"] <= row["sold_qty"]
        assert row["allowed_gain_usd"] == row["gain_usd"] + row["disallowed_usd"]
        if row["washed_qty"] == row["sold_qty"]:
            assert row["disallowed_usd"] == loss
        if row["is_retirement"] or not loss:
            assert row["washed_qty"] == 0


@SLOW
@given(trades())
def test_what_is_disallowed_goes_into_basis_or_is_lost_and_nowhere_else(book: tuple[list[Buy], list[Sell]]) -> None:
    found = history(*book, coverage=covered())
    disallowed = total(found.portions, "disallowed_usd")
    assert disallowed == total(found.matches, "disallowed_usd")
    assert disallowed == total(found.portions, "permanently_lost_usd") + total(found.purchases, "basis_increase_usd")
    retirement = {b.lot_id for b in book[0] if b.is_retirement}
    for lot_id, added in found.purchases.select("lot_id", "basis_increase_usd").rows():
        assert lot_id not in retirement or added == 0


@SLOW
@given(trades())
def test_portions_add_up_to_their_sale(book: tuple[list[Buy], list[Sell]]) -> None:
    found = history(*book, coverage=covered())
    sums = found.portions.group_by("sale_id").agg(pl.col("sold_qty", "proceeds_usd").sum())
    assert {sale: (qty, usd) for sale, qty, usd in sums.rows()} == {s.sale_id: (s.qty, s.proceeds_usd) for s in book[1]}


@SLOW
@given(trades())
def test_every_match_is_in_the_window_of_its_unit_and_group_and_of_another_lot(
    book: tuple[list[Buy], list[Sell]],
) -> None:
    lots, sales = {b.lot_id: b for b in book[0]}, {s.sale_id: s for s in book[1]}
    for row in history(*book, coverage=covered()).matches.rows(named=True):
        bought, sold = lots[row["lot_id"]], sales[row["sale_id"]]
        assert sold.sold_date is not None
        assert bought.acquired_date is not None
        assert is_in_window(sold.sold_date, bought.acquired_date)
        assert (bought.wash_unit_id, bought.group) == (sold.wash_unit_id, sold.group)
        assert bought.lot_id != sold.lot_id
        assert row["crosses_return"] == (bought.tax_unit_id != sold.tax_unit_id)


@SLOW
@given(trades(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(book: tuple[list[Buy], list[Sell]], shuffle: random.Random) -> None:
    first = history(*book, coverage=covered())
    for rows in book:
        shuffle.shuffle(rows)
    second = history(*book, coverage=covered())
    assert first.portions.equals(second.portions)
    assert first.matches.equals(second.matches)
    assert first.purchases.equals(second.purchases)


@SLOW
@given(trades())
def test_what_is_left_unwashed_has_no_unused_replacement(book: tuple[list[Buy], list[Sell]]) -> None:
    """A loss that is not washed whole leaves no share in its window that is still held and unused at the end."""
    found = history(*book, coverage=covered())
    free = found.purchases.filter(pl.col("unused_qty") > 0)
    for row in found.portions.filter(pl.col("answer") != "not_a_loss").rows(named=True):
        near = [
            lot
            for lot, unit, group, date in free.select("lot_id", "wash_unit_id", "wash_group", "acquired_date").rows()
            if (unit, group) == (row["wash_unit_id"], row["wash_group"])
            and lot != row["lot_id"]
            and is_in_window(row["sold_date"], date)
        ]
        assert row["washed_qty"] == row["sold_qty"] or not near


@given(st.dates(), st.integers(-70, 70))
def test_the_window_is_symmetric(sold: dt.date, days: int) -> None:
    try:
        bought = sold + dt.timedelta(days=days)
        first, last = window(sold)
    except OverflowError:
        return
    assert is_in_window(sold, bought) == is_in_window(bought, sold) == (first <= bought <= last) == (abs(days) <= 30)


@SLOW
@given(trades(), quantities, st.integers(0, 8))
def test_a_sale_alone_washes_what_the_matching_then_says(
    book: tuple[list[Buy], list[Sell]], qty: Decimal, pick: int
) -> None:
    buys, sells = book
    lot = buys[pick % len(buys)]
    found = history(buys, sells, coverage=covered())
    held = found.purchases.filter(lot_id=lot.lot_id)["held_qty"].item()
    used_left = held - found.purchases.filter(lot_id=lot.lot_id)["unused_qty"].item()
    qty = min(qty, held)
    # Used shares leave first with their own raised basis; compare where the lot is of one kind.
    if lot.is_retirement or qty <= 0 or used_left:
        return
    candidate = pl.DataFrame(
        {
            "candidate_id": ["c"],
            "wash_unit_id": [lot.wash_unit_id],
            "wash_group": [lot.group],
            "lot_id": [lot.lot_id],
            "sale_qty": [qty],
        }
    )
    said = washed_if_sold(candidate, found.purchases, covered(), TODAY, TODAY).row(0, named=True)
    sale = Sell(
        "Z",
        lot.lot_id,
        lot.acquired_date,
        TODAY,
        qty,
        Decimal(0),
        Decimal("99.99"),
        False,
        lot.group,
        lot.tax_unit_id,
        lot.wash_unit_id,
    )
    portions = history(buys, [*sells, sale], coverage=covered()).portions
    done = portions.filter(sale_id="Z")["washed_qty"].sum()
    # Losses of one day share what replaces them, the oldest lot's first: which of them is washed may change, and not more in all.
    same_day = any(s.sold_date == TODAY for s in sells)
    before, after = (Decimal(rows["washed_qty"].sum()) for rows in (found.portions, portions))
    assert done == said["washed_qty"] or (same_day and after - before <= said["washed_qty"])


@SLOW
@given(trades(), quantities, st.booleans(), st.sampled_from("TU"))
def test_a_purchase_washes_what_the_matching_then_says(
    book: tuple[list[Buy], list[Sell]], qty: Decimal, is_retirement: bool, unit: str
) -> None:
    """To the cent, at the end of the history: a later purchase changes no earlier match."""
    buys, sells = book
    end = TODAY + dt.timedelta(days=1)
    found = history(buys, sells, coverage=covered())
    candidate = pl.DataFrame(
        {
            "candidate_id": ["c"],
            "wash_unit_id": [unit],
            "wash_group": ["G"],
            "buy_qty": [qty],
            "is_retirement": [is_retirement],
        }
    )
    said = washed_if_bought(candidate, found.portions, covered(), end, TODAY).row(0, named=True)
    done = history([*buys, Buy("Z", end, qty, is_retirement, "G", unit, unit)], sells, coverage=covered())
    assert said["disallowed_usd"] == total(done.portions, "disallowed_usd") - total(found.portions, "disallowed_usd")
    assert said["washed_qty"] == done.purchases.filter(lot_id="Z")["matched_qty"].item()
    lost = total(done.portions, "permanently_lost_usd") - total(found.portions, "permanently_lost_usd")
    assert lost == (said["disallowed_usd"] if is_retirement else 0)
