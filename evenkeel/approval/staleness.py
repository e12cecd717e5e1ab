"""Whether what was approved is still so (APR-06): each cause by itself, from what was seen then and what is so now.

A stale approval cannot be staged: it expires, and the next run proposes anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from data_contracts.vocab import StaleCause


@dataclass(frozen=True)
class Basis:
    """What a list of trades rests on.

    `holdings`: digest of what each account holds, of the same session as long as its file is the same. `planned`: ids of withdrawals
    and distributions. `model`: the model with its version and a digest of its targets.
    """

    business_date: str
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Price of one unit in dollars, by security of the list."""
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars by account of the list."""
    holdings: Mapping[str, str] = field(default_factory=dict)
    planned: frozenset[str] = frozenset()
    model: str = ""


@dataclass(frozen=True)
class Stale:
    """One reason why a consent cannot be used any more: its cause, what it is about (an id), and a sentence."""

    cause: StaleCause
    subject_id: str
    text: str


def price_moved(then: Basis, now: Basis, tolerance_frac: float) -> list[Stale]:
    """Return the securities whose price is further from the one approved than the tolerance, either way, or is not known any more."""
    found = []
    for security, price in sorted(then.prices.items()):
        current = now.prices.get(security)
        if current is None:
            found.append(Stale(StaleCause.PRICE_MOVED, security, f"{security} has no price any more"))
        elif price > 0 and abs(current / price - 1) > Decimal(str(tolerance_frac)):
            move = float(current / price - 1) * 100
            found.append(Stale(StaleCause.PRICE_MOVED, security, f"{security} moved {move:+.1f} % since the list"))
    return found


def newer_proposal(proposal_id: str, newest_id: str | None, alert_id: str) -> list[Stale]:
    """Return a finding where the alert has another proposal by now, or none: then it has closed or is quiet."""
    if newest_id == proposal_id:
        return []
    if newest_id is None:
        return [Stale(StaleCause.ALERT_CLOSED, alert_id, "the alert is not open any more")]
    return [Stale(StaleCause.NEWER_PROPOSAL, newest_id, f"{newest_id} is the newer proposal for the alert")]


def suspended(account_ids: Collection[str], suspended_ids: Collection[str]) -> list[Stale]:
    """Return the accounts that somebody has set aside."""
    both = sorted(set(account_ids) & set(suspended_ids))
    return [Stale(StaleCause.SUSPENDED, one, f"account {one} is suspended") for one in both]


def quarantined(account_ids: Collection[str], stopped: Mapping[str, str]) -> list[Stale]:
    """Return the accounts that were not scanned in the newest run; `stopped`: status by account."""
    both = sorted(set(account_ids) & set(stopped))
    return [
        Stale(StaleCause.QUARANTINED, one, f"account {one} is {stopped[one].replace('_', ' ')} in the newest run")
        for one in both
    ]


def file_corrected(then: Basis, now_on_that_date: Basis) -> list[Stale]:
    """Return the accounts that, by a corrected file, held on the list's own date something else than what it was made from."""
    found = []
    for account, digest in sorted(then.holdings.items()):
        if now_on_that_date.holdings.get(account) != digest:
            text = f"account {account}: its holdings of {then.business_date} were corrected since"
            found.append(Stale(StaleCause.FILE_CORRECTED, account, text))
    return found


def cash_moved(then: Basis, now: Basis, tolerance_usd: float) -> list[Stale]:
    """Return the accounts whose cash is further from what was approved than the tolerance, either way."""
    found = []
    for account, amount in sorted(then.cash.items()):
        moved = now.cash.get(account, Decimal()) - amount
        if abs(moved) > Decimal(str(tolerance_usd)):
            found.append(
                Stale(StaleCause.CASH_MOVED, account, f"account {account}: cash moved by {moved:+,.2f} dollars")
            )
    return found


def withdrawal_requested(then: Basis, now: Basis) -> list[Stale]:
    """Return the withdrawals and distributions that were not known when the list was made."""
    return [
        Stale(StaleCause.WITHDRAWAL_REQUESTED, one, f"{one}: cash is asked for that the list does not know of")
        for one in sorted(now.planned - then.planned)
    ]


def model_changed(then: Basis, now: Basis) -> list[Stale]:
    """Return a finding where the portfolio is measured against something else by now."""
    if then.model == now.model:
        return []
    name = (now.model or then.model).partition("/")[0]
    return [Stale(StaleCause.MODEL_CHANGED, name, f"the model {name} is another one than the list aims at")]


def suspended_or_quarantined(
    account_ids: Collection[str], suspended_ids: Collection[str], stopped: Mapping[str, str]
) -> list[Stale]:
    """Return both, an account that is suspended only as that."""
    held = suspended(account_ids, suspended_ids)
    named = {one.subject_id for one in held}
    return held + [one for one in quarantined(account_ids, stopped) if one.subject_id not in named]


def differs_frac(older: Mapping[tuple[str, str, str], Decimal], newer: Mapping[tuple[str, str, str], Decimal]) -> float:
    """Return how far a newer list is from an older one: dollars traded differently, as a share of those of the older.

    Args:
        older: Dollars by account, side and security.
        newer: The same.
    """
    both = {*older, *newer}
    apart = sum(abs(newer.get(one, Decimal()) - older.get(one, Decimal())) for one in both)
    total = sum(older.values())
    return float(apart / total) if total else float(bool(apart))
