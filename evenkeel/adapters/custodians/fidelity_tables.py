"""Fidelity's data rows as tables: what each column means. Which row is data is decided in `fidelity_csv`."""

from __future__ import annotations

import re
from decimal import Decimal

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.control_totals import ControlTotals
from data_contracts.fields import FACT_DTYPE
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import AssetType, CashBucket, SubAccount, TotalKind
from evenkeel.adapters.custodians import cell_values, transaction_words
from evenkeel.adapters.custodians.csv_tables import BlockCells
from evenkeel.adapters.custodians.layouts_fidelity import (
    FIDELITY_HISTORY,
    FIDELITY_POSITIONS,
    FIDELITY_REALIZED,
    FIDELITY_STATEMENT_HOLDINGS,
    FIDELITY_STATEMENT_SUMMARY,
)

CURRENCY = "USD"
CORE_CLASS = "core account"
_CLASSES = {
    "stocks": AssetType.STOCK,
    "common stock": AssetType.STOCK,
    "preferred stock": AssetType.STOCK,
    "mutual funds": AssetType.MUTUAL_FUND,
    "stock funds": AssetType.MUTUAL_FUND,
    "bond funds": AssetType.MUTUAL_FUND,
    "exchange traded products": AssetType.ETF,
    "exchange traded funds": AssetType.ETF,
    "bonds": AssetType.BOND,
    "corporate bonds": AssetType.BOND,
    "municipal bonds": AssetType.BOND,
    "cds": AssetType.BOND,
    "options": AssetType.OPTION,
    "annuities": AssetType.ANNUITY,
    "other": AssetType.OTHER,
    "short term funds": AssetType.MONEY_MARKET,
    CORE_CLASS: AssetType.CASH,
}
_SUB_ACCOUNTS = {
    "cash": SubAccount.CASH.value,
    "margin": SubAccount.MARGIN.value,
    "short": SubAccount.SHORT.value,
}
_OPTION = r"^-?[A-Z][A-Z.]*\d{6}[CP][\d.]+$"
_SHARES = r"\((\d+) SHS\)"
_CURRENCY_CODE = r"^[A-Z]{3}$"
_MONEY_COLUMNS = re.compile(r"price|value|gain|cost|change|amount|balance", re.I)
_SYMBOL_CUSIP = re.compile(r"^([^()]*)\(([^()]*)\)$")


def is_class(text: str) -> bool:
    """Tell whether a lone cell of the statement names a class of holdings."""
    return text.strip().lower() in _CLASSES


def _as_of(cells: BlockCells) -> dict[str, object]:
    return {"as_of_date": cells.context("as_of_date"), "as_of_time": cells.context("as_of_time")}


def _positions(cells: BlockCells) -> None:
    account, symbol, description = cells.text("account"), cells.text("symbol"), cells.text("description")
    cells.refuse(account.is_null(), "account", "is empty")
    value = cells.number("value")
    is_core = symbol.str.ends_with("**").fill_null(False)
    cells.refuse(is_core & value.is_null(), "value", "has no value where one is needed")
    cells.refuse(symbol.is_null() & description.is_null(), "symbol", "is empty")
    held = {
        **_as_of(cells),
        "source_account": account,
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": description,
        "sub_account": cells.mapped("type", _sub_account).fill_null(SubAccount.CASH.value),
        "asset_type": cells.same(AssetType.OPTION.value, pl.String).zip_with(
            symbol.str.contains(_OPTION).fill_null(False), cells.same(None, pl.String)
        ),
        "currency": CURRENCY,
        "held_qty": cells.number("quantity"),
        "price_ccy": cells.number("price"),
        "price_date": cells.context("as_of_date"),
        "multiplier": description.str.extract(_SHARES).cast(FACT_DTYPE),
        "value_ccy": value,
        "cost_ccy": cells.number("cost"),
    }
    core = {
        **_as_of(cells),
        "source_account": account,
        "bucket": CashBucket.SWEEP.value,
        "symbol": symbol.str.strip_chars_end("*"),
        "currency": CURRENCY,
        "amount_ccy": value,
    }
    cells.reading.add_frame(Positions, cells.frame(held, ~is_core))
    cells.reading.add_frame(CashBalances, cells.frame(core, is_core))


def _sub_account(text: str) -> str:
    return _SUB_ACCOUNTS.get(text.lower(), SubAccount.OTHER.value)


def add_pending(cells: BlockCells) -> None:
    """Add the lines of pending activity: the amount under the value, else the one amount under any other money column."""
    header = cells.block.header
    places = [i for i, cell in enumerate(header.cells) if _MONEY_COLUMNS.search(cell) and "percent" not in cell.lower()]
    value_place = header.places["value"]
    account_place = header.places["account"]
    amounts: list[Decimal | None] = []
    accounts: list[str | None] = []
    for position in cells.block.positions:
        row = cells.reading.rows.cells[position]
        found = _amounts(row, [value_place]) or _amounts(row, places)
        amounts.append(found[0] if len(set(found)) == 1 else None)
        account = row[account_place].strip() if account_place < len(row) else ""
        accounts.append(None if account.lower() in ("", "pending activity") else account)
    amount, account_names = pl.Series(amounts, dtype=FACT_DTYPE), pl.Series(accounts, dtype=pl.String)
    cells.refuse(account_names.is_null(), "account", "is empty")
    cells.refuse(amount.is_null(), "value", "has no value, and no other money column has a single one")
    columns = {
        **_as_of(cells),
        "source_account": account_names,
        "bucket": CashBucket.PENDING.value,
        "currency": CURRENCY,
        "amount_ccy": amount,
    }
    cells.reading.add_frame(CashBalances, cells.frame(columns))


def _amounts(row: list[str], places: list[int]) -> list[Decimal]:
    texts = [row[place] for place in places if place < len(row)]
    values, _, _ = cell_values.numbers(pl.Series(texts, dtype=pl.String))
    return [value for value in values.to_list() if value is not None]


def add_totals(cells: BlockCells) -> None:
    """Add total lines of a positions file; one that names no account is the whole file's."""
    account = cells.text("account")
    named = account.str.to_lowercase().str.contains("total").fill_null(False)
    columns = {
        "source_account": cells.same(None, pl.String).zip_with(named, account),
        "total_kind": TotalKind.ACCOUNT_VALUE.value,
        "currency": CURRENCY,
        "stated": cells.number("value", is_needed=True),
    }
    cells.reading.add_frame(ControlTotals, cells.frame(columns))


def _history(cells: BlockCells) -> None:
    number, name = cells.text("account_number"), cells.mapped("account", _account_in)
    account = number.fill_null(name).fill_null(cells.context("account"))
    if cells.block.header.places.keys() & {"account", "account_number"}:
        cells.refuse(number.is_null() & name.is_null(), "account", "is empty")
    action = cells.text("action")
    cells.refuse(action.is_null(), "action", "is empty")
    # The cells of Quantity, Currency and Price can be those of Currency, Price and Quantity: see `fidelity_csv`.
    quantity_text, currency_text, price_text = cells.raw("quantity"), cells.raw("currency"), cells.raw("price")
    is_shifted = quantity_text.str.strip_chars().str.contains(_CURRENCY_CODE).fill_null(False)
    currency = quantity_text.zip_with(is_shifted, currency_text)
    price = cells.number("price", cells=currency_text.zip_with(is_shifted, price_text))
    units = cells.number("quantity", cells=price_text.zip_with(is_shifted, quantity_text))
    code = cell_values.words(currency).fill_null(CURRENCY)
    cells.refuse(~code.str.contains(_CURRENCY_CODE), "currency", "is not a currency's code")
    cash = cells.number("amount")
    kinds = transaction_words.settle_direction(
        transaction_words.by_phrase(transaction_words.FIDELITY_PHRASES, action), cash, units
    )
    commission, fees = cells.number("commission"), cells.number("fees")
    silent = commission.is_null() & fees.is_null()
    cost = (commission.fill_null(Decimal(0)) + fees.fill_null(Decimal(0))).cast(FACT_DTYPE)
    symbol = cells.text("symbol")
    columns = {
        **_as_of(cells),
        "source_account": account,
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": cells.text("description"),
        "trade_date": cells.date("date", is_needed=True),
        "settle_date": cells.date("settled"),
        "transaction_type": kinds,
        "raw_action": action,
        "currency": code,
        "traded_qty": transaction_words.signed_units(kinds, units),
        "price_ccy": price,
        "fees_ccy": cells.same(None, FACT_DTYPE).zip_with(silent, cost),
        "net_cash_ccy": cash,
    }
    cells.reading.add_frame(Transactions, cells.frame(columns))


def _account_in(text: str) -> str:
    """Return the number at the end of `CASH MGMT X0000000A`; the whole text where its last word is no number."""
    last = text.split()[-1]
    return last if re.fullmatch(r"[A-Z]*\d{5,}[A-Z]*", last) else text


def _statement_summary(cells: BlockCells) -> None:
    net, gross = cells.number("net_value"), cells.number("value")
    stated = net.fill_null(gross)
    cells.refuse(stated.is_null(), "value", "has no value where one is needed")
    columns = {
        "source_account": cells.text("account"),
        "total_kind": TotalKind.ACCOUNT_VALUE.value,
        "currency": CURRENCY,
        "stated": stated,
    }
    cells.reading.add_frame(ControlTotals, cells.frame(columns))


def _statement_holdings(cells: BlockCells) -> None:
    section = cells.context("section").str.strip_chars().str.to_lowercase()
    symbol, value = cells.text("symbol"), cells.number("value")
    is_core = (section == CORE_CLASS).fill_null(False)
    cells.refuse(is_core & value.is_null(), "value", "has no value where one is needed")
    held = {
        **_as_of(cells),
        "source_account": cells.context("account"),
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": cells.text("description"),
        "sub_account": SubAccount.CASH.value,
        "asset_type": section.replace_strict(
            {name: kind.value for name, kind in _CLASSES.items()}, default=None, return_dtype=pl.String
        ),
        "currency": CURRENCY,
        "held_qty": cells.number("quantity"),
        "price_ccy": cells.number("price"),
        "price_date": cells.context("as_of_date"),
        "value_ccy": value,
        "cost_ccy": cells.number("cost"),
    }
    core = {
        **_as_of(cells),
        "source_account": cells.context("account"),
        "bucket": CashBucket.SWEEP.value,
        "symbol": symbol,
        "currency": CURRENCY,
        "amount_ccy": value,
    }
    cells.reading.add_frame(Positions, cells.frame(held, ~is_core))
    cells.reading.add_frame(CashBalances, cells.frame(core, is_core))


def _realized(cells: BlockCells) -> None:
    disallowed = cells.number("disallowed").abs()
    columns = {
        **_as_of(cells),
        "source_account": cells.text("account").fill_null(cells.context("account")),
        "symbol": cells.mapped("symbol", lambda text: _split(text)[0]),
        "cusip": cells.mapped("symbol", lambda text: _split(text)[1]),
        "description": cells.text("description"),
        "opened_date": cells.date("opened"),
        "closed_date": cells.date("closed", is_needed=True),
        "currency": CURRENCY,
        "closed_qty": cells.number("quantity").abs(),
        "proceeds_ccy": cells.number("proceeds"),
        "cost_ccy": cells.number("cost"),
        "short_term_gain_ccy": cells.number("short_gain"),
        "long_term_gain_ccy": cells.number("long_gain"),
        "disallowed_loss_ccy": disallowed,
        "is_wash_sale": disallowed > 0,
    }
    cells.reading.add_frame(RealizedLots, cells.frame(columns))


def _split(text: str) -> tuple[str | None, str | None]:
    """Return symbol and CUSIP of `VEA(100000000)`; a text without brackets is a CUSIP where its check digit says so."""
    both = _SYMBOL_CUSIP.match(text)
    if both is not None:
        return both[1].strip() or None, both[2].strip() or None
    return text, text if cell_values.is_cusip(text) else None


TABLES = {
    FIDELITY_POSITIONS: _positions,
    FIDELITY_HISTORY: _history,
    FIDELITY_STATEMENT_SUMMARY: _statement_summary,
    FIDELITY_STATEMENT_HOLDINGS: _statement_holdings,
    FIDELITY_REALIZED: _realized,
}
