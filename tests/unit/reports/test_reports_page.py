"""docs/reports.md has every figure as it is defined."""

from __future__ import annotations

from typing import get_args

from evenkeel.cli.report_commands import ReportName
from evenkeel.desk.reporting.making import KINDS
from evenkeel.reports.definitions import definitions_table
from tests.conftest import ROOT


def test_the_page_has_the_definitions() -> None:
    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert "\n".join(definitions_table()) in page
    assert [name for name in KINDS if f"| `{name}` |" not in page] == []


def test_the_command_names_every_report() -> None:
    assert list(get_args(ReportName)) == list(KINDS)
