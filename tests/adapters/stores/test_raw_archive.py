"""Bytes received: kept once, whole, and checked when they are read."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from evenkeel.adapters.stores.raw_archive import FolderArchive, S3Archive, open_archive
from evenkeel.errors import EvenkeelError, TransientError, UsageError
from evenkeel.ports import RawArchive


@pytest.fixture(params=["folder", "s3"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> RawArchive:
    if request.param == "folder":
        return open_archive(str(tmp_path / "archive"))
    bucket = request.getfixturevalue("s3_bucket")
    return open_archive(f"s3://{bucket}/raw", endpoint_url=request.getfixturevalue("s3_endpoint"))


@pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2\r\n", os.urandom(3_000_000)], ids=["empty", "small", "large"])
def test_what_is_kept_comes_back(archive: RawArchive, content: bytes, tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    arrived.write_bytes(content)
    file_id = archive.keep(arrived)
    assert file_id == hashlib.sha256(content).hexdigest()
    assert archive.keep(arrived) == file_id
    arrived.unlink()
    assert archive.open_local(file_id).read_bytes() == content
    assert archive.open_local(file_id).read_bytes() == content


def test_what_was_never_kept_is_missing(archive: RawArchive) -> None:
    with pytest.raises(EvenkeelError, match="is not there"):
        archive.open_local("0" * 64)


def test_an_id_is_never_a_path(archive: RawArchive) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        archive.open_local("../../etc/passwd")


def test_a_folder_keeps_files_read_only_and_finds_damage(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path / "archive")
    arrived = tmp_path / "arrived"
    arrived.write_bytes(b"positions")
    file_id = archive.keep(arrived)
    place = archive.open_local(file_id)
    assert place == tmp_path / "archive" / file_id[:2] / file_id[2:]
    assert stat.S_IMODE(place.stat().st_mode) == 0o444
    assert [path.name for path in (tmp_path / "archive").iterdir()] == [file_id[:2]], "nothing half-written is left"
    place.chmod(0o644)
    place.write_bytes(b"Positions")
    with pytest.raises(EvenkeelError, match="does not hold the bytes received"):
        archive.open_local(file_id)
    assert archive.keep(arrived) == file_id
    assert archive.open_local(file_id).read_bytes() == b"positions", "the same file again heals it"


def test_s3_finds_damage(s3_bucket: str, s3_endpoint: str, tmp_path: Path) -> None:
    import boto3

    arrived = tmp_path / "arrived"
    arrived.write_bytes(b"positions")
    url = f"s3://{s3_bucket}/raw"
    file_id = S3Archive(url, endpoint_url=s3_endpoint).keep(arrived)
    client = boto3.client("s3", endpoint_url=s3_endpoint)
    client.put_object(Bucket=s3_bucket, Key=f"raw/{file_id[:2]}/{file_id[2:]}", Body=b"Positions")
    with pytest.raises(EvenkeelError, match="does not hold the bytes received"):
        S3Archive(url, endpoint_url=s3_endpoint).open_local(file_id)


def test_a_store_that_is_away_or_refuses(s3_bucket: str, s3_endpoint: str, tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    arrived.write_bytes(b"positions")
    with pytest.raises(UsageError, match="NoSuchBucket"):
        S3Archive("s3://nobody-has-this-bucket/raw", endpoint_url=s3_endpoint).keep(arrived)
    with pytest.raises(TransientError, match="cannot be reached"):
        S3Archive(f"s3://{s3_bucket}/raw", endpoint_url="http://127.0.0.1:1").keep(arrived)
    with pytest.raises(UsageError, match="not an S3 address"):
        S3Archive("s3://")
