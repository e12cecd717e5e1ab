"""Read what a client's before-and-after report needs of one proposal."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.book.households import Households
from data_contracts.drift import Drift
from data_contracts.vocab import FillStatus, NodeLevel, ProposalState, Step
from evenkeel.calendar import EASTERN
from evenkeel.desk.consent.deciding import case_of
from evenkeel.desk.page import directory_of
from evenkeel.desk.reading import dataset, run_of
from evenkeel.desk.reporting.execution import Execution, KeptExecution
from evenkeel.desk.words import class_words
from evenkeel.ports.approvals import Case
from evenkeel.reports.before_after import Rebalance
from evenkeel.run.house import House
from evenkeel.stages.wording import CLASS_NAMES

_AFTER_ORDER = dt.timedelta(days=14)
"""Days after a proposal's date in which its orders are looked for."""


def rebalance_of(house: House, named: str, execution: Execution | None, firm: str, disclosure: str) -> Rebalance:
    """Return one proposal with what is known of it since.

    Raises:
        UsageError: There is no such case, or its run is not there.
    """
    case = case_of(house, named)
    entries = house.approvals.entries(case.proposal_id)
    approved_at = next((each.at for each in entries if each.to_state is ProposalState.APPROVED), None)
    filled_at = next((each.at for each in entries if each.step is Step.FILL), None)
    after, after_date = _after(house, case, filled_at)
    run = run_of(house, case.business_date)
    directory = directory_of(house, run)
    households = dict(dataset(house, run, Households).select("household_id", "name").iter_rows())
    shown = case.content["list"]
    return Rebalance(
        proposal_id=case.proposal_id,
        portfolio=directory.portfolio_names.get(case.portfolio_id, "Your portfolio"),
        firm=firm,
        disclosure=disclosure,
        business_date=case.business_date,
        state=case.state.value,
        approved_at=approved_at,
        filled_at=filled_at,
        shown=shown,
        after=after,
        after_date=after_date,
        filled=_filled(execution or KeptExecution(house), case),
        names={
            **_node_names(shown["classes"]),
            **CLASS_NAMES,
            **directory.security_names,
            **directory.account_masks,
        },
        client=households.get(case.household_id, ""),
        value_usd=case.value_usd,
    )


def _node_names(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what sleeves are called; the only one of its class is called as the class."""
    parts = Counter(row["asset_class"] for row in rows)
    return {
        row["node"]: class_words(
            "class" if parts[row["asset_class"]] == 1 else "sleeve", row["node"], row["asset_class"]
        )
        for row in rows
    }


def _after(house: House, case: Case, filled_at: dt.datetime | None) -> tuple[dict[str, float], dt.date | None]:
    """Return the weights measured on the first session from the fill's date on; none before it was filled."""
    if filled_at is None:
        return {}, None
    since = max(filled_at.astimezone(EASTERN).date(), case.business_date + dt.timedelta(days=1))
    for on in house.records.committed_dates():
        if on < since:
            continue
        drift = dataset(house, run_of(house, on), Drift).filter(
            pl.col("portfolio_id") == case.portfolio_id,
            pl.col("level").is_in([NodeLevel.CLASS.value, NodeLevel.SLEEVE.value]),
        )
        if drift.height:
            return dict(drift.select("node_id", "weight_frac").iter_rows()), on
    return {}, None


SHOWN_DIGITS = 4
"""Digits of an average price as clients see it."""


def _filled(execution: Execution, case: Case) -> dict[int, tuple[Decimal, Decimal]]:
    """Return units and average price of each trade, by its number, of orders that are filled whole; a part's shares are with the desk."""
    first, last = case.business_date, case.business_date + _AFTER_ORDER
    own = execution.allocations(first, last)
    good = execution.fills(first, last).filter(pl.col("status") == FillStatus.GOOD.value)
    found: dict[int, tuple[Decimal, Decimal]] = {}
    for order_id in own.filter(pl.col("proposal_id") == case.proposal_id)["order_id"].unique().sort().to_list():
        parts, fills = own.filter(pl.col("order_id") == order_id), good.filter(pl.col("order_id") == order_id)
        units = sum(fills["filled_qty"].to_list(), Decimal())
        if not units or units != sum(parts["order_qty"].to_list(), Decimal()):
            continue
        value = sum((qty * price for qty, price in fills.select("filled_qty", "price_usd").iter_rows()), Decimal())
        for number, quantity in (
            parts.filter(pl.col("proposal_id") == case.proposal_id).select("trade_no", "order_qty").iter_rows()
        ):
            found[number] = (quantity, round(value / units, SHOWN_DIGITS))
    return found
