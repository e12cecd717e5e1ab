"""Securities the firm knows."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, count, frac, key


class Securities(Contract):
    """One row per security of the book."""

    security_id: str = key("The firm's code, usually the ticker.")
    name: str = column("Name.")
    asset_type: str = code(vocab.AssetType, "Legal form.")
    asset_class: str = code(vocab.AssetClass, "Class it counts to.")
    sleeve: str = column("Sleeve within the class.", null=True)
    symbol: str = column("Ticker.", null=True)
    cusip: str = column("CUSIP.", null=True)
    isin: str = column("ISIN.", null=True)
    native_id: str = column("A source's own identifier.", null=True)
    issuer_id: str = column("Issuer, for concentration.", null=True)
    sector: str = code(
        vocab.Sector, "Economic sector; `none` for what is of no one sector, null: not known.", null=True
    )
    screens: str = column(
        "What a provider of screens marks it with: codes with `;` between them; `none` where nothing is marked, null: not known.",
        null=True,
    )
    wash_group: str = column("Substantially identical group.", null=True)
    price_factor: Fact = column("Value of one unit at price 1: 1, or 0.01 for bonds priced per hundred.")
    multiplier: Fact = column("Contract size.")
    max_price_age_sessions: int = count("Sessions a price may be old; null is the policy's.", null=True)
    is_illiquid: bool = column("Privately priced: never traded against daily drift.")
    redemption_fee_frac: float = frac(
        "Share of value that the fund keeps of units redeemed early, above 0; null: none.", null=True, ge=0.0, le=0.02
    )
    redemption_days: int = count("Units held fewer days are early, 7 or more; null: no fee.", null=True)
