"""A sample of the faults, and of pairs of them; `make faults` and `make faults-pairs` run all."""

from __future__ import annotations

import pytest

from evenkeel.sandbox.faults.day_files import CannotDamageError
from evenkeel.sandbox.faults.fault import Session
from evenkeel.sandbox.faults.page import FOLDER, page_with_table
from evenkeel.sandbox.faults.registry import FAULTS, fault_named
from tests.faults.conftest import Runs
from tests.faults.practices import make_sandbox
from tests.faults.runs import made, session_of
from tests.faults.table import details
from tests.faults.through_command import CommandRun

THROUGH_COMMAND = ("schwab.cut_at_row", "ibkr.old_date", "fidelity.price_slip", "plans.sent_twice")
QUICK = (
    "schwab.empty",
    "ibkr.weekend_date",
    "plans.corrected",
    "schwab.wrong_total",
    "plans.wrong_cusip",
    "fidelity.price_slip",
    "portfolio_system.old_date",
)
SINGLES = (
    "fidelity.header_only", "ibkr.error_page", "schwab.half_written", "plans_cash.late", "schwab.future_date", "plans.other_report",
    "schwab.renamed_header", "ibkr.duplicated_row", "schwab.dropped_account", "fidelity.rows_of_schwab", "ibkr.unknown_security",
    "schwab.cash_slip", "plans.decimal_comma", "fidelity.zero_price", "ibkr.lot_cost", "schwab.transaction_dropped",
)  # fmt: skip
PAIRS = (
    ("schwab.cash_slip", "fidelity.price_slip"),
    ("ibkr.late", "plans.value_slip"),
    ("schwab.sent_twice", "schwab.value_sign"),
    ("fidelity.utf16", "ibkr.unknown_security"),
    ("ibkr.old_date", "portfolio_system.old_date"),
    ("schwab.sent_twice", "schwab.stale_prices"),
)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> CommandRun:
    """Return the run through the command on a quiet day."""
    folder = tmp_path_factory.mktemp("command")
    return CommandRun(make_sandbox(folder / "home", Session.QUIET), folder)


def test_names_are_unique_and_there_are_many() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 55


def test_a_fault_that_may_stop_nothing_touches_nobody(runs: Runs) -> None:
    run = runs(Session.QUIET)
    harmless = [fault for fault in FAULTS if not fault.expected and fault.session == Session.QUIET]
    assert harmless
    assert {fault.name: fault.apply(run.clean_files, run.facts).touched for fault in harmless} == {
        fault.name: frozenset() for fault in harmless
    }


@pytest.mark.parametrize("session", Session)
def test_every_fault_can_be_made_and_is_the_same_each_time(runs: Runs, session: Session) -> None:
    run = runs(session)
    cannot = set()
    for fault in [each for each in FAULTS if each.session == session]:
        try:
            damaged = fault.apply(run.clean_files, run.facts)
        except CannotDamageError:
            cannot.add(fault.name)
            continue
        assert damaged.files != run.clean_files, fault.name
        assert damaged == fault.apply(run.clean_files, run.facts), fault.name
    assert cannot == set()


def test_the_clean_day_is_right(runs: Runs) -> None:
    run = runs(Session.QUIET)
    verdict = run.verdict(run.clean_files, frozenset(), frozenset())
    assert verdict.is_right
    assert verdict.stopped_count == 0
    assert not verdict.found
    assert run.clean.alerts.height > 5
    assert len(run.facts.measured) > 15


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SINGLES)])
def test_a_fault_is_stopped_for_a_right_reason(runs: Runs, name: str) -> None:
    fault = fault_named(name)
    case = made([fault], runs(fault.session))
    assert case.verdict is not None
    assert case.verdict.is_right, "\n".join(details(case))


@pytest.mark.slow
@pytest.mark.parametrize("names", PAIRS, ids=" + ".join)
def test_a_pair_raises_no_false_alert_and_is_seen(runs: Runs, names: tuple[str, str]) -> None:
    faults = [fault_named(name) for name in names]
    session = session_of(faults)
    assert session is not None
    case = made(faults, runs(session))
    assert case.verdict is not None
    assert case.verdict.has_reason, "\n".join(details(case))
    assert not case.verdict.false_alerts, "\n".join(details(case))


@pytest.mark.slow
@pytest.mark.parametrize("name", THROUGH_COMMAND)
def test_the_command_and_the_run_in_memory_agree(command: CommandRun, runs: Runs, name: str) -> None:
    fault = fault_named(name)
    in_memory = made([fault], runs(Session.QUIET))
    assert made([fault], command) == in_memory


def test_the_page_has_the_table_of_all_faults() -> None:
    text = (FOLDER / "faults.md").read_text(encoding="utf-8")
    assert text == page_with_table(text), "run `python -m evenkeel.sandbox.faults.page --write`"
