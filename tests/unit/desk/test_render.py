"""Text, CSV and the page: what they show, that they are stable, and that nothing of the book runs as code."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

from data_contracts.notices import Notices
from evenkeel.desk.charts import drift_chart
from evenkeel.desk.directory import Directory
from evenkeel.desk.render_csv import render_csv
from evenkeel.desk.render_html import CARDS_PER_ADVISER, RunFacts, coverage_line, render_task_page
from evenkeel.desk.render_text import render_text
from evenkeel.desk.task_list import Task, task_list
from evenkeel.stages.prioritize.due import desk_opening
from tests.small_practice import MONDAY, book, coverage, day, drifted, exceptions, frame, tell

EVIL = "<script>alert('x')</script> & [bold]Sons[/bold]"
FACTS = RunFacts(MONDAY, desk_opening(MONDAY, dt.time(7)), firm="Harbor & Pine", policy_version="house/1")
HOUSE = book(
    portfolios=[{"portfolio_id": "P1"}, {"portfolio_id": "P2"}],
    advisers=[{"adviser_id": "A1", "name": "Ada Byrne"}, {"adviser_id": "A2", "name": "Ben Okoro"}],
    households=[{"household_id": "H1", "name": EVIL}, {"household_id": "H2", "name": "=2+5", "adviser_id": "A2"}],
)
DIRECTORY = Directory.of(HOUSE.advisers, HOUSE.portfolios, HOUSE.accounts)
COVERED = coverage(
    MONDAY,
    [
        {"account_id": "P1-1", "portfolio_id": "P1", "household_id": "H1"},
        {
            "account_id": "P2-1",
            "portfolio_id": "P2",
            "household_id": "H2",
            "status": "waiting",
            "reason": "<b>late</b>",
        },
    ],
)
FOUND = exceptions(
    MONDAY,
    [
        {
            "exception_id": "e1",
            "scope": "file",
            "subject_id": "<img src=x>",
            "check": "file_empty",
            "effect": "stop",
            "owner": "operations",
            "message": "positions.csv: it is empty; ask for it again",
        }
    ],
)
NOTICES = frame(
    Notices,
    [
        {"notice_id": "n1", "kind": "ips_changed", "subject_id": "I1", "adviser_id": "A1", "text": "IPS I1/2 holds"},
        {"notice_id": "n2", "kind": "ips_changed", "subject_id": "I2", "adviser_id": "A2", "text": "IPS I2/2 holds"},
    ],
    business_date=MONDAY,
    owner="adviser",
)


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    seen = [drifted("P1", 0.642), drifted("P2", 0.55)]
    return task_list(tell(day(MONDAY, seen), HOUSE).alerts, DIRECTORY)


@pytest.fixture(scope="module")
def page(tasks: list[Task]) -> str:
    return render_task_page(tasks, NOTICES, FOUND, COVERED, FACTS, DIRECTORY)


class Reader(HTMLParser):
    """Collects what a browser would fetch, and checks that tags close in order."""

    VOID = frozenset({"meta", "link", "img", "br", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "data", "action", "poster", "xlink:href") or (name == "href" and tag != "a"):
                self.fetched.append(f"{tag} {name}={value}")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), "no inline handlers"
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def test_page_needs_no_network(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.fetched == []
    assert reader.stack == []
    assert len(reader.ids) == len(set(reader.ids))
    assert not re.search(r"https?:|@import|url\(|//[a-z]", page)
    assert reader.tags.count("script") == 1


def test_page_escapes_everything_from_outside(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<img" not in page
    assert "<b>late" not in page


def test_page_tells_the_story(page: str) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Monday 6 July 2026" in text
    assert "48 hours, due Thu 9 Jul 07:00 ET" in text
    assert "1 of 2 accounts scanned: 1 waiting for a late file" in text
    assert "positions.csv: it is empty; ask for it again" in text
    assert "US equity: 64.2 %, target 60.0 %, band 57.0 to 63.0 %; 1.2 above its band" in page


def test_page_is_stable(page: str, tasks: list[Task]) -> None:
    assert page == render_task_page(tasks, NOTICES.reverse(), FOUND, COVERED.reverse(), FACTS, DIRECTORY)


def test_page_of_one_adviser_shows_nobody_elses(tasks: list[Task]) -> None:
    facts = RunFacts(MONDAY, FACTS.desk_at, generated_for="A2")
    page = render_task_page(tasks, NOTICES, FOUND, COVERED, facts, DIRECTORY)
    assert "=2+5" in page
    assert "Sons" not in page
    assert "IPS I2/2" in page
    assert "IPS I1/2" not in page


def test_page_of_a_quiet_day(page: str) -> None:
    empty = render_task_page([], NOTICES.clear(), FOUND.clear(), COVERED, FACTS, DIRECTORY)
    assert "No alert stands" in empty
    assert "No check stopped anything" in empty


def test_large_lists_are_cut_and_say_so(tasks: list[Task]) -> None:
    many: list[Task] = [{**tasks[0], "id": f"ep-{n}"} for n in range(CARDS_PER_ADVISER + 1200)]
    findings = pl.concat([FOUND.with_columns(exception_id=pl.lit(f"e{n}")) for n in range(70)])
    page = render_task_page(many, NOTICES, findings, COVERED, FACTS, DIRECTORY)
    assert page.count("<article") == CARDS_PER_ADVISER
    assert "1,200 more alerts of lower priority" in page
    assert "10 more:" in page
    assert len(page) < 1_000_000


def test_coverage_line() -> None:
    assert coverage_line(COVERED.filter(status="scanned")) == "1 of 1 account scanned"


def test_text_shows_names_as_they_are(tasks: list[Task]) -> None:
    text = render_text(tasks, MONDAY, width=200)
    assert "[bold]Sons[/bold]" in text
    assert "2 alerts need action (0 overdue)" in text
    assert "Ben Okoro" in text
    assert text == render_text(tasks, MONDAY, width=200)


def test_csv_reads_back_and_runs_no_formula(tasks: list[Task]) -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(tasks))))
    assert [row["household_name"] for row in rows] == [EVIL, "'=2+5"]
    assert rows[0]["value_usd"] == "1000000.00"
    assert rows[0]["is_overdue"] == "false"
    assert rows[0]["id"] == tasks[0]["id"]
    assert render_csv([]).startswith("id,business_date,adviser_id")


def node(**figures: Any) -> dict[str, Any]:
    plain = {"level": "class", "node": "us_equity", "asset_class": "us_equity", "is_outside": False, "band_text": None}
    return {
        **plain,
        "weight_frac": 0.0,
        "target_frac": 0.0,
        "lower_frac": None,
        "upper_frac": None,
        "drift_frac": 0.0,
        **figures,
    }


def test_chart_places_marks_on_one_scale() -> None:
    chart = drift_chart([node(weight_frac=0.642, target_frac=0.6, lower_frac=0.57, upper_frac=0.63, is_outside=True)])
    assert chart.grid[0] == (0.0, "0 %")
    assert chart.grid[-1] == (100.0, "80")
    [row] = chart.rows
    assert (row.weight_at, row.target_at) == (80.25, 75.0)
    assert (row.band_from, row.band_width) == (71.25, 7.5)
    assert row.verdict == "1.2 above its band"


def test_chart_of_a_short_position_starts_below_zero() -> None:
    chart = drift_chart([node(weight_frac=-0.07), node(weight_frac=1.07, target_frac=1.0)])
    assert chart.grid[0][1].startswith("−")
    assert all(0 <= row.weight_at <= 100 for row in chart.rows)
    assert chart.rows[0].verdict == "no band"


@pytest.mark.parametrize(
    ("least", "most"), [(0.0, 0.04), (-0.01, 0.41), (-0.2, 0.99), (0.0, 1.0), (-3.0, 4.0), (-7.0, 20.0)]
)
def test_a_charts_labels_are_few_enough_for_a_phone(least: float, most: float) -> None:
    chart = drift_chart([node(weight_frac=least), node(weight_frac=most)])
    assert 2 <= len(chart.grid) <= 6
    assert [place for place, _ in chart.grid] == sorted({place for place, _ in chart.grid})
    assert all(0 <= row.weight_at <= 100 for row in chart.rows)


def test_only_the_first_label_of_a_scale_has_the_unit() -> None:
    """At the end it would reach back to the label before it."""
    labels = [label for _, label in drift_chart([node(weight_frac=0.47)]).grid]
    assert labels == ["0 %", "10", "20", "30", "40", "50"]


def test_a_phone_has_the_scale_below_the_drawings_and_not_among_the_headings(page: str) -> None:
    head, _, rest = page.partition('<table class="drift"')[2].partition("</thead>")
    foot = rest.partition("<tfoot")[2].partition("</tfoot>")[0]
    assert head.count("<text ") == foot.count("<text ") >= 2
    wide, _, phone = page.partition("@media (max-width: 620px)")
    assert ".drift tfoot { display: none; }" in wide
    assert ".drift thead .axis svg { display: none; }" in phone
    assert ".drift tbody, .drift tfoot { display: block; }" in phone


def test_chart_of_nothing() -> None:
    assert drift_chart([]).rows == ()
