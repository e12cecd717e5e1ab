"""Readings that widen bands: believed when they go with the market, in doubt when not; and only those stop whose outcome hangs on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.support.nights import A2, FEEDS, Night, holdings, play, stops
from tests.support.parsed_files import cash
from tests.support.small_book import _FILES

MON, TUE = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
POLICY = (
    _FILES["policies/house.yaml"] + "volatility: {indicator: VIX, at_or_above: 30, factor: 1.5, max_age_sessions: 0}\n"
)
NEEDED = FEEDS + (
    "- {feed: vix, role: market, layout: mapped, map: maps/p.yaml, location: in/v, expects: [indicators], is_required: true}\n"
)


def night(reading: str | None, date: dt.date, price: str = "100", **held: Any) -> Night:
    rows, money = holdings(stk_price=price, **held)
    readings = [] if reading is None else [
        {"row_no": 1, "indicator": "VIX", "indicator_date": date, "reading": reading}
    ]  # fmt: skip
    return Night(rows, [*money, cash(4, A2, "10000.00")], prices={"STK": price, "BND": "100"}, readings=readings)


def second(reading: str | None, price: str = "100", **held: Any) -> bool:
    nights = [night("17", MON, **held), night(reading, TUE, price, **held)]
    result = play(nights, policies__house_yaml=POLICY, feeds_yaml=NEEDED)[1]
    return ("indicator_doubt", "A1") in stops(result)


OUTSIDE = {"stk": "690", "bnd": "260"}
"""69 % of 100,000 against 60 and a band of 5 points, 7.5 when widened."""
NEAR = {"stk": "660", "bnd": "290"}
"""66 %: outside 5 points, inside 7.5."""


@pytest.mark.parametrize("reading", ["16", "22"])
def test_a_reading_that_moves_a_little_is_believed(reading: str) -> None:
    assert not second(reading, **NEAR)


def test_a_jump_without_a_market_that_moved_is_in_doubt() -> None:
    assert second("38", **NEAR)


def test_a_jump_that_goes_with_the_market_is_believed() -> None:
    assert not second("38", price="93", **NEAR)


def test_a_calm_reading_on_a_stormy_day_is_in_doubt() -> None:
    assert second("17", price="93", stk="720", bnd="230")


def test_a_doubt_stops_nobody_whose_outcome_is_the_same() -> None:
    assert not second("38")


def test_a_reading_that_has_not_come_is_in_doubt_where_the_book_has_a_feed_for_it() -> None:
    assert second(None, **NEAR)
    nights = [night("17", MON, **NEAR), night(None, TUE, **NEAR)]
    without = play(nights, policies__house_yaml=POLICY)[1]
    assert "indicator_doubt" not in {check for check, _ in stops(without)}
