"""OFX's codes in our vocabulary, and its dates and numbers."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from data_contracts.vocab import AssetType, TransactionType
from evenkeel.adapters.custodians import records
from evenkeel.adapters.custodians.ofx_tags import Aggregate
from evenkeel.adapters.custodians.records import BadField

EASTERN = ZoneInfo("America/New_York")

_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.\d*)?)?)?\s*(?:\[([^\]]*)\]?)?", re.ASCII)
_ZONE = re.compile(r"\s*([+-]?\d{1,2}(?:\.\d+)?)?\s*[-+]?\s*(?::\s*([A-Za-z]*))?\s*", re.ASCII)
_ZONE_HOURS = {
    **{"GMT": 0, "UTC": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"AKST": -9, "AKDT": -8, "HST": -10},
}

ASSET_TYPES = {
    "STOCK": AssetType.STOCK,
    "MF": AssetType.MUTUAL_FUND,
    "DEBT": AssetType.BOND,
    "OPT": AssetType.OPTION,
    "OTHER": AssetType.OTHER,
}

_BANK_TYPES = {
    "INT": TransactionType.INTEREST,
    "DIV": TransactionType.DIVIDEND,
    "FEE": TransactionType.FEE,
    "SRVCHG": TransactionType.FEE,
    "DEP": TransactionType.DEPOSIT,
    "DIRECTDEP": TransactionType.DEPOSIT,
    **dict.fromkeys(
        ("ATM", "POS", "CHECK", "PAYMENT", "CASH", "DIRECTDEBIT", "REPEATPMT"),
        TransactionType.WITHDRAWAL,
    ),
}

_INCOME_TYPES = {
    "CGLONG": TransactionType.CAPITAL_GAIN,
    "CGSHORT": TransactionType.CAPITAL_GAIN,
    "DIV": TransactionType.DIVIDEND,
    "INTEREST": TransactionType.INTEREST,
}

_SUBTYPES = {
    "BUYTOOPEN": TransactionType.BUY_TO_OPEN,
    "BUYTOCLOSE": TransactionType.BUY_TO_CLOSE,
    "BUYTOCOVER": TransactionType.BUY_TO_CLOSE,
    "SELLTOOPEN": TransactionType.SELL_TO_OPEN,
    "SELLTOCLOSE": TransactionType.SELL_TO_CLOSE,
    "SELLSHORT": TransactionType.SELL_TO_OPEN,
}

_PLAIN_TYPES = {
    "REINVEST": TransactionType.REINVEST,
    "INVEXPENSE": TransactionType.FEE,
    "SPLIT": TransactionType.SPLIT,
    "RETOFCAP": TransactionType.RETURN_OF_CAPITAL,
    "JRNLFUND": TransactionType.JOURNAL,
    "JRNLSEC": TransactionType.JOURNAL,
    "MARGININTEREST": TransactionType.INTEREST,
}

_SUBTYPE_TAGS = ("BUYTYPE", "SELLTYPE", "OPTBUYTYPE", "OPTSELLTYPE", "INCOMETYPE", "TFERACTION", "TRNTYPE", "OPTACTION")

TRANSACTIONS = frozenset(
    [f"{side}{kind}" for side in ("BUY", "SELL") for kind in ASSET_TYPES]
    + ["INCOME", "TRANSFER", "INVBANKTRAN", "CLOSUREOPT", *_PLAIN_TYPES]
)
"""Tags of the investment transactions of OFX."""


def transaction_type(record: Aggregate, amount: str | None) -> tuple[TransactionType, str]:
    """Return what an investment transaction did, and the source's own words for it."""
    subtype = next((text for tag in _SUBTYPE_TAGS if (text := record.find(tag)) is not None), "").upper()
    raw_action = f"{record.tag} {subtype}".strip()
    is_out = amount is not None and amount.startswith("-")
    if record.tag in _PLAIN_TYPES:
        return _PLAIN_TYPES[record.tag], raw_action
    if record.tag == "INCOME":
        return _INCOME_TYPES.get(subtype, TransactionType.OTHER), raw_action
    if record.tag == "TRANSFER":
        return TransactionType.TRANSFER_OUT if subtype == "OUT" else TransactionType.TRANSFER_IN, raw_action
    if record.tag == "CLOSUREOPT":
        return TransactionType.EXPIRED if subtype == "EXPIRE" else TransactionType.EXERCISE, raw_action
    if record.tag == "INVBANKTRAN":
        if subtype == "XFER":
            return TransactionType.TRANSFER_OUT if is_out else TransactionType.TRANSFER_IN, raw_action
        return _BANK_TYPES.get(subtype, TransactionType.OTHER), raw_action
    plain = TransactionType.BUY if record.tag.startswith("BUY") else TransactionType.SELL
    return _SUBTYPES.get(subtype, plain), raw_action


def number(field: str, text: str | None) -> str | None:
    """Return an OFX number's text with a decimal point; the comma is as good as a point (OFX 3.2.9.1).

    Raises:
        BadField: It is not a number.
    """
    if text is not None and "," in text and "." not in text:
        text = text.replace(",", ".", 1)
    return records.number(field, text)


@lru_cache(maxsize=8192)
def eastern(field: str, text: str | None) -> tuple[dt.date, dt.time | None] | None:
    """Return date and wall-clock time in New York, None where the source is silent.

    A stamp of exactly midnight, whatever its zone, is a date without a time. A stamp without a zone is in GMT (OFX
    3.2.8.2). Where zone number and name disagree the number counts; a zone without number counts by its name, an
    unknown one is New York's.

    Raises:
        BadField: It is not an OFX date.
    """
    if text is None or not text.strip():
        return None
    match = _STAMP.fullmatch(text.strip())
    if match is None or not "1900" <= match[1] < "2200":
        raise BadField(field, "not a date")
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    try:
        moment = dt.datetime(int(match[1]), int(match[2]), int(match[3]), hour, minute, second)
    except ValueError as error:
        raise BadField(field, "not a date") from error
    if moment.time() == dt.time(0):
        return moment.date(), None
    local = moment.replace(tzinfo=_zone(match[7])).astimezone(EASTERN)
    time = local.time()
    return local.date(), None if time == dt.time(0) else time


def date(field: str, text: str | None) -> dt.date | None:
    """Return the date in New York, None where the source is silent.

    Raises:
        BadField: It is not an OFX date.
    """
    stamp = eastern(field, text)
    return stamp[0] if stamp else None


def _zone(text: str | None) -> dt.tzinfo:
    if text is None:
        return dt.UTC
    match = _ZONE.fullmatch(text)
    if match is None:
        return EASTERN
    if match[1] and abs(float(match[1])) <= 14:
        return dt.timezone(dt.timedelta(hours=float(match[1])))
    hours = _ZONE_HOURS.get((match[2] or "").upper())
    return EASTERN if hours is None else dt.timezone(dt.timedelta(hours=hours))
