"""Interactive Brokers' Flex statement: one document a day with a statement for each account."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import polars as pl

from data_contracts.vocab import AssetType
from evenkeel.sandbox.draws import Ints
from evenkeel.sandbox.files.evening import Evening, written_as
from evenkeel.sandbox.files.text import NEWLINE, Lines, decimals, rows, same, taken
from evenkeel.sandbox.holdings import IS_BOND, accrued, money
from evenkeel.sandbox.moves import Kind
from evenkeel.sandbox.securities import INDEX, RENAMED, SECURITIES

_CATEGORIES = {
    AssetType.ETF: ("STK", "ETF"),
    AssetType.STOCK: ("STK", "COMMON"),
    AssetType.MUTUAL_FUND: ("FUND", ""),
    AssetType.BOND: ("BOND", "Municipal"),
    AssetType.PRIVATE: ("FUND", ""),
    AssetType.MONEY_MARKET: ("FUND", ""),
}
_CASH_TYPES = {
    Kind.DIVIDEND: "Dividends",
    Kind.INTEREST: "Broker Interest Received",
    Kind.DEPOSIT: "Deposits/Withdrawals",
    Kind.WITHDRAWAL: "Deposits/Withdrawals",
    Kind.FEE: "Advisor Fees",
}
_ACTION_TYPES = {
    Kind.SPLIT: ("FS", "SPLIT 2 FOR 1"),
    Kind.MERGER_OUT: ("TC", "CASH and STOCK MERGER (Acquisition)"),
    Kind.MERGER_IN: ("TC", "CASH and STOCK MERGER (Acquisition)"),
    Kind.RENAME_OUT: ("IC", "CUSIP/ISIN CHANGE"),
    Kind.RENAME_IN: ("IC", "CUSIP/ISIN CHANGE"),
}
_TRANSFERS = {Kind.TRANSFER_IN: "IN", Kind.TRANSFER_OUT: "OUT"}
(
    _OPEN, _CASH, _POSITIONS, _ROWS, _TRADES, _TRADE_ROWS, _MIDDLE, _CASH_ROWS, _LATE, _ACTIONS, _LAST, _TRANSFER_ROWS, _CLOSE,
) = range(13)  # fmt: skip


@cache
def _security_texts(tickers: tuple[str, ...]) -> list[str]:
    """Return the attributes that name a security, by place; a ticker given up goes by `.OLD`, and is the last."""
    every = [*SECURITIES, SECURITIES[INDEX[RENAMED]]]
    symbols = [*tickers[:-1], f"{tickers[-1]}.OLD"]
    return [
        f'assetCategory="{_CATEGORIES[s.asset_type][0]}" subCategory="{_CATEGORIES[s.asset_type][1]}" symbol="{symbol}" '
        f'description="{s.name.replace("&", "&amp;")}" conid="{s.conid}" securityID="{s.isin}" securityIDType="ISIN" '
        f'cusip="{s.cusip}" isin="{s.isin}" multiplier="1"'
        for s, symbol in zip(every, symbols, strict=True)
    ]


def name(date: dt.date) -> str:
    """Return the statement's name."""
    return f"Flex_Activity_{date:%Y%m%d}.xml"


def statement(evening: Evening) -> str:
    """Return the document."""
    accounts, day = evening.accounts, f"{evening.date:%Y%m%d}"
    numbers = [account.number for account in evening.practice.accounts]
    named = taken(numbers, accounts)
    count = len(accounts)
    lines = Lines()
    lines.add(
        accounts, _OPEN,
        _element([
            same('<FlexStatement accountId="', count), named,
            same(f'" fromDate="{day}" toDate="{day}" period="LastBusinessDay" whenGenerated="{day};203000">', count),
        ]),
    )  # fmt: skip
    cash = evening.day.cash[accounts]
    settled = cash - evening.day.unsettled[accounts]
    money_line = _element([
        same('<CashReport>\n<CashReportCurrency accountId="', count), named,
        same(f'" currency="USD" levelOfDetail="Currency" fromDate="{day}" toDate="{day}" endingCash="', count),
        decimals(cash, 2), same('" endingSettledCash="', count), decimals(settled, 2), same('" />\n</CashReport>', count),
    ])  # fmt: skip
    lines.add(accounts, _CASH, money_line)
    lines.add(accounts, _POSITIONS, same("<OpenPositions>", count))
    _open_positions(evening, lines, numbers, day)
    lines.add(accounts, _TRADES, same("</OpenPositions>\n<Trades>", count))
    _trades(evening, lines, numbers, day)
    lines.add(accounts, _MIDDLE, same("</Trades>\n<CashTransactions>", count))
    _cash_transactions(evening, lines, numbers, day)
    lines.add(accounts, _LATE, same("</CashTransactions>\n<CorporateActions>", count))
    _actions(evening, lines, numbers, day)
    lines.add(accounts, _LAST, same("</CorporateActions>\n<Transfers>", count))
    _transfers(evening, lines, numbers, day)
    lines.add(accounts, _CLOSE, same("</Transfers>\n</FlexStatement>", count))
    head = f'<FlexQueryResponse queryName="evenkeel" type="AF">\n<FlexStatements count="{count}">'
    return NEWLINE.join([head, lines.text(), "</FlexStatements>", "</FlexQueryResponse>", ""])


def _element(parts: list[pl.Series]) -> pl.Series:
    return rows(parts, "")


def _shared(tag: str, evening: Evening, numbers: list[str], account: Ints, security: Ints) -> list[pl.Series]:
    count = len(account)
    return [
        same(f'<{tag} accountId="', count), taken(numbers, account), same('" currency="USD" fxRateToBase="1" ', count),
        taken(_security_texts(tuple(evening.tickers)), security),
    ]  # fmt: skip


def _open_positions(evening: Evening, lines: Lines, numbers: list[str], day: str) -> None:
    held, lots = evening.holdings, evening.lots
    count = len(held.account)
    is_bond = IS_BOND[held.security]
    interest = decimals(accrued(held.qty, is_bond, evening.date), 2)
    earned = interest.zip_with(pl.Series(is_bond), same("", count))
    summary = _element([
        *_shared("OpenPosition", evening, numbers, held.account, held.security),
        same(f' reportDate="{day}" position="', count), decimals(held.qty, 4),
        same('" markPrice="', count), decimals(held.price, 4),
        same('" positionValue="', count), decimals(held.value, 2),
        same('" costBasisMoney="', count), decimals(held.cost, 2),
        same('" side="Long" levelOfDetail="SUMMARY" openDateTime="" accruedInt="', count), earned, same('" />', count),
    ])  # fmt: skip
    # A position's lots follow it: both are ranked by security, its lots after it by number.
    lines.add(held.account, _ROWS, summary, held.security << 32)
    price = evening.day.prices[lots.security]
    value = money(lots.qty, price, IS_BOND[lots.security])
    dates = {ordinal: f"{dt.date.fromordinal(ordinal):%Y%m%d}" for ordinal in np.unique(lots.opened).tolist()}
    places = {ordinal: place for place, ordinal in enumerate(dates)}
    opened = taken(
        list(dates.values()), np.array([places[ordinal] for ordinal in lots.opened.tolist()], dtype=np.int64)
    )
    terms = taken(["ST", "LT"], (evening.date.toordinal() - lots.opened > 366).astype(np.int64))
    count = len(lots.account)
    detail = _element([
        *_shared("OpenPosition", evening, numbers, lots.account, lots.security),
        same(f' reportDate="{day}" position="', count), decimals(lots.qty, 4),
        same('" markPrice="', count), decimals(price, 4),
        same('" positionValue="', count), decimals(value, 2),
        same('" costBasisMoney="', count), decimals(lots.cost, 2),
        same('" side="Long" levelOfDetail="LOT" openDateTime="', count), opened, same(';093000" holdingPeriodDateTime="', count),
        opened, same(';093000" code="', count), terms, same('" originatingTransactionID="', count),
        decimals(lots.number + 40_000_000_000, 0), same('" accruedInt="" />', count),
    ])  # fmt: skip
    lines.add(lots.account, _ROWS, detail, (lots.security << 32) + lots.number)


def _trades(evening: Evening, lines: Lines, numbers: list[str], day: str) -> None:
    moves = evening.moves
    chosen = np.isin(moves.kind, [int(Kind.BUY), int(Kind.SELL), int(Kind.REINVEST)])
    account, security, qty = moves.account[chosen], moves.security[chosen], moves.qty[chosen]
    count = len(account)
    if not count:
        return
    sides = taken(["SELL", "BUY"], (qty > 0).astype(np.int64))
    text = _element([
        *_shared("Trade", evening, numbers, account, security),
        same(' transactionType="ExchTrade" quantity="', count), decimals(qty, 4),
        same('" tradePrice="', count), decimals(moves.price[chosen], 4),
        same('" proceeds="', count), decimals(moves.cash[chosen] + moves.fees[chosen], 2),
        same('" taxes="0" ibCommission="', count), decimals(-moves.fees[chosen], 2),
        same('" ibCommissionCurrency="USD" netCash="', count), decimals(moves.cash[chosen], 2),
        same('" buySell="', count), sides,
        same(f'" tradeDate="{day}" dateTime="{day};100000" settleDateTarget="{evening.day.next_date:%Y%m%d}" reportDate="{day}" '
             'openCloseIndicator="', count),
        taken(["C", "O"], (qty > 0).astype(np.int64)),
        same('" levelOfDetail="EXECUTION" transactionID="', count), _ids(evening, np.flatnonzero(chosen)), same('" />', count),
    ])  # fmt: skip
    lines.add(account, _TRADE_ROWS, text)


def _cash_transactions(evening: Evening, lines: Lines, numbers: list[str], day: str) -> None:
    moves = evening.moves
    chosen = np.isin(moves.kind, [int(kind) for kind in _CASH_TYPES])
    account, kind = moves.account[chosen], moves.kind[chosen]
    count = len(account)
    if not count:
        return
    words = [_CASH_TYPES.get(each, "") for each in Kind]
    paid = [f"{text} " for text in _security_texts(tuple(evening.tickers))] + [""]
    security = np.where(moves.security[chosen] >= 0, moves.security[chosen], len(paid) - 1)
    text = _element([
        same('<CashTransaction accountId="', count), taken(numbers, account),
        same('" currency="USD" fxRateToBase="1" ', count), taken(paid, security),
        same(f'dateTime="{day};202000" settleDate="{day}" reportDate="{day}" amount="', count),
        decimals(moves.cash[chosen], 2), same('" type="', count), taken(words, kind),
        same('" levelOfDetail="DETAIL" transactionID="', count), _ids(evening, np.flatnonzero(chosen)), same('" />', count),
    ])  # fmt: skip
    lines.add(account, _CASH_ROWS, text)


def _actions(evening: Evening, lines: Lines, numbers: list[str], day: str) -> None:
    """Write corporate actions; a merger pays the fraction of a unit with the leg that goes out."""
    moves = evening.moves
    chosen = np.isin(moves.kind, [int(kind) for kind in _ACTION_TYPES])
    account, kind, cash = moves.account[chosen], moves.kind[chosen], moves.cash[chosen]
    count = len(account)
    if not count:
        return
    types, texts = ([_ACTION_TYPES.get(each, ("", ""))[place] for each in Kind] for place in (0, 1))
    text = _element([
        *_shared("CorporateAction", evening, numbers, account, written_as(moves)[0][chosen]),
        same(f' reportDate="{day}" dateTime="{day};202500" type="', count), taken(types, kind),
        same('" actionDescription="', count), taken(texts, kind),
        same('" quantity="', count), decimals(moves.qty[chosen], 4),
        same('" amount="', count), decimals(-cash, 2), same('" proceeds="', count), decimals(cash, 2),
        same('" value="0" levelOfDetail="DETAIL" transactionID="', count),
        _ids(evening, np.flatnonzero(chosen)), same('" />', count),
    ])  # fmt: skip
    lines.add(account, _ACTIONS, text)


def _transfers(evening: Evening, lines: Lines, numbers: list[str], day: str) -> None:
    """Write transfers of units and of cash, each as a record; the direction gives their sign."""
    moves = evening.moves
    chosen = np.isin(moves.kind, [int(kind) for kind in _TRANSFERS])
    account, kind, security = moves.account[chosen], moves.kind[chosen], moves.security[chosen]
    count = len(account)
    if not count:
        return
    named = [*_security_texts(tuple(evening.tickers)), 'assetCategory="CASH" symbol="--" description="--"']
    text = _element([
        same('<Transfer accountId="', count), taken(numbers, account), same('" currency="USD" fxRateToBase="1" ', count),
        taken(named, np.where(security >= 0, security, len(named) - 1)),
        same(f' reportDate="{day}" date="{day}" dateTime="{day};202000" type="ACATS" direction="', count),
        taken([_TRANSFERS.get(each, "") for each in Kind], kind),
        same('" quantity="', count), decimals(np.abs(moves.qty[chosen]), 4),
        same('" cashTransfer="', count), decimals(np.abs(moves.cash[chosen]), 2),
        same('" transactionID="', count), _ids(evening, np.flatnonzero(chosen)), same('" />', count),
    ])  # fmt: skip
    lines.add(account, _TRANSFER_ROWS, text)


def _ids(evening: Evening, places: Ints) -> pl.Series:
    return decimals(places + 50_000_000_000 + evening.date.toordinal() * 1_000_000, 0)
