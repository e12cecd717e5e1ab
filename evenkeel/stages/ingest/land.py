"""Put a date's tables together from the files that count for it.

Which files count is decided by `dating` and `standing`; here the door is passed, and every row keeps its file and row number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.parsed import AS_OF_TIME, FACT_CONTRACTS, SOURCE_ACCOUNT
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from data_contracts.vocab import FileStatus
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.errors import FileStopped
from evenkeel.identity import AccountKeyer, stable_id
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import accounts_in
from evenkeel.stages.ingest.door import account_keys, identifier_map, identify, mask_text, mask_texts
from evenkeel.stages.ingest.read_file import FileKey, ReadFile
from evenkeel.stages.ingest.standing import Standing, kind_of, standings
from evenkeel.stages.ingest.untaken import untaken_rows


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
    standing = standings(business_date, files, book, keyer)
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
        counts = standing[file.key]
        if counts.status == FileStatus.STOPPED:
            untaken.append(untaken_rows(business_date, file.feed, file.file_id, file.outcome, counts.message or ""))
        if counts.status == FileStatus.READ:
            keys = account_keys(accounts, feeds[file.feed], book, business_date, keyer)
            for contract, frame in file.outcome.tables.items():
                if frame.height:
                    parts[contract].append(_through_door(business_date, file, contract, frame, keys, identifiers))
    facts = {
        contract: conform(pl.concat(frames) if frames else contract.empty_frame(), contract)
        for contract, frames in parts.items()
    }
    return Landed(
        source_files=conform(_file_rows(business_date, files, standing, keyer), SourceFiles),
        rejects=conform(pl.concat([pl.DataFrame(rejects, schema=Rejects.polars_schema()), *untaken]), Rejects),
        facts=facts,
    )


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
    standing: Mapping[FileKey, Standing],
    keyer: AccountKeyer,
) -> pl.DataFrame:
    rows = []
    for file in files:
        parsed = file.outcome if isinstance(file.outcome, ParsedFile) else None
        data_count = parsed.row_count - parsed.structural_count if parsed else 0
        counts = standing[file.key]
        is_stopped = counts.status == FileStatus.STOPPED
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
                "status": counts.status.value,
                "check": counts.check.value if counts.check else None,
                "message": counts.message,
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
