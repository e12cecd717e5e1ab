"""What an adviser is told of a market event: one digest of their own households, not a message for each."""

from __future__ import annotations

from typing import Any

import polars as pl

from data_contracts.event_alerts import EventAlerts
from data_contracts.vocab import NodeLevel
from evenkeel.desk.directory import Directory
from evenkeel.desk.event_digest import SHOWN
from evenkeel.desk.page import directory_of
from evenkeel.desk.reading import dataset
from evenkeel.desk.words import class_words
from evenkeel.errors import UsageError
from evenkeel.messages.fields import AffectedLine
from evenkeel.ports import RunRecord
from evenkeel.run.house import House
from evenkeel.stages.wording import CLASS_NAMES


def event_values(house: House, run: RunRecord, adviser_id: str) -> dict[str, Any]:
    """Return the merge fields (`evenkeel.messages.fields.MarketEvent`) of one adviser's digest, the worst first.

    Raises:
        UsageError: The run is no market event, or what it was based on is gone.
    """
    base = house.records.run(str(run.summary.get("base_run")))
    if base is None or "event_id" not in run.summary:
        raise UsageError("message market_event_digest: its run is no market event; nothing was queued")
    affected = dataset(house, run, EventAlerts).filter(pl.col("adviser_id") == adviser_id).sort("place")
    directory: Directory = directory_of(house, base)
    return {
        "recipient_name": directory.adviser(adviser_id),
        "event_id": run.summary["event_id"],
        "reason": run.summary["reason"],
        "moves": tuple((CLASS_NAMES.get(name, name), far) for name, far in sorted(run.summary["moves"].items())),
        "affected": tuple(_line(row) for row in affected.head(SHOWN).iter_rows(named=True)),
        "affected_count": affected.height,
    }


def _line(row: dict[str, Any]) -> AffectedLine:
    level, node = row["worst_level"], row["worst_node_id"]
    name = node if level == NodeLevel.SECURITY else class_words(level, node, node.partition("/")[0])
    return AffectedLine(
        client_name=row["household_name"],
        portfolio_id=row["portfolio_id"],
        class_name=name,
        current_frac=row["worst_weight_frac"],
        target_frac=row["worst_target_frac"],
        beyond_frac=row["severity_frac"],
    )
