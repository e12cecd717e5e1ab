"""OFX and QFX: investment statements of OFX 1 (SGML) and OFX 2 (XML), one or more accounts a file.

A row is one record: a position, a transaction, a security, a balance, and each sign-on, status and account aggregate.
Tags are read by `ofx_tags`, records by `ofx_rows`; this module puts the file together.
"""

from __future__ import annotations

import re

import polars as pl

from data_contracts.contract import Contract
from data_contracts.parsed import parsed_schema
from data_contracts.positions import Positions
from data_contracts.security_texts import SecurityTexts
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.ofx_rows import FILLS, SECURITY_KEY, Records
from evenkeel.adapters.custodians.ofx_tags import read_tags
from evenkeel.adapters.custodians.records import RecordTables, subject_of
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

_VERSION = re.compile(rb"VERSION\s*[:=]\s*\"?(\d{3})")
_FROM_SECURITIES = ("symbol", "cusip", "isin", "native_id", "description", "multiplier", "asset_type")
_LIST_FIRST = ("asset_type", "native_id")
"""What the list of securities knows better than a position of kind "other" with a private id."""


class Ofx:
    """Reads OFX and QFX files.

    Positions and transactions take symbol, description, legal form and contract size from the file's list of
    securities. A bond's price is per hundred of its face value. OFX has no cost and no lots; its only cash is INVBAL's
    AVAILCASH, which goes to `core`. Bank and card statements are kept as other rows.
    """

    layout = "ofx"
    fills: frozenset[type[Contract]] = frozenset(FILLS)
    max_bytes = 256 * 1024 * 1024

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the first bytes: an OFX header, or `<OFX>`."""
        start = head[:4096].upper()
        return b"OFXHEADER" in start or b"<OFX>" in start

    def parse(self, file: RawFile) -> ParsedFile:
        """Read the file.

        Raises:
            FileStopped: It is empty, not OFX, cut off, wrongly nested, or an error message instead of a statement.
        """
        raw = file.read()
        if not raw.strip():
            raise FileStopped(Check.FILE_EMPTY, "the file is empty; download it again")
        if not self.recognises(file.name, raw[:4096]):
            raise FileStopped(Check.FILE_OTHER_LAYOUT, "no OFX header at its start; move it to its feed")
        version = _VERSION.search(raw[:4096])
        text, encoding = _decoded(raw)
        del raw
        tables = RecordTables(FILLS, extra_columns=[SECURITY_KEY])
        reader = Records(tables)
        read_tags(text, reader)
        if not reader.statements and reader.errors:
            raise FileStopped(
                Check.FILE_UNREADABLE, f"the source answered with an error ({reader.errors[0]}); download it again"
            )
        as_of = {statement.as_of for statement in reader.statements}
        stamp = as_of.pop() if len(as_of) == 1 else None
        return ParsedFile(
            layout=self.layout,
            generation=f"ofx_{version[1].decode() if version else 'unknown'}",
            encoding=encoding,
            tables=_with_securities(tables),
            rejects=sorted(tables.rejects, key=lambda reject: reject.row_no),
            row_count=tables.row_count,
            structural_count=tables.structural_count,
            subject=subject_of(statement.account for statement in reader.statements),
            as_of_date=stamp[0] if stamp else None,
            as_of_time=stamp[1] if stamp else None,
            notes=reader.notes(),
        )


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return text and encoding. Headers that say 1252 stand over UTF-8 as well, so the bytes are asked first."""
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "cp1252"


def _with_securities(tables: RecordTables) -> dict[type[Contract], pl.DataFrame]:
    """Return the frames with what the list of securities says about each; the row's own texts come first."""
    frames = tables.frames()
    securities = frames.get(SecurityTexts)
    shaped: dict[type[Contract], pl.DataFrame] = {}
    for contract, frame in frames.items():
        schema = parsed_schema(contract)
        if securities is not None and contract in (Positions, Transactions):
            known = securities.select(SECURITY_KEY, *_FROM_SECURITIES).unique(SECURITY_KEY, keep="first")
            filled = [name for name in _FROM_SECURITIES if name in schema]
            frame = frame.join(known, on=SECURITY_KEY, how="left", suffix="_known", maintain_order="left").with_columns(
                pl.coalesce(f"{name}_known", name).alias(name)
                if name in _LIST_FIRST
                else pl.coalesce(name, f"{name}_known")
                for name in filled
            )
        shaped[contract] = frame.select(list(schema))
    return shaped
