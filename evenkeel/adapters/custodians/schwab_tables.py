"""Schwab's data rows as tables: what each column means. Which row is data, and whose, is decided in `schwab_csv`."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import AssetType, CashBucket, SubAccount
from evenkeel.adapters.custodians import cell_values, transaction_words
from evenkeel.adapters.custodians.csv_tables import BlockCells

CURRENCY = "USD"
CASH_LINES = ("cash & cash investments", "futures cash")

_OPTION = re.compile(r"^\S+ \d{2}/\d{2}/\d{4} [\d.]+ [CP]$")
_POSTED_AS_OF = re.compile(r"^.*?\bas of\b\s*(.+)$", re.I)
_ASSET_TYPES = (
    ("etf", AssetType.ETF),
    ("closed end", AssetType.ETF),
    ("mutual fund", AssetType.MUTUAL_FUND),
    ("option", AssetType.OPTION),
    ("future", AssetType.FUTURE),
    ("fixed income", AssetType.BOND),
    ("bond", AssetType.BOND),
    ("treasur", AssetType.BOND),
    ("cds", AssetType.BOND),
    ("cash", AssetType.MONEY_MARKET),
    ("money market", AssetType.MONEY_MARKET),
    ("equit", AssetType.STOCK),
    ("stock", AssetType.STOCK),
)


def _common(cells: BlockCells) -> dict[str, object]:
    symbol = cells.text("symbol")
    return {
        "source_account": cells.context("account"),
        "as_of_date": cells.context("as_of_date"),
        "as_of_time": cells.context("as_of_time"),
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": cells.text("description"),
        "currency": CURRENCY,
    }


def _positions(cells: BlockCells) -> None:
    shared = _common(cells)
    symbol = cells.text("symbol")
    cells.refuse(symbol.is_null(), "symbol", "is empty")
    quantity, price, value = cells.number("quantity"), cells.number("price"), cells.number("value")
    is_cash = symbol.str.to_lowercase().is_in(list(CASH_LINES)) & quantity.is_null()
    cells.refuse(is_cash & value.is_null(), "value", "has no value where one is needed")
    is_option = symbol.str.contains(_OPTION.pattern)
    stated_type = cells.mapped("security_type", _asset_type)
    types = pl.DataFrame({"option": is_option, "stated": stated_type}).select(
        pl.when(pl.col("option")).then(pl.lit(AssetType.OPTION.value)).otherwise(pl.col("stated")).alias("type")
    )["type"]
    held = cells.frame(
        {
            **shared,
            "sub_account": SubAccount.CASH.value,
            "asset_type": types,
            "held_qty": quantity,
            "price_ccy": price,
            "price_date": shared["as_of_date"],
            "value_ccy": value,
            "cost_ccy": cells.number("cost"),
            "accrued_ccy": cells.number("accrued"),
        },
        ~is_cash,
    )
    cash = cells.frame(
        {**shared, "symbol": None, "bucket": CashBucket.CORE.value, "amount_ccy": value},
        is_cash,
    )
    cells.reading.add_frame(Positions, held)
    cells.reading.add_frame(CashBalances, cash)


def _asset_type(text: str) -> str:
    lower = text.lower()
    return next((kind.value for word, kind in _ASSET_TYPES if word in lower), AssetType.OTHER.value)


def _lots(cells: BlockCells) -> None:
    shared = _common(cells)
    names = cells.context("section")
    term = cells.text("term").str.to_lowercase()
    columns = {
        **shared,
        "symbol": names,
        "cusip": cell_values.cusips(names),
        "opened_date": cells.date("opened"),
        "held_qty": cells.number("quantity", is_needed=True),
        "price_ccy": cells.number("price"),
        "value_ccy": cells.number("value"),
        "cost_ccy": cells.number("cost"),
        "disallowed_loss_ccy": cells.number("disallowed"),
        "is_long_term": pl.DataFrame({"t": term})
        .select(
            pl.when(pl.col("t").str.starts_with("long"))
            .then(True)
            .when(pl.col("t").str.starts_with("short"))
            .then(False)
        )
        .to_series(),
    }
    cells.reading.add_frame(TaxLots, cells.frame(columns))


def _transactions(cells: BlockCells) -> None:
    shared = _common(cells)
    action = cells.text("action")
    cells.refuse(action.is_null(), "action", "is empty")
    dates = cell_values.mapped(cells.text("date"), _effective, pl.Date)
    cells.refuse(dates.is_null(), "date", "is not a date we can read")
    units, cash = cells.number("quantity"), cells.number("amount")
    kinds = transaction_words.settle_direction(
        transaction_words.by_word(transaction_words.SCHWAB_ACTIONS, action), cash, units
    )
    columns = {
        **shared,
        "trade_date": dates,
        "transaction_type": kinds,
        "raw_action": action,
        "traded_qty": transaction_words.signed_units(kinds, units),
        "price_ccy": cells.number("price"),
        "fees_ccy": cells.number("fees"),
        "net_cash_ccy": cash,
    }
    cells.reading.add_frame(Transactions, cells.frame(columns))


def _effective(text: str) -> dt.date | None:
    """Return the date an entry took effect: the one after "as of" where there are two."""
    second = _POSTED_AS_OF.match(text)
    if second is None:
        return cell_values.date_of_cell(text)
    first = cell_values.date_of_cell(text[: second.start(1)].lower().replace("as of", ""))
    return cell_values.date_of_cell(second[1]) if first is not None else None


def _realized(cells: BlockCells) -> None:
    wash = cells.text("wash").str.to_lowercase()
    columns = {
        **_common(cells),
        "opened_date": cells.date("opened"),
        "closed_date": cells.date("closed", is_needed=True),
        "closed_qty": cells.number("quantity").abs(),
        "proceeds_ccy": cells.number("proceeds"),
        "cost_ccy": cells.number("cost"),
        "short_term_gain_ccy": cells.number("short_gain"),
        "long_term_gain_ccy": cells.number("long_gain"),
        "disallowed_loss_ccy": cells.number("disallowed").abs(),
        "is_wash_sale": wash.replace_strict(
            {"yes": True, "y": True, "no": False, "n": False}, default=None, return_dtype=pl.Boolean
        ),
    }
    cells.reading.add_frame(RealizedLots, cells.frame(columns))


TABLES = {"positions": _positions, "lots": _lots, "transactions": _transactions, "realized": _realized}
