"""Determinism, faults, and delivery in time."""

import datetime as dt
import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data_contracts.positions import Positions
from evenkeel.errors import UsageError
from evenkeel.sandbox import DEFAULT_FIRST_DATE, SandboxPlan, generate
from evenkeel.sandbox.events import event_days
from evenkeel.sandbox.ledger import Ledger
from evenkeel.sandbox.market import make_market
from evenkeel.sandbox.practice import make_practice
from evenkeel.sandbox.securities import PRIVATE
from tests.unit.sandbox.conftest import Made, Maker
from tests.unit.sandbox.test_files import off_products


def digest(folder: Path) -> str:
    """Return a digest over every file's path and bytes."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def test_same_seed_same_bytes_other_seed_others(make: Maker) -> None:
    first, again, other = make(12, 5, 3), make(12, 5, 3), make(12, 5, 4)
    assert digest(first.home) == digest(again.home)
    assert digest(first.home) != digest(other.home)


def test_the_books_are_those_of_any_machine() -> None:
    # The digest was taken on Linux with Python 3.11; it changes only when what happens to the practice is changed on purpose.
    dates = tuple(dt.date(2026, 3, day) for day in (2, 3, 4, 5, 6))
    market = make_market(5, dates, event_days(5))
    ledger = Ledger(5, make_practice(5, 40, dates[0]), market)
    total = hashlib.sha256(market.prices.astype("<i8").tobytes())
    for index in range(5):
        day = ledger.close_day(index, dates[min(index + 1, 4)])
        for column in (*day.lots.columns(), day.cash, *vars(day.moves).values()):
            total.update(np.asarray(column).astype("<i8").tobytes())
    assert total.hexdigest() == "122d7782b963eafb9e11506fa1f652637286bff2e85a7cdd00ce8a6aa65d09a4"


def test_arguments_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="households is 0"):
        generate(tmp_path, 0, 1, 1)


def test_a_book_of_ones_own_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "accounts.csv").write_text("account_id\n")
    with pytest.raises(UsageError, match="no sandbox made"):
        generate(tmp_path, 1, 1, 1)
    assert (tmp_path / "book" / "accounts.csv").read_text() == "account_id\n"


def test_dates_are_sessions_from_the_default_on(faulty: Made) -> None:
    assert faulty.plan.dates[0] == DEFAULT_FIRST_DATE
    assert [date.isoformat() for date in faulty.plan.dates] == [f"2026-03-0{day}" for day in (2, 3, 4, 5, 6)]


def test_the_plan_survives_the_disk(faulty: Made) -> None:
    assert SandboxPlan.load(faulty.home) == faulty.plan


def test_a_home_without_a_plan_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="evenkeel sandbox"):
        SandboxPlan.load(tmp_path)


def test_a_clean_sandbox_expects_nothing(clean: Made) -> None:
    assert clean.plan.expected == ()
    for date in clean.plan.dates:
        assert off_products(clean, date).is_empty()


def test_every_fault_is_made_and_found_where_the_plan_says(faulty: Made) -> None:
    by_fault = {each.fault: each for each in faulty.plan.expected}
    assert set(by_fault) == {
        "duplicate", "security_unknown", "corrected", "half_written", "late", "value_product", "price_stale",
    }  # fmt: skip
    wrong = by_fault["value_product"]
    assert off_products(faulty, wrong.business_date)["feed"].to_list() == ["fidelity"]
    unknown = by_fault["security_unknown"]
    strangers = faulty.table(Positions, unknown.business_date, ("schwab",)).filter(pl.col("symbol") == "ZQXW")
    assert strangers.height == 1
    stale = by_fault["price_stale"]
    rows = faulty.table(Positions, stale.business_date, ("plans",)).filter(pl.col("price_date") < stale.business_date)
    rows = rows.filter(pl.col("symbol") != PRIVATE)  # its price of last quarter is not stale
    assert rows.select("symbol", "source_account").height == 1
    assert rows["symbol"].to_list() == [stale.security_id]
    copy = by_fault["duplicate"]
    same = [
        d for d in faulty.plan.of_date(copy.business_date) if d.feed == "fidelity" and d.name.startswith("Portfolio")
    ]
    contents = {(faulty.home / "sandbox" / d.path).read_bytes() for d in same}
    assert len(same) == 2
    assert len(contents) == 1


def test_faults_hit_different_households(faulty: Made) -> None:
    book = pl.read_csv(faulty.home / "book" / "accounts.csv")
    owner = dict(book.select("account_id", "household_id").iter_rows())
    stopped = [owner[e.account_ids[0]] for e in faulty.plan.expected if e.fault != "late" and e.account_ids]
    assert len(stopped) == len(set(stopped)) == 4


def test_a_late_custodian_comes_after_a_first_run(make: Maker) -> None:
    made = make(20, 5, 5)
    late = next(each for each in made.plan.expected if each.fault == "late")
    date = late.business_date
    deadline = dt.datetime(2026, 3, 6, 12, 0, tzinfo=dt.UTC)  # 07:00 Eastern
    first = made.plan.deliver(date, made.home, deadline)
    assert not (made.home / "inbox" / "ibkr").exists()
    assert any(path.parent.name == "schwab" for path in first)
    second = made.plan.deliver(date, made.home)
    assert [path.name for path in second] == [late.file_name]
    came = dt.datetime.fromtimestamp(second[0].stat().st_mtime, dt.UTC)
    assert came == dt.datetime(2026, 3, 6, 13, 0, tzinfo=dt.UTC)
    assert made.plan.deliver(date, made.home) == []


def test_nothing_but_late_custodians_where_that_is_asked_for(make: Maker) -> None:
    clean, late = make(20, 12, 5, faults=False), make(20, 12, 5, faults="late")
    assert [(e.fault, e.feed) for e in late.plan.expected] == [("late", "ibkr"), ("late", "fidelity")]
    assert {e.business_date for e in late.plan.expected} == {late.plan.dates[2], late.plan.dates[7]}
    times = {d.path: d.arrives_at for d in clean.plan.deliveries}
    moved = {d.path for d in late.plan.deliveries if d.arrives_at != times.pop(d.path)}
    assert not times
    # Everything that the custodian sends comes late, its history too.
    assert {tuple(path.split("/")[:2]) for path in moved} == {
        (str(e.business_date), e.feed) for e in late.plan.expected
    }
    assert len(moved) == 3
    for delivery in late.plan.deliveries:
        path = f"sandbox/{delivery.path}"
        assert (clean.home / path).read_bytes() == (late.home / path).read_bytes()


def test_a_half_written_file_goes_when_its_whole_comes(make: Maker) -> None:
    made = make(20, 5, 6)
    half = next(each for each in made.plan.expected if each.fault == "half_written")
    part = next(d for d in made.plan.deliveries if d.name == half.file_name)
    made.plan.deliver(half.business_date, made.home, part.arrives_at)
    target = made.home / "inbox" / part.feed / part.name
    assert target.exists()
    made.plan.deliver(half.business_date, made.home)
    assert not target.exists()
    assert target.with_name(part.name.removesuffix(".part")).stat().st_size > part.byte_count


def test_deliver_all_drops_every_whole_file(make: Maker) -> None:
    made = make(3, 2, 1)
    made.plan.deliver_all(made.home)
    dropped = {p.relative_to(made.home / "inbox").as_posix() for p in (made.home / "inbox").rglob("*") if p.is_file()}
    assert dropped == {f"{d.feed}/{d.name}" for d in made.plan.deliveries if not d.name.endswith(".part")}
