"""Which source's lots are believed, and what is made of a position that none covers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from evenkeel.stages.propose.lots import POSITION, open_lots
from tests.support.proposing import Account, Lot, book_of, day_of, proposed

TRADED = dt.date(2026, 3, 3)
LOTS = [Lot("STK", 10, 80), Lot("STK", 20, 90, dt.date(2025, 3, 2)), Lot("BND", 30, 50)]


def found(account: str, tax_lots: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the lots of an account with `LOTS`; `tax_lots`: what the sources sent, instead."""
    day = day_of({account: Account(100, LOTS)}, book_of())
    return open_lots(day.holdings, day.tax_lots if tax_lots is None else tax_lots, day.book, TRADED)


def sent(account: str, **changes: pl.Expr) -> pl.DataFrame:
    """Return the lots as the custodian sent them, changed."""
    return day_of({account: Account(100, LOTS)}, book_of()).tax_lots.with_columns(**changes)


def test_lots_come_with_cost_age_and_term() -> None:
    rows = found("A1").filter(security_id="STK").sort("lot_id")
    assert rows["held_qty"].to_list() == [10, 20]
    assert rows["cost_usd"].to_list() == [800, 1_800]
    # Bought on 2 March 2025: long-term from 3 March 2026, the day of the trade.
    assert rows["long_term_date"].to_list() == [dt.date(2021, 5, 5), dt.date(2026, 3, 3)]
    assert rows["is_long_term"].to_list() == [True, True]


def test_a_tacked_period_counts_for_the_term_and_not_for_the_purchase() -> None:
    lots = sent("A1", holding_period_date=pl.lit(dt.date(2019, 1, 2)))
    rows = found("A1", lots).filter(security_id="STK").sort("lot_id")
    assert rows["acquired_date"].to_list() == [dt.date(2020, 5, 4), dt.date(2025, 3, 2)]
    assert set(rows["holding_start_date"]) == {dt.date(2019, 1, 2)}


def test_the_source_that_adds_up_is_taken_the_custodians_first() -> None:
    ours = sent("A1")
    theirs = ours.with_columns(pl.lit("books").alias("feed"), pl.format("other {}", "lot_id").alias("lot_id"))
    both = pl.concat([theirs, ours])
    assert not found("A1", both)["lot_id"].str.starts_with("other").any()
    short = ours.with_columns((pl.col("held_qty") / 2).cast(ours["held_qty"].dtype).alias("held_qty"))
    assert found("A1", pl.concat([theirs, short]))["lot_id"].str.starts_with("other").all()


@pytest.mark.parametrize(("account", "cost"), [("A1", None), ("A4", 2_600.0)])
def test_a_position_without_lots_is_one_lot_with_a_basis_only_where_nothing_is_taxed(
    account: str, cost: float | None
) -> None:
    rows = found(account, sent(account).clear()).filter(security_id="STK")
    assert rows["lot_id"].to_list() == [POSITION]
    assert rows["held_qty"].to_list() == [30]
    assert rows["cost_usd"].to_list() == [cost]
    assert rows["is_long_term"].to_list() == [None]


def test_lots_that_do_not_add_up_are_told() -> None:
    rows = found("A1", sent("A1").filter(pl.col("lot_id") != "A1-STK-1")).filter(security_id="STK")
    assert rows["lots_differ"].to_list() == [True]
    assert rows["lot_id"].to_list() == [POSITION]


def test_lots_without_a_number_get_one_each() -> None:
    rows = found("A1", sent("A1", lot_id=pl.lit(None, pl.String))).filter(security_id="STK")
    assert sorted(rows["lot_id"]) == ["#1", "#2"]


def test_money_in_another_currency_is_no_basis() -> None:
    rows = found("A1", sent("A1", currency=pl.lit("EUR")))
    assert rows["cost_usd"].null_count() == rows.height


def test_a_cost_below_zero_is_no_basis() -> None:
    off = pl.when(pl.col("security_id") == "STK").then(-pl.col("cost_ccy")).otherwise("cost_ccy")
    lots = sent("A1", cost_ccy=off)
    assert found("A1", lots).sort("security_id")["cost_usd"].to_list() == [1_500, None, None]
    made = proposed(replace(day_of({"A1": Account(100, LOTS)}, book_of()), tax_lots=lots), A1="full")
    assert "basis_missing" in made.proposals["obstacles_json"][0]
