"""The practice's order desk: how its custodians take orders, what they call the accounts, and their answers to what was handed over."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import yaml

from evenkeel.adapters.orders.fix_messages import FixSession
from evenkeel.ports.orders import Batch
from evenkeel.sandbox.executions import executions
from evenkeel.sandbox.people import Custodian, Practice

ORDERS = "orders"
"""The folder in the home."""
FIRM = "FIRM"


def write_order_desk(folder: Path, practice: Practice) -> None:
    """Write `orders.yaml` and `account-numbers.csv`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    forms = {custodian.value: _form(custodian) for custodian in Custodian}
    (folder / "orders.yaml").write_text(yaml.safe_dump({"custodians": forms}, sort_keys=True), encoding="utf-8")
    with (folder / "account-numbers.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["account_id", "account_number"])
        writer.writerows([account.account_id, account.number] for account in practice.accounts)


def answer(
    folder: Path,
    batches: Iterable[Batch],
    prices: Mapping[str, Decimal],
    seed: int,
    until: dt.datetime | None = None,
) -> list[Path]:
    """Put the custodians' ExecutionReports of batches where answers are read from; return the files.

    Asked again with a later `until` a file has what it had, and what was reported since.

    Args:
        folder: Of the order desk.
        batches: As they were handed over.
        prices: By security id, on the day.
        seed: Of the draws.
        until: What is reported later is not there yet; None: all of it is.
    """
    place = folder / "in"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for batch in batches:
        custodian = batch.blocks[0].custodian
        path = place / f"{batch.send_at:%Y-%m-%d}-{custodian}-{batch.batch_id}.fix"
        path.write_bytes(executions(batch, prices, seed, FixSession(custodian.upper(), FIRM), custodian, until))
        written.append(path)
    return written


def _form(custodian: Custodian) -> dict[str, str]:
    session = {"sender": FIRM, "target": custodian.value.upper()}
    # Lots are named in the allocations of FIX; IBKR's own file has no place for them.
    kind = "fix_single" if custodian is Custodian.IBKR else "fix_list"
    return {"orders": kind, "allocations": "fix", **session}
