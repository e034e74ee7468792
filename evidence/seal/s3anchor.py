"""A checkpoint in an S3 bucket under Object Lock: nobody can alter or delete it before its day.

Compliance mode, in which not even the account's root user can: AWS, "Locking objects with Object
Lock". The object is read back, since a bucket without Object Lock refuses or ignores the wish.
Needs boto3 (`pip install 'soc2-evidence[s3]'`), which finds its credentials where AWS tools do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from evidence.errors import ConfigError, UnavailableError

_MODE = "COMPLIANCE"
_TIMES = {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 3}}
"""Seconds, and how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where checkpoints go: `s3://bucket/prefix`, on AWS or on another server that speaks S3."""

    address: str
    endpoint: str
    days: int
    """How long an object cannot be deleted."""

    @property
    def name(self) -> str:
        """The bucket.

        Raises:
            ConfigError: the address is not `s3://bucket` or `s3://bucket/prefix`.
        """
        parts = urlsplit(self.address)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.username:
            raise ConfigError(
                "[anchor] s3 is not the address of a bucket.",
                next_step="Write s3://bucket or s3://bucket/prefix.",
            )
        return parts.netloc

    @property
    def prefix(self) -> str:
        """What keys begin with; empty, or ends with a slash."""
        path = urlsplit(self.address).path.strip("/")
        return f"{path}/" if path else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The object that holds a checkpoint; `until` is RFC 3339 UTC."""

    address: str
    version: str
    until: str


def put_locked(bucket: Bucket, key: str, data: bytes, *, now: datetime | None = None) -> Locked:
    """Writes an object that is locked for the bucket's days, and reads back that it is.

    Raises:
        ConfigError: boto3 is not installed, or the address is none.
        UnavailableError: the bucket cannot be reached, refuses, or did not lock the object.
    """
    name, key = bucket.name, f"{bucket.prefix}{key}"
    client = _client(bucket)
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    until = (now or datetime.now(UTC)).replace(microsecond=0) + timedelta(days=bucket.days)
    try:
        done = client.put_object(
            Bucket=name,
            Key=key,
            Body=data,
            ContentType="text/plain; charset=utf-8",
            ChecksumAlgorithm="SHA256",
            ObjectLockMode=_MODE,
            ObjectLockRetainUntilDate=until,
        )
        version = str(done.get("VersionId") or "")
        kept = client.head_object(Bucket=name, Key=key, **_version(version))
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise _refused(bucket, str(error)) from error
    if kept.get("ObjectLockMode") != _MODE or _held_until(kept) < until:
        raise _refused(bucket, "the object was written, but is not locked in compliance mode")
    return Locked(
        address=f"s3://{name}/{key}",
        version=version,
        until=f"{_held_until(kept).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    )


def _version(version: str) -> dict[str, str]:
    return {"VersionId": version} if version else {}


def _held_until(kept: dict[str, Any]) -> datetime:
    found = kept.get("ObjectLockRetainUntilDate")
    return found if isinstance(found, datetime) else datetime.min.replace(tzinfo=UTC)


def _client(bucket: Bucket) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise ConfigError(
            "[anchor] s3 needs boto3, which is not installed.",
            next_step="Run `pip install 'soc2-evidence[s3]'`.",
        ) from error
    from botocore.exceptions import BotoCoreError

    style = {"addressing_style": "path"} if bucket.endpoint else {}
    try:
        return boto3.client(
            "s3", endpoint_url=bucket.endpoint or None, config=Config(s3=style, **_TIMES)
        )
    except (BotoCoreError, ValueError) as error:
        raise _refused(bucket, str(error)) from error


def _refused(bucket: Bucket, said: str) -> UnavailableError:
    return UnavailableError(
        f"The anchor bucket {bucket.address} cannot be written: {said}",
        next_step="Check [anchor] s3, its credentials and that the bucket has Object Lock, then "
        "run `evidence anchor`.",
    )
