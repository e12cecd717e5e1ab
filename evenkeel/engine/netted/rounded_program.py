"""Rounded lists whose taxes are netted, as mixed-integer programs for HiGHS: one for each case of an account's year, or a household's.

As `evenkeel.engine.rounded_program` and its like for households, with the year's tax in the place of each lot's own: a list's tax is the
lesser of two convex functions of its net gains (`terms`), one of which each case has for each tax unit. So the least over all cases is a
bound, and the best of their lists the best one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import highspy
import numpy as np

from evenkeel.engine.checks.program import Program, Row
from evenkeel.engine.households.rounded_program import RoundedHouseholdPrograms
from evenkeel.engine.netted.case_at_hand import AccountAtHand, CaseAtHand, PartAtHand
from evenkeel.engine.netted.terms import net_tax
from evenkeel.engine.rounded_program import AccountTables, ProgramList, solved
from evenkeel.engine.rounded_trades import Draft, Entries, Trade, sale_of


class NettedPrograms(AccountTables):
    """Programs of accounts whose taxes are netted or that have a turnover budget, each alone."""

    def ask(self, account_id: str, case: CaseAtHand, objective_usd: float, solver: highspy.Highs) -> ProgramList:
        """Return the best list of one case within the branches allowed, and the bound of that case.

        Args:
            account_id: An account at stake.
            case: With the prices that bound it.
            objective_usd: Of the best rounded list so far: no worse one is looked for, and the bound is not above it.
            solver: From `rounded_program.program_solver`; used again for the next account.
        """
        prices, most = case.accounts[account_id].prices, objective_usd + case.of_cents_usd
        bands = self.bands(self.accounts[account_id]["model_id"])
        draft = self.draft(account_id, bands, prices, Program(), sales_at(case)[account_id])
        self.fill(draft, prices, most, case.other_usd)
        before = add_year(draft.program, case, [draft])
        found = solved(draft.program, [draft], draft.account, most, draft.net, solver, before)
        return ProgramList(found.trades, min(found.bound_usd - case.of_cents_usd, objective_usd))


class NettedHouseholdPrograms(RoundedHouseholdPrograms):
    """Programs of households with such accounts."""

    def ask_case(self, household_id: str, case: CaseAtHand, objective_usd: float, solver: highspy.Highs) -> ProgramList:
        """Return the best lists of one case within the branches allowed, and the bound of that case: as `NettedPrograms.ask`."""
        prices, most = {name: each.prices for name, each in case.accounts.items()}, objective_usd + case.of_cents_usd
        written = self.write(household_id, prices, case.class_prices, most, sales_at(case), case.other_usd)
        found = written.solved(most, solver, add_year(written.program, case, written.drafts))
        return ProgramList(found.trades, min(found.bound_usd - case.of_cents_usd, objective_usd))


def sales_at(case: CaseAtHand) -> dict[str, partial[Trade | None]]:
    """Return by account what may be sold of a lot at the case's rates."""
    return {
        name: partial(_sale_of, account, None if account.part is None else case.parts[account.part])
        for name, account in case.accounts.items()
    }


def _sale_of(
    account: AccountAtHand, part: PartAtHand | None, lot: Row, security: Row, limits: Mapping[str, Row], mu: float,
    pi: Mapping[str, float],
) -> Trade | None:  # fmt: skip
    """Return what may be sold of a lot at the case's prices; its row then has the highest rate that its gain may be taxed at."""
    at = lot
    if part is not None:
        if lot["unit_basis_usd"] is None or lot["is_long_term"] is None:
            return None
        at = {**lot, "gain_rate_frac": part.long if lot["is_long_term"] else part.short}
    trade = sale_of(at, security, limits, mu, pi)
    if trade is None:
        return None
    most = lot if part is None else {**lot, "gain_rate_frac": float(part.terms.short[0])}
    return replace(trade, lot=most, reduced=trade.reduced + account.sold)


def add_year(program: Program, case: CaseAtHand, drafts: Sequence[Draft]) -> float:
    """Add every unit's year and every budget. Return what is constant of the taxes: those before, taken off."""
    gains: list[tuple[Entries, Entries]] = [([], []) for _ in case.parts]
    for draft in drafts:
        account = case.accounts[draft.account["account_id"]]
        if np.isfinite(account.most_sold):
            sales = [(column, 1.0) for columns in draft.sold.values() for column in columns]
            program.row(-highspy.kHighsInf, account.most_sold, sales)
        if account.part is not None:
            _add_gains(draft, *gains[account.part])
    before = 0.0
    for part, (short, long) in zip(case.parts, gains, strict=True):
        before += _add_tax(program, part, short, long)
        if np.isfinite(part.most_gain):
            program.row(-highspy.kHighsInf, part.most_gain, [*short, *long])
    return before


def _add_gains(draft: Draft, short: Entries, long: Entries) -> None:
    """Add what a dollar of each column of the account adds to its unit's short and long gain, and take its own tax off the columns."""
    for sale in draft.sales:
        columns, lot, security = draft.sold.get(sale.place), sale.lot, sale.security
        if columns is None or lot is None:
            continue
        gain = (security["price_usd"] - lot["unit_basis_usd"]) / security["price_usd"]
        # Of a loss the units that are disallowed go first: they are a column of their own, without tax.
        draft.program.cost[columns[-1]] -= lot["gain_rate_frac"] * gain
        if gain > 0 or lot["washed_qty"] < lot["held_qty"]:
            (long if lot["is_long_term"] else short).append((columns[-1], gain))


def _add_tax(program: Program, part: PartAtHand, short: Entries, long: Entries) -> float:
    """Add the part of the year's tax to the program's costs and return what is constant of it: the tax before, taken off."""
    terms = part.terms
    own = {
        name: float(getattr(terms, name)[0])
        for name in ("short", "long", "ordinary", "carry", "limit", "start_short", "start_long")
    }
    total = own["start_short"] + own["start_long"]
    both = [*short, *long]
    if part.is_split:
        gain, of_short = program.variable(own["long"]), program.variable(own["short"] - own["long"])
        program.row(total, highspy.kHighsInf, [(gain, 1.0), *((column, -each) for column, each in both)])
        program.row(own["start_short"], highspy.kHighsInf, [(of_short, 1.0), *((at, -each) for at, each in short)])
    else:
        gain = program.variable(own["short"])
        deducted, carried = program.variable(-own["ordinary"], own["limit"]), program.variable(-own["carry"])
        parts = [(gain, 1.0), (deducted, -1.0), (carried, -1.0)]
        program.row(total, total, [*parts, *((column, -each) for column, each in both)])
    return -float(net_tax(terms, terms.start_short, terms.start_long)[0])
