"""The rounded list of one account as a mixed-integer program for HiGHS: whole steps, smallest orders, one side of a security.

Written from the tables, as `evenkeel.engine.checks.program` is, with what that does not have. Prices of the exact list keep it small:
trading that loses more to the bound at these prices than the list at hand is above it cannot be part of a better list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import highspy
import polars as pl

from evenkeel.engine.checks.program import Program, Row, add_sales, grouped
from evenkeel.engine.codes import FLOORS
from evenkeel.engine.problem import Prepared, Tables, given
from evenkeel.engine.tables.inputs import Securities

NODES = 400
"""Branches a program is given: limited by number and not by time, so that the same problem has the same list on every machine."""
CENT = 0.01
HAIR = 1e-9

Entries = list[tuple[int, float]]


@dataclass(frozen=True)
class AtHand:
    """What is known of an account before its program: the exact list's prices and cash after, and the best list's objective."""

    mu: float
    pi: Mapping[str, float]
    exact_cash_usd: float
    objective_usd: float


@dataclass(frozen=True)
class ProgramList:
    """A list by place of lot and row of security, in dollars (None: none was found), and the least objective of any rounded list."""

    sold: dict[int, float] | None
    bought: dict[int, float] | None
    bound_usd: float


@dataclass
class _Draft:
    """A program as it is written: what flows into each class, the columns of each trade, and what cents hide.

    Dollars of a trade are units times price here, and whole cents in a list: `hidden_usd` is what all of them may differ by together,
    `steepest` what a dollar of that may cost.
    """

    account: Row
    net: float
    program: Program = field(default_factory=Program)
    flows: dict[str, Entries] = field(default_factory=dict)
    sold: dict[int, list[int]] = field(default_factory=dict)
    bought: dict[int, int] = field(default_factory=dict)
    sides: dict[str, list[int]] = field(default_factory=dict)
    hidden_usd: float = 0.0
    steepest: float = 1.0


class RoundedPrograms:
    """Programs of accounts of a prepared problem."""

    def __init__(self, tables: Tables, prepared: Prepared, accounts: list[str]) -> None:
        chosen = prepared.accounts.filter(pl.col("account_id").is_in(accounts))
        self._accounts = {row["account_id"]: row for row in chosen.iter_rows(named=True)}
        lots = prepared.lots.with_row_index("place").join(chosen.select("account_id"), on="account_id", how="semi")
        shelf = given(prepared.securities, Securities).with_row_index("place")
        self._lots = grouped(lots.iter_rows(named=True), "account_id")
        self._securities = grouped(shelf.iter_rows(named=True), "universe_id")
        self._models = grouped(tables.models.iter_rows(named=True), "model_id")
        self._terms = grouped(tables.cash_terms.iter_rows(named=True), "cash_plan_id")
        limits = tables.restrictions.join(chosen.select("account_id"), on="account_id", how="semi")
        self._limits = grouped(limits.iter_rows(named=True), "account_id")

    def ask(self, account_id: str, at_hand: AtHand, solver: highspy.Highs) -> ProgramList:
        """Return the best list within NODES branches, and the bound.

        Args:
            account_id: An account whose list is known.
            at_hand: What is known of it; the bound is never above its objective.
            solver: From `program_solver`; used again for the next account.
        """
        account = self._accounts[account_id]
        securities = {row["security_id"]: row for row in self._securities[account["universe_id"]]}
        limits = {row["security_id"]: row for row in self._limits.get(account_id, [])}
        bands = {row["asset_class"]: row for row in self._models[account["model_id"]]}
        lots = self._lots.get(account_id, [])
        held = {name: 0.0 for name in {"cash", *bands}}
        held["cash"] = account["cash_usd"] - account["spoken_for_usd"]
        for lot in lots:
            security = securities[lot["security_id"]]
            name = security["asset_class"]
            held[name] = held.get(name, 0.0) + lot["held_qty"] * security["price_usd"]
        draft = _Draft(account, sum(held.values()), flows={name: [] for name in held})
        terms = self._terms.get(account["cash_plan_id"], [])
        sales = [sale for lot in lots if (sale := _sale(lot, securities[lot["security_id"]], limits, at_hand))]
        buys = [
            buy
            for security in securities.values()
            if security["asset_class"] in held and (buy := _purchase(security, limits, draft.net, at_hand))
        ]
        spare = at_hand.objective_usd - _dual(draft, held, bands, terms, sales, buys, at_hand) + HAIR * draft.net
        for sale in sales:
            _add_sale(draft, sale, spare)
        for buy in buys:
            _add_purchase(draft, buy, spare)
        _add_sides(draft, securities)
        _add_penalties(draft, held, bands, terms, at_hand)
        return _solved(draft, at_hand, solver)


@dataclass(frozen=True)
class _Trade:
    """What may be traded of a lot or a security: up to `room` dollars, each losing `reduced` to the bound."""

    place: int
    security: Row
    lot: Row | None
    room: float
    reduced: float

    def span(self, spare: float) -> tuple[float, float]:
        """Return from and to how many dollars of it may be part of a list that loses no more than `spare`."""
        if self.reduced > 0:
            return 0.0, min(self.room, spare / self.reduced)
        # Purchases of a class share the account's value: what is not bought of one may be bought of another.
        if self.reduced < 0 and self.lot is not None:
            return max(0.0, self.room - spare / -self.reduced), self.room
        return 0.0, self.room


def program_solver() -> highspy.Highs:
    """Return a solver that prints nothing, works on one thread, and stops after NODES branches."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    solver.setOptionValue("mip_max_nodes", NODES)
    solver.setOptionValue("mip_rel_gap", 0.0)
    return solver


def _sale(lot: Row, security: Row, limits: Mapping[str, Row], at_hand: AtHand) -> _Trade | None:
    limit = limits.get(lot["security_id"])
    room = lot["held_qty"] * security["price_usd"]
    is_kept = not lot["is_sellable"] or room < CENT / 2 or (limit is not None and limit["is_sell_barred"])
    if is_kept or (lot["unit_basis_usd"] is None and lot["gain_rate_frac"] > 0):
        return None
    tax = 0.0
    if lot["gain_rate_frac"] > 0:
        tax = lot["gain_rate_frac"] * (1 - lot["unit_basis_usd"] / security["price_usd"])
        if tax < 0:
            tax *= 1 - min(lot["washed_qty"], lot["held_qty"]) / lot["held_qty"]
    price = at_hand.mu + at_hand.pi.get(security["asset_class"], 0.0)
    return _Trade(lot["place"], security, lot, room, security["sell_cost_frac"] + tax - price)


def _purchase(security: Row, limits: Mapping[str, Row], net: float, at_hand: AtHand) -> _Trade | None:
    limit = limits.get(security["security_id"])
    is_barred = limit is not None and limit["is_buy_barred"]
    if not security["is_buyable"] or is_barred or not (security["price_usd"] or 0) > 0:
        return None
    room = net if limit is None or limit["buy_cap_usd"] is None else min(net, limit["buy_cap_usd"])
    reduced = security["buy_cost_frac"] + at_hand.mu + at_hand.pi.get(security["asset_class"], 0.0)
    return _Trade(security["place"], security, None, room, reduced)


def _dual(
    draft: _Draft,
    held: Mapping[str, float],
    bands: Mapping[str, Row],
    terms: list[Row],
    sales: list[_Trade],
    buys: list[_Trade],
    at_hand: AtHand,
) -> float:
    """Return the bound at the prices of the exact list, both sides of a security allowed: docs/methodology/engine.md, "The proof"."""
    account, net = draft.account, draft.net
    total = -at_hand.mu * held["cash"] + sum(min(0.0, sale.reduced) * sale.room for sale in sales)
    for name, value in held.items():
        target, lower, upper = _edges(bands.get(name), net)
        places = [target, lower, upper]
        price = -at_hand.mu if name == "cash" else at_hand.pi.get(name, 0.0)
        if name == "cash":
            places += [term["at_frac"] * net + term["at_usd"] for term in terms]
        else:
            total += price * value
            left = net
            for buy in sorted((b for b in buys if b.security["asset_class"] == name), key=lambda buy: buy.reduced):
                amount = min(left, buy.room) if buy.reduced < 0 else 0.0
                total += buy.reduced * amount
                left -= amount
        costs = []
        for at in places:
            cost = account["target_cost_frac"] * abs(at - target) - price * at
            cost += account["band_cost_frac"] * max(lower - at, at - upper, 0.0)
            if name == "cash":
                for term in terms:
                    over = at - term["at_frac"] * net - term["at_usd"]
                    cost += term["above_cost_frac"] * over if over > 0 else -term["below_cost_frac"] * over
            costs.append(cost)
        total += min(costs)
    return total


def _edges(band: Row | None, net: float) -> tuple[float, float, float]:
    """Return a class's target and the ends of its band in dollars."""
    if band is None:
        return 0.0, 0.0, 0.0
    return band["target_frac"] * net, band["lower_frac"] * net, band["upper_frac"] * net


def _steps(draft: _Draft, trade: _Trade, low: float, high: float) -> tuple[Entries, float]:
    """Add the steps of a trade of `low` to `high` dollars. Return what its dollars are, and the least of them where it trades at all."""
    program, security = draft.program, trade.security
    step = security["unit_step_qty"]
    if step is None:
        draft.hidden_usd += CENT / 2 if trade.lot is not None else 0.0
        return _at_least(program, [(program.variable(0.0, high), 1.0)], low), CENT
    unit = step * security["price_usd"]
    has_cents = abs(unit * 100 - round(unit * 100)) > 1e-6
    most = math.floor(trade.room / unit + HAIR)
    entries: Entries = []
    whole = trade.room if trade.lot is not None and trade.room - most * unit > HAIR * trade.room else None
    if trade.lot is not None and whole is not None:
        # The highest level is all of the lot: the one below leaves a step or more.
        most = max(0, most - 1)
    top = min(most, math.floor(high / unit + HAIR))
    if top > 0:
        entries.append((program.variable(0.0, top, is_binary=True), unit))
    if whole is not None and whole <= high * (1 + HAIR):
        is_whole = program.variable(0.0, 1.0, is_binary=True)
        if entries:
            program.row(-highspy.kHighsInf, top, [(entries[0][0], 1.0), (is_whole, float(top))])
        entries.append((is_whole, whole))
        draft.hidden_usd += CENT / 2
    if has_cents:
        draft.hidden_usd += CENT / 2
    return _at_least(program, entries, low), unit if whole is None else min(unit, whole)


def _at_least(program: Program, entries: Entries, low: float) -> Entries:
    if low > CENT and entries:
        program.row(low - CENT, highspy.kHighsInf, entries)
    return entries


def _add_sale(draft: _Draft, sale: _Trade, spare: float) -> None:
    low, high = sale.span(spare)
    entries, least = _steps(draft, sale, low, high)
    if not entries or sale.lot is None:
        return
    columns, _ = add_sales(draft.program, sale.lot, sale.security, sale.room)
    dollars = [(column, 1.0) for column in columns]
    draft.program.row(0.0, 0.0, [*dollars, *((column, -usd) for column, usd in entries)])
    draft.sold[sale.place] = columns
    draft.flows[sale.security["asset_class"]] += [(column, -1.0) for column in columns]
    draft.flows["cash"] += dollars
    side = f"sell {sale.security['security_id']}"
    draft.sides.setdefault(side, []).extend(columns)
    if draft.account["dust_usd"] > least:
        _or_nothing(draft.program, dollars, draft.account["dust_usd"] - CENT, sale.room)


def _add_purchase(draft: _Draft, buy: _Trade, spare: float) -> None:
    low, high = buy.span(spare)
    entries, _ = _steps(draft, buy, low, high)
    if not entries:
        return
    column = draft.program.variable(buy.security["buy_cost_frac"], buy.room)
    draft.program.row(0.0, 0.0, [(column, 1.0), *((step, -usd) for step, usd in entries)])
    draft.bought[buy.place] = column
    draft.flows[buy.security["asset_class"]].append((column, 1.0))
    draft.flows["cash"].append((column, -1.0))
    draft.sides[f"buy {buy.security['security_id']}"] = [column]


def _or_nothing(program: Program, entries: Entries, least: float, most: float) -> int:
    """Let an amount be 0, or from `least` to `most`. Return the column that says which."""
    is_any = program.variable(0.0, 1.0, is_binary=True)
    program.row(0.0, highspy.kHighsInf, [*entries, (is_any, -max(0.0, least))])
    program.row(-highspy.kHighsInf, 0.0, [*entries, (is_any, -most)])
    return is_any


def _add_sides(draft: _Draft, securities: Mapping[str, Row]) -> None:
    """Keep every order at its minimum or out, and one side of every security."""
    program = draft.program
    for name, security in securities.items():
        sales, buys = draft.sides.get(f"sell {name}"), draft.sides.get(f"buy {name}")
        least = security["min_ticket_usd"] or 0.0
        is_any = []
        for side in (sales, buys):
            if side and (least > 0 or (sales and buys) or (side is buys and draft.account["dust_usd"] > CENT)):
                most = sum(program.upper[column] for column in side)
                smallest = max(least, draft.account["dust_usd"] if side is buys else 0.0) - CENT * len(side)
                is_any.append(_or_nothing(program, [(column, 1.0) for column in side], smallest, most))
        if len(is_any) == 2:
            program.row(0.0, 1.0, [(column, 1.0) for column in is_any])


def _add_penalties(
    draft: _Draft, held: Mapping[str, float], bands: Mapping[str, Row], terms: list[Row], at_hand: AtHand
) -> None:
    """Add distances from targets and bands, the cash plan, and the floors that the exact list keeps."""
    program, account, net = draft.program, draft.account, draft.net
    for name, entries in draft.flows.items():
        target, lower, upper = _edges(bands.get(name), net)
        over, under = (program.variable(account["target_cost_frac"]) for _ in range(2))
        above, below = (program.variable(account["band_cost_frac"]) for _ in range(2))
        program.row(target - held[name], target - held[name], [*entries, (over, -1.0), (under, 1.0)])
        program.row(-highspy.kHighsInf, upper - held[name], [*entries, (above, -1.0)])
        program.row(lower - held[name], highspy.kHighsInf, [*entries, (below, 1.0)])
    draft.steepest += 2 * (account["target_cost_frac"] + account["band_cost_frac"])
    floor = min(0.0, at_hand.exact_cash_usd)
    for term in terms:
        at = term["at_frac"] * net + term["at_usd"]
        draft.steepest += term["above_cost_frac"] + term["below_cost_frac"]
        over, under = program.variable(term["above_cost_frac"]), program.variable(term["below_cost_frac"])
        program.row(at - held["cash"], at - held["cash"], [*draft.flows["cash"], (over, -1.0), (under, 1.0)])
        if term["term"] in FLOORS and at_hand.exact_cash_usd >= at - 1e-6:
            floor = max(floor, at)
    slack = CENT + draft.hidden_usd
    program.row(floor - held["cash"] - slack, highspy.kHighsInf, draft.flows["cash"])


def _solved(draft: _Draft, at_hand: AtHand, solver: highspy.Highs) -> ProgramList:
    program = draft.program
    solver.clearModel()
    solver.setOptionValue("mip_abs_gap", 1e-6 * draft.net)
    solver.passModel(program.model())
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    hidden = draft.hidden_usd * draft.steepest + HAIR * draft.net
    bound = min(at_hand.objective_usd, info.mip_dual_bound - hidden) if program.integer else -math.inf
    if not math.isfinite(bound) or status == highspy.HighsModelStatus.kInfeasible:
        bound = -math.inf  # Smallest orders can keep every list from a floor.
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return ProgramList(None, None, bound)
    values: Any = solver.getSolution().col_value
    sold = {place: sum(values[column] for column in columns) for place, columns in draft.sold.items()}
    bought = {place: values[column] for place, column in draft.bought.items()}
    return ProgramList(_traded(sold), _traded(bought), bound)


def _traded(amounts: dict[int, float]) -> dict[int, float]:
    return {place: usd for place, usd in amounts.items() if usd > CENT / 2}
