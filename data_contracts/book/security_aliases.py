"""Further identifiers of the securities that the firm knows."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class SecurityAliases(Contract):
    """One row per further identifier of a security: `BRK B` beside `BRK.B`, a CUSIP from before a merger, a plan's own fund code."""

    id_type: str = code(vocab.IdType, "Kind of identifier.", is_key=True)
    id_value: str = key("The identifier as a source sends it; compared without regard to case.")
    security_id: str = column("The security meant.")
