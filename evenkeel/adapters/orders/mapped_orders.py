"""Any custodian's order file by a map of its columns (`order_map`): not verified by us, and refused where the map cannot say an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from data_contracts.vocab import LotInstruction, OrderType
from evenkeel.adapters.orders.order_map import OrderColumn, OrderMap
from evenkeel.adapters.orders.plain import account_number, refuse_named_lots, word
from evenkeel.adapters.orders.written import Written, from_csv, to_csv
from evenkeel.decimals import digits
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Allocation, Batch, Block, OrderedLot

Value = str | int | Decimal | dt.date | None


@dataclass(frozen=True)
class MappedOrderWriter:
    """Writes one custodian's orders as its map says."""

    order_map: OrderMap

    def __call__(self, batch: Batch, numbers: Mapping[str, str]) -> Written:
        """Return the file, sales first.

        Raises:
            UsageError: An order needs a column that the map lacks, a code has no word in it, or a word cannot stand in the file.
        """
        meant: list[dict[str, Value]] = []
        rows: list[list[str]] = []
        for values in self._rows(batch, numbers):
            order_id = str(values["order_id"])
            meant.append(values)
            rows.append([self._cell(column, values, order_id) for column in self.order_map.columns])
        header = [[word(column.header, "header", batch.batch_id) for column in self.order_map.columns]]
        data = to_csv([*header, *rows] if self.order_map.has_header else rows, self.order_map.delimiter)
        self._compare(data, meant, batch.batch_id)
        return Written(".csv", data, tuple(block.order_id for block in batch.blocks))

    def _rows(self, batch: Batch, numbers: Mapping[str, str]) -> Iterator[dict[str, Value]]:
        for place, block in enumerate(batch.blocks, start=1):
            self._can_say(block)
            whole = _block_values(batch, block, place)
            if self.order_map.rows == "block":
                for part in block.allocations:
                    self._can_name(block, part)
                yield whole
                continue
            for part in block.allocations:
                self._can_name(block, part)
                mine = whole | _part_values(block, part, numbers)
                if self.order_map.rows == "account":
                    yield mine
                    continue
                for lot in part.lots:
                    yield mine | _lot_values(block, lot)

    def _can_say(self, block: Block) -> None:
        fields = {column.field for column in self.order_map.columns}
        needed = {"order_qty" if block.order_value_usd is None else "order_value_usd"}
        needed |= {"limit_price_usd"} if block.order_type == OrderType.LIMIT else set()
        missing = sorted(needed - fields)
        if missing:
            raise UsageError(
                f"order {block.order_id}: map {self.order_map.name} has no column for {', '.join(missing)}; add one, or use another form"
            )

    def _can_name(self, block: Block, part: Allocation) -> None:
        fields = {column.field for column in self.order_map.columns}
        without = [
            lot
            for lot in part.lots
            if not ("lot_id" in fields and lot.lot_id) and not ("lot_opened_date" in fields and lot.lot_opened_date)
        ]
        refuse_named_lots(block, without, f"map {self.order_map.name}")

    def _cell(self, column: OrderColumn, values: Mapping[str, Value], order_id: str) -> str:
        if column.field is None:
            return word(column.text, column.header, order_id) if column.text else ""
        value = values.get(column.field)
        if value is None:
            return ""
        if column.values:
            if str(value) not in column.values:
                raise UsageError(
                    f"order {order_id}: map {self.order_map.name} has no word for {column.field} {value}; add it to the column's values"
                )
            value = column.values[str(value)]
        if isinstance(value, dt.date):
            return value.strftime(self.order_map.date_form)
        if isinstance(value, Decimal):
            return digits(value)
        return word(str(value), column.header, order_id)

    def _compare(self, data: bytes, meant: list[dict[str, Value]], batch_id: str) -> None:
        rows = from_csv(data, self.order_map.delimiter)
        for row, values in zip(rows[1:] if self.order_map.has_header else rows, meant, strict=True):
            for column, cell in zip(self.order_map.columns, row, strict=True):
                if column.field is not None and self._read(column, cell, values[column.field]) != values[column.field]:
                    raise UsageError(
                        f"batch {batch_id}: column {column.header} of map {self.order_map.name} reads back differently; check its form"
                    )

    def _read(self, column: OrderColumn, cell: str, like: Value) -> Value:
        """Return a cell in the type of what was meant."""
        if not cell:
            return None
        if column.values:
            return next((code for code, said in column.values.items() if said == cell), None)
        try:
            if isinstance(like, dt.date):
                return dt.datetime.strptime(cell, self.order_map.date_form).date()
            if isinstance(like, Decimal):
                return Decimal(cell)
            return int(cell) if isinstance(like, int) else cell
        except (ValueError, InvalidOperation):
            return cell


def _block_values(batch: Batch, block: Block, place: int) -> dict[str, Value]:
    return {
        "batch_id": batch.batch_id,
        "order_id": block.order_id,
        "sequence_no": place,
        "account_number": None,
        "side": block.side.value,
        "security_id": block.security.security_id,
        "symbol": block.security.symbol,
        "cusip": block.security.cusip,
        "isin": block.security.isin,
        "order_type": block.order_type.value,
        "order_size": block.order_size.value,
        "order_qty": block.order_qty,
        "order_value_usd": block.order_value_usd,
        "limit_price_usd": block.limit_price_usd,
        "time_in_force": block.time_in_force.value,
        "hand_over": block.hand_over.value,
        "trade_date": block.trade_date,
        "settle_date": block.settle_date,
        "lot_id": None,
        "lot_opened_date": None,
        "relief_method": None,
    }


def _part_values(block: Block, part: Allocation, numbers: Mapping[str, str]) -> dict[str, Value]:
    return {
        "account_number": account_number(part.account_id, numbers, block.order_id),
        "relief_method": part.relief_method.value,
        **_size(block, part.order_qty, part.order_value_usd),
    }


def _lot_values(block: Block, lot: OrderedLot) -> dict[str, Value]:
    is_named = lot.instruction == LotInstruction.SPECIFIC_LOT
    return {
        "lot_id": lot.lot_id if is_named else None,
        "lot_opened_date": lot.lot_opened_date if is_named else None,
        **_size(block, lot.order_qty, lot.order_value_usd),
    }


def _size(block: Block, quantity: Decimal, value_usd: Decimal) -> dict[str, Value]:
    in_dollars = block.order_value_usd is not None
    return {"order_qty": None if in_dollars else quantity, "order_value_usd": value_usd if in_dollars else None}
