"""Accounts alone, their taxes netted and their budgets kept: from a prepared problem to its answer."""

from __future__ import annotations

import numpy as np
import polars as pl

from evenkeel.engine.answer import SolvedBook
from evenkeel.engine.arrays import AnswerArrays
from evenkeel.engine.netted.alone import Alone, answer_with
from evenkeel.engine.netted.at_rates import totals
from evenkeel.engine.netted.choosing import Chosen, Ready, Run, choose, ready
from evenkeel.engine.netted.price import gains_of
from evenkeel.engine.netted.results import change_of, disallowed_of, of_pairs, result_rows, spread
from evenkeel.engine.netted.rounded import RoundBy, rounded_answer
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.problem import Prepared
from evenkeel.engine.tables.outputs import TaxResults


def solve_netted(prepared: Prepared, tax_units: pl.DataFrame, run: Run, by: RoundBy | None) -> SolvedBook:
    """Return the best trades of every account, taxes netted where it has a tax unit and budgets kept.

    Accounts of one tax unit are each taken alone against the year so far.

    Args:
        prepared: The problem.
        tax_units: Its tax units.
        run: Solves a problem at its lots' own rates.
        by: How lists are rounded; None: exact lists.
    """
    known = ready(prepared, tax_units)
    base = run(known.prepared.arrays)
    count = len(base.outcome)
    none = np.zeros(count)
    chosen = choose(known, base, run, np.ones(count, bool), none, none)
    answer = base
    rows: pl.DataFrame = TaxResults.empty_frame()
    found_by = None
    if by is not None:
        rounded, rows = rounded_answer(known, base, chosen, run, by)
        answer, found_by = rounded.answer, rounded.found_by
    elif chosen is not None:
        answer, rows = exact_answer(known, base, chosen)
    answer.outcome[known.outcome >= 0] = known.outcome[known.outcome >= 0]
    return SolvedBook(known.prepared, answer, found_by, rows)


def exact_answer(known: Ready, base: AnswerArrays, chosen: Chosen[Alone]) -> tuple[AnswerArrays, pl.DataFrame]:
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
