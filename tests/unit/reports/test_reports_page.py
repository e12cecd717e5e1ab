"""docs/reports.md has every figure as it is defined."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import get_args

import pytest

from evenkeel.cli.report_commands import ReportName
from evenkeel.desk.reporting.files import write_all
from evenkeel.desk.reporting.making import KINDS
from evenkeel.reports.definitions import definitions_table
from evenkeel.reports.drift_compliance import NAME, drift_compliance
from tests.conftest import ROOT
from tests.support.reporting import Telling


def test_the_page_has_the_definitions() -> None:
    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    assert "\n".join(definitions_table()) in page
    assert [name for name in KINDS if f"| `{name}` |" not in page] == []


def test_the_command_names_every_report() -> None:
    assert list(get_args(ReportName)) == list(KINDS)


def test_a_report_can_be_written_to_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    within = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return within(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    written = write_all(drift_compliance(Telling().facts()), tmp_path / "new")
    assert sorted(tmp_path.joinpath("new").iterdir()) == sorted(written)
    assert written[0].name == f"{NAME}.html"
