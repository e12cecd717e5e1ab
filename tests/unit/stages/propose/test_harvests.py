"""Losses that may be harvested: benefit worked by hand, substitutes, and when to wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.fields import FACT_DTYPE
from evenkeel.book.model import Book
from evenkeel.stages.propose.harvests import harvest_rows
from evenkeel.stages.propose.substitutes import substitutes
from tests.small_practice import MONDAY, policy
from tests.unit.stages.propose.lists import IRA, TAXABLE, TRADED, restriction, small_book

LATER = dt.date(2026, 7, 20)
RULES = policy(trading={"harvest_loss_frac": 0.10, "harvest_min_usd": 100.0})


def lot(
    security: str, cost: float | None, value: float, lot_id: str = "L1", account: str = "P1-1", **changes: Any
) -> dict[str, Any]:
    return {
        "account_id": account,
        "security_id": security,
        "lot_id": lot_id,
        "held_qty": 100.0,
        "cost_usd": cost,
        "value_usd": value,
        "is_long_term": True,
        **changes,
    }


def wash(
    security: str, answer: str = "clear", washed: float = 0, clear: dt.date | None = None, lot_id: str = "L1"
) -> dict[str, Any]:
    return {
        "account_id": "P1-1",
        "security_id": security,
        "lot_id": lot_id,
        "washed_qty": Decimal(str(washed)),
        "clear_from_date": clear,
        "answer": answer,
    }


def named(*securities: str, model: str = "balanced", target: float = 0.1) -> list[dict[str, Any]]:
    common = {"model_id": model, "level": "security", "model_version": 1, "effective_date": MONDAY}
    return [
        {**common, "node_id": security, "asset_class": "us_equity", "target_frac": target} for security in securities
    ]


BOOK = small_book(model_targets=named("USTM", "USTMX", "USLC", "PLMR"))


_LOTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "security_id": pl.String,
    "lot_id": pl.String,
    "held_qty": pl.Float64,
    "cost_usd": pl.Float64,
    "value_usd": pl.Float64,
    "is_long_term": pl.Boolean,
}
_WASHES: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "security_id": pl.String,
    "lot_id": pl.String,
    "washed_qty": FACT_DTYPE,
    "clear_from_date": pl.Date,
    "answer": pl.String,
}


def harvests(
    lots: Sequence[Mapping[str, Any]],
    washes: Sequence[Mapping[str, Any]],
    book: Book = BOOK,
    no_buys: pl.DataFrame | None = None,
    rates: tuple[float, float] = (0.4, 0.25),
) -> list[dict[str, Any]]:
    rows = harvest_rows(
        pl.DataFrame(lots, schema=_LOTS),
        pl.DataFrame(washes, schema=_WASHES),
        pl.DataFrame(
            {"account_id": ["P1-1", "P1-2"], "short_rate_frac": [rates[0]] * 2, "long_rate_frac": [rates[1]] * 2}
        ),
        pl.DataFrame({"portfolio_id": ["P1"], "policy_version": ["house/1"]}),
        book,
        {"house/1": RULES},
        MONDAY,
        TRADED,
        no_buys,
    )
    return rows.to_dicts()


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def test_loss_at_its_own_rate_less_the_cost_of_the_swap() -> None:
    # Long: 2,000 at 25 % less 2 x 0.02 % of 8,000; short: 1,000 at 40 % less 2 x 0.02 % of 9,000.
    lots = [lot("USTM", 10_000, 8_000), lot("USTM", 10_000, 9_000, "L2", is_long_term=False)]
    row = only(harvests(lots, [wash("USTM"), wash("USTM", lot_id="L2")]))
    assert row == {
        "business_date": MONDAY,
        "account_id": "P1-1",
        "security_id": "USTM",
        "portfolio_id": "P1",
        "household_id": "H1",
        "adviser_id": "A1",
        "loss_qty": Decimal(200),
        "value_usd": Decimal("17000.00"),
        "loss_usd": Decimal("3000.00"),
        "loss_frac": pytest.approx(0.15),
        "short_term_loss_usd": Decimal("1000.00"),
        "washed_qty": Decimal(0),
        "wash_answer": "clear",
        "clear_from_date": None,
        "benefit_usd": Decimal("893.20"),
        "substitute_id": "USLC",
        "free_from_date": dt.date(2026, 8, 7),
        "advice": "act_now",
        "reason": (
            "Lots of USTM are down 15.0 %, about $3,000: selling them saves about $893; USLC could be held instead until 2026-08-07."
        ),
    }


@pytest.mark.parametrize(("value", "count"), [(9_000.0, 1), (9_000.01, 0)])
def test_lot_counts_from_the_policys_share_of_its_cost(value: float, count: int) -> None:
    assert len(harvests([lot("USTM", 10_000, value)], [wash("USTM")])) == count


def test_lots_that_are_not_down_stay_out_of_the_figures() -> None:
    lots = [lot("USTM", 10_000, 8_000), lot("USTM", 10_000, 9_500, "L2"), lot("USTM", 5_000, 9_000, "L3")]
    assert only(harvests(lots, [wash("USTM")]))["loss_usd"] == Decimal(2_000)


@pytest.mark.parametrize(("loss", "count"), [(405.0, 0), (420.0, 1)])
def test_small_benefit_is_not_told(loss: float, count: int) -> None:
    # 25 % of 405 is 101.25, less the swap 98.99; of 420, 105 less 1.43.
    assert len(harvests([lot("USTM", 4_000, 4_000 - loss)], [wash("USTM")])) == count


def test_washed_part_saves_nothing() -> None:
    row = only(harvests([lot("USTM", 10_000, 8_000)], [wash("USTM", "washed", 40, LATER)]))
    assert (row["benefit_usd"], row["advice"]) == (Decimal("298.08"), "act_now")
    assert row["reason"] == (
        "Lots of USTM are down 20.0 %, about $2,000: selling the rest saves about $298; the loss on 40 units would be washed before "
        "2026-07-20; USLC could be held instead until 2026-08-07."
    )


def test_loss_that_is_all_washed_waits() -> None:
    row = only(harvests([lot("USTM", 10_000, 8_000)], [wash("USTM", "washed", 100, LATER)]))
    assert (row["benefit_usd"], row["advice"], row["clear_from_date"]) == (Decimal(0), "wait", LATER)
    assert row["reason"] == (
        "Lots of USTM are down 20.0 %, about $2,000, worth about $497 once clear; the loss on 100 units would be washed before 2026-07-20."
    )


@pytest.mark.parametrize("washes", [[], [wash("USTM", "coverage_incomplete")], [wash("USTM", "bad_input")]])
def test_what_is_not_known_of_wash_sales_is_said(washes: list[dict[str, Any]]) -> None:
    row = only(harvests([lot("USTM", 10_000, 8_000)], washes))
    assert row["wash_answer"] == "coverage_incomplete"
    assert row["reason"].endswith("; whether other purchases wash it is not fully known.")


def test_least_certain_answer_of_the_lots_is_told() -> None:
    lots = [lot("USTM", 10_000, 8_000), lot("USTM", 10_000, 8_000, "L2"), lot("USTM", 10_000, 8_000, "L3")]
    washes = [wash("USTM"), wash("USTM", "washed", 10, LATER, "L2"), wash("USTM", lot_id="L3")]
    assert only(harvests(lots, washes))["wash_answer"] == "washed"
    assert only(harvests(lots, washes[:2]))["wash_answer"] == "coverage_incomplete"


@pytest.mark.parametrize(
    "other",
    [
        lot("USTM", 10_000, 8_000, account="P1-2"),  # an IRA
        lot("USTM", None, 8_000),
        lot("USTM", 10_000, 8_000, account="P9-1"),  # not in the book
        lot("PVCR", 10_000, 8_000),
        lot("USTM", -10_000, -12_000, held_qty=-100.0),
    ],
)
def test_what_cannot_be_harvested(other: dict[str, Any]) -> None:
    assert harvests([other], [wash("USTM"), wash("PVCR")]) == []


def test_no_tax_no_benefit() -> None:
    assert harvests([lot("USTM", 10_000, 8_000)], [wash("USTM")], rates=(0.0, 0.0)) == []


def test_what_may_not_be_sold_is_not_told() -> None:
    known = small_book(model_targets=named("USLC"), restrictions=[restriction("legacy_keep", security_id="USTM")])
    assert harvests([lot("USTM", 10_000, 8_000)], [wash("USTM")], known) == []


def test_half_spread_is_that_of_the_kind_of_security() -> None:
    # A fund has no spread: 25 % of 2,000.
    assert only(harvests([lot("USTMX", 10_000, 8_000)], [wash("USTMX")]))["benefit_usd"] == Decimal(500)


def substitute(book: Book = BOOK, *more: dict[str, Any], no_buys: pl.DataFrame | None = None) -> str | None:
    rows = harvests([lot("USTM", 10_000, 8_000), *more], [wash("USTM")], book, no_buys)
    [row] = [row for row in rows if row["security_id"] == "USTM"]
    found = row["substitute_id"]
    assert found is None or isinstance(found, str)
    return found


def test_same_sleeve_comes_before_what_more_models_name() -> None:
    popular = [*named("USLC"), *named("PLMR"), *named("PLMR", model="growth", target=0.5)]
    assert substitute(small_book(model_targets=popular)) == "USLC"


def test_without_one_in_the_sleeve_the_class_will_do() -> None:
    assert substitute(small_book(model_targets=named("USTMX", "PLMR"))) == "PLMR"


def test_substantially_identical_is_no_substitute() -> None:
    known = small_book(model_targets=named("USTM", "USTMX"))
    assert substitute(known) is None
    row = only(harvests([lot("USTM", 10_000, 8_000)], [wash("USTM")], known))
    assert row["reason"].endswith("; nothing that the firm's models hold could stand in for it until 2026-08-07.")


def test_own_group_is_no_substitute_whatever_the_client_holds() -> None:
    sold = pl.DataFrame({"account_id": ["P1-1"], "security_id": ["USTM"]})
    found = substitutes(
        sold, pl.DataFrame(schema=_LOTS), small_book(model_targets=named("USTM", "USTMX", "PLMR")), TRADED
    )
    assert found["substitute_id"].to_list() == ["PLMR"]


def test_substitute_must_be_free_to_buy_in_the_account() -> None:
    targets = named("USLC", "PLMR")
    for scope_id, found in (("P1-1", "PLMR"), ("P1-2", "USLC")):
        known = small_book(
            model_targets=targets, restrictions=[restriction("no_buy", "account", scope_id, security_id="USLC")]
        )
        assert substitute(known) == found
    barred = pl.DataFrame({"account_id": ["P1-1"], "security_id": ["USLC"]})
    assert substitute(no_buys=barred) == "PLMR"


def test_substitute_is_not_itself_at_a_loss_in_the_tax_unit() -> None:
    second = {**TAXABLE, "account_id": "P1-3"}
    theirs = small_book(model_targets=named("USLC", "PLMR"), accounts=[TAXABLE, IRA, second])
    assert substitute(theirs, lot("USLC", 1_000, 999, account="P1-3")) == "PLMR"
    assert substitute(theirs, lot("USLC", 1_000, 1_001, account="P1-3")) == "USLC"
    others = small_book(model_targets=named("USLC", "PLMR"), accounts=[TAXABLE, IRA, {**second, "tax_unit_id": "T2"}])
    assert substitute(others, lot("USLC", 1_000, 999, account="P1-3")) == "USLC"


def test_order_of_rows_does_not_matter() -> None:
    lots = [lot("USTM", 10_000 + n / 7, 8_000 - n / 3, f"L{n}") for n in range(9)]
    washes = [wash("USTM", "washed", n, LATER, f"L{n}") for n in range(9)]
    assert harvests(lots, washes) == harvests(lots[::-1], washes[::-1])


def test_no_lots_is_no_rows() -> None:
    assert harvests([], []) == []
