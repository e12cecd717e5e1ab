"""Trades of a task list as rows: each once, none that is held back unless asked for, nothing that runs as a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from evenkeel.desk.task_list import Task
from evenkeel.desk.trades_report import COLUMNS, held_back_line, to_csv, to_json, trade_rows, with_trades
from evenkeel.errors import UsageError
from tests.unit.desk.proposed import proposed, without_trades


def task(alert: str, proposal: dict[str, Any] | None) -> Task:
    return {
        "id": alert,
        "business_date": "2026-07-06",
        "adviser": {"id": "A1"},
        "household": {"name": "=Lindqvist"},
        "portfolio": {"id": "P1", "name": None},
        "proposal": proposal,
    }


HELD = {**proposed(status="held_back"), "id": "pro-held"}
TASKS = [
    task("ep-aa", proposed()),
    task("ep-ab", proposed()),
    task("ep-b", HELD),
    task("ep-c", None),
    task("ep-d", without_trades("nothing_to_trade")),
]


def test_a_list_that_answers_two_alerts_is_listed_once() -> None:
    listed = with_trades(TASKS, None, with_held_back=False)
    assert [one["id"] for one in listed.tasks] == ["ep-aa"]
    assert [row["trade_no"] for row in trade_rows(listed.tasks)] == [1, 2, 3]


def test_what_is_held_back_is_left_out_and_said() -> None:
    listed = with_trades(TASKS, None, with_held_back=False)
    assert held_back_line(listed) == (
        "1 proposal is held back by a check and left out; `evenkeel alerts` says why, --held-back lists them too."
    )
    everything = with_trades(TASKS, None, with_held_back=True)
    assert [one["id"] for one in everything.tasks] == ["ep-aa", "ep-b"]
    assert held_back_line(everything) is None
    assert trade_rows(everything.tasks)[-1]["proposal_status"] == "held_back"


def test_one_alert_by_the_beginning_of_its_id() -> None:
    assert [one["id"] for one in with_trades(TASKS, "ep-ab", with_held_back=False).tasks] == ["ep-ab"]
    assert with_trades(TASKS, "ep-c", with_held_back=False).tasks == []
    with pytest.raises(UsageError, match="the beginning of 2 alerts"):
        with_trades(TASKS, "ep-a", with_held_back=False)
    for unknown in ("ep-x", " "):
        with pytest.raises(UsageError, match="there is no alert"):
            with_trades(TASKS, unknown, with_held_back=False)


def test_csv_reads_back_and_runs_no_formula() -> None:
    rows = trade_rows(with_trades(TASKS, None, with_held_back=False).tasks)
    sale, second, purchase = csv.DictReader(io.StringIO(to_csv(rows)))
    assert sale["household_name"] == "'=Lindqvist"
    assert (sale["side"], sale["traded_qty"], sale["lot_id"], sale["is_long_term"]) == ("sell", "400", "L1", "true")
    assert second["gain_usd"] == "-500.00", "a negative figure is a figure"
    assert second["reasons"] == "overweight loss_first"
    assert (purchase["side"], purchase["lot_id"], purchase["is_long_term"]) == ("buy", "", "")
    assert tuple(sale) == COLUMNS
    assert to_csv([]).strip() == ",".join(COLUMNS)


def test_json_has_the_same_rows() -> None:
    rows = trade_rows(with_trades(TASKS, None, with_held_back=False).tasks)
    assert json.loads(to_json(rows)) == rows
    assert to_json([]) == "[]\n"
