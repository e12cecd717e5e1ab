"""What people put on hold, and what makes an approval worthless between the yes and 9:45: through commands and the book."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.command.consent_home import ASKED, SENIOR, Desk, edit
from tests.command.test_consent import approved, desk, made, staged

__all__ = ["desk", "made"]

AS_OPS = ("--actor", "ops", "--role", "operations")
AS_SENIOR = ("--actor", "A-01", "--role", "senior_adviser")


def wire(desk: Desk) -> None:
    """A wire is requested."""
    more = {
        "planned_id": "W-1",
        "account_id": ASKED[2],
        "kind": "withdrawal",
        "due_date": "2026-03-04",
        "amount_usd": "9000",
    }
    edit(desk.home.path, "planned_cash.csv", lambda row: {}, more)


def suspend(desk: Desk) -> None:
    """The adviser sets the account aside."""
    desk("desk", "suspend", ASKED[2], "--reason", "the client asked", "--actor", "A-03")


def suspend_in_book(desk: Desk) -> None:
    """Somebody writes it into the book."""
    more = {
        "suspension_id": "S-9",
        "account_id": ASKED[2],
        "kind": "transition",
        "reason": "moving",
        "actor": "ops",
        "from_date": "2026-03-03",
    }
    edit(desk.home.path, "suspensions.csv", lambda row: {}, more)


@pytest.mark.parametrize(
    ("happens", "cause"),
    [(wire, "withdrawal_requested"), (suspend, "suspended"), (suspend_in_book, "suspended")],
)
def test_a_stale_approval_expires_and_is_not_staged(desk: Desk, happens: Callable[[Desk], None], cause: str) -> None:
    ready = approved(desk)
    happens(desk)
    assert [one["cause"] for one in desk.case(ASKED[1])["stale"]] == [cause]
    state, said = staged(desk, ready["proposal_id"])
    assert state == "expired"
    assert said is not None
    assert "is stale" in said
    last = desk.case(ASKED[1], "expired")["steps"][-1]
    assert (last["step"], [one["cause"] for one in last["detail"]["causes"]]) == ("invalidate", [cause])
    assert desk.messages(ready["proposal_id"])[-1] == ("approval_expired", "A-03")


@pytest.mark.parametrize(
    "subject",
    [("book",), ("custodian", "{custodian}"), ("security", "{security}")],
    ids=["book", "custodian", "security"],
)
def test_what_is_paused_waits_whole_and_goes_on_when_it_is_released(desk: Desk, subject: tuple[str, ...]) -> None:
    ready = approved(desk)
    with desk.home.environment():
        accounts = desk.home.house().book(desk.now.date()).accounts
    [custodian] = accounts.filter(account_id=ASKED[2])["custodian"].to_list()
    security = ready["list"]["trades"][-1]["security_id"]
    what = [word.format(custodian=custodian, security=security) for word in subject]
    assert "pause is not for the role adviser" in desk(
        "desk", "pause", *what, "--reason", "stress", "--actor", "A-03", "--role", "adviser", code=2
    )
    desk("desk", "pause", *what, "--reason", "stress", *AS_SENIOR)
    state, said = staged(desk, ready["proposal_id"])
    assert (state, desk.case(ASKED[1])["state"]) == (None, "approved")
    assert said is not None
    assert "execution is paused" in said
    desk("desk", "resume", *what, "--reason", "calm", *AS_SENIOR)
    assert staged(desk, ready["proposal_id"]) == ("staged", None)
    assert "execution_resumed" in desk("audit", "show", "--kind", "execution_resumed")


def test_a_suspension_holds_until_a_person_ends_it(desk: Desk) -> None:
    suspend(desk)
    assert "stands already" in desk("desk", "suspend", ASKED[2], "--reason", "again", *AS_OPS, code=2)
    desk("desk", "unsuspend", ASKED[2], "--reason", "done", "--actor", "A-03")
    assert "no suspension to end" in desk("desk", "unsuspend", ASKED[2], "--reason", "again", "--actor", "A-03", code=2)
    held = ("--kind", "compliance_hold", "--reason", "asked by compliance")
    assert "compliance hold" in desk("desk", "suspend", ASKED[2], *held, "--actor", "A-03", code=2)
    desk("desk", "suspend", ASKED[2], *held, *AS_OPS)
    assert "compliance hold" in desk("desk", "unsuspend", ASKED[2], "--reason", "x", "--actor", "A-03", code=2)
    assert "is not for the role compliance" in desk(
        "desk", "unsuspend", ASKED[2], "--reason", "x", "--actor", "C-01", "--role", "compliance", code=2
    )


def test_in_pilot_mode_everything_is_recorded_and_nothing_is_sent(desk: Desk) -> None:
    desk("desk", "pilot", SENIOR[2], "on", "--reason", "first weeks", *AS_OPS)
    proposal = desk.case(SENIOR[1])["proposal_id"]
    before = desk.messages(proposal)
    desk("desk", "approve", proposal, *AS_SENIOR)
    assert desk.messages(proposal) == before
    case = desk.case(SENIOR[1])
    assert case["state"] == "approved"
    state, said = staged(desk, proposal)
    assert state is None
    assert said is not None
    assert "pilot mode" in said
    assert case["steps"][-1]["detail"]["not_sent"] == ["proposal_approved"]
    desk("desk", "pilot", SENIOR[2], "off", "--reason", "trusted", *AS_OPS)
    assert staged(desk, proposal) == ("staged", None)


def test_what_the_book_does_not_have_is_not_put_on_hold(desk: Desk) -> None:
    assert "no account 'AC-9'" in desk("desk", "suspend", "AC-9", "--reason", "x", *AS_OPS, code=2)
    assert "no custodian 'nobody'" in desk("desk", "pause", "custodian", "nobody", "--reason", "x", *AS_SENIOR, code=2)
    assert "no security 'XYZ'" in desk("desk", "pause", "security", "XYZ", "--reason", "x", *AS_SENIOR, code=2)
