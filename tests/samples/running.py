"""Deliver a sample file to a fresh home, run its date by the real command, and read what came of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import yaml

from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.drift import Drift
from data_contracts.exceptions import Exceptions
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from evenkeel import calendar
from evenkeel.cli import run_command
from evenkeel.wiring import open_house, read_settings
from tests.samples.cases import HERE, Case


@dataclass(frozen=True)
class Outcome:
    """What the command left behind."""

    exit_code: int
    printed: str
    file_id: str
    source_file: dict[str, Any]
    facts: dict[str, pl.DataFrame]
    """The sample file's rows by dataset."""
    rejects: pl.DataFrame
    exceptions: list[dict[str, Any]]
    coverage: dict[str, str]
    drift: dict[tuple[str, str], dict[str, Any]]
    """By portfolio and class."""
    alerts: list[dict[str, Any]]
    """As `evenkeel alerts --format json` prints them."""


def run_case(case: Case, samples: Path, home: Path) -> Outcome:
    """Run the case in `home`, an empty folder."""
    _write_book(case, home / "book")
    source = samples / case.file
    feed = _feed(home / "book")
    _deliver(source, home / "inbox" / feed, case.deliver_as or source.name)
    for further, name in case.with_files.items():
        _deliver(HERE / "files" / name, home / "inbox" / further, name)
    morning = dt.datetime.combine(calendar.next_session(case.run), dt.time(9), calendar.EASTERN)
    settings = {
        "EVENKEEL_CLOCK": morning.isoformat(),
        "EVENKEEL_SETTLE_SECONDS": "0",
        "EVENKEEL_ACCOUNT_KEY": "5e" * 32,
    }
    with mock.patch.dict(os.environ, settings):
        code, printed = _command(["run", "--date", str(case.run), "--home", str(home)])
        assert code in (0, 3), printed
        alerts_code, alerts = _command(["alerts", "--date", str(case.run), "--home", str(home), "--format", "json"])
        assert alerts_code == 0, alerts
        return _read(code, printed, json.loads(alerts), home, case.run, feed)


def _write_book(case: Case, target: Path) -> None:
    for part in ("common", *case.books):
        shutil.copytree(HERE / "book" / part, target, dirs_exist_ok=True)


def _feed(book: Path) -> str:
    """Return the name of the feed that delivers the sample: the first in feeds.yaml."""
    feeds = yaml.safe_load((book / "feeds.yaml").read_text(encoding="utf-8"))
    return str(feeds[0]["feed"])


def _deliver(source: Path, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / name)


def _command(words: Sequence[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(list(words))
    return code, out.getvalue() + err.getvalue()


def _read(code: int, printed: str, alerts: list[dict[str, Any]], home: Path, date: dt.date, feed: str) -> Outcome:
    house = open_house(read_settings(home))
    run = house.records.manifest(date)
    assert run is not None, printed
    stored = {dataset.dataset: dataset for dataset in run.datasets}

    def read(contract: type[Contract]) -> pl.DataFrame:
        return house.store.read(contract, stored[contract.dataset_name()])

    file = read(SourceFiles).filter(pl.col("feed") == feed).row(0, named=True)
    of_file = pl.col("file_id") == file["file_id"]
    facts = {contract.dataset_name(): read(contract).filter(of_file) for contract in FACT_CONTRACTS}
    return Outcome(
        exit_code=code,
        printed=printed,
        file_id=file["file_id"],
        source_file=file,
        facts={name: frame for name, frame in facts.items() if frame.height},
        rejects=read(Rejects).filter(of_file),
        exceptions=read(Exceptions).to_dicts(),
        coverage=dict(read(Coverage).select("account_id", "status").iter_rows()),
        drift={(row["portfolio_id"], row["node_id"]): row for row in read(Drift).iter_rows(named=True)},
        alerts=alerts,
    )
