"""The tables of columns in the page are those of the contracts, and a stale one fails here."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.engine.codes import Effect, Finding, FoundBy, Outcome, Remark
from evenkeel.engine.tables.fits import FITS
from evenkeel.engine.tables.page import PAGE, page_with_tables
from evenkeel.errors import UsageError


def test_the_tables_of_the_page_are_not_stale() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page_with_tables(text) == text, "run `python -m evenkeel.engine.tables.page --write`"


def test_every_outcome_and_finding_is_told() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [code for code in (*Outcome, *Finding, *FoundBy, *Remark, *Effect) if f"| `{code}` |" not in text] == []


def test_every_range_stands_in_the_description_of_its_column() -> None:
    for contract, figures in FITS.items():
        columns: dict[str, Any] = contract.to_schema().columns
        for name, fit in figures.items():
            assert fit.words in columns[name].description, f"{contract.__name__}.{name}"
            assert fit.may_be_null == columns[name].nullable or name == "price_usd", f"{contract.__name__}.{name}"


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(UsageError, match="### accounts"):
        page_with_tables("# Nothing\n")
