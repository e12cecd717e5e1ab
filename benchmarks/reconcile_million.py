"""Reconcile and its gates for a million accounts, as a ratio to the drift stages over the same accounts in the same run.

Run as `python -m benchmarks.reconcile_million [ACCOUNTS]`. The custodian, the portfolio system, the market's prices and the ledger of the
session before all speak of every holding; one account in twenty has traded, a thousandth have a difference that nothing explains.
The book is cut into shards by household, as `SHARD` says, for reconcile and drift alike.
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib
import resource
import sys
import time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl

from benchmarks.synthetic_book import (
    CLASS_OF_POSITION,
    CLASSES,
    POSITIONS,
    book_of,
    holdings_of,
    rulebook_of,
    targets_of,
)
from data_contracts.book.accounts import Accounts
from data_contracts.book.planned_cash import PlannedCash
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.securities import Securities
from data_contracts.book.security_aliases import SecurityAliases
from data_contracts.book.suspensions import Suspensions
from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.decisions import Decisions
from data_contracts.fields import FACT_DTYPE
from data_contracts.indicators import Indicators
from data_contracts.ledger import Ledger
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from data_contracts.transactions import Transactions
from evenkeel import calendar
from evenkeel.book.feeds import FeedSpec
from evenkeel.policy.model import Policy
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.ingest.land import Landed
from evenkeel.stages.prioritize.episodes import fold_episodes
from evenkeel.stages.prioritize.priority import score_episodes
from evenkeel.stages.prioritize.settings import portfolio_settings
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.stage import reconcile
from evenkeel.stages.threshold import judge

DATE = dt.date(2026, 3, 3)
SHARD = 100_000
FEEDS = (
    FeedSpec(feed="custodian", layout="mapped", location="in/c", roll_forward=True),
    FeedSpec.model_validate(
        {"feed": "system", "role": "portfolio_system", "layout": "mapped", "location": "in/s", "is_required": False}
    ),
    FeedSpec.model_validate(
        {"feed": "market", "role": "market", "layout": "mapped", "location": "in/m", "expects": ["prices"]}
    ),
)


def main(accounts: int = 1_000_000) -> None:
    """Print processor seconds of reconcile and of the drift stages, their ratio, and the import of the gates' library apart."""
    import_cpu: dict[str, float] = {"import": 0.0}
    _timed(import_cpu, "import", lambda: importlib.import_module("great_expectations"))
    warm: dict[str, float] = {}
    _measure(1_000, 0, warm)
    cpu: dict[str, float] = {}
    shards = -(-accounts // SHARD)
    found = 0
    for shard in range(shards):
        found += _measure(min(SHARD, accounts - shard * SHARD), shard, cpu)
        gc.collect()
    for name, seconds in cpu.items():
        print(f"  {name:20} {seconds:7.2f} s processor")
    checks, stages = cpu["reconcile and gates"], sum(cpu.values()) - cpu["reconcile and gates"]
    print(
        f"{accounts:,} accounts of {POSITIONS} positions in {shards} shards, {found:,} open breaks: reconcile and gates take "
        f"{checks / stages:.2f} times the drift stages (drift, threshold, prioritize; goal 3), {checks / cpu['drift']:.2f} times drift "
        f"alone; importing the gates' library {import_cpu['import']:.2f} s apart; "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.1f} GiB"
    )


def _measure(accounts: int, seed: int, cpu: dict[str, float]) -> int:
    """Run the stages over one shard, add up their processor seconds, and return how many breaks are open."""
    landed, book, before, policy = _shard(accounts, np.random.default_rng(seed))
    checked = _timed(
        cpu,
        "reconcile and gates",
        lambda: reconcile(DATE, landed, book, policy, is_past_deadline=True, before=before),
    )
    measured = _timed(
        cpu, "drift", lambda: measure_drift(DATE, checked.holdings, book.rulebook.portfolios, targets_of())
    )
    indicators = cast("Any", landed.fact(Indicators))
    judged = _timed(
        cpu,
        "threshold",
        lambda: judge(DATE, measured, checked.holdings, checked.coverage, indicators, book.rulebook),
    )
    _timed(cpu, "prioritize", lambda: _prioritize(book, judged, measured))
    return int(checked.breaks.filter(pl.col("status") == "open").height)


def _timed(cpu: dict[str, float], name: str, step: Any) -> Any:
    began = time.process_time()
    done = step()
    cpu[name] = cpu.get(name, 0.0) + time.process_time() - began
    return done


def _prioritize(book: Any, judged: Any, measured: Any) -> None:
    settings = portfolio_settings(book)
    outside = judged.breaches
    decisions = Decisions.empty_frame()
    episodes = fold_episodes(DATE, None, outside, judged.looks, cast("Any", decisions), settings)
    score_episodes(DATE, episodes, outside, judged.looks, measured.valuations, book, settings)


def _shard(accounts: int, rng: np.random.Generator) -> tuple[Landed, Any, Before, Policy]:
    """Return the tables, the book, the ledger of the session before and the policy of one shard."""
    holdings = holdings_of(DATE, accounts, rng).filter(pl.col("security_id") != "CASH:USD")
    # One price a security, as a market has it.
    prices = {
        name: round(float(price), 2)
        for name, price in zip(_securities(), rng.uniform(10, 400, len(_securities())), strict=True)
    }
    price = pl.col("security_id").replace_strict(prices, return_dtype=pl.Float64)
    held = holdings.select(
        "account_id",
        "security_id",
        (pl.col("value_usd").cast(pl.Float64) / price).round(4).alias("qty"),
        price.alias("price"),
    )
    traded = rng.random(held.height) < 0.05 / POSITIONS
    wrong = rng.random(held.height) < 0.001 / POSITIONS
    held = held.with_columns(pl.Series("traded", traded), pl.Series("wrong", wrong)).with_row_index("row_no", 1)
    before_qty = pl.when("traded").then(pl.col("qty") - 10).otherwise("qty")
    positions = pl.concat(
        [
            _facts(Positions, held, "custodian", pl.when("wrong").then(pl.col("qty") + 7).otherwise("qty")),
            _facts(Positions, held, "system", pl.col("qty")),
        ]
    )
    names = held.select("account_id").unique(maintain_order=True).with_row_index("row_no", 1)
    money = pl.concat([_cash(names, feed) for feed in ("custodian", "system")])
    ledger = pl.concat(
        [
            held.select(
                "account_id",
                "security_id",
                before_qty.cast(FACT_DTYPE).alias("ledger_qty"),
                (pl.col("price") * 0.99).cast(FACT_DTYPE).alias("price_ccy"),
            ),
            names.select(
                "account_id",
                pl.lit("CASH:USD").alias("security_id"),
                pl.lit(5000).cast(FACT_DTYPE).alias("ledger_qty"),
                pl.lit(None, FACT_DTYPE).alias("price_ccy"),
            ),
        ]
    )
    last = calendar.previous_session(DATE)
    ledger = ledger.with_columns(
        pl.lit("USD").alias("currency"),
        pl.lit(last).alias("business_date"),
        pl.lit(last).alias("price_date"),
        pl.lit(last).alias("agreed_date"),
    ).select(list(Ledger.polars_schema()))
    moves = held.filter("traded")
    transactions = _filled(
        Transactions,
        moves.select(
            "row_no",
            "account_id",
            "security_id",
            pl.format("tx-{}", "row_no").alias("transaction_id"),
            pl.lit("transfer_in").alias("transaction_type"),
            pl.lit("Transfer").alias("raw_action"),
            pl.lit(DATE).alias("trade_date"),
            pl.lit(10).cast(FACT_DTYPE).alias("traded_qty"),
        ),
        "custodian",
    )
    quotes = _filled(
        Prices,
        pl.DataFrame(
            {"row_no": range(1, len(prices) + 1), "security_id": list(prices), "price_ccy": list(prices.values())}
        ).with_columns(pl.col("price_ccy").cast(FACT_DTYPE), pl.lit(DATE).alias("price_date")),
        "market",
    )
    facts: dict[type[Contract], pl.DataFrame] = {contract: contract.empty_frame() for contract in FACT_CONTRACTS}
    facts |= {Positions: positions, CashBalances: money, Transactions: transactions, Prices: quotes}
    files = _filled(
        SourceFiles,
        pl.DataFrame(
            {"feed": ["custodian", "system", "market"], "slot": ["positions|all", "positions|all", "prices|all"]}
        ).with_columns(
            pl.lit("read").alias("status"),
            pl.lit("x").alias("file_name"),
            *(
                pl.lit(0).alias(name)
                for name in ("byte_count", "row_count", "kept_count", "rejected_count", "structural_count")
            ),
            pl.lit(dt.datetime(2026, 3, 3, tzinfo=dt.UTC)).alias("received_at"),
        ),
        None,
    )
    landed = Landed(cast("Any", files), cast("Any", Rejects.empty_frame()), facts)
    base, rulebook = rulebook_of(accounts)
    book = _book(base, rulebook)
    return landed, book, Before(ledger=cast("Any", ledger), rolled=None), next(iter(rulebook.policies.values()))


def _securities() -> list[str]:
    names = [f"{CLASSES[c].upper()}-{n:02}" for n, c in enumerate(CLASS_OF_POSITION)]
    return names[:-1]


def _facts(contract: type[Contract], held: pl.DataFrame, feed: str, qty: pl.Expr) -> pl.DataFrame:
    return _filled(
        contract,
        held.select(
            pl.col("row_no").cast(pl.Int64),
            "account_id",
            "security_id",
            pl.col("security_id").alias("symbol"),
            qty.cast(FACT_DTYPE).alias("held_qty"),
            pl.col("price").cast(FACT_DTYPE).alias("price_ccy"),
            (qty * pl.col("price")).round(2).cast(FACT_DTYPE).alias("value_ccy"),
            (qty * pl.col("price") * 0.8).round(2).cast(FACT_DTYPE).alias("cost_ccy"),
            pl.lit(DATE).alias("price_date"),
        ),
        feed,
    )


def _cash(names: pl.DataFrame, feed: str) -> pl.DataFrame:
    rows = names.select(
        (pl.col("row_no") + 100_000_000).cast(pl.Int64).alias("row_no"),
        "account_id",
        pl.lit("core").alias("bucket"),
        pl.lit(5000).cast(FACT_DTYPE).alias("amount_ccy"),
    )
    return _filled(CashBalances, rows, feed)


def _filled(contract: type[Contract], rows: pl.DataFrame, feed: str | None) -> pl.DataFrame:
    """Return rows in the contract's shape; what is not given is null, or the same for all."""
    same = {
        "business_date": DATE,
        "feed": feed,
        "file_id": "0" * 64,
        "account_key": "k",
        "account_mask": "…1",
        "as_of_date": DATE,
        "sub_account": "cash",
        "currency": "USD",
    }
    if "account_id" in rows.columns and "account_key" in contract.polars_schema():
        rows = rows.with_columns(pl.col("account_id").alias("account_key"))
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(same.get(name))).cast(dtype).alias(name)
        for name, dtype in contract.polars_schema().items()
    )


def _book(base: pl.DataFrame, rulebook: Any) -> Any:
    part = book_of(rulebook, DATE)
    accounts = _filled(
        Accounts, base.with_columns(pl.lit("custodian").alias("custodian"), pl.lit("open").alias("state")), None
    )
    portfolios = _filled(Portfolios, base, None)
    types = ["etf" if c not in (6,) else "private" for c in CLASS_OF_POSITION][:-1]
    securities = _filled(
        Securities,
        pl.DataFrame(
            {
                "security_id": _securities(),
                "name": _securities(),
                "asset_type": types,
                "asset_class": [CLASSES[c] for c in CLASS_OF_POSITION][:-1],
                "is_illiquid": [kind == "private" for kind in types],
            }
        ).with_columns(
            pl.lit(1).cast(FACT_DTYPE).alias("price_factor"), pl.lit(1).cast(FACT_DTYPE).alias("multiplier")
        ),
        None,
    )
    return _namespace(part, accounts, portfolios, securities, rulebook)


def _namespace(
    part: Any, accounts: pl.DataFrame, portfolios: pl.DataFrame, securities: pl.DataFrame, rulebook: Any
) -> Any:
    given = dict(vars(part))
    given |= {
        "accounts": accounts,
        "portfolios": portfolios,
        "securities": securities,
        "feeds": FEEDS,
        "suspensions": Suspensions.empty_frame(),
        "planned_cash": PlannedCash.empty_frame(),
        "security_aliases": SecurityAliases.empty_frame(),
        "model_targets": targets_of(),
        "rulebook": rulebook,
        "ips_limits": rulebook.ips_limits,
    }
    return SimpleNamespace(**given)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
