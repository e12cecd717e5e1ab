"""What reports take of orders and fills; joined by whoever keeps them."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import polars as pl

from data_contracts.execution_differences import ExecutionDifferences
from data_contracts.fills import Fills
from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders


class Execution(Protocol):
    """Orders with their allocations, fills and differences."""

    @property
    def is_kept(self) -> bool:
        """Return whether this home keeps them; where not, empty frames say nothing."""
        ...

    def orders(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return `data_contracts.orders` whose trade date lies between two days."""
        ...

    def allocations(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return `data_contracts.order_allocations` of those orders."""
        ...

    def fills(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return `data_contracts.fills` of those orders."""
        ...

    def differences(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return `data_contracts.execution_differences` found between two days."""
        ...


class NoExecution:
    """A home that keeps none."""

    is_kept = False

    def orders(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return none."""
        return Orders.empty_frame()

    def allocations(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return none."""
        return OrderAllocations.empty_frame()

    def fills(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return none."""
        return Fills.empty_frame()

    def differences(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return none."""
        return ExecutionDifferences.empty_frame()
