"""Commands about quarantine: what is in it, and how a person lifts a stop."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from evenkeel.errors import EXIT_DONE

console = Console(soft_wrap=True, highlight=False)


def quarantine(home: Path | None, date: dt.date | None, form: str) -> int:
    """Print what is in quarantine."""
    from evenkeel.desk.quarantine import print_quarantine, quarantine_of, to_csv, to_json
    from evenkeel.desk.reading import run_of
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    run = run_of(house, date)
    held = quarantine_of(house, run)
    if form == "json":
        sys.stdout.write(to_json(held))
    elif form == "csv":
        sys.stdout.write(to_csv(held))
    else:
        print_quarantine(held, run, console)
    return EXIT_DONE


def release(home: Path | None, exception_id: str, until: dt.date | None, reason: str, actor: str, role: str) -> int:
    """Store a release and say what must follow."""
    from evenkeel.desk.releasing import release as store
    from evenkeel.wiring import open_house, read_settings

    stored = store(open_house(read_settings(home)), exception_id, until, reason, actor, role)
    console.print(
        f"{stored.exception_id}: release recorded for {stored.subject_id}, {stored.from_date} to {stored.until_date}. "
        f"It takes effect when the date is run again: evenkeel run --date {stored.from_date}",
        markup=False,
    )
    return EXIT_DONE
