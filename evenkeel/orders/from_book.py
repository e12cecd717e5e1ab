"""What planning a batch asks of the book and of the last session's holdings."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.accounts import Accounts
from data_contracts.book.securities import Securities
from data_contracts.holdings import Holdings
from data_contracts.vocab import AccountState, AssetType, ReliefMethod
from evenkeel.orders.approved import OrderingAccount, Pause, Situation
from evenkeel.ports.orders import OrderedSecurity

_CASH = "CASH:USD"


def situation_of(
    accounts: DataFrame[Accounts],
    securities: DataFrame[Securities],
    holdings: DataFrame[Holdings],
    *,
    pauses: Iterable[Pause] = (),
    taken: Iterable[tuple[str, int]] = (),
    working: Iterable[tuple[str, str]] = (),
    paying_at_once: Iterable[str] = (),
) -> Situation:
    """Return what holds when a batch is planned.

    An account is there if it is open and its holdings of the last session passed every check: what a quarantined account has approved
    waits. Its settled cash is the lesser of the cash that the custodian holds and of the same with what is in flight and spoken for
    counted as done: money that comes is not counted before it is there, money that goes is. No account is taken to have margin: the
    book does not say so.

    Args:
        accounts: The book's.
        securities: The book's.
        holdings: Of the last session.
        pauses: In force.
        taken: Trades that are in a block already, by proposal and number.
        working: Account and security of orders that are not done yet.
        paying_at_once: Accounts that buy with settled cash only (12 CFR 220.8(c)).
    """
    cash = {
        row["account_id"]: min(row["value_usd"], row["proforma_usd"])
        for row in holdings.filter(pl.col("security_id") == _CASH).iter_rows(named=True)
    }
    trusted, at_once = set(holdings.get_column("account_id")), set(paying_at_once)
    return Situation(
        accounts={
            row["account_id"]: OrderingAccount(
                row["account_id"],
                row["custodian"],
                row["is_discretionary"],
                ReliefMethod(row["relief_method"]),
                max(cash.get(row["account_id"], Decimal(0)), Decimal(0)),
                pays_at_once=row["account_id"] in at_once,
            )
            for row in accounts.filter(pl.col("state") == AccountState.OPEN.value).iter_rows(named=True)
            if row["account_id"] in trusted
        },
        securities=ordered_securities(securities),
        held_qty={
            (row["account_id"], row["security_id"]): row["held_qty"]
            for row in holdings.filter(pl.col("security_id") != _CASH).iter_rows(named=True)
        },
        pauses=tuple(pauses),
        taken=frozenset(taken),
        working=frozenset(working),
    )


def ordered_securities(securities: DataFrame[Securities]) -> dict[str, OrderedSecurity]:
    """Return the book's securities as orders name them, by id."""
    return {
        row["security_id"]: OrderedSecurity(
            row["security_id"],
            AssetType(row["asset_type"]),
            row["symbol"],
            row["cusip"],
            row["isin"],
            row["price_factor"] * row["multiplier"],
        )
        for row in securities.iter_rows(named=True)
    }
