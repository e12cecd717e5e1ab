"""One household as a linear or mixed-integer program for HiGHS, written from the tables alone, as `program` is for one account.

Rows: each account's cash is its own, and it pays with nobody else's; each class's distance from target and band is the household's.
"""

from __future__ import annotations

import highspy

from evenkeel.engine.checks.program import Program, Row, add_sales, grouped, keep_one_side
from evenkeel.engine.households.problem import HouseholdTables

Entries = list[tuple[int, float]]


class HouseholdPrograms:
    """Programs of the households of a problem; rows are looked up by plain dictionaries."""

    def __init__(self, tables: HouseholdTables) -> None:
        self.households = {row["household_id"]: row for row in tables.households.iter_rows(named=True)}
        self._accounts = grouped(tables.accounts.iter_rows(named=True), "household_id")
        self._models = grouped(tables.models.iter_rows(named=True), "model_id")
        self._securities = {
            name: {row["security_id"]: row for row in rows}
            for name, rows in grouped(tables.securities.iter_rows(named=True), "universe_id").items()
        }
        self._lots = grouped(tables.lots.iter_rows(named=True), "account_id")
        self._terms = grouped(tables.cash_terms.iter_rows(named=True), "cash_plan_id")
        self._limits = grouped(tables.restrictions.iter_rows(named=True), "account_id")
        self._locations = {
            (row["location_id"], row["asset_class"]): row["location_cost_frac"]
            for row in tables.location_costs.iter_rows(named=True)
        }

    def least_objective(self, household_id: str, solver: highspy.Highs, *, allow_pairs: bool = False) -> float:
        """Return the household's least objective in dollars.

        Args:
            household_id: A household that the engine has solved.
            solver: From `program.quiet_solver`; used again for the next household.
            allow_pairs: Let an account sell a security and buy it back, as the engine's bound does.
        """
        household = self.households[household_id]
        bands = {row["asset_class"]: row for row in self._models[household["model_id"]]}
        accounts = self._accounts[household_id]
        classes = {"cash", *bands}
        for account in accounts:
            shelf = self._securities[account["universe_id"]]
            classes |= {shelf[lot["security_id"]]["asset_class"] for lot in self._lots.get(account["account_id"], [])}
        program, fixed, total = Program(), 0.0, 0.0
        flows: dict[str, Entries] = {name: [] for name in classes}
        held = dict.fromkeys(classes, 0.0)
        for account in accounts:
            own, values = self._add_account(program, account, set(bands), allow_pairs)
            kind = account["location_id"]
            costs = {name: self._locations.get((kind, name), 0.0) if kind else 0.0 for name in classes}
            least = min(costs.values())
            for name, entries in own.items():
                flows[name] += entries
                held[name] += values[name]
                total += values[name]
                fixed += (costs[name] - least) * values[name]
                for column, sign in entries:
                    program.cost[column] += (costs[name] - least) * sign
        for name, entries in flows.items():
            band = bands.get(name, {"target_frac": 0.0, "lower_frac": 0.0, "upper_frac": 0.0})
            over, under = (program.variable(household["target_cost_frac"]) for _ in range(2))
            above, below = (program.variable(household["band_cost_frac"]) for _ in range(2))
            target = band["target_frac"] * total - held[name]
            program.row(target, target, [*entries, (over, -1.0), (under, 1.0)])
            program.row(-highspy.kHighsInf, band["upper_frac"] * total - held[name], [*entries, (above, -1.0)])
            program.row(band["lower_frac"] * total - held[name], highspy.kHighsInf, [*entries, (below, 1.0)])
        return self.least(program, solver) + fixed

    def is_kept(self, account: Row, lot: Row) -> bool:
        """Tell whether the lot may not be sold because its tax is not known."""
        return lot["unit_basis_usd"] is None and bool(lot["gain_rate_frac"] > 0)

    def add_sale(
        self, program: Program, account: Row, lot: Row, security: Row, value: float
    ) -> tuple[list[int], float]:
        """Add the sale of a lot: as `add_sales`."""
        return add_sales(program, lot, security, value)

    def least(self, program: Program, solver: highspy.Highs) -> float:
        """Return the least cost of the program of a household."""
        return program.minimum(solver)

    def account_done(self, program: Program, account: Row, net: float, sales: list[int]) -> None:
        """Add what holds for all sales of an account worth `net`."""

    def _add_account(
        self, program: Program, account: Row, named: set[str], allow_pairs: bool
    ) -> tuple[dict[str, Entries], dict[str, float]]:
        """Add one account's sales, purchases and cash plan; return what each class gains, and what it holds before."""
        lots = self._lots.get(account["account_id"], [])
        limits = {row["security_id"]: row for row in self._limits.get(account["account_id"], [])}
        shelf = self._securities[account["universe_id"]]
        held = dict.fromkeys(named | {"cash"}, 0.0)
        held["cash"] = account["cash_usd"] - account["spoken_for_usd"]
        for lot in lots:
            name = shelf[lot["security_id"]]["asset_class"]
            held[name] = held.get(name, 0.0) + lot["held_qty"] * shelf[lot["security_id"]]["price_usd"]
        net = max(0.0, sum(held.values()))
        most = net - min(0.0, held["cash"]) if net > 0 else 0.0
        flows: dict[str, Entries] = {name: [] for name in held}
        sales: dict[str, list[int]] = {}
        pairs: set[str] = set()
        for lot in lots:
            security, limit = shelf[lot["security_id"]], limits.get(lot["security_id"])
            value = lot["held_qty"] * security["price_usd"]
            if not lot["is_sellable"] or value <= 0 or (limit is not None and limit["is_sell_barred"]):
                continue
            if self.is_kept(account, lot):
                continue
            columns, saves = self.add_sale(program, account, lot, security, value)
            flows[security["asset_class"]] += [(column, -1.0) for column in columns]
            flows["cash"] += [(column, 1.0) for column in columns]
            sales.setdefault(lot["security_id"], []).extend(columns)
            if security["buy_cost_frac"] + saves < 0:
                pairs.add(lot["security_id"])
        bought: dict[str, list[int]] = {}
        for name, security in shelf.items():
            limit, klass = limits.get(name), security["asset_class"]
            is_barred = limit is not None and limit["is_buy_barred"]
            if klass not in held or not security["is_buyable"] or is_barred or not (security["price_usd"] or 0) > 0:
                continue
            cap = most if limit is None or limit["buy_cap_usd"] is None else min(most, limit["buy_cap_usd"])
            column = program.variable(security["buy_cost_frac"], cap)
            bought.setdefault(klass, []).append(column)
            if name in pairs and not allow_pairs:
                keep_one_side(program, sales[name], column, most)
        for klass, columns in bought.items():
            program.row(-highspy.kHighsInf, most, [(column, 1.0) for column in columns])
            flows[klass] += [(column, 1.0) for column in columns]
            flows["cash"] += [(column, -1.0) for column in columns]
        self.account_done(program, account, net, [column for columns in sales.values() for column in columns])
        overdrawn = program.variable(self.households[account["household_id"]]["band_cost_frac"])
        program.row(-held["cash"], highspy.kHighsInf, [*flows["cash"], (overdrawn, 1.0)])
        program.row(min(0.0, held["cash"]) - held["cash"], highspy.kHighsInf, flows["cash"])
        for term in self._terms.get(account["cash_plan_id"], []):
            at = term["at_frac"] * net + term["at_usd"] - held["cash"]
            over, under = program.variable(term["above_cost_frac"]), program.variable(term["below_cost_frac"])
            program.row(at, at, [*flows["cash"], (over, -1.0), (under, 1.0)])
        return flows, held
