"""The table of all faults in docs/methodology/faults.md: `python -m evenkeel.sandbox.faults.page --write`."""

from __future__ import annotations

import sys
from pathlib import Path

from evenkeel.errors import UsageError
from evenkeel.sandbox.faults.registry import FAULTS

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "methodology"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"


def table() -> str:
    """Return the table."""
    lines = ["| fault | what happens | about | day | right reasons |", "|---|---|---|---|---|"]
    for fault in FAULTS:
        reasons = ", ".join(f"`{check}`" for check in sorted(fault.expected)) or "nothing may be stopped"
        lines.append(f"| `{fault.name}` | {fault.happens} | {fault.scope} | {fault.session} | {reasons} |")
    return "\n".join(lines) + "\n"


def page_with_table(text: str) -> str:
    """Return the page with the table as it is now.

    Raises:
        UsageError: The page has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"the page needs the lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}\n{len(FAULTS)} faults.\n\n{table()}\n{end}{after}"


def main(words: list[str]) -> int:
    """Print the table, or write it into the page."""
    path = FOLDER / "faults.md"
    if words == ["--write"]:
        path.write_text(page_with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    sys.stdout.write(table())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
