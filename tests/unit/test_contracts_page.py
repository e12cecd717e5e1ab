"""The page of datasets is generated, and a stale one fails here."""

from __future__ import annotations

from evenkeel.run.catalogue import DATASETS
from evenkeel.run.contracts_page import PAGE, page


def test_the_page_of_datasets_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make contracts`"


def test_every_dataset_has_a_section() -> None:
    text = page()
    assert [name for name in DATASETS if f"### {name}\n" not in text] == []
