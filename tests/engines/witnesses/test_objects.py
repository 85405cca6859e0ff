"""Checkpoints in a bucket with object lock: they are there, in order, and locked."""

from __future__ import annotations

import datetime as dt

import pytest

from assay.engines.witnesses.witness import opened
from assay.kernel.errors import Broken, UsageError


def test_objects_of_a_bucket_with_lock(s3):
    bucket = f"{s3.bucket}-lock"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    keeper = opened(f"s3://{bucket}/log?days=400")
    keeper.keep(12, "second")
    place = keeper.keep(5, "first").place
    assert keeper.keep(5, "first").place == place == f"s3://{bucket}/log/{5:020d}.checkpoint"
    assert opened(f"s3://{bucket}/log").seen() == ["first", "second"]
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=f"log/{5:020d}")["Versions"]
    held = s3.head_object(Bucket=bucket, Key=version["Key"])
    assert held["ObjectLockMode"] == "COMPLIANCE" and held["ObjectLockRetainUntilDate"] > dt.datetime.now(
        dt.UTC
    ) + dt.timedelta(days=399)
    with pytest.raises(Exception, match="AccessDenied|Access Denied"):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def test_a_bucket_without_lock_does_not_promise_one(s3):
    with pytest.raises(Broken, match="not kept"):
        opened(f"s3://{s3.bucket}/log?days=400").keep(5, "note")
    opened(f"s3://{s3.bucket}/log").keep(5, "note")
    assert opened(f"s3://{s3.bucket}/log").seen() == ["note"]


def test_any_store_of_objects_serves(tmp_path):
    keeper = opened(f"file://{tmp_path}/kept")
    keeper.keep(5, "note")
    assert keeper.seen() == ["note"]
    for asked in ("days=0", "days=x", "lock=1"):
        with pytest.raises(UsageError):
            opened(f"s3://bucket/log?{asked}")
    with pytest.raises(UsageError, match="only S3"):
        opened(f"file://{tmp_path}/kept?days=4")
