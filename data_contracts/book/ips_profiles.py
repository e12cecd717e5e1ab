"""Investment policy statements."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key


class IpsProfiles(Contract):
    """One row per IPS, as it holds on the date the book was read for."""

    ips_id: str = key("The firm's code.")
    version: int = count("Version that holds.")
    effective_date: dt.date = column("Holds from.")
    document_ref: str = column("Where the signed document is.", null=True)
    objective: str = column("In the client's words.", null=True)
    horizon_date: dt.date = column("When the money is needed (retirement).", null=True)
    risk_score: float = frac("Client's risk score, 0 cautious to 100.", null=True, ge=0, le=100)
    max_growth_frac: float = frac("Largest share in growth classes the client tolerates.", null=True, ge=0, le=1)
    min_cash_frac: float = frac("Smallest share of cash.", null=True, ge=0, le=1)
    last_review_date: dt.date = column("Last annual review.", null=True)
    cadence: str = code(vocab.Cadence, "How often it is looked at.", null=True)
