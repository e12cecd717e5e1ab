"""Differences between two sources, and what is known of their reasons."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, frac, key


class Breaks(Contract):
    """One row per difference past its tolerance between a custodian and what it was held against.

    Produced by `evenkeel.stages.reconcile`; read by operations and the trail. An `explained` one has a known reason and stops nothing; an
    `open` one stands in `exceptions` too, under the same check, with what follows from it. Held against the roll-forward, `left` is what
    the day before and its transactions lead to expect; held against the portfolio system or other sources, `left` is theirs.
    """

    business_date: dt.date = key("Exchange session.")
    break_id: str = key(
        "Digest of comparison, kind, account and security: the same difference has the same id every day."
    )
    comparison: str = code(vocab.Comparison, "What it was held against.")
    kind: str = code(vocab.BreakKind, "What differs.")
    custodian: str = column("The custodian whose figure is on the right.")
    account_id: str = column("The account; null for a difference about a security as a whole.", null=True)
    security_id: str = column("The security, or `CASH:` and a currency; null for a whole account.", null=True)
    left_source: str = column("Whose figure is on the left: a feed, or `ledger`.")
    left: Fact = column("Their figure; null where they have none.", null=True)
    right: Fact = column("The custodian's figure; null where it has none.", null=True)
    difference: Fact = column("right - left, a missing figure counted as zero.", null=True)
    tolerance: float = frac("Up to what difference the two would have been the same.", ge=0)
    status: str = code(vocab.BreakStatus, "Whether its reason is known.")
    explanation: str = code(vocab.Explanation, "The known reason.", null=True)
    transaction_ids_json: str = column("JSON array of the transactions that explain it.", null=True)
    reason: str = column("The difference and its reason, or what to ask, in one sentence.")
