"""Which version of a thing held on a date, as it was known at a moment: the rule, for models and IPS alike.

Policies keep the same rule in `evenkeel.policy.versions`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from evenkeel.book.models import Model


def models_held(models: Iterable[Model], on: dt.date, as_known_at: dt.datetime | None) -> dict[str, Model]:
    """Return by id the version of each model with the latest effective date up to `on`.

    Of two for the same date the one recorded later holds, then the higher version.

    Args:
        models: All versions.
        on: Business date.
        as_known_at: Leave out versions recorded later than this instant; None: as known now.
    """
    held: dict[str, Model] = {}
    for model in sorted(models, key=lambda model: (model.effective_date, model.recorded_at, model.version)):
        if model.effective_date <= on and (as_known_at is None or model.recorded_at <= as_known_at):
            held[model.id] = model
    return held


def rows_held(versions: pl.DataFrame, id_column: str, on: dt.date, as_known_at: dt.datetime | None) -> pl.DataFrame:
    """Return of a frame of versions (`effective_date`, `recorded_at`, `version`) the row of each id that holds, sorted by id."""
    held = versions.filter(pl.col("effective_date") <= on)
    if as_known_at is not None:
        held = held.filter(pl.col("recorded_at") <= as_known_at)
    return held.sort(id_column, "effective_date", "recorded_at", "version").unique(
        id_column, keep="last", maintain_order=True
    )
