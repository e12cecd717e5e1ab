"""Every named fault, in the order of the table in docs/methodology/faults.md."""

from __future__ import annotations

from evenkeel.errors import UsageError
from evenkeel.sandbox.faults import accounts, amounts, columns, dates, events, identities, others, sendings, whole_files
from evenkeel.sandbox.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *whole_files.FAULTS,
    *dates.FAULTS,
    *sendings.FAULTS,
    *columns.FAULTS,
    *accounts.FAULTS,
    *identities.FAULTS,
    *amounts.FAULTS,
    *events.FAULTS,
    *others.FAULTS,
)
_BY_NAME = {fault.name: fault for fault in FAULTS}


def fault_named(name: str) -> Fault:
    """Return a fault.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in _BY_NAME:
        raise UsageError(f"there is no fault {name}; docs/methodology/faults.md lists them")
    return _BY_NAME[name]
