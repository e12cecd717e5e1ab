"""Orders as files in a folder: batches laid out whole or not at all, and answers read from where the custodian's files are put.

    out/<session>/<batch>/<custodian>.fix|csv, manifest.json     orders
    out/<session>/<allocation>/<custodian>.fix|csv, manifest.json  who gets what
    in/*.fix, in/*.csv                                           answers

A batch is written to a folder under a temporary name, every file and the folder forced to disk, and then renamed: whoever reads
`out` sees all of it or nothing. The manifest has the SHA-256 of every file. The same batch again writes nothing and returns what lies
there; a folder whose files are no longer what its manifest says is told. Files hold account numbers: only their owner may read them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from evenkeel.adapters.orders.fills_csv import read_fills_csv
from evenkeel.adapters.orders.fix_reading import read_fix_answers
from evenkeel.adapters.orders.written import AllocationWriter, OrderWriter, Written
from evenkeel.calendar import EASTERN
from evenkeel.errors import TransientError, UsageError
from evenkeel.identity import stable_id
from evenkeel.orders.allocate import allocation_id
from evenkeel.ports.orders import Allocated, Batch, HandedOver, OrderAnswers, OrderNews

MANIFEST = "manifest.json"


class OrderFolder:
    """Fulfils `ports.OrderDesk` with files.

    Args:
        root: The folder; `out` and `in` are made in it.
        orders: By custodian, what writes its orders.
        allocations: By custodian, what writes its allocations; one that is not named is told none.
    """

    def __init__(
        self, root: Path, orders: Mapping[str, OrderWriter], allocations: Mapping[str, AllocationWriter]
    ) -> None:
        self._root = root
        self._orders = orders
        self._allocations = allocations

    def hand_over(self, batch: Batch, account_numbers: Mapping[str, str]) -> Sequence[HandedOver]:
        """Lay a batch out, a file a custodian; as `ports.OrderDesk` says."""
        files = {}
        for custodian, blocks in groupby(
            sorted(batch.blocks, key=lambda one: one.custodian), key=lambda one: one.custodian
        ):
            writer = self._orders.get(custodian)
            if writer is None:
                raise UsageError(f"how {custodian} takes orders is not set; name its form in the settings of orders")
            # Sorting is stable: within a custodian the batch's own order stays, sales first.
            written = writer(Batch(batch.batch_id, batch.send_at, tuple(blocks)), account_numbers)
            files[_file_name(custodian, written.ending)] = written
        return self._lay_out(batch.send_at, batch.batch_id, files)

    def hand_over_allocations(
        self, allocated: Sequence[Allocated], account_numbers: Mapping[str, str], sent_at: dt.datetime
    ) -> Sequence[HandedOver]:
        """Lay out who gets what; as `ports.OrderDesk` says."""
        told = sorted(
            (one for one in allocated if self._takes(one)),
            key=lambda one: (one.block.custodian, one.block.order_id),
        )
        files = {}
        for custodian, mine in groupby(told, key=lambda one: one.block.custodian):
            written = self._allocations[custodian](list(mine), account_numbers, sent_at)
            files[_file_name(custodian, written.ending)] = written
        ids = [allocation_id(one.block, one.shares, one.after_id or one.replaces_id) for one in told]
        return self._lay_out(sent_at, stable_id("alloc", sent_at.isoformat(), *ids), files)

    def _takes(self, one: Allocated) -> bool:
        """Tell whether the custodian's form can say it."""
        writer = self._allocations.get(one.block.custodian)
        return writer is not None and (writer.takes_back or not one.is_taken_back)

    def answers(self) -> OrderAnswers:
        """Read every file of `in` in the order of their names; a file that cannot be read at all is told, and stays where it is."""
        news: list[OrderNews] = []
        problems: list[str] = []
        folder = self._root / "in"
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.name.startswith(".") or path.suffix.lower() not in (".fix", ".csv") or not path.is_file():
                continue
            try:
                data = path.read_bytes()
                found = read_fix_answers(data) if path.suffix.lower() == ".fix" else read_fills_csv(data)
            except OSError as error:
                raise TransientError(f"in/{path.name} cannot be read ({error.strerror}); try again") from error
            except UsageError as error:
                problems.append(f"{path.name}: {error}")
                continue
            news += found.news
            problems += [f"{path.name}, {problem}" for problem in found.problems]
        return OrderAnswers(news, problems)

    def _lay_out(self, at: dt.datetime, name: str, files: Mapping[str, Written]) -> Sequence[HandedOver]:
        handed = [
            HandedOver(file, hashlib.sha256(written.data).hexdigest(), written.order_ids)
            for file, written in sorted(files.items())
        ]
        if not handed:
            return []
        day = self._root / "out" / at.astimezone(EASTERN).date().isoformat()
        place = day / name
        try:
            if not place.is_dir():
                _write_whole(
                    day, name, {file: written.data for file, written in files.items()}, _manifest(name, at, handed)
                )
            _check(place, handed)
            _force(day)
        except OSError as error:
            raise TransientError(f"out/{day.name}/{name} cannot be written ({error.strerror}); try again") from error
        return handed


def _write_whole(day: Path, name: str, files: Mapping[str, bytes], manifest: bytes) -> None:
    day.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=day))
    try:
        for file, data in {**files, MANIFEST: manifest}.items():
            descriptor = os.open(making / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target:
                target.write(data)
                target.flush()
                os.fsync(target.fileno())
        _force(making)
        making.rename(day / name)
    except OSError:
        # Another process may have been first: what it laid out is compared by the caller.
        if not (day / name).is_dir():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    # What processes that were killed left of this batch.
    for left in day.glob(f".{name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _check(place: Path, handed: Sequence[HandedOver]) -> None:
    """Compare what lies there with what would be written now.

    Raises:
        UsageError: It is not the same; nothing is changed.
    """
    try:
        document = json.loads((place / MANIFEST).read_bytes())
        told = [{name: str(one[name]) for name in ("name", "sha256")} for one in document["files"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{place.name}/{MANIFEST} is not what was laid out; find out who changed it before the custodian takes the files"
        ) from error
    for one in told:
        path = place / one["name"]
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != one["sha256"]:
            raise UsageError(
                f"{place.name}/{one['name']} is not what was laid out; find out who changed it before the custodian takes it"
            )
    if {one["name"]: one["sha256"] for one in told} != {one.name: one.digest for one in handed}:
        raise UsageError(
            f"{place.name} was laid out with other contents (a form or an account number has changed since); what lies there stays"
        )


def _manifest(name: str, at: dt.datetime, handed: Sequence[HandedOver]) -> bytes:
    document = {
        "batch": name,
        "send_at": at.astimezone(dt.UTC).isoformat(),
        "files": [{"name": one.name, "sha256": one.digest, "order_ids": list(one.order_ids)} for one in handed],
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _file_name(custodian: str, ending: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", custodian)
    return f"{plain if plain == custodian else stable_id(plain, custodian)}{ending}"


def _force(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
