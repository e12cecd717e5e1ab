"""The reports as a flow: written for the month that is over, or the one that is asked for."""

from __future__ import annotations

import datetime as dt

from flows.reports import reports
from tests.flows.practice import Practice


def test_the_month_before_or_the_one_asked_for(server: str, practice: Practice) -> None:
    with practice.at(dt.datetime(2026, 5, 2, 15, tzinfo=dt.UTC)):
        assert (reports(return_state=True).message or "").endswith("files written")
        reports("2026-Q1", return_state=True)
        folder = practice.house().home / "reports"
        assert sorted(path.name for path in folder.iterdir()) == ["2026-04", "2026-Q1"]
        assert (folder / "2026-Q1" / "sample-audit.html").exists()
        assert not (folder / "2026-04" / "sample-audit.html").exists()
