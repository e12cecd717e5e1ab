"""A frame is what its contract says, or the reason is precise and holds nobody's values."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.book.advisers import Advisers
from data_contracts.conform import ContractBreach, conform, digest
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.source_files import SourceFiles


def advisers(*ids: str) -> pl.DataFrame:
    return pl.DataFrame({"adviser_id": ids, "name": [f"N{i}" for i in ids], "is_senior": [False] * len(ids)})


def test_rows_are_sorted_by_key_and_missing_columns_are_null() -> None:
    frame = conform(advisers("b", "a"), Advisers)
    assert frame.columns == list(Advisers.polars_schema())
    assert frame["adviser_id"].to_list() == ["a", "b"]
    assert frame["email"].null_count() == 2


def test_a_repeated_key_is_refused() -> None:
    with pytest.raises(ContractBreach, match=r"advisers: 2 rows repeat a key \(adviser_id\)"):
        conform(advisers("a", "b", "a", "a"), Advisers)


def test_a_frame_that_is_not_sorted_as_said_is_refused() -> None:
    with pytest.raises(ContractBreach, match="said to be sorted"):
        conform(advisers("b", "a"), Advisers, is_sorted=True)
    assert conform(advisers("a", "b"), Advisers, is_sorted=True).height == 2


@pytest.mark.parametrize("rows", [3, 300_000])
def test_a_wrong_code_is_found_in_a_frame_of_any_size_and_not_quoted(rows: int) -> None:
    frame = pl.DataFrame(
        {
            "business_date": [dt.date(2026, 3, 2)] * rows,
            "account_id": [f"A{i:07}" for i in range(rows)],
            "portfolio_id": ["P"] * rows,
            "household_id": ["H"] * rows,
            "custodian": ["c"] * rows,
            "status": ["scanned"] * (rows - 1) + ["Jane Doe"],
        }
    )
    with pytest.raises(ContractBreach, match="coverage: column status fails") as caught:
        conform(frame, Coverage)
    assert "Jane" not in str(caught.value)


def test_a_missing_column_and_a_wrong_type_are_named() -> None:
    with pytest.raises(ContractBreach, match="advisers: columns missing: name"):
        conform(advisers("a").drop("name"), Advisers)
    with pytest.raises(ContractBreach, match="advisers: a column is not of its type"):
        conform(advisers("a").with_columns(is_senior=pl.lit("perhaps")), Advisers)


@given(st.permutations(["a", "b", "c", "d"]))
def test_a_digest_does_not_depend_on_the_order_of_rows(ids: list[str]) -> None:
    assert digest(conform(advisers(*ids), Advisers), Advisers) == digest(
        conform(advisers("a", "b", "c", "d"), Advisers), Advisers
    )


def test_run_stamps_are_the_only_columns_outside_a_digest() -> None:
    from evenkeel.run.catalogue import DATASETS

    left_out = {
        name: contract.undigested_columns() for name, contract in DATASETS.items() if contract.undigested_columns()
    }
    assert left_out == {"source_files": ["received_at"]}
    assert issubclass(SourceFiles, Contract)
