"""The files of an answer: one Parquet file a table, and none where not all was written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.contract import Contract

WRITTEN_AT_ONCE = 65_536
"""Rows given to the Parquet writer's encoders at a time; its own default, 1,024, takes a tenth longer."""

BY_NUMBER = {
    "accounts": ("outcome", "found_by"),
    "drift": ("account_id", "asset_class"),
    "classes": ("account_id", "asset_class"),
    "trades": ("account_id", "security_id", "side", "asset_class"),
}
"""Texts of long tables that come as numbers of a few names (`columns.told_of`), and are written so."""


class AnswerFiles:
    """Open files of an answer. Left by an error, none of them stays: the answer of some would look like one of all."""

    def __init__(self, out_dir: Path, tables: Mapping[str, type[Contract]], stale: Collection[str]) -> None:
        """Make the folder and open a file for each table.

        Args:
            out_dir: Made if it does not exist.
            tables: Contracts by name.
            stale: Tables that an older answer may have left there.
        """
        out_dir.mkdir(parents=True, exist_ok=True)
        for name in {*tables, *stale}:
            # A file begun anew closes sooner than one that is overwritten.
            (out_dir / f"{name}.parquet").unlink(missing_ok=True)
        self._out_dir = out_dir
        self._writers = {name: _writer(out_dir, name, contract) for name, contract in tables.items()}

    def __enter__(self) -> AnswerFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            if kind is not None:
                (self._out_dir / f"{name}.parquet").unlink(missing_ok=True)

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows to tables of the answer."""
        for name, rows in tables.items():
            if rows.num_rows:
                writer = self._writers[name]
                writer.write_table(rows.cast(writer.schema))


def _writer(out_dir: Path, name: str, contract: type[Contract]) -> pq.ParquetWriter:
    """Return a writer. Dictionaries of figures and statistics take as long as all the rest: only texts and the first key have them.

    A text that is itself the key has no dictionary: no two are the same.
    """
    keys = contract.key_columns()
    texts = [column for column, dtype in contract.polars_schema().items() if dtype == pl.String and [column] != keys]
    told = pa.dictionary(pa.int32(), pa.large_string())
    schema = contract.empty_frame().to_arrow().schema
    return pq.ParquetWriter(
        out_dir / f"{name}.parquet",
        pa.schema([field.with_type(told) if field.name in BY_NUMBER.get(name, ()) else field for field in schema]),
        # Texts are texts to whoever reads them, however they were told here.
        store_schema=False,
        use_dictionary=texts,
        write_statistics=keys[:1],
        write_batch_size=WRITTEN_AT_ONCE,
    )
