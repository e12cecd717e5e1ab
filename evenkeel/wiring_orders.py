"""Where orders meet their adapters: the folder `orders` of a home, with `orders.yaml`, its maps, and `account-numbers.csv`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evenkeel.adapters.orders.order_folder import OrderFolder
from evenkeel.adapters.orders.order_forms import read_account_numbers, read_order_forms
from evenkeel.errors import UsageError
from evenkeel.ports import OrderDesk

ORDERS = "orders"
"""The folder in the home."""
FORMS, NUMBERS = "orders.yaml", "account-numbers.csv"

_STARTER = """\
# How each custodian takes orders, and who gets what of them afterwards: docs/orders.md. A custodian that is not here gets none.
# custodians:
#   schwab: {orders: fix_list, allocations: fix, sender: FIRM, target: SCHWAB}
#   ibkr: {orders: fix_single, allocations: fix, sender: FIRM, target: IBKR}
#   fidelity: {orders: fidelity_import, codes: {buy: B, sell: S, market: M, limit: L, day: D}}
#   pershing: {orders: mapped, map: pershing.yaml}
custodians: {}
"""


def begin_order_desk(folder: Path) -> None:
    """Write an orders.yaml and an account-numbers.csv to fill in, where there is none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in ((FORMS, _STARTER), (NUMBERS, "account_id,account_number\n")):
        path = folder / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)


def open_order_desk(folder: Path) -> OrderDesk:
    """Return the desk that takes orders as files.

    Raises:
        UsageError: There is no orders.yaml, or it or one of its maps is wrong.
    """
    text = _text(folder / FORMS, "it names how each custodian takes orders (docs/orders.md)")
    forms = read_order_forms(text, lambda name: _text(_map(folder, name), f"{FORMS} names it"))
    return OrderFolder(folder, forms.orders, forms.allocations)


def account_numbers(folder: Path) -> Mapping[str, str]:
    """Return what custodians call the accounts.

    Raises:
        UsageError: There is no account-numbers.csv, or it is wrong.
    """
    path = folder / NUMBERS
    if not path.is_file():
        raise UsageError(f"{path} is missing; it says what custodians call the accounts (docs/orders.md)")
    return read_account_numbers(path.read_bytes())


def _map(folder: Path, name: str) -> Path:
    path = folder / name
    if folder.resolve() not in path.resolve().parents:
        raise UsageError(f"{FORMS}: the map {name!r} must lie in {folder}")
    return path


def _text(path: Path, why: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"{path} is missing; {why}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no UTF-8 text; save it as UTF-8") from error
