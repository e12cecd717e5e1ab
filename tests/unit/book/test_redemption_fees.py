"""Funds' redemption fees in securities.csv: fee and period together, of mutual funds, within the law's bounds."""

from __future__ import annotations

import polars as pl
import pytest

from evenkeel.book.model import Book
from evenkeel.errors import BookError
from tests.support.small_book import small_book

_HEADER = (
    "security_id,name,asset_type,asset_class,symbol,price_factor,is_illiquid,redemption_fee_frac,redemption_days\n"
)
_OTHERS = "STK,Stock fund,etf,us_equity,STK,1,false,,\nBND,Bond fund,etf,us_bond,BND,1,false,,\n"


def book_with(kind: str, fee: str, days: str) -> Book:
    return small_book(securities_csv=f"{_HEADER}{_OTHERS}FND,A fund,{kind},us_equity,FND,1,false,{fee},{days}\n")


def test_a_fund_has_its_fee_and_period() -> None:
    row = book_with("mutual_fund", "0.015", "30").securities.row(
        by_predicate=pl.col("security_id") == "FND", named=True
    )
    assert (row["redemption_fee_frac"], row["redemption_days"]) == (0.015, 30)


def test_the_columns_may_be_absent_and_blank() -> None:
    assert small_book().securities["redemption_fee_frac"].null_count() == small_book().securities.height
    row = book_with("mutual_fund", "", "").securities.row(by_predicate=pl.col("security_id") == "FND", named=True)
    assert (row["redemption_fee_frac"], row["redemption_days"]) == (None, None)


@pytest.mark.parametrize("days", ["7", "90"])
def test_the_bounds_themselves_are_allowed(days: str) -> None:
    assert book_with("mutual_fund", "0.02", days).securities.height == 3


@pytest.mark.parametrize(
    ("kind", "fee", "days", "said"),
    [
        ("mutual_fund", "0.01", "", "security_id 'FND' has a redemption_fee_frac and no redemption_days; give both"),
        ("mutual_fund", "", "30", "security_id 'FND' has redemption_days and no redemption_fee_frac; give both"),
        ("mutual_fund", "0", "30", "security_id 'FND' has a redemption_fee_frac of 0; leave it"),
        ("mutual_fund", "0.01", "6", "security_id 'FND' has redemption_days below 7, the shortest"),
        ("mutual_fund", "0.021", "30", "redemption_fee_frac '0.021' must be from 0 to 0.02"),
        ("mutual_fund", "2", "30", "ratios are fractions: 0.05 for five per cent"),
        ("mutual_fund", "0.01", "7.5", "redemption_days '7.5' is not valid"),
        ("etf", "0.01", "30", "security_id 'FND' is no mutual fund and has a redemption fee; correct asset_type"),
    ],
)
def test_what_no_fund_may_charge_is_refused(kind: str, fee: str, days: str, said: str) -> None:
    with pytest.raises(BookError) as caught:
        book_with(kind, fee, days)
    assert any(text.startswith("securities.csv:4:") and said in text for text in caught.value.problems)
