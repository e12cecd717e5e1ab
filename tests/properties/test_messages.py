"""What must hold of every message, whatever a client is called and whatever a channel answers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email
import email.policy
import unicodedata
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from data_contracts.vocab import Channel, MessageKind
from evenkeel.adapters.notifiers.mail import compose_mail
from evenkeel.adapters.notifiers.smtp import _stuffed
from evenkeel.messages.chart import drift_chart
from evenkeel.messages.fields import Asked, ClassWeight
from evenkeel.messages.scenarios import SAMPLE_FIRM, scenarios
from evenkeel.messages.templates import Templates
from evenkeel.messages.wording import cents, dollars
from evenkeel.ports import Delivery, Retries

TEMPLATES = Templates(SAMPLE_FIRM)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(
    lambda text: text.strip()
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
MONEY = st.decimals(-(10**9), 10**9, places=2)
RATIOS = st.floats(-1, 2, allow_nan=False)
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
WHEN = dt.datetime(2026, 3, 6, 14, 45, tzinfo=dt.UTC)


def typical() -> Asked:
    made = scenarios()[MessageKind.CLIENT_PROPOSAL]["typical"]
    assert isinstance(made, Asked)
    return made


@settings(deadline=None, max_examples=60)
@given(NAMES, NAMES, MONEY)
def test_a_name_is_shown_as_it_is_and_is_never_markup(client: str, security: str, tax: Decimal) -> None:
    base = typical()
    trades = (dataclasses.replace(base.proposal.trades[0], security_name=security), *base.proposal.trades[1:])
    proposal = dataclasses.replace(base.proposal, client_name=client, trades=trades, tax_usd=tax)
    rendered = TEMPLATES.render(
        MessageKind.CLIENT_PROPOSAL, dataclasses.replace(base, proposal=proposal, recipient_name=client)
    )
    plain = TEMPLATES.render(MessageKind.CLIENT_PROPOSAL, base)
    page, usual = (lxml_html.document_fromstring(each.html) for each in (rendered, plain))
    tags = [[element.tag for element in each.iter() if isinstance(element.tag, str)] for each in (page, usual)]
    assert tags[0] == tags[1], "no name adds an element"
    assert " ".join(client.split()) in " ".join(page.text_content().split())
    assert " ".join(client.split()) in " ".join(rendered.text.split())
    assert len(rendered.subject.splitlines()) == 1


EVERY = [(kind, name) for kind, named in scenarios().items() for name in named]
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
FORGED = st.text(st.sampled_from(BREAKS + "\x00\x07\x1b\x7f\x9b ") | st.characters(), min_size=1, max_size=60).map(
    lambda text: f"A{text}B"
)


def with_texts(value: Any, text: str) -> Any:
    """Return fields, or a part of them, with every text replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(with_texts(part, text) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {each.name: with_texts(getattr(value, each.name), text) for each in dataclasses.fields(value)}
        return dataclasses.replace(value, **changes)
    return value


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(EVERY), FORGED)
@example((MessageKind.PROPOSAL_DECLINED, "typical"), "Pat\n-- \nSomebody else\u2028Reason: none\rBy: nobody")
def test_the_lines_of_a_message_are_its_templates_whatever_a_field_says(of: tuple[MessageKind, str], text: str) -> None:
    kind, name = of
    fields = scenarios()[kind][name]
    made, plain = (TEMPLATES.render(kind, with_texts(fields, each)) for each in (text, "AxB"))
    assert len(made.text.splitlines()) == len(plain.text.splitlines())
    assert len(made.subject.splitlines()) == 1
    for said in (made.subject, made.text.replace("\n", "")):
        assert not [one for one in said if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs")]
    mail = compose_mail(
        Delivery("ms-1", "x", "a@b.example", {"subject": made.subject, "text": made.text, "html": made.html}, WHEN),
        "Harbour <desk@harbour.example>",
    )
    back = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    body = back.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == made.text.splitlines()
    assert set(back.keys()) == HEADERS | {"Content-Type"}


@settings(deadline=None, max_examples=150)
@given(ANY_TEXT, ANY_TEXT)
def test_a_mail_has_the_headers_that_we_gave_it_and_its_text_survives_the_line(subject: str, text: str) -> None:
    delivery = Delivery("ms-1", "x", "a@b.example", {"subject": subject, "text": text}, WHEN)
    mail = compose_mail(delivery, "Harbour <desk@harbour.example>")
    sent = _stuffed(mail.as_bytes())
    assert sent.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in sent, "nothing ends the message early"
    assert b"\n" not in sent.replace(b"\r\n", b"")
    unstuffed = b"\r\n".join(line.removeprefix(b".") for line in sent.split(b"\r\n"))
    back = email.message_from_bytes(unstuffed, policy=email.policy.default)
    assert set(back.keys()) - {"Content-Type", "Content-Transfer-Encoding"} == HEADERS
    assert back.get_content().split() == text.split()


@given(st.integers(1, 10_000), st.integers(1, 600), st.integers(600, 86_400))
def test_waits_never_shrink_and_never_exceed_the_longest(attempt: int, first: int, longest: int) -> None:
    retries = Retries(first, longest)
    assert first <= retries.wait_seconds(attempt) <= retries.wait_seconds(attempt + 1) <= longest


@given(st.lists(st.tuples(RATIOS, RATIOS, st.none() | RATIOS), min_size=1, max_size=12))
def test_bars_stay_on_the_scale(rows: list[tuple[float, float, float | None]]) -> None:
    weights = [ClassWeight("x", *row) for row in rows]
    for each in (*drift_chart(weights), *drift_chart(weights, is_done=True)):
        for bar in each.bars:
            assert 0 <= bar.filled <= 100
            assert len(bar.text.split("|")[1]) == 30


@given(MONEY)
def test_amounts_round_half_away_from_zero(amount: Decimal) -> None:
    assert abs(Decimal(dollars(amount).replace("$", "").replace(",", "").replace("−", "-")) - amount) <= Decimal("0.5")
    assert Decimal(cents(amount).replace("$", "").replace(",", "").replace("−", "-")) == amount


def test_every_channel_has_a_place_in_the_docs_and_the_command() -> None:
    from typing import get_args

    from data_contracts.vocab import DeliveryState
    from evenkeel.cli.message_commands import ChannelName, Kind, StateName

    assert set(get_args(ChannelName)) == set(Channel)
    assert set(get_args(Kind)) == set(MessageKind)
    assert set(get_args(StateName)) == set(DeliveryState)
