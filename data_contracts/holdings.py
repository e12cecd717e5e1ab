"""Holdings that may be measured."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Money, code, column, key


class Holdings(Contract):
    """One row per account and security, cash included (`security_id` is `CASH:USD`), of accounts that passed every check.

    Produced by `evenkeel.stages.reconcile`; read by drift. Values are rounded half to even to the cent from the custodian's own.
    `value_usd` is what the custodian holds; `proforma_usd` counts orders in flight, unsettled cash and cash that is spoken for as
    done. Accrued interest is part of neither. Per account the two differ in sum by the cash spoken for, nothing else.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("What it is measured with.")
    account_id: str = key("The account.")
    security_id: str = key("The security, or `CASH:USD`.")
    household_id: str = column("The household.")
    asset_class: str = code(vocab.AssetClass, "Class of the security.")
    sleeve: str = column("Sleeve of the security within its class; the class's code where the book names none.")
    is_illiquid: bool = column("Privately priced: own cadence and bands, never traded against daily drift.")
    held_qty: Fact = column("Units held; short < 0; dollars for cash.")
    price_usd: Fact = column("Price of one unit in dollars.", null=True)
    price_date: dt.date = column("Date of that price.", null=True)
    cost_usd: Fact = column("Cost basis.", null=True)
    value_usd: Money = column("Market value held; short < 0.")
    proforma_usd: Money = column("Market value with what is in flight or spoken for counted as done.")
