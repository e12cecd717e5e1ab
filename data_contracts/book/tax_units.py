"""Tax units: whose taxes and wash sales count together."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, frac, key


class TaxUnits(Contract):
    """One row per taxpayer or couple filing jointly."""

    tax_unit_id: str = key("The firm's code.")
    filing_status: str = code(vocab.FilingStatus, "How it files.")
    short_term_rate_frac: float = frac("Federal rate on short-term gains.", null=True, ge=0, le=1)
    long_term_rate_frac: float = frac("Federal rate on long-term gains.", null=True, ge=0, le=1)
    state_rate_frac: float = frac("State rate on gains.", null=True, ge=0, le=1)
    income_usd: Fact = column("Taxable income expected this year.", null=True)
    carry_short_usd: Fact = column("Short-term loss carried over, > 0.", null=True)
    carry_long_usd: Fact = column("Long-term loss carried over, > 0.", null=True)
    gain_budget_usd: Fact = column(
        "Most net gain of the year the client wants, both terms, carry-overs not taken off; null: no limit.", null=True
    )
    linked_tax_unit_id: str = column(
        "A unit that files apart and washes its losses all the same: a spouse, a corporation that the taxpayer controls; null: none.",
        null=True,
    )
