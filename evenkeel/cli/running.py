"""Commands that run something: a date, a range, a market event."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, UsageError
from evenkeel.run.sequence import Outcome
from evenkeel.run.sequence import Progress as StepProgress

console = Console(soft_wrap=True, highlight=False)


def run(home: Path | None, date: dt.date | None, as_known_at: dt.datetime | None) -> int:
    """Run one date and print its summary."""
    from evenkeel.run.sequence import run_date
    from evenkeel.wiring import open_house, read_settings

    if as_known_at is not None and as_known_at.tzinfo is None:
        raise UsageError("--as-known-at needs a zone, for example 2026-03-03T07:00:00-05:00")
    house = open_house(read_settings(home))
    wanted = date or house.last_closed_session()
    with _progress() as told:
        outcome = run_date(house, wanted, as_known_at=as_known_at, progress=told)
    if as_known_at is not None:
        console.print(
            f"Judged by the book as known at {as_known_at}: this is now the record of {wanted}; run it without --as-known-at to go back."
        )
    return _finish(house, outcome, [wanted])


def backfill(home: Path | None, first: dt.date, last: dt.date, as_known: str) -> int:
    """Run a range and print a line a date."""
    from evenkeel.run.sequence import backfill as run_range
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    with _progress() as told:
        outcome = run_range(house, first, last, as_known=as_known, progress=told)
    return _finish(house, outcome, sorted({run.business_date for run in outcome.runs}))


def market_event(
    home: Path | None, reason: str, moves: tuple[str, ...], prices: Path | None, threshold: float, emit: bool
) -> int:
    """Scan at once, or emit the event that starts a scan."""
    changes = parse_moves(moves)
    if not 0 <= threshold < 1:
        raise UsageError("--threshold is a fraction from 0 to below 1: 0.03 is a move of three per cent")
    if emit:
        from flows.market_event import emit as emit_event

        emit_event(reason, changes, threshold)
        console.print("The event was emitted; the server's automation starts the scan.")
        return EXIT_DONE
    from evenkeel.desk.event_digest import print_digest, write_digest
    from evenkeel.run.market_event import scan
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    outcome = scan(house, reason, changes, threshold, prices)
    print_digest(outcome, console)
    console.print(f"Digest: {write_digest(house, outcome)}")
    return EXIT_DONE


def parse_moves(moves: tuple[str, ...]) -> dict[str, float]:
    """Return `{class or security: fraction}` from words like `us_equity=-0.07`.

    Raises:
        UsageError: A word is not of that form.
    """
    changes: dict[str, float] = {}
    for word in moves:
        name, _, figure = word.partition("=")
        try:
            changes[name.strip()] = float(figure)
        except ValueError as error:
            raise UsageError(f"--move {word!r}: write NAME=FRACTION, for example us_equity=-0.07") from error
        if changes[name.strip()] <= -1:
            raise UsageError(
                f"--move {word!r}: a fraction, -0.07 is seven per cent down; nothing can fall by all or more"
            )
    return changes


def _finish(house: object, outcome: Outcome, dates: list[dt.date]) -> int:
    from evenkeel.desk.page import write_page
    from evenkeel.desk.run_summary import print_summary
    from evenkeel.run.house import House

    assert isinstance(house, House)
    # Dates that were run or folded again beside those asked for have a new page too.
    pages = {date: write_page(house, date) for date in sorted({run.business_date for run in outcome.runs})}
    print_summary(house, outcome, dates, pages[dates[-1]], console)
    stopped = any(outcome.of(date).status == "stopped" for date in dates)
    return EXIT_STOPPED if stopped or outcome.left else EXIT_DONE


@contextmanager
def _progress() -> Iterator[StepProgress]:
    """Show what is being done, on a terminal only; where output is kept, a run prints its summary alone."""
    if not console.is_terminal:
        yield lambda business_date, step: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda business_date, step: bar.update(task, description=f"{business_date} {step}")
