"""What a person types wrongly, or at the wrong moment, gets one line that helps."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from evenkeel.cli import run_command
from evenkeel.wiring import _open
from tests.command.practice import Home

MONDAY = dt.date(2026, 3, 2)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_init_leaves_a_book_that_is_there_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "firm"
    assert run_command(["init", "--home", str(home)]) == 0
    assert (home / "inbox" / "schwab").is_dir()
    (home / "book" / "restrictions.csv").unlink()
    capsys.readouterr()
    assert run_command(["init", "--home", str(home)]) == 0
    assert "has a book already" in told(capsys)
    assert not (home / "book" / "restrictions.csv").exists()


def test_a_lost_key_is_not_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "firm"
    assert run_command(["init", "--home", str(home)]) == 0
    (home / "lake").mkdir()
    (home / "keys" / "account.key").unlink()
    _open.cache_clear()
    assert run_command(["book", "check", "--home", str(home)]) == 2
    assert "restore it from its backup" in told(capsys)
    assert run_command(["init", "--home", str(home)]) == 0
    assert run_command(["book", "check", "--home", str(home)]) == 0


def test_dates_the_wrong_way_round(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.command("backfill", "2026-03-05", "2026-03-02") == 2
    assert "2026-03-05 is after 2026-03-02; give the earlier date first" in told(capsys)


def test_nothing_judged_is_no_all_clear(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.run(MONDAY)
    capsys.readouterr()
    assert home.command("alerts") == 0
    out = told(capsys)
    assert "Nothing could be judged" in out
    assert "Nothing is outside its bands" not in out


def test_a_dash_reads_the_query_from_standard_input(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select 40 + 2 as answer"))
    assert home.command("sql", "-", "--format", "csv") == 0
    assert told(capsys) == "answer\n42\n"


def test_an_event_is_not_emitted_into_the_void(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    words = ("market-event", "--reason", "x", "--move", "us_equity=-0.1", "--emit")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert home.command(*words) == 1
    assert "the Prefect server at http://127.0.0.1:9/api does not answer" in told(capsys)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert home.command(*words) == 2
    assert "no Prefect server is known" in told(capsys)
