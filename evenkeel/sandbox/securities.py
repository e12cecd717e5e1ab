"""The invented securities: names, identifiers, how their prices move and what they pay.

No price or return is anyone's data: daily return = equity_beta x equity factor + bond_beta x bond factor + own deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from data_contracts.vocab import AssetClass, AssetType

CORE_FUND = "SPAXX"
"""Fidelity's core position, the one real name: its layout writes cash so."""


@dataclass(frozen=True)
class Security:
    """One security.

    Money in ten-thousandths of a dollar (`start`, `tick`); betas and `own_deviation` per day; `pays_bps` of the price on sessions
    whose index leaves `pays_on` when divided by `pays_every`.
    """

    symbol: str
    name: str
    asset_type: AssetType
    asset_class: AssetClass
    sleeve: str
    start: int
    equity_beta: float
    bond_beta: float
    own_deviation: float
    pays_bps: int = 0
    pays_every: int = 63
    pays_on: int = 1
    tick: int = 100
    issuer: str | None = None
    wash_group: str | None = None
    number: int = 0

    @property
    def is_bond(self) -> bool:
        """Tell whether it is priced per hundred of face value."""
        return self.asset_type == AssetType.BOND

    @property
    def is_private(self) -> bool:
        """Tell whether it is privately priced, quarterly."""
        return self.asset_type == AssetType.PRIVATE

    @property
    def is_whole(self) -> bool:
        """Tell whether it trades in whole units."""
        return self.asset_type in (AssetType.ETF, AssetType.STOCK)

    @cached_property
    def cusip(self) -> str:
        """Return an invented CUSIP with its check digit."""
        return with_check_digit(f"9{self.number * 7919 % 100000:05d}{'10' if not self.is_bond else 'AB'}")

    @cached_property
    def isin(self) -> str:
        """Return the ISIN made of the CUSIP."""
        digits = "".join(str(int(char, 36)) for char in "US" + self.cusip)
        total = 0
        for place, char in enumerate(reversed(digits)):
            doubled = int(char) * (2 if place % 2 == 0 else 1)
            total += doubled // 10 + doubled % 10
        return f"US{self.cusip}{(10 - total % 10) % 10}"

    @property
    def conid(self) -> str:
        """Return the number that Interactive Brokers knows it by."""
        return str(700000000 + self.number * 104729)

    @property
    def traded_as(self) -> str:
        """Return the symbol on statements: bonds go by their CUSIP."""
        return self.cusip if self.is_bond else self.symbol


def with_check_digit(stem: str) -> str:
    """Return eight characters with their CUSIP check digit."""
    total = 0
    for place, char in enumerate(stem):
        value = int(char, 36) * (2 if place % 2 else 1)
        total += value // 10 + value % 10
    return f"{stem}{(10 - total % 10) % 10}"


_ETF, _FUND, _STOCK = AssetType.ETF, AssetType.MUTUAL_FUND, AssetType.STOCK
_C = AssetClass

_ROWS: tuple[Security, ...] = (
    Security("USTM", "NORTHFIELD US TOTAL MARKET ETF", _ETF, _C.US_EQUITY, "core", 2412500, 1.00, 0.0, 0.0006, 32,
             wash_group="us_total_market"),
    Security("USTMX", "NORTHFIELD US TOTAL MARKET INDEX FD", _FUND, _C.US_EQUITY, "core", 1187300, 1.00, 0.0, 0.0006, 32,
             wash_group="us_total_market"),
    Security("USGR", "HALYARD US GROWTH ETF", _ETF, _C.US_EQUITY, "growth", 3846000, 1.18, 0.0, 0.0030, 14),
    Security("USVL", "HALYARD US VALUE ETF", _ETF, _C.US_EQUITY, "value", 1623000, 0.86, 0.05, 0.0030, 58),
    Security("USSC", "HALYARD US SMALL COMPANY ETF", _ETF, _C.US_EQUITY, "small", 923500, 1.12, 0.0, 0.0042, 36),
    Security("ALBR", "ALDER BROTHERS INDUSTRIAL INC", _STOCK, _C.US_EQUITY, "stocks", 1482200, 1.05, 0.0, 0.0130, 45, issuer="ALBR"),
    Security("KSTN", "KEYSTONE NORTH TECHNOLOGIES", _STOCK, _C.US_EQUITY, "stocks", 4120700, 1.32, 0.0, 0.0170, 0, issuer="KSTN"),
    Security("MRDN", "MERIDIAN CONSUMER BRANDS", _STOCK, _C.US_EQUITY, "stocks", 712900, 0.72, 0.1, 0.0105, 70, issuer="MRDN"),
    Security("PLMR", "PALOMAR BIOSCIENCE CORP", _STOCK, _C.US_EQUITY, "stocks", 389500, 1.10, 0.0, 0.0220, 0, issuer="PLMR"),
    Security("INDV", "NORTHFIELD DEVELOPED MARKETS ETF", _ETF, _C.INTL_EQUITY, "developed", 528400, 1.00, 0.0, 0.0028, 78),
    Security("INDVX", "COPPERGATE INTERNATIONAL STOCK FD", _FUND, _C.INTL_EQUITY, "developed", 214700, 0.98, 0.0, 0.0032, 60),
    Security("INSC", "HALYARD INTERNATIONAL SMALL ETF", _ETF, _C.INTL_EQUITY, "intl_small", 631800, 1.04, 0.0, 0.0040, 70),
    Security("EMKT", "NORTHFIELD EMERGING MARKETS ETF", _ETF, _C.EMERGING_EQUITY, "emerging", 446200, 1.22, 0.0, 0.0058, 65),
    Security("USAG", "NORTHFIELD US AGGREGATE BOND ETF", _ETF, _C.US_BOND, "aggregate", 986500, 0.03, 1.00, 0.0004, 31,
             pays_every=21, pays_on=2),
    Security("USAGX", "COPPERGATE CORE BOND FUND", _FUND, _C.US_BOND, "aggregate", 93600, 0.05, 1.02, 0.0006, 33, pays_every=21,
             pays_on=2),
    Security("USST", "NORTHFIELD SHORT TREASURY ETF", _ETF, _C.US_BOND, "short", 507800, 0.00, 0.32, 0.0002, 33, pays_every=21,
             pays_on=2),
    Security("GLBD", "NORTHFIELD GLOBAL BOND HEDGED ETF", _ETF, _C.INTL_BOND, "intl_bond", 491500, 0.02, 0.80, 0.0006, 24,
             pays_every=21, pays_on=2),
    Security("TIPR", "HALYARD INFLATION PROTECTED ETF", _ETF, _C.INFLATION_BOND, "inflation", 1093600, 0.02, 0.95, 0.0011, 28,
             pays_every=21, pays_on=2),
    Security("HYCR", "HALYARD HIGH YIELD CREDIT ETF", _ETF, _C.HIGH_YIELD_BOND, "high_yield", 783900, 0.34, 0.30, 0.0012, 52,
             pays_every=21, pays_on=2),
    Security("MUNA", "NORTHFIELD NATIONAL MUNI ETF", _ETF, _C.MUNI_BOND, "muni", 508300, 0.01, 0.70, 0.0005, 25, pays_every=21,
             pays_on=2),
    Security("CASC34", "CASCADE COUNTY ORE GO 5.00% 06/01/2034", AssetType.BOND, _C.MUNI_BOND, "muni", 1043750, 0.00, 0.75, 0.0005,
             tick=10, issuer="CASCADE"),
    Security("REIT", "HALYARD REAL ESTATE ETF", _ETF, _C.REAL_ESTATE, "real_estate", 914400, 1.10, 0.30, 0.0046, 88, pays_on=4),
    Security("CMDT", "HALYARD BROAD COMMODITY ETF", _ETF, _C.COMMODITY, "commodity", 243100, 0.28, -0.10, 0.0075, 0),
    Security("DVRS", "COPPERGATE DIVERSIFIER FUND", _FUND, _C.ALTERNATIVE, "diversifier", 118400, 0.15, 0.05, 0.0022, 0),
    Security("PVCR", "LANTERN PRIVATE CREDIT FUND LP", AssetType.PRIVATE, _C.PRIVATE, "private_credit", 257300, 0.0, 0.0, 0.0,
             issuer="LANTERN"),
    Security(CORE_FUND, "FIDELITY GOVERNMENT MONEY MARKET", AssetType.MONEY_MARKET, _C.CASH, "cash", 10000, 0.0, 0.0, 0.0),
)  # fmt: skip


def _numbered() -> tuple[Security, ...]:
    return tuple(Security(**{**row.__dict__, "number": place + 11}) for place, row in enumerate(_ROWS))


SECURITIES: tuple[Security, ...] = _numbered()
INDEX: dict[str, int] = {security.symbol: place for place, security in enumerate(SECURITIES)}
CLASSES: tuple[AssetClass, ...] = tuple(dict.fromkeys(security.asset_class for security in SECURITIES))
CLASS_OF: tuple[int, ...] = tuple(CLASSES.index(security.asset_class) for security in SECURITIES)
SPLIT = "USGR"
"""The fund that splits two for one midway."""
TAKEN_OVER, ACQUIRER = "KSTN", "ALBR"
"""The company that is merged into another, and that other."""
RENAMED, NEW_TICKER = "INSC", "HISC"
"""The fund whose ticker changes, and the new one; its other identifiers stay, and so does its name in the book."""
PRIVATE = "PVCR"
MUNI_BOND = "CASC34"
COUPON_BPS = 500
"""What a bond pays in a year, of its face value: half of it on each of `COUPON_MONTHS`."""
COUPON_MONTHS = (6, 12)
"""Months on whose first day a coupon is due."""
