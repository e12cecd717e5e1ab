"""Households."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Households(Contract):
    """One row per client relationship of the book."""

    household_id: str = key("The firm's code.")
    name: str = column("Name shown to advisers.")
    adviser_id: str = column("Adviser of record.")
    note: str = column("Shown with its alerts.", null=True)
    kind: str = code(vocab.HouseholdKind, "Kind of relationship; null: individual.", null=True)
