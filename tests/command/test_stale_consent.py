"""What people put on hold, and what makes an approval worthless between the yes and 9:45: through commands and the book."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_contracts.vocab import ProposalState
from evenkeel.desk.consent.staging import readiness
from evenkeel.ports.approvals import Case
from tests.command.consent_home import ASKED, SENIOR, Desk, edit
from tests.command.test_consent import Made, approved, desk, made, staged

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


@pytest.mark.parametrize(
    ("happens", "cause"),
    [(wire, "withdrawal_requested"), (suspend, "suspended"), (suspend_in_book, "suspended")],
)
def test_what_goes_stale_between_planning_and_sending_is_taken_back(
    desk: Desk, happens: Callable[[Desk], None], cause: str
) -> None:
    ready = approved(desk)
    other = desk.case(SENIOR[1])["proposal_id"]
    desk("desk", "approve", other, *AS_SENIOR)
    desk.later(hours=1.75)
    assert "2 proposals staged" in desk("orders", "plan")
    happens(desk)
    said = desk("orders", "send")
    assert f"{ready['proposal_id']} was staged and is stale: its orders were taken back" in said
    steps = desk.case(ASKED[1], "expired")["steps"]
    assert [one["step"] for one in steps[-3:]] == ["stage", "unstage", "invalidate"]
    assert [one["cause"] for one in steps[-1]["detail"]["causes"]] == [cause]
    desk("orders", "plan")
    desk("orders", "send")
    assert desk.case(SENIOR[1], "sent")["proposal_id"] == other, "the others go all the same"
    left = "".join(path.read_text() for path in (desk.home.path / "orders" / "out").rglob("*.fix"))
    found = json.loads(desk("orders", "list", "--format", "json"))["orders"]
    withdrawn = {one["order_id"] for one in found if one["state"] == "withdrawn"}
    assert withdrawn
    assert not any(order_id in left for order_id in withdrawn)
    assert all(one["order_id"] in left for one in found if one["state"] != "withdrawn")
    desk("audit", "verify")


def test_a_pause_between_planning_and_sending_lets_the_orders_wait(desk: Desk) -> None:
    ready = approved(desk)
    desk.later(hours=1.75)
    desk("orders", "plan")
    desk("desk", "pilot", ASKED[2], "on", "--reason", "looked at first", *AS_OPS)
    assert "is held back" in desk("orders", "send")
    assert desk.case(ASKED[1], "staged")["proposal_id"] == ready["proposal_id"]
    desk("desk", "pilot", ASKED[2], "off", "--reason", "fine", *AS_OPS)
    desk("orders", "send")
    assert desk.case(ASKED[1], "sent")["proposal_id"] == ready["proposal_id"]


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
    assert desk.messages(proposal) == [*before, ("proposal_approved", "A-01")], "seen, what would have been said"
    assert desk.states(proposal)["proposal_approved"] == "withheld"
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


def altered(case: Case, **basis: Any) -> Case:
    """Return a case as if it had been made from something else."""
    return replace(case, content={**case.content, "basis": {**case.content["basis"], **basis}})


def test_each_cause_is_found_against_the_newest_run(desk: Desk) -> None:
    approved(desk)
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        [case] = house.approvals.cases(states=[ProposalState.APPROVED])
        basis = case.content["basis"]
        prices = dict(basis["prices"])
        security, price = next(iter(prices.items()))
        more_cash = {account: str(Decimal(amount) + 150) for account, amount in basis["cash"].items()}
        earlier_run = replace(case, run_id="run-that-was-replaced")

        def causes(of: Case) -> set[str]:
            return {one.cause.value for one in readiness(house, [of])[of.proposal_id].stale}

        assert causes(case) == set()
        assert causes(altered(case, prices={**prices, security: str(Decimal(price) * Decimal("1.03"))})) == {
            "price_moved"
        }
        assert causes(altered(case, prices={**prices, security: str(Decimal(price) * Decimal("1.01"))})) == set()
        assert causes(altered(case, cash=more_cash)) == {"cash_moved"}
        assert causes(altered(case, model="another/1/00")) == {"model_changed"}
        assert causes(altered(earlier_run, holdings={ASKED[2]: "0" * 64})) == {"file_corrected"}
        assert causes(earlier_run) == set(), "the date was run again and holds the same"
        assert causes(replace(case, alert_id="ep-gone", portfolio_id="P-gone")) >= {"alert_closed"}
        assert causes(altered(case, planned=[*basis["planned"], "PC-9"])) == set(), (
            "one that is gone makes nothing stale"
        )


def test_what_was_backfilled_asks_nobody(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(made[0].copy(tmp_path / "home"), capsys)
    desk.later(days=30)
    assert "nobody is asked about the run of 2026-03-02" in desk("sweep")
    assert "0 proposals" in desk("desk", "cases")


def test_a_model_that_changes_overnight_ends_what_was_approved_under_the_old_one(made: Made, desk: Desk) -> None:
    ready = approved(desk)
    path = desk.home.path / "book" / "models.yaml"
    models = yaml.safe_load(path.read_text(encoding="utf-8"))
    other = next(one for one in models if one["id"] == "income")
    dates = {"effective_date": "2026-03-03", "recorded_at": "2026-03-02T20:00:00Z", "reason": "less risk"}
    path.write_text(yaml.safe_dump([*models, {**other, "id": "conservative", "version": 2, **dates}]), encoding="utf-8")
    desk.later(days=1)
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    assert "model_changed" in {one["cause"] for one in desk.case(ASKED[1])["stale"]}
    state, said = staged(desk, ready["proposal_id"])
    assert state == "expired"
    assert said is not None
    assert "the model conservative is another one" in said
    desk("sweep")
    anew = [one for one in json.loads(desk("desk", "cases", "--format", "json")) if one["portfolio_id"] == ASKED[1]]
    assert all(one["state"] == "with_adviser" for one in anew), "whoever consented is asked again"
