"""Lots and sales as frames, and a relief computed in both forms."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data_contracts.fields import FACT_DTYPE
from evenkeel.rules.lots import Lot, Relief, ReliefOutcome, RelievedLot, Sale, choose_lots, relieve

Case = tuple[Sequence[Lot], Sale]


def frames_of(cases: Sequence[Case]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return lots, sales and identifications of several cases, each in an account of its own."""
    lots = pl.DataFrame(
        [
            (str(n), "S", x.lot_id, x.acquired_date, x.held_qty, x.cost_usd, x.holding_start_date, x.is_inherited)
            for n, (pool, _) in enumerate(cases)
            for x in pool
        ],
        schema={
            "account_id": pl.String,
            "security_id": pl.String,
            "lot_id": pl.String,
            "acquired_date": pl.Date,
            "held_qty": FACT_DTYPE,
            "cost_usd": FACT_DTYPE,
            "holding_start_date": pl.Date,
            "is_inherited": pl.Boolean,
        },
        orient="row",
    )
    sales = pl.DataFrame(
        [
            (
                f"{n:05}",
                str(n),
                "S",
                s.sold_date,
                s.sale_qty,
                s.proceeds_usd,
                s.relief_method.value,
                s.short_rate_frac,
                s.long_rate_frac,
                s.may_average,
            )
            for n, (_, s) in enumerate(cases)
        ],
        schema={
            "sale_id": pl.String,
            "account_id": pl.String,
            "security_id": pl.String,
            "sold_date": pl.Date,
            "sale_qty": FACT_DTYPE,
            "proceeds_usd": FACT_DTYPE,
            "relief_method": pl.String,
            "short_rate_frac": pl.Float64,
            "long_rate_frac": pl.Float64,
            "may_average": pl.Boolean,
        },
        orient="row",
    )
    named = pl.DataFrame(
        [(f"{n:05}", lot_id, qty) for n, (_, s) in enumerate(cases) for lot_id, qty in s.identified.items()],
        schema={"sale_id": pl.String, "lot_id": pl.String, "identified_qty": FACT_DTYPE},
        orient="row",
    )
    return lots, sales, named


def vectorised(cases: Sequence[Case]) -> list[Relief]:
    """Return what the frames' form says of each case."""
    found = relieve(*frames_of(cases))
    rows: dict[str, list[RelievedLot]] = {}
    for sale_id, relief_no, *row in found.lots.iter_rows():
        assert relief_no == len(rows.setdefault(sale_id, []))
        rows[sale_id].append(RelievedLot(*row))
    return [
        Relief(ReliefOutcome(outcome), tuple(rows.get(sale_id, ())), basis, short, long, unknown)
        for sale_id, outcome, basis, short, long, unknown in found.sales.iter_rows()
    ]


def both_forms(lots: Sequence[Lot], sale: Sale) -> Relief:
    """Return the scalar form's answer after holding the frames' form equal to it."""
    relief = choose_lots(lots, sale)
    assert vectorised([(lots, sale)]) == [relief]
    return relief
