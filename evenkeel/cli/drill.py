"""Commands on synthetic practices: write one, and run the whole drill on it."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from rich.console import Console

from evenkeel.errors import EXIT_DONE, UsageError

console = Console(soft_wrap=True, highlight=False)
MAX_HOUSEHOLDS = 100_000
MAX_DAYS = 260


def sandbox(home: Path | None, households: int, days: int, seed: int, faults: bool) -> int:
    """Write a practice and all its files."""
    from evenkeel.sandbox.generate import generate
    from evenkeel.wiring import read_settings

    target = _fresh_home(read_settings(home).home, households, days)
    plan = generate(target, households, days, seed, faults=faults)
    files = plan.deliver_all(target)
    console.print(
        f"{target}: {plan.household_count:,} households, {plan.account_count:,} accounts, {len(plan.dates)} sessions from "
        f"{plan.dates[0]} to {plan.dates[-1]}, {len(files):,} files in inbox/."
    )
    console.print(
        f"Next: evenkeel run --home {target} --date {plan.dates[0]}, or evenkeel backfill {plan.dates[0]} {plan.dates[-1]} --home {target}"
    )
    return EXIT_DONE


def _fresh_home(home: Path, households: int, days: int) -> Path:
    """Refuse sizes that make no sense, and a home that may hold somebody's work."""
    if not 1 <= households <= MAX_HOUSEHOLDS or not 1 <= days <= MAX_DAYS:
        raise UsageError(f"--households is 1 to {MAX_HOUSEHOLDS:,}, --days 1 to {MAX_DAYS}")
    if (home / "book").exists() and not (home / "sandbox").exists():
        raise UsageError(f"{home} has a book that no sandbox wrote; give another --home")
    if (home / "sandbox").exists():
        # Only what a sandbox and its runs made is cleared, and only where a sandbox made the home.
        for name in ("book", "sandbox", "inbox", "lake", "archive", "reports", "prefect", "orders"):
            shutil.rmtree(home / name, ignore_errors=True)
        for path in home.glob("records.db*"):
            path.unlink()
    return home


def demo(home: Path | None, households: int, days: int, seed: int) -> int:
    """Run the drill and end with where to look."""
    from evenkeel.desk.drill_story import close, tell
    from evenkeel.sandbox.generate import generate
    from evenkeel.wiring import open_house, read_settings
    from flows.demo import Look, run_demo_days
    from flows.local_server import local_server

    target = _fresh_home(read_settings(home).home, households, days)
    console.print(f"A synthetic practice of {households} households, {days} business days, seed {seed}; home {target}")
    plan = generate(target, households, days, seed, faults=True)
    late = {one.business_date for one in plan.expected if one.fault == "late"}
    console.print("Starting a Prefect server for this drill ...")
    with local_server(target):
        looks = [Look(date, at) for date in plan.dates for at in look_times(date, date in late)]
        for looked in run_demo_days(target, looks, lambda date, where, until: plan.deliver(date, where, until)):
            tell(looked.look.business_date, looked.look.at, looked.run, console)
    house = open_house(read_settings(target))
    close(house, plan.dates, [(one.business_date, one.what) for one in plan.expected], console)
    _go_on(target, plan.dates[-1], seed)
    return EXIT_DONE


def _go_on(target: Path, last_date: dt.date, seed: int) -> None:
    """Play what people and custodians make of the last run's proposals."""
    from evenkeel.desk.drill_desk import play
    from evenkeel.run.house import House
    from evenkeel.wiring import open_house, read_settings
    from evenkeel.wiring_messages import drill_settings, send_by
    from evenkeel.wiring_orders import ORDERS

    settings = read_settings(target)

    def tell(at: dt.datetime) -> list[str]:
        return send_by(drill_settings(settings).model_copy(update={"clock": at}))

    def house_at(at: dt.datetime) -> House:
        return open_house(settings.model_copy(update={"clock": at}))

    console.print("[bold]From the proposals to the orders[/bold]")
    for line in play(house_at, tell, target / ORDERS, last_date, seed):
        console.print(f"  {line}", markup=False)


def look_times(date: dt.date, is_late: bool) -> list[dt.datetime]:
    """Return when the drill runs a session: at the deadline, and once more after eight where a custodian is late."""
    from evenkeel import calendar
    from evenkeel.run.house import NEW_YORK

    morning = calendar.next_session(date)
    at_deadline = dt.datetime.combine(morning, dt.time(6, 30), NEW_YORK)
    after_eight = dt.datetime.combine(morning, dt.time(8, 15), NEW_YORK)
    return [at_deadline, after_eight] if is_late else [dt.datetime.combine(morning, dt.time(7, 5), NEW_YORK)]
