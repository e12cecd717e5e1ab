"""The runbook explains every check, and every check can be raised."""

import re
from pathlib import Path

import pytest

from data_contracts.vocab import Check

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| ((?:stop|wait|note)[^|]*) \|(.*)\|$", RUNBOOK, flags=re.MULTILINE)


def test_every_check_has_its_row() -> None:
    assert sorted(name for name, _, _ in ROWS if name in set(Check)) == sorted(Check)


def test_the_runbook_speaks_of_no_other_check() -> None:
    effects = {"stop", "wait", "note"}
    assert {name for name, _, _ in ROWS} - effects == set(Check)


@pytest.mark.parametrize(("name", "cells"), [(name, cells) for name, _, cells in ROWS])
def test_every_row_says_meaning_reason_and_release(name: str, cells: str) -> None:
    assert len([cell for cell in cells.split("|") if cell.strip()]) == 3, name


@pytest.mark.parametrize("check", Check)
def test_every_check_is_raised_somewhere(check: Check) -> None:
    folders = [ROOT / "evenkeel" / "stages", ROOT / "evenkeel" / "adapters", ROOT / "evenkeel" / "run"]
    code = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    assert re.search(rf"\bCheck\.{check.name}\b", code), f"{check.name} stands in the vocabulary and nothing raises it"
