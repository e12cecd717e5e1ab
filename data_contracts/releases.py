"""What people have released from quarantine."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Instant, code, column, key


class Releases(Contract):
    """One row per release, from the records.

    Read by reconcile: a stop with this exception id found on a session from `from_date` to `until_date` is lifted. A release of a
    roll-forward break takes the custodian's figure into the ledger.
    """

    release_id: str = key("Digest of exception, actor and time.")
    exception_id: str = column("The exception, as in `exceptions`.")
    check: str = code(vocab.Check, "Its check.")
    subject_id: str = column("What it is about.")
    from_date: dt.date = column("First session on which it holds.")
    until_date: dt.date = column("Last session on which it holds.")
    actor: str = column("Who.")
    role: str = column("In what role.")
    reason: str = column("Why, in their words.")
    released_at: Instant = column("When.")
