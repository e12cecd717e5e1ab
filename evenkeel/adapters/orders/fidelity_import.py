"""Fidelity Wealthscape's "Import Orders" file, as far as its columns are public: A to H, one order an account.

From Fidelity's help page ("Import Orders", advisorchannel.com): A account number (20), B account type (1; blank lets Fidelity choose),
C order action (3), D quantity (10, at most three decimals), E symbol (30), F price type (2), G time in force (1), H stop or limit price
(10). The codes of C, F and G and the columns after H stand there in lists that could not be had: the codes here are a guess to be set, and
orders that would need more (funds, named lots) are refused. Imported orders lie unsent in Wealthscape, so that a person sees them first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from data_contracts.vocab import OrderSide, OrderType, TimeInForce
from evenkeel.adapters.orders.plain import account_number, refuse_named_lots, ticker, word
from evenkeel.adapters.orders.written import Written, from_csv, to_csv
from evenkeel.decimals import digits
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Allocation, Batch, Block

_WIDTHS = {
    "account number": 20,
    "order action": 3,
    "quantity": 10,
    "symbol": 30,
    "price type": 2,
    "time in force": 1,
    "limit price": 10,
}
_AUTO = ""


@dataclass(frozen=True)
class FidelityImportWriter:
    """Writes orders; the codes are those of the firm's own Wealthscape, the defaults are not verified."""

    buy: str = "B"
    sell: str = "S"
    market: str = "M"
    limit: str = "L"
    day: str = "D"

    def __post_init__(self) -> None:
        """Refuse codes that would not tell a purchase from a sale, or a limit from a market order."""
        if self.buy == self.sell or self.market == self.limit:
            raise UsageError(
                "Fidelity's codes for buy and sell, and for market and limit, must differ; correct `codes`"
            )

    def __call__(self, batch: Batch, numbers: Mapping[str, str]) -> Written:
        """Return the file: one row a block and account, sales first.

        Raises:
            UsageError: A block is in dollars or at net asset value, does not fit the columns, or its account's number is not known.
        """
        rows = [self._row(block, part, numbers) for block in batch.blocks for part in block.allocations]
        data = to_csv(rows)
        meant = [
            (numbers[part.account_id], block.side, ticker(block), part.order_qty, block.limit_price_usd)
            for block in batch.blocks
            for part in block.allocations
        ]
        if [self._said(row) for row in from_csv(data)] != meant:
            raise UsageError(
                f"batch {batch.batch_id}: the file read back differs from the orders; nothing is handed over"
            )
        return Written(".csv", data, tuple(block.order_id for block in batch.blocks))

    def _row(self, block: Block, part: Allocation, numbers: Mapping[str, str]) -> list[str]:
        if block.order_type == OrderType.NAV or block.order_value_usd is not None:
            raise UsageError(
                f"order {block.order_id}: how Fidelity's import takes orders for funds is not known; use FIX, or enter it by hand"
            )
        if block.time_in_force != TimeInForce.DAY:
            raise UsageError(f"order {block.order_id}: only orders of the day are written for Fidelity's import")
        refuse_named_lots(block, part.lots, "Fidelity's import")
        limit = "" if block.limit_price_usd is None else digits(block.limit_price_usd)
        row = {
            "account number": account_number(part.account_id, numbers, block.order_id),
            "account type": _AUTO,
            "order action": word(self.buy if block.side == OrderSide.BUY else self.sell, "action", block.order_id),
            "quantity": digits(part.order_qty),
            "symbol": ticker(block),
            "price type": word(
                self.limit if block.order_type == OrderType.LIMIT else self.market, "type", block.order_id
            ),
            "time in force": word(self.day, "time in force", block.order_id),
            "limit price": limit,
        }
        for name, width in _WIDTHS.items():
            if len(row[name]) > width:
                raise UsageError(
                    f"order {block.order_id}: its {name} has {len(row[name])} characters, Fidelity takes {width}"
                )
        if part.order_qty != round(part.order_qty, 3):
            raise UsageError(f"order {block.order_id}: Fidelity takes three decimals of a quantity")
        return list(row.values())

    def _said(self, row: list[str]) -> tuple[str, OrderSide, str, Decimal, Decimal | None]:
        side = {self.buy: OrderSide.BUY, self.sell: OrderSide.SELL}[row[2]]
        limit = Decimal(row[7]) if row[5] == self.limit else None
        return (row[0], side, row[4], Decimal(row[3]), limit)
