"""The whole way by command, on a real mail server: asked, approved, the client asked, consented by link, filled, told; server down."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from data_contracts.vocab import (
    AssetType,
    HandOver,
    OrderSide,
    OrderSize,
    OrderType,
    ProposalState,
    ReliefMethod,
    Role,
    Step,
    TimeInForce,
)
from evenkeel.approval.moving import By, move
from evenkeel.desk.consent.staging import advance
from evenkeel.desk.filled_message import announce_filled
from evenkeel.ports.orders import AccountShare, Allocation, Block, LotShare, OrderedLot, OrderedSecurity
from tests.command.consent_home import ASKED, Desk, make
from tests.command.practice import Home
from tests.command.test_consent import OPS, staged
from tests.command.test_messages import FIRM
from tests.support.mail_server import Behaviour, mail_server

PEOPLE = "recipient_ref,email\npat,pat@client.example\nlou,lou@client.example\noperations,ops@harbour.example\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose first session was run; nothing is asked yet."""
    home, _ = make(tmp_path_factory.mktemp("through") / "home")
    (home.path / "contacts.csv").write_text(PEOPLE)
    return home


@pytest.fixture
def server() -> Iterator[tuple[Behaviour, int]]:
    with mail_server() as running:
        yield running


@pytest.fixture
def desk(made: Home, tmp_path: Path, server: tuple[Behaviour, int], capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home of one's own that mails by the server."""
    mail = {
        "EVENKEEL_SMTP_URL": f"smtp://127.0.0.1:{server[1]}?tls=none",
        "EVENKEEL_MAIL_FROM": "Harbour Wealth <desk@harbour.example>",
    }
    home = made.copy(tmp_path / "home")
    return Desk(replace(home, more=home.more | FIRM | mail), capsys)


def mails(behaviour: Behaviour, to: str) -> list[tuple[str, str, str]]:
    """Return Message-ID, subject and text of what somebody was sent."""
    found = []
    for recipient, content in behaviour.taken:
        if recipient == to:
            mail = email.message_from_bytes(content, policy=email.policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            found.append((str(mail["Message-ID"]), str(mail["Subject"]), body.get_content()))
    return found


def answer(desk: Desk, behaviour: Behaviour, person: str, name: str) -> None:
    """Answer yes by the link in a person's newest mail."""
    token = mails(behaviour, f"{person}@client.example")[-1][2].split("/decide?t=")[1].split()[0]
    said = desk("desk", "consent", "--token", token)
    desk("desk", "consent", "--token", token, "--confirm", said.split("--confirm ")[1].split()[0], "--signature", name)


def traded(case: Any) -> list[tuple[Block, list[AccountShare]]]:
    """Return a block for each trade of a case, filled as approved but for a tenth of a per cent on the price."""
    found = []
    for row in case.content["list"]["trades"]:
        quantity, value = Decimal(row["traded_qty"]), Decimal(row["value_usd"])
        gain = None if row["gain_usd"] is None else Decimal(row["gain_usd"])
        lot = OrderedLot(case.proposal_id, row["trade_no"], quantity, value, row["lot_id"], gain_usd=gain)
        price = (Decimal(row["price_usd"]) * Decimal("1.001")).quantize(Decimal("0.0001"))
        part = Allocation(row["account_id"], quantity, value, ReliefMethod.FIFO, (lot,))
        block = Block(
            order_id=f"or-{row['trade_no']}",
            custodian="schwab",
            security=OrderedSecurity(row["security_id"], AssetType.ETF),
            side=OrderSide(row["side"]),
            order_type=OrderType.MARKET,
            order_size=OrderSize.UNITS,
            order_qty=quantity,
            order_value_usd=None,
            estimated_price_usd=Decimal(row["price_usd"]),
            limit_price_usd=None,
            time_in_force=TimeInForce.DAY,
            hand_over=HandOver.STAGED,
            send_at=case.changed_at,
            trade_date=case.business_date,
            order_by_at=None,
            settle_date=case.business_date,
            allocations=(part,),
        )
        share = AccountShare(row["account_id"], quantity, quantity, price, quantity * price, (LotShare(lot, quantity),))
        found.append((block, [share]))
    return found


def fill(desk: Desk, proposal: str) -> None:
    """Stage, send and fill, as execution does: the step and what is told of it in one transaction."""
    assert staged(desk, proposal) == ("staged", None)
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        sent = advance(house, proposal, Step.SEND, OPS)
        told = announce_filled(sent, traded(sent), desk.now)
        by = By("ops", Role.OPERATIONS, desk.now.astimezone(dt.UTC))
        house.approvals.store([move(sent, Step.FILL, ProposalState.FILLED, by, told=told)])


def test_from_the_advisers_request_to_what_the_client_is_told_of_the_fill(
    desk: Desk, server: tuple[Behaviour, int]
) -> None:
    behaviour, _ = server
    said = desk("sweep")
    assert "sent" in said
    proposal = desk.case(ASKED[1])["proposal_id"]
    [(adviser, _, _, request)] = [mail for mail in _all(behaviour) if proposal in mail[3]]
    assert "Look and decide" in request
    assert mails(behaviour, "pat@client.example") == []
    desk("desk", "approve", proposal, "--actor", "A-03")
    desk("sweep")
    assert len(mails(behaviour, "pat@client.example")) == len(mails(behaviour, "lou@client.example")) == 1
    answer(desk, behaviour, "pat", "Pat Doe")
    answer(desk, behaviour, "lou", "Lou Doe")
    desk("sweep")
    [approved] = [text for _, subject, text in mails(behaviour, adviser) if "Approved" in subject and proposal in text]
    assert "By: the client" in approved
    fill(desk, proposal)
    desk("sweep")
    for person in ("pat", "lou"):
        _, subject, text = mails(behaviour, f"{person}@client.example")[-1]
        assert subject.startswith("Done: account")
        assert "trades in account" in text
    assert "later than" not in desk("messages", "send")
    assert "Nothing was due" in desk("messages", "send")
    ids = [mail[1] for mail in _all(behaviour)]
    assert len(ids) == len(set(ids)), "nothing twice"
    assert "is whole" in desk("audit", "verify")
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        advance(desk.home.house(), proposal, Step.RECONCILE, OPS)


def test_while_the_server_is_down_all_waits_and_then_goes_once(desk: Desk, server: tuple[Behaviour, int]) -> None:
    behaviour, _ = server
    behaviour.usual = "mail 421 4.3.2 not now"
    said = desk("sweep")
    assert "delayed" in said
    assert behaviour.taken == []
    waiting = [row for row in desk.home.records()["outbox"] if row["channel"]]
    for _ in range(3):
        desk.later(minutes=15)
        desk("sweep")
    assert behaviour.taken == []
    assert {row["state"] for row in desk.home.records()["outbox"] if row["channel"]} == {"delayed"}
    assert "to be sent" in desk("status")
    behaviour.usual = "accept"
    desk.later(hours=1)
    desk("sweep")
    desk("sweep")
    assert len(behaviour.taken) == len(waiting), "nothing lost, nothing twice"
    assert {row["state"] for row in desk.home.records()["outbox"] if row["channel"]} == {"sent"}


def _all(behaviour: Behaviour) -> list[tuple[str, str, str, str]]:
    return [(to, *mail) for to in dict.fromkeys(each for each, _ in behaviour.taken) for mail in mails(behaviour, to)]
