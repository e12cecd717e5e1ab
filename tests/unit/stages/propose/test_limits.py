"""Least and largest weights: which lots stay, how much may still be bought, and that both readings of restrictions are one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.stages.propose.checks.restrictions import barred as barred_by_checks
from evenkeel.stages.propose.limits import keep_least, sector_room, weight_limits, weight_room
from evenkeel.stages.propose.restrictions import barred
from tests.unit.stages.propose.lists import IRA, SECURITIES, TAXABLE, TRADED, restriction, small_book

ACCOUNTS = pl.DataFrame(
    {
        "account_id": ["P1-1", "P1-2"],
        "portfolio_id": "P1",
        "household_id": "H1",
        "custodian": "schwab",
        "cash_usd": [10_000.0, 0.0],
    }
)
NO_ORDERS = pl.DataFrame(schema={"account_id": pl.String, "security_id": pl.String, "change_usd": pl.Float64})


def lots(*rows: tuple[str, str, float, float, float, str | None, bool]) -> pl.DataFrame:
    """Return lots at a price of 100: account, lot, dollars, gain of a unit, rate, what keeps it, whether the kind of list sells it."""
    return pl.DataFrame(
        [
            (account, "PLMR", lot, value / 100, value, 100.0, gain, rate, kept, is_open)
            for account, lot, value, gain, rate, kept, is_open in rows
        ],
        schema={
            "account_id": pl.String, "security_id": pl.String, "lot_id": pl.String, "held_qty": pl.Float64, "value_usd": pl.Float64,
            "price_usd": pl.Float64, "unit_gain": pl.Float64, "rate": pl.Float64, "kept_by": pl.String, "is_open": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip


def limits(kind: str, share: float) -> pl.DataFrame:
    known = small_book(restrictions=[restriction(kind, security_id="PLMR", weight_frac=share)])
    return weight_limits(ACCOUNTS, known, TRADED)


def kept(held: pl.DataFrame, share: float, flying: pl.DataFrame = NO_ORDERS) -> set[str]:
    rows = keep_least(held, ACCOUNTS, flying, limits("min_weight", share))
    assert rows.drop("kept_by").equals(held.drop("kept_by"))
    return set(rows.filter(pl.col("kept_by") == "min_weight")["lot_id"])


def test_the_lots_with_the_most_tax_stay_until_the_least_weight_is_reached() -> None:
    """100,000 with 10,000 in cash: 30 % are 30,000. Tax of a dollar: dear 0, middle 0.04, cheap 0.16, and nothing in the IRA."""
    held = lots(
        ("P1-1", "dear", 20_000, 0, 0.2, None, True),
        ("P1-1", "middle", 20_000, 20, 0.2, None, True),
        ("P1-1", "cheap", 20_000, 80, 0.2, None, True),
        ("P1-2", "ira", 30_000, 80, 0.0, None, True),
    )
    assert kept(held, 0.30) == {"cheap", "middle"}
    # On the bound: 20,000 are 20 % exactly, and no further lot is kept.
    assert kept(held, 0.20) == {"cheap"}
    assert kept(held, 0.2001) == {"cheap", "middle"}
    assert kept(held, 0.0) == set()
    assert kept(held, 1.0) == {"cheap", "middle", "dear", "ira"}


def test_what_stays_anyway_counts_first() -> None:
    held = lots(
        ("P1-1", "legacy", 20_000, 0, 0.2, "legacy_keep", True),
        ("P1-1", "gain", 20_000, 10, 0.2, None, False),
        ("P1-1", "cheap", 50_000, 80, 0.2, None, True),
    )
    assert kept(held, 0.40) == set()
    assert kept(held, 0.41) == {"cheap"}


def test_orders_in_flight_count_in_the_portfolios_value() -> None:
    held = lots(("P1-1", "one", 20_000, 10, 0.2, None, True), ("P1-1", "two", 20_000, 0, 0.2, None, True))
    # 10,000 of cash and 40,000 of lots are 50,000: 40 % are 20,000. With 10,000 under way it is 24,000.
    assert kept(held, 0.40) == {"one"}
    under_way = pl.DataFrame({"account_id": "P1-1", "security_id": "USTM", "change_usd": 10_000.0})
    assert kept(held, 0.40, under_way) == {"one", "two"}


def test_room_is_what_is_left_to_the_largest_weight() -> None:
    values = pl.DataFrame({"portfolio_id": ["P1"], "value_usd": [100_000.0]})
    held = pl.DataFrame({"portfolio_id": ["P1"], "security_id": ["PLMR"], "value_usd": [7_000.0]})
    assert weight_room(limits("max_weight", 0.10), values, held)["weight_room"].to_list() == [3_000.0]
    assert weight_room(limits("max_weight", 0.05), values, held)["weight_room"].to_list() == [0.0]
    assert weight_room(limits("max_weight", 0.10), values, held.clear())["weight_room"].to_list() == [10_000.0]
    assert weight_room(limits("min_weight", 0.10), values, held).is_empty()


def test_the_narrowest_of_several_weights_counts() -> None:
    rows = [
        {**restriction(kind, security_id="PLMR", weight_frac=share), "restriction_id": f"{kind}-{share}"}
        for kind in ("max_weight", "min_weight")
        for share in (0.3, 0.2, 0.4)
    ]
    found = weight_limits(ACCOUNTS, small_book(restrictions=rows), TRADED)
    assert found.select("rule", "weight_frac", "restriction_id").rows() == [
        ("max_weight", 0.2, "max_weight-0.2"),
        ("min_weight", 0.4, "min_weight-0.4"),
    ]


def test_weights_hold_in_their_scope_and_on_their_days() -> None:
    def found(scope: str, scope_id: str | None, **more: Any) -> int:
        row = restriction("max_weight", scope, scope_id, security_id="PLMR", weight_frac=0.1, **more)
        return weight_limits(ACCOUNTS, small_book(restrictions=[row]), TRADED).height

    assert [found("firm", None), found("household", "H1"), found("portfolio", "P1")] == [1, 1, 1]
    assert [found("household", "H2"), found("portfolio", "P2")] == [0, 0]
    day = dt.timedelta(days=1)
    assert [found("firm", None, until_date=TRADED), found("firm", None, until_date=TRADED - day)] == [1, 0]


def test_room_of_a_sector_counts_everything_that_is_of_it() -> None:
    values = pl.DataFrame({"portfolio_id": ["P1"], "value_usd": [100_000.0]})
    held = pl.DataFrame(
        {"portfolio_id": "P1", "security_id": ["A", "B", "C"], "value_usd": [7_000.0, 5_000.0, 50_000.0]}
    )
    sectors = pl.DataFrame(
        {"portfolio_id": "P1", "security_id": ["A", "A", "B", "C"], "sector": ["energy", "energy", "energy", None]}
    )
    assert sector_room(sectors, values, held, 0.25).rows() == [("P1", "energy", 13_000.0)]
    assert sector_room(sectors, values, held, None).is_empty()


_ROWS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["no_buy", "no_sell", "hold_until", "legacy_keep", "unsupervised", "exclude", "not_traded"]),
        "scope": st.sampled_from(
            [("firm", None), ("account", "P1-1"), ("portfolio", "P1"), ("household", "H2"), ("custodian", "schwab"), ("custodian", "x")]
        ),
        "security_id": st.sampled_from([None, None, "PLMR", "USTM"]),
        "issuer_id": st.sampled_from([None, None, "PALOMAR"]),
        "asset_class": st.sampled_from([None, None, "us_equity", "us_bond"]),
        "sector": st.sampled_from([None, "energy", "utilities"]),
        "screen": st.sampled_from([None, "tobacco", "weapons", "bacco"]),
        "until_date": st.sampled_from([None, TRADED, TRADED - dt.timedelta(days=1)]),
    }
)  # fmt: skip
_MARKS = st.fixed_dictionaries(
    {
        "sector": st.sampled_from([None, "energy", "utilities", "none"]),
        "screens": st.sampled_from([None, "none", "tobacco", "tobacco;weapons"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_ROWS, max_size=4), st.lists(_MARKS, min_size=len(SECURITIES), max_size=len(SECURITIES)))
def test_the_list_and_its_checks_read_restrictions_alike(
    rows: list[dict[str, Any]], marks: list[dict[str, Any]]
) -> None:
    """They are written apart on purpose: what one bars the other must, so that no barred purchase or sale passes as clean."""
    common = {"price_factor": 1, "multiplier": 1, "is_illiquid": False}
    told = []
    for number, row in enumerate(rows):
        scope, scope_id = row.pop("scope")
        told.append({**restriction(row.pop("kind"), scope, scope_id, **row), "restriction_id": f"R{number}"})
    known = small_book(
        restrictions=told,
        securities=[
            {**common, "name": one["security_id"], **one, **mark} for one, mark in zip(SECURITIES, marks, strict=True)
        ],
    )
    of_list = barred(ACCOUNTS, known, TRADED).select("account_id", "security_id", "side")
    pairs = pl.DataFrame(
        [
            (account["account_id"], one["security_id"], side)
            for account in (TAXABLE, IRA)
            for one in SECURITIES
            for side in ("buy", "sell")
        ],
        schema=["account_id", "security_id", "side"],
        orient="row",
    )
    of_checks = barred_by_checks(pairs, known, TRADED).select("account_id", "security_id", "side")
    assert set(of_list.rows()) == set(of_checks.rows())
