"""Put a date's tables together from the files that count for it.

Which files count was decided by `dating` and by arrival; here a later file replaces an earlier one of the same kind, the door is
passed, and every row keeps its file and row number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.cash_balances import CashBalances
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.fx_rates import FxRates
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.parsed import AS_OF_TIME, FACT_CONTRACTS, SOURCE_ACCOUNT
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.realized_lots import RealizedLots
from data_contracts.rejects import Rejects
from data_contracts.security_texts import SecurityTexts
from data_contracts.source_files import SourceFiles
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import FileStatus
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.errors import FileStopped
from evenkeel.identity import AccountKeyer, stable_id
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import FileDate, accounts_in
from evenkeel.stages.ingest.door import account_keys, identifier_map, identify, mask_text, mask_texts
from evenkeel.stages.ingest.untaken import untaken_rows

KINDS: tuple[tuple[str, tuple[type[Contract], ...]], ...] = (
    ("positions", (Positions, CashBalances)),
    ("lots", (TaxLots,)),
    ("transactions", (Transactions,)),
    ("realized", (RealizedLots,)),
    ("orders", (OpenOrders,)),
    ("prices", (Prices,)),
    ("indicators", (Indicators,)),
    ("fx", (FxRates,)),
    ("securities", (SecurityTexts,)),
)
"""What a file is for, by the first of these tables that it fills."""


@dataclass(frozen=True)
class ReadFile:
    """A file that counts for a date: as received, and what the adapter made of it."""

    feed: str
    file_id: str
    name: str
    byte_count: int
    received_at: dt.datetime
    outcome: ParsedFile | FileStopped
    dated: FileDate


@dataclass(frozen=True)
class Landed:
    """The canonical tables of one date."""

    source_files: DataFrame[SourceFiles]
    rejects: DataFrame[Rejects]
    facts: Mapping[type[Contract], pl.DataFrame]
    """A frame for each of `data_contracts.parsed.FACT_CONTRACTS`, conformed."""

    def fact(self, contract: type[Contract]) -> pl.DataFrame:
        """Return the table of `contract`."""
        return self.facts[contract]


def land(business_date: dt.date, files: Sequence[ReadFile], book: Book, keyer: AccountKeyer) -> Landed:
    """Return the date's tables.

    Args:
        business_date: The session.
        files: Every file that counts for it, in order of arrival.
        book: As it holds on the date.
        keyer: Digests account numbers.
    """
    feeds = {feed.feed: feed for feed in book.feeds}
    status = _statuses(files)
    identifiers = identifier_map(book)
    parts: dict[type[Contract], list[pl.DataFrame]] = {contract: [] for contract in FACT_CONTRACTS}
    rejects: list[dict[str, object]] = []
    untaken: list[pl.DataFrame] = []
    for file in files:
        if isinstance(file.outcome, FileStopped):
            continue
        accounts = accounts_in(file.outcome)
        texts = mask_texts([reject.raw_text for reject in file.outcome.rejects], accounts)
        rejects += [
            {
                "business_date": business_date,
                "feed": file.feed,
                "file_id": file.file_id,
                "row_no": reject.row_no,
                "column_name": reject.column_name,
                "reason": reject.reason,
                "raw_text": text,
            }
            for reject, text in zip(file.outcome.rejects, texts, strict=True)
        ]
        if status[_key(file)] == FileStatus.STOPPED:
            message = file.dated.message or ""
            untaken.append(untaken_rows(business_date, file.feed, file.file_id, file.outcome, message))
        if status[_key(file)] == FileStatus.READ:
            keys = account_keys(accounts, feeds[file.feed], book, business_date, keyer)
            for contract, frame in file.outcome.tables.items():
                if frame.height:
                    parts[contract].append(_through_door(business_date, file, contract, frame, keys, identifiers))
    facts = {
        contract: conform(pl.concat(frames) if frames else contract.empty_frame(), contract)
        for contract, frames in parts.items()
    }
    return Landed(
        source_files=conform(_file_rows(business_date, files, status, keyer), SourceFiles),
        rejects=conform(pl.concat([pl.DataFrame(rejects, schema=Rejects.polars_schema()), *untaken]), Rejects),
        facts=facts,
    )


def kind_of(parsed: ParsedFile) -> str:
    """Return what a file is for: the first of `KINDS` with rows, else the first that it has a table for."""
    for has_rows in (True, False):
        for kind, contracts in KINDS:
            tables = [parsed.tables[contract] for contract in contracts if contract in parsed.tables]
            if any(table.height for table in tables) or (tables and not has_rows):
                return kind
    return "other"


def _key(file: ReadFile) -> tuple[str, str]:
    return (file.feed, file.file_id)


def _statuses(files: Sequence[ReadFile]) -> dict[tuple[str, str], FileStatus]:
    """Say of each file whether it counts; `files` come in order of arrival.

    A later file replaces an earlier one of its feed and kind as `_replaces` says. What counts besides and tells of the same holding
    is found by reconcile.
    """
    status: dict[tuple[str, str], FileStatus] = {}
    standing: dict[tuple[str, str], list[_Standing]] = {}
    for file in files:
        if isinstance(file.outcome, FileStopped) or file.dated.check is not None:
            status[_key(file)] = FileStatus.STOPPED
            continue
        status[_key(file)] = FileStatus.READ
        kind = kind_of(file.outcome)
        later = _Standing(_key(file), file.outcome, accounts_in(file.outcome))
        kept = []
        for earlier in standing.get((file.feed, kind), []):
            if _replaces(kind, later, earlier):
                status[earlier.key] = FileStatus.SUPERSEDED
            else:
                kept.append(earlier)
        standing[(file.feed, kind)] = [*kept, later]
    return status


@dataclass(frozen=True)
class _Standing:
    """A file that counts until a later one replaces it."""

    key: tuple[str, str]
    parsed: ParsedFile
    accounts: frozenset[str]


def _replaces(kind: str, later: _Standing, earlier: _Standing) -> bool:
    """Tell whether `later` stands for all that `earlier` says; both are of one feed and kind.

    A history never does: two of them may speak of different weeks. A transaction that stands in both has one id.

    Files of one subject do when they share an account or name none. An order file tells of all open orders of its subject, so the
    later one always does, also when no order is left. A file of positions does for an earlier one about some of its accounts, whatever
    the subject; but a list of cash alone stands for no list of positions, nor the other way round.
    """
    if kind in ("transactions", "realized"):
        return False
    same_subject = later.parsed.subject == earlier.parsed.subject
    if kind == "orders":
        return same_subject
    if kind == "positions":
        before, now = _value_tables(earlier.parsed), _value_tables(later.parsed)
        is_same_report = later.parsed.generation == earlier.parsed.generation and bool(before & now)
        if not (before <= now or is_same_report):
            return False
        if earlier.accounts and earlier.accounts <= later.accounts:
            return True
    shared = later.accounts & earlier.accounts
    return same_subject and (bool(shared) or not (later.accounts or earlier.accounts))


def _value_tables(parsed: ParsedFile) -> set[type[Contract]]:
    return {
        contract
        for contract in (Positions, CashBalances)
        if contract in parsed.tables and parsed.tables[contract].height
    }


def _through_door(
    business_date: dt.date,
    file: ReadFile,
    contract: type[Contract],
    frame: pl.DataFrame,
    keys: pl.DataFrame,
    identifiers: pl.DataFrame,
) -> pl.DataFrame:
    parsed = file.outcome
    assert isinstance(parsed, ParsedFile)
    schema = contract.polars_schema()
    rows = frame.with_columns(
        pl.lit(business_date).alias("business_date"),
        pl.lit(file.feed).alias("feed"),
        pl.lit(file.file_id).alias("file_id"),
    )
    if SOURCE_ACCOUNT in rows.columns:
        rows = rows.join(keys, on=SOURCE_ACCOUNT, how="left", maintain_order="left").drop(SOURCE_ACCOUNT)
    if AS_OF_TIME in rows.columns:
        stated = parsed.as_of_date or file.dated.stated_date
        # A history that states no date is as of the session whose run first saw it.
        rows = rows.drop(AS_OF_TIME).with_columns(pl.col("as_of_date").fill_null(stated or business_date))
    if "security_id" in schema:
        rows = identify(rows, identifiers).drop("is_conflict")
    if "transaction_id" in schema:
        rows = rows.with_columns(_transaction_ids(rows, file.feed))
    return rows.select(list(schema))


def _transaction_ids(rows: pl.DataFrame, feed: str) -> pl.Series:
    """Ids by content and by ordinal among identical rows: the same line in tomorrow's history has the same id."""
    left_out = {"business_date", "feed", "file_id", "row_no", "as_of_date", "account_mask", "account_id", "security_id"}
    content = rows.select(pl.exclude(left_out).cast(pl.String).fill_null("")).select(
        pl.concat_str(pl.all(), separator="\x1f").alias("content")
    )
    numbered = content.with_columns(pl.int_range(pl.len()).over("content").alias("ordinal"))
    ids = [stable_id("tx", feed, text, ordinal) for text, ordinal in numbered.iter_rows()]
    return pl.Series("transaction_id", ids, dtype=pl.String)


def _file_rows(
    business_date: dt.date,
    files: Sequence[ReadFile],
    status: Mapping[tuple[str, str], FileStatus],
    keyer: AccountKeyer,
) -> pl.DataFrame:
    rows = []
    for file in files:
        parsed = file.outcome if isinstance(file.outcome, ParsedFile) else None
        data_count = parsed.row_count - parsed.structural_count if parsed else 0
        stopped = file.outcome if isinstance(file.outcome, FileStopped) else file.dated
        is_stopped = status[_key(file)] == FileStatus.STOPPED
        rejected_count = data_count if is_stopped else len(parsed.rejects) if parsed else 0
        rows.append(
            {
                "business_date": business_date,
                "feed": file.feed,
                "file_id": file.file_id,
                "file_name": mask_text(file.name, accounts_in(parsed) if parsed else ()),
                "layout": parsed.layout if parsed else None,
                "generation": parsed.generation if parsed else None,
                "slot": _slot(parsed, keyer) if parsed else None,
                "encoding": parsed.encoding if parsed else None,
                "stated_date": file.dated.stated_date,
                "received_at": file.received_at,
                "byte_count": file.byte_count,
                "row_count": parsed.row_count if parsed else 0,
                "kept_count": data_count - rejected_count,
                "rejected_count": rejected_count,
                "structural_count": parsed.structural_count if parsed else 0,
                "status": status[_key(file)].value,
                "check": stopped.check.value if is_stopped and stopped.check else None,
                "message": stopped.message if is_stopped else None,
            }
        )
    return pl.DataFrame(rows, schema=SourceFiles.polars_schema())


def _slot(parsed: ParsedFile, keyer: AccountKeyer) -> str:
    """Kind and, where a file is about one subject, a keyed digest of it: subjects can be account numbers."""
    subject = keyer.digest(parsed.subject)[:12] if parsed.subject else "all"
    return f"{kind_of(parsed)}|{subject}"


def feed_named(book: Book, name: str) -> FeedSpec:
    """Return the feed of that name."""
    return next(feed for feed in book.feeds if feed.feed == name)
