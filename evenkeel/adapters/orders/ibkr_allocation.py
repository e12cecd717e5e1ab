"""Interactive Brokers' post-trade allocation file: who gets what of trades done in the adviser's trading account.

Six columns without a header, as IBKR's Account Management guide describes them ("Import Allocations"): A trading account, B allocation
account, C symbol, D side (B, S, SS, BC), E executing broker, F quantity, which must be all that is available for that symbol and side.
Imported allocations get the day's trade date, so that a file is of one day. Lots cannot be said in it, nor that an earlier allocation is
void. Not tried at IBKR.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from data_contracts.vocab import OrderSide
from evenkeel.adapters.orders.plain import account_number, refuse_named_lots, ticker, word
from evenkeel.adapters.orders.written import Written, from_csv, to_csv
from evenkeel.decimals import digits
from evenkeel.errors import UsageError
from evenkeel.ports.orders import Allocated

_SIDES = {OrderSide.BUY: "B", OrderSide.SELL: "S"}


@dataclass(frozen=True)
class IbkrAllocationWriter:
    """Writes allocations; `trading_account` is where the block was done, `executing_broker` who did it, as IBKR names them."""

    trading_account: str
    executing_broker: str
    takes_back = False

    def __call__(self, allocated: Sequence[Allocated], numbers: Mapping[str, str], sent_at: dt.datetime) -> Written:
        """Return the file; accounts that get nothing are left out.

        Raises:
            UsageError: There is nothing to allocate, trades of several days are given, or a word cannot stand in the file.
        """
        if len({one.block.trade_date for one in allocated}) > 1:
            raise UsageError("IBKR's allocation file takes trades of one day; hand over each trade date by itself")
        rows, meant = [], []
        for one in allocated:
            order_id = one.block.order_id
            for share in one.shares:
                if not share.filled_qty:
                    continue
                refuse_named_lots(one.block, [each.lot for each in share.lots], "IBKR's allocation file")
                account = account_number(share.account_id, numbers, order_id)
                meant.append((account, ticker(one.block), _SIDES[one.block.side], share.filled_qty))
                rows.append(
                    [
                        word(self.trading_account, "trading account", order_id),
                        account,
                        ticker(one.block),
                        _SIDES[one.block.side],
                        word(self.executing_broker, "executing broker", order_id),
                        digits(share.filled_qty),
                    ]
                )
        if not rows:
            raise UsageError("nothing was filled, so there is nothing to allocate")
        data = to_csv(rows)
        if [(row[1], row[2], row[3], Decimal(row[5])) for row in from_csv(data)] != meant:
            raise UsageError("the allocation file read back differs from what was meant; nothing is handed over")
        return Written(".csv", data, tuple(one.block.order_id for one in allocated))
