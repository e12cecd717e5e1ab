"""The tables of columns in docs/engine-tables.md, from the contracts: `python -m evenkeel.engine.tables.page [--write]`.

What stands between the tables is written by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from data_contracts.contract import Contract
from evenkeel.engine.households.tables import (
    HouseholdAccounts,
    HouseholdCells,
    HouseholdClasses,
    HouseholdResults,
    Households,
    LocationCosts,
)
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities, TaxUnits
from evenkeel.engine.tables.outputs import AccountResults, ClassResults, Drift, Findings, Remarks, TaxResults, Trades
from evenkeel.errors import UsageError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "engine-tables.md"

SECTIONS: dict[str, type[Contract]] = {
    "accounts": Accounts,
    "models": Models,
    "securities": Securities,
    "lots": Lots,
    "cash_terms": CashTerms,
    "restrictions": Restrictions,
    "tax_units": TaxUnits,
    "accounts (out)": AccountResults,
    "classes (out)": ClassResults,
    "drift (out)": Drift,
    "trades (out)": Trades,
    "findings (out)": Findings,
    "remarks (out)": Remarks,
    "tax_results (out)": TaxResults,
    "households": Households,
    "location_costs": LocationCosts,
    "households (out)": HouseholdResults,
    "household_classes (out)": HouseholdClasses,
    "household_accounts (out)": HouseholdAccounts,
    "household_cells (out)": HouseholdCells,
}
"""Which contract's columns stand under which heading."""


def table(contract: type[Contract]) -> list[str]:
    """Return the contract's columns as lines of a table."""
    columns: dict[str, Any] = contract.to_schema().columns
    keys = contract.key_columns()
    lines = ["| column | type | null | meaning |", "|---|---|---|---|"]
    for name, dtype in contract.polars_schema().items():
        shown = f"`{name}` (key)" if name in keys else f"`{name}`"
        null = "yes" if columns[name].nullable else "no"
        lines.append(f"| {shown} | {dtype} | {null} | {columns[name].description} |")
    return lines


def page_with_tables(text: str) -> str:
    """Return the page with the tables as they are now.

    Raises:
        UsageError: A table has no heading in the page, or no table under it.
    """
    lines = text.splitlines()
    for name, contract in SECTIONS.items():
        if f"### {name}" not in lines:
            raise UsageError(f"{PAGE.name} has no heading: ### {name}")
        start = lines.index(f"### {name}") + 1
        while start < len(lines) and not lines[start].startswith(("|", "#")):
            start += 1
        if start == len(lines) or lines[start].startswith("#"):
            raise UsageError(f"{PAGE.name} has no table under: ### {name}")
        end = start
        while end < len(lines) and lines[end].startswith("|"):
            end += 1
        lines[start:end] = table(contract)
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    """Print the page with its tables as they are now, or write it."""
    text = page_with_tables(PAGE.read_text(encoding="utf-8"))
    if words == ["--write"]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
