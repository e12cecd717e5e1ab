"""Fills from a CSV file, columns found by their headers: any order, unknown columns passed over, no position counted on.

Required are order id, quantity and price. Without an execution id one is made from what the row says and its ordinal among rows that
say the same: two such rows are two executions, and the same file read again brings the same ids. Times without a zone are Eastern; a row
that has only a date was done at that session's close. What cannot be read is told with its line, and the rest is read.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from data_contracts.vocab import FillStatus
from evenkeel import calendar
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.ports.orders import Fill, OrderAnswers, OrderNews

ALIASES: Mapping[str, tuple[str, ...]] = {
    "order_id": ("orderid", "clientorderid", "clordid", "clientorder", "orderref", "orderreference", "ourorderid"),
    "execution_id": ("executionid", "execid", "fillid", "tradeid", "executionref", "executionreference"),
    "quantity": (
        "quantity",
        "qty",
        "filledqty",
        "filledquantity",
        "fillqty",
        "fillquantity",
        "lastqty",
        "lastshares",
        "shares",
        "units",
    ),
    "price": ("price", "fillprice", "lastpx", "lastprice", "executionprice", "execprice", "tradeprice"),
    "time": (
        "time",
        "filledat",
        "filltime",
        "transacttime",
        "executiontime",
        "exectime",
        "tradetime",
        "datetime",
        "timestamp",
    ),
    "date": ("date", "tradedate", "filldate", "executiondate"),
    "status": ("status", "exectype", "executiontype", "fillstatus"),
    "refers_to": ("refersto", "referstoid", "execrefid", "originalexecutionid", "refexecutionid"),
}
"""Headers by what they mean, without blanks and marks, in lower case."""

_STATUSES = {
    "": FillStatus.GOOD,
    **dict.fromkeys(
        ("good", "fill", "filled", "trade", "new", "executed", "f", "partial", "partial fill"), FillStatus.GOOD
    ),
    **dict.fromkeys(("broken", "bust", "busted", "cancel", "cancelled", "canceled", "h"), FillStatus.BROKEN),
    **dict.fromkeys(("corrected", "correct", "correction", "g"), FillStatus.CORRECTED),
}
_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")
_TIME_FORMS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d %H:%M:%S", "%m/%d/%Y %H:%M")
_NUMBER = re.compile(r"^\$?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?$")


def read_fills_csv(data: bytes) -> OrderAnswers:
    """Return the fills of a file, and what could not be read.

    Raises:
        UsageError: It is no text in UTF-8, or has no header with order id, quantity, price, and a time or a date.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the file of fills is no UTF-8 text (byte {error.start}); save it as CSV UTF-8") from error
    # Strict: a quote that is never closed would take all rows after it into one cell.
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
    except csv.Error as error:
        raise UsageError(f"the file of fills has a header that is no CSV ({error}); save it as CSV UTF-8") from error
    columns = _columns(header)
    news: list[OrderNews] = []
    problems: list[str] = []
    seen: Counter[str] = Counter()
    while True:
        first = rows.line_num + 1
        try:
            row = next(rows)
            if not any(cell.strip() for cell in row):
                continue
            if any(cell.strip() for cell in row[len(header) :]):
                raise _Unreadable("it has more cells than the header; put figures with commas in quotes")
            cells = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
            fill = _fill(cells, seen)
        except StopIteration:
            return OrderAnswers(news, problems)
        except csv.Error as error:
            upto = f"lines {first} to {rows.line_num}" if rows.line_num > first else f"line {first}"
            problems.append(f"{upto}: no CSV ({error}); none of it is taken")
            continue
        except _Unreadable as error:
            problems.append(f"line {rows.line_num}: {error}")
            continue
        news.append(OrderNews(fill.order_id, None, fill))


class _Unreadable(ValueError):
    """A row that cannot be taken, and why."""


def _columns(header: list[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    found = {
        meaning: next((plain.index(alias) for alias in aliases if alias in plain), None)
        for meaning, aliases in ALIASES.items()
    }
    missing = [name for name in ("order_id", "quantity", "price") if found[name] is None]
    if found["time"] is None and found["date"] is None:
        missing.append("time or date")
    if missing:
        raise UsageError(
            f"the file of fills has no column for {', '.join(missing)}; docs/orders.md lists the headers that are known"
        )
    return {name: place for name, place in found.items() if place is not None}


def _fill(cells: Mapping[str, str], seen: Counter[str]) -> Fill:
    """Return the fill of a row; `seen` counts rows that say the same, whatever their other columns have."""
    status = _STATUSES.get(cells.get("status", "").lower())
    if status is None:
        raise _Unreadable("its status is none of a fill's; write good, broken or corrected")
    refers_to = cells.get("refers_to") or None
    if status != FillStatus.GOOD and refers_to is None:
        raise _Unreadable(f"it is {status} and does not say which execution it changes")
    if not cells["order_id"]:
        raise _Unreadable("it has no order id")
    if status == FillStatus.BROKEN:
        quantity, price = _number(cells["quantity"] or "0"), _number(cells["price"] or "0")
    else:
        quantity, price = _number(cells["quantity"]), _number(cells["price"])
        if quantity <= 0 or price <= 0:
            raise _Unreadable("quantity and price must be above 0")
    trade_date, filled_at = _when(cells.get("time", ""), cells.get("date", ""))
    says = (cells["order_id"], quantity, price, filled_at.isoformat(), status, refers_to)
    same = stable_id("same", *says)
    seen[same] += 1
    made = stable_id("exec", *says, seen[same])
    return Fill(
        cells["order_id"],
        cells.get("execution_id") or made,
        quantity,
        price,
        filled_at,
        trade_date,
        status,
        refers_to if status != FillStatus.GOOD else None,
    )


def _number(text: str) -> Decimal:
    if not _NUMBER.match(text) or not any(character.isdigit() for character in text):
        raise _Unreadable("quantity or price is no plain number")
    try:
        return Decimal(text.replace(",", "").replace("$", ""))
    except InvalidOperation as error:
        raise _Unreadable("quantity or price is no plain number") from error


def _when(time: str, date: str) -> tuple[dt.date, dt.datetime]:
    day = _date(date) if date else None
    if not time:
        if day is None:
            raise _Unreadable("it has neither time nor date")
        if not (calendar.FIRST_DATE <= day <= calendar.LAST_DATE and calendar.is_session(day)):
            raise _Unreadable("its date is no exchange session")
        return day, calendar.session_close(day)
    at = _instant(time if day is None or not re.fullmatch(r"[\d:. APMapm]+", time) else f"{day.isoformat()} {time}")
    return day or at.astimezone(calendar.EASTERN).date(), at


def _date(text: str) -> dt.date:
    for form in _FORMS:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _Unreadable("its date is in no form that is known; write YYYY-MM-DD")


def _instant(text: str) -> dt.datetime:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        at = _formed(text)
    if not calendar.FIRST_DATE <= at.date() <= calendar.LAST_DATE:
        raise _Unreadable("its time is in a year of no exchange session")
    return (at if at.tzinfo else at.replace(tzinfo=calendar.EASTERN)).astimezone(dt.UTC)


def _formed(text: str) -> dt.datetime:
    for form in _TIME_FORMS:
        try:
            return dt.datetime.strptime(text, form)
        except ValueError:
            continue
    raise _Unreadable("its time is in no form that is known; write 2026-03-04T09:46:30-05:00")
