"""FIX messages of blocks: what they say, field by field, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from simplefix import FixParser  # type: ignore[import-untyped]

from data_contracts.vocab import AssetType
from evenkeel.adapters.orders import fix_messages
from evenkeel.adapters.orders.fix_checking import check_message
from evenkeel.adapters.orders.fix_dictionary import fix44
from evenkeel.adapters.orders.fix_messages import (
    FixSession,
    allocation_cancellation,
    allocation_instruction,
    new_order_list,
    new_order_single,
)
from evenkeel.adapters.orders.fix_rules import rule_problems
from evenkeel.errors import UsageError
from evenkeel.orders.allocate import allocation_id, share_out
from evenkeel.ports.orders import Block, OrderedSecurity
from tests.adapters.orders.batches import NUMBERS, SENT_AT, SESSION, block_in, every_kind
from tests.adapters.orders.fix_cases import framed
from tests.support.ordering import fill

BATCH = every_kind()


def text_of(raw: bytes) -> str:
    """The message without its frame and header, fields parted by a bar."""
    parts = raw.decode().split("\x01")[:-1]
    return "|".join(part for part in parts if part.split("=")[0] not in ("8", "9", "35", "49", "56", "34", "52", "10"))


def single(block: Block) -> str:
    return text_of(new_order_single(block, NUMBERS, SESSION, SENT_AT))


def test_a_market_order_for_two_accounts_is_allocated_beforehand() -> None:
    block = block_in(BATCH, "schwab", "VTI")
    said = single(block)
    pre = said.split("70=")[1].split("|")[0]
    assert said == (
        f"11={block.order_id}|591=0|70={pre}|78=2|79=11112222|80=15|79=33334444|80=20|63=0|21=3|55=VTI|48=922908769|22=1|"
        "54=2|60=20260304-14:45:00.000|38=35|40=1|15=USD|59=0"
    )


def test_a_limit_order_has_its_price_and_what_is_submitted_says_so() -> None:
    said = single(block_in(BATCH, "fidelity", "XOM"))
    assert "|21=1|55=XOM|48=30231G102|22=1|167=CS|54=1|" in said
    assert said.endswith("|38=20|40=2|44=111.66|15=USD|59=0")


def test_funds_are_bought_in_dollars_and_sold_at_the_next_value() -> None:
    bought = single(block_in(BATCH, "schwab", "VBTLX"))
    assert "|79=11112222|80=987|79=33334444|80=493.5|" in bought
    assert bought.endswith("|55=VBTLX|167=MF|54=1|60=20260304-14:45:00.000|152=1480.5|40=M|15=USD|59=0")
    sold = single(block_in(BATCH, "schwab", "VTSAX"))
    assert sold.endswith("|54=2|60=20260304-14:45:00.000|38=12.75|40=M|15=USD|59=0|58=lots: 12.75 of 2019-05-06 (L3)")


def test_a_bond_without_a_symbol_is_named_by_its_cusip() -> None:
    assert "|1=33334444|63=0|21=3|55=[N/A]|48=91282CJL6|22=1|54=1|" in single(block_in(BATCH, "schwab", "T-NOTE"))


def test_a_list_counts_its_orders_and_has_sales_first() -> None:
    blocks = [block for block in BATCH.blocks if block.custodian == "schwab"]
    checked = check_message(new_order_list(BATCH.batch_id, blocks, NUMBERS, SESSION, SENT_AT), fix44())
    assert (checked.message_type, checked.fields.get(68), checked.fields.get(394)) == ("E", "5", "3")
    orders = checked.fields.groups[73]
    assert [(one.get(67), one.get(54)) for one in orders] == [
        ("1", "2"),
        ("2", "2"),
        ("3", "1"),
        ("4", "1"),
        ("5", "1"),
    ]
    with pytest.raises(UsageError, match="a purchase stands before a sale"):
        new_order_list(BATCH.batch_id, list(reversed(blocks)), NUMBERS, SESSION, SENT_AT)
    with pytest.raises(UsageError, match="has no orders"):
        new_order_list(BATCH.batch_id, [], NUMBERS, SESSION, SENT_AT)


def test_an_allocation_names_each_accounts_units_price_and_lots() -> None:
    block = block_in(BATCH, "schwab", "VTI")
    shares = share_out(block, [fill(block, "E1", "20", "250.10"), fill(block, "E2", "15", "250.20")])
    said = text_of(allocation_instruction(block, shares, NUMBERS, SESSION, SENT_AT))
    assert "|71=0|626=2|857=1|73=1|11=" in said
    assert "|53=35|6=250.142857|15=USD|75=20260304|" in said
    assert "|64=20260305|381=8755|78=2|" in said
    assert "|79=11112222|80=15|161=lots: 10 of 2020-01-02 (L1); 5 of 2021-01-04 (L2)|153=250.142857|" in said
    assert said.endswith("|79=33334444|80=20|161=lots: 20 of 2024-02-29 (L9)|153=250.142857")
    replaced = text_of(allocation_instruction(block, shares, NUMBERS, SESSION, SENT_AT, "alloc-1"))
    assert "|71=1|626=2|72=alloc-1|796=2|" in replaced
    with pytest.raises(UsageError, match="nothing to allocate"):
        allocation_instruction(block, [], NUMBERS, SESSION, SENT_AT)


def test_an_allocation_is_cancelled_by_its_id_and_the_same_figures_again_are_another() -> None:
    block = block_in(BATCH, "schwab", "VTI")
    shares = share_out(block, [fill(block, "E1", "20", "250.10")])
    first = allocation_id(block, shares)
    said = text_of(allocation_cancellation(block, first, SESSION, SENT_AT))
    assert f"|71=2|626=2|72={first}|796=2|857=1|73=1|11={block.order_id}|" in said
    assert "|53=0|6=0|15=USD|75=20260304|" in said
    assert "|78=" not in said
    void = allocation_id(block, [], first)
    assert said.startswith(f"70={void}|")
    again = text_of(allocation_instruction(block, shares, NUMBERS, SESSION, SENT_AT, after_id=void))
    assert "|71=0|626=2|857=1|" in again
    assert again.startswith(f"70={allocation_id(block, shares, void)}|")
    assert len({first, void, allocation_id(block, shares, void)}) == 3


def test_the_id_in_the_message_is_that_on_record_also_where_an_account_gets_nothing() -> None:
    block = block_in(BATCH, "schwab", "VTI")
    shares = share_out(block, [fill(block, "E1", "1", "250.10")])
    assert any(not share.filled_qty for share in shares)
    said = text_of(allocation_instruction(block, shares, NUMBERS, SESSION, SENT_AT))
    assert said.startswith(f"70={allocation_id(block, shares)}|")


def test_where_no_lots_are_taken_the_accounts_method_is_named() -> None:
    block = block_in(BATCH, "fidelity", "VTI")
    shares = share_out(block, [fill(block, "E1", "10.5", "250")])
    said = text_of(allocation_instruction(block, shares, NUMBERS, SESSION, SENT_AT))
    assert "161=lots by the account's method: highest_cost" in said
    assert "161=lots by the account's method: fifo" in said


def test_every_message_parses_with_another_parser_too() -> None:
    for block in BATCH.blocks:
        parser = FixParser()
        parser.append_buffer(new_order_single(block, NUMBERS, SESSION, SENT_AT))
        message = parser.get_message()
        assert message.get(11).decode() == block.order_id
        assert message.get(9) is not None


def test_what_cannot_be_said_is_refused_with_its_reason() -> None:
    block = block_in(BATCH, "schwab", "VTI")
    refused = [
        (block, {"A": "1"}, "number of account B is not known"),
        (block, NUMBERS | {"B": "33\x0144"}, "characters that no order file takes"),
        (block, NUMBERS | {"B": "=1+1"}, "as a formula"),
        (block, NUMBERS | {"B": NUMBERS["A"]}, "an account stands twice"),
        (replace(block, order_qty=Decimal(36)), NUMBERS, "the sum of 80 AllocQty is 35, its size is 36"),
        (replace(block, limit_price_usd=Decimal(1)), NUMBERS, "44 Price must be given if, and only if"),
        (replace(block, allocations=()), NUMBERS, "80 AllocQty|NoAllocs|counts no group"),
        (replace(block, security=OrderedSecurity("NONE", AssetType.ETF)), NUMBERS, "no symbol, CUSIP or ISIN"),
    ]
    for one, numbers, why in refused:
        with pytest.raises(UsageError, match=why):
            new_order_single(one, numbers, SESSION, SENT_AT)
    with pytest.raises(UsageError, match="its sender is empty"):
        new_order_single(block, NUMBERS, FixSession("", "X"), SENT_AT)


def test_a_message_that_says_something_else_than_the_block_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fix_messages, "SIDES", {"buy": "2", "sell": "1"})
    with pytest.raises(UsageError, match="read back differs"):
        new_order_single(block_in(BATCH, "schwab", "VTI"), NUMBERS, SESSION, SENT_AT)


ORDER = (
    "8=FIX.4.4\x0135=D\x0134=2\x0149=US\x0152=<TIME>\x0156=THEM\x0111=ID\x011=ACC\x0155=VTI\x0154=1\x0160=<TIME>\x01"
    "38=10\x0140=1\x0159=0\x01"
)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("38=10", "38=10\x01152=5", "exactly one of 38 OrderQty and 152 CashOrderQty"),
        ("38=10\x01", "", "exactly one of 38 OrderQty and 152 CashOrderQty"),
        ("38=10", "38=0", "its size must be above 0"),
        ("40=1", "40=2", "44 Price must be given if, and only if"),
        ("40=1", "40=1\x0144=5", "44 Price must be given if, and only if"),
        ("40=1", "40=3", "99 StopPx must be given if, and only if"),
        ("40=1", "40=1\x0199=5", "99 StopPx must be given if, and only if"),
        ("\x0159=0", "", "59 TimeInForce is missing"),
        ("\x011=ACC", "", "1 Account or a group of 79 AllocAccount is missing"),
        ("\x0155=VTI", "", "55 Symbol or 48 SecurityID is missing"),
        ("\x0155=VTI", "\x0155=VTI\x0148=922908769", "48 SecurityID and 22 SecurityIDSource belong together"),
        ("54=1", "54=5", "54 Side must be 1"),
        ("\x011=ACC", "\x0178=2\x0179=A\x0180=5\x0179=B\x0180=6", "the sum of 80 AllocQty is 11, its size is 10"),
        ("\x011=ACC", "\x0178=1\x0179=A", "needs 79 AllocAccount and 80 AllocQty"),
    ],
)
def test_our_rules_find_what_the_dictionary_lets_pass(before: str, after: str, why: str) -> None:
    assert rule_problems(check_message(framed(ORDER), fix44())) == []
    checked = check_message(framed(ORDER.replace(before, after, 1)), fix44())
    assert checked.problems == []
    assert any(why in problem for problem in rule_problems(checked)), rule_problems(checked)


def reframed(raw: bytes, before: str, after: str) -> bytes:
    """The message with one place changed, and its length and checksum made to fit again."""
    text = raw.decode()
    assert before in text
    body = text.replace(before, after, 1).split("\x01", 2)[2]
    return framed("8=FIX.4.4\x01" + body[: body.rindex("10=")])


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("68=2", "68=3", "68 TotNoOrders, 73 NoOrders and the number of orders"),
        ("\x0167=2\x01", "\x0167=3\x01", "67 ListSeqNo must count the orders from 1"),
        ("second id", "first id", "11 ClOrdID stands twice"),
        ("\x0154=2\x01", "\x0154=1\x01", "a purchase stands before a sale"),
        ("\x0138=35\x01", "\x0138=36\x01", "order 1 of the list|order 2 of the list"),
    ],
)
def test_our_rules_of_a_list(before: str, after: str, why: str) -> None:
    sales = [block for block in BATCH.blocks if block.side == "sell"][:2]
    raw = new_order_list("batch-1", sales, NUMBERS, SESSION, SENT_AT)
    if before == "second id":
        before, after = f"\x0111={sales[1].order_id}", f"\x0111={sales[0].order_id}"
    checked = check_message(reframed(raw, before, after), fix44())
    assert checked.problems == []
    assert any(part in problem for problem in rule_problems(checked) for part in why.split("|")), rule_problems(checked)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("\x0153=35\x01", "\x0153=34\x01", "the sum of 80 AllocQty is 35, 53 Quantity says 34"),
        ("\x0153=35\x01", "\x0153=0\x01", "53 Quantity must be above 0"),
        ("\x0173=1\x01", "\x01", "the orders are listed, and 73 NoOrders is missing"),
        ("\x0122=1\x01", "\x01", "48 SecurityID and 22 SecurityIDSource belong together"),
        ("79=33334444", "79=11112222", "an account stands twice"),
    ],
)
def test_our_rules_of_an_allocation(before: str, after: str, why: str) -> None:
    block = block_in(BATCH, "schwab", "VTI")
    raw = allocation_instruction(block, share_out(block, [fill(block, "E1", "35", "250")]), NUMBERS, SESSION, SENT_AT)
    if "73=" in before:
        before = f"\x0173=1\x0111={block.order_id}\x01"
    checked = check_message(reframed(raw, before, after), fix44())
    assert checked.problems == []
    assert any(why in problem for problem in rule_problems(checked)), rule_problems(checked)
