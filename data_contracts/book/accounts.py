"""Accounts under management."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, key


class Accounts(Contract):
    """One row per custodial account of the book; `account_key` is the keyed digest of its number."""

    account_id: str = key("The firm's code.")
    household_id: str = column("Its household.")
    portfolio_id: str = column("What it is measured with.")
    tax_unit_id: str = column("Whose taxes it counts to.", null=True)
    custodian: str = column("Its custodian: the `custodian` of a feed.")
    account_key: str = column("Keyed digest of the account number.")
    account_mask: str = column("Last characters, for people.")
    name: str = column("Name shown to advisers.", null=True)
    registration: str = code(vocab.Registration, "Who owns it.")
    tax_status: str = code(vocab.TaxStatus, "How its income is taxed.")
    is_discretionary: bool = column("The adviser may act without asking.")
    relief_method: str = code(vocab.ReliefMethod, "Lots sold when none is named.")
    state: str = code(vocab.AccountState, "Stage of life.")
    opened_date: dt.date = column("Opened.", null=True)
    closed_date: dt.date = column("Closed.", null=True)
    min_cash_usd: Fact = column("Cash that must stay.", null=True)
    sales_known_from_date: dt.date = column(
        "The firm's word that all sales from this date to the first run are on file, as realized lots; null: not said.",
        null=True,
    )
    owner_ids: str = column("Owners or trustees who consent, codes with `;` between them; null: not said.", null=True)
