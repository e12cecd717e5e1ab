"""What the records of an IBKR Flex statement mean: one function a kind of record.

Reading the document belongs in `ibkr_flex`. The codes they use are in
`ibkr_flex_codes`. Attribute names are IBKR's (Flex Query reference); an empty attribute is null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.fx_rates import FxRates
from data_contracts.other_rows import OtherRows
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.security_texts import SecurityTexts
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import CashBucket, SubAccount, TransactionType
from evenkeel.adapters.custodians.ibkr_flex_codes import (
    ACCOUNT_FIELDS,
    ACTION_TYPES,
    CASH_TYPES,
    OPTION_EVENTS,
    asset_type,
    is_long_term,
    trade_type,
)
from evenkeel.adapters.custodians.records import BadField, RecordTables, date, is_zero, number, opposite, total

FILLS: tuple[type[Contract], ...] = (
    Positions,
    CashBalances,
    TaxLots,
    Transactions,
    RealizedLots,
    FxRates,
    SecurityTexts,
    OtherRows,
)

Fields = dict[str, str]
_EventKey = tuple[str, str, str, Decimal]


class Statement:
    """One account's statement: what its records inherit, and what can only be told at its end."""

    def __init__(self, fields: Fields, tables: RecordTables, rates_seen: set[tuple[str, str, dt.date]]) -> None:
        self.tables = tables
        self._rates_seen = rates_seen
        self.account = fields.get("accountId", "")
        self.to_date = date("toDate", fields.get("toDate"))
        self.notes: list[str] = []
        self._base_currency: str | None = None
        self._rates: dict[str, tuple[int, dt.date, str]] = {}
        self._orders: list[tuple[int, Fields, dict[str, object]]] = []
        self._booked: list[tuple[int, Fields, dict[str, object]]] = []
        self._events: list[tuple[int, Fields, dict[str, object]]] = []
        self._has_executions = False
        self._levels: set[str] = set()

    def account_of(self, fields: Fields) -> str:
        """Return the record's account, the statement's where it names none."""
        return fields.get("accountId", self.account)

    def identity(self, fields: Fields) -> dict[str, object]:
        """Return account, security and dates that every table's row starts from."""
        return {
            "source_account": self.account_of(fields),
            "as_of_date": self.to_date,
            "symbol": fields.get("symbol"),
            "cusip": fields.get("cusip"),
            "isin": fields.get("isin"),
            "native_id": fields.get("conid"),
            "description": fields.get("description"),
            "currency": _required(fields, "currency"),
        }

    def dated(self, fields: Fields, *names: str) -> dt.date:
        """Return the first date that is there among `names`, else the statement's last day.

        Raises:
            BadField: None is there, or the one that is cannot be read.
        """
        for name in names:
            found = date(name, fields.get(name))
            if found is not None:
                return found
        if self.to_date is None:
            raise BadField(names[0] if names else "toDate", "no date in the record nor in its statement")
        return self.to_date

    def finish(self) -> None:
        """Add what could not be told before all records were seen: orders, option events, exchange rates."""
        for row_no, fields, values in self._orders:
            if self._has_executions:
                self.tables.other(row_no, "Order", fields)
            else:
                self.tables.add(Transactions, row_no, **values)
        self._finish_option_events()
        self._finish_rates()
        if self._levels == {"LOT"}:
            self.notes.append("open positions come as lots only: add SUMMARY to the Flex query, else nothing is held")

    def _finish_option_events(self) -> None:
        """Let each exercise, assignment or expiry name the trade that booked it; one without stands for itself."""
        unnamed: dict[_EventKey, list[dict[str, object]]] = {}
        for _, fields, trade in self._booked:
            unnamed.setdefault(self._event_key(fields, "tradeDate"), []).append(trade)
        for row_no, fields, values in self._events:
            trades = unnamed.get(self._event_key(fields, "date"))
            if not trades:
                self.tables.add(Transactions, row_no, **values)
                continue
            trade = trades.pop(0)
            if values["transaction_type"] in (TransactionType.EXPIRED, TransactionType.EXERCISE):
                trade["transaction_type"] = values["transaction_type"]
                trade["raw_action"] = f"{trade['raw_action']} {values['raw_action']}"
            self.tables.other(row_no, "OptionEAE", fields)
        for row_no, _, trade in self._booked:
            self.tables.add(Transactions, row_no, **trade)

    def _event_key(self, fields: Fields, date_name: str) -> _EventKey:
        day = date(date_name, fields.get(date_name)) or date("dateTime", fields.get("dateTime"))
        qty = Decimal(fields.get("quantity", "0"))
        return (self.account_of(fields), fields.get("conid", ""), str(day), qty)

    def _finish_rates(self) -> None:
        base = self._base_currency
        if base is None:
            units = [currency for currency, (_, _, rate) in self._rates.items() if Decimal(rate) == 1]
            if len(units) != 1:
                return
            base = units[0]
            if len(self._rates) > 1:
                self.notes.append(
                    f"base currency taken for {base}, the only one with rate 1: AccountInformation has none"
                )
        for currency, (row_no, day, rate) in self._rates.items():
            if currency != base and (currency, base, day) not in self._rates_seen:
                self._rates_seen.add((currency, base, day))
                self.tables.add(FxRates, row_no, rate_date=day, currency_from=currency, currency_to=base, rate=rate)

    def information(self, row_no: int, fields: Fields) -> None:
        """Take the base currency; of the rest only what names nobody is kept."""
        self._base_currency = fields.get("currency", self._base_currency)
        kept = {name: fields[name] for name in ACCOUNT_FIELDS if name in fields}
        self.tables.other(row_no, "AccountInformation", kept)

    def open_position(self, row_no: int, fields: Fields) -> None:
        """Add a position, or a lot of one; and the day's rate of its currency."""
        level = fields.get("levelOfDetail", "SUMMARY").upper()
        if level not in ("SUMMARY", "LOT"):
            self.tables.other(row_no, "OpenPosition", fields)
            return
        values = self.identity(fields)
        qty = number("position", _required(fields, "position"))
        values |= {
            "as_of_date": self.dated(fields, "reportDate"),
            "held_qty": qty,
            "price_ccy": number("markPrice", fields.get("markPrice")),
            "value_ccy": number("positionValue", fields.get("positionValue")),
            "cost_ccy": number("costBasisMoney", fields.get("costBasisMoney")),
        }
        if level == "LOT":
            values |= {
                "lot_id": fields.get("originatingTransactionID"),
                "opened_date": date("openDateTime", fields.get("openDateTime")),
                "holding_period_date": date("holdingPeriodDateTime", fields.get("holdingPeriodDateTime")),
                "is_long_term": is_long_term(fields.get("code")),
            }
        else:
            values |= {
                "sub_account": SubAccount.SHORT if str(qty).startswith("-") else SubAccount.CASH,
                "asset_type": asset_type(fields),
                "price_date": date("reportDate", fields.get("reportDate")),
                "multiplier": number("multiplier", fields.get("multiplier")),
                "accrued_ccy": number("accruedInt", fields.get("accruedInt")),
            }
        rate = number("fxRateToBase", fields.get("fxRateToBase"))
        self.tables.add(TaxLots if level == "LOT" else Positions, row_no, **values)
        self._levels.add(level)
        if rate is not None:
            self._rates.setdefault(str(values["currency"]), (row_no, self.dated(fields, "reportDate"), rate))

    def conversion_rate(self, row_no: int, fields: Fields) -> None:
        """Add a rate of the ConversionRates section."""
        self.tables.add(
            FxRates,
            row_no,
            rate_date=self.dated(fields, "reportDate"),
            currency_from=_required(fields, "fromCurrency"),
            currency_to=_required(fields, "toCurrency"),
            rate=number("rate", _required(fields, "rate")),
        )

    def cash(self, row_no: int, fields: Fields) -> None:
        """Add a currency's cash.

        `core` is the cash with all trades of the day counted (`endingCash`), as positions count them. Where that
        differs from settled cash, `unsettled` tells by how much: a part of `core`, not to be added to it. The summary
        in base currency is kept as other row: it sums currencies at rates that the file need not show.
        """
        ending = number("endingCash", fields.get("endingCash"))
        settled = number("endingSettledCash", fields.get("endingSettledCash"))
        currency = _required(fields, "currency")
        amount = ending if ending is not None else settled
        if currency == "BASE_SUMMARY" or amount is None:
            self.tables.other(row_no, "CashReportCurrency", fields)
            return
        shared = {
            "source_account": self.account_of(fields),
            "as_of_date": self.dated(fields, "toDate"),
            "currency": currency,
        }
        self.tables.add(CashBalances, row_no, **shared, bucket=CashBucket.CORE, amount_ccy=amount)
        unsettled = total((ending, opposite(settled))) if ending is not None and settled is not None else None
        if unsettled is not None and not is_zero(unsettled):
            self.tables.add(CashBalances, row_no, **shared, bucket=CashBucket.UNSETTLED, amount_ccy=unsettled)

    def trade(self, row_no: int, fields: Fields) -> None:
        """Add a trade: executions, or orders where the statement has no executions; summaries are other rows."""
        level = fields.get("levelOfDetail", "EXECUTION").upper()
        if level == "CLOSED_LOT":
            self.closed_lot(row_no, fields)
            return
        if level not in ("EXECUTION", "ORDER"):
            self.tables.other(row_no, "Trade", fields)
            return
        action = " ".join(
            fields[name] for name in ("transactionType", "buySell", "openCloseIndicator") if name in fields
        )
        costs = total(number(name, fields.get(name)) for name in ("ibCommission", "taxes"))
        foreign = fields.get("ibCommissionCurrency", fields.get("currency")) != fields.get("currency")
        if foreign and costs is not None and not is_zero(costs):
            self.notes.append("commissions in another currency than their trade's are left out")
        values = self.identity(fields) | {
            "source_transaction_id": fields.get("transactionID") or fields.get("tradeID"),
            "trade_date": self.dated(fields, "tradeDate", "dateTime"),
            "settle_date": date("settleDateTarget", fields.get("settleDateTarget")),
            "transaction_type": trade_type(fields),
            "raw_action": action or "Trade",
            "traded_qty": number("quantity", _required(fields, "quantity")),
            "price_ccy": number("tradePrice", fields.get("tradePrice")),
            "fees_ccy": None if foreign else opposite(costs),
            "net_cash_ccy": number("netCash", fields.get("netCash")),
        }
        self._require_as_of()
        if level == "ORDER":
            self._orders.append((row_no, fields, values))
            return
        self._has_executions = True
        if fields.get("transactionType") == "BookTrade":
            self._booked.append((row_no, fields, values))
        else:
            self.tables.add(Transactions, row_no, **values)

    def closed_lot(self, row_no: int, fields: Fields) -> None:
        """Add a closed lot; proceeds are cost plus gain where IBKR sends none (long lots only)."""
        qty = number("quantity", _required(fields, "quantity"))
        cost = number("cost", fields.get("cost"))
        gain = number("fifoPnlRealized", fields.get("fifoPnlRealized"))
        proceeds = number("proceeds", fields.get("proceeds"))
        if proceeds is None and cost is not None and gain is not None and fields.get("buySell") == "SELL":
            proceeds = total((cost, gain))
        is_long = is_long_term(fields.get("notes") or fields.get("code"))
        self.tables.add(
            RealizedLots,
            row_no,
            **self.identity(fields)
            | {
                "opened_date": date("openDateTime", fields.get("openDateTime")),
                "closed_date": self.dated(fields, "tradeDate", "dateTime", "reportDate"),
                "closed_qty": qty.lstrip("+-") if qty else None,
                "proceeds_ccy": proceeds,
                "cost_ccy": cost,
                "short_term_gain_ccy": gain if is_long is False else None,
                "long_term_gain_ccy": gain if is_long else None,
            },
        )

    def cash_transaction(self, row_no: int, fields: Fields) -> None:
        """Add a cash transaction on the day the books show it; payments lose their free text, it names people."""
        if fields.get("levelOfDetail", "DETAIL").upper() != "DETAIL":
            self.tables.other(row_no, "CashTransaction", fields)
            return
        amount = number("amount", _required(fields, "amount"))
        raw = fields.get("type", "CashTransaction")
        kind = CASH_TYPES.get(raw, TransactionType.OTHER)
        if raw.startswith("Deposits"):
            kind = TransactionType.WITHDRAWAL if str(amount).startswith("-") else TransactionType.DEPOSIT
        if kind is TransactionType.DIVIDEND and "return of capital" in fields.get("description", "").lower():
            kind = TransactionType.RETURN_OF_CAPITAL
        values = self.identity(fields)
        if "conid" not in fields and "symbol" not in fields:
            values["description"] = None
        self._add_transaction(row_no, fields, values, kind, raw, net_cash_ccy=amount)

    def corporate_action(self, row_no: int, fields: Fields) -> None:
        """Add one leg of a corporate action on the day the books show it (`dateTime` is the evening before)."""
        if fields.get("levelOfDetail", "DETAIL").upper() != "DETAIL":
            self.tables.other(row_no, "CorporateAction", fields)
            return
        raw = fields.get("type", "CorporateAction")
        kind = ACTION_TYPES.get(raw, TransactionType.OTHER)
        qty = number("quantity", fields.get("quantity"))
        cash = number("proceeds", fields.get("proceeds"))
        self._add_transaction(row_no, fields, self.identity(fields), kind, raw, traded_qty=qty, net_cash_ccy=cash)

    def transfer(self, row_no: int, fields: Fields) -> None:
        """Add a transfer of units or cash; what goes out is negative, whichever sign IBKR gives."""
        is_out = fields.get("direction", "").upper() == "OUT"
        kind = TransactionType.TRANSFER_OUT if is_out else TransactionType.TRANSFER_IN
        qty = number("quantity", fields.get("quantity"))
        cash = number("cashTransfer", fields.get("cashTransfer"))
        values = self.identity(fields) | ({} if "conid" in fields else {"description": None})
        if is_out:
            qty = opposite(qty) if qty and not qty.startswith("-") else qty
            cash = opposite(cash) if cash and not cash.startswith("-") and not is_zero(cash) else cash
        raw = " ".join(filter(None, ("Transfer", fields.get("type"), fields.get("direction"))))
        self._add_transaction(row_no, fields, values, kind, raw, traded_qty=qty, net_cash_ccy=cash)

    def option_event(self, row_no: int, fields: Fields) -> None:
        """Keep an exercise, assignment or expiry until the statement's end tells whether a trade booked it."""
        raw = fields.get("transactionType", "OptionEAE")
        values = self.identity(fields) | {
            "source_transaction_id": fields.get("tradeID"),
            "trade_date": self.dated(fields, "date"),
            "transaction_type": OPTION_EVENTS.get(raw, TransactionType.OTHER),
            "raw_action": raw,
            "traded_qty": number("quantity", _required(fields, "quantity")),
        }
        self._require_as_of()
        self._events.append((row_no, fields, values))

    def security(self, row_no: int, fields: Fields) -> None:
        """Add a security as IBKR describes it."""
        self.tables.add(
            SecurityTexts,
            row_no,
            symbol=fields.get("symbol"),
            cusip=fields.get("cusip"),
            isin=fields.get("isin"),
            native_id=fields.get("conid"),
            description=fields.get("description"),
            asset_type=asset_type(fields),
            currency=fields.get("currency"),
            multiplier=number("multiplier", fields.get("multiplier")),
        )

    def _add_transaction(
        self,
        row_no: int,
        fields: Fields,
        values: dict[str, object],
        kind: TransactionType,
        raw_action: str,
        **amounts: str | None,
    ) -> None:
        self._require_as_of()
        values |= {
            "source_transaction_id": fields.get("transactionID"),
            "trade_date": self.dated(fields, "reportDate", "date", "dateTime"),
            "settle_date": date("settleDate", fields.get("settleDate")),
            "transaction_type": kind,
            "raw_action": raw_action,
        }
        self.tables.add(Transactions, row_no, **(values | amounts))

    def _require_as_of(self) -> None:
        if self.to_date is None:
            raise BadField("toDate", "the statement does not say up to which day it runs")


SECTIONS: dict[str, Callable[[Statement, int, Fields], None]] = {
    "AccountInformation": Statement.information,
    "OpenPosition": Statement.open_position,
    "ConversionRate": Statement.conversion_rate,
    "CashReportCurrency": Statement.cash,
    "Trade": Statement.trade,
    "Order": Statement.trade,
    "Lot": Statement.closed_lot,
    "CashTransaction": Statement.cash_transaction,
    "CorporateAction": Statement.corporate_action,
    "Transfer": Statement.transfer,
    "OptionEAE": Statement.option_event,
    "SecurityInfo": Statement.security,
}
"""Element name to what takes it; every other element is kept as other row."""


def _required(fields: Fields, name: str) -> str:
    if name not in fields:
        raise BadField(name, "missing")
    return fields[name]
