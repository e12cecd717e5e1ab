"""The score, with every term worked out by hand."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from evenkeel.stages.prioritize.settings import TERMS, portfolio_settings
from tests.small_practice import MONDAY, Told, book, day, drifted, policy, tell


def terms(told: Told, portfolio: str = "P1") -> dict[str, dict[str, Any]]:
    ids = told.episodes.filter(pl.col("portfolio_id") == portfolio)["episode_id"]
    [text] = told.priorities.filter(pl.col("episode_id").is_in(ids.implode()))["terms_json"]
    return {term["term"]: term for term in json.loads(text)}


CLIENT = book(
    portfolios=[{"portfolio_id": "P1", "ips_id": "I1", "segment": "tax_sensitive"}],
    accounts=[
        {"account_id": "a", "portfolio_id": "P1", "household_id": "H1"},
        {"account_id": "b", "portfolio_id": "P1", "household_id": "H1", "tax_status": "deferred"},
        {"account_id": "c", "portfolio_id": "P1", "household_id": "H1", "state": "closed"},
    ],
    ips_profiles=[
        {
            "ips_id": "I1",
            "version": 1,
            "effective_date": dt.date(2024, 1, 1),
            "horizon_date": dt.date(2031, 7, 6),
            "max_growth_frac": 0.55,
        }
    ],
)


def test_every_term_by_hand() -> None:
    seen = drifted("P1", 0.66, risk=(0.66, 0.6), ips_max={"us_equity": 0.65}, value=100_000)
    told = tell(day(MONDAY, [seen]), CLIENT)
    found = terms(told)
    assert list(found) == list(TERMS)
    # x = 0.03 / 0.03 = 1: 1 / (1 + 1); 0.11 / 0.20; 5.0 years of 20; log10(10) / 3; half the accounts are taxable.
    assert {name: term["scaled"] for name, term in found.items()} == pytest.approx(
        {"drift": 0.5, "ips_limit": 1, "risk": 0.55, "horizon": 0.75, "value": 0.3333, "tax": 0.5, "age": 0}, abs=1e-4
    )
    assert [found[name]["points"] for name in TERMS] == [15.0, 15.0, 11.0, 7.5, 3.33, 2.5, 0.0]
    assert told.priorities["score"].to_list() == [54.33]
    assert found["drift"]["text"] == "3.0 points beyond the bound, 1.0 times the band's half-width"
    assert found["ips_limit"]["text"] == "outside the IPS limits"
    assert found["risk"]["text"] == "66.0 % in growth classes, 11.0 points more than the 55.0 % the IPS allows"
    assert found["horizon"]["text"] == "the money is needed in 5.0 years, 2031-07-06"
    assert found["value"]["text"] == "the portfolio is worth $100,000"
    assert found["tax"]["text"] == "a tax-sensitive client, 1 of 2 accounts taxable"
    assert found["age"]["text"] == "it opened on this session"


def test_what_is_missing_gives_nothing_and_says_so() -> None:
    found = terms(tell(day(MONDAY, [drifted("P1", 0.642)]), book(accounts=[])))
    assert found["horizon"] == {
        "term": "horizon",
        "figure": None,
        "scaled": 0.0,
        "weight": 10.0,
        "points": 0.0,
        "text": "not known",
    }
    assert found["tax"]["text"] == "not known"


def test_risk_score_stands_in_for_a_missing_growth_limit() -> None:
    cautious = book(
        portfolios=[{"portfolio_id": "P1", "ips_id": "I1"}],
        ips_profiles=[{"ips_id": "I1", "version": 1, "effective_date": MONDAY, "risk_score": 40.0}],
    )
    found = terms(tell(day(MONDAY, [drifted("P1", 0.642, risk=(0.5, 0.6))]), cautious))
    assert found["risk"]["scaled"] == 0.5
    assert (
        found["risk"]["text"] == "50.0 % in growth classes, 10.0 points more than the 40.0 % by the client's risk score"
    )


def test_band_of_no_width_gives_all_of_drift() -> None:
    today = day(MONDAY, [drifted("P1", 0.642)])
    endless = today.breaches.with_columns(pl.lit(float("inf")).alias("relative_severity"))
    told = tell(type(today)(MONDAY, today.looks, endless, today.drift, today.bands, today.valuations), book())  # type: ignore[arg-type]
    assert terms(told)["drift"]["scaled"] == 1.0
    assert terms(told)["drift"]["figure"] is None


def test_what_was_not_looked_at_keeps_its_last_drift_and_says_when() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.66)]), CLIENT)
    second = tell(day(dt.date(2026, 7, 7), [drifted("P1", 0.66, look="unmeasured")]), CLIENT, first)
    third = tell(day(dt.date(2026, 7, 8), [drifted("P1", 0.66, look="unmeasured")]), CLIENT, second)
    assert terms(third)["drift"]["points"] == 15.0
    assert terms(third)["drift"]["text"].endswith("(at its last look, 2026-07-06)")
    assert terms(third)["age"]["text"] == "it has stood for 2 sessions"


def test_weights_are_scaled_to_a_hundred() -> None:
    uneven = book(policies=[policy(priority={term: 1 for term in TERMS})])
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), uneven)
    assert sum(term["weight"] for term in terms(told).values()) == pytest.approx(100, abs=1e-3)
    nothing = book(policies=[policy(priority={term: 0 for term in TERMS})])
    assert portfolio_settings(nothing)["weight_drift"].to_list() == [0.0]


def test_riskier_than_tolerated_and_nearer_to_need_come_first() -> None:
    profiles = [
        {
            "ips_id": "far",
            "version": 1,
            "effective_date": MONDAY,
            "horizon_date": dt.date(2060, 1, 1),
            "max_growth_frac": 0.9,
        },
        {
            "ips_id": "near",
            "version": 1,
            "effective_date": MONDAY,
            "horizon_date": dt.date(2027, 1, 1),
            "max_growth_frac": 0.9,
        },
        {
            "ips_id": "risky",
            "version": 1,
            "effective_date": MONDAY,
            "horizon_date": dt.date(2060, 1, 1),
            "max_growth_frac": 0.4,
        },
    ]
    house = book(
        portfolios=[{"portfolio_id": f"P{n}", "ips_id": ips} for n, ips in enumerate(("far", "near", "risky"), 1)],
        ips_profiles=profiles,
    )
    told = tell(day(MONDAY, [drifted(f"P{n}", 0.642) for n in (1, 2, 3)]), house)
    ranked = told.alerts.sort("adviser_rank")["portfolio_id"].to_list()
    assert ranked == ["P3", "P2", "P1"]


def test_ranks_are_each_advisers_own_open_ones_first_ties_by_id() -> None:
    house = book(
        portfolios=[{"portfolio_id": f"P{n}"} for n in range(1, 5)],
        advisers=[{"adviser_id": "A1", "name": "Ada"}, {"adviser_id": "A2", "name": "Ben"}],
        households=[
            {"household_id": "H1", "name": "One"},
            {"household_id": "H2", "name": "Two"},
            {"household_id": "H3", "name": "Three", "adviser_id": "A2"},
            {"household_id": "H4", "name": "Four", "adviser_id": "A9"},
        ],
    )
    seen = [drifted("P1", 0.70, in_flight=True), *(drifted(f"P{n}", 0.642) for n in (2, 3, 4))]
    told = tell(day(MONDAY, seen), house)
    placed = told.alerts.select("portfolio_id", "adviser_id", "adviser_rank").sort("portfolio_id").rows()
    assert placed == [("P1", "A1", 2), ("P2", "A1", 1), ("P3", "A2", 1), ("P4", "unassigned", 1)]
