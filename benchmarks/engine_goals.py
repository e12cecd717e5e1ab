"""Every goal of the trade engine: its figure on a line, and one line that sums up.

Run as `python -m benchmarks.engine_goals [ACCOUNTS]`, accounts of the large book. Goals are ratios taken in one run, so that they can be
compared between machines; docs/methodology/engine.md says what is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.engine import Accuracy, Speed, accuracy, rounding, speed
from benchmarks.engine_book import LAMBDAS
from benchmarks.engine_households import household_accuracy, household_speed
from benchmarks.engine_million import ROUNDS, Run, million
from benchmarks.engine_netted import netted
from benchmarks.engine_netted_households import netted_households

EXACT = 1e-9


@dataclass(frozen=True)
class Goal:
    """A figure, what it must reach and what it aims at; `is_most`: it may be at most that."""

    name: str
    figure: float
    form: str
    must: float
    aim: float | None = None
    is_most: bool = True

    def reached(self, wanted: float) -> bool:
        """Tell whether the figure reaches what is wanted."""
        return self.figure <= wanted if self.is_most else self.figure >= wanted

    @property
    def is_met(self) -> bool:
        """Whether the figure is as good as it must be."""
        return self.reached(self.must)

    @property
    def verdict(self) -> str:
        """Figure and verdict, as short as the line that sums up wants them."""
        if not self.is_met:
            return f"{self.name} {self.figure:{self.form}} MISSED"
        is_aim = self.aim is not None and self.reached(self.aim)
        return f"{self.name} {self.figure:{self.form}} {'aim met' if is_aim else 'met'}"

    @property
    def line(self) -> str:
        """Figure, verdict and goals."""
        aim = f", aim {self.aim:g}" if self.aim is not None else ""
        return f"{self.verdict} (must {self.must:g}{aim})"


def speeds(name: str, of: Speed, must: float, aim: float) -> Iterator[Goal]:
    """Yield the ratio to HiGHS, and print what it is made of."""
    alone = of.kernel / of.highs
    print(
        f"{name} a second and core: kernel {of.kernel:,.0f}; from tables to arrays {of.engine:,.0f}; HiGHS with its set-up "
        f"{of.highs:,.1f}; kernel alone {alone:,.0f} x HiGHS"
    )
    yield Goal(f"{name} x HiGHS", of.engine / of.highs, ",.0f", must, aim, is_most=False)


def exactness(name: str, of: Accuracy) -> Iterator[Goal]:
    """Yield the distance from the exact program, and the largest gap to the bounds."""
    lambdas = ", ".join(f"{one:g}" for one in LAMBDAS)
    print(f"{of.solved:,} random {name} at lambdas {lambdas}, each solved by HiGHS too and certified by its own bound")
    yield Goal(f"{name} from HiGHS, of n", of.distance, ".1e", EXACT)
    yield Goal(f"{name} largest gap_frac", of.gap, ".1e", EXACT)


def accounts() -> Iterator[Goal]:
    """Accounts alone."""
    yield from speeds("accounts", speed(), 100, 250)
    yield from exactness("accounts", accuracy())


def households() -> Iterator[Goal]:
    """Households."""
    yield from speeds("households", household_speed(), 25, 60)
    found, free = household_accuracy()
    yield from exactness("households", found)
    yield Goal("households with a cycle that saves", found.solved - free, ".0f", 0)


def rounded() -> Iterator[Goal]:
    """Lists in whole shares and in thousandths."""
    for name, step in (("whole shares", 1.0), ("thousandths", 0.001)):
        found = rounding(step)
        print(
            f"rounded to {name}: {found.large:,} accounts over 200k, largest gap {found.largest_bp:.2f} bp; "
            f"{found.speed:,.0f} accounts a second and core of all sizes"
        )
        yield Goal(f"{name} mean bp", found.mean_bp, ".4f", 0.1, 0.02)
        yield Goal(f"{name} p99 bp", found.p99_bp, ".3f", 2.0)


def taxes() -> Iterator[Goal]:
    """Netted taxes; `netted` prints what they save."""
    found = netted()
    yield Goal("netted tax not the year's to the cent, accounts", found.accounts - found.equal_to_the_cent, ".0f", 0)
    yield Goal("netted worse than at own rates, accounts", found.worse, ".0f", 0)
    yield Goal("netted largest gap_frac", found.largest_gap, ".1e", EXACT)
    yield Goal("netted whole shares mean bp", found.mean_rounded_gap_bp, ".4f", 0.1, 0.02)
    yield Goal("netted whole shares p99 bp", found.p99_rounded_gap_bp, ".3f", 2.0)
    houses = netted_households()
    wrong = houses.units - houses.equal_to_the_cent + houses.violations
    yield Goal("netted households' tax not the year's to the cent, or a rule broken", wrong, ".0f", 0)
    yield Goal("netted households whole shares mean bp", houses.mean_gap_bp, ".4f", 0.1, 0.02)
    yield Goal("netted households whole shares p99 bp", houses.p99_gap_bp, ".3f", 2.0)


def large_book(count: int) -> Iterator[Goal]:
    """A book from Parquet to Parquet against a bare scan."""
    for name, run in million(count).items():
        yield from _large(name, run)


def _large(name: str, run: Run) -> Iterator[Goal]:
    outcomes = ", ".join(f"{outcome} {number:,}" for outcome, number in run.outcomes.items())
    print(
        f"book of {run.accounts:,} accounts of 15 positions of 3 lots, {name} solved: {run.cpu / ROUNDS:.1f} s processor, "
        f"{run.wall / ROUNDS:.1f} s wall; bare scan {run.scan_cpu / ROUNDS:.2f} and {run.scan_wall / ROUNDS:.2f} s (means of {ROUNDS}); "
        f"{outcomes}; {run.trades:,} trades; largest gap_frac {run.gap:.1e}, dust left out counted"
    )
    must, aim = (6, 3) if name == "outside" else (15, 8)
    yield Goal(f"{name} x scan, processor", run.cpu_ratio, ".1f", must, aim)
    yield Goal(f"{name} x scan, wall", run.wall_ratio, ".1f", must, aim)
    yield Goal(f"{name} peak GiB", run.peak_gib, ".2f", 2.0, 0.8)


def main(count: int = 1_000_000) -> None:
    """Print every figure, and one line that sums up."""
    sections: list[Callable[[], Iterator[Goal]]] = [accounts, households, rounded, taxes, lambda: large_book(count)]
    goals = []
    for section in sections:
        for goal in section():
            print(f"  {goal.line}", flush=True)
            goals.append(goal)
    met = sum(goal.is_met for goal in goals)
    print(f"engine: {met} of {len(goals)} goals met: {'; '.join(goal.verdict for goal in goals)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
