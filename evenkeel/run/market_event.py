"""A market event: value the last committed holdings at moved prices, and list whom it pushes out of their bands.

The day's own record is not touched: an event has a dataset and a manifest of its own, one digest, and the episodes stay as they are. It
looks at every measured portfolio, whatever its cadence: an event is the look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.book_versions import BookVersions
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.event_alerts import EventAlerts
from data_contracts.fields import MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from data_contracts.valuations import Valuations
from data_contracts.vocab import AssetClass
from evenkeel.book.model import Book
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.ports import RunRecord
from evenkeel.run.announcing import announce_event
from evenkeel.run.archiving import archive_quietly
from evenkeel.run.house import House
from evenkeel.run.trail_events import commit_event
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.threshold import Rulebook, judge

KIND = "market_event"


@dataclass(frozen=True)
class EventOutcome:
    """What a scan found; `run_id` is None where no move reached the threshold and nothing was scanned."""

    event_id: str
    reason: str
    business_date: dt.date
    message: str
    run_id: str | None
    affected: pl.DataFrame


def scan(
    house: House, reason: str, moves: Mapping[str, float], threshold_frac: float, prices_file: Path | None = None
) -> EventOutcome:
    """Scan the whole book at moved prices.

    Args:
        house: The home.
        reason: Why, in words; it stands on the digest.
        moves: How far an asset class or a security has moved, as a fraction (-0.07); a security's own move beats its class's.
        threshold_frac: Scan only if some move is at least so large, up or down.
        prices_file: CSV with `security_id` and `price_usd`: prices now, which beat moves.

    Raises:
        UsageError: There is no run to start from, nothing has moved, or a name or price is not of the book.
    """
    base = _base_run(house)
    version = _dataset(house, base, BookVersions).row(0, named=True)
    book = house.archived_book(version["archive_file_id"], base.business_date, version["as_known_at"])
    holdings = _dataset(house, base, Holdings)
    moved = _moved(holdings, book, moves, _prices(prices_file, book))
    largest = _largest_move(holdings, moved, moves)
    event_id = stable_id("ev", base.run_id, reason, sorted(moves.items()), house.clock.now().isoformat())
    if largest == 0:
        raise UsageError("nothing has moved: give --move NAME=FRACTION or --prices FILE")
    if largest + COMPARE_TOLERANCE < threshold_frac:
        message = f"not scanned: the largest move is {largest:.1%}, below the threshold of {threshold_frac:.1%}"
        return EventOutcome(event_id, reason, base.business_date, message, None, EventAlerts.empty_frame())
    affected = _affected(house, base, book, moved, event_id)
    run = _commit(house, base, book, event_id, reason, moves, affected)
    newly = affected.filter(pl.col("before_severity_frac") == 0).height
    message = (
        f"{reason}: {affected.height} of {_dataset(house, base, Valuations).height} portfolios affected ({newly} newly outside their "
        f"bands, {affected.height - newly} further outside), on holdings of {base.business_date}"
    )
    return EventOutcome(event_id, reason, base.business_date, message, run.run_id, affected)


def _base_run(house: House) -> RunRecord:
    dates = house.records.committed_dates()
    run = house.records.manifest(dates[-1]) if dates else None
    if run is None:
        raise UsageError("this home has no run yet, so there are no holdings to value; run `evenkeel run` first")
    return run


def _dataset(house: House, run: RunRecord, contract: type[Contract]) -> pl.DataFrame:
    found = next(stored for stored in run.datasets if stored.dataset == contract.dataset_name())
    return house.store.read(contract, found)


def _prices(path: Path | None, book: Book) -> pl.DataFrame:
    schema = {"security_id": pl.String, "now_usd": pl.Float64}
    if path is None:
        return pl.DataFrame(schema=schema)
    try:
        sent = pl.read_csv(path, infer_schema=False)
        prices = sent.select("security_id", pl.col("price_usd").cast(pl.Float64).alias("now_usd"))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(
            f"{path.name}: not a CSV with the columns security_id and price_usd ({str(error).splitlines()[0]})"
        ) from error
    wrong = prices.filter(~pl.col("now_usd").is_between(0, 1e9, closed="right") | pl.col("now_usd").is_null())
    unknown = prices.join(book.securities, on="security_id", how="anti")
    twice = prices.filter(pl.col("security_id").is_duplicated())
    for rows, what in ((wrong, "no price above zero"), (unknown, "not in the book"), (twice, "two prices")):
        if rows.height:
            raise UsageError(
                f"{path.name}: {what}: {', '.join(rows['security_id'].head(5).to_list())}; correct the file"
            )
    return prices


def _moved(holdings: pl.DataFrame, book: Book, moves: Mapping[str, float], prices: pl.DataFrame) -> DataFrame[Holdings]:
    """Return the holdings at moved prices; units, orders in flight and cash stay as they are."""
    classes = {member.value for member in AssetClass} - {AssetClass.CASH.value}
    securities = set(book.securities["security_id"].to_list())
    unknown = sorted(set(moves) - classes - securities)
    if unknown:
        raise UsageError(
            f"nothing in the book is called {', '.join(unknown)}: a move names a security or one of {', '.join(sorted(classes))}"
        )
    by_class = {name: move for name, move in moves.items() if name in classes}
    by_security = {name: move for name, move in moves.items() if name in securities}
    factor = pl.coalesce(
        pl.col("now_usd") / pl.col("price_usd").cast(pl.Float64),
        1 + pl.col("security_id").replace_strict(by_security, default=None, return_dtype=pl.Float64),
        1 + pl.col("asset_class").replace_strict(by_class, default=None, return_dtype=pl.Float64),
        pl.lit(1.0),
    )
    priced = holdings.join(prices, on="security_id", how="left")
    no_price = (pl.col("price_usd").is_null() | (pl.col("price_usd") == 0)) & pl.col("now_usd").is_not_null()
    if without := priced.filter(no_price)["security_id"].unique().sort().to_list():
        raise UsageError(
            f"no price to compare the fresh one with: {', '.join(without[:5])} was valued without a price; leave it out of the file"
        )
    moved = priced.with_columns(factor.alias("factor"))
    revalued = [
        (pl.col(name).cast(pl.Float64) * pl.col("factor")).round(2).cast(MONEY_DTYPE).alias(name)
        for name in ("value_usd", "proforma_usd")
    ]
    return conform(moved.with_columns(revalued), Holdings)


def _largest_move(before: pl.DataFrame, after: pl.DataFrame, moves: Mapping[str, float]) -> float:
    """Return the largest move, of those given or of those that fresh prices make."""
    pairs = before.filter(pl.col("value_usd") != 0).join(
        after, on=["portfolio_id", "account_id", "security_id"], suffix="_after"
    )
    relative = pl.col("value_usd_after").cast(pl.Float64) / pl.col("value_usd").cast(pl.Float64) - 1
    seen = pairs.filter(pl.col("value_usd").abs() >= 100).select(relative.abs().max()).item()
    return max([abs(move) for move in moves.values()] + [round(float(seen or 0.0), 6)])


def _affected(
    house: House, base: RunRecord, book: Book, moved: DataFrame[Holdings], event_id: str
) -> DataFrame[EventAlerts]:
    measured = measure_drift(base.business_date, moved, book.portfolios, book.model_targets)
    judged = judge(
        base.business_date,
        measured,
        moved,
        conform(_dataset(house, base, Coverage), Coverage),
        conform(_dataset(house, base, Indicators), Indicators),
        Rulebook.from_book(book, base.business_date),
    )
    worst = pl.struct("level", "node_id", "weight_frac", "target_frac", "drift_frac").sort_by(
        "excess_frac", "node_id", descending=[True, False]
    )
    after = (
        judged.bands.filter("is_outside")
        .group_by("portfolio_id")
        .agg(
            pl.col("excess_frac").max().alias("severity_frac"),
            pl.len().alias("outside_count"),
            pl.col("is_outside_ips").any().alias("has_ips_breach"),
            worst.first().name.prefix_fields("worst_"),
        )
        .unnest(pl.selectors.struct())
        .rename({"worst_node_id": "worst_node_id"})
    )
    before = (
        _dataset(house, base, Bands)
        .group_by("portfolio_id")
        .agg(pl.col("excess_frac").max().alias("before_severity_frac"))
    )
    values = _dataset(house, base, Valuations).select("portfolio_id", pl.col("value_usd").alias("before_value_usd"))
    rows = (
        after.join(before, on="portfolio_id", how="left")
        .with_columns(pl.col("before_severity_frac").fill_null(0.0))
        .filter(pl.col("severity_frac") > pl.col("before_severity_frac") + COMPARE_TOLERANCE)
        .join(measured.valuations.select("portfolio_id", "household_id", "value_usd"), on="portfolio_id")
        .join(values, on="portfolio_id")
        .join(
            book.households.select("household_id", pl.col("name").alias("household_name"), "adviser_id"),
            on="household_id",
        )
        .sort(["severity_frac", "portfolio_id"], descending=[True, False])
        .with_columns(
            pl.int_range(1, pl.len() + 1).alias("place"),
            pl.lit(event_id).alias("event_id"),
            pl.lit(base.business_date).alias("business_date"),
        )
    )
    return conform(rows, EventAlerts)


def _commit(
    house: House,
    base: RunRecord,
    book: Book,
    event_id: str,
    reason: str,
    moves: Mapping[str, float],
    affected: DataFrame[EventAlerts],
) -> RunRecord:
    stored = house.store.write(EventAlerts, base.business_date, affected)
    now = house.clock.now()
    run = RunRecord(
        run_id=stable_id("run", KIND, event_id, stored.digest),
        business_date=base.business_date,
        kind=KIND,
        status="done",
        book_digest=book.digest,
        policy_version=base.policy_version,
        code_version=house.code_version,
        started_at=now,
        finished_at=now,
        summary={
            "event_id": event_id,
            "reason": reason,
            "moves": dict(moves),
            "base_run": base.run_id,
            "affected": affected.height,
        },
        datasets=[stored],
    )
    turn = house.records.commit_count(run.business_date, KIND) + 1
    with house.records.begin() as unit:
        # The records hold the day's alerts; an event has none of its own there.
        unit.commit_run(run, Alerts.empty_frame(), announce_event(event_id, affected), [commit_event(run, turn)])
    house.records.checkpoint(now)
    archive_quietly(house)
    return run
