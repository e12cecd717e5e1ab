"""From the yes to the reconciled fill, through commands: orders out at 09:45, fills in, and the days that break trust."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_contracts.vocab import DifferenceKind, LotInstruction, OrderSide, OrderType
from evenkeel.desk.execution import comparing
from evenkeel.errors import EXIT_STOPPED, UsageError
from evenkeel.orders.after_fill import RelievedLot
from evenkeel.orders.fills import standing
from evenkeel.ports.orders import Allocation, Batch, Block
from evenkeel.sandbox.order_desk import answer
from evenkeel.wiring_orders import account_numbers, begin_order_desk, open_order_desk
from tests.command.consent_home import ASKED, SENIOR, Desk
from tests.command.test_consent import Made, approved, desk, made
from tests.command.test_messages import FIRM
from tests.command.test_stale_consent import AS_SENIOR, wire

__all__ = ["desk", "made"]


def at(desk: Desk, time: str, day: str = "2026-03-03") -> None:
    """Set the clock, in Eastern time."""
    desk.now = desk.now.fromisoformat(f"{day}T{time}:00-05:00")


def ready(desk: Desk) -> list[str]:
    """Return two approved proposals: one that the client was asked for, one of a discretionary account."""
    first = approved(desk)["proposal_id"]
    second = desk.case(SENIOR[1])["proposal_id"]
    desk("desk", "approve", second, *AS_SENIOR)
    return [str(first), str(second)]


def listed(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk("orders", "list", "--format", "json"))
    return found


def state(desk: Desk, proposal_id: str) -> str:
    return str(json.loads(desk("desk", "show", proposal_id, "--format", "json"))["state"])


def batches(desk: Desk) -> list[Batch]:
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        return desk.home.house().order_book.batches()


def filled(desk: Desk, worse: str = "0") -> list[Path]:
    """Let custodians do every order at its estimated price, so much worse for whoever buys."""
    prices = {
        block.security.security_id: block.estimated_price_usd * (1 + Decimal(worse))
        for batch in batches(desk)
        for block in batch.blocks
    }
    return answer(desk.home.path / "orders", batches(desk), prices, seed=3)


@pytest.fixture
def sent(desk: Desk) -> tuple[Desk, list[str]]:
    """A home whose batch of 09:45 has left."""
    proposals = ready(desk)
    at(desk, "09:45")
    desk("orders", "plan")
    desk("orders", "send")
    return desk, proposals


def files(desk: Desk) -> dict[str, bytes]:
    out = desk.home.path / "orders" / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_from_the_yes_to_the_reconciled_fill(desk: Desk) -> None:
    proposals = ready(desk)
    at(desk, "09:44")
    assert "No batch is due; the next one goes Tue 3 Mar 09:45 ET" in desk("orders", "plan")
    at(desk, "09:45")
    assert "2 proposals staged" in desk("orders", "plan")
    assert [state(desk, one) for one in proposals] == ["staged", "staged"]
    planned = listed(desk)["orders"]
    assert planned
    assert {one["state"] for one in planned} == {"planned"}
    assert "0 proposals staged" in desk("orders", "plan"), "planned twice is planned once"
    assert len(listed(desk)["orders"]) == len(planned)
    desk("orders", "send")
    assert [state(desk, one) for one in proposals] == ["sent", "sent"]
    left = files(desk)
    desk("orders", "send")
    assert files(desk) == left
    at(desk, "09:55")
    filled(desk)
    desk("orders", "answers")
    at(desk, "19:00")
    said = desk("orders", "answers")
    at(desk, "19:00", "2026-03-04")
    said += desk("orders", "answers")
    assert [state(desk, one) for one in proposals] == ["reconciled", "reconciled"], said
    before = listed(desk)
    desk("orders", "answers")
    assert listed(desk) == before, "the same answers again change nothing"
    desk("audit", "verify")


def test_the_memorandum_of_each_order_says_what_the_rule_asks(sent: tuple[Desk, list[str]]) -> None:
    desk, _ = sent
    events = json.loads(desk("audit", "show", "--kind", "order_planned", "--format", "json"))
    assert len(events) == len(listed(desk)["orders"])
    accounts = {
        part["account_id"]: (part["is_discretionary"], lot["recommended_by"])
        for event in events
        for part in event["payload"]["accounts"]
        for lot in part["lots"]
    }
    assert accounts[ASKED[2]] == (False, "A-03")
    assert accounts[SENIOR[2]] == (True, "A-01")
    payload = events[0]["payload"]
    assert (payload["placed_by"], payload["entered_on"]) == ("evenkeel", "2026-03-03")
    assert payload["broker"]
    assert {"side", "security_id", "order_type", "time_in_force"} <= set(payload)
    handed = json.loads(desk("audit", "show", "--kind", "order_handed_over", "--format", "json"))
    assert {event["subject"] for event in handed} == {event["subject"] for event in events}
    assert all(event["payload"]["files"][0]["sha256"] for event in handed)


def test_a_wire_requested_between_the_yes_and_the_batch_makes_it_stale(desk: Desk) -> None:
    first, second = ready(desk)
    wire(desk)
    at(desk, "09:45")
    said = desk("orders", "plan")
    assert f"{first} was approved and is stale" in said
    assert [state(desk, one) for one in (first, second)] == ["expired", "staged"]
    parts = {part.account_id for batch in batches(desk) for block in batch.blocks for part in block.allocations}
    assert ASKED[2] not in parts


def test_what_is_paused_waits_whole_before_and_after_planning(desk: Desk) -> None:
    proposals = ready(desk)
    desk("desk", "pause", "book", "--reason", "stress", *AS_SENIOR)
    at(desk, "09:45")
    said = desk("orders", "plan")
    assert all(f"{one} waits" in said for one in proposals)
    assert listed(desk)["orders"] == []
    desk("desk", "resume", "book", "--reason", "calm", *AS_SENIOR)
    desk("orders", "plan")
    desk("desk", "pause", "book", "--reason", "again", *AS_SENIOR)
    assert "is held back" in desk("orders", "send")
    assert files(desk) == {}
    desk("desk", "resume", "book", "--reason", "calm", *AS_SENIOR)
    desk("orders", "send")
    assert [state(desk, one) for one in proposals] == ["sent", "sent"]


def test_a_batch_that_never_left_ends_its_proposals(desk: Desk) -> None:
    proposals = ready(desk)
    at(desk, "09:45")
    desk("orders", "plan")
    at(desk, "16:00")
    assert "was missed" in desk("orders", "send")
    assert [state(desk, one) for one in proposals] == ["expired", "expired"]
    assert {one["state"] for one in listed(desk)["orders"]} == {"cancelled"}
    assert files(desk) == {}


def test_an_account_without_a_number_is_in_no_order(desk: Desk) -> None:
    ready(desk)
    at(desk, "09:45")
    desk("orders", "plan")
    (desk.home.path / "orders" / "account-numbers.csv").write_text("account_id,account_number\n")
    said = desk("orders", "send", code=3)
    assert "account" in said
    assert {one["state"] for one in listed(desk)["orders"]} == {"planned"}


def test_only_operations_and_automation_work_on_orders(desk: Desk) -> None:
    assert "is not for the role adviser" in desk("orders", "plan", "--actor", "A-03", "--role", "adviser", code=2)
    assert "is not for the role adviser" in desk("orders", "answers", "--actor", "A-03", "--role", "adviser", code=2)
    assert "no order 'ord-x'" in desk("orders", "show", "ord-x", code=2)


def test_an_execution_that_was_lost_or_is_nobodys_is_told(sent: tuple[Desk, list[str]]) -> None:
    desk, _ = sent
    at(desk, "09:55")
    place = desk.home.path / "orders" / "in"
    place.mkdir(exist_ok=True)
    (place / "odd.csv").write_text(
        "order id,execution id,quantity,price,time\nord-none-of-ours,E1,5,10,2026-03-03T10:00:00-05:00\n"
    )
    assert "none of ours" in desk("orders", "answers")
    kinds = {one["kind"] for one in listed(desk)["differences"]}
    assert kinds == {DifferenceKind.UNKNOWN_ORDER.value}


def test_a_difference_is_acknowledged_once_with_a_reason_and_stays_on_record(sent: tuple[Desk, list[str]]) -> None:
    desk, _ = sent
    at(desk, "09:55")
    block = batches(desk)[0].blocks[0]
    place = desk.home.path / "orders" / "in"
    place.mkdir(exist_ok=True)
    (place / "odd.csv").write_text(
        f"order id,execution id,quantity,price,time\nord-none-of-ours,E1,5,10,2026-03-03T10:00:00-05:00\n"
        f"{block.order_id},E2,1,{block.estimated_price_usd},2026-03-02T10:00:00-05:00\n"
    )
    desk("orders", "answers")
    differences = {one["kind"]: one for one in listed(desk)["differences"]}
    named = differences["unknown_order"]["difference_id"]
    assert named in desk("orders", "list")
    acknowledge = ("orders", "acknowledge", named[:12], "--reason", "the custodian took it back", "--actor")
    assert "is not for the role compliance" in desk(*acknowledge, "C-01", "--role", "compliance", code=2)
    assert "is not for the role adviser" in desk(*acknowledge, "A-03", "--role", "adviser", code=2)
    assert "reason in words" in desk("orders", "acknowledge", named, "--reason", " ", "--actor", "ops", code=2)
    assert "no difference 'diff-x'" in desk("orders", "acknowledge", "diff-x", *acknowledge[3:], "ops", code=2)
    both = desk("orders", "acknowledge", named, "diff-x", *acknowledge[3:], "ops", code=2)
    assert "no difference 'diff-x'" in both
    assert [one for one in listed(desk)["differences"] if one["acknowledged"]] == [], "all or none"

    assert named in desk(*acknowledge, "ops")
    said = desk("orders", "list")
    assert named not in said
    assert differences["other_date"]["difference_id"] in said
    assert "1 difference acknowledged" in said
    desk("orders", "answers")
    assert named not in desk("orders", "list"), "the same news again opens nothing"
    [on_record] = [one for one in listed(desk)["differences"] if one["acknowledged"]]
    assert on_record["difference_id"] == named
    by = on_record["acknowledged"]
    assert (by["actor"], by["role"], by["reason"]) == ("ops", "operations", "the custodian took it back")
    assert "acknowledged by ops" in desk(*acknowledge, "sam", code=2), "who comes second is told who was first"
    other = differences["other_date"]["difference_id"]
    desk("orders", "acknowledge", other, *acknowledge[3:], "ops")
    assert "acknowledged by ops" in desk("orders", "show", block.order_id)
    [event, _] = json.loads(desk("audit", "show", "--kind", "difference_acknowledged", "--format", "json"))
    assert (event["actor"], event["role"], event["subject"]) == ("ops", "operations", "ord-none-of-ours")
    assert event["payload"]["reason"] == "the custodian took it back"
    assert event["payload"]["difference"]["found"] == "5"
    desk("audit", "verify")
    kit = desk.home.path / "kit"
    desk("audit", "export", "--kit", kit, "--kind", "difference_acknowledged")
    assert "the custodian took it back" in (kit / "trail.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("is_final", [False, True], ids=["while it works", "after it was done"])
def test_an_order_filled_beyond_its_size_is_told_and_keeps_no_other_back(
    sent: tuple[Desk, list[str]], is_final: bool
) -> None:
    desk, proposals = sent
    at(desk, "09:55")
    block = next(each for batch in batches(desk) for each in batch.blocks if each.order_qty is not None)
    touched = {lot.proposal_id for part in block.allocations for lot in part.lots}
    filled(desk)
    if is_final:
        desk("orders", "answers")
    place = desk.home.path / "orders" / "in"
    (place / "more.csv").write_text(
        "order id,execution id,quantity,price,time\n"
        f"{block.order_id},MORE,{block.order_qty},{block.estimated_price_usd},2026-03-03T10:00:00-05:00\n"
    )
    said = desk("orders", "answers", code=3)
    assert f"order {block.order_id}" in said
    assert "ask for what is too much to be broken" in said
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers", code=0 if is_final else 3)
    told = [one for one in listed(desk)["differences"] if one["kind"] == DifferenceKind.OVERFILLED.value]
    assert [one["order_id"] for one in told] == [block.order_id]
    for proposal in proposals:
        waits = proposal in touched and not is_final
        assert state(desk, proposal) == ("sent" if waits else "reconciled")


def test_a_block_filled_by_half_at_its_limit(sent: tuple[Desk, list[str]]) -> None:
    desk, proposals = sent
    filled(desk)
    place = desk.home.path / "orders" / "in"
    for path in place.iterdir():
        path.unlink()
    block = max(
        (each for batch in batches(desk) for each in batch.blocks if each.order_qty is not None),
        key=lambda each: (each.order_type is OrderType.LIMIT, each.order_qty),
    )
    assert block.order_qty is not None
    half = (block.order_qty / 2).quantize(Decimal(1))
    price = block.limit_price_usd or block.estimated_price_usd
    (place / "half.csv").write_text(
        f"order id,execution id,quantity,price,time\n{block.order_id},E1,{half},{price},2026-03-03T10:00:00-05:00\n"
    )
    at(desk, "10:15")
    desk("orders", "answers")
    shown = json.loads(desk("orders", "show", block.order_id, "--format", "json"))
    assert (shown["state"], Decimal(shown["filled_qty"])) == ("partly_filled", half)
    at(desk, "16:01")
    desk("orders", "answers")
    shown = json.loads(desk("orders", "show", block.order_id, "--format", "json"))
    assert shown["state"] == "cancelled"
    [allocated] = [
        event
        for event in json.loads(desk("audit", "show", "--kind", "order_allocated", "--format", "json"))
        if event["subject"] == block.order_id
    ]
    assert sum(Decimal(one["filled_qty"]) for one in allocated["payload"]["accounts"]) == half
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers")
    assert DifferenceKind.NOT_FILLED.value in {one["kind"] for one in listed(desk)["differences"]}
    assert {state(desk, one) for one in proposals} <= {"reconciled", "sent"}


def test_an_order_filled_beyond_its_size_is_a_finding_and_holds_back_its_own_proposals_only(
    sent: tuple[Desk, list[str]],
) -> None:
    desk, proposals = sent
    place = desk.home.path / "orders" / "in"
    place.mkdir(exist_ok=True)
    blocks = [block for batch in batches(desk) for block in batch.blocks]
    over = next(block for block in blocks if block.order_qty is not None)

    def whole(block: Any) -> str:
        price = block.limit_price_usd or block.estimated_price_usd
        units = block.order_qty or (block.order_value_usd / price).quantize(Decimal("0.001"))
        return f"{block.order_id},E1,{units},{price},2026-03-03T10:00:00-05:00,good,\n"

    header = "order id,execution id,quantity,price,time,status,refers to\n"
    extra = f"{over.order_id},E2,1,{over.limit_price_usd or over.estimated_price_usd},2026-03-03T10:05:00-05:00"
    (place / "first.csv").write_text(header + whole(over))
    at(desk, "10:15")
    desk("orders", "answers")
    rest = "".join(whole(block) for block in blocks if block is not over)
    (place / "second.csv").write_text(f"{header}{extra},good,\n{rest}")
    at(desk, "10:30")
    desk("orders", "answers", code=EXIT_STOPPED)
    assert DifferenceKind.OVERFILLED.value in {one["kind"] for one in listed(desk)["differences"]}
    held = {lot.proposal_id for part in over.allocations for lot in part.lots}
    assert {state(desk, one) for one in held} == {"sent"}
    assert {state(desk, one) for one in proposals if one not in held} <= {"reconciled"}
    told = allocated(desk, over)
    price = over.limit_price_usd or over.estimated_price_usd
    (place / "third.csv").write_text(f"{header}{over.order_id},E3,1,{price},2026-03-03T10:35:00-05:00,broken,E2\n")
    at(desk, "10:45")
    desk("orders", "answers")
    assert {state(desk, one) for one in held} <= {"reconciled", "sent"}
    assert allocated(desk, over) == told, "what each account gets has not changed: it is not told again"
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers")
    assert {state(desk, one) for one in held} == {"reconciled"}


def allocated(desk: Desk, block: Block) -> list[Any]:
    events = json.loads(desk("audit", "show", "--kind", "order_allocated", "--format", "json"))
    return [event["payload"] for event in events if event["subject"] == block.order_id]


def break_all(desk: Desk, block: Block, name: str = "zz-broken.csv") -> None:
    """Let the custodian break every execution of an order that stands."""
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        fills = standing(desk.home.house().order_book.fills([block.order_id]))
    assert fills
    rows = [
        f"{one.order_id},B-{one.execution_id},{one.filled_qty},{one.price_usd},2026-03-03T15:00:00-05:00,broken,{one.execution_id}"
        for one in fills
    ]
    header = "order id,execution id,quantity,price,time,status,refers to"
    (desk.home.path / "orders" / "in" / name).write_text("\n".join([header, *rows]) + "\n")


def order(desk: Desk, block: Block) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk("orders", "show", block.order_id, "--format", "json"))
    return found


def test_an_order_all_of_whose_fills_are_broken_is_void_and_told_to_whom_the_fill_was_told(
    sent: tuple[Desk, list[str]],
) -> None:
    desk, proposals = sent
    add_own_orders(desk)
    filled(desk)
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers")
    assert [state(desk, one) for one in proposals] == ["reconciled", "reconciled"]
    block = next(
        block
        for batch in batches(desk)
        for block in batch.blocks
        if block.order_qty is not None
        and order(desk, block)["state"] == "filled"
        and proposals[0] in {lot.proposal_id for part in block.allocations for lot in part.lots}
    )
    before = allocated(desk, block)
    assert before
    told = [row for row in desk.announced(proposals[0]) if row["kind"].startswith("client_after_fill")]
    assert len(told) == 2, "two owners"
    break_all(desk, block)
    said = desk("orders", "answers")
    assert "every execution was broken" in said
    shown = order(desk, block)
    assert (shown["state"], Decimal(shown["filled_qty"])) == ("cancelled", Decimal(0))
    last = allocated(desk, block)[-1]
    assert last["status"] == "broken"
    assert {Decimal(one["filled_qty"]) for one in last["accounts"]} == {Decimal(0)}
    assert {one["account_id"] for one in last["accounts"]} == {part.account_id for part in block.allocations}
    differences = [one for one in listed(desk)["differences"] if one["order_id"] == block.order_id]
    assert {"broken", "not_filled"} <= {one["kind"] for one in differences}
    again = [row for row in desk.announced(proposals[0]) if row["kind"] == "client_fill_broken"]
    assert {row["payload"]["recipient_id"] for row in again} == {"pat", "lou"}
    assert {one["security_id"] for row in again for one in row["payload"]["fills"]} == {block.security.security_id}
    rows = [one for one in told[0]["payload"]["fills"] if one["security_id"] == block.security.security_id]
    assert again[0]["payload"]["fills"] == rows, "as it was told"
    case = json.loads(desk("desk", "show", proposals[0], "--format", "json"))
    assert (case["state"], case["steps"][-1]["step"]) == ("reconciled", "take_back")
    [path] = (desk.home.path / "inbox" / "own_orders").glob("*_20260304.csv")
    mine = [row.split(",") for row in path.read_text(encoding="utf-8").splitlines() if block.order_id in row]
    assert {(row[6], row[10]) for row in mine} == {("cancelled", "0")}, "the next run expects nothing of it"
    before_again = (listed(desk), allocated(desk, block), files(desk), len(desk.announced(proposals[0])))
    desk("orders", "answers")
    after = (listed(desk), allocated(desk, block), files(desk), len(desk.announced(proposals[0])))
    assert after == before_again, "the same answers again change nothing"
    desk("orders", "plan")
    assert len(listed(desk)["orders"]) == len(before_again[0]["orders"]), "nothing is ordered again by itself"
    desk.home = replace(desk.home, more=desk.home.more | FIRM)
    desk("messages", "send")
    written = [row for row in desk.home.records()["outbox"] if row["kind"] == "client_fill_broken" and row["channel"]]
    assert sorted(str(row["recipient_ref"]) for row in written) == ["lou", "pat"]
    text = json.loads(written[0]["payload"])["text"]
    assert "taken back on the market" in text
    assert block.security.security_id in text
    desk("audit", "verify")


def test_what_is_broken_and_done_again_on_its_day_was_done(sent: tuple[Desk, list[str]]) -> None:
    desk, proposals = sent
    at(desk, "10:15")
    filled(desk)
    at(desk, "10:30")
    desk("orders", "answers")
    block = next(
        block
        for batch in batches(desk)
        for block in batch.blocks
        if block.order_qty is not None and order(desk, block)["state"] == "filled"
    )
    break_all(desk, block)
    desk("orders", "answers")
    assert order(desk, block)["state"] == "sent", "it works again while its day lasts"
    assert not [one for one in listed(desk)["differences"] if one["kind"] == "broken"]
    (desk.home.path / "orders" / "in" / "zzz-again.csv").write_text(
        "order id,execution id,quantity,price,time\n"
        f"{block.order_id},AGAIN,{block.order_qty},{block.estimated_price_usd},2026-03-03T15:30:00-05:00\n"
    )
    desk("orders", "answers")
    assert order(desk, block)["state"] == "filled"
    assert [
        row["kind"] for one in proposals for row in desk.announced(one) if row["kind"] == "client_fill_broken"
    ] == []


def test_what_is_done_again_after_it_was_void_is_a_new_allocation(sent: tuple[Desk, list[str]]) -> None:
    desk, _ = sent
    filled(desk)
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers")
    block = next(
        block
        for batch in batches(desk)
        for block in batch.blocks
        if block.order_qty is not None and order(desk, block)["state"] == "filled"
    )
    [first] = allocated(desk, block)
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        fills = standing(desk.home.house().order_book.fills([block.order_id]))
    break_all(desk, block)
    desk("orders", "answers")
    rows = [
        f"{one.order_id},A-{one.execution_id},{one.filled_qty},{one.price_usd},2026-03-04T10:00:00-05:00"
        for one in fills
    ]
    (desk.home.path / "orders" / "in" / "zzz-again.csv").write_text(
        "\n".join(["order id,execution id,quantity,price,time", *rows]) + "\n"
    )
    desk("orders", "answers")
    told = {one["allocation_id"]: one for one in allocated(desk, block)}
    assert len(told) == 3, "the same figures again are another allocation"
    assert [one["status"] for one in told.values()].count("broken") == 1
    assert order(desk, block)["state"] == "filled"
    assert first["allocation_id"] in told
    notes = [one for one in order(desk, block)["hand_overs"] if one["kind"] == "allocations"]
    if notes:
        assert len({one["name"] + one["digest"] for one in notes}) == 3


def test_a_list_made_smaller_is_ordered_as_it_was_approved(desk: Desk) -> None:
    case = desk.case(SENIOR[1])
    trades = case["list"]["trades"]
    dropped = trades[-1]["trade_no"]
    desk("desk", "modify", case["proposal_id"], "--drop", dropped, "--reason", "not this one", *AS_SENIOR)
    smaller = desk.case(SENIOR[1])
    at(desk, "09:45")
    said = desk("orders", "plan")
    assert "1 proposal staged" in said
    lots = [lot for batch in batches(desk) for block in batch.blocks for part in block.allocations for lot in part.lots]
    assert {lot.proposal_id for lot in lots} == {smaller["proposal_id"]}
    waiting = {one["trade_no"] for one in listed(desk)["waiting"]}
    assert {lot.trade_no for lot in lots} | waiting == {row["trade_no"] for row in trades} - {dropped}


def test_a_custodian_that_relieved_other_lots_is_told_of(
    sent: tuple[Desk, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = sent
    filled(desk)
    at(desk, "19:00", "2026-03-04")
    desk("orders", "answers")
    sale, part = named_lots(desk)
    other = RelievedLot(part.account_id, sale.security.security_id, part.order_qty, None, None, dt.date(1999, 1, 4))

    def relieved(house: object, dates: list[dt.date]) -> dict[dt.date, list[RelievedLot]]:
        return {sale.trade_date: [other]}

    monkeypatch.setattr(comparing, "_relieved", relieved)
    monkeypatch.setattr(comparing, "relief_dates", lambda house: [sale.trade_date])
    desk("orders", "answers")
    told = [one for one in listed(desk)["differences"] if one["kind"] == DifferenceKind.LOT.value]
    assert {one["account_id"] for one in told} == {part.account_id}
    assert "1999-01-04" in {one["subject"] for one in told}
    assert sum(Decimal(one["found"]) for one in told) == part.order_qty
    desk("orders", "answers")
    assert [one for one in listed(desk)["differences"] if one["kind"] == DifferenceKind.LOT.value] == told


def test_the_custodians_own_file_of_realized_lots_raises_it_for_people(
    made: Made, sent: tuple[Desk, list[str]]
) -> None:
    """Asked for named lots, done first in first out: the file of the evening says so, read by the night's run like any other."""
    desk, _ = sent
    filled(desk)
    at(desk, "19:00")
    desk("orders", "answers")
    sale, part = named_lots(desk)
    add_gains(desk, str(sale.custodian))
    number = account_numbers(desk.home.path / "orders")[part.account_id]
    rows = [
        "Account,Ticker,Closed,Acquired,Units,Proceeds,Cost,Long,Short",
        f"{number},{sale.security.symbol},2026-03-03,1999-01-04,{part.order_qty},10000.00,2000.00,8000.00,",
    ]
    inbox = desk.home.path / "inbox" / "gains"
    inbox.mkdir(parents=True)
    (inbox / "gains_20260303.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    made[1].deliver(made[1].dates[1], desk.home.path)
    at(desk, "08:00", "2026-03-04")
    desk("run", "--date", made[1].dates[1])
    read = json.loads(desk("sql", "select account_id, closed_qty from realized_lots", "--format", "json"))
    assert [one["account_id"] for one in read] == [part.account_id]
    desk("orders", "answers")
    told = [one for one in listed(desk)["differences"] if one["kind"] == DifferenceKind.LOT.value]
    assert {one["account_id"] for one in told} == {part.account_id}
    asked = {str(lot.lot_opened_date) for lot in part.lots}
    assert {one["subject"] for one in told} == {"1999-01-04", *asked}, "what was done, and what was asked and not done"
    assert sum(Decimal(one["found"]) for one in told) == part.order_qty
    assert sum(Decimal(one["expected"]) for one in told) == part.order_qty
    gains = [one for one in listed(desk)["differences"] if one["kind"] == DifferenceKind.REALISED_GAIN.value]
    assert part.account_id in {one["account_id"] for one in gains}, "another gain than the client was shown"
    before = listed(desk)["differences"]
    desk("orders", "answers")
    assert listed(desk)["differences"] == before, "once"
    assert "execution_compared" in desk("audit", "show", "--kind", "execution_compared")


def named_lots(desk: Desk) -> tuple[Block, Allocation]:
    """Return a sale for which every lot was named, and its first account's part."""
    sale = next(
        block
        for batch in batches(desk)
        for block in batch.blocks
        if block.side is OrderSide.SELL
        and all(lot.instruction is LotInstruction.SPECIFIC_LOT for part in block.allocations for lot in part.lots)
    )
    return sale, sale.allocations[0]


def add_gains(desk: Desk, custodian: str) -> None:
    """Add a custodian's file of realized lots to the book."""
    book = desk.home.path / "book"
    feeds = yaml.safe_load((book / "feeds.yaml").read_text(encoding="utf-8"))
    feed = {
        "feed": "gains",
        "role": "custodian",
        "custodian": custodian,
        "layout": "mapped",
        "map": "maps/gains.yaml",
        "location": "inbox/gains",
        "pattern": "*",
        "expects": ["realized"],
        "is_required": False,
    }
    mapped = {
        "kind": "realized",
        "as_of": {"file_name": r"_(\d{8})\.csv$"},
        "dates": {"as_of_date": "%Y%m%d"},
        "columns": {
            "source_account": "Account",
            "symbol": "Ticker",
            "closed_date": "Closed",
            "opened_date": "Acquired",
            "closed_qty": "Units",
            "proceeds_ccy": "Proceeds",
            "cost_ccy": "Cost",
            "long_term_gain_ccy": "Long",
            "short_term_gain_ccy": "Short",
        },
        "constants": {"currency": "USD"},
    }
    (book / "feeds.yaml").write_text(yaml.safe_dump([*feeds, feed]), encoding="utf-8")
    (book / "maps" / "gains.yaml").write_text(yaml.safe_dump(mapped), encoding="utf-8")


def add_own_orders(desk: Desk) -> None:
    """Add the feed and its map as docs/orders.md has them."""
    page = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
    feed, _, mapped = page.split("# feeds.yaml\n")[1].split("```")[0].partition("# maps/own_orders.yaml\n")
    book = desk.home.path / "book"
    feeds = yaml.safe_load((book / "feeds.yaml").read_text(encoding="utf-8"))
    (book / "feeds.yaml").write_text(yaml.safe_dump([*feeds, *yaml.safe_load(feed)]), encoding="utf-8")
    (book / "maps" / "own_orders.yaml").write_text(mapped, encoding="utf-8")


def test_the_next_run_counts_our_orders_and_does_not_propose_them_again(made: Made, desk: Desk) -> None:
    add_own_orders(desk)
    proposals = ready(desk)
    at(desk, "09:45")
    desk("orders", "plan")
    desk("orders", "send")
    [path] = (desk.home.path / "inbox" / "own_orders").iterdir()
    assert path.name == "own-orders_20260303.csv"
    at(desk, "08:00", "2026-03-04")
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    ordered = {part.account_id for batch in batches(desk) for block in batch.blocks for part in block.allocations}
    rows = desk("sql", "select distinct account_id from open_orders where feed = 'own_orders'", "--format", "csv")
    assert set(rows.split()[1:]) == ordered
    desk("sweep")
    anew = json.loads(desk("desk", "cases", "--format", "json"))
    assert not {one["portfolio_id"] for one in anew} & {ASKED[1], SENIOR[1]}
    assert [state(desk, one) for one in proposals] == ["sent", "sent"]


def test_a_new_home_has_an_order_desk_to_fill_in(tmp_path: Path) -> None:
    begin_order_desk(tmp_path / "orders")
    assert open_order_desk(tmp_path / "orders").answers().news == []
    assert account_numbers(tmp_path / "orders") == {}
    (tmp_path / "orders" / "orders.yaml").write_text("custodians: {schwab: {orders: mapped, map: ../book/x.yaml}}")
    with pytest.raises(UsageError, match="must lie in"):
        open_order_desk(tmp_path / "orders")
    with pytest.raises(UsageError, match="names how each custodian takes orders"):
        open_order_desk(tmp_path / "nowhere")
