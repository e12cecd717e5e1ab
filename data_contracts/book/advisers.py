"""Advisers."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class Advisers(Contract):
    """One row per adviser or team desk of the book."""

    adviser_id: str = key("The firm's code.")
    name: str = column("Name.")
    email: str = column("Where mail goes.", null=True)
    team: str = column("Team.", null=True)
    escalates_to: str = column("Adviser who comes next.", null=True)
    is_senior: bool = column("May decide complex cases.")
    is_compliance: bool = column("Sits in compliance; null: no.", null=True)
    deputy_id: str = column("Adviser who acts while this one is absent.", null=True)
    absent_from: dt.date = column("First day of an absence.", null=True)
    absent_until: dt.date = column("Last day of it; null: until further notice.", null=True)
