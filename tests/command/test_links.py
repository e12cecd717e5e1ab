"""The client's side by command: a link is looked at, confirmed, and does nothing where it is not good; it says nothing of the client."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evenkeel.messages.links import LinkPurpose, Signer
from evenkeel.wiring import read_settings
from evenkeel.wiring_messages import link_signer
from tests.command.consent_home import ASKED, Desk, make
from tests.command.practice import Home


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose first session was run and swept."""
    home, _ = make(tmp_path_factory.mktemp("links") / "home")
    assert home.command("sweep") == 0
    return home


@pytest.fixture
def desk(made: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home in which both owners of the asked portfolio have been asked."""
    desk = Desk(made.copy(tmp_path / "home"), capsys)
    desk("desk", "approve", desk.case(ASKED[1])["proposal_id"], "--actor", "A-03")
    return desk


def signer(desk: Desk) -> Signer:
    with desk.home.environment():
        return link_signer(read_settings())


def token(desk: Desk, person: str, by: Signer | None = None, version: int | None = None, **more: LinkPurpose) -> str:
    """Return the token of the link that a person was sent."""
    [told] = [
        row["payload"]
        for row in desk.announced(desk.case(ASKED[1])["proposal_id"])
        if row["payload"]["recipient_id"] == person
    ]
    until = dt.datetime.fromisoformat(told["due_at"])
    stated = told["case_version"] if version is None else version
    purpose = more.get("purpose", LinkPurpose.DECIDE)
    return (by or signer(desk)).token(purpose, told["proposal_id"], person, stated, until)


def looked(desk: Desk, link: str) -> str:
    """Open a link and return the code that confirms."""
    said = desk("desk", "consent", "--token", link)
    assert "Nothing has happened by looking" in said
    return said.split("--confirm ")[1].split()[0]


def test_two_owners_each_with_their_own_link_the_seconds_stays_good(desk: Desk) -> None:
    pat, lou = token(desk, "pat"), token(desk, "lou")
    before = desk.home.records()
    code = looked(desk, pat)
    after = desk.home.records()
    known = before.pop("trail_events")
    [opened] = [row for row in after.pop("trail_events") if row not in known]
    assert after == before, "opening changes nothing but what the trail says"
    assert (opened["kind"], opened["actor"], opened["role"]) == ("proposal_viewed", "pat", "client")
    assert json.loads(opened["payload"])["is_by_link"] is True
    assert "needs --signature" in desk("desk", "consent", "--token", pat, "--confirm", code, code=2)
    assert "Your yes" in desk("desk", "consent", "--token", pat, "--confirm", code, "--signature", "Pat Doe")
    assert "earlier version" in desk("desk", "consent", "--token", pat, code=2), "a link works once"
    desk("desk", "consent", "--token", lou, "--confirm", looked(desk, lou), "--signature", "Lou Doe")
    case = desk.case(ASKED[1])
    assert case["state"] == "approved"
    assert {(one["given_by"], one["signature"]) for one in case["consents"] if one["kind"] == "client"} == {
        ("pat", "Pat Doe"),
        ("lou", "Lou Doe"),
    }
    assert [step["detail"]["link_version"] for step in case["steps"][-2:]] == [4, 4]


def test_a_reminder_leaves_the_first_link_good(desk: Desk) -> None:
    link = token(desk, "pat")
    desk.later(hours=25)
    assert "reminder" in desk("sweep")
    assert "Your no" in desk("desk", "consent", "--token", link, "--confirm", looked(desk, link), "--answer", "no")
    assert desk.case(ASKED[1], "declined")["steps"][-1]["actor"] == "pat"


Bad = Callable[[Desk], str]
REFUSALS: dict[str, tuple[Bad, str]] = {
    "cut off": (lambda desk: token(desk, "pat")[:-3], "not whole"),
    "tampered": (lambda desk: _changed(token(desk, "pat")), "was changed"),
    "another home's": (lambda desk: token(desk, "pat", Signer(b"x" * 32)), "was not made here"),
    "other version": (lambda desk: token(desk, "pat", version=3), "earlier version"),
    "version to come": (lambda desk: token(desk, "pat", version=99), "earlier version"),
    "nobody asked": (lambda desk: _for_nobody(desk), "another person"),
    "other purpose": (lambda desk: token(desk, "pat", purpose=LinkPurpose.VIEW), "something else"),
    "other proposal": (lambda desk: _of_nothing(desk), "another proposal"),
}


def _changed(link: str) -> str:
    """Return a token whose last character is another one, whatever it was."""
    return link[:-1] + ("E" if link.endswith("A") else "A")


def _for_nobody(desk: Desk) -> str:
    case = desk.case(ASKED[1])
    return signer(desk).token(LinkPurpose.DECIDE, case["proposal_id"], "eve", 4, desk.now + dt.timedelta(hours=1))


def _of_nothing(desk: Desk) -> str:
    return signer(desk).token(LinkPurpose.DECIDE, "pro-" + "0" * 16, "pat", 4, desk.now + dt.timedelta(hours=1))


@pytest.mark.parametrize(("bad", "why"), REFUSALS.values(), ids=REFUSALS)
def test_a_link_that_is_not_good_does_nothing_and_says_nothing(desk: Desk, bad: Bad, why: str) -> None:
    said = desk("desk", "consent", "--token", bad(desk), code=2)
    assert why in said
    _says_nothing(desk, said)


def _says_nothing(desk: Desk, said: str) -> None:
    case = desk.case(ASKED[1])
    about = [case["household_id"], case["portfolio_id"], "pat", "lou", "A-03", ASKED[2], case["proposal_id"]]
    about += [row["security_id"] for row in case["list"]["trades"]]
    assert [word for word in about if word in said] == []


def test_expired_another_persons_not_confirmed_or_too_late(desk: Desk) -> None:
    pat, lou = token(desk, "pat"), token(desk, "lou")
    said = desk("desk", "consent", "--token", pat, "--actor", "lou", code=2)
    assert "another person" in said
    _says_nothing(desk, said)
    code = looked(desk, pat)
    signed = ("--signature", "Pat Doe")
    for wrong in (looked(desk, lou), "made-up", "1.x"):
        assert "open the link again" in desk("desk", "consent", "--token", pat, "--confirm", wrong, *signed, code=2)
    desk.later(minutes=30)
    assert "open too long" in desk("desk", "consent", "--token", pat, "--confirm", code, *signed, code=2)
    desk.later(hours=48)
    said = desk("desk", "consent", "--token", pat, "--confirm", looked_late(desk, pat), *signed, code=2)
    assert "has expired" in said
    _says_nothing(desk, said)
    assert desk.case(ASKED[1])["state"] == "with_client"


def looked_late(desk: Desk, link: str) -> str:
    return signer(desk).confirmation(link, desk.now)


def test_what_is_decided_meanwhile_ends_the_link(desk: Desk) -> None:
    link = token(desk, "pat")
    code = looked(desk, link)
    desk("desk", "decline", desk.case(ASKED[1])["proposal_id"], "--reason", "sells a house", "--actor", "A-03")
    said = desk("desk", "consent", "--token", link, "--confirm", code, "--signature", "Pat Doe", code=2)
    assert "changed or decided" in said
    assert "house" not in said
