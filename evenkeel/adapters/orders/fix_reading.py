"""What custodians answer in FIX 4.4: ExecutionReports (8) as fills and states. What cannot be read is told, never dropped.

ExecType F is a trade, H takes one back (busted), G corrects one; both name it in `19 ExecRefID`. All other types bring a state only.
A report that comes twice brings the same execution twice; `evenkeel.orders.fills` counts it once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

from data_contracts.vocab import BlockState, FillStatus
from evenkeel.adapters.orders.fix_checking import FixFields, check_message
from evenkeel.adapters.orders.fix_dictionary import fix44
from evenkeel.calendar import EASTERN
from evenkeel.ports.orders import Fill, OrderAnswers, OrderNews

_MESSAGE = re.compile(rb"8=FIX(?:(?!8=FIX[^\x01]*\x019=).)*?\x0110=[^\x01]*\x01", re.DOTALL)
"""A message; one that was cut off ends where the next one begins, and does not take it along."""
_BREAKS = re.compile(rb"[\r\n]*")
_REFUSALS = {
    "3": "Reject",
    "9": "OrderCancelReject",
    "j": "BusinessMessageReject",
}
"""Message types by which a receiver says that it did not take what we sent."""
_KINDS = {"F": FillStatus.GOOD, "H": FillStatus.BROKEN, "G": FillStatus.CORRECTED}
_STATES = {
    "0": BlockState.SENT,
    "1": BlockState.PARTLY_FILLED,
    "2": BlockState.FILLED,
    "4": BlockState.CANCELLED,
    "8": BlockState.REJECTED,
    "C": BlockState.CANCELLED,  # expired: the day is over
}


def split_messages(data: bytes) -> list[bytes]:
    """Return the messages of a file, one after the other, with or without line breaks between; what is between them stands alone."""
    parts: list[bytes] = []
    end = 0
    for found in _MESSAGE.finditer(data):
        between = data[end : found.start()]
        if not _BREAKS.fullmatch(between):
            parts.append(between)
        parts.append(found.group())
        end = found.end()
    rest = data[end:]
    return parts if _BREAKS.fullmatch(rest) else [*parts, rest]


def read_fix_answers(data: bytes) -> OrderAnswers:
    """Return what a file of messages says of our orders; refusals are told, messages of other types are passed over."""
    news: list[OrderNews] = []
    problems: list[str] = []
    for place, raw in enumerate(split_messages(data), start=1):
        checked = check_message(raw, fix44())
        if checked.problems:
            problems.append(f"message {place}: {checked.problems[0].text}")
        elif checked.message_type in _REFUSALS:
            name = _REFUSALS[checked.message_type]
            problems.append(f"message {place}: the receiver refuses what it was sent ({name}); see its 58 Text")
        elif checked.message_type == "8":
            wrong = list(_wrong(checked.fields))
            if wrong:
                problems.append(f"message {place}: {wrong[0]}")
            else:
                news.append(_news(checked.fields))
    return OrderAnswers(news, problems)


def _wrong(fields: FixFields) -> Iterator[str]:
    """Yield what an ExecutionReport must have for us to take it, beyond the dictionary."""
    if fields.get(11) is None:
        yield "tag 11 ClOrdID is missing, so that nobody knows whose order it is"
    kind = fields.get(150)
    if kind in ("F", "G"):
        for tag, name in ((32, "LastQty"), (31, "LastPx")):
            if Decimal(fields.get(tag) or 0) <= 0:
                yield f"tag {tag} {name} of a trade must be above 0"
    if kind in ("G", "H") and fields.get(19) is None:
        yield "tag 19 ExecRefID is missing, so that nobody knows which trade it changes"


def _news(fields: FixFields) -> OrderNews:
    order_id, text = fields.get(11) or "", fields.get(58) or ""
    said_at = _instant(fields.get(60) or fields.get(52) or "")
    # A report that only answers a question of ours (I) or tells of a pending change brings the state it names, if we have one for it.
    state = _STATES.get(fields.get(39) or "")
    told = Decimal(fields.get(14) or 0)
    kind = _KINDS.get(fields.get(150) or "")
    if kind is None:
        return OrderNews(order_id, state, None, text, said_at, told)
    day = fields.get(75)
    fill = Fill(
        order_id,
        fields.get(17) or "",
        Decimal(fields.get(32) or 0),
        Decimal(fields.get(31) or 0),
        said_at,
        dt.datetime.strptime(day, "%Y%m%d").date() if day else said_at.astimezone(EASTERN).date(),
        kind,
        fields.get(19) if kind != FillStatus.GOOD else None,
    )
    return OrderNews(order_id, state, fill, text, said_at, told)


def _instant(text: str) -> dt.datetime:
    form = "%Y%m%d-%H:%M:%S.%f" if "." in text else "%Y%m%d-%H:%M:%S"
    # FIX allows a leap second; a clock here has none.
    return dt.datetime.strptime(text.replace(":60", ":59"), form).replace(tzinfo=dt.UTC)
