"""Purchases go only with money that is there: the rule of `evenkeel.orders.money` at its edges."""

from __future__ import annotations

import datetime as dt

from data_contracts.vocab import WaitReason
from evenkeel.orders.approved import OrderingAccount, Situation
from evenkeel.policy.orders import OrderRule
from tests.support.ordering import BUY, EVENING, SECURITIES, SELL, account, plan, proposal, trade

EXACT = OrderRule(price_reserve_frac=0)


def bought(
    one: OrderingAccount, *trades: tuple[object, str, str, str], rule: OrderRule = EXACT, cutoff: dt.time | None = None
) -> list[str]:
    made = proposal(
        "P",
        *(
            trade(
                place, "A", SELL if side == SELL else BUY, security, quantity, price, lot="L" if side == SELL else None
            )
            for place, (side, security, quantity, price) in enumerate(trades, start=1)
        ),
    )
    result = plan([made], one, rule=rule, cutoffs={"schwab": cutoff} if cutoff else None)
    assert {waiting.reason for waiting in result.waiting} <= {WaitReason.CASH_NOT_THERE}
    going = [block.security.security_id for block in result.batch.blocks if block.side == BUY]
    waiting = [one.text.split()[3] for one in result.waiting]
    assert len(going) + len(waiting) == sum(side == BUY for side, *_ in trades)
    return going


def test_proceeds_of_the_same_day_pay_for_purchases() -> None:
    sale, purchase = (SELL, "VTI", "10", "250"), (BUY, "BND", "100", "75")
    assert bought(account("A", cash="5000"), sale, purchase) == ["BND"]  # 2,500 + 5,000 = 7,500
    assert bought(account("A", cash="4999.99"), sale, purchase) == []


def test_the_reserve_is_kept_on_both_sides() -> None:
    sale, purchase = (SELL, "VTI", "10", "250"), (BUY, "BND", "100", "75")
    # 2,475 of the sale, 7,575 for the purchase.
    assert bought(account("A", cash="5100"), sale, purchase, rule=OrderRule()) == ["BND"]
    assert bought(account("A", cash="5099.99"), sale, purchase, rule=OrderRule()) == []


def test_fees_are_paid_on_either_side() -> None:
    made = proposal(
        "P",
        trade(1, "A", SELL, "VTI", "10", "250", lot="L", fees="4.95"),
        trade(2, "A", BUY, "BND", "100", "75", fees="6.95"),
    )
    assert plan([made], account("A", cash="5011.90"), rule=EXACT).waiting == ()
    assert [one.trade_no for one in plan([made], account("A", cash="5011.89"), rule=EXACT).waiting] == [2]


def test_a_limit_sale_may_not_fill_and_counts_only_if_the_policy_says_so() -> None:
    sale, purchase = (SELL, "XOM", "100", "100"), (BUY, "BND", "100", "75")
    assert bought(account("A", cash="0"), sale, purchase) == []
    counted = OrderRule(price_reserve_frac=0, is_limit_sale_counted=True)
    assert bought(account("A", cash="0"), sale, purchase, rule=counted) == ["BND"]
    # At the limit, 99.00 a share: 9,900, not 10,000.
    assert bought(account("A", cash="99.99"), sale, (BUY, "BND", "1", "10000"), rule=counted) == []
    assert bought(account("A", cash="100"), sale, (BUY, "BND", "1", "10000"), rule=counted) == ["BND"]


def test_a_limit_purchase_may_cost_its_limit() -> None:
    purchase = (BUY, "XOM", "10", "100")
    assert bought(account("A", cash="1009.99"), purchase) == []
    assert bought(account("A", cash="1010"), purchase) == ["XOM"]


def test_a_purchase_waits_where_the_sale_settles_later() -> None:
    # The fund's cut-off of 09:30 has passed: it is sold a session later and settles after the purchase.
    sale, purchase = (SELL, "VTSAX", "100", "100"), (BUY, "BND", "100", "75")
    early = dt.time(9, 30)
    assert bought(account("A", cash="0"), sale, purchase) == ["BND"]
    assert bought(account("A", cash="0"), sale, purchase, cutoff=early) == []
    # A margin account may pay later, but nothing is bought beyond all that is there.
    assert bought(account("A", cash="0", has_margin=True), sale, purchase, cutoff=early) == ["BND"]
    assert bought(account("A", cash="0", has_margin=True), sale, (BUY, "BND", "200", "75"), cutoff=early) == []
    # A fund bought on that later session is paid by the fund sold.
    assert bought(account("A", cash="0"), sale, (BUY, "VBTLX", "100", "75"), cutoff=early) == ["VBTLX"]


def test_an_earlier_settling_purchase_may_not_use_what_a_later_one_needs_nor_the_other_way_round() -> None:
    early = dt.time(9, 30)
    # Cash 7,500 pays for BND on Thursday; the fund of Friday has the fund's proceeds.
    both = ((SELL, "VTSAX", "75", "100"), (BUY, "VBTLX", "100", "75"), (BUY, "BND", "100", "75"))
    assert bought(account("A", cash="7500"), *both, cutoff=early) == ["BND", "VBTLX"]
    assert bought(account("A", cash="7499"), *both, cutoff=early) == ["VBTLX"]


def test_an_account_that_pays_at_once_uses_settled_cash_only() -> None:
    sale, purchase = (SELL, "VTI", "100", "250"), (BUY, "BND", "100", "75")
    assert bought(account("A", cash="7499", pays_at_once=True), sale, purchase) == []
    assert bought(account("A", cash="7500", pays_at_once=True), sale, purchase) == ["BND"]


def test_a_smaller_purchase_may_go_where_a_larger_one_waits() -> None:
    assert bought(account("A", cash="1000"), (BUY, "BND", "100", "75"), (BUY, "VTI", "4", "250")) == ["VTI"]


def test_a_wire_requested_between_consent_and_the_batch_is_not_spent_twice() -> None:
    made = proposal("P", trade(1, "A", SELL, "VTI", "10", "250", lot="L"), trade(2, "A", BUY, "BND", "60", "75"))
    evening, morning = account("A", cash="3000"), account("A", cash="500")  # 2,500 are spoken for overnight
    assert plan([made], evening).waiting == ()
    result = plan([made], morning)
    assert [block.side for block in result.batch.blocks] == [SELL]
    assert [(one.trade_no, one.reason) for one in result.waiting] == [(2, WaitReason.CASH_NOT_THERE)]


def test_what_waits_is_bought_with_the_next_batch_when_the_money_is_there() -> None:
    made = proposal("P", trade(1, "A", SELL, "XOM", "100", "100", lot="L"), trade(2, "A", BUY, "BND", "100", "75"))
    first = plan([made], account("A", cash="0"))
    assert [(one.trade_no, one.reason) for one in first.waiting] == [(2, WaitReason.CASH_NOT_THERE)]
    taken = frozenset(
        (lot.proposal_id, lot.trade_no)
        for block in first.batch.blocks
        for part in block.allocations
        for lot in part.lots
    )
    later = Situation({"A": account("A", cash="9900")}, SECURITIES, taken=taken)
    second = plan([made], situation=later, at=EVENING + dt.timedelta(days=1))
    assert [(block.side, block.security.security_id) for block in second.batch.blocks] == [(BUY, "BND")]
    assert second.waiting == ()
