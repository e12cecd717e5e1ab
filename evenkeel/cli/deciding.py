"""Commands by which a person answers an alert."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rich.console import Console

from data_contracts.vocab import DecisionKind
from evenkeel.errors import EXIT_DONE

console = Console(soft_wrap=True, highlight=False)


def decide(
    home: Path | None, kind: str, alert_id: str, until: dt.date | None, reason: str, actor: str, role: str
) -> int:
    """Store a decision and say from when it counts."""
    from evenkeel.desk.quiet import decide as store
    from evenkeel.wiring import open_house, read_settings

    counts_from = store(open_house(read_settings(home)), DecisionKind(kind), alert_id, until, reason, actor, role)
    quiet = f"until {until}" if until else "for the policy's cooldown"
    console.print(f"{alert_id}: {kind} recorded; quiet {quiet} from the run of {counts_from} on, unless it grows.")
    return EXIT_DONE
