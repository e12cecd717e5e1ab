"""A small book, holdings and a list of trades in few words, for the tests of what is said of a list."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.holdings import Holdings
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.prechecks import prechecks
from evenkeel.stages.propose.wash_answers import WASHES
from tests.small_practice import MONDAY, book, frame, policy

TRADED = MONDAY + dt.timedelta(days=1)

SECURITIES: list[dict[str, Any]] = [
    {"security_id": "USTM", "asset_type": "etf", "asset_class": "us_equity", "sleeve": "core", "wash_group": "us_total"},
    {"security_id": "USTMX", "asset_type": "mutual_fund", "asset_class": "us_equity", "sleeve": "core", "wash_group": "us_total"},
    {"security_id": "USLC", "asset_type": "etf", "asset_class": "us_equity", "sleeve": "core"},
    {"security_id": "USAG", "asset_type": "etf", "asset_class": "us_bond", "sleeve": "aggregate"},
    {"security_id": "PLMR", "asset_type": "stock", "asset_class": "us_equity", "sleeve": "stocks", "issuer_id": "PALOMAR"},
    {"security_id": "PLMR30", "asset_type": "bond", "asset_class": "us_bond", "sleeve": "short", "issuer_id": "PALOMAR"},
    {"security_id": "T34", "asset_type": "bond", "asset_class": "us_bond", "sleeve": "short", "issuer_id": "UST", "cusip": "91282CAB1"},
    {"security_id": "PVCR", "asset_type": "private", "asset_class": "private", "sleeve": "credit", "is_illiquid": True},
    {"security_id": "MMF", "asset_type": "money_market", "asset_class": "cash", "sleeve": "cash"},
]  # fmt: skip
CLASS_OF = {row["security_id"]: row["asset_class"] for row in SECURITIES} | {"CASH:USD": "cash"}

TAXABLE = {"account_id": "P1-1", "portfolio_id": "P1", "household_id": "H1", "tax_unit_id": "T1"}
IRA = {**TAXABLE, "account_id": "P1-2", "registration": "ira", "tax_status": "deferred"}


def small_book(**tables: Any) -> Book:
    """Return a book of portfolio P1 with a taxable account and an IRA, IPS `ips`, and the securities above."""
    common = {"price_factor": Decimal(1), "multiplier": Decimal(1), "is_illiquid": False}
    plain: dict[str, Any] = {
        "portfolios": [{"portfolio_id": "P1", "ips_id": "ips"}],
        "accounts": [TAXABLE, IRA],
        "securities": [{**common, "name": row["security_id"], **row} for row in SECURITIES],
    }
    return book(**{**plain, **tables})


def restriction(kind: str, scope: str = "firm", scope_id: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a row of `restrictions`."""
    return {
        "restriction_id": "R-17",
        "scope": scope,
        "scope_id": scope_id,
        "kind": kind,
        "reason": "client's wish",
        **more,
    }


def ips(**changes: Any) -> dict[str, Any]:
    """Return a row of `ips_profiles`."""
    return {"ips_id": "ips", "version": 1, "effective_date": dt.date(2020, 1, 1), **changes}


def held(values: Mapping[str, Mapping[str, float]], price: float = 10.0, **changes: Any) -> pl.DataFrame:
    """Return holdings: by account, dollars by security, everything at one price."""
    return frame(
        Holdings,
        [
            {
                "portfolio_id": account.split("-")[0],
                "account_id": account,
                "security_id": security,
                "asset_class": CLASS_OF[security],
                "held_qty": Decimal(str(dollars if security == "CASH:USD" else dollars / price)),
                "price_usd": Decimal(str(price)),
                "value_usd": Decimal(f"{dollars:.2f}"),
                "proforma_usd": Decimal(f"{dollars:.2f}"),
                "is_illiquid": security == "PVCR",
                **(changes.get(security) or {}),
            }
            for account, positions in values.items()
            for security, dollars in positions.items()
        ],
        business_date=MONDAY,
        household_id="H1",
        sleeve="core",
        price_date=MONDAY,
    )


def trade(side: str, security: str, dollars: float, account: str = "P1-1", **changes: Any) -> dict[str, Any]:
    """Return a trade at a price of 10."""
    return {
        "portfolio_id": account.split("-")[0],
        "account_id": account,
        "security_id": security,
        "side": side,
        "traded_qty": Decimal(f"{dollars / 10:.4f}"),
        "price_usd": Decimal(10),
        "value_usd": Decimal(f"{dollars:.2f}"),
        "gain_usd": None,
        "disallowed_usd": None,
        **changes,
    }


_TRADES: dict[str, pl.DataType | type[pl.DataType]] = {
    "portfolio_id": pl.String,
    "account_id": pl.String,
    "security_id": pl.String,
    "side": pl.String,
    "traded_qty": FACT_DTYPE,
    "price_usd": FACT_DTYPE,
    "value_usd": MONEY_DTYPE,
    "gain_usd": MONEY_DTYPE,
    "disallowed_usd": MONEY_DTYPE,
}


def checked(
    trades: Sequence[Mapping[str, Any]],
    holdings: pl.DataFrame,
    known: Book | None = None,
    rules: Policy | None = None,
    *,
    answers: Sequence[tuple[str, str]] = (),
    bought: Mapping[str, Any] | None = None,
    portfolio: str = "P1",
    account_cash: pl.DataFrame | None = None,
    lots: pl.DataFrame | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the checks of one portfolio's list by name, and the worst result under `worst`.

    `answers`: what is known of sales in its account 1, by security. `bought`: of all purchases, as a row of `WASHES`; None: clear.
    """
    portfolios = sorted({portfolio, *(row["portfolio_id"] for row in trades)})
    told = prechecks(
        pl.DataFrame(trades, schema=_TRADES),
        pl.DataFrame({"portfolio_id": portfolios, "policy_version": ["house/1"] * len(portfolios)}),
        holdings,
        pl.DataFrame(
            [
                {
                    "portfolio_id": portfolio,
                    "account_id": f"{portfolio}-1",
                    "security_id": name,
                    "side": "sell",
                    "answer": answer,
                }
                for name, answer in answers
            ]
            + [
                {
                    **{name: row[name] for name in ("portfolio_id", "account_id", "security_id", "side")},
                    **(bought or {"answer": "clear"}),
                }
                for row in trades
                if row["side"] == "buy" and bought != {}
            ],
            schema=WASHES,
        ),
        known or small_book(),
        {"house/1": rules or policy()},
        MONDAY,
        TRADED,
        account_cash,
        lots,
    )
    [row] = told.filter(pl.col("portfolio_id") == portfolio).to_dicts()
    checks = {check["check"]: check for check in json.loads(row["checks_json"])}
    return {**checks, "worst": {"result": row["worst"]}}
