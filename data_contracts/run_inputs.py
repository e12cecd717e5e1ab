"""What a run went by beside its files and its book."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class RunInputs(Contract):
    """One row a decision, a release, a suspension of the desk and an earlier file that a run knew; one more where the deadline had passed.

    Produced by reconcile, the first step that goes by them; the steps after it go by the same, whatever comes meanwhile. Read by
    whoever computes the date again as it was. It is no part of what makes a run another run: only what came of it is.
    """

    business_date: dt.date = key("Exchange session.")
    kind: str = code(vocab.RunInput, "What it is.", is_key=True)
    input_id: str = key("Id of the decision, release or suspension; the feed of an earlier file; `deadline`.")
    file_name: str = column(
        "The last file of the feed that counts for an earlier date, digits of account numbers masked.", null=True
    )
    file_date: dt.date = column("The date that file counts for.", null=True)
