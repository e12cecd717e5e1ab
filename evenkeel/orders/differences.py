"""One difference between what was done and what was ordered or approved, and all of them as a dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.execution_differences import ExecutionDifferences
from data_contracts.vocab import DifferenceKind
from evenkeel.identity import stable_id


@dataclass(frozen=True)
class Difference:
    """What differs: `subject` is a node, a security, a lot or an execution; `expected` and `found` in `unit` (frac, usd or qty).

    `proposal_id` is null where it is the block's own, of all its proposals.
    """

    kind: DifferenceKind
    proposal_id: str | None
    account_id: str | None
    subject: str
    expected: Decimal
    found: Decimal
    unit: str
    text: str
    order_id: str | None = None


def differences_frame(business_date: dt.date, differences: Iterable[Difference]) -> DataFrame[ExecutionDifferences]:
    """Return the differences found for a session as the dataset."""
    rows = [
        {
            "difference_id": stable_id(
                "diff", business_date, one.kind.value, one.proposal_id, one.account_id, one.subject, one.order_id
            ),
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
