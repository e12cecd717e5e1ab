"""Names for people, in the place of ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from evenkeel.stages.prioritize.routing import UNASSIGNED


@dataclass(frozen=True)
class Directory:
    """Names of advisers, portfolios and securities, masks of accounts, teams of advisers, decisions by id; the unknown keeps its id."""

    adviser_names: Mapping[str, str] = field(default_factory=dict)
    portfolio_names: Mapping[str, str] = field(default_factory=dict)
    account_masks: Mapping[str, str] = field(default_factory=dict)
    adviser_teams: Mapping[str, str] = field(default_factory=dict)
    decisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    security_names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        advisers: pl.DataFrame,
        portfolios: pl.DataFrame,
        accounts: pl.DataFrame,
        decisions: pl.DataFrame | None = None,
        securities: pl.DataFrame | None = None,
    ) -> Directory:
        """Return the directory of the book's tables, and of `data_contracts.decisions`; a table that is not given gives no names."""
        return cls(
            dict(advisers.select("adviser_id", "name").iter_rows()),
            dict(portfolios.filter(pl.col("name").is_not_null()).select("portfolio_id", "name").iter_rows()),
            dict(accounts.select("account_id", "account_mask").iter_rows()),
            dict(advisers.filter(pl.col("team").is_not_null()).select("adviser_id", "team").iter_rows()),
            {} if decisions is None else {row["decision_id"]: row for row in decisions.iter_rows(named=True)},
            {} if securities is None else dict(securities.select("security_id", "name").iter_rows()),
        )

    def adviser(self, adviser_id: str) -> str:
        """Return the adviser's name."""
        return self.adviser_names.get(adviser_id, "No adviser of record" if adviser_id == UNASSIGNED else adviser_id)
