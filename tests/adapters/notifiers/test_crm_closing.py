"""A task that asks for a decision is closed once it is taken: this one, no other, once, whatever the CRM answers meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from evenkeel.ports import Delivery, Outcome
from tests.adapters.notifiers.test_crm import CRMS, kept, made, shape_of
from tests.support.http_server import Site, http_server

ALERT, PROPOSAL = "al-11aa", "pro-22bb"
ASKED = Delivery(
    "ms-1",
    "approval_requested",
    "4711",
    {
        "crm": {
            "kind": "task",
            "name": "Decide",
            "text": f"Alert {ALERT}, proposal {PROPOSAL}",
            "due_at": "2026-03-06T14:45:00+00:00",
        }
    },
    dt.datetime(2026, 3, 4, tzinfo=dt.UTC),
)
DECIDED = replace(
    ASKED,
    message_id="ms-2",
    kind="proposal_approved",
    payload={"crm": {"kind": "note", "name": "Approved", "text": "Approved", "closes": [ALERT, PROPOSAL]}},
)


def other(**words: str) -> Delivery:
    """Return a request about something else."""
    text = words["text"]
    return replace(ASKED, message_id=f"ms-{len(text)}", payload={"crm": {**ASKED.payload["crm"], "text": text}})


def open_ones(shape: Any) -> list[str]:
    return [
        each["description"].partition("\n")[0]
        for each in kept(shape, "task")
        if not (each.get("complete") or each.get("completed"))
    ]


@pytest.mark.parametrize("name", CRMS)
def test_the_task_of_what_is_decided_is_closed_and_no_other(name: str) -> None:
    shape = shape_of(name)
    newer = other(text=f"Alert {ALERT}, proposal pro-33cc33")
    with http_server(Site(shape)) as site:
        crm = made(name, site.url)
        for each in (ASKED, newer, other(text="Alert al-99, proposal pro-9")):
            crm.deliver(each)
        first = crm.deliver(DECIDED)
        assert (first.outcome, first.evidence["closed"]) == (Outcome.SENT, ["1"])
        writes = [each.method for each in site.requests if each.method == "PUT"]
        again = crm.deliver(DECIDED)
        assert (again.outcome, "closed" in again.evidence) == (Outcome.SENT, False)
        assert [each.method for each in site.requests if each.method == "PUT"] == writes, "once"
    assert open_ones(shape) == [f"Alert {ALERT}, proposal pro-33cc33", "Alert al-99, proposal pro-9"]
    assert len(shape.notes) == 1


@pytest.mark.parametrize("name", CRMS)
@pytest.mark.parametrize("mood", ["500", "500 after", "reset before", "reset after", "429"])
def test_whatever_it_answers_the_task_is_closed_in_the_end_and_there_is_one_note(name: str, mood: str) -> None:
    shape = shape_of(name)
    with http_server(Site(shape)) as site:
        crm = made(name, site.url)
        crm.deliver(ASKED)
        site.script = [mood]
        assert crm.deliver(DECIDED).outcome in (Outcome.NOT_NOW, Outcome.CHANNEL_DOWN)
        assert crm.deliver(DECIDED).outcome is Outcome.SENT
    assert open_ones(shape) == []
    assert len(shape.notes) == 1


@pytest.mark.parametrize("name", CRMS)
def test_a_task_pages_behind_is_closed_too(name: str) -> None:
    shape = shape_of(name)
    with http_server(Site(shape)) as site:
        crm = made(name, site.url)
        crm.deliver(ASKED)
        mine = kept(shape, "task").pop()
        kept(shape, "task")[:] = [*({**mine, "id": n, "description": "other"} for n in range(2, 150)), mine]
        crm.deliver(DECIDED)
    assert len(open_ones(shape)) == 148
