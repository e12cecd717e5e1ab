"""The suites of the gates: tonight's figures of each custodian against their bounds, judged by Great Expectations.

Nothing leaves the process and nothing is left behind: an ephemeral context, no Data Docs, no progress bars, analytics off before the
library is imported. It costs seconds to import and a tenth of one to judge, so it is imported where it is used, and not at all when
there is nothing to judge. Which figure a gate looks at, its bounds, and what follows belongs in `evenkeel.stages.reconcile.gates`.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import polars as pl

FIGURES_SCHEMA = pl.Schema(
    {"custodian": pl.String, "gate": pl.String, "observed": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
)
"""One row per custodian and gate that is judged. A bound that is null is no bound; a figure is never null."""

VERDICTS_SCHEMA = pl.Schema({"custodian": pl.String, "gate": pl.String, "is_passed": pl.Boolean})

_ONE_AT_A_TIME = threading.Lock()
"""The library keeps its context in a global, and dates may be run side by side."""


class SuiteBroken(RuntimeError):
    """Great Expectations could not judge: a defect of ours or of the library, never of the data."""


def judge(figures: pl.DataFrame) -> pl.DataFrame:
    """Return whether each figure is within its bounds, which are inclusive.

    Args:
        figures: As `FIGURES_SCHEMA`; custodian and gate together are unique.

    Returns:
        As `VERDICTS_SCHEMA`, one row for each row of `figures`, in its order.

    Raises:
        SuiteBroken: An expectation did not come to a verdict.
    """
    unjudgeable = figures.filter(~pl.col("observed").is_finite().fill_null(False))
    if unjudgeable.height:
        raise SuiteBroken(f"{unjudgeable.height} figures are null or not finite; leave them out before they are judged")
    if not figures.height:
        return pl.DataFrame(schema=VERDICTS_SCHEMA)
    suite = _columns_of(figures)
    wide = figures.join(suite, on=["gate", "lower", "upper"], how="left", nulls_equal=True).pivot(
        on="column", index="custodian", values="observed"
    )
    failed = _failures(wide, suite)
    is_failed = pl.struct("custodian", "gate").is_in([{"custodian": name, "gate": gate} for name, gate in failed])
    return figures.select("custodian", "gate", (~is_failed if failed else pl.lit(True)).alias("is_passed"))


def _columns_of(figures: pl.DataFrame) -> pl.DataFrame:
    """Name a column for each gate and pair of bounds: one expectation judges it. Most gates have one pair for all custodians."""
    numbered = figures.select("gate", "lower", "upper").unique(maintain_order=True)
    ordinal = pl.int_range(1, pl.len() + 1).over("gate")
    return numbered.with_columns(pl.format("{} {}", "gate", ordinal).alias("column"))


def _failures(wide: pl.DataFrame, suite: pl.DataFrame) -> list[tuple[str, str]]:
    """Return custodian and gate of every figure outside its bounds. A custodian without a figure in a column is not looked at."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # a run's log tells of the run
    with _ONE_AT_A_TIME:
        import great_expectations as gx
        import pandas as pd
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.expectations.core.expect_column_values_to_be_between import (
            ExpectColumnValuesToBeBetween,
        )

        # This one sets a level of its own when imported, and tells of temporary folders.
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("gates").add_dataframe_asset("custodian_totals")
        frame = pd.DataFrame(wide.to_dict(as_series=False))
        batch = asset.add_batch_definition_whole_dataframe("tonight").get_batch({"dataframe": frame})
        expectations = [
            ExpectColumnValuesToBeBetween(
                column=row["column"], min_value=row["lower"], max_value=row["upper"], meta={"gate": row["gate"]}
            )
            for row in suite.iter_rows(named=True)
        ]
        outcome = batch.validate(
            gx.ExpectationSuite(name="gates", expectations=expectations),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["custodian"]},
        )
    if len(outcome.results) != suite.height:
        raise SuiteBroken(f"{suite.height} expectations gave {len(outcome.results)} results")
    return [failure for result in outcome.results for failure in _failed_custodians(result)]


def _failed_custodians(result: Any) -> list[tuple[str, str]]:
    gate = result.expectation_config.meta["gate"]
    if result.exception_info.get("raised_exception", True):
        raise SuiteBroken(f"gate {gate}: {result.exception_info.get('exception_message')}")
    failed = [(str(where["custodian"]), gate) for where in result.result["unexpected_index_list"] or ()]
    if bool(failed) == bool(result.success):
        raise SuiteBroken(f"gate {gate}: success is {result.success} with {len(failed)} custodians outside the bounds")
    return failed
