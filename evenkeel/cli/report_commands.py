"""The words of `evenkeel report`, and their defaults."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli.options import Home

ReportName = Literal[
    "kpis", "drift-compliance", "monthly-compliance", "supervisory-review", "sample-audit", "before-after"
]
"""`desk.reporting.making.KINDS`, written out: `--help` imports nothing."""
RoleName = Literal["adviser", "senior_adviser", "compliance", "operations", "client", "administrator"]
Month = Annotated[str | None, Parameter(help="Calendar month, 2026-03.")]
Quarter = Annotated[str | None, Parameter(help="Calendar quarter, 2026-Q1.")]


def report_app() -> App:
    """Return `evenkeel report`."""
    app = App(name="report", help="Reports on a period: compliance, supervision, samples, figures; for clients.")

    @app.command
    def show(
        name: Annotated[
            ReportName, Parameter(name="NAME", help="The report; `evenkeel report list` says what each is.")
        ],
        /,
        *,
        month: Month = None,
        quarter: Quarter = None,
        date: Annotated[dt.date | None, Parameter(name="--date", help="One day, YYYY-MM-DD.")] = None,
        proposal: Annotated[str | None, Parameter(help="Of before-after: a proposal's id, or a beginning.")] = None,
        table: Annotated[str | None, Parameter(help="Only this table; of CSV the report's first by default.")] = None,
        format: Annotated[
            Literal["table", "html", "csv", "pdf"],
            Parameter(help="How to print; pdf is of before-after, and needs --out."),
        ] = "table",
        out: Annotated[
            Path | None,
            Parameter(
                help="Write to this file; a folder gets the page, of before-after a PDF, and a CSV of every table."
            ),
        ] = None,
        home: Home = None,
    ) -> int:
        """Print a report, on the month (or quarter) of the newest run by default. `show` may be left out."""
        from evenkeel.cli import reporting

        return reporting.show(home, name, month, quarter, date, proposal, table, format, out)

    @app.command(name="list")
    def list_reports() -> int:
        """List the reports: what each answers, and for which period it is by default. Needs no home."""
        from evenkeel.cli import reporting

        return reporting.list_reports()

    @app.command
    def sign(
        *,
        month: Month = None,
        quarter: Quarter = None,
        actor: Annotated[str, Parameter(help="Who signs, by id in advisers.csv.")],
        role: Annotated[RoleName, Parameter(help="In what role: compliance or senior_adviser.")] = "compliance",
        reason: Annotated[str, Parameter(help="What you found, in words.")],
        home: Home = None,
    ) -> int:
        """Sign the supervisory review of a period that is over: an event of the trail, with the digest of what was reviewed."""
        from evenkeel.cli import reporting

        return reporting.sign(home, month, quarter, actor, role, reason)

    app.default(show)
    return app
