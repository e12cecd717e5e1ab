"""From the engine's own proposals to orders, a day at the custodian's desk, and each account's part: the whole way in memory."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import cast

import polars as pl
import pytest
from pandera.typing.polars import DataFrame

from data_contracts.holdings import Holdings
from evenkeel.adapters.orders.fix_messages import FixSession, allocation_instruction, new_order_list
from evenkeel.adapters.orders.fix_reading import read_fix_answers
from evenkeel.orders.after_fill import gain_differences, unfilled, weight_differences, weights_after
from evenkeel.orders.allocate import share_out
from evenkeel.orders.approved import approved_proposals
from evenkeel.orders.blocks import plan_batch
from evenkeel.orders.differences import differences_frame
from evenkeel.orders.fill_doubts import fill_doubts
from evenkeel.orders.from_book import situation_of
from evenkeel.orders.times import next_batch_at
from evenkeel.sandbox.executions import executions
from tests.support.proposing import PRICES, Account, Lot, book_of, day_of, proposed

LAST_WEEK = dt.date(2026, 2, 24)


@pytest.mark.timeout(900)
def test_from_proposals_to_each_accounts_part() -> None:
    book = book_of()
    held = {
        "A1": Account(20_000, [Lot("STK", 900, 60.0), Lot("STK", 200, 120.0, LAST_WEEK), Lot("BND", 300, 50.0)]),
        "A2": Account(30_000, [Lot("STK", 500, 80.0), Lot("OLD", 100, 35.0)]),
        "A3": Account(5_000, [Lot("STK", 700, 90.0), Lot("BND", 100, 48.0)]),
    }
    day = day_of(held, book)
    made = proposed(day, A1="full", P2="full")
    (policy,) = day.policies.values()
    decided = dt.datetime.combine(day.business_date, dt.time(20), dt.UTC) + dt.timedelta(hours=4)
    approved = approved_proposals(made.trades, dict.fromkeys(made.proposals.get_column("proposal_id"), decided))
    assert len(approved) == 2
    situation = situation_of(book.accounts, book.securities, cast("DataFrame[Holdings]", day.holdings))
    # Without a reserve: A3 spends to the dollar what its sale brings.
    rule, cutoffs = policy.orders.model_copy(update={"price_reserve_frac": 0.0}), policy.trading.fund_cutoffs
    plan = plan_batch(approved, situation, rule, next_batch_at(decided, rule.batch_time), cutoffs)
    assert plan.waiting == ()
    blocks = plan.batch.blocks
    assert [block.side for block in blocks] == sorted((block.side for block in blocks), reverse=True)
    assert {block.side for block in blocks} == {"buy", "sell"}
    # Every trade of the proposals is in the blocks, to the unit and the cent.
    parts = [
        (lot.order_qty, lot.order_value_usd) for block in blocks for part in block.allocations for lot in part.lots
    ]
    assert sum(qty for qty, _ in parts) == made.trades.get_column("traded_qty").sum()
    assert sum(usd for _, usd in parts) == made.trades.get_column("value_usd").sum()

    numbers, session = {name: f"1000{name}" for name in held}, FixSession("FIRM", "DESK")
    for custodian in {block.custodian for block in blocks}:
        mine = [block for block in blocks if block.custodian == custodian]
        assert new_order_list(plan.batch.batch_id, mine, numbers, session, plan.batch.send_at)

    prices = {name: Decimal(str(price)) for name, price in PRICES.items()}
    answers = read_fix_answers(executions(plan.batch, prices, 3, FixSession("DESK", "FIRM")))
    assert answers.problems == []
    assert fill_doubts(blocks, answers.news) == []
    fills = [one.fill for one in answers.news if one.fill]
    shares = {block.order_id: share_out(block, fills, min_usd=Decimal(100)) for block in blocks}
    for block in blocks:
        assert allocation_instruction(block, shares[block.order_id], numbers, session, plan.batch.send_at)

    # At a few basis points from the proposal's prices and all filled, nothing differs by more than the policy allows.
    found = [one for block in blocks for one in unfilled(block, shares[block.order_id])]
    found += [one for block in blocks for one in gain_differences(block, shares[block.order_id], [], rule)]
    for row in made.proposals.iter_rows(named=True):
        trades = made.trades.filter(pl.col("proposal_id") == row["proposal_id"])
        nodes = dict(trades.select("trade_no", "node_id").iter_rows())
        after = {one["node"]: one["after_frac"] for one in json.loads(row["classes_json"])}
        weights = weights_after(
            row["proposal_id"], after, row["nav_usd"], nodes, [(one, shares[one.order_id]) for one in blocks]
        )
        assert sum(weights.values()) == pytest.approx(sum(after.values()))
        found += weight_differences(row["proposal_id"], after, weights, rule)
    assert differences_frame(day.business_date, found).is_empty()
