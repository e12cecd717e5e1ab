"""Securities as files describe them."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.fact_row import FactRow, SecurityText
from data_contracts.fields import Fact, code, column


class SecurityTexts(FactRow, SecurityText):
    """One row per security record of a file (OFX SECLIST, IBKR SecurityInfo).

    Produced by `evenkeel.stages.ingest`; read by people who complete the book's securities.
    """

    asset_type: str = code(vocab.AssetType, "Legal form, where the source says.", null=True)
    currency: str = column("ISO currency.", null=True)
    price_ccy: Fact = column("Price, where the record carries one.", null=True)
    multiplier: Fact = column("Contract size.", null=True)
