"""Writes `data_contracts/README.md` from the contracts and the stage table: `python -m evenkeel.run.contracts_page [--write]`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

import data_contracts
from data_contracts.book_versions import BookVersions
from data_contracts.contract import Contract
from data_contracts.decisions import Decisions
from data_contracts.event_alerts import EventAlerts
from data_contracts.execution_differences import ExecutionDifferences
from data_contracts.fills import Fills
from data_contracts.fold_bases import FoldBases
from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.releases import Releases
from data_contracts.run_inputs import RunInputs
from data_contracts.source_files import SourceFiles
from evenkeel.pipeline import STAGES
from evenkeel.run.catalogue import BOOK_TABLES

PAGE = Path(data_contracts.__file__).parent / "README.md"

GROUPS: tuple[tuple[str, str, tuple[type[Contract], ...]], ...] = (
    (
        "Ingest: the files and their facts",
        "As received; decimals that lose nothing a source sends.",
        (SourceFiles, Rejects, *FACT_CONTRACTS),
    ),
    *(
        (
            stage.name.capitalize(),
            f"Written by the {stage.name} stage.",
            stage.writes,
        )
        for stage in STAGES
    ),
    (
        "The book as it held on each date, what the date was folded on, and what else its run went by",
        "Stored for every date beside the rest; in SQL with `business_date` first.",
        (BookVersions, FoldBases, RunInputs, *BOOK_TABLES),
    ),
    (
        "Beside the daily run",
        "Market events, and what people decided and released.",
        (EventAlerts, Decisions, Releases),
    ),
    (
        "Orders",
        "What is handed to custodians, whose parts it is made of, what was done, and in what it differs from what was approved.",
        (Orders, OrderAllocations, Fills, ExecutionDifferences),
    ),
)


def page() -> str:
    """Return the page's text."""
    parts = [
        "# Datasets",
        "",
        "Generated from the contracts and the stage table (`make contracts`); do not edit. What a dataset is stands in its module;",
        "how it is computed in `evenkeel/stages`; enumerations in `vocab`; units and types in `fields.py`.",
        "",
        "## Stages",
        "",
        "| stage | reads | of the session before | writes |",
        "|---|---|---|---|",
        f"| ingest | files, the book | | {_names([SourceFiles, Rejects])}, the facts, the book's tables |",
        *(
            f"| {stage.name} | {_reads(stage.reads)} | {_names((*stage.reads_before, *stage.scans_before))} | {_names(stage.writes)} |"
            for stage in STAGES
        ),
        "| records | every dataset's address | | manifest and alerts, in one transaction |",
    ]
    for title, text, contracts in GROUPS:
        parts += ["", f"## {title}", "", text]
        for contract in contracts:
            parts += ["", *_section(contract)]
    return "\n".join(parts) + "\n"


def _reads(contracts: Iterable[type[Contract]]) -> str:
    """Name what is read; all the facts together in two words."""
    named = [contract for contract in contracts if contract not in FACT_CONTRACTS]
    facts = [contract for contract in contracts if contract in FACT_CONTRACTS]
    text = _names(named)
    if len(facts) == len(FACT_CONTRACTS):
        return f"{text}, the facts"
    return ", ".join(part for part in (text, _names(facts)) if part)


def _names(contracts: Iterable[type[Contract]]) -> str:
    return ", ".join(f"[{c.dataset_name()}](#{c.dataset_name()})" for c in contracts)


def _section(contract: type[Contract]) -> list[str]:
    module = contract.__module__.removeprefix("data_contracts.").replace(".", "/")
    schema = contract.polars_schema()
    columns = contract.to_schema().columns
    keys = set(contract.key_columns())
    rows = [
        f"| {'**' if name in keys else ''}`{name}`{'**' if name in keys else ''} | {_type(str(dtype))} | "
        f"{'yes' if columns[name].nullable else ''} | {(columns[name].description or '').replace('|', '/')} |"
        for name, dtype in schema.items()
    ]
    doc = inspect.cleandoc(contract.__doc__ or "").replace("\n\n", "\n\n")
    return [
        f"### {contract.dataset_name()}",
        "",
        doc,
        "",
        f"[`{module}.py`]({module}.py); key in bold.",
        "",
        "| column | type | null | what |",
        "|---|---|---|---|",
        *rows,
    ]


def _type(dtype: str) -> str:
    short = dtype.replace("precision=", "").replace("scale=", "")
    return "Instant (UTC)" if short.startswith("Datetime") else short


def main(words: list[str]) -> int:
    """Print the page, write it with `--write`, or tell with `--check` whether the written one is stale."""
    text = page()
    if "--write" in words:
        PAGE.write_text(text, encoding="utf-8")
    elif "--check" in words:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
