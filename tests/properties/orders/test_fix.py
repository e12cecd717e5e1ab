"""Every message of every batch passes dictionary and rules, and no changed byte passes unseen."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.adapters.orders.fix_checking import check_message
from evenkeel.adapters.orders.fix_dictionary import fix44
from evenkeel.adapters.orders.fix_messages import FixSession, allocation_instruction, new_order_list, new_order_single
from evenkeel.adapters.orders.fix_rules import rule_problems
from evenkeel.orders.allocate import share_out
from evenkeel.orders.approved import Situation
from evenkeel.orders.blocks import plan_batch
from evenkeel.orders.times import next_batch_at
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.orders import Batch
from tests.properties.orders.test_blocks import ACCOUNTS, CUTOFFS, Book, books, made
from tests.support.ordering import EVENING, SECURITIES, block_of, fill

NUMBERS = {account_id: f"9{place:07d}" for place, account_id in enumerate(ACCOUNTS)}
SESSION = FixSession("US", "THEM")


def planned(book: Book) -> Batch:
    rule = OrderRule(takes_no_lots=("fidelity",), submitted=("schwab",))
    at = next_batch_at(EVENING, rule.batch_time)
    return plan_batch(made(book), Situation(ACCOUNTS, SECURITIES), rule, at, CUTOFFS).batch


def is_clean(raw: bytes) -> bool:
    checked = check_message(raw, fix44())
    return not checked.problems and not rule_problems(checked)


@settings(deadline=dt.timedelta(seconds=2))
@given(books)
def test_every_message_of_a_batch_passes(book: Book) -> None:
    batch = planned(book)
    for custodian in sorted({block.custodian for block in batch.blocks}):
        mine = [block for block in batch.blocks if block.custodian == custodian]
        assert is_clean(new_order_list(batch.batch_id, mine, NUMBERS, SESSION, batch.send_at))
    for block in batch.blocks:
        assert is_clean(new_order_single(block, NUMBERS, SESSION, batch.send_at))
        units = block.order_qty if block.order_qty is not None else sum(part.order_qty for part in block.allocations)
        shares = share_out(block, [fill(block, "E1", str(units), "99.5")])
        assert is_clean(allocation_instruction(block, shares, NUMBERS, SESSION, batch.send_at))


RAW = new_order_single(block_of(("A1", "10"), ("A2", "20")), NUMBERS, SESSION, EVENING)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, by: int) -> None:
    changed = bytearray(RAW)
    changed[place] ^= by
    assert not is_clean(bytes(changed))


@given(
    st.binary(max_size=200) | st.text(alphabet="0123456789=\x01FIX.48AD", max_size=120).map(lambda text: text.encode())
)
def test_nothing_that_comes_in_breaks_the_reader(data: bytes) -> None:
    check_message(data, fix44())
