"""Where a table of a problem stands: one Parquet file, or a folder of them that say the same columns."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from evenkeel.errors import UsageError


def table_files(in_dir: Path, name: str, columns: Collection[str], *, may_be_absent: bool = False) -> list[Path]:
    """Return the Parquet files of a table: `NAME.parquet`, or those of a folder `NAME`; none where it may be absent and is.

    Args:
        in_dir: The problem's folder.
        name: The table.
        columns: Those that are read: each file has the same of them, of the same types.
        may_be_absent: Whether the table may.

    Raises:
        UsageError: The table is missing or there twice, a file cannot be read, or files differ; names them and what to do.
    """
    file, folder = in_dir / f"{name}.parquet", in_dir / name
    if file.exists() and folder.exists():
        raise UsageError(f"{in_dir} has both {name}.parquet and a folder {name}; which is the table? Leave one")
    if not file.exists() and not folder.exists():
        if may_be_absent:
            return []
        raise UsageError(f"{in_dir} has no {name}.parquet and no folder {name}")
    place = file if file.exists() else folder
    files = [place] if place.is_file() else sorted(place.glob("*.parquet"))
    if not files:
        raise UsageError(f"{place} has no Parquet file; put the table's files into it")
    schemas = [_schema(each) for each in files]
    for each, schema in zip(files[1:], schemas[1:], strict=True):
        for column in columns:
            one, other = schemas[0].get(column), schema.get(column)
            if one != other:
                raise UsageError(
                    f"{name}: {column} is {_said(other)} in {each.name} and {_said(one)} in {files[0].name} of {place}; "
                    "write all files of a table with the same columns and types"
                )
    return files


def _schema(file: Path) -> dict[str, pl.DataType]:
    try:
        return dict(pl.read_parquet_schema(file))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"{file} cannot be read as Parquet: {str(error).splitlines()[0]}") from error


def _said(dtype: pl.DataType | None) -> str:
    return "absent" if dtype is None else str(dtype)
