"""A few sandboxes, made once, and their files as the adapters read them."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import yaml

from data_contracts.contract import Contract
from evenkeel.adapters.custodians.feed_map import read_map
from evenkeel.adapters.custodians.registry import adapter
from evenkeel.ports import ParsedFile, RawFile
from evenkeel.sandbox import Delivery, SandboxPlan, generate

CUSTODIANS = ("schwab", "fidelity", "ibkr", "plans")


@dataclass
class Made:
    """A sandbox, and a cache of what the adapters read of it."""

    home: Path
    plan: SandboxPlan
    _read: dict[str, ParsedFile] = field(default_factory=dict)

    def read(self, delivery: Delivery) -> ParsedFile:
        """Read a delivery as the book's feed says."""
        if delivery.path not in self._read:
            feeds = {feed["feed"]: feed for feed in yaml.safe_load((self.home / "book/feeds.yaml").read_text())}
            feed = feeds[delivery.feed]
            feed_map = read_map(self.home / "book" / feed["map"]) if "map" in feed else None
            reader = adapter(feed["layout"], feed_map)
            path = self.home / "sandbox" / delivery.path
            data = path.read_bytes()
            assert reader.recognises(delivery.name, data[:65536]), delivery.name
            self._read[delivery.path] = reader.parse(
                RawFile(hashlib.sha256(data).hexdigest(), delivery.name, path, len(data))
            )
        return self._read[delivery.path]

    def whole_files(self, date: dt.date | None = None) -> list[Delivery]:
        """Return the deliveries that a run reads: no half-written ones; of a corrected file the last one."""
        chosen = [d for d in self.plan.deliveries if not d.name.endswith(".part") and date in (None, d.business_date)]
        corrected = {(e.business_date, e.feed) for e in self.plan.expected if e.fault == "corrected"}
        copies = {e.file_name for e in self.plan.expected if e.fault == "duplicate"}
        return [
            d
            for d in chosen
            if d.name not in copies and not ((d.business_date, d.feed) in corrected and d.name.endswith("-163045.csv"))
        ]

    def table(self, contract: type[Contract], date: dt.date, feeds: tuple[str, ...]) -> pl.DataFrame:
        """Return a date's rows of one contract, with `feed`."""
        parts = [
            self.read(d).tables[contract].with_columns(pl.lit(d.feed).alias("feed"))
            for d in self.whole_files(date)
            if d.feed in feeds and contract in self.read(d).tables
        ]
        return pl.concat(parts) if parts else pl.DataFrame()


Maker = Callable[..., Made]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    def _make(households: int, days: int, seed: int = 7, **more: object) -> Made:
        home = tmp_path_factory.mktemp(f"sandbox_{households}_{days}_{seed}")
        return Made(home, generate(home, households, days, seed, **more))  # type: ignore[arg-type]

    return _make


@pytest.fixture(scope="session")
def faulty(make: Maker) -> Made:
    """200 households, five days, with faults."""
    return make(200, 5)


@pytest.fixture(scope="session")
def clean(make: Maker) -> Made:
    """60 households, seven days, without faults."""
    return make(60, 7, 11, faults=False)


@pytest.fixture(scope="session")
def one(make: Maker) -> Made:
    """One household, three days."""
    return make(1, 3)


@pytest.fixture(scope="session")
def three(make: Maker) -> Made:
    """Three households, three days."""
    return make(3, 3)
