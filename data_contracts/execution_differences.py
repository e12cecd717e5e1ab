"""In what executions differ from what was ordered or approved."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, key


class ExecutionDifferences(Contract):
    """One row per thing that differs; it stays when a person has acknowledged it.

    Produced by `evenkeel.orders.after_fill` and `evenkeel.orders.fill_doubts`; read by the desk. The id does not depend on the figures, so
    that a difference that grows or shrinks is the same row.
    """

    difference_id: str = key("Digest of date, kind, proposal, account, subject and order.")
    business_date: dt.date = column("Session it was found for.")
    kind: str = code(vocab.DifferenceKind, "What differs.")
    order_id: str = column("The block; null: of the proposal as a whole.", null=True)
    proposal_id: str = column("The proposal; null: of all the block's.", null=True)
    account_id: str = column("The account.", null=True)
    subject: str = column("Node of the model, security, lot, execution or order.")
    expected: Fact = column("In `unit`.")
    found: Fact = column("In `unit`.")
    unit: str = column("`frac`, `usd` or `qty`.")
    text: str = column("One sentence for a person.")
