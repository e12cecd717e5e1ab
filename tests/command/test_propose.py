"""Lists asked for by hand, and the trades of the task list, on a practice with every kind of account that is set aside."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections import Counter
from typing import Any

import jsonschema
import pytest

from data_contracts.vocab import RebalanceKind
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, EXIT_USAGE
from evenkeel.sandbox.generate import generate
from tests.command.practice import Home
from tests.conftest import ROOT

HOUSEHOLDS, DAYS, SEED = 16, 2, 11
TOGETHER = ("P-00003", "AC-000003", "AC-000004")
"""A portfolio of two accounts."""
CLOSED = "AC-000002"
Ran = tuple[Home, dt.date, dt.date]
Capture = pytest.CaptureFixture[str]
SCHEMA = json.loads((ROOT / "docs" / "alerts.schema.json").read_text("utf-8"))["items"]["properties"]["proposal"]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A home of two sessions: on the first all was there, on the second a custodian's files did not come."""
    path = tmp_path_factory.mktemp("asked") / "home"
    plan = generate(path, HOUSEHOLDS, DAYS, SEED, faults=False)
    accounts = path / "book" / "accounts.csv"
    closed = re.sub(
        rf"^({CLOSED},.*),open,([\d-]+),,", r"\1,closed,\2,2026-02-27,", accounts.read_text("utf-8"), flags=re.M
    )
    accounts.write_text(closed, encoding="utf-8")
    home = Home(path)
    first, second = plan.dates
    plan.deliver(first, path)
    home.run(first)
    plan.deliver(second, path)
    for late in (each for each in plan.of_date(second) if each.feed == "fidelity"):
        (path / "inbox" / late.feed / late.name).unlink()
    home.run(second)
    return home, first, second


def asked(capsys: Capture, ran: Ran, *words: object) -> tuple[int, str]:
    """Return the exit code of `evenkeel propose` on the first date, and what it said."""
    capsys.readouterr()
    code = ran[0].command("propose", *words, "--date", ran[1])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.out + said.err


def lists(capsys: Capture, ran: Ran, *words: object) -> list[Any]:
    code, out = asked(capsys, ran, *words, "--format", "json")
    assert code in (EXIT_DONE, EXIT_STOPPED)
    found: list[Any] = json.loads(out)
    return found


@pytest.mark.parametrize("kind", [kind.value for kind in RebalanceKind])
def test_every_kind_gives_a_proposal_of_the_documented_shape(ran: Ran, capsys: Capture, kind: str) -> None:
    [one] = lists(capsys, ran, TOGETHER[0], "--kind", kind)
    assert one["proposal"]["kind"] == kind
    jsonschema.Draft202012Validator(SCHEMA).validate(one["proposal"])
    sides = {trade["side"] for trade in one["proposal"]["trades"]}
    if kind in ("invest_cash", "buy_only"):
        assert "sell" not in sides
    if kind in ("raise_cash", "sell_only"):
        assert "buy" not in sides


def test_an_account_is_solved_with_its_portfolio_and_the_command_says_so(ran: Ran, capsys: Capture) -> None:
    portfolio, first, second = TOGETHER
    code, said = asked(capsys, ran, second)
    assert code in (EXIT_DONE, EXIT_STOPPED)
    assert f"The account is part of portfolio {portfolio}: its accounts are solved together ({first} …" in said
    assert "nothing was stored" in said
    assert lists(capsys, ran, second) == lists(capsys, ran, portfolio)
    [one] = lists(capsys, ran, portfolio)
    assert [account["id"] for account in one["accounts"]] == [first, second]
    assert one["proposal"]["account_count"] == 2


def test_a_household_gets_a_list_for_each_portfolio(ran: Ran, capsys: Capture) -> None:
    found = lists(capsys, ran, "H-00009")
    assert [one["portfolio"]["id"] for one in found] == ["P-00013", "P-00014"]
    assert all(one["proposal"] for one in found)


def test_cash_asked_for_is_there_afterwards_in_the_account_named(ran: Ran, capsys: Capture) -> None:
    _, first, _ = TOGETHER
    [before] = lists(capsys, ran, first, "--kind", "raise_cash")
    [one] = lists(capsys, ran, first, "--kind", "raise_cash", "--amount", "2500")
    sold = [
        sum(float(trade["value_usd"]) for trade in each["proposal"]["trades"] if trade["account"]["id"] == first)
        for each in (before, one)
    ]
    # Cash after counts what is set aside as gone: it may not fall below what must stay.
    cash = one["proposal"]["cash"]
    assert float(cash["after_usd"]) >= 0
    assert float(cash["short_usd"]) == 0
    assert sold[1] >= sold[0]
    assert float(one["proposal"]["nav_usd"]) == pytest.approx(float(before["proposal"]["nav_usd"]) - 2500.0, abs=0.01)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((TOGETHER[0], "--amount", "2500"), "no cash moves between accounts, and there are 2 here"),
        ((TOGETHER[1], "--amount", "-5"), "--amount -5: dollars above zero"),
        ((TOGETHER[1], "--amount", "0.001"), "dollars and cents"),
        ((TOGETHER[1], "--amount", "nan"), "dollars above zero"),
        ((TOGETHER[1], "--amount", "much"), "--amount 'much': dollars, for example"),
    ],
)
def test_an_amount_that_says_nothing_is_refused(ran: Ran, capsys: Capture, words: tuple[str, ...], why: str) -> None:
    code, said = asked(capsys, ran, *words)
    assert code == EXIT_USAGE
    assert why in " ".join(said.split())


def test_asking_changes_nothing(ran: Ran, capsys: Capture) -> None:
    home = ran[0]
    before, digests = home.records(), home.all_digests()
    first = lists(capsys, ran, TOGETHER[0])
    assert lists(capsys, ran, TOGETHER[0]) == first
    assert (home.records(), home.all_digests()) == (before, digests)


def test_the_same_list_as_the_daily_run(ran: Ran, capsys: Capture) -> None:
    """Asked for by hand with the kind of its alert, a portfolio's list has the trades that the run proposed.

    Several portfolios of one household are left out: where they share a tax unit the run's lists look at each other's wash sales.
    """
    home, date, _ = ran
    capsys.readouterr()
    assert home.command("alerts", "--format", "json", "--date", date) == EXIT_DONE
    tasks = [task for task in json.loads(capsys.readouterr().out) if task["proposal"]]
    portfolios = {task["portfolio"]["id"]: task for task in tasks}
    households = Counter(task["household"]["id"] for task in portfolios.values())
    alone = {one: task["proposal"] for one, task in portfolios.items() if households[task["household"]["id"]] == 1}
    assert any(daily["trades"] for daily in alone.values()), "the practice has alerts with proposals"
    for portfolio, daily in alone.items():
        [one] = lists(capsys, ran, portfolio, "--kind", daily["kind"])
        assert one["proposal"]["trades"] == daily["trades"]
        assert one["proposal"]["status"] == daily["status"]
        assert one["proposal"]["proof"]["bound_usd"] == pytest.approx(daily["proof"]["bound_usd"], rel=1e-9)
        assert one["proposal"]["proof"]["gap_usd"] == pytest.approx(daily["proof"]["gap_usd"], abs=1e-6)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nobody", "has no account, portfolio or household 'nobody'"),
        ("", "has no account, portfolio or household ''"),
        (CLOSED, f"account {CLOSED} is closed since 2026-02-27; nothing is proposed for it"),
        ("AC-000005", "portfolio P-00004 has no model; choose one in portfolios.csv"),
        ("P-00004", "portfolio P-00004 has no model; choose one in portfolios.csv"),
        ("AC-000007", "account AC-000007: suspended since 2026-02-10 (compliance_hold): Source of a large deposit"),
        ("AC-000008", "account AC-000007: suspended since 2026-02-10"),
        ("AC-000011", "account AC-000011 is new: confirm funding and model"),
        ("AC-000010", "account AC-000010: its household is measured only whole and waits for AC-000011"),
        ("P-00010", "account AC-000016 is closing: no rebalancing"),
        ("AC-000019", "account AC-000019 belongs to a client who has died"),
        ("H-00007", "account AC-000019 belongs to a client who has died"),
    ],
)
def test_what_the_book_sets_aside_is_refused_in_a_sentence(ran: Ran, capsys: Capture, named: str, why: str) -> None:
    code, said = asked(capsys, ran, named)
    assert code == EXIT_USAGE
    assert said.startswith("evenkeel: ")
    assert why in said


def test_what_a_check_stops_ends_with_three_and_says_why(ran: Ran, capsys: Capture) -> None:
    home, _, second = ran
    capsys.readouterr()
    assert home.command("propose", "AC-000022", "--date", second) == EXIT_STOPPED
    said = capsys.readouterr().out
    assert "No proposal: account AC-000022: " in said
    assert "fidelity" in said


def test_a_date_that_was_not_run(ran: Ran, capsys: Capture) -> None:
    assert ran[0].command("propose", "P-00003", "--date", "2026-01-05") == EXIT_USAGE
    assert "there is no run of 2026-01-05" in capsys.readouterr().err


def test_a_kind_that_is_none(ran: Ran, capsys: Capture) -> None:
    assert ran[0].command("propose", "P-00003", "--kind", "sell_everything") == EXIT_USAGE
    assert "harvest_only" not in capsys.readouterr().out


def test_trades_of_the_task_list_as_rows(ran: Ran, capsys: Capture) -> None:
    home, date, _ = ran
    capsys.readouterr()
    assert home.command("alerts", "--format", "json", "--date", date) == EXIT_DONE
    tasks = json.loads(capsys.readouterr().out)
    listed = {
        (task["proposal"]["id"], trade["trade_no"]): trade
        for task in tasks
        if task["proposal"]
        for trade in task["proposal"]["trades"]
    }
    assert home.command("trades", "--format", "csv", "--held-back", "--date", date) == EXIT_DONE
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows
    assert len(rows) == len(listed)
    for row in rows:
        trade = listed[row["proposal_id"], int(row["trade_no"])]
        assert (row["account_id"], row["side"], row["security_id"]) == (
            trade["account"]["id"],
            trade["side"],
            trade["security"]["id"],
        )
        assert row["value_usd"] == trade["value_usd"]
    alert = rows[0]["alert_id"]
    assert home.command("trades", "--format", "json", "--held-back", "--date", date, "--alert", alert[:11]) == EXIT_DONE
    assert {row["alert_id"] for row in json.loads(capsys.readouterr().out)} == {alert}
    assert home.command("trades", "--held-back", "--date", date) == EXIT_DONE
    assert "with trades." in capsys.readouterr().out
    assert home.command("trades", "--date", date, "--alert", "ep-none") == EXIT_USAGE
