"""Reports of a small practice, through the command: before anybody decided, after, and of an empty firm."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from data_contracts.vocab import Role, Step
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.staging import advance, stage
from evenkeel.desk.reporting.publishing import publish_last
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.consent_home import ASKED, MORNING, SENIOR, Desk, make
from tests.command.practice import Home

NAMES = ("kpis", "drift-compliance", "monthly-compliance", "supervisory-review", "sample-audit")
Made = tuple[Home, SandboxPlan]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A home after its first session."""
    return make(tmp_path_factory.mktemp("reports") / "home")


@pytest.fixture
def desk(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home of one's own, whose proposals nobody has opened."""
    return Desk(made[0].copy(tmp_path / "home"), capsys)


def rows(desk: Desk, *words: object) -> list[dict[str, str]]:
    """Return the rows that a report has as CSV."""
    return list(csv.DictReader(io.StringIO(desk("report", *words, "--format", "csv"))))


def figures(desk: Desk, month: str = "2026-03") -> dict[str, dict[str, str]]:
    return {row["figure"]: row for row in rows(desk, "kpis", "--month", month)}


def decide(desk: Desk) -> str:
    """Open cases, have one approved by all, one declined, one escalated; return the approved one."""
    desk("sweep")
    proposal = str(desk.case(ASKED[1])["proposal_id"])
    desk.later(hours=2)
    desk("desk", "approve", proposal, "--actor", "A-03")
    desk("desk", "consent", proposal, "--actor", "pat", "--signature", "Pat Doe")
    desk.later(hours=2)
    desk("desk", "consent", proposal, "--actor", "lou", "--signature", "Lou Doe")
    desk("desk", "decline", desk.case(SENIOR[1])["proposal_id"], "--reason", "=sells the house", "--actor", "A-01")
    return proposal


def test_nobody_has_decided_yet(desk: Desk) -> None:
    found = figures(desk)
    assert found["approval_rate_frac"]["value"] == ""
    assert found["approval_rate_frac"]["reason"] == "no proposal was answered in the period"
    assert found["rebalanced_within_sla_frac"]["value"] == ""
    assert 0 < float(found["within_3_points_frac"]["value"]) < 1
    accounts = rows(desk, "drift-compliance")
    scanned = [row for row in accounts if row["status"] == "scanned"]
    assert len(scanned) == int(float(found["within_3_points_frac"]["denominator"]))
    assert {row["max_drift_frac"] for row in accounts if row["status"] != "scanned"} == {""}
    assert {row["is_inside"] for row in scanned} == {"true", "false"}
    assert rows(desk, "supervisory-review", "--table", "decisions") == []


def test_what_people_decided_is_in_the_figures_and_in_the_review(desk: Desk) -> None:
    proposal = decide(desk)
    found = figures(desk)
    rate = found["approval_rate_frac"]
    assert (float(rate["numerator"]), float(rate["denominator"]), float(rate["value"])) == (1, 2, 0.5)
    assert float(found["approval_hours"]["value"]) == pytest.approx(4)
    decisions = rows(desk, "supervisory-review")
    assert [(row["actor"], row["step"]) for row in decisions] == [
        ("A-03", "approve"),
        ("pat", "approve"),
        ("lou", "approve"),
        ("A-01", "decline"),
    ]
    assert decisions[-1]["reason"] == "'=sells the house", "a spreadsheet would run it"
    by_adviser = {row["adviser_id"]: row for row in rows(desk, "monthly-compliance")}
    assert (by_adviser["A-03"]["approved_count"], by_adviser["A-03"]["approval_rate_frac"]) == ("1", "1.0")
    assert (by_adviser["A-01"]["declined_count"], by_adviser["A-01"]["approval_rate_frac"]) == ("1", "0.0")
    assert by_adviser["A-03"]["filled_count"] == "", "whether it was filled is not known, and so not 0"
    chain = [row for row in rows(desk, "sample-audit", "--table", "chain") if row["subject_id"] == proposal]
    assert {row["part"] for row in chain} >= {"proposal", "step"}
    assert all(row["seqs"] for row in chain)
    assert [row for row in rows(desk, "sample-audit", "--table", "gaps") if row["subject_id"] == proposal] == []
    before = rows(desk, "before-after", "--proposal", proposal)
    assert sum(float(row["before_frac"]) for row in before if row["before_frac"]) == pytest.approx(1, abs=0.01)
    assert {row["after_frac"] for row in before} == {""}


def test_from_the_fill_on_cycle_and_reduction_are_known(made: Made, desk: Desk) -> None:
    proposal = decide(desk)
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        asking = Asking("ops", Role.OPERATIONS)
        [staged] = stage(house, [proposal], asking)
        assert staged.problem is None
        advance(house, proposal, Step.SEND, asking)
        advance(house, proposal, Step.FILL, asking)
    desk.later(days=1)
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    found = figures(desk)
    assert float(found["cycle_hours"]["denominator"]) == 1
    assert float(found["cycle_hours"]["value"]) > 0
    assert found["average_drift_reduction_frac"]["denominator"] == "1"
    assert found["told_within_15_minutes_frac"]["reason"] == "no proposal was filled in the period"
    after = rows(desk, "before-after", "--proposal", proposal)
    assert sum(float(row["after_frac"]) for row in after if row["after_frac"]) == pytest.approx(1, abs=0.01)
    dates = {row["rebalanced_date"] for row in rows(desk, "drift-compliance") if row["account_id"] == ASKED[2]}
    assert dates == {"2026-03-03"}


def test_every_page_stands_alone_and_shows_no_client(desk: Desk) -> None:
    proposal = decide(desk)
    for name in NAMES:
        page = desk("report", name, "--format", "html")
        assert page.startswith("<!doctype html>")
        assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page), name
        assert "http://" not in page, name
        assert "https://" not in page, name
        assert "Doe" not in page, "who signed is an id"
        assert ">nan<" not in page, name
        assert "None<" not in page, name
    page = desk("report", "before-after", "--proposal", proposal, "--format", "html")
    assert "Measured after" in page
    assert "not known to be done yet" in page


def test_a_folder_gets_the_page_and_every_table(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    desk("report", "drift-compliance", "--out", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "drift-compliance-accounts.csv",
        "drift-compliance-advisers.csv",
        "drift-compliance-custodians.csv",
        "drift-compliance-figures.csv",
        "drift-compliance-history.csv",
        "drift-compliance-models.csv",
        "drift-compliance.html",
    ]
    desk("report", "kpis", "--format", "html", "--out", tmp_path / "k.html")
    assert (tmp_path / "k.html").read_text().startswith("<!doctype html>")


def test_a_clients_report_is_on_paper_too(desk: Desk, tmp_path: Path) -> None:
    proposal = decide(desk)
    asked = ("report", "before-after", "--proposal", proposal)
    folder = tmp_path / "out"
    folder.mkdir()
    desk(*asked, "--out", folder)
    names = [path.name for path in folder.iterdir()]
    assert {"before-after.html", "before-after.pdf", "before-after-weights.csv", "before-after-trades.csv"} <= set(
        names
    )
    desk(*asked, "--format", "pdf", "--out", tmp_path / "one.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (folder / "before-after.pdf").read_bytes()
    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "one.pdf").pages)
    page = (folder / "before-after.html").read_text()
    with (folder / "before-after-weights.csv").open() as handle:
        classes = [row["node"] for row in csv.DictReader(handle)]
    assert "US equity" in classes
    assert all(name in text and name in page for name in classes)
    assert "not known to be done yet" in " ".join(text.split())
    assert "give --out" in desk(*asked, "--format", "pdf", code=2)
    assert "kpis is not for clients" in desk("report", "kpis", "--format", "pdf", "--out", tmp_path / "k.pdf", code=2)
    assert not (tmp_path / "k.pdf").exists()


def test_the_schedule_writes_the_month_and_after_its_last_one_the_quarter(desk: Desk) -> None:
    house = desk.home.house()
    folder = house.home / "reports"
    pages = [path.relative_to(folder) for path in publish_last(house, dt.date(2026, 4, 2)) if path.suffix == ".html"]
    assert list(map(str, pages)) == [
        *(f"2026-03/{name}.html" for name in NAMES if name != "sample-audit"),
        *(f"2026-Q1/{name}.html" for name in NAMES if name != "monthly-compliance"),
    ]
    publish_last(house, dt.date(2026, 3, 2))
    assert sorted(each.name for each in folder.iterdir()) == ["2026-02", "2026-03", "2026-03-02", "2026-Q1"]


def test_a_review_is_signed_once_the_period_is_over_and_shows_what_changed_since(desk: Desk) -> None:
    decide(desk)
    sign = ("report", "sign", "--month", "2026-03", "--actor", "C-01", "--reason", "nothing found")
    assert "is not over" in desk(*sign, code=2)
    assert "not of adviser" in desk(*sign, "--role", "adviser", code=2)
    desk.later(days=40)
    assert "does not act as compliance" in desk(*(w if w != "C-01" else "A-03" for w in sign), code=2)
    desk(*sign)
    [review] = rows(desk, "supervisory-review", "--month", "2026-03", "--table", "reviews")
    assert (review["actor"], review["is_this"], review["own_count"]) == ("C-01", "true", "0")
    assert "report_signed" in desk("audit", "show", "--kind", "report_signed")
    desk(*sign)
    assert len(rows(desk, "supervisory-review", "--month", "2026-03", "--table", "reviews")) == 1, "signed once"
    assert "is whole" in desk("audit", "verify")
    assert "Nobody has reviewed 2026-02" in desk("report", "supervisory-review", "--month", "2026-02")


def test_wrong_use_says_what_to_do(desk: Desk) -> None:
    assert "give one of" in desk("report", "kpis", "--month", "2026-03", "--date", "2026-03-02", code=2)
    assert "write it as 2026-03" in desk("report", "kpis", "--month", "March", code=2)
    assert "--proposal goes with" in desk("report", "before-after", code=2)
    assert "it has accounts, models" in desk("report", "drift-compliance", "--table", "x", "--format", "csv", code=2)
    assert "it has accounts, models" in desk("report", "drift-compliance", "--table", "x", code=2)
    assert "sample-audit" in desk("report", "list")


def test_a_firm_without_any_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "home", more={"EVENKEEL_CLOCK": MORNING})
    assert home.command("init") == 0
    desk = Desk(home, capsys)
    for name in NAMES:
        for form in ("table", "html", "csv"):
            assert desk("report", name, "--format", form)
    assert {row["value"] for row in figures(desk).values()} == {""}
    assert {row["reason"] for row in figures(desk).values()} == {"no session of the period was run"}
