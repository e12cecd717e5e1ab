"""Before and after: what a rebalance did for a client, in the client's words: weights, trades, tax, and what was measured since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from data_contracts.vocab import AssetClass
from evenkeel.reports.model import Column, Fact, Report, Table, Unit
from evenkeel.reports.period import Period

NAME = "before-after"
_CASH = AssetClass.CASH.value
_WEIGHTS = (
    Column("node", "Class"),
    Column("before_frac", "Before", Unit.RATIO),
    Column("target_frac", "Model", Unit.RATIO),
    Column("planned_frac", "As approved", Unit.RATIO, is_optional=True),
    Column("after_frac", "Measured after", Unit.RATIO, is_optional=True),
    Column("change_frac", "Change, pts", Unit.CHANGE, is_optional=True),
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
    Column("filled_qty", "Filled", Unit.QUANTITY, is_optional=True),
    Column("average_price_usd", "Average price", Unit.PRICE, is_optional=True),
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
        after: Weights measured since, by class and sleeve; empty: not measured yet.
        after_date: On which session.
        filled: Units and average price that each trade was filled with, by its number.
        names: Names of securities, classes, sleeves and accounts' masks, by id.
        client: How the firm names the client; empty: not known.
        value_usd: Of the portfolio that the weights are shares of; None: not known.
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
    client: str = ""
    value_usd: Decimal | None = None


def before_after(one: Rebalance, as_of_at: dt.datetime) -> Report:
    """Return the client's report on one rebalance; the table `parts` is there where a class has several parts."""
    on = one.business_date
    last = max(on, one.after_date or on)
    tables = [_weights(one), _trades(one), _totals(one)]
    parts = _parts(one)
    return Report(
        NAME,
        "Your portfolio, before and after",
        f"{one.portfolio}: what was out of line, what was {'traded' if one.approved_at else 'proposed'}, and where it stands.",
        Period(on.isoformat(), on, last),
        as_of_at,
        True,
        (*tables, parts) if len(parts.rows) > len(tables[0].rows) else tuple(tables),
        notes=_notes(one),
        facts=_facts(one),
        disclosure=one.disclosure,
    )


def _facts(one: Rebalance) -> Sequence[Fact]:
    accounts = dict.fromkeys(trade["account_id"] for trade in one.shown["trades"])
    masks = ", ".join(one.names.get(account, account) for account in accounts)
    said = [Fact("Client", one.client)] if one.client else []
    said.append(Fact("Portfolio", one.portfolio))
    if masks:
        said.append(Fact("Account" if len(accounts) == 1 else "Accounts", masks))
    return [
        *said,
        Fact("Prices of", one.business_date, Unit.DATE),
        Fact("Approved", one.approved_at, Unit.INSTANT),
        Fact("Traded", one.filled_at, Unit.INSTANT),
        Fact("Measured after", one.after_date, Unit.DATE),
        Fact("Proposal", one.proposal_id, Unit.CODE),
    ]


def _word(one: Rebalance) -> str:
    return "approved" if one.approved_at else "proposed"


def _columns(one: Rebalance) -> Sequence[Column]:
    return [replace(each, label=f"As {_word(one)}") if each.name == "planned_frac" else each for each in _WEIGHTS]


def _weights(one: Rebalance) -> Table:
    """Return the weights by asset class. A class is not known where one of its parts is not."""
    classes: dict[str, list[Mapping[str, Any]]] = {}
    for row in _planned(one):
        classes.setdefault(_class_of(row), []).append(row)
    rows = []
    for name, parts in classes.items():
        after = one.after.get(name)
        if after is None:
            after = _sum(one.after.get(part["node"]) for part in parts)
        rows.append(_weight(one.names.get(name, name.replace("_", " ")), parts, after))
    return Table("weights", "Shares of the portfolio", _columns(one), _by_size(rows), _measured(one))


def _parts(one: Rebalance) -> Table:
    rows = [
        _weight(one.names.get(row["node"], row["node"].replace("_", " ")), [row], one.after.get(row["node"]))
        for row in _planned(one)
    ]
    return Table("parts", "The same, part by part", _columns(one), _by_size(rows), _measured(one))


def _weight(name: str, parts: Sequence[Mapping[str, Any]], after: float | None) -> Mapping[str, Any]:
    """Return a row: weights of a class as the sum of its parts', `after` as measured; the change up to then, else to what was approved."""
    before, target, planned = (
        _sum(_number(part[each]) for part in parts) for each in ("before_frac", "target_frac", "after_frac")
    )
    then = planned if after is None else after
    return {
        "node": name,
        "before_frac": before,
        "target_frac": target,
        "planned_frac": planned,
        "after_frac": after,
        "change_frac": None if then is None or before is None else then - before,
    }


def _by_size(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (-(row["target_frac"] or 0), -(row["before_frac"] or 0), row["node"]))


def _measured(one: Rebalance) -> str:
    said = f"Measured at the close of {one.after_date}." if one.after_date else "Not measured since."
    if not _is_by_hand(one):
        return said
    known = any(row["after_frac"] is not None for row in _planned(one))
    how = f"as {_word(one)} they are those before, moved by its trades" if known else "its weights were not computed"
    return f"{said} The list was changed by hand: {how}."


def _is_by_hand(one: Rebalance) -> bool:
    return bool(one.shown["classes"]) and all(row["after_frac"] is None for row in one.shown["classes"])


def _planned(one: Rebalance) -> Sequence[Mapping[str, Any]]:
    """Return the weights as approved; of a list changed by hand those before, moved by its trades: what is not spent lies in cash.

    As they are, so not known, where a trade or a weight before cannot be placed.
    """
    rows: Sequence[Mapping[str, Any]] = one.shown["classes"]
    if not _is_by_hand(one) or not one.value_usd or any(row["before_frac"] is None for row in rows):
        return rows
    planned = {row["node"]: float(row["before_frac"]) for row in rows}
    for trade in one.shown["trades"]:
        if trade.get("node_id") not in planned or _CASH not in planned:
            return rows
        share = float(Decimal(str(trade["value_usd"])) / one.value_usd) * (1 if trade["side"] == "buy" else -1)
        planned[trade["node_id"]] += share
        planned[_CASH] -= share
    return [{**row, "after_frac": planned[row["node"]]} for row in rows]


def _class_of(row: Mapping[str, Any]) -> str:
    return str(row.get("asset_class") or row["node"].partition("/")[0])


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
    return Table(
        "trades", "Trades", _TRADES, rows, f"Values, gains and taxes are the estimates that were {_word(one)}."
    )


def _totals(one: Rebalance) -> Table:
    figures = one.shown["figures"]
    titles = _TOTAL_NAMES | {"cash_after_usd": f"Cash after, as {_word(one)}"}
    rows = [{"what": title, "value_usd": _decimal(figures.get(name))} for name, title in titles.items()]
    return Table("totals", "In sum", _TOTALS, rows)


def _notes(one: Rebalance) -> Sequence[str]:
    if one.filled_at is None:
        return [
            "The trades are not known to be done yet." if one.approved_at else "It is not approved: nothing was traded."
        ]
    return [] if one.filled else ["What each trade was filled at is not on record here."]


def _sum(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [each for each in found if each is not None]
    return sum(known) if found and len(known) == len(found) else None


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
