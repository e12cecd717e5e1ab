"""From the kernel's arrays to the tables of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa

from evenkeel.engine.account_columns import AccountColumns, account_columns
from evenkeel.engine.arrays import FIGURES, I8, AnswerArrays
from evenkeel.engine.codes import Side
from evenkeel.engine.columns import Columns, Texts, frame_of, plain_figures, told_of
from evenkeel.engine.problem import Prepared
from evenkeel.engine.shared import policy_of
from evenkeel.engine.tables.outputs import AccountResults, ClassResults, Findings, Remarks, TaxResults, Trades

SIDES = pl.Series([Side.SELL.value, Side.BUY.value])


@dataclass(frozen=True)
class Answer:
    """The tables of an answer, as `evenkeel.engine.tables.outputs` gives them, in key order."""

    accounts: pl.DataFrame
    classes: pl.DataFrame
    trades: pl.DataFrame
    findings: pl.DataFrame
    tax_results: pl.DataFrame = field(default_factory=TaxResults.empty_frame)
    remarks: pl.DataFrame = field(default_factory=Remarks.empty_frame)


def empty_answer(accounts: int, classes: int, trades: int) -> AnswerArrays:
    """Return arrays for so many accounts, classes and trades."""
    parts: list[object] = [np.zeros(accounts, np.int64), np.full((accounts, len(FIGURES)), np.nan)]
    parts += [np.full((accounts, classes), np.nan) for _ in range(3)]
    parts += [np.zeros(accounts + 1, np.int64)]
    parts += [np.zeros(trades, np.int64) for _ in range(2)]
    parts += [np.zeros(trades, np.float64) for _ in range(6)]
    return AnswerArrays._make(parts)


@dataclass(frozen=True)
class SolvedBook:
    """A solved problem as arrays: `found_by` are places in `WAYS` by account, None: all exact; `tax_results` the table of that name."""

    prepared: Prepared
    arrays: AnswerArrays
    found_by: I8 | None = None
    tax_results: pl.DataFrame = field(default_factory=TaxResults.empty_frame)

    @property
    def accounts(self) -> AccountColumns:
        """What became of each account."""
        return account_columns(self.prepared.accounts["account_id"], self.arrays, self.found_by)


def tabulate(book: SolvedBook, remarks: pl.DataFrame | None = None) -> Answer:
    """Return the answer's tables; `remarks` is that of this name, None: there are none."""
    accounts = book.accounts
    return Answer(
        accounts=frame_of(accounts.columns(), AccountResults),
        classes=frame_of(_class_columns(book, accounts), ClassResults),
        trades=trade_rows(book),
        findings=_finding_rows(book.prepared),
        tax_results=plain_figures(book.tax_results),
        remarks=Remarks.empty_frame() if remarks is None else remarks,
    )


def tell(book: SolvedBook, accounts: AccountColumns) -> dict[str, pa.Table]:
    """Return the answer's tables by name, but for `accounts`, in the form in which they are written (`columns.told_of`).

    `accounts`: the book's.
    """
    return {
        "classes": told_of(_class_columns(book, accounts)),
        "trades": told_of(_trade_columns(book)),
        "findings": _finding_rows(book.prepared).to_arrow(),
        "tax_results": plain_figures(book.tax_results).to_arrow(),
    }


def _finding_rows(prepared: Prepared) -> pl.DataFrame:
    return prepared.findings.select(list(Findings.polars_schema())).sort(Findings.key_columns())


def _class_columns(book: SolvedBook, accounts: AccountColumns) -> Columns:
    """Return the columns of `classes` by account and class name; a class that the model does not name has target and band 0."""
    prepared, answer = book.prepared, book.arrays
    nav, is_solved = accounts.figure("nav_usd"), accounts.is_solved
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


def trade_rows(book: SolvedBook) -> pl.DataFrame:
    """Return the rows of `trades`, by account, security and lot."""
    return frame_of(_trade_columns(book), Trades)


def _trade_columns(book: SolvedBook) -> Columns:
    """Return the columns of `trades`, by account, security and lot."""
    prepared, answer = book.prepared, book.arrays
    count = int(answer.trades_from[-1])
    account = np.repeat(np.arange(prepared.accounts.height), np.diff(answer.trades_from))
    row, lot, usd = answer.trade_row[:count], answer.trade_lot[:count], answer.trade_usd[:count]
    is_buy = lot < 0
    universe = prepared.arrays.universes
    half_spread = np.where(is_buy, universe.buy_cost[row], universe.sell_cost[row])
    return {
        "account_id": Texts(prepared.accounts["account_id"], account),
        "security_id": Texts(prepared.security_ids, universe.security[row]),
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
