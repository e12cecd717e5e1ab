"""One dataset's Delta table: opened once, kept, and changed one date at a time.

The store writes the Parquet files; here they are entered in the table's log. The log says what a date holds *now*, for Spark and other
readers; our own readers go by the manifest.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from evenkeel.errors import EvenkeelError, TransientError

T = TypeVar("T")

PARTITION = "business_date"
ATTEMPTS = 8
"""Tries before a conflict is given up: the waits between add up to some three seconds."""


@dataclass(frozen=True)
class NewFile:
    """A Parquet file that lies in the table's folder and is not yet in its log; `path` is relative to the table."""

    path: str
    byte_count: int
    row_count: int


class DatasetTable:
    """The Delta table at `uri`, made when it is first written.

    Args:
        uri: Folder or s3:// address.
        schema: Columns and types, `business_date` among them.
        configuration: Table properties, set when the table is made.
        options: Returns the store's options; asked each time, since credentials expire.
    """

    def __init__(
        self,
        uri: str,
        schema: pl.Schema,
        configuration: Mapping[str, str],
        options: Callable[[], dict[str, str] | None],
    ) -> None:
        self.uri = uri
        self._schema = schema
        self._delta_schema = Schema.from_arrow(schema)
        self._configuration = configuration
        self._options = options
        self._opened_with: dict[str, str] | None = None
        self._handle: DeltaTable | None = None
        self._lock = threading.RLock()

    def files_of(self, business_date: dt.date) -> tuple[list[str], int]:
        """Return the date's files as of now, relative to the table, and the table's version. Makes the table where there is none."""
        with self._lock:
            return self._retried(lambda: self._look(business_date))

    def replace(self, business_date: dt.date, files: Sequence[NewFile]) -> int:
        """Make `files` the whole content of the date and return a version of the table that shows them.

        Writers of other dates go on undisturbed. Of two writers of one date one is first, and the other replaces what it wrote.

        Raises:
            TransientError: Others were faster each time.
        """
        with self._lock:
            return self._retried(lambda: self._commit(business_date, files))

    def _look(self, business_date: dt.date) -> tuple[list[str], int]:
        handle = self._current()
        return self._active(handle, business_date), handle.version()

    def _commit(self, business_date: dt.date, files: Sequence[NewFile]) -> int:
        handle = self._current()
        day = business_date.isoformat()
        # The log refuses a commit whose application transaction another one has moved on since it was read: so two writers of one
        # date collide even on their first write, where there is nothing to remove that both would fight for.
        app_id = f"{PARTITION}={day}"
        transaction = Transaction(app_id, (handle.transaction_version(app_id) or 0) + 1)
        handle.create_write_transaction(
            [_add_action(day, file) for file in files],
            mode="overwrite",
            schema=self._delta_schema,
            partition_by=[PARTITION],
            partition_filters=[(PARTITION, "=", day)],
            commit_properties=CommitProperties(app_transactions=[transaction]),
        )
        handle.update_incremental()
        return self._version_with(handle, business_date, {file.path for file in files})

    def _version_with(self, handle: DeltaTable, business_date: dt.date, paths: set[str]) -> int:
        """Return the newest version that shows exactly `paths`; only a writer that overtook us makes it an older one."""
        newest = int(handle.version())
        if set(self._active(handle, business_date)) == paths:
            return newest
        for version in range(newest - 1, -1, -1):
            earlier = DeltaTable(self.uri, version=version, storage_options=self._opened_with)
            if set(self._active(earlier, business_date)) == paths:
                return version
        raise EvenkeelError(
            f"{self.uri}: the log does not show what was just written for {business_date}; check the table"
        )

    def _active(self, handle: DeltaTable, business_date: dt.date) -> list[str]:
        uris = handle.file_uris(file_pruning_predicate=[(PARTITION, "=", business_date.isoformat())])
        folder = f"{PARTITION}={business_date.isoformat()}/"
        return sorted(folder + uri.rsplit("/", 1)[1] for uri in uris)

    def _current(self) -> DeltaTable:
        options = self._options()
        if self._handle is None or options != self._opened_with:
            self._opened_with = options
            self._handle = self._open_or_create(options)
        else:
            self._handle.update_incremental()
        return self._handle

    def _open_or_create(self, options: dict[str, str] | None) -> DeltaTable:
        try:
            handle = DeltaTable(self.uri, storage_options=options)
        except TableNotFoundError:
            handle = DeltaTable.create(
                self.uri,
                self._delta_schema,
                partition_by=[PARTITION],
                configuration=dict(self._configuration),
                storage_options=options,
            )
        self._widen(handle)
        return handle

    def _widen(self, handle: DeltaTable) -> None:
        """Add the columns that the contract has gained since the table was made. Lost ones stay, for the dates that have them."""
        there: dict[str, Field] = {field.name: field for field in handle.schema().fields}
        wanted: dict[str, Field] = {field.name: field for field in self._delta_schema.fields}
        changed = [name for name, field in wanted.items() if name in there and there[name].type != field.type]
        if changed:
            raise EvenkeelError(
                f"{self.uri}: the table's type of {', '.join(changed)} is not the contract's; "
                "move the table aside and run its dates again"
            )
        added = [field for name, field in wanted.items() if name not in there]
        if added:
            handle.alter.add_columns(added)
            handle.update_incremental()

    def _retried(self, step: Callable[[], T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return step()
            except (CommitFailedError, TableNotFoundError):
                # Jitter: writers that collided must not collide again in step.
                time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
                self._handle = None
            except DeltaError as error:
                self._handle = None
                if "already exists" not in str(error).lower():
                    raise TransientError(f"{self.uri}: {_first_line(error)}; try again later") from error
            except OSError as error:
                self._handle = None
                raise TransientError(f"{self.uri}: {_first_line(error)}; check the disk or the store") from error
        raise TransientError(f"{self.uri}: {ATTEMPTS} tries met another writer each time; run again when it is done")


def _add_action(day: str, file: NewFile) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.byte_count,
        partition_values={PARTITION: day},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": file.row_count}),
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
