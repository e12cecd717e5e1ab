"""When each proposal was filled, and when its client was told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import Channel, DeliveryState, FillStatus, MessageKind
from evenkeel.reports.facts import Facts

_AFTER_FILL = (MessageKind.CLIENT_AFTER_FILL_SHORT.value, MessageKind.CLIENT_AFTER_FILL_DETAILED.value)
_NOT_THE_CLIENT = (Channel.REDTAIL.value, Channel.WEALTHBOX.value, Channel.JOURNAL.value)


@dataclass(frozen=True)
class Told:
    """A proposal that was filled: its last execution, and its client's first message; None: not told yet."""

    proposal_id: str
    filled_at: dt.datetime
    told_at: dt.datetime | None

    @property
    def minutes(self) -> float | None:
        """Return elapsed minutes between them; None: not told yet."""
        return None if self.told_at is None else (self.told_at - self.filled_at).total_seconds() / 60


def told(facts: Facts) -> list[Told]:
    """Return the proposals whose last good execution lies in the period, by id."""
    # A correction changes the figures of a trade and not when it was done: a chain counts from its first, unless its last takes it back.
    stands = pl.col("status").is_in((FillStatus.GOOD.value, FillStatus.CORRECTED.value)).all()
    good = (
        facts.fills.filter(pl.col("filled_at") <= facts.until_at)
        .group_by("order_id", pl.coalesce("replaced_by_id", "execution_id").alias("last_word"))
        .agg(pl.col("filled_at").min(), stands.alias("stands"))
        .filter("stands")
    )
    of_proposal = facts.allocations.select("order_id", "proposal_id").unique()
    last = good.join(of_proposal, on="order_id").group_by("proposal_id").agg(pl.col("filled_at").max())
    # What a client was sent before the last execution does not tell of it.
    sent = (
        facts.messages.join(last, left_on="subject_id", right_on="proposal_id")
        .filter(
            pl.col("sent_at") >= pl.col("filled_at"),
            pl.col("kind").is_in(_AFTER_FILL),
            pl.col("state") == DeliveryState.SENT.value,
            pl.col("channel").is_not_null() & ~pl.col("channel").is_in(_NOT_THE_CLIENT),
            pl.col("sent_at") <= facts.as_of_at,
        )
        .group_by("subject_id")
        .agg(pl.col("sent_at").min())
    )
    rows = last.join(sent, left_on="proposal_id", right_on="subject_id", how="left").sort("proposal_id")
    return [
        Told(proposal, filled, sent_at)
        for proposal, filled, sent_at in rows.select("proposal_id", "filled_at", "sent_at").iter_rows()
        if facts.has(filled)
    ]
