"""The CRMs' public shapes on a real server: one task whatever happens, and their limits kept to."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from evenkeel.adapters.crm.redtail import RedtailCrm
from evenkeel.adapters.crm.requests import Pacer
from evenkeel.adapters.crm.wealthbox import WealthboxCrm
from evenkeel.errors import TransientError, UsageError
from evenkeel.ports import Crm, Delivery, Outcome
from tests.support.http_server import RedtailShape, Site, WealthboxShape, http_server

TASK = Delivery(
    "ms-5d1e9c70a2b34f68",
    "approval_requested",
    "4711",
    {
        "crm": {
            "kind": "task",
            "name": "Decide on proposal",
            "text": "pp-1 waits",
            "due_at": "2026-03-06T14:45:00+00:00",
            "priority": "High",
        }
    },
    dt.datetime(2026, 3, 4, tzinfo=dt.UTC),
)
NOTE = replace(TASK, payload={"crm": {"kind": "note", "name": "Done", "text": "pp-1 is done"}})
CRMS = ["wealthbox", "redtail"]


def made(name: str, url: str, pacer: Pacer | None = None) -> Crm:
    if name == "wealthbox":
        return WealthboxCrm("wb-token", url, pacer, timeout_seconds=1)
    return RedtailCrm("key", "desk", "s3cret", url, 7, 3, pacer, timeout_seconds=1)


def shape_of(name: str) -> Any:
    return WealthboxShape() if name == "wealthbox" else RedtailShape()


def kept(shape: Any, kind: str) -> list[dict[str, Any]]:
    if kind == "note":
        found: list[dict[str, Any]] = shape.notes
    else:
        found = shape.tasks if isinstance(shape, WealthboxShape) else shape.activities
    return found


@pytest.mark.parametrize("delivery", [TASK, NOTE], ids=["task", "note"])
@pytest.mark.parametrize("name", CRMS)
@pytest.mark.parametrize("mood", ["ok", "429", "500", "500 after", "reset before", "reset after", "slow after"])
def test_whatever_happens_there_is_one_task(name: str, mood: str, delivery: Delivery) -> None:
    shape = shape_of(name)
    with http_server(Site(shape, [mood], retry_after="17")) as site:
        crm = made(name, site.url)
        first = crm.deliver(delivery)
        expected = {"ok": Outcome.SENT, "429": Outcome.CHANNEL_DOWN}.get(mood, Outcome.NOT_NOW)
        assert first.outcome is expected
        assert first.retry_after_seconds == (17 if mood == "429" else None)
        second = crm.deliver(delivery)
        assert second.outcome is Outcome.SENT
        third = crm.deliver(delivery)
        assert (third.outcome, third.evidence) == (Outcome.SENT, {"crm_id": "1", "was_there": True})
    assert len(kept(shape, delivery.payload["crm"]["kind"])) == 1


def test_the_shapes_are_those_that_are_published() -> None:
    shape = WealthboxShape()
    with http_server(Site(shape)) as site:
        assert made("wealthbox", site.url).deliver(TASK).evidence == {"crm_id": "1"}
        made("wealthbox", site.url).deliver(NOTE)
    assert shape.tasks == [
        {
            "id": 1,
            "name": "Decide on proposal",
            "due_date": "2026-03-06T14:45:00+00:00",
            "complete": False,
            "priority": "High",
            "description": "pp-1 waits\n\n[ms-5d1e9c70a2b34f68]",
            "linked_to": [{"id": 4711, "type": "Contact"}],
            "visible_to": "Everyone",
        }
    ]
    assert shape.notes[0]["content"] == "pp-1 is done\n\n[ms-5d1e9c70a2b34f68]"
    other = RedtailShape()
    with http_server(Site(other)) as site:
        made("redtail", site.url).deliver(TASK)
        made("redtail", site.url).deliver(NOTE)
    assert {name: other.activities[0][name] for name in ("subject", "activity_code_id", "category_id", "repeats")} == {
        "subject": "Decide on proposal",
        "activity_code_id": 7,
        "category_id": 3,
        "repeats": "never",
    }
    assert other.activities[0]["linked_contacts"] == [{"contact_id": 4711}]
    assert other.notes[0] == {"id": 1, "category_id": 3, "body": "pp-1 is done\n\n[ms-5d1e9c70a2b34f68]"}


@pytest.mark.parametrize("name", CRMS)
def test_a_task_that_somebody_has_done_or_that_lies_pages_behind_is_found(name: str) -> None:
    shape = shape_of(name)
    with http_server(Site(shape)) as site:
        crm = made(name, site.url)
        crm.deliver(TASK)
        mine = kept(shape, "task").pop()
        mine |= {"complete": True, "completed": True}
        filler = [{**mine, "id": n, "description": "other", "complete": n % 2 == 0} for n in range(250)]
        kept(shape, "task")[:] = [*filler, mine]
        assert crm.find(TASK) == "1"
        assert crm.find(replace(TASK, message_id="ms-0000")) is None


@pytest.mark.parametrize("name", CRMS)
def test_wrong_credentials_are_the_channels_matter_and_are_not_told(name: str) -> None:
    with http_server(Site(shape_of(name))) as site:
        crm: Crm = (
            WealthboxCrm("hunter2", site.url) if name == "wealthbox" else RedtailCrm("key", "desk", "hunter2", site.url)
        )
        attempt = crm.deliver(TASK)
        assert attempt.outcome is Outcome.CHANNEL_DOWN
        assert "hunter2" not in f"{attempt}"
        with pytest.raises(TransientError, match="let us in"):
            crm.find(TASK)


@pytest.mark.parametrize("name", CRMS)
def test_a_contact_that_is_no_number_is_refused_unasked(name: str) -> None:
    with http_server(Site(shape_of(name))) as site:
        assert made(name, site.url).deliver(replace(TASK, address="1/../2")).outcome is Outcome.REFUSED
        assert site.requests == []
    with pytest.raises(UsageError, match="https"):
        made(name, "http://crm.example")


def test_requests_keep_to_the_limit() -> None:
    seconds = [0.0]
    pacer = Pacer(limit=3, seconds=300, clock=lambda: seconds[0])
    assert [pacer.take() for _ in range(4)] == [0, 0, 0, 300]
    seconds[0] = 120
    assert pacer.take() == 180
    seconds[0] = 300
    assert pacer.take() == 0
    with http_server(Site(WealthboxShape())) as site:
        crm = made("wealthbox", site.url, Pacer(limit=3, seconds=300, clock=lambda: 0.0))
        assert crm.deliver(TASK).outcome is Outcome.SENT
        attempt = crm.deliver(replace(TASK, message_id="ms-2"))
        assert (attempt.outcome, attempt.retry_after_seconds) == (Outcome.CHANNEL_DOWN, 300)
        assert len(site.requests) == 3


def test_a_users_key_that_was_renewed_is_asked_for_again_whatever_was_refused() -> None:
    shape = RedtailShape()
    with http_server(Site(shape)) as site:
        crm = RedtailCrm("key", "desk", "s3cret", site.url, 7, 3, timeout_seconds=1)
        assert crm.deliver(TASK).outcome is Outcome.SENT
        crm._user_key = "u-0"  # what Redtail has renewed since
        with pytest.raises(TransientError):
            crm.find(TASK)
        assert crm.find(TASK) == "1"


@pytest.mark.parametrize("name", CRMS)
def test_where_more_is_left_than_can_be_looked_through_no_second_task_is_made(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = shape_of(name)
    monkeypatch.setattr(f"evenkeel.adapters.crm.{name}.PAGES", 2)
    with http_server(Site(shape)) as site:
        crm = made(name, site.url)
        for number in range(250):
            kept(shape, "task").append(
                {
                    "id": 100 + number,
                    "description": "other",
                    "complete": False,
                    "linked_to": [{"id": 4711, "type": "Contact"}],
                }
            )
        told = crm.deliver(TASK)
        assert told.outcome is Outcome.REFUSED
        assert told.error is not None
        assert "look whether it is there" in told.error
    assert len(kept(shape, "task")) == 250
