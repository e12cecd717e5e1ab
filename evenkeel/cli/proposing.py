"""Commands about trades: those of the task list, and lists asked for by hand."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rich.console import Console

from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, UsageError

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def trades(
    home: Path | None, date: dt.date | None, form: str, adviser: str | None, alert: str | None, with_held_back: bool
) -> int:
    """Print the trades of the task list's proposals."""
    from evenkeel.desk.page import tasks_of
    from evenkeel.desk.trades_report import held_back_line, print_trades, to_csv, to_json, trade_rows, with_trades
    from evenkeel.wiring import open_house, read_settings

    listed = with_trades(tasks_of(open_house(read_settings(home)), date, adviser), alert, with_held_back=with_held_back)
    if form == "json":
        sys.stdout.write(to_json(trade_rows(listed.tasks)))
    elif form == "csv":
        sys.stdout.write(to_csv(trade_rows(listed.tasks)))
    else:
        print_trades(listed, console)
    left_out = held_back_line(listed)
    if left_out:
        errors.print(left_out, markup=False)
    return EXIT_DONE


def propose(home: Path | None, named: str, kind: str, date: dt.date | None, form: str, amount: str | None) -> int:
    """Print a list asked for by hand, one a portfolio."""
    from data_contracts.vocab import ProposalStatus, RebalanceKind
    from evenkeel.desk.asked_report import print_asked, to_json
    from evenkeel.desk.proposing import propose as ask
    from evenkeel.wiring import open_house, read_settings

    business_date, asked = ask(open_house(read_settings(home)), named, RebalanceKind(kind), date, _dollars(amount))
    if all(one.refused_by == "book" for one in asked):
        why = "; ".join(f"portfolio {one.portfolio_id}: {one.why_not}" for one in asked)
        raise UsageError(f"nothing is proposed on {business_date} for {why}")
    if form == "json":
        sys.stdout.write(to_json(business_date, asked))
    else:
        print_asked(business_date, asked, console)
    stopped = (ProposalStatus.HELD_BACK, ProposalStatus.NOT_SOLVED)
    is_stopped = any(one.refused_by == "check" or (one.proposal or {}).get("status") in stopped for one in asked)
    return EXIT_STOPPED if is_stopped else EXIT_DONE


def _dollars(text: str | None) -> Decimal | None:
    """Return an amount as people write it: 25000, 25,000.50, $25,000."""
    if text is None:
        return None
    try:
        return Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        raise UsageError(f"--amount {text!r}: dollars, for example 25000 or 1234.56") from None
