"""Which lists of exact programs are taken: one that clashes is asked for again, and left with its tie where that does not help."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from data_contracts.vocab import RebalanceKind
from evenkeel.stages.propose import solving
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.clashes import Bars
from evenkeel.stages.propose.problems import Problems
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.stage import Proposed
from tests.support.proposing import Account, Lot, book_of, day_of, proposed

ACCOUNTS = (
    "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment\n"
    "A1,1000-0001,alpha,H1,,T1,individual,mix,\n"
    "A2,1000-0002,alpha,H2,P2,{unit},individual,,\n"
    "A3,2000-0003,beta,H2,P2,{unit},individual,,\n"
    "A4,2000-0004,beta,H3,,T4,individual,mix,\n"
)
UNITS = "tax_unit_id,filing_status\nT1,single\nT2,joint\nT4,single\n"
asked: list[set[str]] = []
"""The portfolios that programs were asked for, time after time."""
DRIFTED = Account(100.0, [Lot("STK", 900.0, 120.0), Lot("BND", 100.0, 40.0)])
"""Almost all in stocks, at a loss."""


def made(
    monkeypatch: pytest.MonkeyPatch, unit: str, clashing: str | None, *, obeys: bool = False, barred_costs: float = 0.0
) -> tuple[Proposed, Proposed]:
    """Return the proposals where programs' lists have costs lower by 7 dollars, the search's wide gaps; and those of the search.

    The program's list of account `clashing` buys a share of what it sells; where it `obeys`, only until that is barred, and with the bar it
    costs `barred_costs` more.
    """
    solved = solving._solved
    asked.clear()

    def told(case: Case, problems: Problems, bars: Bars, *, has_programs: bool) -> Lists:
        lists = solved(case, problems, bars, has_programs=has_programs)
        is_barred = obeys and clashing is not None and clashing in set(bars.no_buys["account_id"])
        less = 7.0 - (barred_costs if is_barred else 0.0) if has_programs else 0.0
        if has_programs:
            asked.append(set(lists.figures["portfolio_id"]))
        figures = lists.figures.with_columns(
            pl.col("objective_usd") - less,
            pl.col("bound_usd") + (0.25 if is_barred else 0.0),
            (pl.col("nav_usd") * 0.01).alias("gap_usd"),
        )
        trades = lists.trades
        if has_programs and clashing in set(trades["account_id"]) and not is_barred:
            sale = trades.filter(pl.col("account_id") == clashing, pl.col("side") == "sell").head(1)
            assert sale.height == 1
            buy = sale.with_columns(
                pl.lit("buy").alias("side"), pl.lit(None, pl.String).alias("lot_id"), pl.lit(99, pl.Int64).alias("trade_no"),
                pl.lit(1.0).alias("value_usd"), pl.lit(None, pl.Float64).alias("gain_usd"),
            )  # fmt: skip
            trades = pl.concat([trades, buy]).sort("portfolio_id", "account_id", "trade_no")
        return replace(lists, figures=figures, trades=trades)

    book = book_of(accounts_csv=ACCOUNTS.format(unit=unit), tax_units_csv=UNITS)
    day = day_of(dict.fromkeys(("A1", "A2", "A3", "A4"), DRIFTED), book)
    kinds = dict.fromkeys(("A1", "P2", "A4"), RebalanceKind.FULL.value)
    searched = proposed(day, **kinds)
    monkeypatch.setattr(solving, "_solved", told)
    return proposed(day, **kinds), searched


def cheaper(made: Proposed, searched: Proposed) -> set[str]:
    """Return the portfolios whose list is the program's."""
    both = made.proposals.join(searched.proposals, on="portfolio_id", suffix="_searched")
    return set(both.filter(pl.col("objective_usd") < pl.col("objective_usd_searched") - 6)["portfolio_id"])


def test_lists_of_programs_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cheaper(*made(monkeypatch, "T2", None)) == {"A1", "P2", "A4"}


def test_a_list_that_clashes_is_the_only_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, one clash anywhere in the day's lists left all of them as the search had them."""
    now, searched = made(monkeypatch, "T2", "A1")
    assert cheaper(now, searched) == {"P2", "A4"}
    own, before = (each.trades.filter(pl.col("account_id") == "A1") for each in (now, searched))
    assert own.drop("proposal_id", strict=False).equals(before.drop("proposal_id", strict=False))


def test_a_list_that_could_wash_its_losses_is_left_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portfolio P2 is the same taxpayer's: its program's list was made beside another list of A1 than the one that stays."""
    assert cheaper(*made(monkeypatch, "T1", "A1")) == {"A4"}


def test_a_portfolio_of_two_accounts_is_left_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cheaper(*made(monkeypatch, "T2", "A3")) == {"A1", "A4"}


def test_a_list_that_clashes_is_asked_for_again_alone_with_the_clash_barred(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, the search's list stood, however far from the best."""
    assert cheaper(*made(monkeypatch, "T2", "A1", obeys=True)) == {"A1", "P2", "A4"}
    assert asked == [{"A1", "P2", "A4"}, {"A1"}]


def test_all_that_may_wash_it_are_asked_for_again_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cheaper(*made(monkeypatch, "T1", "A1", obeys=True)) == {"A1", "P2", "A4"}
    assert asked == [{"A1", "P2", "A4"}, {"A1", "P2"}]


@pytest.mark.parametrize(("barred_costs", "is_taken"), [(6.5, True), (7.0, False), (7.5, False)])
def test_a_list_that_the_bar_makes_no_better_than_the_searchs_is_left(
    monkeypatch: pytest.MonkeyPatch, barred_costs: float, is_taken: bool
) -> None:
    """One that costs the same is left too: its bound, with less freedom, would make the same list look better."""
    now, searched = made(monkeypatch, "T2", "A1", obeys=True, barred_costs=barred_costs)
    assert asked == [{"A1", "P2", "A4"}, {"A1"}]
    own, before = (
        each.proposals.row(by_predicate=pl.col("portfolio_id") == "A1", named=True) for each in (now, searched)
    )
    assert own["objective_usd"] == pytest.approx(before["objective_usd"] - (7.0 - barred_costs if is_taken else 0.0))
    assert own["bound_usd"] == pytest.approx(before["bound_usd"] + (0.25 if is_taken else 0.0))


def test_what_is_asked_for_in_vain_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made(monkeypatch, "T2", "A1", obeys=False)
    assert asked == [{"A1", "P2", "A4"}, {"A1"}]


class Scene:
    """Two accounts of one taxpayer and a third: the first sells a loss that the second's list of a program would wash."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        programs_wash: bool,
        searches_wash: bool,
        whatever_is_barred: bool = False,
    ) -> None:
        solved = solving._solved

        def told(case: Case, problems: Problems, bars: Bars, *, has_programs: bool) -> Lists:
            lists = solved(case, problems, bars, has_programs=has_programs)
            is_barred = not bars.no_buys.filter(account_id="A2", security_id="STK").is_empty()
            is_obeyed = is_barred and (has_programs or not whatever_is_barred)
            washes = programs_wash if has_programs else searches_wash
            figures = lists.figures.with_columns(
                pl.col("objective_usd") + (9.0 if is_obeyed else 0.0) - (7.0 if has_programs else 0.0),
                (pl.col("nav_usd") * 0.01).alias("gap_usd"),
            )
            if not washes or is_obeyed or "P2" not in set(lists.figures["portfolio_id"]):
                return replace(lists, figures=figures)
            buy = (
                lists.trades.filter(side="buy")
                .head(1)
                .with_columns(
                    portfolio_id=pl.lit("P2"), account_id=pl.lit("A2"), security_id=pl.lit("STK"), value_usd=pl.lit(1.0)
                )
            )
            trades = pl.concat([lists.trades, buy]).sort("portfolio_id", "account_id", "trade_no")
            return replace(lists, figures=figures, trades=trades)

        still = Account(100.0, [Lot("STK", 60.0, 40.0), Lot("BND", 40.0, 40.0)])
        book = book_of(accounts_csv=ACCOUNTS.format(unit="T1"), tax_units_csv=UNITS)
        day = day_of({"A1": DRIFTED, "A2": still, "A3": still, "A4": DRIFTED}, book)
        monkeypatch.setattr(solving, "_solved", told)
        self.made = proposed(day, **dict.fromkeys(("A1", "P2", "A4"), RebalanceKind.FULL.value))

    def bought(self) -> set[str]:
        """Return the accounts that buy what A1 sells at a loss."""
        return set(self.made.trades.filter(security_id="STK", side="buy")["account_id"])


def test_no_list_of_a_program_washes_another_accounts_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, programs_wash=True, searches_wash=False)
    assert not scene.made.trades.filter(security_id="STK", side="sell", account_id="A1").is_empty()
    assert scene.bought() == set()


def test_lists_that_clash_to_the_last_are_solved_once_more_with_that_barred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "ATTEMPTS", 1)
    assert Scene(monkeypatch, programs_wash=True, searches_wash=True).bought() == set()


def test_a_list_of_a_program_that_clashes_with_none_is_taken_at_any_cost_where_the_searchs_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the bar it costs 2 dollars more than the search's, which no client could be sent."""
    assert Scene(monkeypatch, programs_wash=True, searches_wash=True, whatever_is_barred=True).bought() == set()
