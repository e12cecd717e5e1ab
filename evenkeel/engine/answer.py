"""From the kernel's arrays to the tables of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa

from evenkeel.engine.arrays import FIGURES, I8, AnswerArrays
from evenkeel.engine.codes import OUTCOMES, WAYS, Outcome, Side
from evenkeel.engine.columns import Columns, Texts, frame_of, told_of
from evenkeel.engine.problem import Prepared
from evenkeel.engine.shared import policy_of
from evenkeel.engine.tables.outputs import AccountResults, ClassResults, Findings, TaxResults, Trades

SIDES = pl.Series([Side.SELL.value, Side.BUY.value])
SOLVED = (Outcome.TRADED, Outcome.NOTHING_TO_TRADE)


@dataclass(frozen=True)
class Answer:
    """The tables of an answer, as `evenkeel.engine.tables.outputs` gives them, in key order."""

    accounts: pl.DataFrame
    classes: pl.DataFrame
    trades: pl.DataFrame
    findings: pl.DataFrame
    tax_results: pl.DataFrame = field(default_factory=TaxResults.empty_frame)


def empty_answer(accounts: int, classes: int, trades: int) -> AnswerArrays:
    """Return arrays for so many accounts, classes and trades."""
    parts: list[object] = [np.zeros(accounts, np.int64), np.full((accounts, len(FIGURES)), np.nan)]
    parts += [np.full((accounts, classes), np.nan) for _ in range(3)]
    parts += [np.zeros(accounts + 1, np.int64)]
    parts += [np.zeros(trades, np.int64) for _ in range(2)]
    parts += [np.zeros(trades, np.float64) for _ in range(6)]
    return AnswerArrays._make(parts)


def tabulate(prepared: Prepared, answer: AnswerArrays, found_by: I8 | None = None) -> Answer:
    """Return the answer's tables; `found_by` are places in `WAYS` by account, the first for all unless given."""
    accounts, classes = _accounts_and_classes(prepared, answer, found_by)
    return Answer(
        accounts=accounts,
        classes=frame_of(classes, ClassResults),
        trades=trade_rows(prepared, answer),
        findings=_finding_rows(prepared),
    )


def tell(prepared: Prepared, answer: AnswerArrays) -> dict[str, pl.DataFrame | pa.Table]:
    """Return the answer's tables by name, the long ones in the form in which they are written (`columns.told_of`)."""
    accounts, classes = _accounts_and_classes(prepared, answer, None)
    return {
        "accounts": accounts,
        "classes": told_of(classes),
        "trades": told_of(_trade_columns(prepared, answer)),
        "findings": _finding_rows(prepared),
        "tax_results": TaxResults.empty_frame(),
    }


def _accounts_and_classes(
    prepared: Prepared, answer: AnswerArrays, found_by: I8 | None
) -> tuple[pl.DataFrame, Columns]:
    ways = np.zeros(len(answer.outcome), np.int64) if found_by is None else found_by
    outcomes = pl.Series("outcome", [outcome.value for outcome in OUTCOMES]).gather(answer.outcome)
    is_solved = outcomes.is_in([outcome.value for outcome in SOLVED])
    accounts = _account_rows(prepared, answer, outcomes, is_solved, ways)
    return accounts, _class_columns(prepared, answer, accounts["nav_usd"].to_numpy(), is_solved.to_numpy())


def _finding_rows(prepared: Prepared) -> pl.DataFrame:
    return prepared.findings.select(list(Findings.polars_schema())).sort(Findings.key_columns())


def _account_rows(
    prepared: Prepared, answer: AnswerArrays, outcomes: pl.Series, is_solved: pl.Series, ways: I8
) -> pl.DataFrame:
    figures = pl.DataFrame({name: answer.figures[:, i] for i, name in enumerate(FIGURES)})
    excess = ("objective_usd", "bound_usd")
    rows = figures.with_columns(
        prepared.accounts["account_id"],
        outcomes,
        pl.Series("found_by", [way.value for way in WAYS]).gather(ways),
        pl.Series("trade_count", np.diff(answer.trades_from)),
        (pl.col(excess[0]) - pl.col(excess[1])).alias("gap_usd"),
    ).with_columns((pl.col("gap_usd") / pl.col("nav_usd")).alias("gap_frac"))
    names = list(AccountResults.polars_schema())
    if not is_solved.all():
        rows = rows.with_columns(
            pl.when(is_solved).then(pl.col(name)).alias(name) for name in names if name not in ("account_id", "outcome")
        )
    return rows.select(names)


def _class_columns(prepared: Prepared, answer: AnswerArrays, nav: np.ndarray, is_solved: np.ndarray) -> Columns:
    """Return the columns of `classes` by account and class name; a class that the model does not name has target and band 0."""
    order = prepared.classes.arg_sort().to_numpy()
    account, place = np.nonzero(~np.isnan(answer.before[:, order]) & is_solved[:, None])
    klass = order[place]
    policy = policy_of(prepared.arrays.models, len(order))
    model = prepared.arrays.accounts.model[account]
    before, after = answer.before[account, klass], answer.after[account, klass]
    return {
        "account_id": Texts(prepared.accounts["account_id"], account),
        "asset_class": Texts(prepared.classes, klass),
        "value_before_usd": before,
        "value_after_usd": after,
        "weight_before_frac": before / nav[account],
        "weight_after_frac": after / nav[account],
        "target_frac": policy[0, model, klass],
        "lower_frac": policy[1, model, klass],
        "upper_frac": policy[2, model, klass],
        "price_frac": answer.price[account, klass],
    }


def trade_rows(prepared: Prepared, answer: AnswerArrays) -> pl.DataFrame:
    """Return the rows of `trades`, by account, security and lot."""
    return frame_of(_trade_columns(prepared, answer), Trades)


def _trade_columns(prepared: Prepared, answer: AnswerArrays) -> Columns:
    """Return the columns of `trades`, by account, security and lot."""
    count = int(answer.trades_from[-1])
    account = np.repeat(np.arange(prepared.accounts.height), np.diff(answer.trades_from))
    row, lot, usd = answer.trade_row[:count], answer.trade_lot[:count], answer.trade_usd[:count]
    is_buy = lot < 0
    universe = prepared.arrays.universes
    half_spread = np.where(is_buy, universe.buy_cost[row], universe.sell_cost[row])
    return {
        "account_id": Texts(prepared.accounts["account_id"], account),
        "security_id": prepared.securities["security_id"].gather(row),
        "trade_no": np.arange(count) - answer.trades_from[account] + 1,
        "side": Texts(SIDES, is_buy),
        "lot_id": prepared.lots["lot_id"].gather(pl.Series(lot).set(pl.Series(is_buy), None)),
        "asset_class": Texts(prepared.classes, universe.klass[row]),
        "value_usd": usd,
        "traded_qty": answer.trade_qty[:count],
        "price_usd": universe.price[row],
        "gain_usd": pl.Series(answer.trade_gain[:count]).fill_nan(None),
        "disallowed_usd": pl.Series(answer.trade_disallowed[:count]).fill_nan(None),
        "tax_usd": answer.trade_tax[:count],
        "trade_cost_usd": half_spread * usd,
        "margin_frac": answer.trade_margin[:count],
    }
