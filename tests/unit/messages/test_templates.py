"""Messages: every kind under every scenario; what is missing or unknown is an error before anything is queued."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from lxml import html as lxml_html

from data_contracts.vocab import MessageKind
from evenkeel.errors import UsageError
from evenkeel.messages import chart
from evenkeel.messages.fields import FIELDS, Asked, ClassWeight, Fields, Filled, build_fields
from evenkeel.messages.scenarios import SAMPLE_FIRM, SAMPLE_LINK, scenarios
from evenkeel.messages.templates import Firm, Templates

EVERY = [(kind, name) for kind, named in scenarios().items() for name in named]
TEMPLATES = Templates(SAMPLE_FIRM)


def fields_of(kind: MessageKind, name: str = "typical") -> Fields:
    return scenarios()[kind][name]


def asked(**changes: Any) -> Asked:
    made = fields_of(MessageKind.CLIENT_PROPOSAL)
    assert isinstance(made, Asked)
    return dataclasses.replace(made, **changes)


def test_every_kind_has_fields_scenarios_and_templates_without_problems() -> None:
    assert set(FIELDS) == set(scenarios()) == set(MessageKind)
    assert TEMPLATES.problems(scenarios()) == []


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_message_is_whole_in_text_and_in_html(kind: MessageKind, name: str) -> None:
    fields = fields_of(kind, name)
    rendered = TEMPLATES.render(kind, fields)
    page = lxml_html.document_fromstring(rendered.html)
    words = " ".join(page.text_content().split())
    said = " ".join(rendered.text.split())
    assert "\n" not in rendered.subject
    assert rendered.subject
    for must in (SAMPLE_FIRM.name, SAMPLE_FIRM.contact, SAMPLE_FIRM.disclosure, " ".join(fields_name(fields).split())):
        assert must in words
        assert must in said
    if isinstance(fields, Asked):
        assert SAMPLE_LINK in rendered.text
        assert page.xpath(f"//a[@href='{SAMPLE_LINK}']")
    proposal = getattr(fields, "proposal", None)
    if proposal is not None:
        for mask in proposal.account_masks:
            assert mask in words
            assert mask in said
        for trade in getattr(fields, "fills", proposal.trades) if name != "many_trades" else ():
            is_shown = kind is not MessageKind.CLIENT_AFTER_FILL_SHORT
            assert (f"{trade.verb} {trade.symbol}" in words) is is_shown
            assert (trade.symbol in said) is is_shown
        assert fields.proposal.client_name not in rendered.subject, "a subject shows on locked screens"  # type: ignore[union-attr]


def fields_name(fields: Fields) -> str:
    return fields.recipient_name


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_html_is_what_any_mail_client_shows(kind: MessageKind, name: str) -> None:
    rendered = TEMPLATES.render(kind, fields_of(kind, name))
    page = lxml_html.document_fromstring(rendered.html)
    for never in ("svg", "img", "script", "style", "link", "form", "object", "b[@onclick]"):
        assert not page.xpath(f"//{never}"), never
    assert not page.xpath("//@src")
    for row in page.xpath("//tr[td[@height='12']]"):
        assert sum(int(cell.get("width").rstrip("%")) for cell in row.xpath("./td")) == 100
    assert len(rendered.html) < 100_000, "Gmail cuts messages off at 102 KB"


def test_what_a_name_holds_is_text_never_markup() -> None:
    proposal = dataclasses.replace(asked().proposal, client_name="<script>alert(1)</script> & {{ 7*7 }}")
    rendered = TEMPLATES.render(
        MessageKind.CLIENT_PROPOSAL, asked(proposal=proposal, recipient_name="A\r\nBcc: x@y.example")
    )
    assert "<script>" not in rendered.html
    assert "&lt;script&gt;" in rendered.html
    assert "49" not in rendered.subject
    assert "{{ 7*7 }}" in rendered.text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"adviser_name": None}, "adviser_name is missing"),
        ({"approval_link": " "}, "approval_link is empty"),
        ({"due_at": None}, "due_at is missing"),
    ],
)
def test_an_empty_field_is_an_error(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        TEMPLATES.render(MessageKind.CLIENT_PROPOSAL, asked(**changes))


def test_an_empty_field_deep_inside_is_named_by_its_path() -> None:
    proposal = asked().proposal
    trades = (proposal.trades[0], dataclasses.replace(proposal.trades[1], price_usd=None))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"proposal\.trades\[2\]\.price_usd is missing"):
        TEMPLATES.render(MessageKind.CLIENT_PROPOSAL, asked(proposal=dataclasses.replace(proposal, trades=trades)))


def test_missing_and_unknown_values_are_all_named_and_their_values_are_not() -> None:
    values = {"recipient_name": "Kevin Secret", "adviser": "x", "proposal": asked().proposal}
    with pytest.raises(UsageError) as caught:
        build_fields(MessageKind.CLIENT_PROPOSAL, values)
    said = str(caught.value)
    for part in ("adviser_name is missing", "approval_link is missing", "due_at is missing", "adviser is unknown"):
        assert part in said
    assert "Secret" not in said


def test_fields_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match="needs the fields Filled, not Asked"):
        TEMPLATES.render(MessageKind.CLIENT_AFTER_FILL_SHORT, asked())


def test_a_firms_template_takes_the_place_of_ours() -> None:
    templates = Templates(
        SAMPLE_FIRM, {"client_proposal.subject": "Hello from {{ firm.name }}", "_base.html": "<p>{{ subject }}</p>"}
    )
    rendered = templates.render(MessageKind.CLIENT_PROPOSAL, asked())
    assert rendered.subject == "Hello from Harbour Wealth"
    assert rendered.html == "<p>Hello from Harbour Wealth</p>"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ client_nam }}", "'client_nam' is no field of Asked"),
        ("{% if due_at %}x{% else %}{{ never_seen }}{% endif %}", "'never_seen' is no field of Asked"),
        ("{{ proposal.clientname }}", "has no attribute 'clientname'"),
        ("{{ recipient_name", "client_proposal.txt"),
        ("{% extends '_missing.txt' %}", "_missing.txt"),
        ("{{ recipient_name.__class__.__mro__ }}", "may not"),
        ("{{ recipient_name | money }}", "money"),
        ("{{ due_at | cents }}", "another kind than its filter takes"),
        ("  ", "gives no text"),
    ],
)
def test_a_firms_template_that_is_wrong_is_named_before_it_is_used(text: str, problem: str) -> None:
    problems = Templates(SAMPLE_FIRM, {"client_proposal.txt": text}).problems(scenarios())
    assert any(problem in each and "client_proposal" in each for each in problems), problems


def test_a_file_that_no_message_asks_for_is_refused() -> None:
    with pytest.raises(UsageError, match=r"client_propsal\.txt"):
        Templates(SAMPLE_FIRM, {"client_propsal.txt": "x"})
    with pytest.raises(UsageError, match="EVENKEEL_FIRM_NAME"):
        Templates(Firm("", "x"))


def test_the_chart_says_in_text_what_it_draws() -> None:
    classes = (ClassWeight("US equity", 0.672, 0.60, 0.602, 0.55, 0.65), ClassWeight("Cash", -0.004, 0.02))
    equity, cash = chart.drift_chart(classes)
    assert equity.verdict == "+7.2 points, outside its band of 55.0 % to 65.0 %"
    assert [bar.filled for bar in equity.bars] == [100, 89, 90]
    assert equity.bars[0].colour == chart.NOW_OUTSIDE
    assert equity.bars[1].text == "target |###########################   |   60.0 %"
    assert cash.verdict == "−2.4 points"
    assert [(bar.filled, bar.figure) for bar in cash.bars] == [(0, "−0.4 %"), (3, "2.0 %")]


def test_once_the_trades_are_done_the_chart_says_where_the_portfolio_stands() -> None:
    classes = (
        ClassWeight("US equity", 0.672, 0.60, 0.602, 0.55, 0.65),
        ClassWeight("US bonds", 0.187, 0.23, 0.17, 0.18, 0.28),
        ClassWeight("Cash", 0.023, 0.02),
    )
    equity, bonds, cash = chart.drift_chart(classes, is_done=True)
    assert [(bar.label, bar.figure) for bar in equity.bars] == [
        ("before", "67.2 %"),
        ("target", "60.0 %"),
        ("now", "60.2 %"),
    ]
    assert (equity.verdict, equity.is_outside) == ("+0.2 points, inside its band of 55.0 % to 65.0 %", False)
    assert [bar.colour for bar in equity.bars] == [chart.NOW_OUTSIDE, chart.TARGET, chart.AFTER]
    assert (bonds.verdict, bonds.is_outside) == ("−6.0 points, outside its band of 18.0 % to 28.0 %", True)
    assert bonds.bars[2].colour == chart.NOW_OUTSIDE
    assert (cash.verdict, len(cash.bars)) == ("share after the trades not known yet", 2)


@pytest.mark.parametrize("kind", [MessageKind.CLIENT_AFTER_FILL_SHORT, MessageKind.CLIENT_AFTER_FILL_DETAILED])
def test_where_nothing_is_known_of_the_weights_after_it_is_said_once(kind: MessageKind) -> None:
    fields = fields_of(kind)
    assert isinstance(fields, Filled)
    blank = tuple(dataclasses.replace(each, after_frac=None) for each in fields.proposal.classes)
    made = TEMPLATES.render(
        kind, dataclasses.replace(fields, proposal=dataclasses.replace(fields.proposal, classes=blank))
    )
    for text in (made.text, made.html):
        assert text.count("divided now is measured at the next close") == 1
        assert "not known yet" not in text


@pytest.mark.parametrize("kind", [MessageKind.CLIENT_AFTER_FILL_SHORT, MessageKind.CLIENT_AFTER_FILL_DETAILED])
def test_a_client_is_not_told_of_a_drift_that_is_over(kind: MessageKind) -> None:
    made = TEMPLATES.render(kind, fields_of(kind, "typical"))
    for text in (made.text, lxml_html.document_fromstring(made.html).text_content()):
        assert "before" in text
        assert "outside its band" not in text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_pass_contrast() -> None:
    for bar in (chart.NOW_INSIDE, chart.NOW_OUTSIDE, chart.TARGET, chart.AFTER):
        assert contrast(bar, chart.EMPTY) >= 3, bar
    assert contrast("#ffffff", "#1f5f8b") >= 4.5, "the button"
    for kind, name in EVERY:
        page = lxml_html.document_fromstring(TEMPLATES.render(kind, fields_of(kind, name)).html)
        for style in page.xpath("//@style"):
            colours = [part.split(":")[1] for part in style.split(";") if part.startswith("color:")]
            assert all(contrast(each, "#ffffff") >= 4.5 for each in colours if each != "#ffffff"), style


def test_amounts_of_nothing_and_of_savings_are_said_as_such() -> None:
    for tax, words in ((Decimal(0), "adds nothing"), (Decimal("-1150.2"), "saves about $1,150"), (None, "not known")):
        proposal = dataclasses.replace(asked().proposal, tax_usd=tax)
        assert (
            f"tax for the year: {words}" in TEMPLATES.render(MessageKind.CLIENT_PROPOSAL, asked(proposal=proposal)).text
        )
