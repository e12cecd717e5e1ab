"""What operations are told of a date: one digest of what stopped or waits and what to do, not a message for each finding (REC-05)."""

from __future__ import annotations

from typing import Any

import polars as pl

from data_contracts.exceptions import Exceptions
from data_contracts.vocab import DeliveryState, ExceptionEffect
from evenkeel.desk.reading import dataset
from evenkeel.desk.words import OWNER_NAMES
from evenkeel.messages.fields import DigestLine
from evenkeel.ports import RunRecord
from evenkeel.run.house import House

SHOWN = 15
"""Lines of findings; the rest is counted."""


def digest_values(house: House, run: RunRecord) -> dict[str, Any]:
    """Return the merge fields (`evenkeel.messages.fields.Digest`) of a date, by the run that counts for it now."""
    run = house.records.manifest(run.business_date) or run
    lines = digest_lines(dataset(house, run, Exceptions))
    counts = house.records.outbox.counts()
    for state, action in (
        (DeliveryState.DEAD, "evenkeel messages list --state dead; mend what is wrong, then send it again"),
        (DeliveryState.IN_DOUBT, "evenkeel messages list --state in_doubt; look at the other side, then resolve it"),
    ):
        number = sum(count for (_, each), count in counts.items() if each == state)
        if number:
            lines.append(DigestLine(f"messages {state.replace('_', ' ')}", number, action))
    return {"recipient_name": "Operations", "business_date": run.business_date, "lines": tuple(lines)}


def digest_lines(exceptions: pl.DataFrame) -> list[DigestLine]:
    """Return a line for each check that stopped something or waits, stops first, the most first.

    Args:
        exceptions: `data_contracts.exceptions` of the run; what they say has no personal data.
    """
    ranks = {ExceptionEffect.STOP.value: 0, ExceptionEffect.WAIT.value: 1}
    held_up = exceptions.filter(pl.col("effect").is_in(list(ranks))).sort("exception_id")
    grouped = (
        held_up.group_by("effect", "check", "owner")
        .agg(pl.len().alias("count"), pl.col("message").first())
        .with_columns(pl.col("effect").replace_strict(ranks, return_dtype=pl.Int64).alias("rank"))
        .sort("rank", "count", "check", "owner", descending=[False, True, False, False])
    )
    lines = [
        DigestLine(
            f"{row['check'].replace('_', ' ')} ({'stopped' if row['rank'] == 0 else 'waiting'}, {OWNER_NAMES[row['owner']]})",
            row["count"],
            row["message"] if row["count"] == 1 else f"{row['message']} And {row['count'] - 1:,} more.",
        )
        for row in grouped.head(SHOWN).iter_rows(named=True)
    ]
    rest = sum(grouped["count"].to_list()[SHOWN:])
    return [*lines, DigestLine("others", rest, "evenkeel quarantine lists them all")] if rest else lines
