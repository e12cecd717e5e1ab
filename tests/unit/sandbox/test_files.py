"""What the senders' files say, read through the adapters."""

import datetime as dt

import polars as pl
import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from evenkeel.sandbox.securities import NEW_TICKER, RENAMED, SECURITIES
from tests.unit.sandbox.conftest import CUSTODIANS, Made

BOND = next(security for security in SECURITIES if security.is_bond)
KEYS = ["feed", "source_account", "security"]


def with_security(frame: pl.DataFrame) -> pl.DataFrame:
    """Name each row's security by its ticker, whichever identifier the sender has."""
    tickers = {security.cusip: security.symbol for security in SECURITIES}
    tickers |= {NEW_TICKER: RENAMED, f"{RENAMED}.OLD": RENAMED}
    return frame.with_columns(pl.col("symbol").replace(tickers).alias("security"))


def off_products(made: Made, date: dt.date) -> pl.DataFrame:
    rows = with_security(made.table(Positions, date, CUSTODIANS))
    factor = pl.when(pl.col("security") == BOND.symbol).then(0.01).otherwise(1.0)
    product = pl.col("held_qty").cast(pl.Float64) * pl.col("price_ccy").cast(pl.Float64) * factor
    return rows.filter((product - pl.col("value_ccy").cast(pl.Float64)).abs() > 0.00501)


@pytest.mark.parametrize("which", ["faulty", "clean", "one", "three"])
def test_every_file_is_read_without_a_reject_and_states_its_date(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for delivery in made.whole_files():
        parsed = made.read(delivery)
        assert list(parsed.rejects) == [], delivery.path
        assert parsed.as_of_date == delivery.business_date, delivery.path


def test_every_account_comes_every_day_with_cash(faulty: Made) -> None:
    for date in faulty.plan.dates:
        cash = faulty.table(CashBalances, date, (*CUSTODIANS, "plans_cash"))
        assert cash["source_account"].n_unique() == faulty.plan.account_count


@pytest.mark.parametrize("which", ["faulty", "clean", "one", "three"])
def test_values_are_units_times_price(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for date in made.plan.dates:
        wrong = {e.feed for e in made.plan.expected if e.fault == "value_product" and e.business_date == date}
        assert set(off_products(made, date)["feed"]) == wrong


def test_bonds_are_held_and_priced_per_hundred(faulty: Made) -> None:
    rows = with_security(faulty.table(Positions, faulty.plan.dates[0], CUSTODIANS)).filter(
        pl.col("security") == BOND.symbol
    )
    assert rows.height > 5
    first = rows.row(0, named=True)
    assert abs(first["held_qty"] * first["price_ccy"] / 100 - first["value_ccy"]) < 1


@pytest.mark.parametrize(("held_in", "lots_in"), [(("ibkr",), ("ibkr",)), (CUSTODIANS, ("portfolio_system_lots",))])
def test_lots_add_up_to_positions(clean: Made, held_in: tuple[str, ...], lots_in: tuple[str, ...]) -> None:
    for date in clean.plan.dates:
        keys = ["source_account", "security"]
        sums = [pl.col("held_qty").sum(), pl.col("cost_ccy").sum()]
        held = with_security(clean.table(Positions, date, held_in)).group_by(keys).agg(sums).sort(keys)
        lots = with_security(clean.table(TaxLots, date, lots_in)).group_by(keys).agg(sums).sort(keys)
        assert held.height > 100
        assert held.equals(lots)


def test_stated_totals_equal_the_sums(faulty: Made) -> None:
    date = faulty.plan.dates[2]
    totals = faulty.table(ControlTotals, date, ("schwab",))
    stated = totals.filter(pl.col("total_kind") == "account_value").select("source_account", "stated")
    held = faulty.table(Positions, date, ("schwab",)).select("source_account", amount="value_ccy")
    cash = faulty.table(CashBalances, date, ("schwab",)).select("source_account", amount="amount_ccy")
    summed = pl.concat([held, cash]).group_by("source_account").agg(pl.col("amount").sum())
    both = stated.join(summed, on="source_account", how="full")
    assert both.height == stated.height == summed.height
    assert both.filter(pl.col("stated") != pl.col("amount")).is_empty()
    lots = totals.filter(pl.col("total_kind") == "lot_qty").select("symbol", "source_account", "stated")
    summed_lots = (
        faulty.table(TaxLots, date, ("schwab",)).group_by("symbol", "source_account").agg(pl.col("held_qty").sum())
    )
    joined = lots.join(summed_lots, on=["symbol", "source_account"], how="full")
    assert joined.height == 3
    assert joined.filter(pl.col("stated") != pl.col("held_qty")).is_empty()


def test_transaction_totals_equal_the_sums(faulty: Made) -> None:
    for date in faulty.plan.dates[1:]:
        totals = faulty.table(ControlTotals, date, ("schwab",)).filter(pl.col("total_kind") == "net_amount")
        moved = faulty.table(Transactions, date, ("schwab",))
        summed = moved.group_by("source_account").agg(pl.col("net_cash_ccy").fill_null(0).sum().alias("summed"))
        both = totals.join(summed, on="source_account", how="full")
        assert both.height == totals.height == summed.height
        assert both.filter(pl.col("stated").fill_null(0) != pl.col("summed")).is_empty()


def units(made: Made, date: dt.date) -> pl.DataFrame:
    rows = with_security(made.table(Positions, date, CUSTODIANS)).filter(pl.col("security") != "ZQXW")
    return rows.select(*KEYS, pl.col("held_qty").alias("units"))


@pytest.mark.parametrize("which", ["faulty", "clean", "one", "three"])
def test_units_roll_forward_for_every_security(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for before, date in zip(made.plan.dates, made.plan.dates[1:], strict=False):
        parts = [units(made, before), units(made, date).with_columns(-pl.col("units"))]
        moves = made.table(Transactions, date, (*CUSTODIANS, "plans_transactions"))
        if moves.height:
            moved = with_security(moves).filter(pl.col("traded_qty").is_not_null(), pl.col("traded_qty") != 0)
            plain = pl.col("feed").replace("plans_transactions", "plans")
            parts.append(moved.select(plain, "source_account", "security", pl.col("traded_qty").alias("units")))
        left = pl.concat(parts).group_by(KEYS).agg(pl.col("units").sum()).filter(pl.col("units") != 0)
        assert left.is_empty(), left


@pytest.mark.parametrize("which", ["faulty", "clean", "one", "three"])
def test_cash_rolls_forward_for_every_account(which: str, request: pytest.FixtureRequest) -> None:
    made: Made = request.getfixturevalue(which)
    for before, date in zip(made.plan.dates, made.plan.dates[1:], strict=False):
        parts = [cash_of(made, before), cash_of(made, date).with_columns(-pl.col("cash"))]
        moves = made.table(Transactions, date, (*CUSTODIANS, "plans_transactions"))
        if moves.height:
            parts.append(moves.select("source_account", pl.col("net_cash_ccy").fill_null(0).alias("cash")))
        left = pl.concat(parts).group_by("source_account").agg(pl.col("cash").sum()).filter(pl.col("cash") != 0)
        assert left.is_empty(), left


def cash_of(made: Made, date: dt.date) -> pl.DataFrame:
    rows = made.table(CashBalances, date, (*CUSTODIANS, "plans_cash"))
    counted = rows.filter(pl.col("bucket").is_in(["core", "sweep", "pending"]))
    return counted.select("source_account", pl.col("amount_ccy").alias("cash"))


def test_everything_that_can_happen_does(faulty: Made) -> None:
    kinds: set[str] = set()
    for date in faulty.plan.dates:
        kinds |= set(
            faulty.table(Transactions, date, (*CUSTODIANS, "plans_transactions"))["transaction_type"].to_list()
        )
    wanted = {"buy", "sell", "dividend", "reinvest", "interest", "deposit", "withdrawal", "fee", "split", "merger"}
    assert kinds == wanted | {"transfer_in", "transfer_out", "name_change", "other"}


def test_units_double_and_the_price_halves_on_the_split_day(faulty: Made) -> None:
    dates = faulty.plan.dates
    split = faulty.plan.split_date
    assert split is not None
    before = dates[dates.index(split) - 1]
    old, new = (
        with_security(faulty.table(Positions, date, ("schwab",))).filter(pl.col("security") == "USGR")
        for date in (before, split)
    )
    both = old.join(new, on="source_account", suffix="_new")
    doubled = both.filter((pl.col("held_qty_new") - pl.col("held_qty") * 2).abs() < 1)
    assert doubled.height > both.height * 0.9
    ratio = float(old["price_ccy"][0]) / float(new["price_ccy"][0])
    assert 1.8 < ratio < 2.2


def test_both_schwab_generations_are_written(faulty: Made) -> None:
    seen = {faulty.read(d).generation for d in faulty.whole_files() if d.feed == "schwab" and "Positions" in d.name}
    assert seen == {"positions-2023", "positions-2025"}
