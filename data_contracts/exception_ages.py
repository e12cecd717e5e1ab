"""Since when each exception has stood."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, count, key


class ExceptionAges(Contract):
    """One row per exception of a date.

    Produced by `evenkeel.stages.prioritize`, folded like episodes: ages(D) = fold(ages(D-1), exceptions(D)). An exception that is not
    found on a date starts anew when it comes back.
    """

    business_date: dt.date = key("Exchange session.")
    exception_id: str = key("The exception, as in `exceptions`.")
    since_date: dt.date = column("First session of the unbroken series.")
    age_sessions: int = count("Sessions in the series before this one; 0 on the first.")
