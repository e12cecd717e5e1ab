"""The book of a sandbox, and the drift it begins with."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data_contracts import vocab
from evenkeel.book.load import load_book
from evenkeel.book.model import Book
from evenkeel.identity import AccountKeyer
from evenkeel.sandbox.events import EventDays
from evenkeel.sandbox.ledger import Day, Ledger
from evenkeel.sandbox.market import make_market
from evenkeel.sandbox.models import MODELS, class_weights_of, weights_of
from evenkeel.sandbox.people import Practice
from evenkeel.sandbox.practice import make_practice
from evenkeel.sandbox.securities import CLASS_OF, CLASSES, SECURITIES
from tests.unit.sandbox.conftest import Made

KEYER = AccountKeyer(bytes(range(32)))


def book_of(home: Path, on: dt.date) -> Book:
    folder = home / "book"
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return load_book(files, on, KEYER)


@pytest.mark.parametrize("which", ["faulty", "clean", "one", "three"])
def test_the_book_loads_on_every_date(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for date in {made.plan.dates[0], made.plan.dates[-1]}:
        book = book_of(made.home, date)
        assert book.households.height == made.plan.household_count
        assert book.accounts.height == made.plan.account_count


def test_the_second_policy_holds_from_its_date(faulty: Made) -> None:
    change = faulty.plan.policy_change_date
    assert change is not None
    before = faulty.plan.dates[faulty.plan.dates.index(change) - 1]
    assert book_of(faulty.home, before).policies.held_on("house", before).version == 1
    assert book_of(faulty.home, change).policies.held_on("house", change).version == 2


def test_the_book_has_its_special_cases(faulty: Made) -> None:
    book = book_of(faulty.home, faulty.plan.dates[0])
    assert set(book.accounts["state"]) >= {"open", "new", "closing", "deceased"}
    assert set(book.suspensions["kind"]) == {"compliance_hold", "pending_withdrawal"}
    assert set(book.planned_cash["kind"]) >= {"required_distribution", "withdrawal"}
    assert book.portfolios["model_id"].null_count() == 2
    assert book.accounts["account_key"].n_unique() == book.accounts.height
    sizes = book.accounts.group_by("portfolio_id").len()["len"]
    shared = book.portfolios.height - sizes.eq(1).sum()
    assert 0.2 < shared / book.households.height < 0.45
    units = book.accounts.group_by("household_id").agg(pl.col("tax_unit_id").n_unique())
    assert units.filter(pl.col("tax_unit_id") > 1).height == 10
    overdue = book.ips_profiles.filter(
        book.ips_profiles["last_review_date"] < faulty.plan.dates[0] - dt.timedelta(days=365)
    )
    assert 0.03 < overdue.height / book.ips_profiles.height < 0.15


@pytest.mark.parametrize("households", [60, 300, 450, 1000])
def test_every_adviser_has_clients(households: int) -> None:
    practice = make_practice(7, households, dt.date(2026, 3, 2))
    assert {household.adviser_id for household in practice.households} == {
        each.adviser_id for each in practice.advisers
    }


def test_models_in_the_book_are_those_of_the_simulation(faulty: Made) -> None:
    targets = book_of(faulty.home, faulty.plan.dates[0]).model_targets
    for model in MODELS:
        rows = targets.filter(targets["model_id"] == model.model_id)
        classes = rows.filter(rows["level"] == vocab.NodeLevel.CLASS.value)
        flat = dict(classes.select("node_id", "target_frac").iter_rows())
        ours = {c.value: w for c, w in zip(CLASSES, class_weights_of(model), strict=True) if w}
        assert flat == pytest.approx(ours)
        assert sum(weights_of(model).values()) == pytest.approx(1)


def test_identifiers_are_valid_and_unique() -> None:
    for name in ("symbol", "cusip", "isin", "conid"):
        assert len({getattr(security, name) for security in SECURITIES}) == len(SECURITIES)
    # Known answer: the check digit of Apple's CUSIP, 037833100.
    from evenkeel.sandbox.securities import with_check_digit

    assert with_check_digit("03783310") == "037833100"


def drifted(practice: Practice, day: Day, band: float) -> float:
    """Return the share of portfolios with a class further from its target than `band`."""
    values = np.zeros((len(practice.portfolios), len(CLASSES)))
    owner = np.array([account.portfolio for account in practice.accounts])
    np.add.at(values, (owner[day.holdings.account], np.array(CLASS_OF)[day.holdings.security]), day.holdings.value)
    np.add.at(values[:, -1], owner, day.cash)
    weights = values / values.sum(axis=1, keepdims=True)
    measured = [
        np.abs(weights[p.place] - class_weights_of(MODELS[p.model])).max() > band
        for p in practice.portfolios
        if p.model is not None and not any(practice.accounts[a].is_cash_only for a in p.accounts)
    ]
    return float(np.mean(measured))


def test_some_portfolios_are_off_at_the_start_and_the_shock_adds_more() -> None:
    dates = tuple(dt.date(2026, 3, day) for day in (2, 3, 4))
    practice = make_practice(7, 300, dates[0])
    market = make_market(7, dates, EventDays(shock=2))
    ledger = Ledger(7, practice, market)
    days = [ledger.close_day(index, dates[min(index + 1, 2)]) for index in range(3)]
    assert 0.03 < drifted(practice, days[0], 0.05) < 0.15
    assert drifted(practice, days[2], 0.04) > drifted(practice, days[1], 0.04) + 0.01
    assert market.vix[1] < 3000 <= market.vix[2]
    assert int(days[2].cash.min()) >= 0
