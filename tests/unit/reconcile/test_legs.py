"""Which transactions are evidence tonight: those of tonight's files, and of the session before's what was believed then."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.rolled_transactions import RolledTransactions
from data_contracts.transactions import Transactions
from evenkeel.stages.reconcile.legs import legs_of

BEFORE, TONIGHT = dt.date(2026, 3, 2), dt.date(2026, 3, 3)


def transactions(on: dt.date, *rows: dict[str, Any]) -> pl.DataFrame:
    """Return `Transactions` of a session; each row has at least an id and a trade date."""
    usual = {
        "business_date": on, "feed": "alpha", "account_id": "A1", "security_id": "STK", "transaction_type": "transfer_in",
        "traded_qty": Decimal(10), "currency": "USD",
    }  # fmt: skip
    schema = Transactions.polars_schema()
    filled = [{name: {**usual, **row}.get(name) for name in schema} for row in rows]
    return pl.DataFrame(filled, schema=schema)


def rolled(*ids: str) -> pl.DataFrame:
    """Return what the ledger of the session before took in."""
    rows = [
        {"business_date": BEFORE, "transaction_id": name, "rolled_date": BEFORE, "seen_date": BEFORE} for name in ids
    ]
    return pl.DataFrame(rows, schema=RolledTransactions.polars_schema())


def told(before: pl.DataFrame | None, known: pl.DataFrame | None, *today: dict[str, Any]) -> dict[str, bool]:
    """Return whether each transaction that is evidence tonight is new to the ledger, by its id."""
    legs = legs_of(TONIGHT, transactions(TONIGHT, *today), before, known, ["alpha"])
    return dict(legs.select("transaction_id", "is_new").iter_rows())


def test_what_the_ledger_took_in_is_known_and_not_new() -> None:
    before = transactions(BEFORE, {"transaction_id": "t1", "trade_date": BEFORE})
    assert told(before, rolled("t1")) == {"t1": False}


def test_a_transaction_of_a_file_not_believed_on_the_session_before_is_no_evidence_tonight() -> None:
    before = transactions(BEFORE, {"transaction_id": "bad", "trade_date": BEFORE})
    assert told(before, rolled("t1")) == {}


def test_it_is_evidence_once_a_believed_file_of_tonight_holds_it() -> None:
    before = transactions(BEFORE, {"transaction_id": "t2", "trade_date": BEFORE})
    assert told(before, rolled(), {"transaction_id": "t2", "trade_date": BEFORE}) == {"t2": True}


def test_what_was_dated_ahead_on_the_session_before_is_done_tonight() -> None:
    before = transactions(BEFORE, {"transaction_id": "ahead", "trade_date": TONIGHT})
    assert told(before, rolled()) == {"ahead": True}


def test_what_is_dated_after_tonight_is_not_done_yet() -> None:
    assert told(None, None, {"transaction_id": "t3", "trade_date": TONIGHT + dt.timedelta(days=1)}) == {}
