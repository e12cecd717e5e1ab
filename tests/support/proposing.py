"""Proposals from a few words: a book of files, what accounts hold in which lots, and the step as the daily run calls it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.coverage import Coverage
from data_contracts.fields import MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.prices import Prices
from data_contracts.tax_histories import TaxHistories
from data_contracts.tax_lots import TaxLots
from data_contracts.tax_sales import TaxSales
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.propose.daily import Facts, make_day
from evenkeel.stages.propose.stage import Day, Proposed, propose
from evenkeel.stages.threshold import Rulebook, judge
from tests.small_practice import frame
from tests.support.small_book import MONDAY, small_book

SECURITIES = (
    "security_id,name,asset_type,asset_class,sleeve,symbol,wash_group,issuer_id,price_factor,is_illiquid\n"
    "STK,Stock fund,etf,us_equity,core,STK,,,1,false\n"
    "STX,Stock index fund,mutual_fund,us_equity,core,STX,stocks,,1,false\n"
    "ALT,Other stock fund,etf,us_equity,core,ALT,,,1,false\n"
    "OLD,Old company,stock,us_equity,stocks,OLD,,OLDCO,1,false\n"
    "BND,Bond fund,etf,us_bond,aggregate,BND,,,1,false\n"
    "PRIV,Private fund,private,private,private,PRIV,,,1,true\n"
)
MODELS = (
    "- id: mix\n  version: 1\n  level: firm\n  name: Mix\n  effective_date: 2020-01-02\n  recorded_at: 2020-01-01T00:00:00Z\n"
    "  author: a\n  reason: first\n  targets:\n"
    "  - class: us_equity\n    weight: 0.60\n    sleeves:\n"
    "    - {sleeve: core, weight: 0.60, securities: [{security: STK, weight: 0.60}]}\n"
    "  - class: us_bond\n    weight: 0.35\n    sleeves:\n"
    "    - {sleeve: aggregate, weight: 0.35, securities: [{security: BND, weight: 0.35}]}\n"
    "  - {class: cash, weight: 0.05}\n"
    "- id: other\n  version: 1\n  level: firm\n  name: Other\n  effective_date: 2020-01-02\n  recorded_at: 2020-01-01T00:00:00Z\n"
    "  author: a\n  reason: first\n  targets:\n"
    "  - class: us_equity\n    weight: 0.95\n    sleeves:\n"
    "    - {sleeve: core, weight: 0.95, securities: [{security: ALT, weight: 0.95}]}\n"
    "  - {class: cash, weight: 0.05}\n"
)
TAX_UNITS = (
    "tax_unit_id,filing_status,short_term_rate_frac,long_term_rate_frac,state_rate_frac\n"
    "T1,single,0.35,0.15,0.05\nT2,joint,0.35,0.15,0.05\n"
)
PRICES = {"STK": 100.0, "STX": 50.0, "ALT": 80.0, "OLD": 40.0, "BND": 50.0, "PRIV": 10.0}
CLASSES = {
    "STK": "us_equity",
    "STX": "us_equity",
    "ALT": "us_equity",
    "OLD": "us_equity",
    "BND": "us_bond",
    "PRIV": "private",
}
SLEEVES = {"STK": "core", "STX": "core", "ALT": "core", "OLD": "stocks", "BND": "aggregate", "PRIV": "private"}

PORTFOLIO_OF = {"A1": "A1", "A2": "P2", "A3": "P2", "A4": "A4"}
HOUSEHOLD_OF = {"A1": "H1", "A2": "H2", "A3": "H2", "A4": "H3"}
LONG_AGO, LAST_WEEK = dt.date(2020, 5, 4), dt.date(2026, 2, 24)

_WASHED = pl.Schema(
    [
        ("account_id", pl.String()),
        ("security_id", pl.String()),
        ("lot_id", pl.String()),
        ("washed_qty", pl.Float64()),
        ("clear_from_date", pl.Date()),
        ("answer", pl.String()),
    ]
)
_YEAR = pl.Schema(
    [
        ("tax_unit_id", pl.String()),
        ("realised_short_usd", MONEY_DTYPE),
        ("realised_long_usd", MONEY_DTYPE),
        ("carry_short_usd", MONEY_DTYPE),
        ("carry_long_usd", MONEY_DTYPE),
    ]
)


@dataclass(frozen=True)
class Lot:
    """A lot: units, what one cost, when it was bought (None: its source does not say)."""

    security: str
    qty: float
    unit_cost: float
    opened: dt.date | None = LONG_AGO


@dataclass(frozen=True)
class Account:
    """What an account holds. `spoken_for`: cash that is promised; `in_flight`: dollars that open orders will add, by security."""

    cash: float
    lots: Sequence[Lot] = ()
    spoken_for: float = 0.0
    in_flight: Mapping[str, float] = field(default_factory=dict)


def book_of(**changes: str) -> Book:
    """Return the small book with two models, sleeves, rates and securities of the kinds that matter."""
    files = {"securities_csv": SECURITIES, "models_yaml": MODELS, "tax_units_csv": TAX_UNITS}
    return small_book(**{**files, **changes})


def day_of(accounts: Mapping[str, Account], book: Book, prices: Mapping[str, float] | None = None, **more: Any) -> Day:
    """Return the day on which these accounts hold these things. `more`: fields of `Day`; `policy`: changes to the house's."""
    quoted = {**PRICES, **(prices or {})}
    holdings = frame(
        Holdings,
        [row for name, account in accounts.items() for row in _held(name, account, quoted)],
        business_date=MONDAY,
    )
    lots = [row for name, account in accounts.items() for row in _lots(name, account)]
    measured = measure_drift(MONDAY, holdings, book.portfolios, book.model_targets)
    changes = more.pop("policy", {})
    rulebook = Rulebook.from_book(book, MONDAY)
    policies: dict[str, Policy] = {
        name: policy.model_copy(update=changes) for name, policy in rulebook.policies.items()
    }
    coverage = frame(
        Coverage,
        [
            {"account_id": name, "portfolio_id": PORTFOLIO_OF[name], "household_id": HOUSEHOLD_OF[name]}
            for name in accounts
        ],
        business_date=MONDAY,
        status="scanned",
        custodian="alpha",
    )
    judged = judge(MONDAY, measured, holdings, coverage, Indicators.empty_frame(), replace(rulebook, policies=policies))
    day = Day(
        business_date=MONDAY,
        holdings=holdings,
        drift=measured.drift,
        bands=judged.bands,
        tax_lots=frame(
            TaxLots,
            lots,
            as_of_date=MONDAY,
            business_date=MONDAY,
            account_key="k",
            account_mask="m",
            feed="alpha",
            file_id="f",
            currency="USD",
        )
        if lots
        else TaxLots.empty_frame(),
        prices=frame(
            Prices,
            [
                {"security_id": name, "price_ccy": Decimal(str(price)), "row_no": i}
                for i, (name, price) in enumerate(quoted.items())
            ],
            price_date=MONDAY,
            business_date=MONDAY,
            currency="USD",
            feed="market",
            file_id="m",
        ),
        washed=pl.DataFrame(schema=_WASHED),
        no_buys=pl.DataFrame(schema={"account_id": pl.String, "security_id": pl.String, "last_date": pl.Date}),
        buyers=pl.DataFrame({"account_id": list(accounts), "is_loss_known": [True] * len(accounts)}).with_columns(
            pl.lit(LONG_AGO).alias("losses_from_date"), pl.lit(MONDAY).alias("losses_to_date")
        ),
        year=pl.DataFrame(schema=_YEAR),
        book=book,
        policies={policy.label: policy for policy in policies.values()},
    )
    return replace(day, **more)


def proposed(day: Day, **kinds: str) -> Proposed:
    """Return the proposals of these portfolios, by kind: `proposed(day, A1="full")`."""
    (label,) = day.policies
    households = dict(day.book.portfolios.select("portfolio_id", "household_id").iter_rows())
    wanted = pl.DataFrame(
        [(name, households[name], f"ep-{name}", "drift", kind, False, label) for name, kind in kinds.items()],
        schema=["portfolio_id", "household_id", "alert_id", "rule", "kind", "is_urgent", "policy_version"],
        orient="row",
    )
    return propose(day, wanted)


def listed(made: Proposed) -> dict[tuple[str, str, str], float]:
    """Return the value of each account's orders: `(account, side, security): dollars`."""
    rows = made.trades.group_by("account_id", "side", "security_id").agg(pl.col("value_usd").sum())
    return {(account, side, security): float(value) for account, side, security, value in rows.iter_rows()}


def with_past(
    day: Day,
    book: Book,
    sales: Sequence[dict[str, Any]] = (),
    orders: pl.DataFrame | None = None,
    known_from: dt.date = dt.date(2025, 1, 1),
) -> Day:
    """Return the day with wash sales and the year so far looked up, as the daily run does it.

    `sales`: rows of `TaxSales`. Histories of all accounts begin at `known_from`.
    """
    histories = frame(
        TaxHistories,
        [{"account_id": name} for name in book.accounts["account_id"]],
        business_date=MONDAY,
        history_from_date=known_from,
        history_to_date=MONDAY,
    )
    facts = Facts(
        business_date=MONDAY,
        holdings=day.holdings,  # type: ignore[arg-type]
        drift=day.drift,  # type: ignore[arg-type]
        bands=day.bands,  # type: ignore[arg-type]
        tax_lots=day.tax_lots,  # type: ignore[arg-type]
        tax_sales=frame(TaxSales, list(sales), business_date=MONDAY) if sales else TaxSales.empty_frame(),
        tax_histories=histories,
        orders=OpenOrders.empty_frame() if orders is None else orders,  # type: ignore[arg-type]
        prices=day.prices,  # type: ignore[arg-type]
        book=book,
        policies={"house": next(iter(day.policies.values()))},
    )
    found, _, _ = make_day(facts, book.accounts.select("account_id"))
    return replace(
        day, washed=found.washed, no_buys=found.no_buys, buyers=found.buyers, year=found.year, wash_view=found.wash_view
    )


def _held(name: str, account: Account, prices: Mapping[str, float]) -> list[dict[str, Any]]:
    common = {
        "portfolio_id": PORTFOLIO_OF[name],
        "account_id": name,
        "household_id": HOUSEHOLD_OF[name],
        "price_date": MONDAY,
    }
    qty: dict[str, float] = dict.fromkeys(account.in_flight, 0.0)
    cost: dict[str, float] = {}
    for lot in account.lots:
        qty[lot.security] = qty.get(lot.security, 0.0) + lot.qty
        cost[lot.security] = cost.get(lot.security, 0.0) + lot.qty * lot.unit_cost
    rows = [
        {
            **common,
            "security_id": security,
            "asset_class": CLASSES[security],
            "sleeve": SLEEVES[security],
            "is_illiquid": security == "PRIV",
            "held_qty": Decimal(str(round(units, 9))),
            "price_usd": Decimal(str(prices[security])),
            "cost_usd": Decimal(f"{cost.get(security, 0.0):.2f}"),
            "value_usd": Decimal(f"{units * prices[security]:.2f}"),
            "proforma_usd": Decimal(f"{units * prices[security] + account.in_flight.get(security, 0.0):.2f}"),
        }
        for security, units in qty.items()
    ]
    left = account.cash - account.spoken_for - sum(account.in_flight.values())
    money = {"held_qty": Decimal(f"{account.cash:.2f}"), "value_usd": Decimal(f"{account.cash:.2f}")}
    rows.append(
        {
            **common, **money, "security_id": "CASH:USD", "asset_class": "cash", "sleeve": "cash", "is_illiquid": False,
            "price_usd": Decimal(1), "cost_usd": Decimal(f"{account.cash:.2f}"), "proforma_usd": Decimal(f"{left:.2f}"),
        }
    )  # fmt: skip
    return rows


def _lots(name: str, account: Account) -> list[dict[str, Any]]:
    return [
        {
            "account_id": name, "security_id": lot.security, "lot_id": f"{name}-{lot.security}-{i}", "row_no": 1000 * ord(name[1]) + i,
            "opened_date": lot.opened, "held_qty": Decimal(str(lot.qty)), "cost_ccy": Decimal(f"{lot.qty * lot.unit_cost:.4f}"),
        }
        for i, lot in enumerate(account.lots)
    ]  # fmt: skip
