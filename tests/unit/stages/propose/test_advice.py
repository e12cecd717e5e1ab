"""When a gain that is short-term today should wait, worked by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.fields import MONEY_DTYPE
from evenkeel.stages.propose.advice import act_or_wait
from tests.small_practice import policy

TRADED = dt.date(2026, 7, 7)
IN_A_MONTH = dt.date(2026, 8, 7)
POLICY = policy(trading={"wait_days": 45, "wait_min_usd": 250.0})


def sale(gain: float | None, long_term_date: dt.date | None, portfolio: str = "P1", **changes: Any) -> dict[str, Any]:
    return {
        "portfolio_id": portfolio,
        "side": "sell",
        "gain_usd": None if gain is None else Decimal(f"{gain:.2f}"),
        "is_long_term": None if long_term_date is None else long_term_date <= TRADED,
        "long_term_date": long_term_date,
        "short_rate_frac": 0.42,
        "long_rate_frac": 0.25,
        **changes,
    }


def advised(*sales: dict[str, Any], urgent: bool = False) -> dict[str, Any]:
    trades = pl.DataFrame(
        list(sales),
        schema={
            "portfolio_id": pl.String,
            "side": pl.String,
            "gain_usd": MONEY_DTYPE,
            "is_long_term": pl.Boolean,
            "long_term_date": pl.Date,
            "short_rate_frac": pl.Float64,
            "long_rate_frac": pl.Float64,
        },
    )
    proposals = pl.DataFrame({"portfolio_id": ["P1"], "policy_version": ["house/1"], "is_urgent": [urgent]})
    return act_or_wait(trades, proposals, {"house/1": POLICY}, TRADED).row(0, named=True)


def test_saving_worth_waiting_for_waits_until_the_last_lot_is_long_term() -> None:
    # 17 points of rate on 2,000 and 1,000
    told = advised(sale(2000, IN_A_MONTH), sale(1000, dt.date(2026, 7, 20)), sale(5000, dt.date(2026, 7, 7)))
    assert told == {
        "portfolio_id": "P1",
        "advice": "wait",
        "wait_until_date": IN_A_MONTH,
        "wait_saves_usd": Decimal("510.00"),
    }


def test_urgent_alert_acts_and_is_told_what_that_costs() -> None:
    told = advised(sale(2000, IN_A_MONTH), urgent=True)
    assert (told["advice"], told["wait_saves_usd"]) == ("act_now", Decimal("340.00"))


@pytest.mark.parametrize(
    ("gain", "advice"),
    [(1470.59, "wait"), (1470.50, "act_now")],  # 250.00 and 249.98
)
def test_smallest_saving_that_waits(gain: float, advice: str) -> None:
    told = advised(sale(gain, IN_A_MONTH))
    assert told["advice"] == advice
    assert told["wait_saves_usd"] == (Decimal("250.00") if advice == "wait" else None)


@pytest.mark.parametrize(
    ("long_term_date", "advice"),
    [(TRADED + dt.timedelta(days=45), "wait"), (TRADED + dt.timedelta(days=46), "act_now")],
)
def test_last_day_that_is_near_enough(long_term_date: dt.date, advice: str) -> None:
    assert advised(sale(2000, long_term_date))["advice"] == advice


@pytest.mark.parametrize(
    "other",
    [
        sale(-9000, IN_A_MONTH),  # a loss
        sale(9000, TRADED),  # long-term already
        sale(None, IN_A_MONTH),  # basis not known
        sale(9000, None),  # date not known
        sale(9000, IN_A_MONTH, short_rate_frac=0.0, long_rate_frac=0.0),  # nothing is taxed
        sale(9000, IN_A_MONTH, short_rate_frac=None, long_rate_frac=None),
        sale(9000, IN_A_MONTH, short_rate_frac=0.2, long_rate_frac=0.25),
        sale(9000, IN_A_MONTH, "P2"),  # another's
        {**sale(9000, IN_A_MONTH), "side": "buy"},
    ],
)
def test_what_saves_nothing_is_not_waited_for(other: dict[str, Any]) -> None:
    told = advised(other)
    assert told == {"portfolio_id": "P1", "advice": "act_now", "wait_until_date": None, "wait_saves_usd": None}


def test_loss_does_not_eat_into_what_the_gains_save() -> None:
    assert advised(sale(2000, IN_A_MONTH), sale(-9000, IN_A_MONTH))["wait_saves_usd"] == Decimal("340.00")


def test_no_proposals_is_no_rows() -> None:
    none = pl.DataFrame(schema={"portfolio_id": pl.String, "policy_version": pl.String, "is_urgent": pl.Boolean})
    trades = pl.DataFrame([sale(2000, IN_A_MONTH)]).with_columns(pl.col("gain_usd").cast(MONEY_DTYPE))
    told = act_or_wait(trades, none, {}, TRADED)
    assert told.height == 0
    assert told["wait_saves_usd"].dtype == MONEY_DTYPE
