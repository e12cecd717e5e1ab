"""Before and after: what a rebalance did for a client, in the client's words: weights, trades, tax, and what was measured since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from evenkeel.reports.model import Column, Report, Table, Unit
from evenkeel.reports.period import Period

NAME = "before-after"
_WEIGHTS = (
    Column("node", "Class"),
    Column("target_frac", "Model", Unit.RATIO),
    Column("before_frac", "Before", Unit.RATIO),
    Column("planned_frac", "As approved", Unit.RATIO),
    Column("after_frac", "Measured after", Unit.RATIO),
)
_TRADES = (
    Column("account", "Account", Unit.CODE),
    Column("side", "Trade"),
    Column("security", "Security"),
    Column("traded_qty", "Shares", Unit.QUANTITY),
    Column("price_usd", "Price used", Unit.PRICE),
    Column("value_usd", "Value", Unit.CENTS),
    Column("gain_usd", "Gain or loss", Unit.CENTS),
    Column("tax_usd", "Tax", Unit.CENTS),
    Column("filled_qty", "Filled", Unit.QUANTITY),
    Column("average_price_usd", "Average price", Unit.PRICE),
)
_TOTALS = (Column("what", "What"), Column("value_usd", "Dollars", Unit.CENTS))
_TOTAL_NAMES = {
    "sold_usd": "Sold",
    "bought_usd": "Bought",
    "short_term_gain_usd": "Short-term gain",
    "long_term_gain_usd": "Long-term gain",
    "net_tax_usd": "Estimated tax",
    "cost_usd": "Estimated trading costs",
    "cash_before_usd": "Cash before",
    "cash_after_usd": "Cash after",
}


@dataclass(frozen=True)
class Rebalance:
    """One approved or filled list, and what is known of it since.

    Attributes:
        proposal_id: The proposal.
        portfolio: How the client knows the portfolio.
        firm: Who writes.
        disclosure: What the firm must say on every page.
        business_date: Session whose prices the list was computed from.
        state: Where it stands.
        approved_at: When the last yes came; None: it did not.
        filled_at: When it was filled; None: not known to be.
        shown: What was consented to: `classes`, `trades`, `figures`.
        after: Weights measured since, by node; empty: not measured yet.
        after_date: On which session.
        filled: Units and average price that each trade was filled with, by its number.
        names: Names of securities, classes and accounts' masks, by id.
    """

    proposal_id: str
    portfolio: str
    firm: str
    disclosure: str
    business_date: dt.date
    state: str
    approved_at: dt.datetime | None
    filled_at: dt.datetime | None
    shown: Mapping[str, Any]
    after: Mapping[str, float] = field(default_factory=dict)
    after_date: dt.date | None = None
    filled: Mapping[int, tuple[Decimal, Decimal]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def before_after(one: Rebalance, as_of_at: dt.datetime) -> Report:
    """Return the client's report on one rebalance."""
    on = one.business_date
    last = max(on, one.after_date or on)
    return Report(
        NAME,
        "Your portfolio, before and after",
        f"{one.portfolio}: what was out of line, what was traded, and where it stands.",
        Period(on.isoformat(), on, last),
        as_of_at,
        True,
        (_weights(one), _trades(one), _totals(one)),
        notes=_notes(one),
    )


def _weights(one: Rebalance) -> Table:
    rows = [
        {
            "node": one.names.get(row["node"], row["node"].replace("_", " ")),
            "target_frac": _number(row["target_frac"]),
            "before_frac": _number(row["before_frac"]),
            "planned_frac": _number(row["after_frac"]),
            "after_frac": one.after.get(row["node"]),
        }
        for row in one.shown["classes"]
    ]
    measured = f"Measured at the close of {one.after_date}." if one.after_date else "Not measured since."
    return Table("weights", "Shares of the portfolio", _WEIGHTS, rows, measured)


def _trades(one: Rebalance) -> Table:
    rows = []
    for trade in one.shown["trades"]:
        units, price = one.filled.get(int(trade["trade_no"]), (None, None))
        rows.append(
            {
                "account": one.names.get(trade["account_id"], trade["account_id"]),
                "side": trade["side"],
                "security": one.names.get(trade["security_id"], trade["security_id"]),
                **{
                    name: _decimal(trade.get(name))
                    for name in ("traded_qty", "price_usd", "value_usd", "gain_usd", "tax_usd")
                },
                "filled_qty": units,
                "average_price_usd": price,
            }
        )
    return Table("trades", "Trades", _TRADES, rows, "Values, gains and taxes are the estimates that were approved.")


def _totals(one: Rebalance) -> Table:
    figures = one.shown["figures"]
    rows = [{"what": title, "value_usd": _decimal(figures.get(name))} for name, title in _TOTAL_NAMES.items()]
    return Table("totals", "In sum", _TOTALS, rows)


def _notes(one: Rebalance) -> Sequence[str]:
    said = []
    if one.filled_at is None:
        said.append(
            "The trades are not known to be done yet." if one.approved_at else "It is not approved: nothing was traded."
        )
    elif not one.filled:
        said.append("What each trade was filled at is not on record here.")
    if one.disclosure:
        said.append(one.disclosure)
    return said


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
