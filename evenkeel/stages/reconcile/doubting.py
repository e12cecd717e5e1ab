"""Whether a figure in doubt could change what is decided: drift and bands, worked out with each figure that it could be.

The real stages judge copies of the households concerned, once for each way in which their doubtful figures may combine. Where every copy
ends in the same breaches, the doubt is noted and harms nobody; where one differs, the portfolio's accounts are stopped. A weight moves in
one direction with a price and a band is an interval, so what holds at both ends holds between them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.doubts import Doubts
from data_contracts.fields import MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from data_contracts.vocab import CoverageStatus, Doubt
from evenkeel.book.model import Book
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.threshold import Rulebook, judge

MOST_SUBJECTS = 2
"""A household with more securities in doubt is stopped without working out every combination."""


@dataclass(frozen=True)
class PriceDoubt:
    """A security of a household whose price is in doubt: what its value could be multiplied by, source by source."""

    household_id: str
    security_id: str
    figures: tuple[tuple[str, float], ...]
    """Source and price; the first is the custodian's own."""

    @property
    def factors(self) -> tuple[float, ...]:
        """Return 1 and the smallest and largest price over the custodian's own."""
        own = self.figures[0][1]
        others = [price / own for _, price in self.figures[1:]]
        return tuple(dict.fromkeys([1.0, min(others), max(others)]))


@dataclass(frozen=True)
class ReadingDoubt:
    """An indicator whose reading is in doubt: what it is said to be, and every reading worth trying."""

    indicator: str
    figures: tuple[tuple[str, float], ...]
    """Source and reading; the first is what was sent, where something was."""
    why: str


def outcomes(
    business_date: dt.date,
    prices: Sequence[PriceDoubt],
    rows: pl.DataFrame,
    readings: Sequence[ReadingDoubt],
    holdings: DataFrame[Holdings],
    coverage: DataFrame[Coverage],
    indicators: DataFrame[Indicators],
    book: Book,
    tolerance: float,
) -> DataFrame[Doubts]:
    """Return what each doubt means for each portfolio that is scanned.

    Args:
        business_date: The session.
        prices: Prices in doubt, by household.
        rows: `account_id`, `security_id` of the holdings that they are about.
        readings: Indicators in doubt; they are about everybody.
        holdings: As they would be if nothing were in doubt.
        coverage: Every enabled account.
        indicators: Tonight's readings.
        book: As it holds on the date.
        tolerance: Up to which two severities are the same outcome.
    """
    is_concerned = pl.lit(True) if readings else pl.col("household_id").is_in([doubt.household_id for doubt in prices])
    concerned = cast("DataFrame[Holdings]", holdings.filter(is_concerned))
    if not concerned.height or not (prices or readings):
        return Doubts.empty_frame()
    households = concerned["household_id"].unique()
    covered = coverage.filter(pl.col("household_id").is_in(households.to_list()))
    by_household: dict[str, list[PriceDoubt]] = {}
    for doubt in prices:
        by_household.setdefault(doubt.household_id, []).append(doubt)
    tried = {name: doubts for name, doubts in by_household.items() if len(doubts) <= MOST_SUBJECTS}
    untried = {name: doubts for name, doubts in by_household.items() if len(doubts) > MOST_SUBJECTS}
    judging = _Judging(business_date, concerned, covered, book)
    seen = [
        judging.outcome(
            _moved(concerned, rows, _choice(tried, places)), _with_reading(indicators, readings, given, business_date)
        )
        for given in _givens(readings)
        for places in _combinations(tried)
    ]
    differing = _differing(seen, tolerance)
    portfolios = concerned.select("portfolio_id", "household_id").unique().sort("portfolio_id")
    told: list[dict[str, Any]] = []
    holders = (
        rows.join(
            concerned.select("account_id", "security_id", "portfolio_id").unique(),
            on=["account_id", "security_id"],
            how="inner",
        )
        .select("portfolio_id", "security_id")
        .unique()
    )
    holding = {(p, s) for p, s in holders.iter_rows()}
    for portfolio_id, household_id in portfolios.iter_rows():
        changes = portfolio_id in differing
        for doubt in by_household.get(household_id, []):
            if household_id in untried:
                changes, text = (
                    True,
                    f"{len(untried[household_id])} of its household's prices are in doubt, too many to work out",
                )
            else:
                text = _sentence(seen, portfolio_id, changes)
            if (portfolio_id, doubt.security_id) in holding:
                told.append(
                    _row(
                        business_date,
                        portfolio_id,
                        household_id,
                        Doubt.PRICE,
                        doubt.security_id,
                        doubt.figures,
                        changes,
                        text,
                    )
                )
        for reading in readings:
            text = f"{reading.why}; {_sentence(seen, portfolio_id, changes)}"
            told.append(
                _row(
                    business_date,
                    portfolio_id,
                    household_id,
                    Doubt.INDICATOR,
                    reading.indicator,
                    reading.figures,
                    changes,
                    text,
                )
            )
    return conform(pl.DataFrame(told, schema=Doubts.polars_schema()), Doubts)


def _row(
    business_date: dt.date, portfolio_id: str, household_id: str, doubt: Doubt, subject: str,
    figures: Sequence[tuple[str, float]], changes: bool, reasoning: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "business_date": business_date,
        "portfolio_id": portfolio_id,
        "doubt": doubt.value,
        "subject_id": subject,
        "household_id": household_id,
        "figures_json": json.dumps([{"source": source, "figure": round(figure, 6)} for source, figure in figures]),
        "changes_outcome": changes,
        "reasoning": reasoning,
    }


Outcome = dict[tuple[str, str], tuple[Any, ...]]
"""By portfolio and rule: severity, then what else decides about an alert."""


class _Judging:
    """The stages from drift to threshold over the households concerned."""

    def __init__(self, business_date: dt.date, holdings: pl.DataFrame, coverage: pl.DataFrame, book: Book) -> None:
        self._date = business_date
        self._coverage = cast("DataFrame[Coverage]", coverage)
        self._targets = book.model_targets
        named = holdings["portfolio_id"].unique().to_list()
        households = holdings["household_id"].unique().to_list()
        whole = Rulebook.from_book(book, business_date)
        self._portfolios = cast("Any", book.portfolios.filter(pl.col("portfolio_id").is_in(named)))
        self._rulebook = Rulebook(
            portfolios=self._portfolios,
            accounts=cast("Any", whole.accounts.filter(pl.col("household_id").is_in(households))),
            ips_profiles=whole.ips_profiles,
            ips_limits=whole.ips_limits,
            policies=whole.policies,
        )

    def outcome(self, holdings: DataFrame[Holdings], indicators: DataFrame[Indicators]) -> Outcome:
        """Return the breaches of the day."""
        measured = measure_drift(self._date, holdings, self._portfolios, self._targets)
        judged = judge(self._date, measured, holdings, self._coverage, indicators, self._rulebook)
        rows = pl.concat([judged.breaches, judged.standing]).select(
            "portfolio_id", "rule", "severity_frac", "worst_node_id", "is_counted", "is_in_flight", "how_far", "urgency",
            "has_ips_breach", "trigger",
        )  # fmt: skip
        return {(row[0], row[1]): row[2:] for row in rows.iter_rows()}


def _combinations(tried: dict[str, list[PriceDoubt]]) -> list[tuple[int, ...]]:
    """Return every choice of a figure for a household's first, second ... security in doubt; households choose alike."""
    most = max((len(doubts) for doubts in tried.values()), default=0)
    width = max((len(doubt.factors) for doubts in tried.values() for doubt in doubts), default=1)
    return list(product(range(width), repeat=most))


def _choice(tried: dict[str, list[PriceDoubt]], places: Sequence[int]) -> dict[tuple[str, str], float]:
    chosen = {}
    for household, doubts in tried.items():
        for doubt, place in zip(doubts, places, strict=False):
            factors = doubt.factors
            chosen[household, doubt.security_id] = factors[min(place, len(factors) - 1)]
    return chosen


def _moved(
    holdings: DataFrame[Holdings], rows: pl.DataFrame, factors: dict[tuple[str, str], float]
) -> DataFrame[Holdings]:
    """Return the holdings with the doubtful values multiplied."""
    if all(factor == 1.0 for factor in factors.values()):
        return holdings
    table = pl.DataFrame(
        [(household, security, factor) for (household, security), factor in factors.items()],
        schema={"household_id": pl.String, "security_id": pl.String, "factor": pl.Float64},
        orient="row",
    )
    marked = rows.select("account_id", "security_id").unique().with_columns(pl.lit(True).alias("is_doubtful"))
    joined = holdings.join(marked, on=["account_id", "security_id"], how="left").join(
        table, on=["household_id", "security_id"], how="left"
    )
    factor = pl.when("is_doubtful").then("factor").fill_null(1.0)
    changed = [
        (pl.col(name).cast(pl.Float64) * factor).round(2).cast(MONEY_DTYPE).alias(name)
        for name in ("value_usd", "proforma_usd")
    ]
    return conform(joined.with_columns(changed), Holdings)


def _givens(readings: Sequence[ReadingDoubt]) -> list[tuple[float, ...]]:
    return list(product(*(tuple(figure for _, figure in reading.figures) for reading in readings)))


def _with_reading(
    indicators: DataFrame[Indicators], readings: Sequence[ReadingDoubt], given: Sequence[float], business_date: dt.date
) -> DataFrame[Indicators]:
    if not readings:
        return indicators
    named = [reading.indicator for reading in readings]
    template = Indicators.polars_schema()
    rows = [
        {
            "business_date": business_date,
            "feed": "doubt",
            "file_id": "doubt",
            "row_no": place,
            "indicator": reading.indicator,
            "indicator_date": business_date,
            "reading": figure,
        }
        for place, (reading, figure) in enumerate(zip(readings, given, strict=True), start=1)
    ]
    frame = pl.DataFrame(
        rows, schema={name: pl.Float64() if name == "reading" else kind for name, kind in template.items()}
    )
    others = indicators.filter(~pl.col("indicator").is_in(named))
    return conform(pl.concat([others, frame.with_columns(pl.col("reading").cast(template["reading"]))]), Indicators)


def _differing(seen: Sequence[Outcome], tolerance: float) -> set[str]:
    """Return the portfolios of which two outcomes differ."""
    differing: set[str] = set()
    first = seen[0]
    for other in seen[1:]:
        for key in first.keys() | other.keys():
            mine, theirs = first.get(key), other.get(key)
            if (
                mine is None
                or theirs is None
                or mine[1:] != theirs[1:]
                or abs(mine[0] - theirs[0]) > tolerance + COMPARE_TOLERANCE
            ):
                differing.add(key[0])
    return differing


def _sentence(seen: Sequence[Outcome], portfolio_id: str, changes: bool) -> str:
    """Return what comes out, as far as a person needs to see why."""
    told = []
    for outcome in seen:
        mine = {rule: row[0] for (portfolio, rule), row in outcome.items() if portfolio == portfolio_id}
        text = (
            ", ".join(f"{rule} {severity:.4f} outside" for rule, severity in sorted(mine.items())) or "inside its bands"
        )
        if text not in told:
            told.append(text)
    if not changes:
        return f"with every figure it is {told[0]}: the outcome is the same"
    return f"it is {' or '.join(told)}, by which figure is right"


def scanned(coverage: pl.DataFrame) -> pl.DataFrame:
    """Return the accounts that are scanned."""
    return coverage.filter(pl.col("status") == CoverageStatus.SCANNED.value)
