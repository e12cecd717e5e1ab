"""What was stopped or noted, and who must act."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Exceptions(Contract):
    """One row per thing a check found.

    Produced by `evenkeel.stages.reconcile`; read by operations. `stop` keeps its subject out of everything that follows,
    `wait` does so until a late file comes, `note` changes nothing, and `released` is a stop that a person has released with a reason
    (`releases`). Since when the same thing has been found is in `exception_ages`.
    """

    business_date: dt.date = key("Exchange session.")
    exception_id: str = key("Digest of scope, subject, check and detail: the same finding has the same id every day.")
    scope: str = code(vocab.ExceptionScope, "What it is about.")
    subject_id: str = column("The feed, file, account, security or portfolio.")
    feed: str = column("The feed it came from.", null=True)
    account_id: str = column("The account touched, where it is one.", null=True)
    household_id: str = column("The household touched.", null=True)
    check: str = code(vocab.Check, "What was checked.")
    effect: str = code(vocab.ExceptionEffect, "What follows.")
    owner: str = code(vocab.Owner, "Who must act.")
    message: str = column("What is wrong, where, and what to do, one line without personal data.")
    file_id: str = column("The file, where it is one.", null=True)
    row_no: int = column("The row, where it is one.", null=True)
    expected: str = column("The figure it was compared with, as text.", null=True)
    found: str = column("The figure found, as text.", null=True)
    release_id: str = column("The release that lifted it, where a person has.", null=True)
