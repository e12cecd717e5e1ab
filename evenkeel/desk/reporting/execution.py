"""What reports take of orders and fills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from data_contracts.contract import Contract
from data_contracts.execution_differences import ExecutionDifferences
from data_contracts.fills import Fills
from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders
from evenkeel.orders.differences import differences_frame
from evenkeel.orders.fills import fills_frame
from evenkeel.orders.frames import allocations_frame, orders_frame
from evenkeel.ports import Batch, Block
from evenkeel.ports.order_book import Difference
from evenkeel.run.house import House


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


class KeptExecution:
    """What the home's records have of its orders."""

    is_kept = True

    def __init__(self, house: House) -> None:
        self._book = house.order_book

    def orders(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return the block orders."""
        return _joined(Orders, [orders_frame(one) for one in self._batches(first, last)])

    def allocations(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return each account's and lot's part of them."""
        return _joined(OrderAllocations, [allocations_frame(one) for one in self._batches(first, last)])

    def fills(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return their executions."""
        ids = [block.order_id for batch in self._batches(first, last) for block in batch.blocks]
        return fills_frame(self._book.fills(ids)) if ids else Fills.empty_frame()

    def differences(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return what differs."""
        dates: dict[dt.date, list[Difference]] = {}
        for one in self._book.differences():
            if first <= one.business_date <= last:
                dates.setdefault(one.business_date, []).append(one.difference)
        return _joined(ExecutionDifferences, [differences_frame(date, found) for date, found in sorted(dates.items())])

    def _batches(self, first: dt.date, last: dt.date) -> list[Batch]:
        batches = self._book.batches(traded_from=first)
        within = [replace(one, blocks=_of_days(one, first, last)) for one in batches]
        return [one for one in within if one.blocks]


def _of_days(batch: Batch, first: dt.date, last: dt.date) -> tuple[Block, ...]:
    return tuple(block for block in batch.blocks if first <= block.trade_date <= last)


def _joined(contract: type[Contract], frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames) if frames else contract.empty_frame()
