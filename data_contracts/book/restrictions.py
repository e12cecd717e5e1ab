"""Clients' restrictions."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, frac, key


class Restrictions(Contract):
    """One row per restriction."""

    restriction_id: str = key("The firm's code.")
    scope: str = column("`account`, `portfolio`, `household`, `custodian` or `firm`.")
    scope_id: str = column("Which one; null for the firm.", null=True)
    kind: str = code(vocab.RestrictionKind, "What it forbids or keeps.")
    security_id: str = column("The security, where it is one.", null=True)
    issuer_id: str = column("The issuer, where it is one.", null=True)
    asset_class: str = column("The class, where it is one.", null=True)
    sector: str = column("The economic sector, where it is one (`vocab.Sector`, but not `none`).", null=True)
    screen: str = column("A code of `securities.screens`, where it is one.", null=True)
    weight_frac: float = frac(
        "Share of the portfolio's value that `max_weight` and `min_weight` name.", null=True, ge=0, le=1
    )
    from_date: dt.date = column("Holds from.", null=True)
    until_date: dt.date = column("Holds until.", null=True)
    reason: str = column("Why.")
