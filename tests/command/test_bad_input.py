"""What custodians send by mistake: one clear line, the rest of the book goes on, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from evenkeel.desk.reading import dataset
from tests.command.practice import Home
from tests.command.two_custodians import (
    ALPHA_NAME,
    BETA_NAME,
    MONDAY,
    Rows,
    alpha_rows,
    beta_rows,
    lines_naming,
    make_home,
    put,
    statuses,
    text,
)

ALPHA, BETA = text(alpha_rows()), text(beta_rows())
MIB = 1024 * 1024


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home of two custodians to which nothing has come."""
    return make_home(tmp_path / "home")


def changed(rows: Rows, row: int, column: str, cell: str) -> Rows:
    """Return rows with one cell changed; `row` counts from 1, the header is the last one above it that has the column."""
    header = next(cells for cells in reversed(rows[:row]) if column in cells)
    rows[row - 1][header.index(column)] = cell
    return rows


def columns(rows: Rows, change: Callable[[list[str]], list[str]], width: int) -> Rows:
    """Return rows with `change` applied to those of the full width."""
    return [change(cells) if len(cells) == width else cells for cells in rows]


def without(rows: Rows, column: str) -> Rows:
    header = next(cells for cells in rows if column in cells)
    place = header.index(column)
    return columns(rows, lambda cells: cells[:place] + cells[place + 1 :], len(header))


def renamed(rows: Rows, column: str, name: str) -> Rows:
    return [[name if cell == column else cell for cell in cells] for cells in rows]


@dataclass(frozen=True)
class Works:
    """Content that differs from the usual and must simply work."""

    feed: str
    content: str | bytes


WORKS = {
    "alpha_columns_reversed": Works("alpha", text(columns(alpha_rows(), lambda cells: cells[::-1], 17))),
    "beta_columns_reversed": Works("beta", text(columns(beta_rows(), lambda cells: cells[::-1], 16))),
    "alpha_extra_column": Works(
        "alpha", text(columns(alpha_rows(), lambda cells: [*cells[:3], "New", *cells[3:]], 17))
    ),
    "beta_extra_column": Works("beta", text(columns(beta_rows(), lambda cells: [*cells[:4], "New", *cells[4:]], 16))),
    "alpha_optional_column_missing": Works("alpha", text(without(alpha_rows(), "Ratings"))),
    "beta_optional_column_missing": Works("beta", text(without(beta_rows(), "Last Price Change"))),
    "utf16_with_mark": Works("beta", BETA.encode("utf-16")),
    "utf16_without_mark": Works("alpha", ALPHA.encode("utf-16-le")),
    "windows_1252": Works("beta", text(changed(beta_rows(), 2, "Description", "Société Générale")).encode("cp1252")),
    "windows_line_ends": Works("alpha", ALPHA.replace("\n", "\r\n")),
    "no_last_line_end": Works("beta", BETA.rstrip("\n")),
}


@pytest.mark.parametrize("name", WORKS)
def test_what_differs_and_still_says_everything_works(
    home: Home, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    works = WORKS[name]
    put(home, "alpha", ALPHA_NAME, works.content if works.feed == "alpha" else ALPHA)
    put(home, "beta", BETA_NAME, works.content if works.feed == "beta" else BETA)
    assert home.run(MONDAY) == 0, capsys.readouterr().out
    assert set(statuses(home).values()) == {"scanned"}


@dataclass(frozen=True)
class Stops:
    """A damaged file: what the one line about it says, how many rows are kept as rejects, and the accounts that go on."""

    feed: str
    content: str | bytes
    said: str
    goes_on: str
    reject_count: int = 0
    name: str = ""


def alpha(content: str | bytes, said: str, **more: object) -> Stops:
    return Stops("alpha", content, said, "A4", **more)  # type: ignore[arg-type]


def beta(content: str | bytes, said: str, **more: object) -> Stops:
    return Stops("beta", content, said, "A1", **more)  # type: ignore[arg-type]


STOPS = {
    "cut_before_the_header": alpha(ALPHA[:60], r"no header of a .* table in \d rows?; check"),
    "cut_in_a_row": alpha(
        ALPHA[: ALPHA.index("350") + 3],
        r"row 6 \(the row ends inside a quoted cell: .*; ask for a corrected",
        reject_count=1,
    ),
    "cut_between_rows": alpha(
        ALPHA[: ALPHA.index('"Cash & Cash')], r"row 6: the file ends without the total line .*; fetch"
    ),
    "binary": alpha(
        b"PK\x03\x04" + bytes(range(256)) * 40, r"not text in UTF-8, UTF-16 or Windows-1252; export it again"
    ),
    "empty": beta(b"", r"it is empty; ask the sender for it again"),
    "blank": beta(b"\n\n\n", r"no content; fetch it again"),
    "header_renamed": beta(text(renamed(beta_rows(), "Quantity", "Amount held")), r"Quantity"),
    "column_missing": alpha(text(without(alpha_rows(), "Market Value")), r"Market Value"),
    "number_is_a_word": alpha(
        text(changed(alpha_rows(), 5, "Quantity", "six hundred")),
        r"1 of its 6 rows cannot be read, .* row 5 \(.*; ask for",
        reject_count=1,
    ),
    "weekend": alpha(
        text(alpha_rows("2026/03/07")),
        r"Saturday 2026-03-07, which is no exchange session; ask for the file of 2026-03-06",
        reject_count=6,
    ),
    "future": alpha(
        text(alpha_rows("2026/04/02")),
        r"dated 2026-04-02, after today \(2026-03-20\), and waits for that day; if the date is wrong, ask",
    ),
    "yesterday": alpha(
        text(alpha_rows("2026/02/27")),
        rf"no positions for 2026-03-02 by the deadline \(the newest file, {re.escape(ALPHA_NAME)}, is of 2026-02-27, 1 session old\); "
        "ask alpha for it",
    ),
    "another_brokers": alpha(
        BETA, r"no schwab_csv file but looks like fidelity_csv; move it to that feed's folder", name=BETA_NAME
    ),
    "a_web_page": beta(b"<html><body>Session expired</body></html>" * 9, r"; "),
}


@pytest.mark.parametrize("case", STOPS)
def test_a_damaged_file_is_said_in_one_line_and_holds_up_nobody_else(
    home: Home, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stops = STOPS[case]
    own = stops.name or (ALPHA_NAME if stops.feed == "alpha" else BETA_NAME)
    path = put(home, stops.feed, own, stops.content)
    if stops.feed == "alpha":
        put(home, "beta", "Portfolio_Positions_2026.csv", BETA)
    else:
        put(home, "alpha", "All-Accounts-Positions.csv", ALPHA)
    assert home.run(MONDAY) == 3
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = lines_naming(captured.out, [own])
    assert len(lines) == 1, captured.out
    assert re.search(stops.said, lines[0]), lines[0]
    assert statuses(home)[stops.goes_on] == "scanned"
    assert path.read_bytes() == (stops.content.encode() if isinstance(stops.content, str) else stops.content)
    assert archived(home, path)
    rejects = dataset(home.house(), home.manifest(MONDAY), Rejects)
    assert rejects.height == stops.reject_count
    assert "1000-0001" not in str(rejects["raw_text"].to_list())


def test_a_file_that_comes_before_its_day_waits_for_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    tuesday = dt.date(2026, 3, 3)
    both(home)
    put(home, "alpha", "early.csv", text(alpha_rows("2026/03/03")))
    evening = {"EVENKEEL_CLOCK": "2026-03-02T22:00:00-05:00"}
    assert home.run(MONDAY, **evening) == 3
    assert "early.csv: it is dated 2026-03-03, after today (2026-03-02), and waits" in capsys.readouterr().out
    assert statuses(home)["A1"] == "scanned"
    home.run(tuesday)
    files = dataset(home.house(), home.manifest(tuesday), SourceFiles)
    assert files.select("feed", "status").rows() == [("alpha", "read")]


def archived(home: Home, path: Path) -> bool:
    """Tell whether the archive holds a file's bytes."""
    file_id = hashlib.sha256(path.read_bytes()).hexdigest()
    return (home.path / "archive" / file_id[:2] / file_id[2:]).read_bytes() == path.read_bytes()


def test_a_cut_that_leaves_no_date_takes_it_from_the_name_and_misses_what_is_gone(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    put(home, "alpha", ALPHA_NAME, ALPHA)
    put(home, "beta", BETA_NAME, BETA[: BETA.index('"20000004"')])
    assert home.run(MONDAY) == 3
    assert re.search(r"A4 .*: beta delivered, but without this account", capsys.readouterr().out)
    assert statuses(home)["A1"] == "scanned"


def test_a_wrong_value_stops_its_account_alone(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    put(home, "alpha", ALPHA_NAME, ALPHA)
    put(home, "beta", BETA_NAME, text(changed(beta_rows(), 4, "Current Value", "$30,100.00")))
    assert home.run(MONDAY) == 3
    out = capsys.readouterr().out
    said = [line for line in out.splitlines() if "· stop:" in line]
    assert said == [
        "  operations · stop: account A4: row 4: STK: 300 units at 100 make 30000.0, the file says 30100; ask for a corrected file"
    ]
    assert statuses(home) == {"A1": "scanned", "A2": "scanned", "A3": "scanned", "A4": "quarantined"}


def test_a_location_that_cannot_be_reached_stops_its_feed_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = (
        f"- {{feed: alpha, layout: schwab_csv, location: {tmp_path}/unmounted}}\n"
        "- {feed: beta, layout: fidelity_csv, location: inbox/beta}\n"
    )
    home = make_home(tmp_path / "home", feeds_yaml=feeds)
    put(home, "beta", BETA_NAME, BETA)
    assert home.run(MONDAY) == 3
    lines = [line for line in capsys.readouterr().out.splitlines() if "unmounted" in line]
    assert len(lines) == 1
    assert lines[0].startswith("Not taken in: feed alpha: ")
    assert lines[0].endswith("check that it exists and is mounted")
    assert statuses(home)["A4"] == "scanned"


def both(home: Home) -> None:
    put(home, "alpha", ALPHA_NAME, ALPHA)
    put(home, "beta", BETA_NAME, BETA)


def test_a_folder_named_like_a_file_and_a_link(home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    both(home)
    (home.path / "inbox" / "alpha" / "folder.csv").mkdir()
    (home.path / "inbox" / "alpha" / "processed").mkdir()
    (tmp_path / "elsewhere").write_text("secret")
    (home.path / "inbox" / "beta" / "link.csv").symlink_to(tmp_path / "elsewhere")
    assert home.run(MONDAY) == 3
    out = capsys.readouterr().out
    assert lines_naming(out, ["folder.csv"]) == [
        "Not taken in: feed alpha: folder.csv: it is a folder, which is not followed; deliver the file itself in its place"
    ]
    assert lines_naming(out, ["link.csv"]) == [
        "Not taken in: feed beta: link.csv: it is a link, which is not followed; deliver the file itself in its place"
    ]
    assert "processed" not in out
    assert set(statuses(home).values()) == {"scanned"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    both(home)
    put(home, "alpha", "locked.csv", "x").chmod(0)
    assert home.run(MONDAY) == 3
    assert len(lines_naming(capsys.readouterr().out, ["locked.csv"])) == 1
    assert set(statuses(home).values()) == {"scanned"}


MEASURED = """
import pathlib, resource, sys
from evenkeel.cli import run_command
code = run_command(sys.argv[1:])
status = pathlib.Path("/proc/self/status")
if status.exists():  # what `getrusage` tells holds the memory of the process that started this one
    peak = int(status.read_text().partition("VmHWM:")[2].split()[0])
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("PEAK", peak // 1024)
sys.exit(code)
"""


@pytest.mark.slow
def test_a_file_of_three_gigabytes_is_refused_unread(home: Home) -> None:
    both(home)
    huge = put(home, "alpha", "huge.csv", "x")
    os.truncate(huge, 3 * 1024 * MIB)
    os.utime(huge, (1_770_000_000, 1_770_000_000))
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, "run", "--date", str(MONDAY)],
        env=os.environ | home.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3, run.stderr
    assert lines_naming(run.stdout, ["huge.csv"]) == [
        "Not taken in: feed alpha: huge.csv: 3,221,225,472 bytes, more than the 2,048 MiB that are taken in, so it was left where it is; "
        "split it by account, or raise EVENKEEL_MAX_FILE_MIB"
    ]
    peak = int(run.stdout.rpartition("PEAK ")[2])
    assert peak < 900, f"{peak} MiB at its peak"
    assert set(statuses(home).values()) == {"scanned"}
    assert huge.exists()


def test_a_file_above_its_layouts_limit_is_kept_and_not_parsed(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    both(home)
    big = put(home, "alpha", "big.csv", ALPHA + (" " * 1023 + "\n") * 2048)
    assert home.run(MONDAY, EVENKEEL_MAX_FILE_MIB="3") == 0
    home.run(MONDAY, EVENKEEL_MAX_FILE_MIB="1")
    (line,) = lines_naming(capsys.readouterr().out.rpartition("Monday")[2], ["big.csv"])
    assert (
        "more than the 1,048,576 that layout schwab_csv reads; split it by account, or raise EVENKEEL_MAX_FILE_MIB"
        in line
    )
    assert archived(home, big)


BAD_BOOK = {
    "accounts_csv": (
        "account_id,account_number,custodian,household_id,registration,model_id\n"
        "A1,1000-0001,alpha,H9,individual,mix\n"
        "A1,1000-0002,alpha,H2,alien,mix\n"
    )
}


def test_a_book_with_errors_lists_them_all_and_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path / "home", **BAD_BOOK)
    both(home)
    for words in (("run", "--date", str(MONDAY)), ("book", "check"), ("backfill", str(MONDAY), str(MONDAY))):
        assert home.command(*words) == 2
        said = capsys.readouterr().err.splitlines()
        assert re.fullmatch(r"The book has \d+ problems; nothing was run:", said[0])
        problems = said[1:]
        assert len(problems) == int(said[0].split()[3])
        assert all(re.match(r"  \S+\.(csv|yaml)", problem) for problem in problems)
        for word in ("H9", "alien", "A1"):
            assert any(word in problem for problem in problems), f"{word} is not said"
    assert home.house().records.committed_dates() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--dates", "2026-03-02"), "--dates"),
        (("run", "--date", "yesterday"), "yesterday"),
        (("run", "--date", "2026-02-30"), "2026-02-30"),
        (("frobnicate",), "frobnicate"),
        (("backfill", "2026-03-02"), "TO"),
        (("alerts", "--format", "xml"), "xml"),
        (("alerts", "--date", "2026-03-02"), "no run yet"),
        (("alerts", "--adviser", "nobody"), "no run yet"),
        (("status",), "no run yet"),
        (("sql", "drop table alerts"), "only questions"),
        (("sql", "select nonsense"), "nonsense"),
        (("run", "--as-known-at", "2026-03-03T07:00:00"), "zone"),
        (("run", "--home", "/nowhere/at/all"), "/nowhere/at/all is no home"),
        (("market-event", "--reason", "x", "--move", "us_equity"), "us_equity"),
    ],
)
def test_wrong_use_is_told_in_one_message(
    home: Home, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert home.command(*words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err + captured.out


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("EVENKEEL_CLOCK", "soon"),
        ("EVENKEEL_CLOCK", "2026-03-03T07:00:00"),
        ("EVENKEEL_MAX_FILE_MIB", "0"),
        ("EVENKEEL_ACCOUNT_KEY", "not hexadecimal"),
        ("EVENKEEL_DATABASE_URL", "nonsense"),
    ],
)
def test_wrong_settings_are_told_in_one_line(
    home: Home, capsys: pytest.CaptureFixture[str], setting: str, value: str
) -> None:
    assert home.run(MONDAY, **{setting: value}) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert setting in err


def test_every_stop_is_also_in_status_and_in_the_datasets(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    put(home, "alpha", ALPHA_NAME, b"")
    put(home, "beta", BETA_NAME, BETA)
    home.run(MONDAY)
    capsys.readouterr()
    assert home.command("status") == 0
    assert ALPHA_NAME in capsys.readouterr().out
    assert home.command("sql", "select \"check\", row_no from exceptions where scope = 'file'", "--format", "csv") == 0
    assert capsys.readouterr().out == "check,row_no\nfile_empty,\n"


def test_what_came_right_after_all_releases_the_day(home: Home) -> None:
    put(home, "alpha", ALPHA_NAME, ALPHA[:400])
    put(home, "beta", BETA_NAME, BETA)
    assert home.run(MONDAY) == 3
    put(home, "alpha", "second-" + ALPHA_NAME, ALPHA)
    home.run(MONDAY)
    assert set(statuses(home).values()) == {"scanned"}
