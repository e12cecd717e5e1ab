"""What each account should hold: the last figures that were believed, rolled forward by its transactions."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import Fact, column, key


class Ledger(Contract):
    """One row per account and security, and per account and currency of cash.

    Produced by `evenkeel.stages.reconcile`, folded: ledger(D) = ledger(D-1) + transactions(D), and where the custodian's figure agrees, or
    its difference is explained or released, that figure. A figure that was never believed does not enter, so a wrong one cannot
    become right by standing still. Trade date; cash as `CASH:` and the currency.
    """

    business_date: dt.date = key("Exchange session.")
    account_id: str = key("The account.")
    security_id: str = key("The security, or `CASH:` and a currency.")
    ledger_qty: Fact = column("Units, or money for cash; short < 0.")
    price_ccy: Fact = column("The last price that was believed, as the custodian quotes it; null for cash.", null=True)
    currency: str = column("ISO currency of that price.", null=True)
    price_date: dt.date = column("Session of that price.", null=True)
    agreed_date: dt.date = column("Last session on which the custodian's figure was believed.")
