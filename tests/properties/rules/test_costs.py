"""What always holds of costs."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import AssetType, OrderSide
from evenkeel.rules.costs import Commission, CostOutcome, CostPolicy, RedemptionFee, Trade, trade_cost
from tests.unit.rules.cost_frames import vectorised

KINDS = [AssetType.STOCK, AssetType.ETF, AssetType.MUTUAL_FUND]
cents = st.integers(0, 50_000).map(lambda n: Decimal(n).scaleb(-2))
rates = st.integers(0, 20_000).map(lambda n: n / 1_000_000)
quantities = st.integers(0, 10**9).map(lambda n: Decimal(n).scaleb(-4))
commissions = st.builds(
    Commission,
    cents,
    st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-4)),
    rates,
    rates,
    cents,
    st.one_of(st.none(), cents),
)
policies = st.builds(
    CostPolicy,
    st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from(KINDS)), commissions),
    st.dictionaries(st.sampled_from(KINDS), rates),
    st.dictionaries(st.sampled_from("XY"), rates),
    st.dictionaries(st.sampled_from("XY"), st.builds(RedemptionFee, rates, st.integers(7, 90))),
    cents,
    st.sampled_from([1.0, 2.5, 20.0]),
    st.sampled_from([0.0, 1.5, 100.0]),
)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    qty = draw(quantities)
    early = draw(st.one_of(st.none(), st.integers(0, 100)))
    return Trade(
        draw(st.sampled_from("ab")),
        draw(st.sampled_from("XYZ")),
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from(OrderSide)),
        qty,
        draw(st.integers(0, 10**8).map(lambda n: Decimal(n).scaleb(-2))),
        None if early is None else (qty * early / 100).quantize(Decimal("0.000001")),
    )


@settings(deadline=None)
@given(st.lists(trades(), min_size=1, max_size=20), policies)
def test_scalar_and_frames_form_agree_to_the_cent(several: list[Trade], policy: CostPolicy) -> None:
    assert vectorised(several, policy) == [trade_cost(one, policy) for one in several]


@given(trades(), policies)
def test_nothing_proposed_is_smaller_than_its_cost_or_the_minimum(trade: Trade, policy: CostPolicy) -> None:
    found = trade_cost(trade, policy)
    if found.why_not == CostOutcome.COST_UNKNOWN:
        assert found.cost_usd is None
        return
    assert found.cost_usd is not None
    assert found.cost_usd >= 0
    if found.why_not is None:
        assert trade.value_usd >= policy.minimum_trade_usd
        assert trade.value_usd >= found.cost_usd
