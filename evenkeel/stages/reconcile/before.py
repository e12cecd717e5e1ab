"""What reconcile reads of the session before."""

from __future__ import annotations

from dataclasses import dataclass

from pandera.typing.polars import DataFrame

from data_contracts.custodian_totals import CustodianTotals
from data_contracts.indicators import Indicators
from data_contracts.ledger import Ledger
from data_contracts.open_orders import OpenOrders
from data_contracts.rolled_transactions import RolledTransactions
from data_contracts.transactions import Transactions


@dataclass(frozen=True)
class Before:
    """What the session before left; all None on the first."""

    ledger: DataFrame[Ledger] | None = None
    rolled: DataFrame[RolledTransactions] | None = None
    totals: DataFrame[CustodianTotals] | None = None
    transactions: DataFrame[Transactions] | None = None
    orders: DataFrame[OpenOrders] | None = None
    indicators: DataFrame[Indicators] | None = None
