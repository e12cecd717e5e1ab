"""A client's before and after on paper: what it says, that the same report is the same file, and that every name can be written."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from evenkeel.desk.reporting.bars import Weights, hundredths, scale_of
from evenkeel.desk.reporting.files import pdf_of
from evenkeel.desk.reporting.paper import render_pdf
from evenkeel.desk.reporting.paper_fonts import LACKING, written
from evenkeel.errors import UsageError
from evenkeel.reports.before_after import Rebalance, before_after
from tests.support.reporting import at
from tests.unit.reports.test_before_after import DONE

CLIENT = replace(DONE, client="Łukasz Dvořák & Zoë Núñez-Nguyễn")
FIGURES = {
    "sold_usd": "25050.00",
    "bought_usd": "24000.00",
    "short_term_gain_usd": "0.00",
    "long_term_gain_usd": "-1200.50",
    "net_tax_usd": "-180.08",
    "cost_usd": "12.34",
    "cash_before_usd": "100.00",
    "cash_after_usd": "1150.00",
}


def pdf(one: Rebalance, firm: str = "Harbour Wealth") -> bytes:
    return render_pdf(before_after(one, at("2026-03-04 08:00")), firm)


def pages(content: bytes) -> list[str]:
    """Return the text of each page, blanks joined."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def test_it_says_what_the_page_says() -> None:
    [text] = pages(pdf(replace(CLIENT, shown={**CLIENT.shown, "figures": FIGURES})))
    for said in (
        "Harbour Wealth",
        "Your portfolio, before and after",
        "Client Łukasz Dvořák & Zoë Núñez-Nguyễn",
        "Portfolio Retirement",
        "Account …4821",
        "Prices of 2 Mar 2026",
        "Approved Tue 3 Mar 2026 08:00 ET",
        "Traded Tue 3 Mar 2026 09:50 ET",
        "US equity 67.2 % 60.0 % 60.2 % 59.8 % −7.4",
        "before model measured after",
        "Measured at the close of 2026-03-03.",
        "…4821 Sell =Vanguard <Total> 100 $250.50 $25,050.00 −$1,200.50 $0.00 100 $250.48",
        "Estimated tax",
        "−$180.08",
        "Estimated trading costs",
        "$12.34",
        "Values, gains and taxes are the estimates that were approved.",
        "Past results are no promise.",
        "Made Wed 4 Mar 2026 08:00 ET",
        "Page 1 of 1",
    ):
        assert said in text, (said, text)


def test_what_is_not_done_or_not_measured_is_said_and_not_drawn() -> None:
    waiting = replace(CLIENT, filled_at=None, after={}, after_date=None, filled={})
    [text] = pages(pdf(waiting))
    assert "not known to be done yet" in text
    assert "Not measured since." in text
    assert "before model as approved" in text
    assert "Average price" not in text
    by_hand = [{**row, "after_frac": None} for row in CLIENT.shown["classes"]]
    [text] = pages(pdf(replace(waiting, shown={**CLIENT.shown, "classes": by_hand})))
    assert "changed by hand" in text
    assert "As approved" not in text
    assert "model as approved" not in text


def test_the_same_report_is_the_same_file_whenever_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    first = pdf(CLIENT)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert pdf(CLIENT) == first
    assert pdf(replace(CLIENT, client="Another")) != first
    told: Any = PdfReader(io.BytesIO(first)).metadata
    assert set(told) == {"/Title", "/Author", "/Subject", "/Creator"}
    assert told["/Title"] == "Your portfolio, before and after, 2026-03-02"
    assert b"CreationDate" not in first
    assert b"ModDate" not in first


def test_its_fonts_are_in_the_file() -> None:
    page = PdfReader(io.BytesIO(pdf(CLIENT))).pages[0]
    resources: Any = page["/Resources"]
    fonts = {str(font.get_object()["/BaseFont"]): font.get_object() for font in resources["/Font"].values()}
    own = {name: font for name, font in fonts.items() if "DejaVu" in name}
    assert {name.partition("+")[2] for name in own} == {"DejaVuSansCondensed", "DejaVuSansCondensed-Bold"}
    assert all("/FontFile2" in font["/FontDescriptor"] for font in own.values())


def test_every_character_is_written_or_shown_to_be_lacking() -> None:
    assert written("Núñez Łódź Ōe Žižek Đorđe Ỹ Ş Ø ß Œ – − ≤ €") == "Núñez Łódź Ōe Žižek Đorđe Ỹ Ş Ø ß Œ – − ≤ €"
    assert written("Zoe\u0308\n Smith") == "Zoë Smith", "an accent that comes by itself is joined to its letter"
    assert written("ﬁn ① \u01a1\u0331") == "fin 1 \u01a1" + LACKING, "what has a plain form is shown by it"
    assert written("李 Anna 🙂") == f"{LACKING} Anna {LACKING}"
    [text] = pages(pdf(replace(CLIENT, client="李 Anna <b>& Co", portfolio="Ελλάδα Україна")))
    assert f"Client {LACKING} Anna <b>& Co" in text
    assert "Portfolio Ελλάδα Україна" in text


def test_many_trades_go_over_pages_under_the_same_headings() -> None:
    [trade] = CLIENT.shown["trades"]
    many = [{**trade, "trade_no": number, "security_id": f"SEC{number:03d}"} for number in range(1, 91)]
    sheets = pages(pdf(replace(CLIENT, shown={**CLIENT.shown, "trades": many}, filled={})))
    assert len(sheets) > 2
    assert [f"Page {number} of {len(sheets)}" in text for number, text in enumerate(sheets, 1)] == [True] * len(sheets)
    assert all("Past results are no promise." in text for text in sheets)
    assert sum("Gain or loss" in text for text in sheets) == sum("SEC" in text for text in sheets)
    assert [each for each in range(1, 91) if sum(text.count(f"SEC{each:03d}") for text in sheets) != 1] == []


def test_a_long_disclosure_stands_once_and_whole() -> None:
    sheets = pages(pdf(replace(CLIENT, disclosure="Nothing here is a promise of anything. " * 200 + "The end.")))
    assert " ".join(sheets).count("The end.") == 1


def test_nothing_to_trade_and_no_disclosure() -> None:
    [text] = pages(pdf(replace(CLIENT, disclosure="", shown={**CLIENT.shown, "trades": [], "classes": []})))
    assert "Trades None." in text


def test_only_a_clients_report_is_on_paper() -> None:
    report = replace(before_after(CLIENT, at("2026-03-04 08:00")), name="kpis")
    with pytest.raises(UsageError, match="kpis is not for clients"):
        pdf_of(report)


def test_bars_have_one_scale() -> None:
    rows = [Weights(0.672, 0.6, 0.598), Weights(None, -0.02, None)]
    assert scale_of(rows) == 0.672
    assert scale_of([]) == 0.01
    report = before_after(CLIENT, at("2026-03-04 08:00"))
    assert hundredths(report.table("weights"), 0) == Weights(100.0, 89.29, 88.99)
    assert hundredths(report.table("weights"), 1) == Weights(None, 2.98, None)
    below = [{**row, "before_frac": -0.1, "target_frac": 0.1} for row in report.table("weights").rows]
    assert hundredths(replace(report.table("weights"), rows=below), 0).before is None
