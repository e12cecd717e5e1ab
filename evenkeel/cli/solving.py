"""The command that solves a problem with the trade engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from evenkeel.errors import EXIT_DONE, UsageError

console = Console(soft_wrap=True, highlight=False)


def solve(in_dir: Path, out_dir: Path, is_rounded: bool, is_outside_only: bool) -> int:
    """Solve the problem and say what became of its accounts."""
    from evenkeel.engine.folder import solve_tables

    if not in_dir.is_dir():
        raise UsageError(f"{in_dir} is not a folder; docs/engine-tables.md says which tables it holds")
    if out_dir.exists() and not out_dir.is_dir():
        raise UsageError(f"{out_dir} is a file; give a folder for the answer")
    solved = solve_tables(in_dir, out_dir, is_rounded=is_rounded, is_outside_only=is_outside_only)
    houses = solved.households
    alone = f"{solved.accounts:,} accounts{' alone' if houses else ''}, {solved.trades:,} trades"
    if houses is None or solved.accounts:
        console.print(f"{out_dir}: {alone}", markup=False)
        _say(solved.outcomes, solved.largest_gap_frac, f"account {solved.largest_gap_id}")
    if houses is not None:
        console.print(
            f"{out_dir}: {houses.households:,} households of {houses.accounts:,} accounts, {houses.trades:,} trades",
            markup=False,
        )
        _say(houses.outcomes, houses.largest_gap_frac, f"household {houses.largest_gap_id}")
    if solved.remarks:
        told = ", ".join(f"{effect} {number:,}" for effect, number in solved.remarks.items())
        console.print(
            f"Remarks on the tables given: {told}; remarks.parquet has each figure, docs/engine-tables.md what to do.",
            markup=False,
        )
    return EXIT_DONE


def _say(outcomes: Mapping[str, int], gap_frac: float | None, whose: str) -> None:
    for outcome, number in outcomes.items():
        console.print(f"  {outcome}: {number:,}", markup=False)
    if gap_frac is None:
        console.print("Largest gap: none was solved.")
    else:
        console.print(f"Largest gap: {gap_frac * 1e4:.4f} bp of net asset value, {whose}.", markup=False)


def compile_engine() -> int:
    """Compile what is not compiled yet, and say so."""
    from evenkeel.engine.compiled import cache_folder
    from evenkeel.engine.compiling import compile_all

    console.print(
        f"Compiling the trade engine into {cache_folder().parent}; a minute or two the first time.", markup=False
    )
    compile_all(lambda name: console.print(f"  {name}: ready", markup=False))
    return EXIT_DONE
