"""How each custodian takes orders, as the firm writes it down: `orders.yaml`, and what custodians call the accounts, `account-numbers.csv`.

    custodians:
      schwab: {orders: fix_list, allocations: fix, sender: FIRM, target: SCHWAB}
      ibkr: {orders: fix_single, allocations: ibkr_allocation, sender: FIRM, target: IBKR, trading_account: F1, executing_broker: IB}
      fidelity: {orders: fidelity_import}
      pershing: {orders: mapped, map: pershing.yaml}

Account numbers are in no other file of evenkeel, and in no dataset: keep this one where the keys are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from evenkeel.adapters.orders.fidelity_import import FidelityImportWriter
from evenkeel.adapters.orders.fix_messages import FixSession
from evenkeel.adapters.orders.fix_writing import FixAllocationWriter, FixOrderWriter
from evenkeel.adapters.orders.ibkr_allocation import IbkrAllocationWriter
from evenkeel.adapters.orders.mapped_orders import MappedOrderWriter
from evenkeel.adapters.orders.order_map import read_order_map
from evenkeel.adapters.orders.written import AllocationWriter, OrderWriter
from evenkeel.errors import UsageError
from evenkeel.identity import normalise_account


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderForm(_Part):
    """How one custodian takes orders and allocations, with what each form needs."""

    orders: Literal["fix_list", "fix_single", "fidelity_import", "mapped"]
    allocations: Literal["none", "fix", "ibkr_allocation"] = "none"
    sender: str | None = None
    target: str | None = None
    map: str | None = None
    trading_account: str | None = None
    executing_broker: str | None = None
    codes: dict[Literal["buy", "sell", "market", "limit", "day"], str] = {}

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> OrderForm:
        needed: dict[str, str | None] = {}
        if self.orders in ("fix_list", "fix_single") or self.allocations == "fix":
            needed |= {"sender": self.sender, "target": self.target}
        if self.orders == "mapped":
            needed |= {"map": self.map}
        if self.allocations == "ibkr_allocation":
            needed |= {"trading_account": self.trading_account, "executing_broker": self.executing_broker}
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} must be given for {self.orders} with allocations {self.allocations}"
            )
        return self

    @property
    def session(self) -> FixSession:
        """Return who sends and who receives."""
        return FixSession(self.sender or "", self.target or "")


class OrderForms(_Part):
    """The whole file."""

    custodians: dict[str, OrderForm]


@dataclass(frozen=True)
class OrderWriters:
    """What writes orders and allocations, by custodian: what `OrderFolder` takes."""

    orders: Mapping[str, OrderWriter]
    allocations: Mapping[str, AllocationWriter]


def read_order_forms(text: str, read_map: Callable[[str], str]) -> OrderWriters:
    """Return the writers that `orders.yaml` asks for.

    Args:
        text: The file.
        read_map: Returns the text of a map by its name; raises UsageError where there is none.

    Raises:
        UsageError: The file or a map is not valid.
    """
    try:
        forms = OrderForms.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UsageError(f"orders.yaml is no YAML ({str(error).splitlines()[0]}); correct it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"orders.yaml: {where}: {first['msg'].removeprefix('Value error, ')}") from error
    return OrderWriters(
        {custodian: _order_writer(form, read_map) for custodian, form in forms.custodians.items()},
        {
            custodian: _allocation_writer(form)
            for custodian, form in forms.custodians.items()
            if form.allocations != "none"
        },
    )


def read_account_numbers(data: bytes) -> dict[str, str]:
    """Return what custodians call the accounts, by account id, from a CSV with the columns account_id and account_number.

    Raises:
        UsageError: It is no such file, or an account or a number stands twice. Numbers are not quoted.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise UsageError(f"account-numbers.csv is no UTF-8 text (byte {error.start}); save it as CSV UTF-8") from error
    except csv.Error as error:
        raise UsageError(f"account-numbers.csv is no CSV ({error}); save it as CSV UTF-8") from error
    found: dict[str, str] = {}
    owners: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        account_id, number = (row.get("account_id") or "").strip(), (row.get("account_number") or "").strip()
        if not account_id or not number:
            raise UsageError(f"account-numbers.csv, line {line}: account_id and account_number must both be given")
        if account_id in found:
            raise UsageError(f"account-numbers.csv, line {line}: account {account_id} stands twice; keep one line")
        other = owners.setdefault(normalise_account(number), account_id)
        if other != account_id:
            raise UsageError(
                f"account-numbers.csv, line {line}: account {account_id} has the number of account {other}; correct one of them"
            )
        found[account_id] = number
    return found


def _order_writer(form: OrderForm, read_map: Callable[[str], str]) -> OrderWriter:
    if form.orders == "fidelity_import":
        return FidelityImportWriter(**form.codes)
    if form.orders == "mapped":
        assert form.map is not None
        return MappedOrderWriter(read_order_map(read_map(form.map), form.map))
    return FixOrderWriter(form.session, as_list=form.orders == "fix_list")


def _allocation_writer(form: OrderForm) -> AllocationWriter:
    if form.allocations == "ibkr_allocation":
        return IbkrAllocationWriter(form.trading_account or "", form.executing_broker or "")
    return FixAllocationWriter(form.session)
