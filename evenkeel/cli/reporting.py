"""`evenkeel report`: what it prints, and which use case it calls."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from data_contracts.vocab import Role
from evenkeel.errors import EXIT_DONE, UsageError

console = Console(soft_wrap=True, highlight=False)


def show(
    home: Path | None,
    name: str,
    month: str | None,
    quarter: str | None,
    date: dt.date | None,
    proposal: str | None,
    table: str | None,
    form: str,
    out: Path | None,
) -> int:
    """Print a report, or write it."""
    from evenkeel.desk.reporting.files import pdf_of, print_report, render_csv, write_all
    from evenkeel.desk.reporting.making import make, make_before_after, period_of, require_name
    from evenkeel.desk.reporting.page import render_page
    from evenkeel.reports.before_after import NAME as BEFORE_AFTER
    from evenkeel.wiring import open_house, read_settings

    require_name(name)
    settings = read_settings(home)
    house = open_house(settings)
    if (proposal is None) == (name == BEFORE_AFTER):
        raise UsageError(
            f"--proposal goes with {BEFORE_AFTER}, and only with it; `evenkeel desk cases` lists proposals"
        )
    if proposal is not None:
        disclosure = settings.firm_disclosure or ""
        report = make_before_after(house, proposal, firm=settings.firm_name, disclosure=disclosure)
    else:
        report = make(house, name, period_of(house, name, month, quarter, date), firm=settings.firm_name)
    firm = settings.firm_name or "evenkeel"
    if out is not None and out.is_dir():
        for path in write_all(report, out, firm):
            console.print(str(path), markup=False)
        return EXIT_DONE
    if form == "table" and out is None:
        print_report(report, console, table)
        return EXIT_DONE
    if form == "table":
        raise UsageError("give --format html, csv or pdf with --out, or a folder that exists for all of it")
    if form == "pdf":
        if out is None:
            raise UsageError("a PDF is written to a file: give --out with its name, or a folder that exists")
        content = pdf_of(report, firm)
    else:
        text = render_page(report, firm) if form == "html" else render_csv(report, table)
        if out is None:
            sys.stdout.write(text)
            return EXIT_DONE
        content = text.encode()
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is not a folder; make it first")
    out.write_bytes(content)
    console.print(str(out), markup=False)
    return EXIT_DONE


def list_reports() -> int:
    """Say which reports there are."""
    from evenkeel.desk.reporting.making import KINDS

    for name, kind in KINDS.items():
        console.print(f"{name}: {kind.about}{' By quarter.' if kind.is_quarterly else ''}", markup=False)
    return EXIT_DONE


def sign(home: Path | None, month: str | None, quarter: str | None, actor: str, role: str, reason: str) -> int:
    """Record a review, and say what was signed."""
    from evenkeel.desk.consent.deciding import Asking
    from evenkeel.desk.reporting.making import period_of
    from evenkeel.desk.reporting.signing import sign as put_name
    from evenkeel.reports.supervisory_review import NAME
    from evenkeel.wiring import open_house, read_settings

    if month is None and quarter is None:
        raise UsageError("which period was reviewed? give --month or --quarter")
    house = open_house(read_settings(home))
    period = period_of(house, NAME, month, quarter)
    digest = put_name(house, period, Asking(actor, Role(role), reason))
    console.print(f"{NAME} of {period.name} signed by {actor}; digest {digest}.", markup=False)
    return EXIT_DONE
