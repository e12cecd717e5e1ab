"""What one query says of a frame's values is what pandera says of them, for every rule of every contract."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from pandera.errors import SchemaError, SchemaErrors

import data_contracts
import evenkeel.engine.households.tables
import evenkeel.engine.tables.inputs
import evenkeel.engine.tables.outputs
from data_contracts.conform import is_sound
from data_contracts.contract import Contract

for module in pkgutil.walk_packages(data_contracts.__path__, "data_contracts."):
    importlib.import_module(module.name)


def full_name(contract: type[Contract]) -> str:
    return f"{contract.__module__}.{contract.__qualname__}"


def contracts(base: type[Contract] = Contract) -> list[type[Contract]]:
    """Return all contracts there are, in the order of their names."""
    found = {each for child in base.__subclasses__() for each in (child, *contracts(child))}
    return sorted((each for each in found if each.__module__.split(".")[0] != "tests"), key=full_name)


def value_of(contract: type[Contract], name: str) -> Any:
    """Return a value that keeps the rules of a column."""
    column, dtype = contract.to_schema().columns[name], contract.polars_schema()[name]
    for check in column.checks:
        allowed = check.statistics.get(
            "allowed_values", [check.statistics.get("min_value", check.statistics.get("max_value"))]
        )
        return next(iter(allowed))
    if dtype == pl.List:
        return []
    plain: dict[Any, Any] = {
        pl.String: "x",
        pl.Boolean: True,
        pl.Date: dt.date(2026, 3, 2),
        pl.Datetime: dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
    }
    if dtype.base_type() in plain:
        return plain[dtype.base_type()]
    return Decimal(1) if dtype == pl.Decimal else 1


def wrong_values(contract: type[Contract], name: str) -> Iterator[Any]:
    """Return values of the column's type that may break a rule: null, not a number, at every limit and beyond."""
    dtype = contract.polars_schema()[name]
    yield None
    for check in contract.to_schema().columns[name].checks:
        yield from (
            limit
            for limit in (check.statistics.get("min_value"), check.statistics.get("max_value"))
            if limit is not None
        )
    if dtype.is_float():
        yield from (float("nan"), float("inf"), -float("inf"), -1e-9, 1.0 + 1e-9)
    elif dtype.is_numeric():
        yield from (0, -1, 10**6)
    elif dtype == pl.String:
        yield from ("", "Jane Doe")


def pandera_says(frame: pl.DataFrame, contract: type[Contract]) -> bool:
    try:
        contract.validate(frame, lazy=True)
    except (SchemaError, SchemaErrors):
        return False
    return True


def rows_of(contract: type[Contract], **changed: Any) -> pl.DataFrame:
    """Return three rows, all sound but for the last's `changed`."""
    sound = {name: value_of(contract, name) for name in contract.polars_schema()}
    return pl.DataFrame([sound, sound, sound | changed], schema=contract.polars_schema(), orient="row")


def test_there_are_many_contracts() -> None:
    assert len(contracts()) > 60
    assert evenkeel.engine.households.tables.MemberAccounts in contracts()
    assert evenkeel.engine.tables.inputs.Lots in contracts()
    assert evenkeel.engine.tables.outputs.Remarks in contracts()


@pytest.mark.parametrize("contract", contracts(), ids=full_name)
def test_one_query_says_what_pandera_says(contract: type[Contract]) -> None:
    assert is_sound(contract.empty_frame(), contract)
    assert is_sound(rows_of(contract), contract)
    assert pandera_says(rows_of(contract), contract)
    for name, column in contract.to_schema().columns.items():
        if column.nullable and not column.checks:
            continue
        for wrong in wrong_values(contract, name):
            frame = rows_of(contract, **{name: wrong})
            assert is_sound(frame, contract) == pandera_says(frame, contract), f"{name}: {wrong}"


class Odd(Contract):
    """A contract with a rule of another kind."""

    name: str = pa.Field(str_startswith="N", metadata={"key": True})


class OddTogether(Contract):
    """A contract with a rule about several columns."""

    low: float
    high: float

    @pa.dataframe_check
    @classmethod
    def is_in_order(cls, data: Any) -> pl.LazyFrame:
        """Keep low below high."""
        in_order: pl.LazyFrame = data.lazyframe.select(pl.col("low") <= pl.col("high"))
        return in_order


@pytest.mark.parametrize("contract", [Odd, OddTogether])
def test_a_rule_of_another_kind_is_panderas_to_judge(contract: type[Contract]) -> None:
    assert not is_sound(contract.empty_frame(), contract)
