"""Custodians' own files, cell by cell, and what each refuses because it has no place for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from evenkeel.adapters.orders.fidelity_import import FidelityImportWriter
from evenkeel.adapters.orders.ibkr_allocation import IbkrAllocationWriter
from evenkeel.adapters.orders.mapped_orders import MappedOrderWriter
from evenkeel.adapters.orders.order_map import read_order_map
from evenkeel.errors import UsageError
from evenkeel.orders.allocate import share_out
from evenkeel.orders.blocks import by_custodian
from evenkeel.ports.orders import Allocated, OrderedSecurity
from tests.adapters.orders.batches import NUMBERS, SENT_AT, block_in, every_kind
from tests.support.ordering import fill

BATCH = every_kind()
FIDELITY, SCHWAB = by_custodian(BATCH)


def lines(data: bytes) -> list[str]:
    assert data.endswith(b"\r\n")
    return data.decode().split("\r\n")[:-1]


def test_fidelitys_import_has_a_row_an_account_sales_first() -> None:
    written = FidelityImportWriter()(FIDELITY, NUMBERS)
    assert lines(written.data) == [
        "Z55556666,,S,7.5,VTI,M,D,",
        "77778888,,S,3,VTI,M,D,",
        "Z55556666,,B,12,XOM,L,D,111.66",
        "77778888,,B,8,XOM,L,D,111.66",
    ]
    assert written.order_ids == tuple(block.order_id for block in FIDELITY.blocks)


def test_fidelitys_codes_are_the_firms_own() -> None:
    written = FidelityImportWriter(buy="BUY", sell="SLL", market="MK")(FIDELITY, NUMBERS)
    assert lines(written.data)[0] == "Z55556666,,SLL,7.5,VTI,MK,D,"


def test_what_fidelitys_columns_cannot_say_is_refused() -> None:
    vti = block_in(BATCH, "fidelity", "VTI")
    long_name = replace(vti.security, symbol="X" * 31)
    part = replace(vti.allocations[0], order_qty=Decimal("7.5001"))
    for blocks, why in (
        ((block_in(BATCH, "schwab", "VBTLX"),), "how Fidelity's import takes orders for funds is not known"),
        ((block_in(BATCH, "schwab", "VTI"),), "no place for lots; list schwab under the policy's orders.takes_no_lots"),
        ((replace(vti, security=long_name),), "its symbol has 31 characters, Fidelity takes 30"),
        ((replace(vti, allocations=(part,)),), "three decimals"),
    ):
        with pytest.raises(UsageError, match=why):
            FidelityImportWriter()(replace(BATCH, blocks=blocks), NUMBERS)


def test_codes_that_say_two_things_are_refused() -> None:
    for codes in ({"buy": "S"}, {"market": "L"}):
        with pytest.raises(UsageError, match="must differ"):
            FidelityImportWriter(**codes)


def test_ibkrs_allocation_has_six_columns() -> None:
    block = replace(block_in(BATCH, "fidelity", "XOM"), custodian="ibkr")
    shares = share_out(block, [fill(block, "E1", "15", "110.5")])
    written = IbkrAllocationWriter("F1234567", "IB")([Allocated(block, tuple(shares))], NUMBERS, SENT_AT)
    assert lines(written.data) == ["F1234567,Z55556666,XOM,B,IB,9", "F1234567,77778888,XOM,B,IB,6"]


def test_what_ibkrs_columns_cannot_say_is_refused() -> None:
    vti, xom = block_in(BATCH, "schwab", "VTI"), block_in(BATCH, "fidelity", "XOM")
    write = IbkrAllocationWriter("F1", "IB")
    with pytest.raises(UsageError, match="no place for lots"):
        write([Allocated(vti, tuple(share_out(vti, [fill(vti, "E1", "35", "250")])))], NUMBERS, SENT_AT)
    with pytest.raises(UsageError, match="nothing was filled"):
        write([Allocated(xom, ())], NUMBERS, SENT_AT)
    later = replace(xom, trade_date=xom.settle_date)
    with pytest.raises(UsageError, match="trades of one day"):
        write([Allocated(xom, ()), Allocated(later, ())], NUMBERS, SENT_AT)


MAP = """
name: pershing
rows: lot
columns:
  - {header: Account, field: account_number}
  - {header: Action, field: side, values: {buy: Buy, sell: Sell}}
  - {header: Symbol, field: symbol}
  - {header: CUSIP, field: cusip}
  - {header: Shares, field: order_qty}
  - {header: Dollars, field: order_value_usd}
  - {header: Type, field: order_type, values: {market: MKT, limit: LMT, nav: NAV}}
  - {header: Limit, field: limit_price_usd}
  - {header: Trade Date, field: trade_date}
  - {header: Lot Date, field: lot_opened_date}
  - {header: Lot, field: lot_id}
  - {header: Blotter, text: AGENCY}
  - {header: Reference, field: order_id}
"""


def test_a_mapped_file_says_what_its_map_says() -> None:
    written = MappedOrderWriter(read_order_map(MAP, "pershing.yaml"))(SCHWAB, NUMBERS)
    header, *rows = lines(written.data)
    assert header == "Account,Action,Symbol,CUSIP,Shares,Dollars,Type,Limit,Trade Date,Lot Date,Lot,Blotter,Reference"
    said = [row.rsplit(",", 1)[0] for row in rows]
    assert said == [
        "11112222,Sell,VTI,922908769,10,,MKT,,03/04/2026,01/02/2020,L1,AGENCY",
        "11112222,Sell,VTI,922908769,5,,MKT,,03/04/2026,01/04/2021,L2,AGENCY",
        "33334444,Sell,VTI,922908769,20,,MKT,,03/04/2026,02/29/2024,L9,AGENCY",
        "11112222,Sell,VTSAX,922908728,12.75,,NAV,,03/04/2026,05/06/2019,L3,AGENCY",
        "11112222,Buy,BND,921937835,40,,MKT,,03/04/2026,,,AGENCY",
        "33334444,Buy,,91282CJL6,5000,,LMT,99.753,03/04/2026,,,AGENCY",
        "11112222,Buy,VBTLX,,,987,NAV,,03/04/2026,,,AGENCY",
        "33334444,Buy,VBTLX,,,493.5,NAV,,03/04/2026,,,AGENCY",
    ]


def test_a_mapped_file_of_accounts_and_of_blocks() -> None:
    by_account = MAP.replace("rows: lot", "rows: account").replace(
        "  - {header: Lot Date, field: lot_opened_date}\n", ""
    )
    by_account = by_account.replace("  - {header: Lot, field: lot_id}\n", "")
    found = lines(MappedOrderWriter(read_order_map(by_account, "m.yaml"))(FIDELITY, NUMBERS).data)
    assert [row.split(",")[4] for row in found[1:]] == ["7.5", "3", "12", "8"]
    by_block = by_account.replace("rows: account", "rows: block").replace(
        "  - {header: Account, field: account_number}\n", ""
    )
    found = lines(MappedOrderWriter(read_order_map(by_block, "m.yaml"))(FIDELITY, NUMBERS).data)
    assert [row.split(",")[3] for row in found[1:]] == ["10.5", "20"]
    for text in (by_account, by_block):
        with pytest.raises(UsageError, match="map pershing has no place for lots"):
            MappedOrderWriter(read_order_map(text, "m.yaml"))(SCHWAB, NUMBERS)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("  - {header: Dollars, field: order_value_usd}\n", "", "no column for order_value_usd"),
        ("  - {header: Limit, field: limit_price_usd}\n", "", "no column for limit_price_usd"),
        (", nav: NAV}", "}", "no word for order_type nav"),
        ("text: AGENCY", "text: '=cmd()'", "as a formula"),
    ],
)
def test_an_order_that_a_map_cannot_say_is_refused(before: str, after: str, why: str) -> None:
    assert before in MAP
    with pytest.raises(UsageError, match=why):
        MappedOrderWriter(read_order_map(MAP.replace(before, after), "m.yaml"))(SCHWAB, NUMBERS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: [", "is no YAML"),
        ("name: x\ncolumns: []", "columns"),
        (MAP.replace("field: side, values: {buy: Buy, sell: Sell}", "text: Sell"), "no order is complete without side"),
        (MAP.replace("sell: Sell", "sell: Buy"), "one word stands for two codes"),
        (MAP.replace("rows: lot", "rows: account"), "need `rows: lot`"),
        (MAP.replace("rows: lot", "rows: block"), "need `rows: lot`"),
        (MAP.replace("field: cusip", "field: symbol"), "stands twice"),
        (MAP.replace("field: cusip", "field: colour"), r"columns\.3\.field"),
        (MAP.replace("{header: CUSIP, field: cusip}", "{header: CUSIP}"), "give either field or text"),
        (MAP.replace("field: cusip", "field: cusip, values: {a: b}"), "values are for codes"),
    ],
)
def test_a_map_that_is_not_one_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_order_map(text, "m.yaml")


def test_a_date_form_that_loses_the_day_is_found_when_read_back() -> None:
    lossy = MAP.replace("rows: lot", "rows: lot\ndate_form: '%m/%Y'")
    with pytest.raises(UsageError, match="column Trade Date of map pershing reads back differently"):
        MappedOrderWriter(read_order_map(lossy, "m.yaml"))(SCHWAB, NUMBERS)


def test_no_cell_runs_as_a_formula() -> None:
    vti = block_in(BATCH, "fidelity", "VTI")
    for symbol in ("=VTI", "+VTI", "-VTI", "@VTI", "\tVTI", "VTI\r"):
        bad = replace(vti, security=OrderedSecurity("VTI", vti.security.asset_type, symbol=symbol))
        with pytest.raises(UsageError, match="symbol"):
            FidelityImportWriter()(replace(BATCH, blocks=(bad,)), NUMBERS)
