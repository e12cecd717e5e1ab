"""One household, written as a person would tell it: accounts by name, one model, one universe unless given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.households.tables import Households, LocationCosts, MemberAccounts
from evenkeel.engine.tables.inputs import CashTerms, Lots, Models, Restrictions, Securities
from tests.unit.engine.problems import frame

PRICES = {"VTI": ("equity", 100.0), "BND": ("bond", 50.0), "VNQ": ("real_estate", 80.0)}
LOCATIONS = {
    ("taxable", "bond"): 0.01,
    ("taxable", "real_estate"): 0.02,
    ("deferred", "equity"): 0.001,
}
"""Interest and rents are taxed at the high rate each year: first into the deferred account; growth rather not."""


@dataclass
class Member:
    """An account of the household. A lot: security, qty, and basis, rate, sellable where they matter."""

    lots: list[dict[str, Any]] = field(default_factory=list)
    cash: float = 0.0
    spoken_for: float = 0.0
    location: str | None = None
    plan: str | None = None
    universe: str = "U"
    dust: float = 0.01
    limits: list[tuple[str, bool, bool, float | None]] = field(default_factory=list)


def household(
    members: dict[str, Member],
    *,
    targets: dict[str, float] | None = None,
    width: float = 0.0,
    cost: float = 0.0001,
    target_cost: float = 0.5,
    band_cost: float = 5.0,
    terms: dict[str, list[tuple[str, float, float, float, float]]] | None = None,
    locations: dict[tuple[str, str], float] | None = None,
    shelves: dict[str, set[str]] | None = None,
) -> HouseholdTables:
    """Return the tables of household H. `shelves`: what may be bought in each universe; all of PRICES in U unless given."""
    targets = targets or {"equity": 0.6, "bond": 0.4}
    shelves = shelves or {"U": set(PRICES)}
    return HouseholdTables(
        accounts=frame(
            MemberAccounts,
            [
                (name, "", m.universe, m.plan, m.cash, m.spoken_for, 0.0, 0.0, m.dust, None, None, "H", m.location)
                for name, m in members.items()
            ],
        ),
        models=frame(
            Models,
            [("M", k, t, max(0.0, t - width) if t else 0.0, t + width if t else 0.0) for k, t in targets.items()],
        ),
        securities=frame(
            Securities,
            [
                (shelf, name, klass, price, cost, cost, name in buyable, rank)
                for shelf, buyable in shelves.items()
                for rank, (name, (klass, price)) in enumerate(PRICES.items())
            ],
        ),
        lots=frame(
            Lots,
            [
                (
                    name,
                    lot["security"],
                    f"L{n}",
                    float(lot["qty"]),
                    lot.get("basis"),
                    lot.get("rate", 0.0),
                    0.0,
                    lot.get("sellable", True),
                )
                for name, m in members.items()
                for n, lot in enumerate(m.lots)
            ],
        ),
        cash_terms=frame(CashTerms, [(plan, *term) for plan, rows in (terms or {}).items() for term in rows]),
        restrictions=frame(Restrictions, [(name, *limit) for name, m in members.items() for limit in m.limits]),
        households=frame(Households, [("H", "M", target_cost, band_cost)]),
        location_costs=frame(
            LocationCosts,
            [(kind, klass, value) for (kind, klass), value in (LOCATIONS if locations is None else locations).items()],
        ),
    )


def told(
    members: dict[str, Member], **given: Any
) -> tuple[dict[str, Any], dict[tuple[str, str], float], HouseholdAnswer]:
    """Return the household's row, what each account then holds of each class in dollars, and the whole answer."""
    answer = solve_households(household(members, **given))
    cells = {(r["account_id"], r["asset_class"]): r["value_after_usd"] for r in answer.household_cells.to_dicts()}
    return answer.households.row(0, named=True), cells, answer


def traded(answer: HouseholdAnswer, account: str, side: str, security: str) -> float:
    """Return the dollars of a security that an account trades on one side."""
    rows = answer.trades.filter(
        (pl.col("account_id") == account) & (pl.col("side") == side) & (pl.col("security_id") == security)
    )
    return float(rows["value_usd"].sum())
