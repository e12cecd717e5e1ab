"""The year so far of a tax unit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl

from evenkeel.rules.netting_many import year_tax_of_many
from evenkeel.stages.propose.tax_year import year_to_date
from tests.unit.stages.propose.washes import LONG_AGO, day, family, histories, lot, sale, sales, view

ON = day("2025-06-30")


def of_parents(
    *sold: dict[str, Any], on: dt.date = ON, disallowed: pl.DataFrame | None = None, **more: Any
) -> dict[str, Any]:
    units = {name: more.pop(name) for name in ("carry_short_usd", "carry_long_usd") if name in more}
    numbered = [{**row, "sale_no": n} for n, row in enumerate(sold, 1)]
    year = year_to_date(sales(on, *numbered), histories(on, **more), family(on, **units), on, disallowed)
    return year.filter(tax_unit_id="parents").row(0, named=True)


def figures(row: dict[str, Any]) -> tuple[float, ...]:
    return tuple(
        float(row[name]) for name in ("realised_short_usd", "realised_long_usd", "carry_short_usd", "carry_long_usd")
    )


def test_the_netting_example_from_the_sales_of_a_year() -> None:
    long = {"is_long_term": True}
    row = of_parents(
        sale("2025-01-02", "2025-02-03", "10", "4500", "20000"),
        sale("2020-01-02", "2025-03-03", "10", "21600", "10000", **long),
        sale("2020-01-02", "2025-03-04", "10", "5500", "10000", account_id="second", **long),
    )
    assert figures(row) == (-15500.0, 7100.0, 0.0, 0.0)
    rates = {"filing_status": "joint", **{f"{kind}_rate_frac": 0.2 for kind in ("short", "long", "ordinary", "state")}}
    incomes = {
        name: pl.lit(None, pl.Decimal(38, 2))
        for name in ("ordinary_usd", "investment_usd", "adjusted_gross_usd", "niit_threshold_usd")
    }
    units = pl.DataFrame([row]).with_columns(**{name: pl.lit(value) for name, value in rates.items()}, **incomes)
    taxed = year_tax_of_many(units).row(0, named=True)
    assert (taxed["net_short_usd"] + taxed["net_long_usd"], taxed["deducted_usd"]) == (-8400, 3000)
    assert (taxed["carry_short_usd"], taxed["carry_long_usd"]) == (5400, 0)


def test_what_counts_is_the_year_the_unit_and_what_is_taxed() -> None:
    row = of_parents(
        sale("2024-01-02", "2024-12-31", "10", "1", "1000"),
        sale("2024-01-02", "2025-01-02", "10", "90", "100"),
        sale("2024-01-02", "2025-06-30", "10", "80", "100"),
        sale("2024-01-02", "2025-02-03", "10", "1", "1000", account_id="ira"),
        sale("2024-01-02", "2025-02-03", "10", "1", "1000", account_id="child"),
        carry_short_usd=Decimal("12.345"),
        carry_long_usd=Decimal(7),
    )
    assert figures(row) == (-30.0, 0.0, 12.34, 7.0)
    assert (row["unknown_sales"], row["is_complete"]) == (0, True)
    later = of_parents(sale("2024-01-02", "2025-07-01", "10", "1", "1000"))
    assert figures(later)[0] == 0.0


def test_disallowed_losses_are_left_out_by_the_larger_word_and_never_more_than_the_loss() -> None:
    said = {"custodian_disallowed_usd": Decimal(30)}
    sold = sale("2024-09-16", "2025-03-03", "100", "750", "1000", **said)
    assert figures(of_parents(sold))[0] == -220.0
    found = view("2025-03-20", [lot("B", "2025-03-17", 100, 800.0, "ira")], [sold])
    assert figures(of_parents(sold, disallowed=found.disallowed))[0] == 0.0
    assert figures(of_parents({**sold, "custodian_disallowed_usd": Decimal(300)}))[0] == 0.0
    gain = sale("2024-09-16", "2025-03-03", "100", "1100", "1000", **said)
    assert figures(of_parents(gain))[0] == 100.0


def test_an_unknown_sale_and_a_short_history_leave_the_year_incomplete() -> None:
    unknown = of_parents(sale(None, "2025-02-03", "10", "90", None))
    assert (figures(unknown)[0], unknown["unknown_sales"], unknown["is_complete"]) == (0.0, 1, False)
    # 2 January was the year's first session: nothing could be sold before it.
    assert of_parents(joint=(day("2025-01-02"), ON))["is_complete"]
    assert not of_parents(joint=(day("2025-01-03"), ON))["is_complete"]
    assert not of_parents(joint=(None, None))["is_complete"]
    # An IRA's sales are not taxed.
    assert of_parents(ira=(None, None))["is_complete"]
    assert not of_parents(joint=(LONG_AGO, day("2025-06-27")))["is_complete"]
