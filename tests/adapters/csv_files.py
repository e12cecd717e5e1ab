"""What the tests of the CSV adapters share: reading bytes through an adapter, and the rule that no row is lost."""

import hashlib
from pathlib import Path
from typing import Any

from data_contracts.contract import Contract
from data_contracts.parsed import parsed_schema
from evenkeel.ports import CustodianFeed, ParsedFile, RawFile


def read(feed: CustodianFeed, folder: Path, name: str, content: str | bytes) -> ParsedFile:
    """Write `content` under `name` and read it with `feed`; every row must be accounted for."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_path(feed, path)


def read_path(feed: CustodianFeed, path: Path) -> ParsedFile:
    data = path.read_bytes()
    parsed = feed.parse(RawFile(hashlib.sha256(data).hexdigest(), path.name, path, len(data)))
    kept = {row_no for frame in parsed.tables.values() for row_no in frame["row_no"].to_list()}
    rejected = [reject.row_no for reject in parsed.rejects]
    assert not kept & set(rejected)
    assert len(set(rejected)) == len(rejected)
    assert len(kept) + len(rejected) + parsed.structural_count == parsed.row_count
    for contract, frame in parsed.tables.items():
        assert contract in feed.fills
        assert frame.schema == parsed_schema(contract)
    return parsed


def rows(parsed: ParsedFile, contract: type[Contract], *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, in row order."""
    frame = parsed.tables.get(contract)
    if frame is None:
        return []
    return frame.select(columns).rows()
