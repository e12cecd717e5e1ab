"""The base of every dataset's contract: what can be asked of a contract itself.

Turning a frame into what a contract says belongs in `conform`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Self, cast

import pandera.polars as pa
import polars as pl
from pandera.typing.polars import DataFrame


class Contract(pa.DataFrameModel):
    """A dataset's columns, key and null rules. Subclasses say what one row is, who makes it and who reads it."""

    class Config:
        """Columns are exactly those declared; types are never coerced silently."""

        strict = True
        coerce = False

    @classmethod
    def polars_schema(cls) -> pl.Schema:
        """Return column names and polars types in declared order."""
        return _polars_schema(cls)

    @classmethod
    def key_columns(cls) -> list[str]:
        """Return the names of the columns that together identify a row."""
        return _with_metadata(cls, "key")

    @classmethod
    def undigested_columns(cls) -> list[str]:
        """Return the names of the columns left out of the dataset's digest (run timestamps)."""
        return _with_metadata(cls, "undigested")

    @classmethod
    def dataset_name(cls) -> str:
        """Return the dataset's name: the class name in snake case."""
        name = cls.__name__
        return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))

    @classmethod
    def empty_frame(cls) -> DataFrame[Self]:
        """Return a frame with this contract's columns and no rows."""
        return cast("DataFrame[Self]", pl.DataFrame(schema=cls.polars_schema()))


@cache
def _polars_schema(contract: type[Contract]) -> pl.Schema:
    columns = contract.to_schema().columns
    return pl.Schema({name: cast(Any, column.dtype).type for name, column in columns.items()})


@cache
def _with_metadata(contract: type[Contract], name: str) -> list[str]:
    columns = contract.to_schema().columns
    return [column_name for column_name, column in columns.items() if (column.metadata or {}).get(name)]
