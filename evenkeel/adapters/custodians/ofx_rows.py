"""What the records of an OFX file mean.

Reading tags belongs in `ofx_tags`, code tables in `ofx_codes`.
"""

from __future__ import annotations

import datetime as dt
import re

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.other_rows import OtherRows
from data_contracts.positions import Positions
from data_contracts.security_texts import SecurityTexts
from data_contracts.transactions import Transactions
from data_contracts.vocab import CashBucket, SubAccount, TotalKind, TransactionType
from evenkeel.adapters.custodians.ofx_codes import ASSET_TYPES, TRANSACTIONS, date, eastern, number, transaction_type
from evenkeel.adapters.custodians.ofx_tags import Aggregate
from evenkeel.adapters.custodians.records import (
    BadField,
    RecordTables,
    is_personal,
    is_zero,
    mask,
    negative,
    opposite,
    total,
)

FILLS: tuple[type[Contract], ...] = (
    Positions,
    CashBalances,
    Transactions,
    SecurityTexts,
    ControlTotals,
    OtherRows,
)

SECURITY_KEY = "_security_key"
"""Extra column: type and text of the unique id, by which rows find their security in the file's list."""

_STRUCTURAL = frozenset(["SONRS", "STATUS", "INVACCTFROM", "BANKACCTFROM", "CCACCTFROM"])
_FREE_TEXT = frozenset(["MEMO", "NAME", "EXTDNAME", "CHECKNUM", "REFNUM"])
_COSTS = ("COMMISSION", "FEES", "TAXES", "LOAD")
_NO_NET_CASH = frozenset(["REINVEST", "JRNLFUND", "JRNLSEC", "TRANSFER"])


class Statement:
    """One account's investment statement."""

    def __init__(self, aggregate: Aggregate) -> None:
        self.aggregate = aggregate
        self.account = ""
        self.has_cash = False
        self.waiting: list[tuple[int, Aggregate]] = []
        self.plan_balances: list[tuple[int, Aggregate]] = []

    @property
    def is_known(self) -> bool:
        """Whether account, date and currency have been read: records before that wait."""
        return bool(self.account) and "DTASOF" in self.aggregate.fields and "CURDEF" in self.aggregate.fields

    @property
    def as_of(self) -> tuple[dt.date, dt.time | None] | None:
        """Date and time of the statement in New York, None where it states none that can be read."""
        try:
            return eastern("DTASOF", self.aggregate.fields.get("DTASOF"))
        except BadField:
            return None

    def base(self, record: Aggregate) -> dict[str, object]:
        """Return what every row starts from.

        Raises:
            BadField: The statement has no date or no currency.
        """
        stamp = eastern("DTASOF", self.aggregate.fields.get("DTASOF"))
        if stamp is None:
            raise BadField("DTASOF", "the statement has no date")
        own = next((child for child in _descendants(record) if child.tag == "CURRENCY"), None)
        currency = (own.fields.get("CURSYM") if own else None) or self.aggregate.fields.get("CURDEF")
        if not currency:
            raise BadField("CURDEF", "the statement has no currency")
        return {
            "source_account": self.account,
            "as_of_date": stamp[0],
            "as_of_time": stamp[1],
            "currency": currency.upper(),
        }


class Records:
    """Takes the records of a file in document order and puts them into tables."""

    def __init__(self, tables: RecordTables) -> None:
        self.tables = tables
        self.statements: list[Statement] = []
        self.errors: list[str] = []
        self._open: Statement | None = None
        self._bond_count = 0

    def notes(self) -> tuple[str, ...]:
        """Return what a person should know about the file."""
        bonds = (f"{self._bond_count} bond positions: price per hundred of face value",) if self._bond_count else ()
        return (*(f"status {error}" for error in self.errors), *bonds)

    def record(self, record: Aggregate, holders: list[Aggregate]) -> None:
        """Take a record; it waits where its statement has not yet said whose it is."""
        row_no = self.tables.next_row()
        holder = next((one for one in reversed(holders) if one.tag == "INVSTMTRS"), None)
        if holder is not None and (self._open is None or self._open.aggregate is not holder):
            self._open = Statement(holder)
            self.statements.append(self._open)
        if record.tag in _STRUCTURAL:
            self.tables.structural()
            self._structural(record)
        elif holder is None:
            self._outside(row_no, record, holders[-1].tag)
        elif self._open is not None and self._open.is_known:
            self._take(self._open, row_no, record)
        elif self._open is not None:
            self._open.waiting.append((row_no, record))

    def closed(self, holder: Aggregate) -> None:
        """Finish a statement at its end."""
        statement = self._open
        if holder.tag != "INVSTMTRS" or statement is None or statement.aggregate is not holder:
            return
        for row_no, record in statement.waiting:
            self._take(statement, row_no, record)
        statement.waiting.clear()
        for row_no, record in statement.plan_balances:
            try:
                self._plan_balance(statement, row_no, record)
            except BadField as error:
                self.tables.reject(row_no, error, _as_text(record, statement.account))
        self._open = None

    def _structural(self, record: Aggregate) -> None:
        if record.tag == "INVACCTFROM" and self._open is not None:
            self._open.account = record.fields.get("ACCTID", "")
        status = record if record.tag == "STATUS" else record.child("STATUS")
        if status is not None and status.fields.get("SEVERITY", "").upper() == "ERROR":
            self.errors.append(status.fields.get("CODE", "?")[:10])

    def _outside(self, row_no: int, record: Aggregate, holder_tag: str) -> None:
        kind = record.tag.removesuffix("INFO")
        if holder_tag != "SECLIST" or kind == record.tag:
            self.tables.other(row_no, record.tag, _tree(record, ""))
            return
        try:
            key, identity = _security(record)
            self.tables.add(
                SecurityTexts,
                row_no,
                **identity
                | {
                    "symbol": record.find("TICKER") or identity.get("symbol"),
                    "native_id": record.find("FIID") or identity.get("native_id"),
                    "description": record.find("SECNAME"),
                    "asset_type": ASSET_TYPES.get(kind),
                    "currency": record.find("CURSYM"),
                    "price_ccy": number("UNITPRICE", record.find("UNITPRICE")),
                    "multiplier": number("SHPERCTRCT", record.find("SHPERCTRCT")),
                    SECURITY_KEY: key,
                },
            )
        except BadField as error:
            self.tables.reject(row_no, error, _as_text(record, ""))

    def _take(self, statement: Statement, row_no: int, record: Aggregate) -> None:
        try:
            if record.tag.startswith("POS") and record.tag[3:] in ASSET_TYPES:
                self._position(statement, row_no, record)
            elif record.tag in TRANSACTIONS:
                self._transaction(statement, row_no, record)
            elif record.tag == "INVBAL":
                self._balance(statement, row_no, record)
            elif record.tag == "INV401KBAL":
                statement.plan_balances.append((row_no, record))
            else:
                self.tables.other(row_no, record.tag, _tree(record, statement.account))
        except BadField as error:
            self.tables.reject(row_no, error, _as_text(record, statement.account))

    def _position(self, statement: Statement, row_no: int, record: Aggregate) -> None:
        key, identity = _security(record)
        qty = number("UNITS", record.find("UNITS"))
        if qty is None:
            raise BadField("UNITS", "missing")
        value = number("MKTVAL", record.find("MKTVAL"))
        is_short = (record.find("POSTYPE") or "").upper() == "SHORT"
        held_in = (record.find("HELDINACCT") or "CASH").lower()
        self.tables.add(
            Positions,
            row_no,
            **statement.base(record)
            | identity
            | {
                "sub_account": held_in if held_in in list(SubAccount) else SubAccount.OTHER,
                "asset_type": ASSET_TYPES[record.tag[3:]],
                "held_qty": negative(qty) if is_short else qty,
                "price_ccy": number("UNITPRICE", record.find("UNITPRICE")),
                "price_date": date("DTPRICEASOF", record.find("DTPRICEASOF")),
                "value_ccy": negative(value) if is_short else value,
                SECURITY_KEY: key,
            },
        )
        self._bond_count += record.tag == "POSDEBT"

    def _transaction(self, statement: Statement, row_no: int, record: Aggregate) -> None:
        traded = date("DTTRADE", record.find("DTTRADE")) or date("DTPOSTED", record.find("DTPOSTED"))
        if traded is None:
            raise BadField("DTTRADE", "missing")
        # A reinvestment, a journal and a transfer of units move no cash in the end, whatever amount they name.
        cash_tag = {"INVBANKTRAN": "TRNAMT", "SPLIT": "FRACCASH"}.get(record.tag, "TOTAL")
        cash = number(cash_tag, record.find(cash_tag))
        kind, raw_action = transaction_type(record, cash)
        costs = total(number(tag, record.find(tag)) for tag in _COSTS)
        key, identity = _security(record) if record.tag not in ("INVBANKTRAN", "JRNLFUND") else (None, {})
        if record.find("UNIQUEID") is None:
            key, identity = None, {}
        self.tables.add(
            Transactions,
            row_no,
            **statement.base(record)
            | identity
            | {
                "source_transaction_id": _unnamed(record.find("FITID"), statement.account),
                "trade_date": traded,
                "settle_date": date("DTSETTLE", record.find("DTSETTLE")),
                "transaction_type": kind,
                "raw_action": raw_action,
                "traded_qty": _traded_qty(record, kind),
                "price_ccy": number("UNITPRICE", record.find("UNITPRICE")),
                "fees_ccy": costs,
                "net_cash_ccy": None if record.tag in _NO_NET_CASH else cash,
                SECURITY_KEY: key,
            },
        )

    def _balance(self, statement: Statement, row_no: int, record: Aggregate) -> None:
        base = statement.base(record)
        buckets = (
            (CashBucket.CORE, "AVAILCASH"),
            (CashBucket.MARGIN, "MARGINBALANCE"),
            (CashBucket.SHORT, "SHORTBALANCE"),
        )
        amounts = [(bucket, number(tag, record.fields.get(tag))) for bucket, tag in buckets]
        kept = [
            (b, amount) for b, amount in amounts if amount is not None and (b is CashBucket.CORE or not is_zero(amount))
        ]
        for bucket, amount in kept:
            self.tables.add(CashBalances, row_no, **base, bucket=bucket, amount_ccy=amount)
            statement.has_cash = True
        if not kept:
            self.tables.other(row_no, record.tag, dict(record.fields))
        listed = record.child("BALLIST")
        for balance in listed.children if listed else ():
            # The name of a balance is the source's word for a figure, not a person's.
            named = {"BALANCE": balance.fields.get("NAME", ""), **balance.fields}
            self.tables.other(self.tables.next_row(), "BAL", named)

    def _plan_balance(self, statement: Statement, row_no: int, record: Aggregate) -> None:
        """Take a plan's balances; figures that are all zero say nothing, and are kept as other row."""
        figures = {tag: number(tag, text) for tag, text in record.fields.items()}
        says_nothing = all(is_zero(figure) or figure is None for figure in figures.values())
        base = statement.base(record)
        value, cash = figures.get("TOTAL"), figures.get("CASHBAL")
        is_kept = False
        if value is not None and not says_nothing:
            self.tables.add(
                ControlTotals,
                row_no,
                source_account=statement.account,
                total_kind=TotalKind.ACCOUNT_VALUE,
                currency=base["currency"],
                stated=value,
            )
            is_kept = True
        if cash is not None and not says_nothing and not statement.has_cash:
            self.tables.add(CashBalances, row_no, **base, bucket=CashBucket.CORE, amount_ccy=cash)
            is_kept = True
        if not is_kept:
            self.tables.other(row_no, record.tag, dict(record.fields))


def _traded_qty(record: Aggregate, kind: TransactionType) -> str | None:
    """Return units into (+) or out of (-) the account; a journal moves them inside it."""
    if record.tag == "SPLIT":
        old, new = (number(tag, record.find(tag)) for tag in ("OLDUNITS", "NEWUNITS"))
        return total((new, opposite(old))) if old is not None and new is not None else None
    if record.tag.startswith("JRNL"):
        return None
    qty = number("UNITS", record.find("UNITS"))
    if qty is None or is_zero(qty):
        return qty
    if record.tag.startswith("SELL") or kind is TransactionType.TRANSFER_OUT:
        return negative(qty)
    return qty


def _security(record: Aggregate) -> tuple[str | None, dict[str, object]]:
    unique_id = record.find("UNIQUEID")
    if unique_id is None:
        if record.tag in ("INVEXPENSE", "MARGININTEREST", "INVBANKTRAN", "JRNLFUND", "INCOME"):
            return None, {}
        raise BadField("UNIQUEID", "missing")
    id_type = (record.find("UNIQUEIDTYPE") or "").upper()
    column = {"CUSIP": "cusip", "ISIN": "isin", "TICKER": "symbol"}.get(id_type, "native_id")
    return f"{id_type}:{unique_id}", {column: unique_id}


def _descendants(record: Aggregate) -> list[Aggregate]:
    found = list(record.children)
    for child in record.children:
        found += _descendants(child)
    return found


def _unnamed(text: str | None, account: str) -> str | None:
    """Return the text without the account number, which some sources build into their ids."""
    if not text or len(account) < 4 or account not in text:
        return text
    return re.sub(rf"(?<![0-9A-Za-z]){re.escape(account)}(?![0-9A-Za-z])", mask(account), text)


def _tree(record: Aggregate, account: str) -> dict[str, object]:
    """Return fields and inner aggregates without free text, names, addresses and accounts."""
    fields: dict[str, object] = {
        tag: _unnamed(text, account)
        for tag, text in record.fields.items()
        if tag not in _FREE_TEXT and not is_personal(tag)
    }
    for child in record.children:
        if "ACCT" not in child.tag and child.tag not in ("PAYEE", "EXTDPAYEE"):
            fields.setdefault(child.tag, _tree(child, account))
    return fields


def _as_text(record: Aggregate, account: str) -> str:
    """Return the record as tags on one line, free text and account left out."""

    def tags(one: Aggregate) -> str:
        leaves = "".join(
            f"<{tag}>{_unnamed(text, account)}"
            for tag, text in one.fields.items()
            if tag not in _FREE_TEXT and not is_personal(tag)
        )
        inner = "".join(tags(child) for child in one.children if "ACCT" not in child.tag)
        return f"<{one.tag}>{leaves}{inner}</{one.tag}>"

    return tags(record)
