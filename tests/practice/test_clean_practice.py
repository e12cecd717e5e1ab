"""A clean practice over twenty sessions: everything that differs is explained, and nobody is quarantined.

Its files are right; it has splits, a merger, reinvested dividends, deposits, partial transfers, settlement lag, a portfolio system
with books of its own, and a custodian that is late on every fifth session. `EVENKEEL_PRACTICE_HOUSEHOLDS=1000` makes it the practice
of a thousand households.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import dataclass, field

import polars as pl
import pytest

from data_contracts.breaks import Breaks
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import BreakStatus, Comparison, CoverageStatus, ExceptionEffect
from evenkeel import calendar
from evenkeel.run.house import NEW_YORK, House
from evenkeel.run.sequence import run_date
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from evenkeel.wiring import open_house, read_settings
from flows.local_server import environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

HOUSEHOLDS = int(os.environ.get("EVENKEEL_PRACTICE_HOUSEHOLDS", "60"))
SESSIONS, SEED = 20, 26


@dataclass
class Night:
    """What stands after a look at a session."""

    business_date: dt.date
    coverage: pl.DataFrame
    exceptions: pl.DataFrame
    breaks: pl.DataFrame | None


@dataclass
class Nights:
    """The looks before a late custodian came, and those that each session ended with."""

    plan: SandboxPlan
    early: list[Night] = field(default_factory=list)
    final: list[Night] = field(default_factory=list)

    def breaks(self) -> pl.DataFrame:
        """Return the breaks of all sessions' last looks."""
        missing = [night.business_date for night in self.final if night.breaks is None]
        assert not missing, f"{missing[0]} has no dataset {Breaks.dataset_name()}"
        return pl.concat(night.breaks for night in self.final if night.breaks is not None)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Run every session at its deadline, and once more when the late custodian has come."""
    home = tmp_path_factory.mktemp("practice") / "home"
    plan = generate(home, HOUSEHOLDS, SESSIONS, SEED, faults="late")
    found = Nights(plan)
    late = {expected.business_date for expected in plan.expected}
    assert len(late) == 4
    for date in plan.dates:
        for hour, minute in ((6, 55), (8, 15)) if date in late else ((6, 55),):
            at = dt.datetime.combine(calendar.next_session(date), dt.time(hour, minute), NEW_YORK)
            plan.deliver(date, home, at)
            settings = {"EVENKEEL_HOME": str(home), "EVENKEEL_CLOCK": at.isoformat(), "EVENKEEL_SETTLE_SECONDS": "0"}
            with environment(settings):
                house = open_house(read_settings())
                run_date(house, date)
                is_early = date in late and hour < 8
                (found.early if is_early else found.final).append(_night(house, date))
    return found


def _night(house: House, date: dt.date) -> Night:
    run = house.records.manifest(date)
    assert run is not None
    stored = {dataset.dataset: dataset for dataset in run.datasets}

    def read(contract: type[Contract]) -> pl.DataFrame | None:
        address = stored.get(contract.dataset_name())
        return None if address is None else house.store.read(contract, address)

    coverage, exceptions = read(Coverage), read(Exceptions)
    assert coverage is not None
    assert exceptions is not None
    return Night(date, coverage, exceptions, read(Breaks))


def test_nobody_is_quarantined(nights: Nights) -> None:
    for night in nights.final:
        quarantined = night.coverage.filter(pl.col("status") == CoverageStatus.QUARANTINED.value)
        stops = night.exceptions.filter(pl.col("effect") == ExceptionEffect.STOP.value)
        assert quarantined.is_empty(), (night.business_date, stops.select("check", "message").rows()[:5])
        assert stops.is_empty(), (night.business_date, stops.select("check", "message").rows()[:5])
        assert CoverageStatus.WAITING.value not in set(night.coverage["status"]), night.business_date


def test_before_a_late_custodian_comes_its_accounts_wait_and_nobody_is_quarantined(nights: Nights) -> None:
    assert len(nights.early) == 4
    for night in nights.early:
        (late,) = (each for each in nights.plan.expected if each.business_date == night.business_date)
        status = dict(night.coverage.select("account_id", "status").iter_rows())
        assert CoverageStatus.QUARANTINED.value not in status.values()
        assert {account for account, is_at in status.items() if is_at == CoverageStatus.WAITING.value} <= set(
            late.account_ids
        )
        assert CoverageStatus.WAITING.value in status.values()


def test_every_difference_is_explained(nights: Nights) -> None:
    breaks = nights.breaks()
    left = breaks.filter(pl.col("status") == BreakStatus.OPEN.value)
    shown = left.select("business_date", "comparison", "kind", "custodian", "security_id", "difference", "reason").head(
        10
    )
    assert left.is_empty(), f"{left.height} open breaks, the first: {shown.rows()}"


def test_everything_that_the_portfolio_system_does_otherwise_is_found(nights: Nights) -> None:
    breaks = nights.breaks()
    with_system = breaks.filter(pl.col("comparison") != Comparison.ROLL_FORWARD.value)
    counts = Counter(with_system["explanation"].drop_nulls().to_list())
    print(f"\n{HOUSEHOLDS} households, {nights.plan.account_count} accounts, {SESSIONS} sessions, breaks explained by:")
    for explanation, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"  {explanation:<24}{count:>8,}")
    wanted = {"settlement", "reinvestment", "income", "deposit", "withdrawal", "transfer", "fee", "split", "merger"}
    # A price per one is told of a source's usual price alone, so `per_hundred` depends on who holds most of the bonds.
    wanted |= {"accrued_interest", "private_price", "sweep"}
    assert {each for each in wanted if not counts[each]} == set()
