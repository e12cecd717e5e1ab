"""What deployments/prefect.yaml says, without a server: entrypoints, schedules, forms, the automation."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.server.schemas.schedules import CronSchedule as ServerCronSchedule
from prefect.utilities.callables import parameter_schema

from flows.market_event import EVENT

PREFECT_FILE = Path(__file__).resolve().parents[2] / "deployments" / "prefect.yaml"
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def deployments() -> dict[str, dict[str, Any]]:
    content = yaml.safe_load(PREFECT_FILE.read_text())
    assert content["pull"] == [], "the code is installed: nothing is pulled, no machine's path is stored"
    return {deployment["name"]: deployment for deployment in content["deployments"]}


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    return load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)


def test_every_deployment_is_a_module_entrypoint_on_the_pool(deployments: dict[str, dict[str, Any]]) -> None:
    assert set(deployments) == {"daily", "backfill", "market-event", "sweep", "reports", "orders"}
    for name, deployment in deployments.items():
        assert ":" not in deployment["entrypoint"], "a file entrypoint loads a second copy of the module"
        assert flow_of(deployment).name == name
        assert deployment["work_pool"] == {"name": "evenkeel"}
        assert deployment["description"]
        assert "evenkeel" in deployment["tags"]


def test_parameters_make_a_form_that_explains_itself(deployments: dict[str, dict[str, Any]]) -> None:
    for deployment in deployments.values():
        schema = parameter_schema(flow_of(deployment))
        for name, field in schema.properties.items():
            assert field.get("title"), name
            assert field.get("description"), name
    schema = parameter_schema(flow_of(deployments["backfill"]))
    assert schema.required == ["first", "last"]
    assert schema.properties["as_known"]["enum"] == ["now", "then"]


def test_no_date_is_static(deployments: dict[str, dict[str, Any]]) -> None:
    assert deployments["daily"]["parameters"] == {}


async def _fires(schedule: CronSchedule, day: dt.date) -> list[dt.datetime]:
    start = dt.datetime.combine(day, dt.time(), NEW_YORK)
    server = ServerCronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    return [
        at.astimezone(NEW_YORK) for at in await server.get_dates(100, start=start, end=start + dt.timedelta(days=1))
    ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-03", True),  # Tuesday
        ("2026-03-09", True),  # Monday after the change to summer time
        ("2026-03-07", False),  # Saturday
        ("2026-03-08", False),  # Sunday, clocks go forward
    ],
)
def test_looks_fall_between_close_and_next_morning_on_weekdays(
    deployments: dict[str, dict[str, Any]], day: str, expected: bool
) -> None:
    import asyncio

    fires: list[dt.datetime] = []
    for entry in deployments["daily"]["schedules"]:
        assert entry["timezone"] == "America/New_York"
        schedule = CronSchedule(cron=entry["cron"], timezone=entry["timezone"])
        fires += asyncio.run(_fires(schedule, dt.date.fromisoformat(day)))
    times = {at.time() for at in fires if at.date() == dt.date.fromisoformat(day)}
    if not expected:
        assert times == set()
        return
    assert {dt.time(7, 0), dt.time(8, 0), dt.time(18, 0)} <= times
    assert not any(dt.time(10, 0) <= time < dt.time(18, 0) for time in times)


def test_reports_are_written_once_a_month(deployments: dict[str, dict[str, Any]]) -> None:
    import asyncio

    assert deployments["reports"]["parameters"] == {}
    [entry] = deployments["reports"]["schedules"]
    schedule = CronSchedule(cron=entry["cron"], timezone=entry["timezone"])
    on_the_second = asyncio.run(_fires(schedule, dt.date(2026, 4, 2)))
    assert [at.replace(tzinfo=None) for at in on_the_second if at.date() == dt.date(2026, 4, 2)] == [
        dt.datetime(2026, 4, 2, 11)
    ]
    assert not [at for at in asyncio.run(_fires(schedule, dt.date(2026, 4, 3))) if at.date() == dt.date(2026, 4, 3)]


def test_the_automation_waits_for_the_event_that_is_emitted(deployments: dict[str, dict[str, Any]]) -> None:
    (raw,) = deployments["market-event"]["triggers"]
    trigger = DeploymentEventTrigger.model_validate(raw)
    assert trigger.expect == {EVENT}
    assert trigger.enabled
    parameters = parameter_schema(flow_of(deployments["market-event"])).properties
    assert set(raw["parameters"]) <= set(parameters)
