"""Every command of `evenkeel orders`, its words and their defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli.desk_commands import Format, Who, Why
from evenkeel.cli.options import Home

Actor = Annotated[str | None, Parameter(help="Who acts; automation by default.")]
Role = Annotated[str, Parameter(help="In what role, where somebody acts.")]
OrderState = Literal["planned", "held", "staged", "sent", "partly_filled", "filled", "cancelled", "rejected"]
"""`vocab.BlockState`, written out: `--help` imports nothing."""


def orders_app() -> App:
    """Return `evenkeel orders` with all its commands."""
    app = App(name="orders", help="From approved proposals to orders, their fills, and what differs.")
    for command in (plan, send, answers, list_orders, show, acknowledge):
        app.command(command, name="list" if command is list_orders else command.__name__)
    return app


def plan(*, home: Home = None, actor: Actor = None, role: Role = "operations") -> int:
    """Plan the batch that is due: stale approvals expire, what is paused waits, the rest is staged with its orders."""
    from evenkeel.cli import ordering

    return ordering.plan(home, actor, role)


def send(*, home: Home = None, actor: Actor = None, role: Role = "operations") -> int:
    """Hand planned orders over to their custodians."""
    from evenkeel.cli import ordering

    return ordering.send(home, actor, role)


def answers(*, home: Home = None, actor: Actor = None, role: Role = "operations") -> int:
    """Take in what custodians have said, share fills out, compare what is done with what was approved."""
    from evenkeel.cli import ordering

    return ordering.answers(home, actor, role)


def list_orders(
    *,
    home: Home = None,
    state: Annotated[list[OrderState] | None, Parameter(help="Only orders in these states.")] = None,
    format: Format = "table",
) -> int:
    """List orders, what waits, and what differs."""
    from evenkeel.cli import ordering

    return ordering.list_orders(home, state or [], format)


def show(
    id: Annotated[str, Parameter(name="ID", help="An order, by its id or a beginning of it.")],
    /,
    *,
    home: Home = None,
    format: Format = "table",
) -> int:
    """Show one order: whose it is, what was filled, what differs, when it left."""
    from evenkeel.cli import ordering

    return ordering.show(home, id, format)


def acknowledge(
    *ids: Annotated[str, Parameter(name="ID", help="A difference, by its id or a beginning of it; several at once.")],
    reason: Why,
    actor: Who,
    role: Role = "operations",
    home: Home = None,
) -> int:
    """Answer for a difference that was looked at: it is no longer listed as open, and stays on record with who and why."""
    from evenkeel.cli import ordering

    return ordering.acknowledge(home, ids, actor, role, reason)
