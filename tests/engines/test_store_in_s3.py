"""The store of objects in an S3 bucket."""

from __future__ import annotations

import hashlib

import pytest

from assay.engines.blobs import Store, digest_tree
from assay.kernel.errors import Broken, Missing

DATA = b"what is kept" * 1000
DIGEST = "sha256:" + hashlib.sha256(DATA).hexdigest()
KEY = f"objects/{DIGEST[7:9]}/{DIGEST[9:]}"


@pytest.fixture
def url(s3):
    return f"s3://{s3.bucket}/objects"


def test_an_object_lies_in_the_bucket_under_its_digest(s3, url, tmp_path):
    assert Store(url, cache=tmp_path / "one").put_bytes(DATA) == DIGEST
    assert s3.get_object(Bucket=s3.bucket, Key=KEY)["Body"].read() == DATA
    elsewhere = Store(url, cache=tmp_path / "two")
    assert elsewhere.has(DIGEST) and elsewhere.read(DIGEST) == DATA
    assert elsewhere.path(DIGEST).read_bytes() == DATA and elsewhere.verify(DIGEST)
    with pytest.raises(Missing):
        elsewhere.path("sha256:" + "0" * 64)


def test_an_object_changed_in_the_bucket_is_refused_and_leaves_nothing(s3, url, tmp_path):
    Store(url, cache=tmp_path / "one").put_bytes(DATA)
    s3.put_object(Bucket=s3.bucket, Key=KEY, Body=DATA + b"!")
    elsewhere = Store(url, cache=tmp_path / "two")
    with pytest.raises(Broken, match="bytes of its name"):
        elsewhere.read(DIGEST)
    assert not [p for p in (tmp_path / "two").rglob("*") if p.is_file()]


def test_a_tree_comes_back_elsewhere(s3, url, tmp_path):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a").write_bytes(b"1")
    (folder / "b").write_bytes(b"")
    digest = Store(url, cache=tmp_path / "one").put_tree(folder)
    back = Store(url, cache=tmp_path / "two").path(digest)
    assert digest_tree(back) == digest == digest_tree(folder)
    assert (back / "inner" / "a").read_bytes() == b"1"


def test_a_file_is_put_once(s3, url, tmp_path):
    (tmp_path / "f").write_bytes(DATA)
    store = Store(url, cache=tmp_path / "one")
    assert store.put_file(tmp_path / "f") == store.put_file(tmp_path / "f") == DIGEST
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=s3.bucket)["Contents"]]
    assert keys == [KEY]
