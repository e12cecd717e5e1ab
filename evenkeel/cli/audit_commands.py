"""The words of `evenkeel audit`, and their defaults."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli.options import Date, Home


def audit_app() -> App:
    """Return `evenkeel audit` with its commands."""
    audit = App(name="audit", help="The trail of what happened: proved, handed out, searched.")

    @audit.command
    def verify(
        *,
        file: Annotated[Path | None, Parameter(help="Verify this export instead of a home's trail.")] = None,
        checkpoint: Annotated[
            tuple[Path, ...],
            Parameter(help="An older copy of the home's audit/checkpoints.jsonl to compare with.", negative=()),
        ] = (),
        archive: Annotated[
            bool, Parameter(help="Hold the trail against its archive too, object by object.", negative=())
        ] = False,
        home: Home = None,
    ) -> int:
        """Work out every hash anew; exit code 3 where the trail is not what it was, with the place."""
        from evenkeel.cli import auditing

        return auditing.verify(home, file, checkpoint, archive)

    @audit.command
    def archive(*, home: Home = None) -> int:
        """Put the checkpoints and events that the trail's archive lacks into it; every run does so too."""
        from evenkeel.cli import auditing

        return auditing.archive(home)

    @audit.command
    def export(
        path: Annotated[Path | None, Parameter(name="PATH", help="The file to write.")] = None,
        /,
        *,
        kit: Annotated[
            Path | None, Parameter(help="A new folder to write to instead: the file, a verifier, instructions.")
        ] = None,
        first: Annotated[dt.date | None, Parameter(name="--from", help="First business date.")] = None,
        last: Annotated[dt.date | None, Parameter(name="--to", help="Last business date.")] = None,
        account: Annotated[str | None, Parameter(help="Only what is about this account or mentions it.")] = None,
        household: Annotated[str | None, Parameter(help="Only what is about this household or mentions it.")] = None,
        adviser: Annotated[str | None, Parameter(help="Only what is about this adviser or mentions them.")] = None,
        kind: Annotated[str | None, Parameter(help="Only what says this, `decision_taken` for example.")] = None,
        home: Home = None,
    ) -> int:
        """Write the trail, or what is chosen of it, as JSON Lines that anyone can verify."""
        from evenkeel.cli import auditing

        ids = {"account": account, "household": household, "adviser": adviser}
        return auditing.export(home, path, kit, first, last, kind, ids)

    @audit.command
    def history(
        subject: Annotated[
            str,
            Parameter(
                name="SUBJECT", help="An alert, suspension, exception, account, policy version, or a file of the book."
            ),
        ],
        /,
        *,
        version: Annotated[int | None, Parameter(help="Print this version whole.")] = None,
        format: Annotated[Literal["text", "json"], Parameter(help="How to print.")] = "text",
        home: Home = None,
    ) -> int:
        """Every version of a record, rebuilt from the trail: since when, by whom, why, and what had changed."""
        from evenkeel.cli import auditing

        return auditing.history(home, subject, version, format)

    @audit.command
    def show(
        *,
        subject: Annotated[
            str | None, Parameter(help="What it is about or mentions: an account, alert, household, run.")
        ] = None,
        kind: Annotated[str | None, Parameter(help="What it says, `exception_found` for example.")] = None,
        words: Annotated[
            str | None, Parameter(name="--text", help="Words that stand in it, of a reason or a message; any case.")
        ] = None,
        actor: Annotated[str | None, Parameter(help="Who did it.")] = None,
        role: Annotated[str | None, Parameter(help="In what role.")] = None,
        date: Date = None,
        first: Annotated[dt.date | None, Parameter(name="--from", help="First business date.")] = None,
        last: Annotated[dt.date | None, Parameter(name="--to", help="Last business date.")] = None,
        limit: Annotated[int, Parameter(help="The newest so many.")] = 200,
        format: Annotated[Literal["table", "json"], Parameter(help="How to print.")] = "table",
        home: Home = None,
    ) -> int:
        """Search the trail; what is given must all match."""
        from evenkeel.cli import auditing
        from evenkeel.ports import TrailQuery

        query = TrailQuery(subject, kind, date, limit, first, last, actor, role, words)
        return auditing.show(home, query, format)

    return audit
