"""Each session is the one before and its transactions, and the portfolio system differs from it by what it has not booked yet."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import polars as pl
import pytest

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.transactions import Transactions
from evenkeel.book.model import Book
from evenkeel.sandbox.events import event_days
from evenkeel.sandbox.securities import ACQUIRER, MUNI_BOND, NEW_TICKER, PRIVATE, RENAMED, TAKEN_OVER
from evenkeel.stages.ingest.land import Landed
from tests.unit.sandbox.conftest import Made, Maker
from tests.unit.sandbox.landing import land_day
from tests.unit.sandbox.test_book import book_of

HOUSEHOLDS, DAYS, SEED = 60, 25, 26
"""With this seed each of the three brokers has a case of everything."""
HELD_CASH = ["core", "sweep", "pending"]
FLOWS = ["deposit", "withdrawal", "transfer_in", "transfer_out"]
LATE = {
    "fidelity": ["buy", "sell"],
    "schwab": ["reinvest"],
    "ibkr": ["dividend", "interest", "fee", "split", "merger"],
    "plans": [],
}
KEYS = ["account_id", "instrument"]


@dataclass
class Run:
    """A clean sandbox over a month's end, landed, with its book."""

    made: Made
    book: Book
    landed: dict[dt.date, Landed]

    def custodian_of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add each account's custodian and its place in the practice."""
        accounts = self.book.accounts.select(
            "account_id", "custodian", (pl.col("account_id").str.slice(3).cast(pl.Int64) - 1).alias("place")
        )
        return frame.join(accounts, on="account_id", how="left", maintain_order="left")

    def moves(self, date: dt.date) -> pl.DataFrame:
        """Return account, instrument, amount and type of every leg of a session."""
        rows = self.landed[date].fact(Transactions)
        units = rows.filter((pl.col("traded_qty") != 0).fill_null(False))
        assert units["security_id"].null_count() == 0
        cash = rows.filter((pl.col("net_cash_ccy") != 0).fill_null(False))
        return pl.concat(
            [
                units.select(
                    "account_id",
                    pl.col("security_id").alias("instrument"),
                    "transaction_type",
                    pl.col("traded_qty").alias("amount"),
                ),
                cash.select(
                    "account_id",
                    pl.lit("CASH").alias("instrument"),
                    "transaction_type",
                    pl.col("net_cash_ccy").alias("amount"),
                ),
            ]
        )

    def held(self, date: dt.date, *, by_system: bool) -> pl.DataFrame:
        """Return account, instrument and amount; the portfolio system's core fund is cash."""
        is_system = pl.col("feed").str.starts_with("portfolio_system")
        landed = self.landed[date]
        units = landed.fact(Positions).filter(is_system == by_system)
        cash = landed.fact(CashBalances).filter(is_system == by_system, pl.col("bucket").is_in(HELD_CASH))
        swept = pl.col("security_id").replace("SPAXX", "CASH").alias("instrument")
        both = pl.concat(
            [
                units.select("account_id", swept, pl.col("held_qty").alias("amount")),
                cash.select("account_id", pl.lit("CASH").alias("instrument"), pl.col("amount_ccy").alias("amount")),
            ]
        )
        assert both.null_count().row(0) == (0, 0, 0)
        return both


@pytest.fixture(scope="module")
def run(make: Maker) -> Run:
    made = make(HOUSEHOLDS, DAYS, SEED, faults=False)
    book = book_of(made.home, made.plan.dates[0])
    return Run(made, book, {date: land_day(made, date, book) for date in made.plan.dates})


def left_over(*parts: pl.DataFrame) -> pl.DataFrame:
    """Return the instruments of accounts whose amounts do not add up to nothing."""
    rows = pl.concat(part.select(*KEYS, "amount") for part in parts)
    return rows.group_by(KEYS).agg(pl.col("amount").sum()).filter(pl.col("amount") != 0).sort(KEYS)


def minus(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(-pl.col("amount"))


def test_every_session_follows_from_the_one_before(run: Run) -> None:
    dates = run.made.plan.dates
    assert dates[0].month != dates[-1].month
    for before, date in pairwise(dates):
        held = [run.held(day, by_system=False) for day in (before, date)]
        left = left_over(held[0], run.moves(date), minus(held[1]))
        assert left.is_empty(), (date, left)


def test_every_kind_of_transaction_comes_from_every_custodian(run: Run) -> None:
    rows = pl.concat(run.custodian_of(landed.fact(Transactions)) for landed in run.landed.values())
    seen = {(custodian, kind) for custodian, kind in rows.select("custodian", "transaction_type").unique().iter_rows()}
    always = {"buy", "sell", "dividend", "deposit", "withdrawal", "fee", "interest", "split", "name_change", "merger"}
    always |= {"transfer_in", "transfer_out"}
    for custodian in ("schwab", "fidelity", "ibkr"):
        # Interactive Brokers reinvests by trades, and pays fractions with the merger.
        wanted = always if custodian == "ibkr" else always | {"reinvest", "other"}
        assert {kind for of, kind in seen if of == custodian} == wanted, custodian
    assert {kind for of, kind in seen if of == "plans"} >= {"dividend", "reinvest", "fee", "interest", "name_change"}


def test_a_transfer_comes_in_two_halves_of_units_and_cash(run: Run) -> None:
    dates, days = run.made.plan.dates, event_days(DAYS)
    halves = [run.moves(dates[at]).filter(pl.col("transaction_type") == "transfer_in") for at in days.transfers_in]
    assert len(halves) == 2
    units = [half.filter(pl.col("instrument") != "CASH").sort(KEYS) for half in halves]
    assert units[0].height > 2
    assert units[0].equals(units[1])
    assert (units[0]["amount"] > 0).all()
    assert halves[0].filter(pl.col("instrument") == "CASH").height == units[0].height
    assert days.transfer_out is not None
    out = run.moves(dates[days.transfer_out]).filter(pl.col("transaction_type") == "transfer_out")
    assert out.height >= 2
    assert (out["amount"] < 0).all()
    states = dict(run.book.accounts.select("account_id", "state").iter_rows())
    assert {states[account] for account in (*units[0]["account_id"], *out["account_id"])} == {"open"}


def test_a_company_taken_over_is_gone(run: Run) -> None:
    days = event_days(DAYS)
    assert days.merger is not None
    for at, date in enumerate(run.made.plan.dates):
        held = run.held(date, by_system=False)
        is_there = at < days.merger
        assert (held.filter(pl.col("instrument") == TAKEN_OVER).height > 2) == is_there
        assert run.landed[date].fact(Prices).filter(pl.col("security_id") == TAKEN_OVER).height == int(is_there)
    moved = run.moves(run.made.plan.dates[days.merger]).filter(pl.col("transaction_type") == "merger")
    legs = {leg for (leg,) in moved.select("instrument").unique().iter_rows()}
    assert legs == {TAKEN_OVER, ACQUIRER, "CASH"}
    came = moved.filter(pl.col("instrument") == ACQUIRER)["amount"]
    assert (came % 1 == 0).all()


def test_a_changed_ticker_is_the_same_security(run: Run) -> None:
    rename = event_days(DAYS).rename
    assert rename is not None
    for at, date in enumerate(run.made.plan.dates):
        rows = run.landed[date].fact(Positions).filter(pl.col("security_id") == RENAMED)
        custodians = rows.filter(~pl.col("feed").str.starts_with("portfolio_system"))
        assert set(custodians["symbol"]) == {NEW_TICKER if at >= rename else RENAMED}
        assert set(rows.filter(pl.col("feed") == "portfolio_system")["symbol"]) == {
            NEW_TICKER if at >= rename + 2 else RENAMED
        }


def late(run: Run, date: dt.date) -> pl.DataFrame:
    """Return the session's legs that the portfolio system books on the next one, by the table in its module."""
    rows = run.custodian_of(run.moves(date))
    kinds = pl.DataFrame(
        [(custodian, kind) for custodian, each in LATE.items() for kind in each],
        schema=["custodian", "transaction_type"],
        orient="row",
    ).with_columns(pl.lit(True).alias("is_late"))
    is_late_flow = pl.col("transaction_type").is_in(FLOWS) & (pl.col("place") % 3 == 1)
    # At Interactive Brokers a reinvestment is a trade, and a merger's cash is booked with its units.
    return rows.join(kinds, on=["custodian", "transaction_type"], how="left", maintain_order="left").filter(
        pl.col("is_late").fill_null(False) | is_late_flow
    )


def test_the_portfolio_system_differs_by_what_it_books_later(run: Run) -> None:
    explained: dict[tuple[str, str], int] = {}
    for date in run.made.plan.dates:
        waiting = late(run, date)
        left = left_over(run.held(date, by_system=True), waiting, minus(run.held(date, by_system=False)))
        assert left.is_empty(), (date, left)
        for custodian, kind in waiting.select("custodian", "transaction_type").iter_rows():
            explained[(custodian, kind)] = explained.get((custodian, kind), 0) + 1
    assert {kind for of, kind in explained if of == "ibkr"} >= {"dividend", "interest", "fee", "split", "merger"}
    assert {kind for of, kind in explained if of == "fidelity"} >= {"buy", "sell"}
    assert ("schwab", "reinvest") in explained
    assert {kind for _, kind in explained} >= set(FLOWS) - {"transfer_out"}


def test_fidelitys_cash_is_a_fund_in_the_portfolio_system(run: Run) -> None:
    for landed in run.landed.values():
        rows = landed.fact(Positions).filter(pl.col("feed") == "portfolio_system", pl.col("security_id") == "SPAXX")
        assert rows.height > 20
        assert set(run.custodian_of(rows)["custodian"]) == {"fidelity"}
        assert (rows["held_qty"] == rows["value_ccy"]).all()
        cash = landed.fact(CashBalances).filter(pl.col("feed") == "portfolio_system_cash")
        assert set(run.custodian_of(cash)["custodian"]) == {"schwab", "ibkr", "plans"}


def bonds(run: Run, date: dt.date) -> pl.DataFrame:
    """Return the portfolio system's and the custodian's figures of each bond position side by side."""
    rows = run.custodian_of(run.landed[date].fact(Positions).filter(pl.col("security_id") == MUNI_BOND))
    system = pl.col("feed") == "portfolio_system"
    return rows.filter(system).join(rows.filter(~system), on="account_id", suffix="_sent")


def test_bonds_are_priced_and_valued_in_other_ways(run: Run) -> None:
    seen = set()
    for date in run.made.plan.dates:
        for row in bonds(run, date).iter_rows(named=True):
            assert row["held_qty"] == row["held_qty_sent"]
            seen.add(row["custodian"])
            if row["custodian"] == "schwab":
                assert row["price_ccy"] * 100 == row["price_ccy_sent"]
                assert row["value_ccy"] == row["value_ccy_sent"]
            elif row["custodian"] == "ibkr":
                # 5 per cent since the first of December, of months of 30 days.
                days = date.month * 30 + min(date.day, 30) - 1
                assert abs(float(row["accrued_ccy_sent"]) - float(row["held_qty"]) * 0.05 * days / 360) <= 0.005001
                assert row["value_ccy"] == row["value_ccy_sent"] + row["accrued_ccy_sent"]
                assert row["price_ccy"] == row["price_ccy_sent"]
            else:
                assert (row["price_ccy"], row["value_ccy"]) == (row["price_ccy_sent"], row["value_ccy_sent"])
    assert {"schwab", "ibkr"} <= seen


def test_the_private_funds_price_comes_later_to_the_portfolio_system(run: Run) -> None:
    by_date = []
    for landed in run.landed.values():
        rows = landed.fact(Positions).filter(pl.col("security_id") == PRIVATE)
        system = pl.col("feed") == "portfolio_system"
        prices = [rows.filter(where)["price_ccy"].unique() for where in (system, ~system)]
        assert [len(each) for each in prices] == [1, 1]
        by_date.append([each[0] for each in prices])
    is_new = [[pair[side] != by_date[0][side] for pair in by_date] for side in (0, 1)]
    first = [flags.index(True) for flags in is_new]
    assert first[0] == first[1] + 3
    assert by_date[-1][0] == by_date[-1][1]


def test_trailers_state_what_their_rows_add_up_to(run: Run) -> None:
    """Every mapped file but an empty one has three figures, or two where it has no units."""
    sums = {
        "positions": ("held_qty", "value_ccy"),
        "cash": (None, "amount_ccy"),
        "lots": ("held_qty", "cost_ccy"),
        "transactions": ("traded_qty", "net_cash_ccy"),
        "orders": ("order_qty", "estimated_price_ccy"),
        "prices": (None, "price_ccy"),
        "indicators": (None, "reading"),
    }
    for delivery in run.made.plan.deliveries:
        parsed = run.made.read(delivery)
        if parsed.layout != "mapped":
            continue
        stated = dict(parsed.tables[ControlTotals].select("total_kind", "stated").iter_rows())
        kind = parsed.generation.removesuffix("_csv")
        (rows,) = (frame for contract, frame in parsed.tables.items() if contract is not ControlTotals)
        qty, amount = sums[kind]
        expected = {"row_count": rows.height, "amount_sum": rows[amount].sum()}
        if kind == "orders":
            is_sale = pl.col("side") == "sell"
            units = pl.col("order_qty")
            expected["net_qty"] = rows.select(pl.when(is_sale).then(-units).otherwise(units).sum()).item()
        elif qty is not None:
            expected["qty_sum"] = rows[qty].sum()
        assert stated == expected, delivery.path
