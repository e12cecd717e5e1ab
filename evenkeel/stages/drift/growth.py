"""Which asset classes are growth, and how much of each: the one place that says so.

The share of a portfolio in growth classes is a measure of risk that needs no model of returns: it is the split between growth and
defensive assets that risk questionnaires and an IPS's `max_growth_frac` speak of.
"""

from __future__ import annotations

from data_contracts.vocab import AssetClass

GROWTH_TENTHS: dict[AssetClass, int] = {
    AssetClass.US_EQUITY: 10,
    AssetClass.INTL_EQUITY: 10,
    AssetClass.EMERGING_EQUITY: 10,
    AssetClass.US_BOND: 0,
    AssetClass.INTL_BOND: 0,
    AssetClass.MUNI_BOND: 0,
    AssetClass.INFLATION_BOND: 0,
    AssetClass.HIGH_YIELD_BOND: 5,  # falls with shares, pays like a bond
    AssetClass.REAL_ESTATE: 10,
    AssetClass.COMMODITY: 10,
    AssetClass.ALTERNATIVE: 10,
    AssetClass.PRIVATE: 10,
    AssetClass.BALANCED: 6,  # the usual balanced fund is 60/40
    AssetClass.OPTION: 10,
    AssetClass.CASH: 0,
    AssetClass.OTHER: 10,  # what is not known to be defensive counts as risk
}
"""Share of a class that counts as growth, in tenths: whole numbers keep sums of cents exact."""
