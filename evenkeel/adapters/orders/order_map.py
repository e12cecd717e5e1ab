"""What a map of an order file says: rows, columns, words. Written in YAML; writing the file belongs in `mapped_orders`."""

from __future__ import annotations

from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evenkeel.errors import UsageError

FieldName = Literal[
    "batch_id",
    "order_id",
    "sequence_no",
    "account_number",
    "side",
    "security_id",
    "symbol",
    "cusip",
    "isin",
    "order_type",
    "order_size",
    "order_qty",
    "order_value_usd",
    "limit_price_usd",
    "time_in_force",
    "hand_over",
    "trade_date",
    "settle_date",
    "lot_id",
    "lot_opened_date",
    "relief_method",
]
_LOT_FIELDS = {"lot_id", "lot_opened_date"}
_CODES = {"side", "order_type", "order_size", "time_in_force", "hand_over", "relief_method"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderColumn(_Part):
    """A column: its header, and the field in it or a `text` that is always the same. `values`: the custodian's words for our codes."""

    header: str = Field(min_length=1)
    field: FieldName | None = None
    text: str | None = None
    values: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_one_thing(self) -> OrderColumn:
        if (self.field is None) == (self.text is None):
            raise ValueError(f"column {self.header}: give either field or text")
        if self.values and self.field not in _CODES:
            raise ValueError(f"column {self.header}: values are for codes ({', '.join(sorted(_CODES))})")
        if len(set(self.values.values())) != len(self.values):
            raise ValueError(
                f"column {self.header}: one word stands for two codes, so that the file would not say which is meant"
            )
        return self


class OrderMap(_Part):
    """The columns of one custodian's order file. No map is verified by us: compare the first file with what the custodian expects.

    `rows`: a row an account's part of a block (`account`), or a lot of it (`lot`), or a block (`block`).
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")
    rows: Literal["block", "account", "lot"] = "account"
    delimiter: Literal[",", ";", "|", "\t"] = ","
    has_header: bool = True
    date_form: str = "%m/%d/%Y"
    columns: tuple[OrderColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_read(self) -> OrderMap:
        fields = [column.field for column in self.columns if column.field]
        if len(set(fields)) != len(fields) or len({column.header for column in self.columns}) != len(self.columns):
            raise ValueError("a field or a header stands twice")
        missing = [] if "side" in fields else ["side"]
        if not {"symbol", "cusip", "isin", "security_id"} & set(fields):
            missing.append("symbol, cusip, isin or security_id")
        if not {"order_qty", "order_value_usd"} & set(fields):
            missing.append("order_qty or order_value_usd")
        if self.rows != "block" and "account_number" not in fields:
            missing.append("account_number")
        if missing:
            raise ValueError(f"no order is complete without {', and '.join(missing)}; add columns for them")
        if self.rows != "lot" and _LOT_FIELDS & set(fields):
            raise ValueError("lot_id and lot_opened_date need `rows: lot`")
        if self.rows == "block" and {"account_number", "relief_method"} & set(fields):
            raise ValueError("account_number and relief_method need `rows: account` or `rows: lot`")
        return self


def read_order_map(text: str, name: str) -> OrderMap:
    """Return a map from its YAML.

    Raises:
        UsageError: It is no YAML, or no map; the message says what is wrong in `name`.
    """
    try:
        document = yaml.safe_load(text)
        return OrderMap.model_validate(document)
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is no YAML ({str(error).splitlines()[0]}); correct it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{name}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from error
