"""A small book of purchases and sales for wash-sale tests: one unit `T`, one group `G`, unless said otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from data_contracts.fields import FACT_DTYPE
from evenkeel.rules.wash_sales import WashRules, WashSales, match_wash_sales

LONG_AGO = dt.date(2000, 1, 1)
FAR_OFF = dt.date(2099, 12, 31)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@dataclass(frozen=True)
class Buy:
    """A purchase."""

    lot_id: str
    acquired_date: dt.date | None
    qty: Decimal | None
    is_retirement: bool = False
    group: str = "G"
    tax_unit_id: str = "T"
    wash_unit_id: str = "T"


@dataclass(frozen=True)
class Sell:
    """A lot closed."""

    sale_id: str
    lot_id: str
    acquired_date: dt.date | None
    sold_date: dt.date | None
    qty: Decimal | None
    proceeds_usd: Decimal | None
    basis_usd: Decimal | None
    is_retirement: bool = False
    group: str = "G"
    tax_unit_id: str = "T"
    wash_unit_id: str = "T"
    holding_start_date: dt.date | None = None


def buy(lot_id: str, date: str, qty: str, **more: str | bool) -> Buy:
    return replace(Buy(lot_id, day(date), Decimal(qty)), **more)  # type: ignore[arg-type]


def sell(
    sale_id: str, lot_id: str, bought: str, sold: str, qty: str, proceeds: str, basis: str, **more: object
) -> Sell:
    made = Sell(sale_id, lot_id, day(bought), day(sold), Decimal(qty), Decimal(proceeds), Decimal(basis))
    return replace(made, **more)  # type: ignore[arg-type]


def purchase_frame(buys: Sequence[Buy]) -> pl.DataFrame:
    return pl.DataFrame(
        [(b.wash_unit_id, b.tax_unit_id, b.group, b.lot_id, b.acquired_date, b.qty, b.is_retirement) for b in buys],
        schema={
            "wash_unit_id": pl.String,
            "tax_unit_id": pl.String,
            "wash_group": pl.String,
            "lot_id": pl.String,
            "acquired_date": pl.Date,
            "bought_qty": FACT_DTYPE,
            "is_retirement": pl.Boolean,
        },
        orient="row",
    )


def sale_frame(sells: Sequence[Sell]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                s.sale_id,
                s.wash_unit_id,
                s.tax_unit_id,
                s.group,
                s.lot_id,
                s.acquired_date,
                s.holding_start_date,
                s.sold_date,
                s.qty,
                s.proceeds_usd,
                s.basis_usd,
                s.is_retirement,
            )
            for s in sells
        ],
        schema={
            "sale_id": pl.String,
            "wash_unit_id": pl.String,
            "tax_unit_id": pl.String,
            "wash_group": pl.String,
            "lot_id": pl.String,
            "acquired_date": pl.Date,
            "holding_start_date": pl.Date,
            "sold_date": pl.Date,
            "sold_qty": FACT_DTYPE,
            "proceeds_usd": FACT_DTYPE,
            "basis_usd": FACT_DTYPE,
            "is_retirement": pl.Boolean,
        },
        orient="row",
    )


def coverage_frame(*rows: tuple[str, dt.date | None, dt.date | None]) -> pl.DataFrame:
    """Return coverage of unit, from and to; without rows, of everything by unit `T`."""
    return pl.DataFrame(
        [(unit, f"A{n}", start, end) for n, (unit, start, end) in enumerate(rows or [("T", LONG_AGO, FAR_OFF)])],
        schema={
            "wash_unit_id": pl.String,
            "account_id": pl.String,
            "history_from_date": pl.Date,
            "history_to_date": pl.Date,
        },
        orient="row",
    )


def history(
    buys: Sequence[Buy],
    sells: Sequence[Sell],
    *,
    known_to: dt.date = FAR_OFF,
    coverage: pl.DataFrame | None = None,
    same_lot_rest_counts: bool = False,
) -> WashSales:
    return match_wash_sales(
        sale_frame(sells),
        purchase_frame(buys),
        coverage_frame() if coverage is None else coverage,
        known_to,
        WashRules(same_lot_rest_counts),
    )


def disallowed(found: WashSales) -> list[tuple[str, str]]:
    """Return sale and disallowed loss of each portion, as text."""
    return [(sale, str(usd)) for sale, usd in found.portions.select("sale_id", "disallowed_usd").rows()]


def matched(found: WashSales) -> list[tuple[str, str, int, str]]:
    """Return sale, replacement, shares and disallowed loss of each match."""
    rows = found.matches.select("sale_id", "lot_id", "matched_qty", "disallowed_usd").rows()
    return [(sale, lot, int(qty), str(usd)) for sale, lot, qty, usd in rows]


def increase(found: WashSales, lot_id: str) -> Decimal:
    """Return what was added to a lot's basis."""
    added: Decimal = found.purchases.filter(lot_id=lot_id)["basis_increase_usd"].item()
    return added
