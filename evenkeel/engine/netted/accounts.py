"""Accounts alone, their taxes netted and their budgets kept: from a prepared problem to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evenkeel.engine.answer import Answer, tabulate
from evenkeel.engine.arrays import F8, FIGURES, I8, AnswerArrays, Problem, normal
from evenkeel.engine.codes import OUTCOMES, Finding, Outcome
from evenkeel.engine.columns import given
from evenkeel.engine.netted.alone import NOTHING, TRADED, Alone, answer_with, lists_in
from evenkeel.engine.netted.at_rates import totals
from evenkeel.engine.netted.decide import Decision, decide, limits_of
from evenkeel.engine.netted.price import gains_of
from evenkeel.engine.netted.results import change_of, disallowed_of, of_pairs, result_rows, spread
from evenkeel.engine.netted.stake import LotGains, Stake, lot_gains, shares_of, stake_of, units_of
from evenkeel.engine.netted.terms import Terms, terms_of
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.problem import Prepared
from evenkeel.engine.tables.inputs import Lots
from evenkeel.engine.tables.outputs import TaxResults

Run = Callable[[Problem], AnswerArrays]
Rounder = Callable[[Problem, AnswerArrays], AnswerArrays]


@dataclass(frozen=True)
class Ready:
    """A prepared problem whose accounts' tax units are known: what cannot be netted is kept or unsolved. Units and shares by account."""

    prepared: Prepared
    terms: Terms
    unit: I8
    share: F8
    is_long: np.ndarray
    outcome: I8  # -1: nothing is wrong


def ready(prepared: Prepared, tax_units: pl.DataFrame) -> Ready:
    """Look tax units up; lots of theirs without a basis or a term are kept."""
    accounts, lots = prepared.accounts, prepared.lots
    terms = terms_of(tax_units)
    unit, is_unknown, is_unfit = units_of(accounts, terms)
    share = shares_of(accounts)
    outcome = np.full(accounts.height, -1)
    outcome[~(share >= 0)] = OUTCOMES.index(Outcome.FIGURE_INVALID)
    outcome[is_unfit] = OUTCOMES.index(Outcome.TAX_TERMS_INVALID)
    outcome[is_unknown] = OUTCOMES.index(Outcome.TAX_UNIT_UNKNOWN)
    has_unit = np.repeat(unit >= 0, np.diff(prepared.arrays.accounts.lots_from))
    term = given(lots, Lots)["is_long_term"]
    no_term = has_unit & term.is_null().to_numpy()
    no_basis = has_unit & lots["unit_basis_usd"].is_null().to_numpy()
    found = [
        lots.filter(pl.Series(is_so)).select(
            "account_id", "security_id", "lot_id", pl.lit(finding.value).alias("finding")
        )
        for is_so, finding in ((no_term, Finding.TERM_MISSING), (no_basis, Finding.BASIS_MISSING))
    ]
    arrays = prepared.arrays
    sellable = np.where(no_term | no_basis, 0, arrays.lots.sellable)
    model = np.where(outcome >= 0, -1, arrays.accounts.model)
    arrays = arrays._replace(
        lots=arrays.lots._replace(sellable=normal(sellable, np.uint8)),
        accounts=arrays.accounts._replace(model=normal(model, np.int64)),
    )
    # Securities are read as categories from a folder, and as text from frames.
    texts = [rows.cast(pl.String) for rows in (prepared.findings, *found)]
    findings = pl.concat(texts).unique(maintain_order=True)
    return Ready(
        replace(prepared, arrays=arrays, findings=findings), terms, np.where(outcome >= 0, -1, unit), share,
        term.fill_null(False).to_numpy(), outcome,
    )  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What was decided for accounts at stake, and what it was decided with."""

    stake: Stake
    places: I8
    terms: Terms
    scope: Alone
    gains: LotGains
    decision: Decision


def choose(ready: Ready, base: AnswerArrays, run: Run, some: np.ndarray, less_gain: F8, less_sold: F8) -> Chosen | None:
    """Decide for the accounts marked, of those that are solved; None: none of them has a unit or a budget.

    `less_gain`, `less_sold`: dollars by account that their budgets are taken to be less.
    """
    arrays = ready.prepared.arrays
    places = np.nonzero(some & np.isin(base.outcome, (TRADED, NOTHING)))[0]
    stake, _ = stake_of(np.arange(len(places)), places, ready.unit[places], ready.share[places])
    if not stake.groups:
        return None
    places = stake.account
    figures = base.figures[places]
    scope = Alone(
        arrays,
        run,
        base.before[places],
        figures[:, FIGURES.index("nav_usd")],
        figures[:, FIGURES.index("cash_before_usd")],
    )
    gains = lot_gains(arrays, ready.is_long)
    limits = limits_of(stake, ready.terms, scope.nav)
    pairs = 3 * stake.pairs_in()
    caps = limits.caps.copy()
    caps[stake.pair_group, 2] -= less_gain[places][stake.pair_group]
    has_share = stake.share_no >= 0
    caps[has_share, pairs[has_share]] -= less_sold[places][has_share]
    limits = replace(limits, caps=np.maximum(caps, 0.0))
    decision = decide(scope, stake, gains, limits, lists_in(base, places), arrays.accounts.dust[places])
    return Chosen(stake, places, limits.terms, scope, gains, decision)


def solve_netted(prepared: Prepared, tax_units: pl.DataFrame, run: Run, rounder: Rounder | None) -> Answer:
    """Return the best trades of every account, taxes netted where it has a tax unit and budgets kept.

    Accounts of one tax unit are each taken alone against the year so far.

    Args:
        prepared: The problem.
        tax_units: Its tax units.
        run: Solves a problem at its lots' own rates.
        rounder: Makes rounded lists of exact ones; None: exact lists.
    """
    known = ready(prepared, tax_units)
    base = run(known.prepared.arrays)
    count = len(base.outcome)
    none = np.zeros(count)
    chosen = choose(known, base, run, np.ones(count, bool), none, none)
    answer = base
    rows: pl.DataFrame = TaxResults.empty_frame()
    if rounder is not None:
        from evenkeel.engine.netted.rounded import rounded_answer

        answer, rows = rounded_answer(known, base, chosen, run, rounder)
    elif chosen is not None:
        answer, rows = exact_answer(known, base, chosen)
    answer.outcome[known.outcome >= 0] = known.outcome[known.outcome >= 0]
    return replace(tabulate(known.prepared, answer), tax_results=rows)


def exact_answer(known: Ready, base: AnswerArrays, chosen: Chosen) -> tuple[AnswerArrays, pl.DataFrame]:
    """Return the answer with exact lists, and the rows of `tax_results`."""
    decision, stake, terms = chosen.decision, chosen.stake, chosen.terms
    part, lists = decision.part, decision.lists
    gains = gains_of(part, lists)
    short, long = of_pairs(stake, decision.net)
    change = change_of(terms, short, long, disallowed_of(part, stake, lists, gains), to_the_cent=False)
    trade_tax = spread(part, stake, lists, gains, terms, decision.net, change, known.is_long)
    tax = totals(lists.account, trade_tax, stake.groups)
    new = NewLists(part, lists, gains, trade_tax, decision.lot_cost, decision.best.price)
    answer = answer_with(base, chosen.scope, chosen.places, new, tax, decision.bound)
    ids = known.prepared.accounts["account_id"].gather(chosen.places)
    return answer, result_rows(stake, terms, ids, change, decision.caps)
