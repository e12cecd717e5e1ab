"""What the gates said of each custodian's delivery."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, frac, key


class GateResults(Contract):
    """One row per custodian and gate.

    Produced by `evenkeel.stages.reconcile` with the suites of `data_contracts.expectations`; read by operations. A gate that fails
    stops its custodian (an exception `gate_...`). One that cannot be judged, for want of earlier nights say, says why and stops nothing.
    """

    business_date: dt.date = key("Exchange session.")
    custodian: str = key("The custodian.")
    gate: str = code(vocab.Gate, "What was judged.", is_key=True)
    is_judged: bool = column("Whether there was enough to judge by.")
    is_passed: bool = column("Within its bounds; null where it was not judged.", null=True)
    observed: float = frac(
        "The figure: a share, a ratio to the median of the nights before, a count or an age.", null=True
    )
    lower: float = frac("Smallest figure that passes.", null=True)
    upper: float = frac("Largest figure that passes.", null=True)
    message: str = column("The figure, its bounds and what they come from, in one sentence.")
