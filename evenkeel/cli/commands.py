"""Every command, its words and their defaults."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli import message_commands, replaying, report_commands
from evenkeel.cli.audit_commands import audit_app
from evenkeel.cli.desk_commands import desk_app
from evenkeel.cli.options import Date, Home, Kind
from evenkeel.cli.order_commands import orders_app


def register(app: App) -> None:
    """Add every command to `app`."""
    for command in (
        init,
        demo,
        sandbox,
        run,
        backfill,
        market_event,
        alerts,
        trades,
        propose,
        sweep,
        gates,
        status,
        quarantine,
        sql,
    ):
        app.command(command)
    app.command(replaying.replay)
    app.command(_book_app())
    app.command(desk_app())
    app.command(audit_app())
    app.command(orders_app())
    app.command(message_commands.channels_app())
    app.command(message_commands.messages_app())
    app.command(report_commands.report_app())
    app.command(_engine_app())


def init(*, home: Home = None) -> int:
    """Make a home: a commented starter book, an inbox, an account key and an empty records database.

    A home that has a book already keeps it as it is.
    """
    from evenkeel.cli import homes

    return homes.init(home)


def demo(
    *,
    home: Home = None,
    households: Annotated[int, Parameter(help="Households of the synthetic practice.")] = 200,
    days: Annotated[int, Parameter(help="Business days to run.")] = 5,
    seed: Annotated[int, Parameter(help="Same seed, same practice.")] = 7,
) -> int:
    """Run the whole drill on a synthetic practice: files in, checks, drift, task lists, through a Prefect server of its own."""
    from evenkeel.cli import drill

    return drill.demo(home, households, days, seed)


def sandbox(
    *,
    home: Home = None,
    households: Annotated[int, Parameter(help="Households of the synthetic practice.")] = 200,
    days: Annotated[int, Parameter(help="Business days of files.")] = 5,
    seed: Annotated[int, Parameter(help="Same seed, same bytes.")] = 7,
    faults: Annotated[
        bool, Parameter(help="With a late custodian, damaged rows and the like.", negative="--no-faults")
    ] = True,
) -> int:
    """Write a synthetic practice into a home: its book, and its custodians' files for several days."""
    from evenkeel.cli import drill

    return drill.sandbox(home, households, days, seed, faults)


def run(
    *,
    date: Date = None,
    home: Home = None,
    as_known_at: Annotated[
        dt.datetime | None,
        Parameter(help="Judge by the book as it was known at this instant (ISO 8601); now by default."),
    ] = None,
) -> int:
    """Run one business date, the last closed session by default: from what has arrived to the task lists. Needs no server."""
    from evenkeel.cli import running

    return running.run(home, date, as_known_at)


def backfill(
    first: Annotated[dt.date, Parameter(name="FROM", help="First business date.")],
    last: Annotated[dt.date, Parameter(name="TO", help="Last business date.")],
    /,
    *,
    home: Home = None,
    as_known: Annotated[
        Literal["now", "then"], Parameter(help="Judge each date by the book as known now, or as it was known then.")
    ] = "now",
) -> int:
    """Run every session of a range, oldest first. Nothing is sent."""
    from evenkeel.cli import running

    return running.backfill(home, first, last, as_known)


def market_event(
    *,
    reason: Annotated[str, Parameter(help="Why, in words; it stands on the digest.")],
    move: Annotated[
        tuple[str, ...],
        Parameter(help="How far a class or security has moved: us_equity=-0.07. Repeatable.", negative=()),
    ] = (),
    prices: Annotated[
        Path | None,
        Parameter(help="A CSV of fresh prices: security_id, price_usd (bonds per hundred, as custodians quote them)."),
    ] = None,
    threshold: Annotated[
        float, Parameter(help="Scan only if some move is at least this large, up or down: 0.03 is three per cent.")
    ] = 0.0,
    emit: Annotated[
        bool,
        Parameter(
            help="Emit the event to the Prefect server, whose automation starts the scan, instead of scanning here."
        ),
    ] = False,
    home: Home = None,
) -> int:
    """Scan the book at once after the market has moved; list the accounts affected, worst first."""
    from evenkeel.cli import running

    return running.market_event(home, reason, move, prices, threshold, emit)


def alerts(
    *,
    date: Date = None,
    format: Annotated[Literal["table", "json", "csv", "html"], Parameter(help="How to print.")] = "table",
    adviser: Annotated[str | None, Parameter(help="Only this adviser's.")] = None,
    home: Home = None,
) -> int:
    """Print the task list of a date, the last run's by default. The JSON is described in docs/alerts-json.md."""
    from evenkeel.cli import showing

    return showing.alerts(home, date, format, adviser)


def trades(
    *,
    date: Date = None,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="How to print.")] = "table",
    adviser: Annotated[str | None, Parameter(help="Only this adviser's.")] = None,
    alert: Annotated[str | None, Parameter(help="Only this alert's, by its id or a beginning of it.")] = None,
    held_back: Annotated[bool, Parameter(help="Those that a check holds back too.", negative=())] = False,
    home: Home = None,
) -> int:
    """Print the trades proposed for the alerts of a date, the last run's by default: in CSV a row for each lot sold and security bought."""
    from evenkeel.cli import proposing

    return proposing.trades(home, date, format, adviser, alert, held_back)


def propose(
    named: Annotated[str, Parameter(name="ID", help="An account, a portfolio or a household, by its id in the book.")],
    /,
    *,
    kind: Annotated[Kind, Parameter(help="What the list may do, whatever the policy says.")] = "full",
    amount: Annotated[
        str | None, Parameter(help="Dollars of cash that must be there afterwards, besides what is spoken for.")
    ] = None,
    date: Date = None,
    format: Annotated[Literal["text", "json"], Parameter(help="How to print.")] = "text",
    home: Home = None,
) -> int:
    """Make a list of trades at once, by hand, from a date that was run, the last by default. Nothing is stored."""
    from evenkeel.cli import proposing

    return proposing.propose(home, named, kind, date, format, amount)


def sweep(*, home: Home = None) -> int:
    """Open a case for each new proposal, and do what has come due: reminders, escalations, ends. Safe to repeat."""
    from evenkeel.cli import consenting

    return consenting.sweep(home)


def gates(
    *,
    date: Date = None,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="How to print.")] = "table",
    home: Home = None,
) -> int:
    """Print what each custodian's delivery of a date, the last run's by default, was judged by: figures, bounds, verdicts."""
    from evenkeel.cli import showing

    return showing.gates(home, date, format)


def status(*, home: Home = None) -> int:
    """Tell where the home stands: last runs, coverage, what is stopped and who must act."""
    from evenkeel.cli import showing

    return showing.status(home)


def quarantine(
    *,
    date: Date = None,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="How to print.")] = "table",
    home: Home = None,
) -> int:
    """List what is stopped: why, since when, who must act; and what was released, by whom and why."""
    from evenkeel.cli import releasing

    return releasing.quarantine(home, date, format)


def sql(
    query: Annotated[
        str | None, Parameter(name="QUERY", help="DuckDB SQL; without it, the datasets are listed.")
    ] = None,
    /,
    *,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="How to print.")] = "table",
    home: Home = None,
) -> int:
    """Query the home: every dataset is a view over all committed dates. QUERY `-` reads standard input."""
    from evenkeel.cli import showing

    return showing.sql(home, query, format)


def _book_app() -> App:
    book = App(name="book", help="The firm's own reference data.")

    @book.command
    def check(*, date: Date = None, home: Home = None) -> int:
        """Read the whole book and list every problem at once: file, line, what to do."""
        from evenkeel.cli import homes

        return homes.book_check(home, date)

    return book


def _engine_app() -> App:
    engine = App(name="engine", help="The trade engine alone, on tables of a stranger's making. Needs no home.")

    @engine.command
    def solve(
        in_dir: Annotated[
            Path,
            Parameter(name="IN_DIR", help="Folder of the problem: NAME.parquet, or a folder NAME, for each table."),
        ],
        out_dir: Annotated[Path, Parameter(name="OUT_DIR", help="Folder for the answer; made if it does not exist.")],
        /,
        *,
        rounded: Annotated[
            bool, Parameter(help="Trades in steps and cents, or exact in dollars.", negative="--unrounded")
        ] = True,
        outside_only: Annotated[
            bool, Parameter(help="Measure all accounts alone, solve only those outside their bands.", negative="")
        ] = False,
    ) -> int:
        """Solve the problem in a folder of Parquet tables (docs/engine-tables.md) and write trades, costs and proof.

        Where the folder has a table households, accounts that name one are solved together.
        """
        from evenkeel.cli import solving

        return solving.solve(in_dir, out_dir, rounded, outside_only)

    @engine.command
    def compile() -> int:
        """Compile the engine for this machine, once (a minute or two); else its first use does it."""
        from evenkeel.cli.solving import compile_engine

        return compile_engine()

    return engine
