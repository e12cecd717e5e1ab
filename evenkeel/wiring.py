"""The one place where ports meet adapters; those of orders and messages in `wiring_orders` and `wiring_messages`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from evenkeel import __version__
from evenkeel.adapters.clock import FixedClock, SystemClock
from evenkeel.adapters.custodians import registry
from evenkeel.adapters.custodians.feed_map import parse_map
from evenkeel.adapters.stores.book_folder import read_book_folder
from evenkeel.adapters.stores.delta_store import DeltaStore
from evenkeel.adapters.stores.file_sources import FolderSource, S3Source
from evenkeel.adapters.stores.raw_archive import open_archive
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.strays import arriving_folder
from evenkeel.adapters.stores.trail_archive import S3TrailArchive
from evenkeel.book.feeds import FeedSpec
from evenkeel.errors import UsageError
from evenkeel.identity import AccountKeyer
from evenkeel.ports import Clock, CustodianFeed, FileSource, TrailArchive
from evenkeel.run.house import House
from evenkeel.settings import Settings
from evenkeel.wiring_orders import ORDERS, account_numbers, open_order_desk

MIB = 1024 * 1024


def open_house(settings: Settings | None = None) -> House:
    """Return the home that the settings name, its records database brought up to date.

    Raises:
        UsageError: There is no home, or a setting is wrong.
    """
    return _open(settings or read_settings())


def read_settings(home: Path | None = None) -> Settings:
    """Return the settings of the environment, with another home where one is given.

    Raises:
        UsageError: A setting is wrong; names it and its environment variable.
    """
    from pydantic import ValidationError

    try:
        return Settings(home=home) if home is not None else Settings()
    except ValidationError as error:
        problems = "; ".join(f"EVENKEEL_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise UsageError(f"settings: {problems}") from error


@cache
def _open(settings: Settings) -> House:
    home = settings.home
    if not (home / "book").is_dir():
        raise UsageError(
            f"{home} is no home: it has no book/; run `evenkeel init --home {home}` or `evenkeel sandbox --home {home}`"
        )
    records = SqlRecords(settings.records_url, home / "audit" / "checkpoints.jsonl")
    return House(
        home=home,
        read_book=lambda: read_book_folder(home / "book"),
        store=DeltaStore(
            settings.lake_url or home / "lake",
            retention_days=settings.retention_days,
            endpoint_url=settings.s3_endpoint_url,
        ),
        records=records,
        approvals=records.approvals(),
        order_book=records.order_book(),
        order_desk=lambda: open_order_desk(home / ORDERS),
        account_numbers=lambda: account_numbers(home / ORDERS),
        archive=open_archive(settings.archive_url or str(home / "archive"), endpoint_url=settings.s3_endpoint_url),
        clock=_clock(settings),
        keyer=AccountKeyer(account_key(settings)),
        source_for=lambda feed: _source(feed, settings),
        adapter_for=_adapter,
        recognise=registry.recognise,
        staging=lambda: arriving_folder(home, ".arriving-"),
        max_file_bytes=settings.max_file_mib * MIB,
        lease_seconds=settings.lease_seconds,
        code_version=__version__,
        trail_archive=_trail_archive(settings),
    )


def _trail_archive(settings: Settings) -> TrailArchive | None:
    if settings.audit_archive_url is None:
        return None
    return S3TrailArchive(
        settings.audit_archive_url,
        mode=settings.audit_archive_mode,
        years=settings.audit_archive_years,
        endpoint_url=settings.s3_endpoint_url,
    )


def account_key(settings: Settings, *, may_make: bool = False) -> bytes:
    """Return the key of the account digests, from the settings or the home's keys/account.key; made on first use.

    Raises:
        UsageError: It is not hexadecimal, or it is gone from a home that has run: a new one would not know the old digests.
    """
    if settings.account_key is not None:
        try:
            return bytes.fromhex(settings.account_key.get_secret_value())
        except ValueError as error:
            raise UsageError("EVENKEEL_ACCOUNT_KEY must be hexadecimal digits, at least 32 of them") from error
    path = settings.home / "keys" / "account.key"
    if not path.exists():
        if (settings.home / "lake").exists() and not may_make:
            raise UsageError(
                f"{path} is gone, and this home has run with it; restore it from its backup, or begin anew with `evenkeel init` "
                "(docs/account-key.md says what that means)"
            )
        make_key(path)
    try:
        return bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise UsageError(
            f"{path} must hold hexadecimal digits; restore it from its backup (docs/account-key.md)"
        ) from error


def make_key(path: Path) -> None:
    """Write a new key of 32 bytes; a second process that makes it at the same moment must not replace the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(secrets.token_hex(32) + "\n")
    temporary.chmod(0o600)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def _clock(settings: Settings) -> Clock:
    if settings.clock is None:
        return SystemClock()
    if settings.clock.tzinfo is None:
        raise UsageError("EVENKEEL_CLOCK needs a zone, for example 2026-03-03T07:30:00-05:00")
    return FixedClock(settings.clock)


def _source(feed: FeedSpec, settings: Settings) -> FileSource:
    if feed.location.startswith("s3://"):
        return S3Source(endpoint_url=settings.s3_endpoint_url)
    return FolderSource(settings.home, settle_seconds=settings.settle_seconds)


def _adapter(feed: FeedSpec, maps: Mapping[str, str]) -> CustodianFeed:
    feed_map = parse_map(yaml.safe_load(maps[feed.map]), feed.map) if feed.map else None
    return registry.adapter(feed.layout, feed_map)
