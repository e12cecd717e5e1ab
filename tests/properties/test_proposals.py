"""Whole proposals of random families: portfolios that share a tax unit, debit cash, budgets, restrictions, every kind of list."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import CheckResult, PreCheck, ProposalStatus, RebalanceKind
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import LAST_WEEK, LONG_AGO, Account, Lot, book_of, day_of, proposed, with_past

ACCOUNTS = (
    "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment,min_cash_usd\n"
    "A1,1000-0001,alpha,H1,,T1,individual,mix,,{min_cash}\n"
    "A2,1000-0002,alpha,H2,P2,T1,individual,,,\n"
    "A3,2000-0003,beta,H2,P2,T2,{third},,,\n"
    "A4,2000-0004,beta,H3,,T1,{fourth},mix,,\n"
)
UNITS = (
    "tax_unit_id,filing_status,short_term_rate_frac,long_term_rate_frac,state_rate_frac,gain_budget_usd,carry_short_usd,carry_long_usd\n"
    "T1,joint,0.35,0.15,0.05,{budget},{carried},0\nT2,single,0.35,0.15,0.05,,0,0\n"
)
RESTRICTIONS = "restriction_id,scope,scope_id,kind,security_id,issuer_id,asset_class,from_date,until_date,reason\n"
NEVER_FAIL = [check for check in PreCheck if check not in (PreCheck.CONCENTRATION, PreCheck.SUITABILITY)]
"""What a list keeps whatever it starts from; an issuer above its limit may be there before."""

qty = st.integers(1, 900)
lots = st.lists(
    st.builds(
        Lot,
        st.sampled_from(["STK", "STX", "ALT", "OLD", "BND", "PRIV"]),
        qty.map(float),
        st.sampled_from([5.0, 30.0, 48.0, 77.0, 99.0, 130.0]),
        st.sampled_from([LONG_AGO, LAST_WEEK, dt.date(2025, 8, 4)]),
    ),
    max_size=6,
)
cash = st.sampled_from([-4_000.0, 0.0, 12.34, 2_000.0, 25_000.0, 90_000.0])
account = st.builds(Account, cash, lots, st.sampled_from([0.0, 0.0, 3_000.0]))
families = st.fixed_dictionaries({name: account for name in ("A1", "A2", "A3", "A4")})
kinds = st.sampled_from([kind.value for kind in RebalanceKind])
changes = st.fixed_dictionaries(
    {
        "budget": st.sampled_from(["", "0", "500", "20000"]),
        "carried": st.sampled_from([0, 8_000]),
        "min_cash": st.sampled_from(["", "6000"]),
        "third": st.sampled_from(["ira", "individual"]),
        "fourth": st.sampled_from(["roth_ira", "individual"]),
        "turnover": st.sampled_from([None, 0.05, 0.3]),
        "barred": st.sampled_from(["", "r1,firm,,no_buy,STK,,,,,wish\n", "r1,account,A1,no_sell,STK,,,,,wish\n"]),
    }
)


def made_of(family: dict[str, Account], chosen: dict[str, str], change: dict[str, Any]) -> Proposed:
    """Return the proposals of the family's three portfolios."""
    book = book_of(
        accounts_csv=ACCOUNTS.format(**{name: change[name] for name in ("min_cash", "third", "fourth")}),
        tax_units_csv=UNITS.format(budget=change["budget"], carried=change["carried"]),
        restrictions_csv=RESTRICTIONS + change["barred"] if change["barred"] else "",
    )
    day = with_past(day_of(family, book), book)
    policies = {
        label: policy.model_copy(
            update={"trading": policy.trading.model_copy(update={"turnover_budget_frac": change["turnover"]})}
        )
        for label, policy in day.policies.items()
    }
    return proposed(replace(day, policies=policies), **chosen)


@pytest.mark.timeout(600)
@settings(max_examples=15, deadline=None)
@given(families, st.fixed_dictionaries({name: kinds for name in ("A1", "P2", "A4")}), changes)
def test_every_list_keeps_every_rule(
    family: dict[str, Account], chosen: dict[str, str], change: dict[str, Any]
) -> None:
    made = made_of(family, chosen, change)
    for row in made.proposals.iter_rows(named=True):
        failed = [one for one in json.loads(row["checks_json"]) if one["result"] == CheckResult.FAILED.value]
        assert [one for one in failed if one["check"] in NEVER_FAIL] == [], (row["portfolio_id"], row["kind"])
        if row["status"] in (ProposalStatus.DRAFTED.value, ProposalStatus.HELD_BACK.value):
            assert row["objective_usd"] <= row["objective_before_usd"] + 1e-6
            assert row["bound_usd"] <= row["objective_usd"] + 1e-6
    sold = made.trades.filter(pl.col("side") == "sell").group_by("account_id", "security_id", "lot_id")
    held = {f"{name}-{lot.security}-{i}": lot.qty for name, one in family.items() for i, lot in enumerate(one.lots)}
    for (_, _, lot_id), rows in sold:
        if lot_id in held:
            assert float(rows["traded_qty"].sum()) <= held[str(lot_id)] + 1e-9
