"""The made-up desk: the same bytes for the same seed, every message valid, and the readers make of them what happened."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from data_contracts.vocab import AssetType, BlockState, FillStatus, OrderType
from evenkeel.adapters.orders.fix_messages import FixSession
from evenkeel.adapters.orders.fix_reading import read_fix_answers
from evenkeel.orders.allocate import share_out
from evenkeel.orders.fill_doubts import fill_doubts
from evenkeel.orders.fills import is_final, state_of
from evenkeel.ports.orders import Batch
from evenkeel.sandbox.executions import executions
from tests.support.ordering import BUY, SELL, account, plan, proposal, trade

DESK = FixSession("DESK", "FIRM")
PRICES = {"VTI": Decimal("251.00"), "XOM": Decimal("110.20"), "VTSAX": Decimal("120.55"), "T-NOTE": Decimal("98.70")}


def many() -> Batch:
    """Blocks of one account each, so that something of every kind happens."""
    proposals, accounts = [], []
    for place in range(120):
        name = f"A{place:03d}"
        # A custodian each makes a block each.
        accounts.append(account(name, custodian=f"desk{place}", cash="1000000"))
        proposals.append(
            proposal(
                f"P{place:03d}",
                trade(1, name, SELL, "VTI", str(100 + place), "250", lot="L"),
                trade(2, name, BUY, "XOM", str(60 + place), "110.55"),
                trade(3, name, BUY, "VTSAX", "50", "120"),
                trade(4, name, BUY, "T-NOTE", "5000", "98.765"),
            )
        )
    return plan(proposals, *accounts).batch


BATCH = many()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    first = executions(BATCH, PRICES, 7, DESK)
    assert first == executions(BATCH, PRICES, 7, DESK)
    assert first != executions(BATCH, PRICES, 8, DESK)
    one = BATCH.blocks[0]
    assert read_fix_answers(executions(BATCH, PRICES, 7, DESK, one.custodian)).news[0].order_id in {
        block.order_id for block in BATCH.blocks if block.custodian == one.custodian
    }


def test_up_to_a_moment_it_is_the_beginning_of_the_day() -> None:
    whole = executions(BATCH, PRICES, 7, DESK)
    for minutes in (0, 5, 45, 600):
        until = BATCH.send_at + dt.timedelta(minutes=minutes)
        part = executions(BATCH, PRICES, 7, DESK, until=until)
        assert whole.startswith(part)
        told = [one.fill for one in read_fix_answers(part).news if one.fill]
        assert all(one.filled_at <= until for one in told)
    assert executions(BATCH, PRICES, 7, DESK, until=BATCH.send_at) == b""
    assert part == whole


def test_readers_make_of_it_what_happened() -> None:
    answers = read_fix_answers(executions(BATCH, PRICES, 7, DESK))
    assert answers.problems == []
    assert fill_doubts(BATCH.blocks, answers.news) == []
    fills = [one.fill for one in answers.news if one.fill]
    assert {one.status for one in fills} == set(FillStatus)  # some are broken, some corrected
    states = {block.order_id: state_of(block, fills) for block in BATCH.blocks}
    part = [block for block in BATCH.blocks if states[block.order_id] == BlockState.PARTLY_FILLED]
    assert part
    assert {block.order_type for block in part} == {OrderType.LIMIT}
    end = max(one.said_at for one in answers.news if one.said_at)
    for block in BATCH.blocks:
        shares = share_out(block, fills, min_usd=Decimal(100))
        assert sum(share.filled_qty for share in shares) > 0
        assert is_final(block, fills, end) == (
            states[block.order_id] == BlockState.FILLED or block.order_type != OrderType.NAV
        )
        if block.security.asset_type == AssetType.MUTUAL_FUND:
            assert Decimal("0") <= Decimal(6000) - shares[0].value_usd < Decimal("0.13")


def test_a_limit_that_the_price_has_left_fills_nothing_and_expires() -> None:
    answers = read_fix_answers(executions(BATCH, PRICES | {"XOM": Decimal(120)}, 7, DESK))
    for block in BATCH.blocks:
        if block.security.security_id == "XOM":
            mine = [one for one in answers.news if one.order_id == block.order_id]
            assert [one.state for one in mine] == [BlockState.SENT, BlockState.CANCELLED]
