"""Signed links: what they prove, what they refuse, and that they show nothing."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import UsageError
from evenkeel.messages.links import CONFIRM_MINUTES, LinkPurpose, LinkRefused, Refusal, Signer, link

NOW = dt.datetime(2026, 3, 6, 14, 45, tzinfo=dt.UTC)
UNTIL = NOW + dt.timedelta(hours=48)
SIGNER = Signer(bytes(range(32)))
PROPOSAL = "pp-5d1e9c70a2b34f68"
TOKEN = SIGNER.token(LinkPurpose.DECIDE, PROPOSAL, "anderson.kevin@example.com", 3, UNTIL)


def refusal(token: str, now: dt.datetime = NOW, signer: Signer = SIGNER, **changes: Any) -> Refusal | None:
    wanted: dict[str, Any] = {
        "purpose": LinkPurpose.DECIDE,
        "subject_id": PROPOSAL,
        "version": 3,
        "actor": "anderson.kevin@example.com",
    }
    try:
        signer.require(token, now, **wanted | changes)
    except LinkRefused as error:
        return error.refusal
    return None


def test_a_link_is_good_for_what_it_was_made_for_and_for_nothing_else() -> None:
    assert refusal(TOKEN) is None
    assert refusal(TOKEN, UNTIL) is Refusal.EXPIRED
    assert refusal(TOKEN, purpose=LinkPurpose.VIEW) is Refusal.OTHER_PURPOSE
    assert refusal(TOKEN, subject_id="pp-0000000000000000") is Refusal.OTHER_SUBJECT
    assert refusal(TOKEN, actor="jane@example.com") is Refusal.OTHER_ACTOR
    assert refusal(TOKEN, version=4) is Refusal.OTHER_VERSION
    assert refusal(TOKEN, signer=Signer(bytes(32))) is Refusal.TAMPERED


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_.|é "))
def test_a_link_with_any_character_changed_is_refused(at: int, character: str) -> None:
    changed = TOKEN[:at] + character + TOKEN[at + 1 :]
    if changed != TOKEN:
        assert refusal(changed) in (Refusal.TAMPERED, Refusal.UNREADABLE)


@pytest.mark.parametrize("token", ["", "v1", "v2." + TOKEN[3:], TOKEN[:-1], TOKEN + "A", TOKEN + "\n", "x" * 100_000])
def test_what_is_no_link_is_unreadable(token: str) -> None:
    assert refusal(token) is Refusal.UNREADABLE


def test_a_link_shows_nothing() -> None:
    shown = base64.urlsafe_b64decode(TOKEN.split(".")[1] + "==").decode()
    assert "anderson" not in shown.lower()
    assert "@" not in shown
    with pytest.raises(ValueError, match="digest"):
        SIGNER.token(LinkPurpose.DECIDE, "Anderson, Kevin", "x", 1, UNTIL)


def test_it_acts_only_with_the_confirmation_of_its_own_page() -> None:
    confirmation = SIGNER.confirmation(TOKEN, NOW)
    SIGNER.check_confirmation(TOKEN, confirmation, NOW + dt.timedelta(minutes=CONFIRM_MINUTES - 1))
    other = SIGNER.token(LinkPurpose.DECIDE, PROPOSAL, "jane@example.com", 3, UNTIL)
    late = NOW + dt.timedelta(minutes=CONFIRM_MINUTES)
    stretched = str(int(confirmation.split(".")[0]) + 600) + "." + confirmation.split(".")[1]
    wrong = [(other, confirmation, NOW), (TOKEN, confirmation, late), (TOKEN, stretched, NOW), (TOKEN, "", NOW)]
    wrong += [(TOKEN, TOKEN, NOW), (TOKEN, "²." + confirmation.split(".")[1], NOW), (TOKEN, "1.é", NOW)]
    for token, given_, at in wrong:
        with pytest.raises(LinkRefused) as caught:
            SIGNER.check_confirmation(token, given_, at)
        assert caught.value.refusal is Refusal.NOT_CONFIRMED


def test_the_same_link_is_made_again_and_goes_to_a_safe_address() -> None:
    assert SIGNER.token(LinkPurpose.DECIDE, PROPOSAL, "anderson.kevin@example.com", 3, UNTIL) == TOKEN
    assert link("https://desk.example/", TOKEN) == f"https://desk.example/decide?t={TOKEN}"
    with pytest.raises(UsageError, match="https"):
        link("http://desk.example", TOKEN)
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(b"short")


@pytest.mark.parametrize(
    "url", ["http://localhost.example", "http://127.0.0.1.example", "http://localhost@desk.example"]
)
def test_a_host_that_begins_like_this_machine_is_another(url: str) -> None:
    with pytest.raises(UsageError, match="must begin with https"):
        link(url, TOKEN)
    assert link("http://localhost:8080", TOKEN).startswith("http://localhost:8080/decide")
