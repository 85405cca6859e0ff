"""A store over another: all is found, and the one beneath stays as it is."""

from __future__ import annotations

from assay.engines.blobs import Store
from assay.engines.layered import LayeredStore


def test_what_is_beneath_is_read_and_what_is_new_lies_above(tmp_path):
    beneath = Store(str(tmp_path / "below"))
    old = beneath.put_bytes(b"old")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").write_text("x")
    tree = beneath.put_tree(tmp_path / "tree")
    before = sorted(p for p in (tmp_path / "below").rglob("*"))
    store = LayeredStore(tmp_path / "above", beneath)
    assert store.read(old) == b"old" and store.has(tree) and store.verify(old)
    assert store.put_bytes(b"old") == old and not list((tmp_path / "above").rglob(old[9:]))
    new = store.put_bytes(b"new")
    assert store.open(new).read() == b"new" and not beneath.has(new)
    assert sorted(p for p in (tmp_path / "below").rglob("*")) == before
    assert (store.path(tree) / "f").read_text() == "x"
