"""The store: objects by digest, whole or not there, checked when read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.blobs import Store, digest_file, digest_tree
from assay.kernel.errors import Broken, Missing, UsageError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "objects"))


def test_bytes_come_back_under_their_sha256(store: Store):
    digest = store.put_bytes(b"hello")
    assert digest == "sha256:" + hashlib.sha256(b"hello").hexdigest()
    assert store.read(digest) == b"hello" == store.open(digest).read() == store.path(digest).read_bytes()
    assert store.put_bytes(b"hello") == digest


@given(data=st.binary(max_size=5000))
def test_any_bytes_survive(tmp_path_factory, data: bytes):
    store = Store(str(tmp_path_factory.getbasetemp() / "shared"))
    assert store.read(store.put_bytes(data)) == data


def test_an_object_lies_sharded_and_read_only_and_nothing_else_lies_there(store: Store, tmp_path: Path):
    digest = store.put_bytes(b"x")
    path = store.path(digest)
    assert path == tmp_path / "objects" / digest[7:9] / digest[9:]
    assert path.stat().st_mode & 0o777 == 0o400
    assert [p for p in (tmp_path / "objects").rglob("*") if p.is_file()] == [path]


def test_a_file_is_streamed_in(store: Store, tmp_path: Path):
    source = tmp_path / "big"
    source.write_bytes(os.urandom(3 << 20))
    digest = store.put_file(source)
    assert digest == digest_file(source) and store.has(digest) and store.verify(digest)


@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, 5_000_003])
def test_a_file_of_any_size_is_copied_whole_and_hashed_by_the_way(store: Store, tmp_path: Path, size: int):
    source = tmp_path / "given"
    source.write_bytes(os.urandom(size))
    digest = store.put_file(source)
    assert digest == digest_file(source)
    assert store.path(digest).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("tail", [b"", b"end"])
def test_zeros_of_a_large_file_take_no_room_on_the_disk(store: Store, tmp_path: Path, tail: bytes):
    source = tmp_path / "given"
    with source.open("wb") as file:
        file.write(b"begin")
        file.truncate(64 << 20)
        file.seek(0, os.SEEK_END)
        file.write(tail)
    path = store.path(store.put_file(source))
    assert path.stat().st_size == (64 << 20) + len(tail) and digest_file(path) == digest_file(source)
    assert path.stat().st_blocks * 512 < 1 << 20


def test_what_was_put_is_not_read_again_and_what_changed_since_is_refused(store: Store, tmp_path: Path):
    source = tmp_path / "given"
    source.write_bytes(b"honest")
    digest = store.put_file(source)
    path = store.path(digest)
    path.chmod(0o600)
    path.write_bytes(b"forged")
    with pytest.raises(Broken, match="does not hold the bytes"):
        store.path(digest)


def test_a_changed_object_is_refused(store: Store):
    digest = store.put_bytes(b"honest")
    path = store.path(digest)
    path.chmod(0o600)
    path.write_bytes(b"forged")
    assert not store.verify(digest)
    for read in (store.read, store.path, store.open):
        with pytest.raises(Broken, match="does not hold the bytes"):
            read(digest)


def test_what_is_not_there_is_missing(store: Store):
    digest = "sha256:" + "0" * 64
    assert not store.has(digest) and not store.verify(digest)
    with pytest.raises(Missing):
        store.path(digest)


@pytest.mark.parametrize("name", ["", "abc", "sha256:../../etc/passwd", "sha256:" + "G" * 64, "../" * 20])
def test_a_digest_cannot_lead_out_of_the_store(store: Store, name: str):
    with pytest.raises(UsageError, match="no digest"):
        store.path(name)


def test_a_limit_holds(store: Store):
    digest = store.put_bytes(b"12345")
    assert store.read(digest, 5) == b"12345"
    with pytest.raises(UsageError, match="more than the 4 allowed"):
        store.read(digest, 4)


def test_a_write_that_fails_leaves_nothing(store: Store, tmp_path: Path):
    with pytest.raises(RuntimeError), store._fresh() as (_, out):
        out.write(b"half")
        raise RuntimeError
    assert not [p for p in (tmp_path / "objects").rglob("*") if p.is_file()]


def test_a_tree_comes_back_as_a_folder_of_the_same_digest(store: Store, tmp_path: Path):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "inner" / "b.txt").write_text("b")
    digest = store.put_tree(folder)
    assert digest == digest_tree(folder)
    back = store.path(digest)
    assert back.is_dir() and digest_tree(back) == digest
    (back / "a.txt").chmod(0o600)
    (back / "a.txt").write_text("forged")
    assert (store.path(digest) / "a.txt").read_text() == "a"


def test_the_manifest_of_a_tree_put_as_a_file_stays_a_file(tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text("a")
    first = Store(str(tmp_path / "one"))
    manifest = first.read(first.put_tree(folder))
    second = Store(str(tmp_path / "two"))
    assert second.path(second.put_bytes(manifest)).is_file()


def test_a_tree_digest_knows_names_and_bytes(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, name, text in ((one, "a", "x"), (two, "b", "x")):
        folder.mkdir()
        (folder / name).write_text(text)
    assert digest_tree(one) != digest_tree(two)
    (two / "b").rename(two / "a")
    assert digest_tree(one) == digest_tree(two)


def test_links_are_refused(tmp_path: Path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "link").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="is a link"):
        digest_tree(tmp_path / "f")


def test_a_remote_store_through_fsspec(tmp_path: Path):
    url = f"memory://store-{tmp_path.name}"
    digest = Store(url, cache=tmp_path / "one").put_bytes(b"far")
    other = Store(url, cache=tmp_path / "two")
    assert other.has(digest) and other.read(digest) == b"far" and other.path(digest).is_file()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_text("a")
    tree = Store(url, cache=tmp_path / "one").put_tree(folder)
    assert (Store(url, cache=tmp_path / "three").path(tree) / "a").read_text() == "a"


def test_a_remote_object_that_was_changed_is_refused(tmp_path: Path):
    import fsspec

    url = f"memory://forged-{tmp_path.name}"
    digest = Store(url, cache=tmp_path / "one").put_bytes(b"honest")
    fs = fsspec.filesystem("memory")
    fs.pipe_file(f"/forged-{tmp_path.name}/{digest[7:9]}/{digest[9:]}", b"forged")
    with pytest.raises(Broken):
        Store(url, cache=tmp_path / "two").path(digest)
