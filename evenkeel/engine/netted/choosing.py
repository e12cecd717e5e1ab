"""What netted lists of accounts alone are made from: whose taxes they count to, and what was decided for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8, FIGURES, I8, AnswerArrays, Problem, normal
from evenkeel.engine.codes import OUTCOMES, Finding, Outcome
from evenkeel.engine.columns import given
from evenkeel.engine.netted.alone import NOTHING, TRADED, Alone, lists_in
from evenkeel.engine.netted.attempt import Scope
from evenkeel.engine.netted.decide import Decision, decide, limits_of
from evenkeel.engine.netted.stake import LotGains, Stake, lot_gains, shares_of, stake_of, units_of
from evenkeel.engine.netted.terms import Terms, terms_of
from evenkeel.engine.problem import Prepared
from evenkeel.engine.tables.inputs import Lots

ScopeT = TypeVar("ScopeT", bound=Scope, covariant=True)
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
    no_basis = has_unit & lots["unit_basis_usd"].fill_nan(None).is_null().to_numpy()
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
class Chosen(Generic[ScopeT]):
    """What was decided for accounts at stake, and what it was decided with. `places`: of accounts at stake in the problem."""

    stake: Stake
    places: I8
    terms: Terms
    scope: ScopeT
    gains: LotGains
    decision: Decision

    @property
    def most_sold(self) -> F8:
        """Return dollars that may be sold of each account at stake: its turnover budget, infinite without one."""
        has_share = np.isfinite(self.stake.share)
        share = np.where(has_share, self.stake.share, 0.0)
        # An account of a household may be worth less than nothing: its share is nothing, which a list without its sales keeps.
        most: F8 = np.where(has_share, share * np.maximum(self.scope.nav, 0.0), np.inf)
        return most


def choose(
    ready: Ready, base: AnswerArrays, run: Run, some: np.ndarray, less_gain: F8, less_sold: F8
) -> Chosen[Alone] | None:
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
