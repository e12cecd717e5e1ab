"""Proposals and losses to harvest on the page, in the text and in the CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from data_contracts.harvests import Harvests
from evenkeel.desk.charts import drift_chart, weights_after
from evenkeel.desk.directory import Directory
from evenkeel.desk.proposal_block import ORDERS_SHOWN, SENTENCES_SHOWN
from evenkeel.desk.proposal_text import proposal_text
from evenkeel.desk.render_csv import render_csv
from evenkeel.desk.render_html import CARDS_PER_ADVISER, RunFacts, render_task_page
from evenkeel.desk.render_text import render_text
from evenkeel.desk.task_list import Task
from tests.small_practice import MONDAY, frame
from tests.unit.desk.proposed import CHECKS, OBSTACLE, SALE, proposed, without_trades
from tests.unit.desk.test_render import COVERED, DIRECTORY, FACTS, FOUND, NOTICES, Reader, node, tasks

__all__ = ["tasks"]

FAILED = {"check": "restrictions", "result": "failed", "figures": {}, "text": "A trade is against <b>R-17</b>."}
HARVEST: dict[str, Any] = {
    "business_date": MONDAY,
    "account_id": "P1-1",
    "security_id": "INTL",
    "portfolio_id": "P1",
    "household_id": "H1",
    "adviser_id": "A1",
    "loss_qty": Decimal(100),
    "value_usd": Decimal("9000.00"),
    "loss_usd": Decimal("1200.00"),
    "loss_frac": 0.1176,
    "short_term_loss_usd": Decimal("0.00"),
    "washed_qty": Decimal(0),
    "wash_answer": "coverage_incomplete",
    "benefit_usd": Decimal("228.40"),
    "substitute_id": "INDV",
    "free_from_date": MONDAY,
    "advice": "act_now",
    "reason": "Selling saves about $228 & nothing is washed.",
}


def page_with(tasks: list[Task], proposal: dict[str, Any] | None, **more: Any) -> str:
    """Return the page with the first alert's proposal put in."""
    listed: list[Task] = [{**tasks[0], "proposal": proposal}, *tasks[1:]]
    return render_task_page(listed, NOTICES, FOUND, COVERED, more.pop("facts", FACTS), DIRECTORY, **more)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))


def test_card_shows_the_list_folded_away(tasks: list[Task]) -> None:
    page = page_with(tasks, proposed())
    reader = Reader()
    reader.feed(page)
    assert (reader.fetched, reader.stack) == ([], [])
    assert page.count('<details class="proposal ready">') == 1
    text = text_of(page)
    assert "Act now One sale for about $42,000 and one purchase for about $41,000 bring the largest drift" in text
    assert "Sell 420 USTM US total market &lt;ETF&gt; $42,000 2 lots: 1 long-term, 1 short-term $11,500 $2,255" in text
    assert "Buy 820.5 USAG $41,000" in text
    assert "Account …1234; back to target." in text
    assert "Largest drift 4.2 % → 0.1 %" in text
    assert "Cash $50,000 → $51,000" in text
    assert "Cash, to look at. 1 account stays below its minimum." in text
    assert "It is within 0.02 basis points of the best possible list. 1 of 2 checks passed." in text
    assert "No loss is washed" not in text
    assert text.count("Sell 400 of USTM (about $40,000)") == 1


def test_accounts_are_told_apart_where_they_are_several(tasks: list[Task]) -> None:
    text = text_of(page_with(tasks, proposed(account_count=2, obstacles_json=json.dumps([OBSTACLE]))))
    assert "account …1234" in text
    assert "Accounts solved together; back to target." in text
    assert "PLMR may not be sold: legacy position (restriction R-17). Account …1234." in text


def test_card_says_why_a_list_is_held_back(tasks: list[Task]) -> None:
    reason = "A check failed; a person must look before it goes on."
    held = proposed(status="held_back", status_reason=reason, checks_json=json.dumps([*CHECKS, FAILED]))
    page = page_with(tasks, held)
    text = text_of(page)
    assert '<details class="proposal held">' in page
    assert "Proposal held back" in text
    assert f"Held back: {reason}" in text
    assert "Restrictions, failed. A trade is against &lt;b&gt;R-17&lt;/b&gt;." in text
    assert "Act now" not in text


def test_card_says_why_there_is_no_list(tasks: list[Task]) -> None:
    text = text_of(page_with(tasks, without_trades("no_trades_by_rule", "It is a plan account.")))
    assert "No trades, by rule It is a plan account." in text
    assert "Proof:" not in text
    assert "checks passed" not in text


def test_card_without_a_proposal_has_no_block(tasks: list[Task]) -> None:
    assert '<details class="proposal' not in page_with(tasks, None)


def test_long_lists_are_cut_and_say_so(tasks: list[Task]) -> None:
    many = [{**SALE, "trade_no": n, "security_id": f"S{n:03d}"} for n in range(1, 101)]
    page = page_with(tasks, proposed(many, obstacles_json=json.dumps([OBSTACLE] * 100)))
    text = text_of(page)
    assert f"{100 - ORDERS_SHOWN} more orders: evenkeel trades --alert {tasks[0]['id']} lists them all" in text
    assert f"{100 - SENTENCES_SHOWN} more: evenkeel alerts --format json has them all" in text
    assert f"{100 - SENTENCES_SHOWN} more trades" in text


def test_a_full_desk_stays_a_page(tasks: list[Task]) -> None:
    many = [{**SALE, "trade_no": n, "security_id": f"S{n:03d}"} for n in range(1, 101)]
    long = proposed(many, obstacles_json=json.dumps([OBSTACLE] * 100))
    full: list[Task] = [{**tasks[0], "id": f"ep-{n}", "proposal": long} for n in range(CARDS_PER_ADVISER)]
    page = render_task_page(full, NOTICES, FOUND, COVERED, FACTS, DIRECTORY)
    assert page.count('<details class="proposal') == CARDS_PER_ADVISER
    assert len(page) < 1_500_000


def test_chart_shows_the_weight_after_where_it_changes() -> None:
    after = weights_after(proposed())
    assert after["us_equity"] == pytest.approx(0.6)
    assert after["us_equity/core"] == pytest.approx(0.4)
    chart = drift_chart(
        [
            node(weight_frac=0.642, target_frac=0.6),
            node(level="sleeve", node="us_equity/growth", weight_frac=0.2, target_frac=0.2),
            node(node="intl_equity", asset_class="intl_equity"),
        ],
        after,
    )
    equity, growth, other = chart.rows
    assert (equity.after, equity.after_at) == ("60.0 %", 75.0)
    assert equity.description.endswith("; after the trades 60.0 %")
    assert (growth.after, growth.after_at) == (None, None)
    assert other.after is None


def test_chart_has_room_for_the_weight_after() -> None:
    proposal = proposed(
        classes_json=json.dumps([{"node": "us_equity", "asset_class": "us_equity", "after_frac": 0.95}])
    )
    [row] = drift_chart([node(weight_frac=0.3)], weights_after(proposal)).rows
    assert row.after_at is not None
    assert 0 <= row.after_at <= 100


def test_chart_of_a_proposal_without_trades_shows_none() -> None:
    assert weights_after(without_trades("nothing_to_trade")) == {}
    assert weights_after(None) == {}


def test_losses_to_harvest_have_a_section_of_their_own(tasks: list[Task]) -> None:
    second = {**HARVEST, "security_id": "BND", "adviser_id": "A2", "benefit_usd": Decimal("900.00"), "advice": "wait"}
    rows = frame(Harvests, [HARVEST, second])
    text = text_of(page_with(tasks, None, harvests=rows))
    assert "Losses to harvest" in text
    assert text.index("BND") < text.index("INTL"), "the largest benefit first"
    assert "account …1234; Ada Byrne" in text
    assert "Wash sale: not fully known" in text
    assert "Selling saves about $228 &amp; nothing is washed." in text
    own = page_with(tasks, None, harvests=rows, facts=RunFacts(MONDAY, FACTS.desk_at, generated_for="A2"))
    assert "BND" in own
    assert "INTL" not in own


def test_no_losses_no_section(tasks: list[Task]) -> None:
    assert "Losses to harvest" not in page_with(tasks, None, harvests=Harvests.empty_frame())
    assert "Losses to harvest" not in page_with(tasks, None)


def test_long_list_of_losses_is_cut(tasks: list[Task]) -> None:
    rows = frame(Harvests, [{**HARVEST, "security_id": f"S{n:03d}"} for n in range(75)])
    assert "15 more:" in text_of(page_with(tasks, None, harvests=rows))


def test_text_and_csv_tell_the_proposal_in_short(tasks: list[Task]) -> None:
    listed: list[Task] = [{**tasks[0], "proposal": proposed()}, tasks[1]]
    text = re.sub(r"[│\s]+", " ", render_text(listed, MONDAY, width=300))
    assert "Proposal: sell $42,000, buy $41,000; drift 4.2 to 0.1 points; tax $2,413." in text
    first, second = csv.DictReader(io.StringIO(render_csv(listed)))
    assert first["proposal_status"] == "drafted"
    assert first["proposal_sold_usd"] == "42000.00"
    assert first["proposal_trade_count"] == "3"
    assert first["proposal_advice"] == "act_now"
    assert float(first["proposal_drift_after_frac"]) == 0.001
    assert second["proposal_status"] == ""
    assert second["proposal_trade_count"] == ""


def test_terminal_shows_names_as_they_are() -> None:
    names = Directory(security_names={"USTM": "[bold]Total[/bold]"})
    held = proposed(names=names, checks_json=json.dumps([FAILED]), obstacles_json=json.dumps([OBSTACLE]))
    console = Console(file=io.StringIO(), width=200, color_system=None)
    for part in proposal_text(held):
        console.print(part)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "USTM [bold]Total[/bold]" in said
    assert "Proposal (back to target): One sale" in said
    assert "- Restrictions, failed: A trade is against <b>R-17</b>." in said
    assert "- Account P1-1: PLMR may not be sold: legacy position (restriction R-17)." in said
    assert "of the best possible list." in said
