"""`python -m tests.samples`: what each sample file gives, one row a file."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.samples.cases import HERE, Case, all_cases
from tests.samples.running import Outcome, run_case

SHARED = Path(os.environ.get("EVENKEEL_SHARED") or HERE.parent.parent.parent / "shared")


def main() -> int:
    """Run every case and print the table."""
    samples = SHARED / "samples"
    if not samples.is_dir():
        print(f"no directory {samples}; set EVENKEEL_SHARED", file=sys.stderr)
        return 2
    table = Table("file", "date", "rows", "outcome", box=None, header_style="bold", pad_edge=False)
    for case in all_cases():
        with tempfile.TemporaryDirectory(prefix="evenkeel-sample-") as home:
            outcome = run_case(case, samples, Path(home))
        table.add_row(_named(case), str(outcome.source_file["business_date"]), _rows(outcome), described(outcome))
    Console(width=170).print(table)
    return 0


def _named(case: Case) -> str:
    return f"{case.file} ({case.title})"


def _rows(outcome: Outcome) -> str:
    counts = [outcome.source_file[f"{name}_count"] for name in ("row", "kept", "rejected", "structural")]
    return "{} = {} kept + {} rejected + {} structural".format(*counts)


def described(outcome: Outcome) -> str:
    """Return the alerts, or else what was stopped, and what was noted, in a few words."""
    parts = [f"alert {a['portfolio']['id']}, {a['value_usd']} USD: {a['reason']}" for a in outcome.alerts]
    for effect in ("stop", "note"):
        parts += sorted(f"{effect} {e['check']}: {e['message']}" for e in outcome.exceptions if e["effect"] == effect)
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
