"""Make a frame what its contract says, or say precisely why it cannot be.

Row failures that a client's data can cause are quarantined by the stages before they come here; what fails here is a defect of ours.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TypeVar, cast

import polars as pl
from pandera.errors import SchemaError, SchemaErrors
from pandera.typing.polars import DataFrame

from data_contracts.contract import Contract

ContractT = TypeVar("ContractT", bound=Contract)


class ContractBreach(ValueError):
    """A frame that does not keep its contract: names the dataset, the columns and counts, never a client's values."""


def conform(frame: pl.DataFrame, contract: type[ContractT], *, is_sorted: bool = False) -> DataFrame[ContractT]:
    """Return `frame` with the contract's columns in order, its types, sorted by key and checked.

    Args:
        frame: Has at least the contract's columns; missing nullable columns are added as null, others are dropped.
        contract: The dataset's contract.
        is_sorted: The rows are already in key order (saves the sort on large frames).

    Raises:
        ContractBreach: A column is missing or of a type that cannot be cast, a check fails, or a key stands twice.
    """
    schema = contract.polars_schema()
    nullable = {name for name, column in contract.to_schema().columns.items() if column.nullable}
    missing = [name for name in schema if name not in frame.columns]
    absent = [name for name in missing if name not in nullable]
    if absent:
        raise ContractBreach(f"{contract.dataset_name()}: columns missing: {', '.join(absent)}")
    try:
        shaped = frame.select(
            pl.lit(None, dtype=dtype).alias(name) if name in missing else pl.col(name).cast(dtype)
            for name, dtype in schema.items()
        )
    except pl.exceptions.PolarsError as error:
        raise ContractBreach(f"{contract.dataset_name()}: a column is not of its type: {_first_line(error)}") from error
    keys = contract.key_columns()
    if not is_sorted:
        shaped = shaped.sort(keys)
    elif not _is_in_order(shaped, keys):
        raise ContractBreach(f"{contract.dataset_name()}: said to be sorted by {', '.join(keys)} and is not")
    repeated = _repeats(shaped, keys)
    if repeated:
        raise ContractBreach(f"{contract.dataset_name()}: {repeated} rows repeat a key ({', '.join(keys)})")
    if is_sound(shaped, contract):
        return cast("DataFrame[ContractT]", shaped)
    try:
        contract.validate(shaped, lazy=True)
    except (SchemaError, SchemaErrors) as error:
        raise ContractBreach(f"{contract.dataset_name()}: {_failures(error)}") from error
    return cast("DataFrame[ContractT]", shaped)


def is_sound(shaped: pl.DataFrame, contract: type[Contract]) -> bool:
    """Tell in one query whether every value keeps its column's rules; false also where a rule is of a kind that is not known here.

    Pandera looks at each rule of each column by itself, a query or two for each: half a millisecond a column, however few the rows. It is
    asked where this says no, and it alone says what is wrong.

    Args:
        shaped: Has the contract's columns with their types.
        contract: The dataset's contract.
    """
    rules = _rules(contract)
    return rules is not None and bool(shaped.select(rules).item())


@cache
def _rules(contract: type[Contract]) -> pl.Expr | None:
    """Return whether all rows keep all rules, as one expression; None where a rule is of another kind than these."""
    schema = contract.to_schema()
    kept = [pl.lit(True)]
    is_known = not (schema.checks or schema.unique)
    for name, column in schema.columns.items():
        value = pl.col(name)
        is_known = is_known and not (column.unique or column.parsers)
        if not column.nullable:
            kept.append(value.is_not_null().all())
            if contract.polars_schema()[name].is_float():
                kept.append(value.is_not_nan().all())
        for check in column.checks:
            # Nulls are for `nullable` to judge: of what is unknown `all` makes nothing.
            match check.name, check.statistics:
                case "isin", {"allowed_values": allowed}:
                    kept.append(value.is_in(list(allowed)).all())
                case "greater_than_or_equal_to", {"min_value": least}:
                    kept.append((value >= least).all())
                case "less_than_or_equal_to", {"max_value": most}:
                    kept.append((value <= most).all())
                case _:
                    is_known = False
    return pl.all_horizontal(kept) if is_known else None


def _repeats(rows: pl.DataFrame, keys: list[str]) -> int:
    """Count the rows whose key is that of the row before: in key order, repeats are neighbours."""
    same = pl.all_horizontal(pl.col(key).eq_missing(pl.col(key).shift()) for key in keys)
    return int(rows.select(same.slice(1).sum()).item() or 0)


def _is_in_order(rows: pl.DataFrame, keys: list[str]) -> bool:
    """Tell whether the rows stand in key order."""
    smaller, equal = pl.lit(False), pl.lit(True)
    for key in keys:
        now, before = pl.col(key).slice(1), pl.col(key).shift().slice(1)
        smaller = smaller | (equal & (now < before))
        equal = equal & (now == before)
    return not rows.select(smaller.any()).item()


def digest(frame: pl.DataFrame, contract: type[Contract]) -> str:
    """Return the SHA-256 of the rows in key order, without run timestamps: equal content gives an equal digest.

    The bytes hashed are comma-separated text with a header, so that the digest does not depend on a library's binary layout.
    """
    kept = frame.drop(contract.undigested_columns()).sort(contract.key_columns())
    hasher = hashlib.sha256()
    hasher.update(",".join(kept.columns).encode())
    for part in kept.iter_slices(500_000):
        hasher.update(part.write_csv(include_header=False, null_value="\\N").encode())
    return hasher.hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _failures(error: SchemaError | SchemaErrors) -> str:
    """Name column, check and count of each failure; values stay out, they may be a client's."""
    if isinstance(error, SchemaError):
        return f"column {getattr(error.schema, 'name', '?')} fails {error.check}"
    counts: dict[tuple[str, str], int] = {}
    for case in error.schema_errors:
        where = (str(getattr(case.schema, "name", "?")), str(case.check))
        rows = case.failure_cases.height if isinstance(case.failure_cases, pl.DataFrame) else 1
        counts[where] = counts.get(where, 0) + rows
    return "; ".join(f"column {name} fails {check} ({n} rows)" for (name, check), n in counts.items())
