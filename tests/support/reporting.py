"""Facts for reports, written down row by row: what is not said is plausible and the same in every test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book.accounts import Accounts
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.fills import Fills
from data_contracts.order_allocations import OrderAllocations
from evenkeel.calendar import EASTERN
from evenkeel.reports.facts import CASES, CONSENTS, DAYS, MESSAGES, STEPS, Facts
from evenkeel.reports.period import month_of

Row = Mapping[str, Any]


def at(text: str) -> dt.datetime:
    """Return an instant from New York's clock: `2026-03-03 09:00`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=EASTERN).astimezone(dt.UTC)


def day(text: str) -> dt.date:
    """Return a date of March 2026: `3`, or any date in ISO form."""
    return dt.date.fromisoformat(text) if "-" in text else dt.date(2026, 3, int(text))


def frame(schema: pl.Schema, rows: Iterable[Row]) -> pl.DataFrame:
    """Return rows as a frame; what a row does not say is null."""
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


LOOKED_AT = at("2026-04-06 09:00")


@dataclass
class Telling:
    """Collects rows and makes facts of them, for March 2026, seen from 6 April."""

    sessions: tuple[dt.date, ...] = (day("2"), day("3"), day("4"))
    as_of_at: dt.datetime = LOOKED_AT
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def _add(self, name: str, row: Row) -> None:
        self.rows.setdefault(name, []).append(row)

    def measured(self, on: str, portfolio: str, drift: float, **more: Any) -> None:
        """A portfolio's largest distance on a day."""
        row = {
            "business_date": day(on),
            "portfolio_id": portfolio,
            "household_id": "H" + portfolio[1:],
            "adviser_id": "A-1",
            "model_id": "M-1",
            "value_usd": Decimal(100_000),
            "max_drift_frac": drift,
            "is_outside": drift > 0.05,
            **more,
        }
        self._add("days", row)

    def account(self, account: str, portfolio: str, status: str = "scanned", **more: Any) -> None:
        """An account of the book, with the same coverage on every session."""
        household = "H" + portfolio[1:]
        row = {
            "account_id": account,
            "household_id": household,
            "portfolio_id": portfolio,
            "custodian": "schwab",
            "account_key": "k" + account,
            "account_mask": "…" + account[-2:],
            "registration": "individual",
            "tax_status": "taxable",
            "is_discretionary": True,
            "relief_method": "fifo",
            "state": "active",
            **more,
        }
        self._add("accounts", row)
        for on in self.sessions:
            self._add(
                "coverage",
                {
                    "business_date": on,
                    "account_id": account,
                    "portfolio_id": portfolio,
                    "household_id": household,
                    "custodian": row["custodian"],
                    "status": status,
                },
            )

    def alert(self, on: str, alert: str, portfolio: str, status: str = "open", **more: Any) -> None:
        """An alert in the list of a day."""
        row = {
            "business_date": day(on),
            "alert_id": alert,
            "adviser_id": "A-1",
            "household_id": "H" + portfolio[1:],
            "household_name": "Anderson",
            "portfolio_id": portfolio,
            "account_ids_json": "[]",
            "rule": "drift",
            "status": status,
            "reason": "US equity is 7 points above its band.",
            "classes_json": "[]",
            "value_usd": Decimal(100_000),
            "severity_frac": 0.02,
            "terms_json": "[]",
            "opened_date": day(on),
            "age_sessions": 0,
            "is_overdue": False,
            **more,
        }
        self._add("alerts", row)

    def case(self, proposal: str, alert: str, portfolio: str, *steps: tuple[Any, ...], **more: Any) -> None:
        """A proposal and its steps: step, state after it, when, who, role, reason."""
        self._add(
            "cases",
            {
                "proposal_id": proposal,
                "alert_id": alert,
                "run_id": "run-1",
                "business_date": day("2"),
                "adviser_id": "A-1",
                "household_id": "H" + portfolio[1:],
                "portfolio_id": portfolio,
                "kind": "full",
                "state": steps[-1][1],
                "value_usd": Decimal(100_000),
                "opened_at": at(steps[0][2]),
                "line": "100k to 500k, client asked",
                "is_discretionary": True,
                "account_ids": [],
                "failed_checks": [],
                **more,
            },
        )
        before = None
        for version, (step, state, when, *who) in enumerate(steps, start=1):
            actor, role, reason = (*who, "evenkeel", "automation", "")[:3] if not who else (*who, "")[:3]
            self._add(
                "steps",
                {
                    "proposal_id": proposal,
                    "version": version,
                    "step": step,
                    "from_state": before,
                    "to_state": state,
                    "actor": actor,
                    "role": role,
                    "at": at(when),
                    "reason": reason,
                },
            )
            before = state

    def other(self, name: str, **row: Any) -> None:
        """A row of consents, decisions, messages, fills, allocations, as it is."""
        self._add(name, row)

    def facts(self, month: str = "2026-03", **more: Any) -> Facts:
        """Return what was told."""
        schemas = {
            "days": DAYS,
            "coverage": Coverage.polars_schema(),
            "accounts": Accounts.polars_schema(),
            "alerts": Alerts.polars_schema(),
            "decisions": Decisions.polars_schema(),
            "cases": CASES,
            "consents": CONSENTS,
            "steps": STEPS,
            "messages": MESSAGES,
            "fills": Fills.polars_schema(),
            "allocations": OrderAllocations.polars_schema(),
        }
        frames = {name: frame(schema, self.rows.get(name, [])) for name, schema in schemas.items()}
        told = Facts(month_of(month), self.as_of_at, sessions=self.sessions, **frames)  # type: ignore[arg-type]
        return replace(told, **more)
