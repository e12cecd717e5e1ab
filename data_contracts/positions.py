"""Positions as custodians and portfolio systems sent them."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.fact_row import AccountRow, SecurityText
from data_contracts.fields import Fact, code, column


class Positions(AccountRow, SecurityText):
    """One row per position line of a file; short quantities are negative.

    Produced by `evenkeel.stages.ingest`; read by reconcile. Cash lines are in `cash_balances`, not here.
    """

    as_of_date: dt.date = column("Calendar date that the source states for the values (Eastern).")
    sub_account: str = code(vocab.SubAccount, "Where in the account it is held.")
    asset_type: str = code(vocab.AssetType, "Legal form, where the source says.", null=True)
    currency: str = column("ISO currency of the row's money.")
    held_qty: Fact = column("Units held on trade date; short < 0.", null=True)
    price_ccy: Fact = column("Price of one unit as sent.", null=True)
    price_date: dt.date = column("Date of that price, where the source says.", null=True)
    multiplier: Fact = column("Contract size, where the source says (options 100).", null=True)
    value_ccy: Fact = column("Market value as sent; short < 0.", null=True)
    cost_ccy: Fact = column("Cost basis of the whole position.", null=True)
    accrued_ccy: Fact = column("Accrued interest, not part of the value.", null=True)
