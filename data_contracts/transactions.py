"""Transactions as custodians sent them."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.fact_row import AccountRow, SecurityText
from data_contracts.fields import Fact, code, column


class Transactions(AccountRow, SecurityText):
    """One row per transaction line of a file; units and cash into the account are positive.

    Produced by `evenkeel.stages.ingest`; read by the roll-forward and the tax rules. Two identical lines of one file are two
    transactions: the id counts the ordinal among identical lines. A transaction that stands in two histories has one id and two rows.
    """

    transaction_id: str = column(
        "Digest of feed, account, the row's content and its ordinal among identical rows of the file."
    )
    source_transaction_id: str = column("The source's own id (OFX FITID, IBKR transactionID).", null=True)
    as_of_date: dt.date = column("Calendar date that the source states for the file (Eastern).")
    trade_date: dt.date = column("Date it was done.")
    settle_date: dt.date = column("Date it settles.", null=True)
    transaction_type: str = code(vocab.TransactionType, "What it did.")
    raw_action: str = column("The source's own word.")
    currency: str = column("ISO currency of the row's money.")
    traded_qty: Fact = column("Units into (+) or out of (-) the account.", null=True)
    price_ccy: Fact = column("Price of one unit.", null=True)
    fees_ccy: Fact = column("Commission and fees, a cost > 0.", null=True)
    net_cash_ccy: Fact = column("Cash into (+) or out of (-) the account.", null=True)
