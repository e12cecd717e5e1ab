"""Why there is nothing to trade, why more is sold than is short of cash, and why a sale goes past its class's target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from data_contracts.vocab import ProposalReason
from evenkeel.policy.model import TradingRule
from evenkeel.stages.propose.proposal_sentences import proposal_sentences
from evenkeel.stages.propose.reason_sentences import FIGURES, reason_sentences
from evenkeel.stages.propose.stage import Proposed
from evenkeel.stages.propose.trade_sentences import trade_sentences
from tests.support.proposing import LAST_WEEK, Account, Lot, book_of, day_of, proposed, with_past
from tests.support.small_book import with_rows
from tests.unit.stages.propose.test_sequences import COUPLE

RESTRICTED = "restriction_id,scope,scope_id,kind,security_id,reason\n"
ON_TARGET = [Lot("STK", 600, 80), Lot("BND", 700, 50)]
DOWN = [Lot("STK", 600, 140), Lot("BND", 700, 50)]
"""24,000 of loss in stocks, all classes on their targets with 5,000 in cash."""


def barred(*rules: str) -> str:
    """Return restrictions: `account kind security`."""
    rows = (rule.split() for rule in rules)
    return RESTRICTED + "".join(f"R{n},account,{a},{kind},{s},client\n" for n, (a, kind, s) in enumerate(rows))


def why(made: Proposed) -> list[tuple[str, dict[str, Any]]]:
    """Return codes and figures of the only proposal."""
    (text,) = made.proposals["reasons_json"]
    return [(one["code"], one["figures"]) for one in json.loads(text)]


def nothing(
    account: Account, kind: str, name: str = "A4", restrictions: str = RESTRICTED, **more: Any
) -> tuple[Any, str]:
    """Return the reasons of a list without trades, and what is said."""
    made = proposed(day_of({name: account}, book_of(restrictions_csv=restrictions), **more), **{name: kind})
    assert made.proposals["status"][0] == "nothing_to_trade"
    said = proposal_sentences(made.proposals, made.trades)["sentence"][0]
    assert made.proposals["status_reason"][0] == said
    return why(made), said


@pytest.mark.parametrize(
    ("account", "kind", "code", "figures", "said"),
    [
        (Account(5_000, ON_TARGET), "full", "on_target", {}, "Every class is on its target."),
        (
            Account(4_950, [Lot("STK", 600, 80), Lot("BND", 701, 50)]),
            "full",
            "under_smallest_order",
            {"largest_off_usd": 50.0, "smallest_order_usd": 100.0},
            "What could be mended is off by $50 at most, and the smallest order is $100.",
        ),
        (
            Account(5_000, [Lot("STK", 620, 80), Lot("BND", 660, 50)]),
            "to_edge",
            "inside_bands",
            {"band_frac": 1.0, "max_drift_frac": 0.02},
            "Every class is inside its band; the largest drift is 2.0 points.",
        ),
        (
            Account(5_000, [Lot("STK", 610, 80), Lot("BND", 680, 50)]),
            "to_midpoint",
            "inside_bands",
            {"band_frac": 0.5, "max_drift_frac": 0.01},
            "Every class is inside the middle half of its band; the largest drift is 1.0 points.",
        ),
        (
            Account(5_000, ON_TARGET),
            "raise_cash",
            "no_cash_short",
            {"cash_usd": 5000.0, "needed_usd": 0.0},
            "No cash is short: $5,000 is there, nothing must stay.",
        ),
        (
            Account(0, [Lot("STK", 600, 80), Lot("BND", 750, 50)]),
            "invest_cash",
            "no_cash_to_invest",
            {"cash_usd": 0.0, "needed_usd": 0.0},
            "There is no cash to invest: $0 is there, nothing must stay.",
        ),
        (
            Account(5_000, ON_TARGET),
            "buy_only",
            "cash_on_target",
            {"cash_usd": 5000.0, "cash_target_usd": 5000.0, "smallest_order_usd": 100.0},
            "There is no cash to invest: $5,000 is there, and cash is aimed at $5,000.",
        ),
        (Account(5_000, ON_TARGET), "sell_only", "nothing_above_target", {}, "Nothing that could be sold is above its target."),
        (
            Account(5_000, ON_TARGET),
            "harvest_only",
            "nothing_taxed",
            {},
            "Nothing is taxed in these accounts, so a loss saves nothing.",
        ),
    ],
)  # fmt: skip
def test_nothing_to_trade_says_why(
    account: Account, kind: str, code: str, figures: Mapping[str, float], said: str
) -> None:
    assert nothing(account, kind) == ([(code, figures)], said)


@pytest.mark.parametrize(
    ("lots", "restrictions", "more", "code", "figures", "said"),
    [
        (
            [Lot("STK", 600, 104), Lot("BND", 700, 50)],
            (),
            {},
            "loss_too_small",
            {"largest_loss_frac": 0.03846154, "harvest_loss_frac": 0.1},
            "No lot is down by the 10.0 % of its cost that the policy asks for; the largest loss is 3.8 %.",
        ),
        (
            [Lot("STK", 600, 111.1), Lot("BND", 700, 50)],
            (),
            {},
            "loss_too_small",
            {"largest_loss_frac": 0.09990999, "harvest_loss_frac": 0.1},
            "No lot is down by the 10.0 % of its cost that the policy asks for; the largest loss is 9.9 %.",
        ),
        (
            ON_TARGET,
            (),
            {},
            "loss_too_small",
            {"largest_loss_frac": 0.0, "harvest_loss_frac": 0.1},
            "No lot is at a loss; the policy asks for 10.0 % of its cost.",
        ),
        (
            DOWN,
            ("A1 no_sell STK",),
            {},
            "losses_kept",
            {"deep_usd": 24000.0},
            "Losses of $24,000 are deep enough and may not be taken: what stood in the way says why.",
        ),
        (
            DOWN,
            ("A1 no_buy ALT", "A1 no_buy STX"),
            {},
            "no_substitute",
            {"open_loss_usd": 24000.0},
            "Losses of $24,000 could be taken, but nothing may be bought in place of what would be sold.",
        ),
        (
            DOWN,
            (),
            {"policy": {"trading": TradingRule(min_trade_usd=100_000)}},
            "loss_under_smallest_order",
            {"largest_sale_usd": 60000.0, "smallest_sale_usd": 100000.0},
            "What is down far enough is worth $60,000 at most, and the smallest order is $100,000.",
        ),
        (
            [Lot("STK", 600, 112), Lot("BND", 700, 50)],
            (),
            {"policy": {"trading": TradingRule(half_spreads={"etf": 0.05})}},
            "loss_not_worth_it",
            {"open_loss_usd": 7200.0},
            "Losses of $7,200 could be taken, but selling and replacing them costs more than they save.",
        ),
    ],
)  # fmt: skip
def test_nothing_to_harvest_says_why(
    lots: list[Lot],
    restrictions: tuple[str, ...],
    more: dict[str, Any],
    code: str,
    figures: Mapping[str, float],
    said: str,
) -> None:
    found = nothing(Account(5_000, lots), "harvest_only", "A1", barred(*restrictions), **more)
    assert found == ([(code, figures)], said)


def test_a_loss_gives_way_to_a_larger_purchase_of_the_same_unit() -> None:
    book = book_of(accounts_csv=COUPLE)
    accounts = {
        "A1": Account(5_000, [Lot("STK", 20, 140), Lot("STK", 580, 80), Lot("BND", 700, 50)]),
        "A4": Account(62_000, [Lot("BND", 700, 50)]),
    }
    made = proposed(with_past(day_of(accounts, book), book), A1="harvest_only", A4="full")
    (text,) = made.proposals.filter(portfolio_id="A1")["reasons_json"]
    assert json.loads(text) == [{"code": "losses_give_way", "figures": {"free_loss_usd": 800.0}}]


def test_a_washed_loss_is_kept_and_the_way_is_told() -> None:
    book = book_of()
    lots = [Lot("STK", 300, 140), Lot("STK", 300, 99, LAST_WEEK), Lot("BND", 700, 50)]
    made = proposed(with_past(day_of({"A1": Account(5_000, lots)}, book), book), A1="harvest_only")
    assert why(made) == [("losses_kept", {"deep_usd": 12000.0})]
    assert json.loads(made.proposals["obstacles_json"][0]) != []


def test_cash_that_cannot_be_raised_says_so_and_what_keeps_it() -> None:
    both = barred("A4 no_sell STK", "A4 no_sell BND")
    assert nothing(Account(1_000, ON_TARGET, spoken_for=3_000), "raise_cash", restrictions=both) == (
        [
            ("cash_not_raised", {"cash_usd": -2000.0, "needed_usd": 0.0, "short_usd": 2000.0, "sellable_usd": 0.0}),
            ("kept_by_rules", {"obstacle_count": 2}),
        ],
        "Cash is short by $2,000, and nothing may be sold. What is out of line may not be traded: 2 obstacles stood in the way.",
    )


def test_a_tax_that_is_dearer_than_the_move_is_told() -> None:
    kept = Account(0, [Lot("STK", 700, 1), Lot("BND", 592, 50)])
    assert nothing(kept, "full", "A1", barred("A1 no_sell BND")) == (
        [("tax_too_dear", {"dear_usd": 10240.0, "dear_tax_frac": 0.198, "worth_frac": 0.04})],
        "Of what is above its target $10,240 would cost 19.8 % of its value in tax or more; moving a dollar is worth 4.0 %.",
    )


def test_a_list_with_trades_has_no_reason_for_having_none() -> None:
    made = proposed(day_of({"A4": Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])}, book_of()), A4="full")
    assert why(made) == []
    plan = with_rows("accounts.csv").replace("roth_ira", "plan_401k")
    alone = proposed(day_of({"A4": Account(5_000, ON_TARGET)}, book_of(accounts_csv=plan)), A4="full")
    assert (alone.proposals["status"][0], why(alone)) == ("no_trades_by_rule", [])


STEADY = [Lot("STK", 50, 80), Lot("BND", 1_900, 50)]
"""Bonds that may not be sold, and stocks of 100 each far under target, with a gain: sold for cash that must stay and for nothing else."""


@pytest.mark.parametrize(
    ("account", "restrictions", "code", "figures", "said"),
    [
        (
            Account(1_000, STEADY, spoken_for=1_299),
            ("A1 no_sell BND",),
            "more_for_cushion",
            {"sold_usd": 300.0, "short_usd": 299.0, "more_usd": 1.0, "cushion_usd": 1.0},
            "$300 is sold where $299 is short: a dollar stays above the least cash of each account.",
        ),
        (
            Account(1_000, STEADY, spoken_for=1_230),
            ("A1 no_sell BND",),
            "more_for_whole_units",
            {"sold_usd": 300.0, "short_usd": 230.0, "more_usd": 70.0, "unit_usd": 100.0},
            "$300 is sold where $230 is short: a unit of what is sold is worth up to $100.",
        ),
        (
            Account(1_000, [Lot("STK", 620, 80), Lot("BND", 50, 40)], spoken_for=1_005),
            ("A1 no_sell STK",),
            "more_for_smallest_order",
            {"sold_usd": 100.0, "short_usd": 5.0, "more_usd": 95.0, "smallest_order_usd": 100.0},
            "$100 is sold where $5 is short: the smallest order is $100.",
        ),
        (
            Account(1_000, [Lot("STK", 600, 100), Lot("BND", 750, 50)], spoken_for=3_000),
            (),
            "more_for_cash_target",
            {"sold_usd": 6750.0, "short_usd": 2000.0, "more_usd": 4750.0, "cash_target_usd": 4775.0},
            "$6,750 is sold where $2,000 is short: cash counts to its target too, and is aimed at $4,775.",
        ),
        (
            Account(1_000, [Lot("STK", 640, 100), Lot("BND", 700, 50)]),
            (),
            "more_for_cash_target",
            {"sold_usd": 4000.0, "short_usd": 0.0, "more_usd": 4000.0, "cash_target_usd": 5000.0},
            "No cash is short; $4,000 is sold: cash counts to its target too, and is aimed at $5,000.",
        ),
    ],
)  # fmt: skip
def test_more_sold_than_is_short_says_why(
    account: Account, restrictions: tuple[str, ...], code: str, figures: Mapping[str, float], said: str
) -> None:
    book = book_of(restrictions_csv=barred(*restrictions))
    made = proposed(day_of({"A1": account}, book), A1="raise_cash")
    assert why(made) == [(code, figures)]
    assert proposal_sentences(made.proposals, made.trades)["sentence"][0].endswith(f". {said}")


def sale(made: Proposed, security: str = "STK") -> tuple[list[str], str]:
    """Return codes and sentence of the sale of a security."""
    rows = made.trades.filter(side="sell", security_id=security)
    return json.loads(rows["reasons_json"][0]), trade_sentences(rows)["sentence"][0]


NO_BONDS_SOLD = barred("A4 no_sell BND")


def test_a_sale_past_target_by_a_unit_says_so() -> None:
    account = Account(950, [Lot("STK", 6.2, 80), Lot("BND", 7, 50)], spoken_for=1_020)
    made = proposed(day_of({"A4": account}, book_of(restrictions_csv=NO_BONDS_SOLD)), A4="raise_cash")
    codes, said = sale(made)
    assert codes == ["raises_cash", "past_target_for_step", "no_tax_here"]
    assert "; that is 2.2 points below its target, less than a whole unit or the smallest order" in said


@pytest.mark.parametrize("stocks", [650, 620])
def test_a_sale_past_target_for_what_is_kept_elsewhere_says_so(stocks: int) -> None:
    """Bonds that may not be sold are above target: stocks are aimed lower, whether they begin above their target or below."""
    account = Account(5_000, [Lot("STK", stocks, 80), Lot("BND", 760, 50)])
    made = proposed(day_of({"A4": account}, book_of(restrictions_csv=NO_BONDS_SOLD)), A4="full")
    codes, said = sale(made)
    assert "past_target_for_kept" in codes
    assert "points below its target, because what is kept elsewhere leaves less for it" in said


def test_a_sale_past_target_for_cash_that_must_stay_says_so() -> None:
    """12,000 must stay where the model has 5,000 in cash; stocks and bonds begin at most a little above their targets."""
    header, *rows = with_rows("accounts.csv").splitlines()
    lines = [f"{row},{12_000 if row.startswith('A4') else ''}" for row in rows]
    accounts = "\n".join([f"{header},min_cash_usd", *lines]) + "\n"
    account = Account(3_000, [Lot("STK", 620, 80), Lot("BND", 700, 50)])
    made = proposed(day_of({"A4": account}, book_of(accounts_csv=accounts)), A4="raise_cash")
    codes, said = sale(made)
    assert codes[:2] == ["raises_cash", "past_target_for_cash"]
    assert "below its target, for the cash that must stay, or that its own target asks for" in said
    assert why(made)[0][1]["short_usd"] == 9_000


def test_a_sale_past_target_to_pay_for_purchases_says_so() -> None:
    """Of two accounts the one with cash may not buy bonds, which are outside their band: the other sells stocks for them."""
    accounts = {"A2": Account(0, [Lot("STK", 620, 80)]), "A3": Account(38_000, [])}
    book = book_of(restrictions_csv=barred("A3 no_buy BND", "A3 no_buy STK", "A3 no_buy ALT"))
    made = proposed(day_of(accounts, book), P2="full")
    codes, said = sale(made)
    assert "past_target_for_purchases" in codes
    assert "points below its target, to pay for purchases in the account" in said


def test_a_sale_that_pays_for_nothing_is_not_said_to() -> None:
    """Below its target, and nothing is bought in the account: it is for cash."""
    account = Account(1_000, STEADY, spoken_for=1_299)
    made = proposed(day_of({"A4": account}, book_of(restrictions_csv=NO_BONDS_SOLD)), A4="full")
    codes, said = sale(made)
    assert codes[0] == "raises_cash"
    assert "pays for purchases" not in said


def test_every_reason_has_words() -> None:
    figured = [{"code": code.value, "figures": dict.fromkeys(FIGURES, 1.0)} for code in ProposalReason]
    told = reason_sentences(pl.DataFrame({"p": ["p"], "reasons_json": [json.dumps(figured)]}), ["p"])
    assert told["code"].to_list() == [code.value for code in ProposalReason]
    assert all(sentence.endswith(".") and " " in sentence for sentence in told["sentence"])


def test_what_is_dear_to_sell_is_no_more_than_what_is_above_target() -> None:
    """600.5 of STK are 50 dollars above target, less than a share: the tax of all of them is not what keeps them."""
    account = Account(4_950, [Lot("STK", 600.5, 30), Lot("BND", 700, 30)])
    row = proposed(day_of({"A1": account}, book_of()), A1="full").proposals.row(0, named=True)
    assert "tax_too_dear" not in row["reasons_json"]
    assert "$60," not in row["status_reason"]


def test_a_position_of_lots_under_a_share_says_why_it_does_not_go() -> None:
    book = book_of()
    account = Account(-5_300, [Lot("STK", 0.9, 95)] * 60)
    made = proposed(day_of({"A1": account}, book), A1="raise_cash")
    assert made.trades.is_empty()
    assert "no order raises it" not in made.proposals["status_reason"][0]
    assert "whole_steps" in made.proposals["obstacles_json"][0]


def test_no_more_than_the_whole_portfolio_is_outside_its_bands() -> None:
    made = proposed(day_of({"A1": Account(0, [Lot("OLD", 1_000, 1)])}, book_of()), A1="full")
    assert 0 < made.proposals["band_excess_after_frac"][0] <= 1
