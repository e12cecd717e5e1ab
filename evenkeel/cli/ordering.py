"""Commands about orders: what they print, and which use case each calls."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from data_contracts.vocab import BlockState, Role
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, UsageError

if TYPE_CHECKING:
    from evenkeel.desk.consent.deciding import Asking
    from evenkeel.run.house import House

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def plan(home: Path | None, actor: str | None, role: str) -> int:
    """Plan what is due, and say what was staged, what ended and what waits."""
    from evenkeel.desk.execution.planning import plan_and_stage
    from evenkeel.desk.execution.showing import planned_lines

    for line in planned_lines(plan_and_stage(_house(home), _asking(actor, role))):
        console.print(line, markup=False)
    return EXIT_DONE


def send(home: Path | None, actor: str | None, role: str) -> int:
    """Hand over what is planned; 3 where a custodian's orders could not be."""
    from evenkeel.desk.execution.handing_over import hand_over
    from evenkeel.desk.execution.showing import sent_lines

    sent = hand_over(_house(home), _asking(actor, role))
    for line in sent_lines(sent):
        console.print(line, markup=False)
    return _told(sent.problems)


def answers(home: Path | None, actor: str | None, role: str) -> int:
    """Take answers in; 3 where one could not be taken."""
    from evenkeel.desk.execution.answers import take_answers
    from evenkeel.desk.execution.showing import taken_lines
    from evenkeel.wiring import read_settings
    from evenkeel.wiring_messages import send_by

    taken = take_answers(_house(home), _asking(actor, role))
    for line in [*taken_lines(taken), *send_by(read_settings(home))]:
        console.print(line, markup=False)
    return _told(taken.problems)


def list_orders(home: Path | None, states: Sequence[str], form: str) -> int:
    """Print orders, what waits and what differs."""
    from evenkeel.desk.execution.showing import orders_as_json, print_orders, to_json

    house = _house(home)
    wanted = [BlockState(each) for each in states]
    if form == "json":
        sys.stdout.write(to_json(orders_as_json(house, wanted)))
    else:
        print_orders(orders_as_json(house, wanted), console)
    return EXIT_DONE


def show(home: Path | None, named: str, form: str) -> int:
    """Print one order whole."""
    from evenkeel.desk.execution.showing import order_as_json, print_order, to_json

    order = order_as_json(_house(home), named)
    if form == "json":
        sys.stdout.write(to_json(order))
    else:
        print_order(order, console)
    return EXIT_DONE


def acknowledge(home: Path | None, named: Sequence[str], actor: str, role: str, reason: str) -> int:
    """Acknowledge differences, and say which."""
    from evenkeel.desk.execution.acknowledging import acknowledge as store

    for one in store(_house(home), named, _asking(actor, role, reason)):
        console.print(f"{one.difference_id}: acknowledged by {actor}; it was: {one.difference.text}", markup=False)
    return EXIT_DONE


def _told(problems: Sequence[str]) -> int:
    for problem in problems:
        errors.print(problem, markup=False)
    return EXIT_STOPPED if problems else EXIT_DONE


def _asking(actor: str | None, role: str, reason: str = "") -> Asking:
    from evenkeel.desk.consent.deciding import Asking
    from evenkeel.desk.execution.planning import AUTOMATIC

    if actor is None:
        return AUTOMATIC
    try:
        return Asking(actor, Role(role), reason)
    except ValueError as error:
        raise UsageError(f"{role} is no role; those are {', '.join(each.value for each in Role)}") from error


def _house(home: Path | None) -> House:
    from evenkeel.wiring import open_house, read_settings

    return open_house(read_settings(home))
