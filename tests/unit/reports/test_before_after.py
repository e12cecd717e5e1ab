"""A client's before and after: what was approved, filled and measured, and what is not known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.desk.reporting.cells import shown
from evenkeel.desk.reporting.files import table_csv
from evenkeel.desk.reporting.page import render_page
from evenkeel.reports.before_after import Rebalance, before_after
from evenkeel.reports.model import Unit
from tests.support.reporting import at

DONE = Rebalance(
    proposal_id="pp-1",
    portfolio="Retirement",
    firm="Harbour Wealth",
    disclosure="Past results are no promise.",
    business_date=dt.date(2026, 3, 2),
    state="filled",
    approved_at=at("2026-03-03 08:00"),
    filled_at=at("2026-03-03 09:50"),
    shown={
        "classes": [
            {"node": "us_equity", "target_frac": 0.6, "before_frac": 0.672, "after_frac": 0.602},
            {"node": "cash", "target_frac": 0.02, "before_frac": None, "after_frac": 0.02},
        ],
        "trades": [
            {
                "trade_no": 1,
                "account_id": "AC-1",
                "security_id": "VTI",
                "side": "sell",
                "traded_qty": "100.000000000000000",
                "price_usd": "250.5",
                "value_usd": "25050.00",
                "gain_usd": "-1200.50",
                "tax_usd": "0.00",
            }
        ],
        "figures": {"sold_usd": "25050.00", "net_tax_usd": "-180.08"},
    },
    after={"us_equity": 0.598},
    after_date=dt.date(2026, 3, 3),
    filled={1: (Decimal(100), Decimal("250.48"))},
    names={"us_equity": "US equity", "AC-1": "…4821", "VTI": "=Vanguard <Total>"},
)


def test_before_as_approved_and_measured_after() -> None:
    report = before_after(DONE, at("2026-03-04 08:00"))
    [equity, cash] = report.table("weights").rows
    assert (equity["node"], equity["before_frac"], equity["planned_frac"], equity["after_frac"]) == (
        "US equity",
        0.672,
        0.602,
        0.598,
    )
    assert (cash["before_frac"], cash["after_frac"]) == (None, None), "not known is not none"
    [trade] = report.table("trades").rows
    assert (trade["account"], trade["gain_usd"], trade["average_price_usd"]) == (
        "…4821",
        Decimal("-1200.50"),
        Decimal("250.48"),
    )
    assert (report.notes, report.disclosure) == ([], "Past results are no promise.")


def by_hand(**changes: Any) -> Rebalance:
    """Return a list changed by hand, in a portfolio of 100,000 dollars: 25,050 of US equity sold, 20,000 of US bonds bought."""
    [sale] = DONE.shown["trades"]
    trades = [
        {**sale, "node_id": "us_equity/core"},
        {**sale, "trade_no": 2, "security_id": "BND", "side": "buy", "value_usd": "20000.00", "node_id": "us_bond"},
    ]
    classes = [
        {"node": "us_equity/core", "target_frac": 0.5, "before_frac": "0.6", "after_frac": None},
        {"node": "us_equity/small", "target_frac": 0.1, "before_frac": "0.2", "after_frac": None},
        {"node": "us_bond", "target_frac": 0.35, "before_frac": "0.15", "after_frac": None},
        {"node": "cash", "target_frac": 0.05, "before_frac": "0.05", "after_frac": None},
    ]
    known = {"shown": {**DONE.shown, "trades": trades, "classes": classes}, "after": {}, "after_date": None}
    return replace(DONE, **{**known, "value_usd": Decimal(100_000), **changes})


def test_of_a_list_changed_by_hand_the_weights_are_moved_by_its_trades() -> None:
    report = before_after(by_hand(), at("2026-03-04 08:00"))
    rows = report.table("weights").rows
    assert [row["node"] for row in rows] == ["US equity", "us bond", "cash"]
    assert [row["planned_frac"] for row in rows] == pytest.approx([0.5495, 0.35, 0.1005])
    assert [row["change_frac"] for row in rows] == pytest.approx([-0.2505, 0.2, 0.0505])
    assert "moved by its trades" in report.table("weights").note
    assert [row["planned_frac"] for row in report.table("parts").rows] == pytest.approx([0.3495, 0.35, 0.2, 0.1005])
    for unknown in (
        by_hand(value_usd=None),
        by_hand(shown={**by_hand().shown, "trades": [{**DONE.shown["trades"][0], "node_id": "us_value"}]}),
    ):
        report = before_after(unknown, at("2026-03-04 08:00"))
        assert {row["planned_frac"] for row in report.table("weights").rows} == {None}
        assert "were not computed" in report.table("weights").note


def test_not_done_yet_is_said() -> None:
    waiting = replace(DONE, filled_at=None, after={}, after_date=None, filled={})
    assert "not known to be done" in before_after(waiting, at("2026-03-04 08:00")).notes[0]
    refused = replace(waiting, approved_at=None)
    report = before_after(refused, at("2026-03-04 08:00"))
    assert "nothing was traded" in report.notes[0]
    for page in (render_page(report), table_csv(report.table("totals"))):
        assert "as proposed" in page.lower()
        assert "approved" not in page.replace("It is not approved", "").replace("Approved</dt>", "")
    unknown = replace(DONE, filled={})
    assert "not on record" in before_after(unknown, at("2026-03-04 08:00")).notes[0]


def test_pages_escape_and_files_are_safe() -> None:
    report = before_after(DONE, at("2026-03-04 08:00"))
    page = render_page(report, "Harbour Wealth")
    assert "&lt;Total&gt;" in page
    assert "<Total>" not in page
    assert "−$1,200.50" in page
    assert '<rect class="before" width="100.0%"' in page
    assert 'x1="89.29%"' in page
    assert "measured after</span>" in page
    assert render_page(report, "Harbour Wealth") == page
    line = table_csv(report.table("trades")).splitlines()[1]
    assert line == "…4821,sell,'=Vanguard <Total>,100.000000000000000,250.5,25050.00,-1200.50,0.00,100,250.48"


def test_values_as_people_read_them() -> None:
    assert shown(None, Unit.RATIO) == "–"
    assert shown(0.642, Unit.RATIO) == "64.2 %"
    assert shown(-0.0001, Unit.POINTS) == "0.0"
    assert shown(Decimal("-2.5"), Unit.DOLLARS) == "−$3"
    assert shown(Decimal("100.000"), Unit.QUANTITY) == "100"
    assert shown(True, Unit.FLAG) == "yes"
    assert shown("with_adviser", Unit.WORDS) == "with adviser"
    assert shown(dt.date(2026, 3, 6), Unit.DATE) == "6 Mar 2026"
    assert shown(at("2026-03-06 09:45"), Unit.INSTANT) == "Fri 6 Mar 2026 09:45 ET"
