"""What somebody should know although no trade is due."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Notices(Contract):
    """One row per thing to know: an overdue IPS review, a changed policy, a new account's nearest model, a waiting household.

    Produced by `evenkeel.stages.alerts`; shown under the task list.
    """

    business_date: dt.date = key("Exchange session.")
    notice_id: str = key("Digest of kind, subject and detail.")
    kind: str = code(vocab.NoticeKind, "What it is about.")
    subject_id: str = column("Household, portfolio, account, model or policy.")
    adviser_id: str = column("Whose desk it is on; null for the whole firm.", null=True)
    owner: str = code(vocab.Owner, "Who must act.")
    text: str = column("What to know and what to do, one line.")
