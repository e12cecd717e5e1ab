"""Lists under restrictions by screen and sector, of custodians, and of weights; and what their checks say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from evenkeel.book.model import Book
from evenkeel.errors import BookError
from evenkeel.policy.model import TradingRule
from evenkeel.stages.propose.obstacle_sentences import obstacle_sentences
from evenkeel.stages.propose.stage import Proposed
from evenkeel.stages.propose.substitutes import substitutes
from tests.support.proposing import MODELS, SECURITIES, Account, Lot, book_of, day_of, listed, proposed
from tests.unit.stages.propose import lists
from tests.unit.stages.propose.lists import checked, held, restriction, trade

IRA = Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])
"""100,000 in account A4, a Roth IRA at custodian beta: 70 % stocks, 18 % bonds, 12 % cash, where 60, 35 and 5 are wanted."""
IN_BONDS = Account(60_000, [Lot("BND", 800, 50)])
HEADER = "restriction_id,scope,scope_id,kind,security_id,sector,screen,weight_frac,reason\n"


def marked(**marks: str) -> str:
    """Return the securities with screens: `STK="tobacco"`; the others are marked with nothing."""
    header, *rows = SECURITIES.splitlines()
    return "\n".join([f"{header},screens", *(f"{row},{marks.get(row.split(',')[0], 'none')}" for row in rows)]) + "\n"


def book_with(*rows: str, securities: str = SECURITIES, **more: str) -> Book:
    return book_of(
        restrictions_csv=HEADER + "".join(f"{row},client\n" for row in rows), securities_csv=securities, **more
    )


def told(made: Proposed) -> list[str]:
    return obstacle_sentences(made.proposals)["sentence"].to_list()


def check_of(made: Proposed, name: str = "restrictions") -> dict[str, Any]:
    (found,) = (row for row in json.loads(made.proposals["checks_json"][0]) if row["check"] == name)
    return dict(found)


def test_what_a_screen_excludes_is_not_bought_and_what_is_held_of_it_is_told() -> None:
    book = book_with("R1,household,H3,exclude,,,weapons,", securities=marked(BND="weapons"))
    made = proposed(day_of({"A4": IRA}, book), A4="full")
    # Stocks are above target, and no bond may take their place: from stocks to cash is no nearer to target.
    assert listed(made) == {}
    assert told(made) == ["BND may not be bought: excluded (restriction R1)."]
    check = check_of(made)
    assert (check["result"], check["text"]) == ("warned", "Excluded, and held after the trades: BND (restriction R1).")
    assert check["figures"]["excluded_and_held"] == 1


def test_what_is_excluded_and_above_target_is_sold_like_anything_else() -> None:
    book = book_with("R1,household,H3,exclude,STK,,,", securities=marked())
    assert listed(proposed(day_of({"A4": IRA}, book), A4="full"))["A4", "sell", "STK"] == 10_000.0


def test_a_substitute_takes_the_place_of_what_is_excluded_but_not_one_that_is_excluded_too() -> None:
    rule = "R1,account,A4,exclude,,,tobacco,"
    one = proposed(day_of({"A4": IN_BONDS}, book_with(rule, securities=marked(STK="tobacco"))), A4="full")
    bought = {security for _, side, security in listed(one) if side == "buy"}
    assert bought == {"ALT"}
    both = marked(STK="tobacco", ALT="gambling;tobacco")
    none = proposed(day_of({"A4": IN_BONDS}, book_with(rule, securities=both)), A4="full")
    assert not {security for _, side, security in listed(none) if side == "buy"}


def test_what_a_custodian_cannot_trade_is_traded_elsewhere_only() -> None:
    book = book_with("R1,custodian,beta,not_traded,STK,,,", securities=marked())
    made = proposed(day_of({"A1": IRA, "A4": IRA}, book), A1="full", A4="full")
    assert {account for account, _, security in listed(made) if security == "STK"} == {"A1"}
    assert told(made) == ["STK may not be sold: not traded by its custodian beta (restriction R1)."]
    (obstacle,) = (one for row in made.proposals["obstacles_json"] for one in json.loads(row))
    assert (obstacle["custodian"], obstacle["weight_frac"]) == ("beta", None)


def test_purchases_stop_at_the_largest_weight() -> None:
    """60,000 to invest in stocks, of which 40 % of 100,000 may be held."""
    book = book_with("R1,portfolio,A4,max_weight,STK,,,0.40", securities=marked())
    made = proposed(day_of({"A4": IN_BONDS}, book), A4="full")
    assert listed(made) == {("A4", "buy", "STK"): 40_000.0}
    assert told(made) == ["STK may not be bought: at its largest weight (40.0 %) (restriction R1)."]
    assert check_of(made)["result"] == "passed"


def test_accounts_of_a_portfolio_share_what_is_left_of_a_weight() -> None:
    book = book_with("R1,household,H2,max_weight,STK,,,0.20", securities=marked())
    made = proposed(day_of({"A2": Account(50_000), "A3": Account(50_000)}, book), P2="full")
    stocks = {account: value for (account, _, security), value in listed(made).items() if security == "STK"}
    assert sum(stocks.values()) <= 20_000
    assert max(stocks.values()) <= 10_000
    assert check_of(made)["result"] == "passed"


def test_sales_keep_the_least_weight_in_whole_lots() -> None:
    """Fourteen lots of 5,000 are 70 %; 60 % is wanted, and 65 % must stay: one lot may go."""
    account = Account(12_000, [*(Lot("STK", 50, 80) for _ in range(14)), Lot("BND", 360, 50)])
    free = proposed(day_of({"A4": account}, book_with(securities=marked())), A4="full")
    assert listed(free)["A4", "sell", "STK"] == 10_000.0
    book = book_with("R1,portfolio,A4,min_weight,STK,,,0.65", securities=marked())
    made = proposed(day_of({"A4": account}, book), A4="full")
    assert listed(made)["A4", "sell", "STK"] == 5_000.0
    assert told(made) == ["STK may not be sold: a least weight of it stays (65.0 %) (restriction R1)."]
    assert check_of(made)["result"] == "passed"


def test_no_sector_is_bought_past_its_limit_by_several_securities_together() -> None:
    """Two stocks of one sector with 30 % each in the model, and 25 % allowed of the sector."""
    models = MODELS.replace(
        "{sleeve: core, weight: 0.60, securities: [{security: STK, weight: 0.60}]}",
        "{sleeve: core, weight: 0.60, securities: [{security: STK, weight: 0.30}, {security: ALT, weight: 0.30}]}",
    )
    header, *rows = marked().splitlines()
    sectors = {"STK": "energy", "ALT": "energy"}
    securities = "\n".join([f"{header},sector", *(f"{row},{sectors.get(row[:3], 'none')}" for row in rows)]) + "\n"
    book = book_with(securities=securities, models_yaml=models)

    def bought(max_sector: float | None) -> tuple[float, dict[str, Any]]:
        trading = TradingRule(max_sector_frac=max_sector)
        made = proposed(day_of({"A4": IN_BONDS}, book, policy={"trading": trading}), A4="full")
        total = sum(value for (_, side, name), value in listed(made).items() if side == "buy" and name in sectors)
        return total, check_of(made, "sector_concentration")

    free, unlimited = bought(None)
    assert free > 50_000
    assert unlimited["text"] == "The policy sets no limit for sectors."
    total, check = bought(0.25)
    assert 24_000 < total <= 25_000
    assert check["result"] == "passed"


def _rule(scope: str, kind: str, names: str, share: float) -> str:
    """Return a row without its id; a kind that may not have the scope or the names drawn has others."""
    is_weight = kind.endswith("_weight")
    if kind == "not_traded":
        scope = "custodian,beta"
    if is_weight:
        scope = "firm," if scope.startswith("custodian") else scope
        names = "STK,," if names.startswith(",") else names
    return f"{scope},{kind},{names},{share if is_weight else ''}"


_RULES = st.builds(
    _rule,
    st.sampled_from(["firm,", "household,H2", "household,H3", "custodian,beta", "portfolio,P2"]),
    st.sampled_from(["no_buy", "no_sell", "exclude", "not_traded", "max_weight", "min_weight"]),
    st.sampled_from(["STK,,", "ALT,,", "OLD,,", "BND,,", ",,tobacco", ",energy,"]),
    st.sampled_from([0.05, 0.2, 0.45, 0.7]),
)
_HELD = st.lists(
    st.builds(Lot, st.sampled_from(["STK", "ALT", "OLD", "BND"]), st.sampled_from([50, 200, 350]), st.sampled_from([20, 90])),
    max_size=5,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.lists(_RULES, min_size=1, max_size=4), _HELD, _HELD, st.sampled_from(["full", "to_edge", "raise_cash"]))
def test_no_list_has_a_trade_against_a_restriction(
    rules: list[str], ours: list[Lot], theirs: list[Lot], kind: str
) -> None:
    """As the checks see it, which read the book by themselves; of rules that the book refuses nothing is asked."""
    header, *rows = marked(ALT="tobacco", OLD="tobacco;weapons").splitlines()
    securities = "\n".join(
        [f"{header},sector", *(f"{row},{'energy' if row[:3] in ('STK', 'OLD') else 'none'}" for row in rows)]
    )
    try:
        book = book_with(*(f"R{n},{rule}" for n, rule in enumerate(rules)), securities=securities + "\n")
    except BookError:
        reject()
    accounts = {"A2": Account(30_000, ours), "A3": Account(5_000, theirs), "A4": Account(20_000, ours)}
    made = proposed(day_of(accounts, book), P2=kind, A4=kind)
    for checks in made.proposals["checks_json"]:
        (found,) = (check for check in json.loads(checks) if check["check"] == "restrictions")
        assert found["result"] != "failed", found["text"]


# Checks alone, from trades that no list would have.


def known(*restrictions: dict[str, Any], **marks: Mapping[str, str | None]) -> Book:
    """Return the small book with restrictions; what is not named in `marks` is of no sector and marked with nothing."""
    plain = {
        "price_factor": Decimal(1),
        "multiplier": Decimal(1),
        "is_illiquid": False,
        "sector": "none",
        "screens": "none",
    }
    rows = [
        {**plain, "name": row["security_id"], **row, **marks.get(row["security_id"], {})} for row in lists.SECURITIES
    ]
    return lists.small_book(
        securities=rows, restrictions=[{**row, "restriction_id": f"R{n}"} for n, row in enumerate(restrictions, 1)]
    )


START = held({"P1-1": {"USTM": 60_000, "USAG": 30_000, "CASH:USD": 10_000}})
SMOKE = restriction("exclude", screen="tobacco")


@pytest.mark.parametrize(
    ("rule", "trades", "text"),
    [
        (
            SMOKE,
            [trade("buy", "PLMR", 1_000)],
            "PLMR may not be bought (restriction R1). Excluded, and held after the trades: PLMR (restriction R1)",
        ),
        (restriction("no_buy", sector="energy"), [trade("buy", "PLMR", 1_000)], "PLMR may not be bought (restriction R1)"),
        (restriction("no_sell", sector="utilities"), [trade("sell", "USTM", 1_000)], "USTM may not be sold (restriction R1)"),
        (
            restriction("not_traded", "custodian", "schwab", security_id="USTM"),
            [trade("sell", "USTM", 1_000)],
            "USTM may not be sold at schwab (restriction R1)",
        ),
        (
            restriction("max_weight", security_id="USAG", weight_frac=0.35),
            [trade("buy", "USAG", 5_010)],
            "USAG has 35.0 % after the trades, at most 35.0 % is wanted (restriction R1)",
        ),
        (
            restriction("min_weight", security_id="USTM", weight_frac=0.55),
            [trade("sell", "USTM", 6_000)],
            "USTM has 54.0 % after the trades, at least 55.0 % is wanted (restriction R1)",
        ),
    ],
)  # fmt: skip
def test_trade_against_a_restriction_fails(rule: dict[str, Any], trades: list[dict[str, Any]], text: str) -> None:
    book = known(rule, PLMR={"sector": "energy", "screens": "alcohol;tobacco"}, USTM={"sector": "utilities"})
    check = checked(trades, START, book)["restrictions"]
    assert (check["result"], check["text"]) == ("failed", f"Against a restriction: {text}.")
    assert check["figures"]["restriction_ids"] == ["R1"]


@pytest.mark.parametrize(
    ("rule", "trades"),
    [
        (SMOKE, [trade("buy", "USAG", 1_000)]),
        (restriction("exclude", sector="utilities"), [trade("sell", "USTM", 60_000)]),
        (restriction("not_traded", "custodian", "fidelity", security_id="USTM"), [trade("sell", "USTM", 1_000)]),
        (restriction("max_weight", security_id="USAG", weight_frac=0.35), [trade("buy", "USAG", 5_000)]),
        (restriction("min_weight", security_id="USTM", weight_frac=0.55), [trade("sell", "USTM", 5_000)]),
    ],
)
def test_other_trades_pass_up_to_the_bound(rule: dict[str, Any], trades: list[dict[str, Any]]) -> None:
    assert checked(trades, START, known(rule, USTM={"sector": "utilities"}))["restrictions"]["result"] == "passed"


def test_weights_that_the_list_leaves_as_they_are_warn() -> None:
    over = restriction("max_weight", security_id="USTM", weight_frac=0.50)
    check = checked([], START, known(over))["restrictions"]
    text = (
        "Past a weight before and after: USTM has 60.0 % after the trades, at most 50.0 % is wanted (restriction R1)."
    )
    assert (check["result"], check["text"]) == ("warned", text)
    under = restriction("min_weight", security_id="PLMR", weight_frac=0.01)
    assert checked([], START, known(under))["restrictions"]["result"] == "warned"


def test_unknown_screens_are_never_passed_over() -> None:
    blank = {"screens": None}
    book = known(SMOKE, PLMR=blank, USTM=blank)
    check = checked([trade("buy", "PLMR", 1_000)], START, book)["restrictions"]
    assert check["result"] == "not_known"
    assert check["text"] == (
        "1 security is traded whose sector or screens are not known, though a restriction by them holds in the account: PLMR. "
        "1 security is held whose sector or screens are not known, though a restriction by them holds in the account: USTM."
    )
    assert check["figures"]["not_known"] == 2
    # Selling what might be excluded is not barred by that; it is told as long as some of it is held.
    assert checked([trade("sell", "USTM", 1_000)], START, book)["restrictions"]["result"] == "warned"
    assert checked([trade("sell", "USTM", 60_000)], START, book)["restrictions"]["result"] == "passed"
    assert checked([trade("buy", "PLMR", 1_000)], START, known(PLMR=blank))["restrictions"]["result"] == "passed"


def test_what_is_not_known_matters_only_where_the_restriction_could_mean_it() -> None:
    narrow = restriction("no_buy", screen="tobacco", asset_class="us_bond")
    blank = {"sector": None, "screens": None}
    assert (
        checked([trade("buy", "PLMR", 1_000)], START, known(narrow, PLMR=blank))["restrictions"]["result"] == "passed"
    )
    both = restriction("no_buy", sector="energy", screen="tobacco")
    mining = {"sector": "materials", "screens": None}
    assert checked([trade("buy", "PLMR", 1_000)], START, known(both, PLMR=mining))["restrictions"]["result"] == "passed"
    drilling = {"sector": "energy", "screens": None}
    assert (
        checked([trade("buy", "PLMR", 1_000)], START, known(both, PLMR=drilling))["restrictions"]["result"]
        == "not_known"
    )


def test_cash_has_no_screens_and_the_treasury_no_sector() -> None:
    blank = {"sector": None, "screens": None}
    cash = held({"P1-1": {"MMF": 50_000, "CASH:USD": 50_000}})
    sector, screen = restriction("no_buy", sector="energy"), restriction("no_buy", screen="tobacco")
    buys = [trade("buy", "MMF", 1_000)]
    assert checked(buys, cash, known(sector, screen, MMF=blank))["restrictions"]["result"] == "passed"
    assert checked([trade("buy", "T34", 1_000)], cash, known(sector, T34=blank))["restrictions"]["result"] == "passed"
    assert (
        checked([trade("buy", "T34", 1_000)], cash, known(screen, T34=blank))["restrictions"]["result"] == "not_known"
    )


def test_what_is_excluded_is_never_named_as_a_substitute() -> None:
    sold = pl.DataFrame({"account_id": ["A1"], "security_id": ["STK"]})
    none = pl.DataFrame(
        schema={"account_id": pl.String, "security_id": pl.String, "cost_usd": pl.Float64, "value_usd": pl.Float64}
    )
    book = book_with(securities=marked(ALT="tobacco"))
    assert substitutes(sold, none, book, lists.TRADED)["substitute_id"].to_list() == ["ALT"]
    barred = book_with("R1,firm,,exclude,,,tobacco,", securities=marked(ALT="tobacco"))
    assert substitutes(sold, none, barred, lists.TRADED).is_empty()
