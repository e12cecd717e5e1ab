"""Files that arrive: complete ones, in order, as they were listed."""

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evenkeel.adapters.stores.file_sources import FolderSource, S3Source
from evenkeel.errors import TransientError, UsageError

LONG_AGO = 1_785_000_000


class Wait:
    """A sleep that passes no time and lets something happen meanwhile."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.meanwhile: Callable[[], object] = list

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.meanwhile()


@pytest.fixture
def wait() -> Wait:
    return Wait()


@pytest.fixture
def source(tmp_path: Path, wait: Wait) -> FolderSource:
    """A source for which every file of this test is a minute old."""
    (tmp_path / "inbox").mkdir()
    return FolderSource(tmp_path, settle_seconds=2, now=lambda: time.time() + 60, sleep=wait)


def deliver(tmp_path: Path, name: str, content: bytes = b"x", at: int = LONG_AGO) -> Path:
    path = tmp_path / "inbox" / name
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


def test_files_come_in_order_of_time_then_name(source: FolderSource, tmp_path: Path, wait: Wait) -> None:
    deliver(tmp_path, "b.csv")
    deliver(tmp_path, "c.csv", b"12345", at=LONG_AGO - 5)
    deliver(tmp_path, "A.CSV")
    deliver(tmp_path, "notes.txt")
    found = source.arrivals("schwab", "inbox", "*.csv")
    assert [arrival.name for arrival in found] == ["c.csv", "A.CSV", "b.csv"]
    assert found[0].byte_count == 5
    assert found[0].modified_at == dt.datetime.fromtimestamp(LONG_AGO - 5, dt.UTC)
    assert wait.seconds == [], "old files are not waited for"


@pytest.mark.parametrize(
    "name", [".hidden.csv", "a.csv.part", "a.csv.tmp", "a.csv.filepart", "a.csv.crdownload", "a.csv~", "a.CSV.PART"]
)
def test_half_written_files_are_left(source: FolderSource, tmp_path: Path, name: str) -> None:
    deliver(tmp_path, name)
    assert source.arrivals("schwab", "inbox", "*") == []


def test_what_is_named_like_a_file_and_is_none_is_listed_and_not_read(source: FolderSource, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(b"x")
    (tmp_path / "inbox" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "inbox" / "folder.csv").mkdir()
    (tmp_path / "inbox" / "folder.csv" / "inside.csv").write_bytes(b"x")
    os.mkfifo(tmp_path / "inbox" / "pipe.csv")
    said = {}
    for arrival in source.arrivals("schwab", "inbox", "*"):
        with pytest.raises(TransientError) as refused:
            source.read_to(arrival, tmp_path / "copy")
        said[arrival.name] = str(refused.value).partition(",")[0]
    assert said == {"link.csv": "it is a link", "folder.csv": "it is a folder", "pipe.csv": "it is no regular file"}
    assert not (tmp_path / "copy").exists()


def test_folders_that_are_named_like_folders_are_left(source: FolderSource, tmp_path: Path) -> None:
    for name in ("processed", "2026.03"):
        (tmp_path / "inbox" / name).mkdir()
    assert source.arrivals("schwab", "inbox", "*") == []


def test_young_files_are_waited_for_and_growing_ones_left(tmp_path: Path, wait: Wait) -> None:
    (tmp_path / "inbox").mkdir()
    source = FolderSource(tmp_path, settle_seconds=2, sleep=wait)
    deliver(tmp_path, "done.csv")
    growing = deliver(tmp_path, "growing.csv")
    deliver(tmp_path, "leaving.csv")

    def meanwhile() -> None:
        with growing.open("ab") as file:
            file.write(b"more")
        os.utime(growing, (LONG_AGO, LONG_AGO))
        (tmp_path / "inbox" / "leaving.csv").unlink()

    wait.meanwhile = meanwhile
    assert [arrival.name for arrival in source.arrivals("schwab", "inbox", "*")] == ["done.csv"]
    assert wait.seconds == [2], "once for all of them"


def test_a_copy_that_keeps_its_time_but_still_grows_is_left(tmp_path: Path, wait: Wait) -> None:
    (tmp_path / "inbox").mkdir()
    source = FolderSource(tmp_path, settle_seconds=2, sleep=wait)
    path = deliver(tmp_path, "a.csv", b"12")

    def meanwhile() -> None:
        path.write_bytes(b"34")
        os.utime(path, (LONG_AGO, LONG_AGO))

    wait.meanwhile = meanwhile
    assert source.arrivals("schwab", "inbox", "*") == []


def test_a_file_is_read_as_it_was_listed(source: FolderSource, tmp_path: Path) -> None:
    path = deliver(tmp_path, "a.csv", b"one")
    (arrival,) = source.arrivals("schwab", "inbox", "*")
    source.read_to(arrival, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"one"
    path.write_bytes(b"two")
    with pytest.raises(TransientError, match="changed while it was read"):
        source.read_to(arrival, tmp_path / "copy")
    path.unlink()
    with pytest.raises(TransientError, match="cannot be read"):
        source.read_to(arrival, tmp_path / "copy")
    (tmp_path / "other").write_bytes(b"one")
    path.symlink_to(tmp_path / "other")
    with pytest.raises(TransientError, match="cannot be read"):
        source.read_to(arrival, tmp_path / "copy")


def test_a_name_that_is_no_text_can_be_read(source: FolderSource, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "inbox") + b"/caf\xe9.csv"
    with open(path, "wb") as file:
        file.write(b"x")
    (arrival,) = source.arrivals("schwab", "inbox", "*.csv")
    assert arrival.name == "caf�.csv"
    arrival.name.encode()
    source.read_to(arrival, tmp_path / "copy")


def test_a_folder_that_is_not_there(source: FolderSource, tmp_path: Path) -> None:
    assert source.arrivals("schwab", "inbox/schwab", "*") == [], "nothing has come yet"
    with pytest.raises(TransientError, match=r"feed schwab: .* mounted"):
        source.arrivals("schwab", str(tmp_path / "share"), "*")


def test_an_absolute_location(source: FolderSource, tmp_path: Path) -> None:
    deliver(tmp_path, "a.csv")
    assert len(source.arrivals("schwab", str(tmp_path / "inbox"), "*")) == 1


def test_objects_of_a_prefix(s3_bucket: str, s3_endpoint: str, tmp_path: Path) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3_endpoint)
    for key in ("in/b.csv", "in/a.csv", "in/", "in/.dot.csv", "in/a.csv.tmp", "in/old/c.csv", "inside.csv", "in/n.txt"):
        client.put_object(Bucket=s3_bucket, Key=key, Body=key.encode())
    client.create_multipart_upload(Bucket=s3_bucket, Key="in/uploading.csv")
    source = S3Source(endpoint_url=s3_endpoint)
    found = source.arrivals("schwab", f"s3://{s3_bucket}/in", "*.csv")
    assert sorted(arrival.name for arrival in found) == ["a.csv", "b.csv"]
    assert list(found) == sorted(found, key=lambda arrival: (arrival.modified_at, arrival.name))
    source.read_to(found[0], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == f"in/{found[0].name}".encode()
    client.put_object(Bucket=s3_bucket, Key=f"in/{found[0].name}", Body=b"newer")
    with pytest.raises(TransientError, match="PreconditionFailed"):
        source.read_to(found[0], tmp_path / "copy")
    client.delete_object(Bucket=s3_bucket, Key=f"in/{found[1].name}")
    with pytest.raises(TransientError, match="removed"):
        source.read_to(found[1], tmp_path / "copy")
    with pytest.raises(UsageError, match="NoSuchBucket"):
        source.arrivals("schwab", "s3://nobody-has-this-bucket/in", "*")
