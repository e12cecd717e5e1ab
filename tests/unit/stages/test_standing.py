"""Which of a date's files count: a later one replaces an earlier one, unless other senders bear out the earlier."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from data_contracts.transactions import Transactions
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.land import Landed, land
from evenkeel.stages.ingest.untaken import refuse_nameless
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book


def held(stock: str, bond: str, account: str = "1000-0001", **more: Any) -> ParsedFile:
    """Return a file of two securities at these prices."""
    rows = [("STK", stock), ("BND", bond)]
    return parsed([position(at, account, symbol, "10", price, None, **more) for at, (symbol, price) in enumerate(rows)])


FEEDS = (
    "- {feed: alpha, layout: schwab_csv, location: in/a}\n"
    "- {feed: beta, layout: fidelity_csv, location: in/b}\n"
    "- {feed: port, role: portfolio_system, layout: schwab_csv, location: in/p, is_required: false}\n"
)


def landed(*files: tuple[str, ParsedFile]) -> Landed:
    """Land files of feeds in order of arrival; each is named by its place."""
    read = [read_file(feed, file, name=f"{at}.csv") for at, (feed, file) in enumerate(files)]
    return land(MONDAY, read, small_book(feeds_yaml=FEEDS), KEYER)


def statuses(*files: tuple[str, ParsedFile]) -> dict[str, tuple[str, str | None]]:
    """Return status and check of files by name."""
    rows = landed(*files).source_files.select("file_name", "status", "check").rows()
    return {name: (status, check) for name, status, check in rows}


OTHERS = ("beta", held("100", "50", "2000-0003"))


def test_another_days_file_does_not_replace_what_other_senders_bear_out() -> None:
    first, other_day = ("alpha", held("100", "50")), ("alpha", held("103", "51"))
    assert statuses(first, OTHERS, other_day) == {
        "0.csv": ("read", None),
        "1.csv": ("read", None),
        "2.csv": ("stopped", "file_contradicted"),
    }


def test_the_message_says_how_many_prices_and_what_to_do() -> None:
    message = landed(("alpha", held("100", "50")), OTHERS, ("alpha", held("103", "51"))).source_files["message"]
    assert message.drop_nulls().to_list() == [
        "2 of the 2 prices that it shares with the file before it are others, and other senders have those of the file before (2 of 2), "
        "not its own (0): it is another day's; the file before it stands; ask the sender which session it is of"
    ]


def test_rows_of_the_contradicted_file_are_kept() -> None:
    day = landed(("alpha", held("100", "50")), OTHERS, ("alpha", held("103", "51")))
    assert day.rejects.height == 2


def test_the_right_file_replaces_another_days_that_came_first() -> None:
    other_day, right = ("alpha", held("103", "51")), ("alpha", held("100", "50"))
    assert statuses(other_day, OTHERS, right)["2.csv"] == ("read", None)
    assert statuses(other_day, OTHERS, right)["0.csv"] == ("superseded", None)


def test_where_nobody_else_knows_the_prices_the_later_file_counts() -> None:
    assert statuses(("alpha", held("100", "50")), ("alpha", held("103", "51")))["1.csv"] == ("read", None)


def test_where_others_have_both_prices_the_later_file_counts() -> None:
    both = ("beta", held("100", "50", "2000-0003")), ("beta", held("103", "51", "2000-0004"))
    assert statuses(("alpha", held("100", "50")), *both, ("alpha", held("103", "51")))["3.csv"] == ("read", None)


def test_two_senders_that_send_the_same_other_day_do_not_bear_each_other_out() -> None:
    right, other_day = {"stock": "100", "bond": "50"}, {"stock": "103", "bond": "51"}
    system = [("port", held(**each)) for each in (right, other_day)]
    custodian = [("alpha", held(**each)) for each in (right, other_day)]
    # The one witness has but one of the two securities; of the other only those who sent twice say anything.
    witness = ("beta", parsed([position(1, "2000-0003", "STK", "10", "100", None)]))
    found = statuses(system[0], custodian[0], witness, custodian[1], system[1])
    assert [found[f"{at}.csv"][1] for at in (3, 4)] == ["file_contradicted", "file_contradicted"]


def test_a_correction_of_units_at_the_same_prices_replaces() -> None:
    again = held("100", "50")
    assert statuses(("alpha", held("100", "50")), OTHERS, ("alpha", again))["2.csv"] == ("read", None)


def money(amount: str, pending: str = "0") -> ParsedFile:
    """Return a file of an account's cash, held and on its way."""
    return parsed([], [cash(1, "1000-0001", amount), cash(2, "1000-0001", pending, bucket="pending")])


def test_another_days_cash_does_not_replace_what_the_custodian_bears_out() -> None:
    custodian = ("alpha", money("5"))
    assert statuses(custodian, ("port", money("3", "2")), ("port", money("9")))["2.csv"] == (
        "stopped",
        "file_contradicted",
    )
    assert statuses(custodian, ("port", money("9")), ("port", money("3", "2")))["2.csv"] == ("read", None)


def test_a_portfolio_system_bears_nothing_out_against_a_custodian() -> None:
    assert statuses(("port", money("5")), ("alpha", money("5")), ("alpha", money("9")))["2.csv"] == ("read", None)


def test_another_currencys_price_bears_nothing_out() -> None:
    foreign = ("beta", held("100", "50", "2000-0003", currency="EUR"))
    assert statuses(("alpha", held("100", "50")), foreign, ("alpha", held("103", "51")))["2.csv"] == ("read", None)


def history(*moves: tuple[str, int, str], account: str = "1000-0001") -> ParsedFile:
    """Return a file of deposits: amount, day of March, and the source's own word."""
    rows = [
        {
            "row_no": at, "source_account": account, "trade_date": dt.date(2026, 3, day), "transaction_type": "deposit",
            "raw_action": word, "currency": "USD", "net_cash_ccy": amount,
        }
        for at, (amount, day, word) in enumerate(moves)
    ]  # fmt: skip
    return ParsedFile("test", "1", "utf-8", {Transactions: frame(Transactions, rows)}, (), len(rows), 0)


def test_a_history_that_repeats_an_earlier_one_is_a_correction_of_it() -> None:
    first = history(("5", 1, "in"), ("7", 2, "in"))
    corrected = history(("5", 1, "in"), ("8", 2, "in"))
    assert statuses(("alpha", first), ("alpha", corrected)) == {"0.csv": ("superseded", None), "1.csv": ("read", None)}


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(history(("6", 3, "in"), ("7", 4, "in")), id="other days"),
        pytest.param(history(("5", 1, "in")), id="fewer days"),
        pytest.param(history(("6", 1, "in"), ("8", 2, "in"), ("9", 2, "in")), id="other rows"),
        pytest.param(history(("5", 1, "in"), ("7", 2, "in"), account="1000-0002"), id="another account"),
    ],
)
def test_another_history_stands_beside_the_earlier_one(later: ParsedFile) -> None:
    first = history(("5", 1, "in"), ("7", 2, "in"))
    assert {status for status, _ in statuses(("alpha", first), ("alpha", later)).values()} == {"read"}


def test_a_row_under_no_account_is_refused_and_the_others_are_kept() -> None:
    rows = [position(1, "1000-0001", "STK", "1", "1", "1"), position(2, None, "BND", "1", "1", "1")]  # type: ignore[arg-type]
    file = refuse_nameless(parsed(rows, [cash(3, "1000-0001", "5")]))
    assert [(each.row_no, each.column_name, each.reason) for each in file.rejects] == [
        (2, "account", "the row names no account, and none stands above it")
    ]
    assert "symbol=BND" in file.rejects[0].raw_text
    kept = pl.concat([table.select("row_no") for table in file.tables.values()])
    assert kept["row_no"].sort().to_list() == [1, 3]
