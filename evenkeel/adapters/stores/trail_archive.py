"""The trail's archive on S3: every object under an object lock until its date, so that nobody can change or delete it before.

The bucket needs versioning and object lock, which are chosen when it is made. Deleting without naming a version only hides an object;
its versions stay, and those are what is read here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

from evenkeel.adapters.stores.s3 import S3, s3_errors, split_s3
from evenkeel.errors import RecordDamaged, TransientError, UsageError

Mode = Literal["GOVERNANCE", "COMPLIANCE"]


class S3TrailArchive:
    """A `ports.TrailArchive` at `s3://bucket/prefix`.

    Args:
        url: The address.
        mode: `GOVERNANCE`: those with a special right can lift the lock; `COMPLIANCE`: nobody can, not even the account's owner.
        years: For how long an object is locked, from when it is stored.
        endpoint_url: Endpoint of an S3-compatible store.
    """

    def __init__(self, url: str, *, mode: Mode, years: int, endpoint_url: str | None = None) -> None:
        self._bucket, self._prefix = split_s3(url)
        self._mode, self._years = mode, years
        self._s3 = S3(endpoint_url)
        self._is_known_locked = False

    @property
    def address(self) -> str:
        """Return where it is."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def held(self) -> Mapping[str, Sequence[str]]:
        """Return the names that are there, in order, each with its versions, the oldest first."""
        self._require_lock()
        folder = f"{self._prefix}/" if self._prefix else ""
        return {key.removeprefix(folder): versions for key, versions in self._versions(folder).items()}

    def read(self, name: str, version: str) -> bytes:
        """Return the bytes of a version."""
        return self._read(self._key(name), version)

    def keep(self, name: str, content: bytes, now: dt.datetime) -> bool:
        """Store an object under a lock; return whether it was written, False where the same bytes are there."""
        self._require_lock()
        key = self._key(name)
        if (there := self._oldest(key)) is not None:
            if there == content:
                return False
            raise RecordDamaged(
                f"archive: s3://{self._bucket}/{key} is there with other bytes: SHA-256 {hashlib.sha256(there).hexdigest()} there, "
                f"{hashlib.sha256(content).hexdigest()} here; the trail or the archive was changed: `evenkeel audit verify --archive` "
                "says where"
            )
        with s3_errors(f"s3://{self._bucket}/{key}"):
            self._s3.client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType="application/jsonl",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode=self._mode,
                ObjectLockRetainUntilDate=_years_after(now, self._years),
            )
        return True

    def _oldest(self, key: str) -> bytes | None:
        """Return what was stored first; a version that hides it is none of ours."""
        versions = self._versions(key).get(key)
        return None if not versions else self._read(key, versions[0])

    def _versions(self, beginning: str) -> dict[str, list[str]]:
        """Return the versions of the keys that begin so, the oldest first; those that a delete has hidden too."""
        found: dict[str, list[tuple[dt.datetime, str]]] = {}
        with s3_errors(self.address):
            pages = self._s3.client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=beginning
            )
            for page in pages:
                for each in page.get("Versions", ()):
                    found.setdefault(each["Key"], []).append((each["LastModified"], each["VersionId"]))
        # A store lists the newest first; of versions of one second the order of the list is all there is.
        return {
            key: [version for _, version in sorted(reversed(found[key]), key=lambda each: each[0])]
            for key in sorted(found)
        }

    def _read(self, key: str, version: str) -> bytes:
        with s3_errors(f"s3://{self._bucket}/{key}"):
            answer = self._s3.client.get_object(Bucket=self._bucket, Key=key, VersionId=version)
            content: bytes = answer["Body"].read()
        return content

    def _require_lock(self) -> None:
        """Refuse a bucket that locks nothing: what is put there could be deleted the next moment."""
        from botocore.exceptions import ClientError

        if self._is_known_locked:
            return
        try:
            with s3_errors(self.address):
                answer = self._s3.client.get_object_lock_configuration(Bucket=self._bucket)
            enabled = answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
        except (UsageError, TransientError) as error:
            cause = error.__cause__
            code = cause.response.get("Error", {}).get("Code", "") if isinstance(cause, ClientError) else ""
            if code != "ObjectLockConfigurationNotFoundError":
                raise
            enabled = False
        if not enabled:
            raise UsageError(
                f"bucket {self._bucket} has no object lock, so the trail's archive could be deleted; make a bucket with object lock "
                "(docs/audit-trail.md says how) and name it in EVENKEEL_AUDIT_ARCHIVE_URL"
            )
        self._is_known_locked = True

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


def _years_after(instant: dt.datetime, years: int) -> dt.datetime:
    """Return the same moment some years later; of a leap day the day after."""
    try:
        return instant.replace(year=instant.year + years)
    except ValueError:
        return instant.replace(year=instant.year + years, month=3, day=1)
