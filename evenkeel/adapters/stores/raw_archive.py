"""Every byte received, by its SHA-256, kept for good: on a folder or on S3."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

from evenkeel.adapters.stores.s3 import S3, is_s3, s3_errors, split_s3
from evenkeel.adapters.stores.strays import own_prefix, sweep
from evenkeel.errors import EvenkeelError
from evenkeel.ports import RawArchive

_CHUNK = 1 << 20
_ARRIVING = ".arriving-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def open_archive(url: str, *, endpoint_url: str | None = None) -> RawArchive:
    """Return the archive at a folder or an s3:// address."""
    return S3Archive(url, endpoint_url=endpoint_url) if is_s3(url) else FolderArchive(Path(url))


class FolderArchive:
    """A `ports.RawArchive` on a folder: `ab/cdef...`, each file read-only, there as a whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def keep(self, path: Path) -> str:
        """Store the bytes at `path` if new and return their SHA-256; a damaged copy in the archive is replaced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sweep(self._folder, _ARRIVING)
        descriptor, name = tempfile.mkstemp(prefix=own_prefix(_ARRIVING), dir=self._folder)
        copy = Path(name)
        try:
            with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
                file_id = _copy(source, target)
                target.flush()
                os.fsync(target.fileno())
            place = self._place(file_id)
            if not (place.exists() and _digest_of(place) == file_id):
                place.parent.mkdir(exist_ok=True)
                copy.chmod(0o444)
                copy.replace(place)
                _sync_folder(place.parent)
            return file_id
        finally:
            copy.unlink(missing_ok=True)

    def open_local(self, file_id: str) -> Path:
        """Return the file of `file_id` in the archive, after checking its bytes; it is not to be written to.

        Raises:
            EvenkeelError: There is no such file, or its bytes are not what they were.
        """
        place = self._place(file_id)
        if not place.is_file():
            raise _missing(file_id, str(self._folder))
        if (found := _digest_of(place)) != file_id:
            raise _damaged(file_id, str(place), found)
        return place

    def _place(self, file_id: str) -> Path:
        _require_digest(file_id)
        return self._folder / file_id[:2] / file_id[2:]


class S3Archive:
    """A `ports.RawArchive` on S3: an object a file, its key the digest; read copies lie in a folder that goes with the process."""

    def __init__(self, url: str, *, endpoint_url: str | None = None) -> None:
        self._bucket, self._prefix = split_s3(url)
        self._s3 = S3(endpoint_url)
        self._copies = tempfile.TemporaryDirectory(prefix="evenkeel-archive-")

    def keep(self, path: Path) -> str:
        """Store the bytes at `path` if new and return their SHA-256.

        Raises:
            TransientError: The store cannot be reached.
        """
        with path.open("rb") as source:
            file_id = _copy(source, None)
        key = self._key(file_id)
        if not self._has(key, path.stat().st_size):
            with s3_errors(f"s3://{self._bucket}/{key}"):
                self._s3.client.upload_file(
                    str(path),
                    self._bucket,
                    key,
                    ExtraArgs={"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": file_id}},
                )
        return file_id

    def open_local(self, file_id: str) -> Path:
        """Return a local copy, after checking its bytes.

        Raises:
            EvenkeelError: There is no such object, or its bytes are not what they were.
            TransientError: The store cannot be reached.
        """
        key = self._key(file_id)
        copy = Path(self._copies.name) / file_id
        if copy.exists():
            return copy
        arriving = copy.with_name(f".{file_id}.{os.getpid()}.{id(copy)}")
        try:
            with s3_errors(f"s3://{self._bucket}/{key}"):
                self._s3.client.download_file(self._bucket, key, str(arriving))
            if (found := _digest_of(arriving)) != file_id:
                raise _damaged(file_id, f"s3://{self._bucket}/{key}", found)
            arriving.replace(copy)
        except FileNotFoundError as error:
            raise _missing(file_id, f"s3://{self._bucket}/{self._prefix}") from error
        finally:
            arriving.unlink(missing_ok=True)
        return copy

    def _has(self, key: str, size: int) -> bool:
        try:
            with s3_errors(f"s3://{self._bucket}/{key}"):
                return bool(self._s3.client.head_object(Bucket=self._bucket, Key=key)["ContentLength"] == size)
        except FileNotFoundError:
            return False

    def _key(self, file_id: str) -> str:
        _require_digest(file_id)
        return "/".join(part for part in (self._prefix, file_id[:2], file_id[2:]) if part)


def _copy(source: BinaryIO, target: BinaryIO | None) -> str:
    """Read to the end, writing along where there is a target, and return the SHA-256."""
    hasher = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        hasher.update(chunk)
        if target is not None:
            target.write(chunk)
    return hasher.hexdigest()


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return _copy(file, None)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_digest(file_id: str) -> None:
    if not _DIGEST.fullmatch(file_id):
        raise ValueError("a file's id is the SHA-256 of its bytes in hexadecimal")


def _missing(file_id: str, where: str) -> EvenkeelError:
    return EvenkeelError(f"archive {where}: file {file_id[:12]} is not there; restore the archive from its backup")


def _damaged(file_id: str, where: str, found: str) -> EvenkeelError:
    return EvenkeelError(
        f"archive: {where} does not hold the bytes received as {file_id[:12]}: SHA-256 expected {file_id}, found {found}; restore it "
        "from its backup"
    )
