"""What sending came to, in lines for people: what went out, what waits and why, what needs somebody."""

from __future__ import annotations

from collections.abc import Mapping

from data_contracts.vocab import DeliveryState
from evenkeel.desk.sending import NOBODY_WRITES, Sending
from evenkeel.desk.words import counted

WAITING = (DeliveryState.PENDING, DeliveryState.DELAYED, DeliveryState.SENDING)
STUCK = (DeliveryState.DEAD, DeliveryState.IN_DOUBT)
Counts = Mapping[tuple[str, str], int]
"""Messages by channel (empty: announcements) and state, as the outbox counts them."""


NOTHING_DUE = "Nothing was due."


def sent_lines(sending: Sending, counts: Counts) -> list[str]:
    """Return what a pass came to, and what is left: a line of its own for what needs somebody."""
    lines = [_summary(sending)]
    if sending.late_count:
        lines.append(f"  {sending.late_count:,} later than a quarter of an hour after the fill.")
    lines += [
        f"  {channel}: {reason}; its messages wait and are tried again." for channel, reason in sending.down.items()
    ]
    for state in STUCK:
        number = _of(counts, state)
        lines += [f"  {number:,} {_words(state)}: evenkeel messages list --state {state}"] if number else []
    waits = waiting_line(counts, sending.announcements_wait) if sending.announcements_wait else None
    return [*lines, f"  {waits}"] if waits else lines


def waiting_line(counts: Counts, why: str) -> str | None:
    """Return how many announcements wait, and for what; None where none does."""
    number = sum(counts.get(("", each.value), 0) for each in WAITING)
    if not number:
        return None
    return f"{number:,} {'announcement waits' if number == 1 else 'announcements wait'}: {why}."


def status_line(counts: Counts, says_who_writes: bool) -> str | None:
    """Return where the post stands in one line: what waits, what needs a person; None where nothing is to be said."""
    waits = sum(number for (_, state), number in counts.items() if state in WAITING)
    parts = [f"{waits:,} to be sent"] if waits else []
    parts += [f"{_of(counts, state):,} {_words(state)}" for state in STUCK if _of(counts, state)]
    if not parts:
        return None
    todo = f"; {NOBODY_WRITES}" if waits and not says_who_writes else ""
    return f"Messages: {', '.join(parts)} (`evenkeel messages list`){todo}."


def _summary(sending: Sending) -> str:
    if not sending.by_state:
        return NOTHING_DUE
    parts = [f"{number:,} {_words(state)}" for state, number in sending.by_state.items()]
    return f"{counted(sum(sending.by_state.values()), 'message')}: {', '.join(parts)}."


def _of(counts: Counts, state: DeliveryState) -> int:
    return sum(number for (_, each), number in counts.items() if each == state)


def _words(state: DeliveryState) -> str:
    return state.replace("_", " ")
