"""The lake: every dataset a Delta table, partitioned by business date, read by the manifest.

What a date holds "now" is for other readers; ours name the files, so that a run sees exactly what it was given, whatever is
written meanwhile. Files are entered in the log only when they are whole, and nobody of ours reads them before the manifest names them.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from data_contracts.conform import ContractBreach, digest
from data_contracts.contract import Contract
from evenkeel.adapters.stores.delta_table import PARTITION, DatasetTable, NewFile
from evenkeel.adapters.stores.s3 import S3, is_s3, s3_errors, split_s3
from evenkeel.errors import EvenkeelError, TransientError
from evenkeel.ports import StoredDataset

ROWS_PER_FILE = 4_000_000
CHECKPOINT_EVERY = 20


class DeltaStore:
    """A `ports.FrameStore` under a folder or an s3:// address.

    Args:
        url: Folder or `s3://bucket/prefix`; made on first write.
        retention_days: Days that the log and replaced files are kept at least; Delta's own cleaning goes by it.
        endpoint_url: Endpoint of an S3-compatible store.
        rows_per_file: Larger frames are split.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        retention_days: int = 2557,
        endpoint_url: str | None = None,
        rows_per_file: int = ROWS_PER_FILE,
    ) -> None:
        self._is_remote = is_s3(str(url))
        self._root = str(url).rstrip("/") if self._is_remote else str(Path(url).absolute())
        self._s3 = S3(endpoint_url)
        self._rows_per_file = rows_per_file
        self._configuration = {
            "delta.logRetentionDuration": f"interval {retention_days} days",
            "delta.deletedFileRetentionDuration": f"interval {retention_days} days",
            "delta.checkpointInterval": str(CHECKPOINT_EVERY),
        }
        self._tables: dict[str, DatasetTable] = {}
        self._lock = threading.Lock()

    def write(self, contract: type[Contract], business_date: dt.date, frame: pl.DataFrame) -> StoredDataset:
        """Replace the date's rows and return how to find them.

        Rows equal to those that the date holds now (by digest, so run stamps aside) are not written again: the files there are returned,
        with the stamps of the first time.

        Args:
            contract: The dataset. One without `business_date` (a table of the book) gets it as the partition and loses it on reading.
            business_date: The date of all rows.
            frame: Columns and types of the contract.

        Raises:
            ContractBreach: Columns or types are not the contract's, or a row is of another date.
            TransientError: Other writers of the date were faster each time, or the store cannot be reached.
        """
        _check(contract, business_date, frame)
        content = digest(frame, contract)
        table = self._table(contract)
        files, version = table.files_of(business_date)
        is_there = all(content in path for path in files) if files and frame.height else not files and not frame.height
        if not is_there:
            new = self._write_files(table.uri, business_date, frame.sort(contract.key_columns()), content)
            version = table.replace(business_date, new)
            files = [file.path for file in new]
        return StoredDataset(contract.dataset_name(), business_date, version, frame.height, content, tuple(files))

    def read(self, contract: type[Contract], stored: StoredDataset) -> pl.DataFrame:
        """Return the rows, with the contract's columns and types, in key order; a column the contract has gained since is null.

        Raises:
            EvenkeelError: A file is gone or has not the rows it had.
        """
        if not stored.files:
            return contract.empty_frame()
        try:
            frame = self._scan_files(contract, [stored]).select(contract.polars_schema().names()).collect()
        except (FileNotFoundError, pl.exceptions.PolarsError) as error:
            raise EvenkeelError(self._damage(stored, str(error).splitlines()[0])) from error
        except OSError as error:
            raise TransientError(
                self._damage(stored, f"{type(error).__name__}: {str(error).splitlines()[0]}")
            ) from error
        if frame.height != stored.row_count:
            raise EvenkeelError(self._damage(stored, f"{frame.height} rows instead of {stored.row_count}"))
        return frame

    def columns_of(self, contract: type[Contract], stored: StoredDataset) -> list[str]:
        """Return the contract's columns that the rows were written with; the others it has gained since.

        Raises:
            EvenkeelError: A file is gone or damaged.
        """
        names = contract.polars_schema().names()
        if not stored.files:
            return names
        try:
            first = pl.scan_parquet(self.addresses(stored)[0], glob=False, storage_options=self._options())
            held = set(first.collect_schema().names())
        except (OSError, pl.exceptions.PolarsError) as error:
            raise EvenkeelError(self._damage(stored, str(error).splitlines()[0])) from error
        return [name for name in names if name in held or name == PARTITION]

    def scan(self, contract: type[Contract], stored: Sequence[StoredDataset]) -> pl.LazyFrame:
        """Return a lazy union of several dates in the order given, with `business_date` first where the contract has none."""
        filled = [one for one in stored if one.files]
        if not filled:
            return pl.DataFrame(schema=self._lake_schema(contract)).lazy()
        return self._scan_files(contract, filled).select(self._lake_schema(contract).names())

    def addresses(self, stored: StoredDataset) -> list[str]:
        """Return the full addresses of a stored dataset's Parquet files."""
        return [f"{self._root}/{stored.dataset}/{path}" for path in stored.files]

    @property
    def is_remote(self) -> bool:
        """Tell whether the lake is on S3."""
        return self._is_remote

    def _scan_files(self, contract: type[Contract], stored: Sequence[StoredDataset]) -> pl.LazyFrame:
        body = {name: dtype for name, dtype in contract.polars_schema().items() if name != PARTITION}
        return pl.scan_parquet(
            [address for one in stored for address in self.addresses(one)],
            glob=False,
            schema=body,
            hive_partitioning=True,
            hive_schema={PARTITION: pl.Date},
            missing_columns="insert",
            extra_columns="ignore",
            storage_options=self._options(),
        )

    def _write_files(self, uri: str, business_date: dt.date, frame: pl.DataFrame, content: str) -> list[NewFile]:
        """Write the rows in key order; the name carries the content's digest, and is new each time."""
        folder = f"{PARTITION}={business_date.isoformat()}"
        body = frame.drop(PARTITION, strict=False)
        attempt = uuid.uuid4().hex[:12]
        files = []
        for number, start in enumerate(range(0, body.height, self._rows_per_file)):
            part = body.slice(start, self._rows_per_file)
            path = f"{folder}/part-{number:05d}-{content}-{attempt}.zstd.parquet"
            files.append(NewFile(path, self._write_parquet(f"{uri}/{path}", part), part.height))
        if files and not self._is_remote:
            _sync(f"{uri}/{folder}")
        return files

    def _write_parquet(self, address: str, frame: pl.DataFrame) -> int:
        """Write one file, on disk before its name goes anywhere, and return its size."""
        if self._is_remote:
            bucket, key = split_s3(address)
            with tempfile.NamedTemporaryFile(suffix=".parquet") as file, s3_errors(address):
                frame.write_parquet(file.name)
                self._s3.client.upload_file(file.name, bucket, key)
                return os.path.getsize(file.name)
        os.makedirs(os.path.dirname(address), exist_ok=True)
        frame.write_parquet(address)
        _sync(address)
        return os.path.getsize(address)

    def _table(self, contract: type[Contract]) -> DatasetTable:
        name = contract.dataset_name()
        with self._lock:
            if name not in self._tables:
                self._tables[name] = DatasetTable(
                    f"{self._root}/{name}", self._lake_schema(contract), self._configuration, self._options
                )
            return self._tables[name]

    def _lake_schema(self, contract: type[Contract]) -> pl.Schema:
        schema = contract.polars_schema()
        return schema if PARTITION in schema else pl.Schema({PARTITION: pl.Date(), **schema})

    def _options(self) -> dict[str, str] | None:
        return self._s3.storage_options() if self._is_remote else None

    def _damage(self, stored: StoredDataset, what: str) -> str:
        return (
            f"lake: {stored.dataset} of {stored.business_date}, version {stored.version}, cannot be read ({what}); "
            "restore the lake from its backup or run the date again"
        )


def _check(contract: type[Contract], business_date: dt.date, frame: pl.DataFrame) -> None:
    """Refuse what could not be read back as it was: a frame is made what its contract says by `conform`, before it comes here."""
    name = contract.dataset_name()
    if frame.schema != contract.polars_schema():
        odd = set(frame.schema.items()) ^ set(contract.polars_schema().items())
        columns = ", ".join(sorted({column for column, _ in odd})) or "their order"
        raise ContractBreach(f"{name}: columns or types are not the contract's: {columns}")
    if PARTITION in frame.columns and frame.height:
        strangers = frame.select((pl.col(PARTITION) != business_date).fill_null(True).sum()).item()
        if strangers:
            raise ContractBreach(f"{name}: {strangers} rows are not of {business_date}")


def _sync(path: str) -> None:
    """Wait until the disk has it: a manifest that survives a power cut must not name files that did not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
