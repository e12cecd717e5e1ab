"""A person's smaller list: quantities lowered, trades dropped. Everything else is the engine's to propose.

The smaller list is checked again for what can go wrong in it: cash that was to come from a sale that is gone, quantities beyond their lots,
orders too small to be worth it, steps that the original kept to. A wash sale or a limit cannot come of trading less of the same: a
sale of a loss with its replacement bought elsewhere stays no more washed than it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from data_contracts.vocab import OrderSide
from evenkeel.errors import UsageError

_CENT = Decimal("0.01")
_SHARED = (
    "basis_usd",
    "gain_usd",
    "disallowed_usd",
    "tax_usd",
    "commission_usd",
    "half_spread_usd",
    "redemption_fee_usd",
)
"""Money of a trade that goes with its quantity."""


@dataclass(frozen=True)
class Limits:
    """What a smaller list is held to. Dollars by account: cash before the list, and what must stay."""

    cash_usd: Mapping[str, Decimal]
    min_cash_usd: Mapping[str, Decimal]
    min_trade_usd: Decimal


def smaller(shown: Mapping[str, Any], wanted: Mapping[int, Decimal], limits: Limits) -> dict[str, Any]:
    """Return the list with some quantities lowered.

    Args:
        shown: The list as it was put before people: `trades`, `figures`.
        wanted: New quantity by trade number; 0 drops the trade.
        limits: What it is held to.

    Raises:
        UsageError: It asks for more than less, or the smaller list does not hold together. Lists everything that is wrong.
    """
    trades = {row["trade_no"]: row for row in shown["trades"]}
    problems = _wrong_wishes(trades, wanted)
    if problems:
        raise UsageError("the list was not changed: " + "; ".join(problems))
    rows = [_scaled(row, wanted.get(number)) for number, row in trades.items()]
    kept = [row for row in rows if Decimal(row["traded_qty"]) > 0]
    if not kept:
        raise UsageError("the list was not changed: nothing would be left of it; decline it instead")
    if all(trades[row["trade_no"]]["traded_qty"] == row["traded_qty"] for row in kept) and len(kept) == len(trades):
        raise UsageError("the list was not changed: every quantity is as it was; approve it instead")
    problems = [*_too_small(kept, trades, limits.min_trade_usd), *_cash_short(shown["trades"], kept, limits)]
    if problems:
        raise UsageError("the list was not changed: " + "; ".join(problems))
    # What only the engine can say of the smaller list is null, and not what was said of the larger one.
    classes = [{**row, "after_frac": None} for row in shown.get("classes", ())]
    return {**shown, "trades": kept, "figures": _figures(shown["figures"], kept), "classes": classes}


def _wrong_wishes(trades: Mapping[int, Mapping[str, Any]], wanted: Mapping[int, Decimal]) -> list[str]:
    problems = []
    for number, quantity in sorted(wanted.items()):
        row = trades.get(number)
        if row is None:
            problems.append(f"there is no trade {number}; the list has {min(trades)} to {max(trades)}")
            continue
        proposed = Decimal(row["traded_qty"])
        if not quantity.is_finite() or quantity < 0:
            problems.append(f"trade {number}: a quantity is zero or more")
        elif quantity > proposed:
            problems.append(f"trade {number}: {quantity:f} is more than the {proposed.normalize():f} proposed")
        elif proposed == proposed.to_integral_value() and quantity != quantity.to_integral_value():
            problems.append(f"trade {number}: it is in whole units, {quantity:f} is not")
    return problems


def _scaled(row: Mapping[str, Any], quantity: Decimal | None) -> dict[str, Any]:
    if quantity is None:
        return dict(row)
    share = quantity / Decimal(row["traded_qty"])
    price = Decimal(row["price_usd"])
    changed = {
        "traded_qty": f"{quantity:f}",
        "value_usd": str((quantity * price).quantize(_CENT, ROUND_HALF_EVEN)),
    }
    for name in _SHARED:
        if row.get(name) is not None:
            changed[name] = str((Decimal(row[name]) * share).quantize(_CENT, ROUND_HALF_EVEN))
    return {**row, **changed}


def _too_small(
    kept: Sequence[Mapping[str, Any]], trades: Mapping[int, Mapping[str, Any]], min_trade_usd: Decimal
) -> list[str]:
    """Name the orders (all lots of a security in an account) that fell below the policy's least by the change."""
    orders: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    before: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for sums, rows in ((orders, kept), (before, list(trades.values()))):
        for row in rows:
            sums[row["account_id"], row["side"], row["security_id"]] += Decimal(row["value_usd"])
    return [
        f"account {account}: the order to {side} {security} would be {value:,.2f} dollars, less than {min_trade_usd:,.2f}"
        for (account, side, security), value in sorted(orders.items())
        if value < min(min_trade_usd, before[account, side, security])
    ]


def _cash_short(original: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]], limits: Limits) -> list[str]:
    """Name the accounts whose purchases would not be paid: cash after is below what must stay, and below what it was to be."""
    problems = []
    for account in sorted({row["account_id"] for row in original}):
        cash = limits.cash_usd.get(account, Decimal())
        after, proposed = cash + _net(kept, account), cash + _net(original, account)
        least = max(limits.min_cash_usd.get(account, Decimal()), Decimal())
        if after < least and after < proposed:
            problems.append(
                f"account {account}: {after:,.2f} dollars of cash would be left, {least:,.2f} must stay; buy less there too"
            )
    return problems


def _net(rows: Sequence[Mapping[str, Any]], account: str) -> Decimal:
    total = Decimal()
    for row in rows:
        if row["account_id"] == account:
            value = Decimal(row["value_usd"])
            total += value if row["side"] == OrderSide.SELL else -value
    return total


def _figures(figures: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return sums of the smaller list; what only the engine can say (drift after, the year's tax) is null, and told as not known."""
    sold = sum((Decimal(row["value_usd"]) for row in kept if row["side"] == OrderSide.SELL), Decimal())
    bought = sum((Decimal(row["value_usd"]) for row in kept if row["side"] == OrderSide.BUY), Decimal())
    fees = ("commission_usd", "half_spread_usd", "redemption_fee_usd")
    cost = sum((Decimal(row.get(name) or 0) for row in kept for name in fees), Decimal())
    before = figures.get("cash_before_usd")
    return {
        **figures,
        "sold_usd": str(sold),
        "bought_usd": str(bought),
        "cost_usd": str(cost),
        "net_tax_usd": str(sum((Decimal(row.get("tax_usd") or 0) for row in kept), Decimal())),
        "short_term_gain_usd": _gain(kept, is_long_term=False),
        "long_term_gain_usd": _gain(kept, is_long_term=True),
        "cash_after_usd": None if before is None else str(Decimal(before) + sold - bought),
        "max_drift_after_frac": None,
    }


def _gain(kept: Sequence[Mapping[str, Any]], *, is_long_term: bool) -> str:
    gains = (
        Decimal(row["gain_usd"]) for row in kept if row.get("gain_usd") and row.get("is_long_term") is is_long_term
    )
    return str(sum(gains, Decimal()))
