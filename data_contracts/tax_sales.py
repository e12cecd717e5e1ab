"""What each account has sold, with its tax figures."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Money, code, column, key


class TaxSales(Contract):
    """One row per closed lot of this calendar year and at least the last 61 days; one row per sale where its lots cannot be told.

    Produced by `evenkeel.stages.taxes`, folded: tax_sales(D) = tax_sales(D-1) without what is too old, plus the day's. A custodian's word
    about an account, a security and a day replaces ours. Basis is the custodian's, its own wash-sale adjustments of earlier losses
    included; gain is proceeds less basis, before this sale's disallowed loss; a loss is negative. Figures of a sale in another currency
    are null: its basis in dollars is of the day it was bought.
    """

    business_date: dt.date = key("Exchange session.")
    account_id: str = key("The account.")
    security_id: str = key("The security.")
    sold_date: dt.date = key("Trade date of the sale.")
    sale_no: int = key("1, 2, ... within account, security and trade date, oldest lot first.")
    lot_id: str = column("The custodian's lot number.", null=True)
    acquired_date: dt.date = column("Date acquired; null: not known.", null=True)
    holding_start_date: dt.date = column("Date the holding period counts from, where tacked.", null=True)
    sold_qty: Fact = column("Units sold, > 0.")
    proceeds_usd: Money = column("Proceeds, costs of the sale taken off; null: not known.", null=True)
    basis_usd: Money = column("Cost basis of what was sold; null: not known.", null=True)
    is_long_term: bool = column("Held for more than a year; null: not known, or a line of both terms.", null=True)
    short_term_gain_usd: Money = column(
        "Short-term gain; loss < 0; 0 for a long-term sale; null: not known.", null=True
    )
    long_term_gain_usd: Money = column("Long-term gain; loss < 0; 0 for a short-term sale; null: not known.", null=True)
    custodian_disallowed_usd: Money = column("Loss that the source disallows as a wash sale, >= 0.", null=True)
    told_by: str = code(vocab.ToldBy, "Who says which lots were sold.")
