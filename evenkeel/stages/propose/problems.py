"""The engine's problems of a case: those of portfolios of one account, and of several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import polars as pl

from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.problem import Tables

_TablesT = TypeVar("_TablesT", bound=Tables)


@dataclass(frozen=True)
class Problems:
    """The engine's tables of portfolios of one account (`alone`) and of several (`together`; None where there are none).

    `nodes`: targets and bands as they were aimed at, as `with_stuck` returns them. `buyable`: shelf rows with `is_buyable`. `netted`: as
    `netted_accounts` returns it.
    """

    alone: Tables
    together: HouseholdTables | None
    nodes: pl.DataFrame
    buyable: pl.DataFrame
    netted: pl.DataFrame

    def accounts(self) -> pl.DataFrame:
        """Return `account_id`, `turnover_budget_frac` of all accounts."""
        rows = [self.alone.accounts, *([] if self.together is None else [self.together.accounts])]
        return pl.concat(each.select("account_id", "turnover_budget_frac") for each in rows)

    def models(self) -> pl.DataFrame:
        """Return the engine's models of all portfolios: what each node is aimed at, and its band."""
        return pl.concat([self.alone.models, *([] if self.together is None else [self.together.models])])

    def of(self, portfolios: pl.Series) -> Problems:
        """Return the problems of some of the portfolios, to be solved by themselves; what is not the engine's stays that of all."""
        together = None if self.together is None else _tables_of(self.together, portfolios)
        if together is not None:
            chosen = pl.col("household_id").is_in(portfolios.implode())
            together = replace(together, households=together.households.filter(chosen))
        is_none = together is None or together.accounts.is_empty()
        return replace(self, alone=_tables_of(self.alone, portfolios), together=None if is_none else together)


def _tables_of(tables: _TablesT, portfolios: pl.Series) -> _TablesT:
    """Return the rows of some portfolios' accounts; a model is called as its portfolio, a universe and a cash plan as their account."""
    accounts = tables.accounts.filter(pl.col("model_id").is_in(portfolios.implode()))
    ids = accounts["account_id"].implode()
    return replace(
        tables,
        accounts=accounts,
        models=tables.models.filter(pl.col("model_id").is_in(portfolios.implode())),
        securities=tables.securities.filter(pl.col("universe_id").is_in(ids)),
        lots=tables.lots.filter(pl.col("account_id").is_in(ids)),
        cash_terms=tables.cash_terms.filter(pl.col("cash_plan_id").is_in(ids)),
        restrictions=tables.restrictions.filter(pl.col("account_id").is_in(ids)),
        tax_units=tables.tax_units.join(accounts, on="tax_unit_id", how="semi"),
    )
