"""The trail is searched by words, by who, and by dates: what is given must all match."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.ports import TrailQuery
from tests.adapters.stores.samples import MONDAY, NOON, TUESDAY, event


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    for number, (reason, actor, role, date) in enumerate(
        [
            ("The client asked for a LARGE gift", "ada", "adviser", MONDAY),
            ('She said "wait"', "ada", "senior_adviser", TUESDAY),
            ("100% of it_is cash", "bo", "adviser", TUESDAY),
            ("Zoë is away", "bo", "operations", None),
        ]
    ):
        told = replace(event(f"e{number}", reason=reason), actor=actor, role=role, business_date=date)
        decision = {
            "decision_id": f"d{number}",
            "episode_id": "a",
            "kind": "snooze",
            "decided_date": MONDAY,
            "until_date": None,
            "severity_frac": 0.1,
            "actor": actor,
            "role": role,
            "reason": reason,
            "decided_at": NOON,
        }
        opened.add_decision(decision, told)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"words": "large GIFT"}, ["e0"]),
        ({"words": 'said "wait"'}, ["e1"]),
        ({"words": "100% of it_is"}, ["e2"]),
        ({"words": "100x"}, []),
        ({"words": "Zoë"}, ["e3"]),
        ({"actor": "ada"}, ["e0", "e1"]),
        ({"actor": "ad"}, []),
        ({"role": "adviser"}, ["e0", "e2"]),
        ({"first": TUESDAY}, ["e1", "e2"]),
        ({"last": MONDAY}, ["e0"]),
        ({"first": MONDAY, "last": TUESDAY, "actor": "bo"}, ["e2"]),
        ({"first": TUESDAY + dt.timedelta(days=1)}, []),
        ({"actor": "bo", "words": "away", "role": "operations"}, ["e3"]),
        ({"actor": "ada", "limit": 1}, ["e1"]),
    ],
    ids=str,
)
def test_search(records: SqlRecords, query: dict[str, Any], wanted: list[str]) -> None:
    assert [json.loads(each["payload"])["identity"] for each in records.find_events(TrailQuery(**query))] == wanted
