"""Planning and handing over killed anywhere, and done again: no order twice, no file twice, no proposal staged without its orders."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data_contracts.vocab import ProposalState
from evenkeel.adapters.stores.database import reading
from evenkeel.adapters.stores.records_orders import hand_overs, order_allocations, orders
from evenkeel.desk.execution.handing_over import hand_over
from evenkeel.desk.execution.planning import plan_and_stage
from evenkeel.wiring import open_house, read_settings
from tests.command.consent_home import ASKED, MORNING, SENIOR, Desk, make
from tests.command.practice import Home
from tests.conftest import PostgresCopies

pytestmark = [pytest.mark.kill, pytest.mark.timeout(2400)]
KILLS_AT_RANDOM = 15
BATCH = MORNING.replace("08:00", "09:45")
SCRIPT = [sys.executable, str(Path(__file__).with_name("killed_orders.py"))]


@pytest.fixture(params=["sqlite", "postgresql"])
def start(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    """Return a home with two approved proposals, its records on each database."""
    on_server = request.param == "postgresql"
    more = {"EVENKEEL_DATABASE_URL": request.getfixturevalue("postgres_url")} if on_server else {}
    home, _ = make(tmp_path / "start" / "home", **more)
    desk = Desk(home, capsys)
    desk("sweep")
    asked = desk.case(ASKED[1])["proposal_id"]
    desk("desk", "approve", asked, "--actor", "A-03")
    for owner in ("pat", "lou"):
        desk("desk", "consent", asked, "--actor", owner, "--signature", owner)
    desk("desk", "approve", desk.case(SENIOR[1])["proposal_id"], "--actor", "A-01", "--role", "senior_adviser")
    home.house().records.close()  # type: ignore[attr-defined]
    return replace(home, more=home.more | {"EVENKEEL_CLOCK": BATCH})


def worked(home: Home, limit: int) -> subprocess.CompletedProcess[str]:
    environment = os.environ | home.variables | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([*SCRIPT, str(limit)], env=environment, capture_output=True, text=True, check=False)


def work_here(home: Home) -> None:
    """Plan and hand over undisturbed. It is done in this process: to start one more takes longer than the work."""
    with home.environment():
        house = open_house(read_settings())
        plan_and_stage(house)
        hand_over(house)
        house.records.close()  # type: ignore[attr-defined]


def on_record(home: Home) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record of orders and their proposals, without the numbers that only count."""
    house = home.house()
    with reading(house.records._engine) as connection:  # type: ignore[attr-defined]
        found = {
            table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=str)
            for table in (orders, order_allocations, hand_overs)
        }
    tables = home.records()
    house.records.close()  # type: ignore[attr-defined]
    for name in ("proposal_cases", "case_log", "trail_events"):
        found[name] = sorted(
            (
                {column: value for column, value in row.items() if column not in ("entry_no", "event_no")}
                for row in tables[name]
            ),
            key=str,
        )
    return found


def staged_without_orders(home: Home) -> list[str]:
    """Return proposals that are staged or further and have no order, and orders whose proposal is not."""
    house = home.house()
    states = (ProposalState.STAGED, ProposalState.SENT)
    on_way = {case.proposal_id for case in house.approvals.cases(states=states)}
    with_orders = {proposal_id for proposal_id, _ in house.order_book.taken()}
    house.records.close()  # type: ignore[attr-defined]
    return sorted(on_way ^ with_orders)


def files(home: Home) -> dict[str, bytes]:
    out = home.path / "orders" / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_orders_killed_at_random_moments_are_made_up_by_the_next(
    start: Home, tmp_path: Path, postgres_copies: PostgresCopies
) -> None:
    def copy(name: str) -> Home:
        copied = start.copy(tmp_path / name)
        url = start.more.get("EVENKEEL_DATABASE_URL")
        return replace(copied, more=copied.more | {"EVENKEEL_DATABASE_URL": postgres_copies(url)}) if url else copied

    whole = copy("whole")
    undisturbed = worked(whole, 0)
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected, laid_out, statements = on_record(whole), files(whole), int(undisturbed.stdout)
    assert expected["orders"]
    assert laid_out
    dice = random.Random(5)
    for number, limit in enumerate(sorted(dice.sample(range(1, statements + 1), min(KILLS_AT_RANDOM, statements)))):
        home = copy(f"killed-{number}")
        assert worked(home, limit).returncode == -signal.SIGKILL, f"statement {limit} of {statements}"
        assert staged_without_orders(home) == [], f"killed after statement {limit} of {statements}"
        work_here(home)
        assert on_record(home) == expected, f"killed after statement {limit} of {statements}"
        assert files(home) == laid_out, f"killed after statement {limit} of {statements}"
