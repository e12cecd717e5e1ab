"""The trail's archive: locked until its date, written once, resumed, and held against the trail."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from evenkeel.adapters.stores.trail_archive import S3TrailArchive
from evenkeel.errors import RecordDamaged, TransientError, UsageError

NOW = dt.datetime(2028, 2, 29, 12, tzinfo=dt.UTC)
LATER = dt.datetime(2034, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def client(s3_bucket: str, s3_endpoint: str) -> Any:
    import boto3

    return boto3.client("s3", endpoint_url=s3_endpoint)


@pytest.fixture
def bucket(client: Any) -> str:
    name = f"locked-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture
def archive(bucket: str, s3_endpoint: str) -> S3TrailArchive:
    return S3TrailArchive(f"s3://{bucket}/firm/trail", mode="COMPLIANCE", years=6, endpoint_url=s3_endpoint)


def test_an_object_is_locked_until_its_date(archive: S3TrailArchive, bucket: str, client: Any) -> None:
    assert archive.keep("trail-1.jsonl", b"one\n", NOW) is True
    answer = client.head_object(Bucket=bucket, Key="firm/trail/trail-1.jsonl")
    assert (answer["ObjectLockMode"], answer["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", LATER)


def test_the_same_object_again_is_not_written(archive: S3TrailArchive) -> None:
    archive.keep("trail-1.jsonl", b"one\n", NOW)
    assert archive.keep("trail-1.jsonl", b"one\n", NOW) is False
    assert [len(versions) for versions in archive.held().values()] == [1]


def test_another_object_under_a_name_is_an_error_with_both_digests(archive: S3TrailArchive) -> None:
    archive.keep("trail-1.jsonl", b"one\n", NOW)
    with pytest.raises(RecordDamaged, match=r"SHA-256 2c8b08da\w+ there, 27dd8ed4\w+ here"):
        archive.keep("trail-1.jsonl", b"two\n", NOW)


def test_deleting_is_refused_and_hiding_changes_nothing(archive: S3TrailArchive, bucket: str, client: Any) -> None:
    from botocore.exceptions import ClientError

    archive.keep("trail-1.jsonl", b"one\n", NOW)
    ((version,),) = archive.held().values()
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key="firm/trail/trail-1.jsonl", VersionId=version)
    client.delete_object(Bucket=bucket, Key="firm/trail/trail-1.jsonl")
    assert archive.held() == {"trail-1.jsonl": [version]}
    assert archive.read("trail-1.jsonl", version) == b"one\n"
    assert archive.keep("trail-1.jsonl", b"one\n", NOW) is False


def test_a_second_version_is_seen_behind_the_first(archive: S3TrailArchive, bucket: str, client: Any) -> None:
    archive.keep("trail-1.jsonl", b"one\n", NOW)
    client.put_object(Bucket=bucket, Key="firm/trail/trail-1.jsonl", Body=b"other\n")
    (versions,) = archive.held().values()
    assert [archive.read("trail-1.jsonl", version) for version in versions] == [b"one\n", b"other\n"]


def test_a_bucket_without_lock_and_one_that_is_away_are_refused(s3_bucket: str, s3_endpoint: str) -> None:
    with pytest.raises(UsageError, match="has no object lock"):
        S3TrailArchive(f"s3://{s3_bucket}/x", mode="GOVERNANCE", years=6, endpoint_url=s3_endpoint).held()
    with pytest.raises(UsageError, match="NoSuchBucket"):
        S3TrailArchive("s3://nobody-has-this/x", mode="GOVERNANCE", years=6, endpoint_url=s3_endpoint).held()
    with pytest.raises(TransientError, match="cannot be reached"):
        S3TrailArchive("s3://a/x", mode="GOVERNANCE", years=6, endpoint_url="http://127.0.0.1:1").held()
