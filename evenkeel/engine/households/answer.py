"""From the kernel's arrays to the tables of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from evenkeel.engine.answer import SolvedBook, trade_rows
from evenkeel.engine.arrays import I8, AnswerArrays
from evenkeel.engine.codes import HOUSEHOLD_OUTCOMES, OUTCOMES, WAYS, Finding, HouseholdOutcome, Outcome
from evenkeel.engine.households.arrays import HOUSEHOLD_FIGURES, MEMBER_FIGURES, HouseholdAnswerArrays
from evenkeel.engine.households.problem import PreparedHouseholds
from evenkeel.engine.households.tables import HouseholdAccounts, HouseholdCells, HouseholdClasses, HouseholdResults
from evenkeel.engine.tables.outputs import Findings, Remarks, TaxResults


@dataclass(frozen=True)
class HouseholdAnswer:
    """The tables of an answer, in key order: see `evenkeel.engine.households.tables`; trades and findings as of accounts alone."""

    households: pl.DataFrame
    household_classes: pl.DataFrame
    household_accounts: pl.DataFrame
    household_cells: pl.DataFrame
    trades: pl.DataFrame
    findings: pl.DataFrame
    tax_results: pl.DataFrame = field(default_factory=TaxResults.empty_frame)
    remarks: pl.DataFrame = field(default_factory=Remarks.empty_frame)


SOLVED = (HouseholdOutcome.TRADED.value, HouseholdOutcome.NOTHING_TO_TRADE.value)
WAITING = (Outcome.TRADED.value, Outcome.NOTHING_TO_TRADE.value, Outcome.HOUSEHOLD_WAITS.value)


def empty_household_answer(households: int, accounts: int, classes: int, trades: int) -> HouseholdAnswerArrays:
    """Return arrays for so many households, accounts, classes and trades."""
    parts: list[object] = []
    for owners, figures, tables in ((households, HOUSEHOLD_FIGURES, 3), (accounts, MEMBER_FIGURES, 4)):
        parts += [np.zeros(owners, np.int64), np.full((owners, len(figures)), np.nan)]
        parts += [np.full((owners, classes), np.nan) for _ in range(tables)]
    parts += [np.zeros(accounts, np.int64) for _ in range(2)]
    parts += [np.zeros(trades, np.int64) for _ in range(2)]
    parts += [np.zeros(trades, np.float64) for _ in range(6)]
    return HouseholdAnswerArrays._make(parts)


def tabulate_households(
    prepared: PreparedHouseholds, answer: HouseholdAnswerArrays, found_by: I8 | None = None
) -> HouseholdAnswer:
    """Return the answer's tables; `found_by` are places in `WAYS` by household, the first for all unless given."""
    ways = np.zeros(len(answer.outcome), np.int64) if found_by is None else found_by
    accounts = _account_rows(prepared, answer)
    trades = trade_rows(SolvedBook(prepared.prepared, _in_account_order(answer)))
    crossed = _crossed(trades, accounts)
    return HouseholdAnswer(
        households=_household_rows(prepared, answer, accounts, crossed, ways),
        household_classes=_class_rows(prepared, answer),
        household_accounts=accounts.select(list(HouseholdAccounts.polars_schema())),
        household_cells=_cell_rows(prepared, answer),
        trades=trades,
        findings=pl.concat([prepared.prepared.findings, _crossed_findings(crossed)])
        .select(list(Findings.polars_schema()))
        .sort(Findings.key_columns()),
    )


def _in_account_order(answer: HouseholdAnswerArrays) -> AnswerArrays:
    """Return the trades as of accounts alone: the kernel writes them household by household."""
    counts = answer.trades_end - answer.trades_begin
    starts = np.concatenate([[0], np.cumsum(counts)])
    order = np.repeat(answer.trades_begin - starts[:-1], counts) + np.arange(starts[-1])
    columns = (getattr(answer, name)[order] for name in AnswerArrays._fields if name.startswith("trade_"))
    return AnswerArrays(
        answer.member_outcome, answer.member_figures, answer.cell_before, answer.cell_after, answer.cell_price, starts, *columns
    )  # fmt: skip


def _account_rows(prepared: PreparedHouseholds, answer: HouseholdAnswerArrays) -> pl.DataFrame:
    """Return a row for each account that names a household, those of unknown households too."""
    outcomes = pl.Series("outcome", [outcome.value for outcome in OUTCOMES]).gather(answer.member_outcome)
    solved = [Outcome.TRADED.value, Outcome.NOTHING_TO_TRADE.value]
    known = pl.DataFrame({name: answer.member_figures[:, i] for i, name in enumerate(MEMBER_FIGURES)}).with_columns(
        prepared.prepared.accounts["account_id"],
        outcomes,
        pl.Series("trade_count", answer.trades_end - answer.trades_begin),
    )
    figures = [*MEMBER_FIGURES, "trade_count"]
    known = known.with_columns(
        pl.when(pl.col("outcome").is_in(solved)).then(pl.col(name)).alias(name) for name in figures
    )
    return prepared.members.join(known, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col("outcome").fill_null(Outcome.HOUSEHOLD_UNKNOWN.value)
    )


def _household_rows(
    prepared: PreparedHouseholds, answer: HouseholdAnswerArrays, accounts: pl.DataFrame, crossed: pl.DataFrame, ways: I8
) -> pl.DataFrame:
    outcomes = pl.Series("outcome", [outcome.value for outcome in HOUSEHOLD_OUTCOMES]).gather(answer.outcome)
    known = pl.DataFrame({name: answer.figures[:, i] for i, name in enumerate(HOUSEHOLD_FIGURES)}).with_columns(
        prepared.households["household_id"],
        outcomes,
        pl.Series("found_by", [way.value for way in WAYS]).gather(ways),
    )
    is_unsolved = ~pl.col("outcome").is_in(WAITING)
    of_accounts = accounts.group_by("household_id").agg(
        pl.len().cast(pl.Int64).alias("account_count"),
        pl.col("trade_count").sum(),
        pl.col("account_id").filter(is_unsolved).min().alias("unsolved_account_id"),
    )
    both = crossed.group_by("household_id").agg(
        pl.col("security_id").n_unique().cast(pl.Int64).alias("other_side_count")
    )
    rows = (
        prepared.every_household.join(of_accounts, on="household_id", how="left")
        .join(known, on="household_id", how="left")
        .join(both, on="household_id", how="left")
        .with_columns(
            pl.col("account_count").fill_null(0),
            pl.col("other_side_count").fill_null(0),
            pl.when(pl.col("outcome").is_not_null())
            .then(pl.col("outcome"))
            .when(pl.col("is_known"))
            .then(pl.lit(HouseholdOutcome.NO_ACCOUNT.value))
            .otherwise(pl.lit(HouseholdOutcome.HOUSEHOLD_UNKNOWN.value))
            .alias("outcome"),
            (pl.col("objective_usd") - pl.col("bound_usd")).alias("gap_usd"),
        )
        .with_columns((pl.col("gap_usd") / pl.col("nav_usd")).alias("gap_frac"))
    )
    figures = [*HOUSEHOLD_FIGURES, "trade_count", "other_side_count", "gap_usd", "gap_frac", "found_by"]
    is_told = pl.col("outcome") == HouseholdOutcome.ACCOUNT_UNSOLVED.value
    rows = rows.with_columns(
        *(pl.when(pl.col("outcome").is_in(SOLVED)).then(pl.col(name)).alias(name) for name in figures),
        pl.when(is_told).then(pl.col("unsolved_account_id")).alias("unsolved_account_id"),
    )
    return rows.select(list(HouseholdResults.polars_schema())).sort("household_id")


def _class_rows(prepared: PreparedHouseholds, answer: HouseholdAnswerArrays) -> pl.DataFrame:
    """Return the rows by household and class name; a class that the model does not name has target and band 0."""
    order = prepared.prepared.classes.arg_sort().to_numpy()
    household, place = np.nonzero(~np.isnan(answer.before[:, order]))
    klass = order[place]
    models, arrays = prepared.arrays.problem.models, prepared.arrays
    owner = np.repeat(np.arange(len(models.rows_from) - 1), np.diff(models.rows_from))
    policy = np.zeros((3, max(1, len(models.rows_from) - 1), len(order)))
    for row, values in enumerate((models.target, models.lower, models.upper)):
        policy[row, owner, models.klass] = values
    first = arrays.households.member[arrays.households.members_from[household]]
    model = arrays.problem.accounts.model[first]
    before, after, nav = answer.before[household, klass], answer.after[household, klass], answer.figures[household, 0]
    return pl.DataFrame(
        {
            "household_id": prepared.households["household_id"].gather(household),
            "asset_class": prepared.prepared.classes.gather(klass),
            "value_before_usd": before,
            "value_after_usd": after,
            "weight_before_frac": before / nav,
            "weight_after_frac": after / nav,
            "target_frac": policy[0, model, klass],
            "lower_frac": policy[1, model, klass],
            "upper_frac": policy[2, model, klass],
            "price_frac": answer.price[household, klass],
        },
        schema=HouseholdClasses.polars_schema(),
    )


def _cell_rows(prepared: PreparedHouseholds, answer: HouseholdAnswerArrays) -> pl.DataFrame:
    order = prepared.prepared.classes.arg_sort().to_numpy()
    account, place = np.nonzero(~np.isnan(answer.cell_before[:, order]))
    klass = order[place]
    return pl.DataFrame(
        {
            "account_id": prepared.prepared.accounts["account_id"].gather(account),
            "asset_class": prepared.prepared.classes.gather(klass),
            "value_before_usd": answer.cell_before[account, klass],
            "value_after_usd": answer.cell_after[account, klass],
            "location_cost_frac": answer.cell_location[account, klass],
            "price_frac": answer.cell_price[account, klass],
        },
        schema=HouseholdCells.polars_schema(),
    )


def _crossed(trades: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return accounts and securities that one account of a household sells and another buys, and whether a loss is taken there."""
    sides = (
        trades.join(accounts.select("account_id", "household_id"), on="account_id")
        .group_by("household_id", "security_id", "account_id", "side")
        .agg(((pl.col("gain_usd") < 0) & (pl.col("tax_usd") < 0)).fill_null(False).any().alias("has_loss"))
    )
    of_household = pl.struct("household_id", "security_id")
    return sides.filter(pl.col("side").n_unique().over(of_household) > 1)


def _crossed_findings(crossed: pl.DataFrame) -> pl.DataFrame:
    """Return a finding for each account and security on either side, and one more where the loss would be disallowed."""
    both = crossed.with_columns(pl.lit(Finding.OTHER_SIDE_IN_HOUSEHOLD.value).alias("finding"))
    losses = crossed.filter("has_loss").with_columns(pl.lit(Finding.LOSS_BOUGHT_IN_HOUSEHOLD.value).alias("finding"))
    return pl.concat([both, losses]).select("account_id", "security_id", pl.lit("").alias("lot_id"), "finding")
