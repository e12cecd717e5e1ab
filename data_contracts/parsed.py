"""The shape of what an adapter returns: a fact's contract before the door.

An adapter knows the file and nothing else: not the book, not the calendar, not the key of the digests. So its frames have a
contract's columns without those that the door fills, and with what the door needs to fill them.
"""

from __future__ import annotations

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.other_rows import OtherRows
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions

FACT_CONTRACTS: tuple[type[Contract], ...] = (
    Positions,
    CashBalances,
    TaxLots,
    Transactions,
    RealizedLots,
    Prices,
    OpenOrders,
    FxRates,
    Indicators,
    SecurityTexts,
    ControlTotals,
    OtherRows,
)
"""Every contract that a file's rows can fill."""

DOOR_COLUMNS = (
    "business_date",
    "feed",
    "file_id",
    "account_key",
    "account_mask",
    "account_id",
    "security_id",
    "transaction_id",
)
"""Columns that the door fills, from the feed, the file, the book and the key."""

SOURCE_ACCOUNT = "source_account"
"""The account as the file has it, in clear: exists only between adapter and door. Empty where the file names none."""

AS_OF_TIME = "as_of_time"
"""Eastern wall-clock time of the as-of moment; null where the file states a date only."""


def parsed_schema(contract: type[Contract]) -> pl.Schema:
    """Return columns and types of an adapter's frame for `contract`.

    `source_account` stands in for the account columns and `as_of_time` beside `as_of_date`, where the contract has those.
    """
    full = contract.polars_schema()
    columns: dict[str, pl.DataType | type[pl.DataType]] = {}
    for name, dtype in full.items():
        if name == "account_key":
            columns[SOURCE_ACCOUNT] = pl.String()
        if name not in DOOR_COLUMNS:
            columns[name] = dtype
        if name == "as_of_date":
            columns[AS_OF_TIME] = pl.Time()
    return pl.Schema(columns)
