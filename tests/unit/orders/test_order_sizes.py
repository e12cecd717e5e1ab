"""The sizes of orders as they leave, from the engine's own lists: no more digits than a step has, or all that is held."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import pytest
from pandera.typing.polars import DataFrame

from data_contracts.holdings import Holdings
from data_contracts.vocab import OrderSide, OrderSize
from evenkeel.adapters.orders.fix_messages import FixSession, allocation_instruction, new_order_list
from evenkeel.adapters.orders.fix_reading import read_fix_answers
from evenkeel.adapters.orders.mapped_orders import MappedOrderWriter
from evenkeel.adapters.orders.order_map import read_order_map
from evenkeel.orders.allocate import FRACTIONAL, share_out
from evenkeel.orders.approved import approved_proposals
from evenkeel.orders.blocks import by_custodian, plan_batch
from evenkeel.orders.from_book import situation_of
from evenkeel.orders.times import next_batch_at
from evenkeel.policy.model import TradingRule
from evenkeel.ports.orders import Batch, Block
from evenkeel.sandbox.executions import executions
from tests.support.proposing import MODELS, Account, Lot, book_of, day_of, proposed
from tests.support.proposing import PRICES as QUOTED

D = Decimal
NUMBERS = {name: f"1000{name}" for name in ("A1", "A2", "A3", "A4")}
SESSION = FixSession("FIRM", "DESK")
PRICES = {"STX": 50.37, "STK": 99.99, "BND": 48.13}
HELD = {
    "A1": Account(
        20_000, [Lot("STX", 1_500.12345, 60), Lot("STX", 89.8487, 45), Lot("OLD", 95.93127, 45), Lot("OLD", 10, 45)]
    ),
    "A2": Account(40_000, [Lot("STK", 95.93, 130), Lot("STK", 404.07, 120)]),
    "A3": Account(9_000, [Lot("STK", 120.931, 130), Lot("STK", 400, 90), Lot("OLD", 95.93, 45), Lot("OLD", 7.5, 45)]),
    "A4": Account(50_000, [Lot("BND", 1_000.75, 50), Lot("BND", 0.5, 50), Lot("OLD", 0.75, 45), Lot("OLD", 3.5, 45)]),
}


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Return the orders of three portfolios that want the fund STX; A1 and A2 are at alpha, which takes fractions, the others are not."""
    book = book_of(models_yaml=MODELS.replace("security: STK", "security: STX"))
    day = day_of(HELD, book, PRICES, policy={"trading": TradingRule(fractional=("alpha",), min_trade_usd=1.0)})
    made = proposed(day, A1="full", P2="full", A4="full")
    assert not made.proposals["checks_json"].str.contains("failed").any()
    (policy,) = day.policies.values()
    decided = dt.datetime.combine(day.business_date, dt.time(20), dt.UTC) + dt.timedelta(hours=4)
    approved = approved_proposals(made.trades, dict.fromkeys(made.proposals.get_column("proposal_id"), decided))
    situation = situation_of(book.accounts, book.securities, cast("DataFrame[Holdings]", day.holdings))
    rule = policy.orders.model_copy(
        update={"price_reserve_frac": 0.0, "is_limit_sale_counted": True, "limit_frac": 0.0}
    )
    return plan_batch(
        approved, situation, rule, next_batch_at(decided, rule.batch_time), policy.trading.fund_cutoffs
    ).batch


def held_of(account: str, security: str) -> Decimal:
    return sum((D(str(lot.qty)) for lot in HELD[account].lots if lot.security == security), D(0))


def is_taken(size: Decimal, account: str, security: str, custodian: str, side: str) -> bool:
    """Tell whether a custodian takes units of a size from an account."""
    step = FRACTIONAL if security == "STX" or custodian == "alpha" else D(1)
    return size % step == 0 or (side == OrderSide.SELL and size == held_of(account, security))


def parts_of(message: bytes) -> list[tuple[str, Mapping[int, str]]]:
    """Return the account and the fields of each part of the orders in a NewOrderList: those of its order, and 80."""
    pairs = [(int(tag), value) for tag, value in (one.split("=", 1) for one in message.decode().split("\x01") if one)]
    found: list[tuple[str, Mapping[int, str]]] = []
    order: dict[int, str] = {}
    accounts: list[tuple[str, str]] = []
    for tag, value in [*pairs, (11, "")]:
        if tag == 11:
            found += [(name, {**order, 80: size} if size else order) for name, size in accounts]
            order, accounts = {}, []
        if tag in (1, 79):
            accounts.append((value, ""))
        elif tag == 80:
            accounts[-1] = (accounts[-1][0], value)
        else:
            order[tag] = value
    return found


def test_the_batch_has_all_that_the_tests_look_at(batch: Batch) -> None:
    orders = {(block.custodian, block.side, block.security.security_id, block.order_size) for block in batch.blocks}
    assert ("alpha", "sell", "STX", OrderSize.UNITS) in orders
    assert ("beta", "buy", "STX", OrderSize.DOLLARS) in orders
    assert {("alpha", "sell", "OLD", OrderSize.UNITS), ("beta", "sell", "OLD", OrderSize.UNITS)} <= orders


def test_sizes_of_fix_orders_have_the_digits_of_their_step(batch: Batch) -> None:
    seen = 0
    for one in by_custodian(batch):
        custodian = one.blocks[0].custodian
        for number, fields in parts_of(new_order_list(one.batch_id, one.blocks, NUMBERS, SESSION, one.send_at)):
            account, side = number.removeprefix("1000"), "sell" if fields[54] == "2" else "buy"
            if 152 in fields:
                assert side == "buy"
                assert D(fields.get(80, fields[152])).as_tuple().exponent >= -2  # type: ignore[operator]
                continue
            assert is_taken(D(fields.get(80, fields[38])), account, fields[55], custodian, side), (account, fields)
            seen += 1
    assert seen > 6


MAP = """
name: any
rows: lot
columns:
  - {header: Account, field: account_number}
  - {header: Action, field: side, values: {buy: Buy, sell: Sell}}
  - {header: Symbol, field: symbol}
  - {header: Units, field: order_qty}
  - {header: Dollars, field: order_value_usd}
  - {header: Type, field: order_type, values: {market: MKT, limit: LMT, nav: NAV}}
  - {header: Limit, field: limit_price_usd}
  - {header: Lot Date, field: lot_opened_date}
  - {header: Lot, field: lot_id}
  - {header: Reference, field: order_id}
"""


def test_sizes_of_a_file_by_a_map_add_up_to_such_orders(batch: Batch) -> None:
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for one in by_custodian(batch):
        text = MappedOrderWriter(read_order_map(MAP, "any.yaml"))(one, NUMBERS).data.decode()
        for row in csv.DictReader(text.splitlines()):
            if row["Units"]:
                key = (
                    row["Account"].removeprefix("1000"),
                    row["Symbol"],
                    one.blocks[0].custodian,
                    row["Action"].lower(),
                )
                sums[key] = sums.get(key, D(0)) + D(row["Units"])
    assert len(sums) > 6
    for (account, security, custodian, side), size in sums.items():
        assert is_taken(size, account, security, custodian, side), (account, security, size)


def test_what_was_filled_is_shared_out_in_what_was_ordered(batch: Batch) -> None:
    answers = read_fix_answers(
        executions(batch, {name: D(str(price)) for name, price in (QUOTED | PRICES).items()}, 3, SESSION)
    )
    assert answers.problems == []
    fills = [one.fill for one in answers.news if one.fill]
    for block in batch.blocks:
        shares = share_out(block, fills, step=FRACTIONAL if block.custodian == "alpha" else None)
        if not shares:
            continue
        assert allocation_instruction(block, shares, NUMBERS, SESSION, batch.send_at)
        for share in shares:
            assert _is_step_or_all(block, share.filled_qty, share.ordered_qty)


def _is_step_or_all(block: Block, filled: Decimal, ordered: Decimal) -> bool:
    step = FRACTIONAL if block.custodian == "alpha" or block.security.security_id == "STX" else D(1)
    return filled % step == 0 or filled == ordered
