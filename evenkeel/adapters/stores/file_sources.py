"""Where files arrive: folders and S3 prefixes. What is still being written is left alone.

What is named like a file and is none (a link, a folder) is listed and cannot be read, so that somebody hears of it.
Archives (.zip, .gz) are delivered like any other file: no layout recognises them, and the stop says so.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import json
import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from evenkeel.adapters.stores.s3 import S3, s3_errors, split_s3
from evenkeel.errors import TransientError
from evenkeel.ports import Arrival

UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".writing", ".swp", "~")
"""Endings under which senders write before they rename."""

_CHUNK = 1 << 20


class FolderSource:
    """A `ports.FileSource` on folders; their files only, not those of folders inside.

    Args:
        home: What a relative location is relative to.
        settle_seconds: A file is complete when neither size nor times have changed for so long; younger ones are waited for once.
        now: Seconds since 1970 of the clock that file times go by: the machine's, never the settable one.
        sleep: Waits.
    """

    def __init__(
        self,
        home: Path,
        *,
        settle_seconds: float = 2.0,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._home = home
        self._settle_seconds = settle_seconds
        self._now = now
        self._sleep = sleep

    def arrivals(self, feed: str, location: str, pattern: str) -> Sequence[Arrival]:
        """List complete files, the oldest first, then by name. A file still growing is left for the next look.

        A folder inside the home that does not exist yet is one to which nothing has come. Folders inside are left alone, unless they
        are named like a file (`positions.csv`).

        Raises:
            TransientError: A folder outside the home is not there, or cannot be read.
        """
        folder = self._home / location
        if not folder.is_dir() and not Path(location).is_absolute():
            return []
        try:
            first = self._look(folder, pattern)
            young = [name for name, seen in first.items() if self._age(seen) < self._settle_seconds]
            if young:
                self._sleep(self._settle_seconds)
            second = {name: _stat(folder / name) for name in young}
        except OSError as error:
            raise TransientError(
                f"feed {feed}: {location} cannot be read ({error.strerror}); check that it exists and is mounted"
            ) from error
        settled = {name: seen for name, seen in first.items() if name not in second or _same(seen, second[name])}
        found = [_arrival(feed, folder / name, seen) for name, seen in settled.items()]
        return sorted(found, key=lambda arrival: (arrival.modified_at, arrival.name))

    def read_to(self, arrival: Arrival, target: Path) -> None:
        """Copy the file's bytes to `target`.

        Raises:
            TransientError: It changed since it was listed or while it was read, or is gone.
        """
        token = json.loads(arrival.token)
        if odd := token.get("odd"):
            raise TransientError(f"it is {odd}, which is not followed; deliver the file itself in its place")
        try:
            # No link is followed, so that nobody can put another file behind the name in the meantime.
            descriptor = os.open(token["path"], os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as source, target.open("wb") as copy:
                before = _identity(os.fstat(source.fileno()))
                while chunk := source.read(_CHUNK):
                    copy.write(chunk)
                after = _identity(os.stat(token["path"], follow_symlinks=False))
        except OSError as error:
            raise TransientError(
                f"it cannot be read ({error.strerror}); check that it is there and its permissions, then run again"
            ) from error
        if not before == after == token["identity"]:
            raise TransientError("it changed while it was read; run again")

    def _look(self, folder: Path, pattern: str) -> dict[str, os.stat_result]:
        with os.scandir(folder) as entries:
            seen = {entry.name: _stat(Path(entry.path)) for entry in entries if _is_wanted(entry.name, pattern)}
        return {
            name: one
            for name, one in seen.items()
            if one is not None and (not stat.S_ISDIR(one.st_mode) or _is_named_like_a_file(name))
        }

    def _age(self, seen: os.stat_result) -> float:
        """Return seconds since the last change; the inode's time counts too: a copy may set the other back while it still grows."""
        return self._now() - max(seen.st_mtime, seen.st_ctime)


class S3Source:
    """A `ports.FileSource` on S3 prefixes; an object is there when its upload is complete, never before."""

    def __init__(self, *, endpoint_url: str | None = None) -> None:
        self._s3 = S3(endpoint_url)

    def arrivals(self, feed: str, location: str, pattern: str) -> Sequence[Arrival]:
        """List the objects directly under the prefix, the oldest first, then by name.

        Raises:
            UsageError: No access, or no such bucket.
            TransientError: The store cannot be reached.
        """
        bucket, prefix = split_s3(location)
        folder = f"{prefix}/" if prefix else ""
        pages = self._s3.client.get_paginator("list_objects_v2")
        found = []
        with s3_errors(f"feed {feed}: {location}"):
            for page in pages.paginate(Bucket=bucket, Prefix=folder, Delimiter="/"):
                for entry in page.get("Contents", ()):
                    name = entry["Key"].removeprefix(folder)
                    if name and _is_wanted(name, pattern):
                        token = json.dumps({"bucket": bucket, "key": entry["Key"], "etag": entry["ETag"]})
                        modified_at = entry["LastModified"].astimezone(dt.UTC)
                        found.append(Arrival(feed, name, entry["Size"], modified_at, token))
        return sorted(found, key=lambda arrival: (arrival.modified_at, arrival.name))

    def read_to(self, arrival: Arrival, target: Path) -> None:
        """Copy the object's bytes to `target`, if it is still the one that was listed.

        Raises:
            TransientError: It was replaced or removed since, or the store cannot be reached.
        """
        token = json.loads(arrival.token)
        where = f"its object in {token['bucket']}"
        try:
            with s3_errors(where), target.open("wb") as copy:
                body = self._s3.client.get_object(Bucket=token["bucket"], Key=token["key"], IfMatch=token["etag"])[
                    "Body"
                ]
                for chunk in body.iter_chunks(_CHUNK):
                    copy.write(chunk)
        except FileNotFoundError as error:
            raise TransientError(f"{where} was removed while it was to be read; run again") from error
        if target.stat().st_size != arrival.byte_count:
            raise TransientError(f"{where} was cut short; run again")


def _is_wanted(name: str, pattern: str) -> bool:
    """Tell whether a name is one of the feed's and is not that of a file still being written; case does not matter."""
    lower = name.lower()
    return not lower.startswith(".") and not lower.endswith(UNFINISHED) and fnmatch.fnmatchcase(lower, pattern.lower())


def _is_named_like_a_file(name: str) -> bool:
    """Tell `positions.csv` from `processed` and `2026.03`."""
    return Path(name).suffix[1:].isalpha()


def _stat(path: Path) -> os.stat_result | None:
    """Return what the system says of a name itself, not of what it may lead to; None where it is gone."""
    try:
        return os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _odd(mode: int) -> str | None:
    """Return what a name is that is no file."""
    if stat.S_ISREG(mode):
        return None
    kinds = ((stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"))
    return next((what for is_kind, what in kinds if is_kind(mode)), "no regular file")


def _identity(seen: os.stat_result) -> list[int]:
    return [seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns]


def _same(first: os.stat_result, second: os.stat_result | None) -> bool:
    return second is not None and _identity(first) == _identity(second) and first.st_ctime_ns == second.st_ctime_ns


def _arrival(feed: str, path: Path, seen: os.stat_result) -> Arrival:
    # A name of bytes that are no UTF-8 is shown with marks in their place; the token keeps the name as it is.
    name = os.fsencode(path.name).decode("utf-8", "replace")
    modified_at = dt.datetime.fromtimestamp(seen.st_mtime, dt.UTC)
    odd = _odd(seen.st_mode)
    token = json.dumps({"path": str(path), "identity": _identity(seen)} | ({"odd": odd} if odd else {}))
    return Arrival(feed, name, seen.st_size, modified_at, token)
