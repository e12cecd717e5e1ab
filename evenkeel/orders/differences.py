"""Differences between what was done and what was ordered or approved, as a dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.execution_differences import ExecutionDifferences
from evenkeel.identity import stable_id
from evenkeel.ports.order_book import Difference


def differences_frame(business_date: dt.date, differences: Iterable[Difference]) -> DataFrame[ExecutionDifferences]:
    """Return the differences found for a session as the dataset."""
    rows = [
        {
            "difference_id": difference_id(business_date, one),
            "business_date": business_date,
            "kind": one.kind.value,
            "order_id": one.order_id,
            "proposal_id": one.proposal_id,
            "account_id": one.account_id,
            "subject": one.subject,
            "expected": one.expected,
            "found": one.found,
            "unit": one.unit,
            "text": one.text,
        }
        for one in differences
    ]
    return conform(pl.DataFrame(rows, schema=ExecutionDifferences.polars_schema()), ExecutionDifferences)


def difference_id(business_date: dt.date, one: Difference) -> str:
    """Return the id of a difference: of what it is about, not of its figures."""
    return stable_id("diff", business_date, one.kind.value, one.proposal_id, one.account_id, one.subject, one.order_id)


def acknowledgement_id(difference_id: str, expected: Decimal, found: Decimal) -> str:
    """Return the id of an acknowledgement: of a difference with these figures, however many zeros they are written with."""
    return stable_id("ack", difference_id, *(f"{figure.normalize():f}" for figure in (expected, found)))
