"""Faults of sending: twice, wrong and then right, right and then wrong."""

from __future__ import annotations

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.amounts import changed_figures, tenfold, tenth
from evenkeel.sandbox.faults.day_files import DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope
from evenkeel.sandbox.faults.reasons import NOTHING, PRODUCT, TOTALS, UNITS, VALUE
from evenkeel.sandbox.faults.victims import sheet_of


def sent_twice(which: str) -> Damage:
    """Return the damage of the same bytes under a second name."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        file = sheet_of(files, which).file
        return Damaged(
            files.after(file, _second(file.name), file.data), frozenset(), f"{file.name} comes a second time"
        )

    return damage


def corrected(which: str, wrong: Damage) -> Damage:
    """Return the damage of a wrong file that the right one follows."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        right = sheet_of(files, which).file
        damaged = wrong(files, facts, draws)
        first = damaged.files.named(right.feed, right.name)
        return Damaged(
            damaged.files.after(first, _second(right.name), right.data),
            frozenset(),
            f"{damaged.what}; the right file follows",
        )

    return damage


def spoiled(which: str, wrong: Damage) -> Damage:
    """Return the damage of a right file that a wrong one follows."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        right = sheet_of(files, which).file
        damaged = wrong(files, facts, draws)
        bad = damaged.files.named(right.feed, right.name)
        told = f"{damaged.what}, in a second file"
        return Damaged(files.after(right, _second(right.name), bad.data), damaged.touched, told)

    return damage


def _second(name: str) -> str:
    """Return a name beside the first that any layout still recognises, with the same date in it."""
    if name.startswith("All-Accounts-Positions"):
        return name.replace("-163045", "-201530")
    stem, _, ending = name.rpartition(".")
    # A mapped table's date stands before its ending.
    return f"again_{name}" if stem[-8:].isdigit() else f"{stem} (1).{ending}"


_SLIP = {"quantity": tenth, "value": tenth}
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.sent_twice", "The same bytes come again under another name.", Scope.FILE, NOTHING, sent_twice("schwab")),
    Fault("ibkr.sent_twice", "The same bytes come again under another name.", Scope.FILE, NOTHING, sent_twice("ibkr")),
    Fault("plans.sent_twice", "The same bytes come again under another name.", Scope.FILE, NOTHING, sent_twice("plans")),
    Fault("schwab.corrected", "A wrong file is followed by the right one.", Scope.FILE, NOTHING,
          corrected("schwab", changed_figures("schwab", _SLIP))),
    Fault("plans.corrected", "A wrong file is followed by the right one.", Scope.FILE, NOTHING,
          corrected("plans", changed_figures("plans", _SLIP))),
    Fault("fidelity.spoiled", "The right file is followed by one with ten times the units of a holding.", Scope.ROW, UNITS | VALUE,
          spoiled("fidelity", changed_figures("fidelity", {"quantity": tenfold, "value": tenfold}))),
    Fault("schwab.spoiled", "The right file is followed by one whose value of a holding is not units times price.", Scope.ROW,
          PRODUCT | TOTALS | {Check.BREAK_VALUE}, spoiled("schwab", changed_figures("schwab", {"value": tenfold}))),
)  # fmt: skip
