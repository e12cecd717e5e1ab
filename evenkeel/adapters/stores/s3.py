"""What every store on S3 shares: addresses, a client, credentials for the Rust readers, and errors said plainly.

boto3 finds credentials (environment, profile, instance role) and everybody uses what it found, so that one setting serves all.
boto3 takes a third of a second to import: only here, and only when an address is on S3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from evenkeel.errors import TransientError, UsageError

DEFAULT_REGION = "us-east-1"
_MISSING = {"404", "NoSuchKey", "NotFound"}
_REFUSED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}


def is_s3(address: str) -> bool:
    """Tell whether an address is on S3."""
    return address.startswith("s3://")


def split_s3(address: str) -> tuple[str, str]:
    """Return bucket and prefix of `s3://bucket/prefix`, the prefix without slashes at its ends.

    Raises:
        UsageError: It is not such an address.
    """
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not is_s3(address) or not bucket:
        raise UsageError(f"{address!r} is not an S3 address; write s3://bucket/prefix")
    return bucket, prefix.strip("/")


class S3:
    """Access to S3, or to a store that speaks like it at `endpoint_url`."""

    def __init__(self, endpoint_url: str | None = None) -> None:
        self.endpoint_url = endpoint_url

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session()

    @cached_property
    def client(self) -> Any:
        """Return a boto3 client with bounded time-outs and retries; it may be used by several threads."""
        from botocore.config import Config

        config = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"})
        region = self._session.region_name or DEFAULT_REGION
        return self._session.client("s3", endpoint_url=self.endpoint_url, region_name=region, config=config)

    def storage_options(self) -> dict[str, str]:
        """Return what delta-rs and polars need to reach the store, with the credentials that boto3 has now.

        Commits rely on the store's conditional put (`If-None-Match: *`): S3 itself, MinIO, Ceph and R2 have it.
        """
        options = {"aws_region": self._session.region_name or DEFAULT_REGION, "aws_conditional_put": "etag"}
        credentials = self._session.get_credentials()
        if credentials is not None:
            frozen = credentials.get_frozen_credentials()
            options["aws_access_key_id"] = frozen.access_key
            options["aws_secret_access_key"] = frozen.secret_key
            if frozen.token:
                options["aws_session_token"] = frozen.token
        if self.endpoint_url:
            options["aws_endpoint_url"] = self.endpoint_url
            options["aws_allow_http"] = str(self.endpoint_url.startswith("http://")).lower()
        return options


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Turn the client's errors into ours; `what` names the bucket and key.

    Raises:
        FileNotFoundError: There is no such object.
        UsageError: No access, or no such bucket: settings must change.
        TransientError: Anything else; a later try may cure it.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        raise _answered(error.response, what) from error
    except NoCredentialsError as error:
        raise UsageError(f"{what}: no credentials found; set AWS_ACCESS_KEY_ID or a profile or a role") from error
    except BotoCoreError as error:
        raise TransientError(f"{what}: cannot be reached ({type(error).__name__}); try again later") from error
    except Boto3Error as error:
        # Uploads in parts wrap what the store answered.
        if isinstance(error.__context__, ClientError):
            raise _answered(error.__context__.response, what) from error
        raise TransientError(f"{what}: cannot be reached ({type(error).__name__}); try again later") from error


def _answered(response: Mapping[str, Any], what: str) -> Exception:
    code = str(response.get("Error", {}).get("Code", "?"))
    if code in _MISSING:
        return FileNotFoundError(f"{what} does not exist")
    if code in _REFUSED:
        return UsageError(f"{what}: the store refuses ({code}); check bucket, credentials and rights")
    return TransientError(f"{what}: the store answered {code}; try again later")
