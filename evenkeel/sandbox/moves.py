"""Transactions of one day, as columns. What makes them happen belongs in `ledger`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from evenkeel.sandbox.draws import Ints

NO_SECURITY = -1


class Kind(IntEnum):
    """What a transaction is."""

    BUY = 0
    SELL = 1
    DIVIDEND = 2
    REINVEST = 3
    INTEREST = 4
    DEPOSIT = 5
    WITHDRAWAL = 6
    FEE = 7
    SPLIT = 8
    MERGER_OUT = 9
    MERGER_IN = 10
    CASH_IN_LIEU = 11
    RENAME_OUT = 12
    RENAME_IN = 13
    TRANSFER_IN = 14
    TRANSFER_OUT = 15


@dataclass
class Moves:
    """Transactions of one day as columns: units, cash and cost basis into the account are positive; cash, fees and cost in cents."""

    account: Ints
    kind: Ints
    security: Ints
    qty: Ints
    price: Ints
    fees: Ints
    cash: Ints
    cost: Ints


@dataclass
class Noted:
    """Transactions of a day as they happen."""

    parts: list[tuple[Ints, ...]] = field(default_factory=list)

    def add(
        self, account: Ints, kind: Kind, cash: Ints | None = None, security: Ints | None = None, qty: Ints | None = None,
        price: Ints | None = None, fees: Ints | None = None, cost: Ints | None = None,
    ) -> None:  # fmt: skip
        """Note one transaction a row; a column left out is nothing."""
        nothing = np.zeros(len(account), dtype=np.int64)
        self.parts.append(
            (
                account,
                nothing + int(kind),
                nothing + NO_SECURITY if security is None else security,
                nothing if qty is None else qty,
                nothing if price is None else price,
                nothing if fees is None else fees,
                nothing if cash is None else cash,
                nothing if cost is None else cost,
            )
        )

    def moves(self) -> Moves:
        """Return them in order of account, then as they happened."""
        empty = (np.zeros(0, dtype=np.int64),) * 8
        joined = [np.concatenate(column) for column in zip(empty, *self.parts, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return Moves(*(column[order] for column in joined))
