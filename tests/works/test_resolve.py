from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from assay.engines.blobs import Store, digest_tree
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.works import resolve


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("t.csv", True),
        ("T.CSV.GZ", True),
        ("s3://b/t.parquet?versionId=1", True),
        ("f.db::t", True),
        ("parts/*.csv", True),
        ("postgresql://h/d::t", True),
        ("model.tar.gz", False),
        ("model.pkl", False),
        ("registry://m@1", False),
        ("notes", False),
    ],
)
def test_what_looks_like_a_table(source, is_one):
    assert resolve.looks_like_table(source) is is_one


def test_a_folder_is_a_table_where_tables_lie_in_it(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").write_bytes(b"1")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.parquet").write_bytes(b"1")
    assert not resolve.looks_like_table(str(tmp_path / "model"))
    assert resolve.looks_like_table(str(tmp_path / "parts"))


@pytest.mark.parametrize("beside", ["requirements.txt", "sample.csv"])
def test_a_models_folder_is_no_table_for_what_lies_beside_it(tmp_path, beside):
    (tmp_path / "weights.pt").write_bytes(b"1")
    (tmp_path / beside).write_text("a\n1\n")
    assert not resolve.looks_like_table(str(tmp_path))


def test_a_text_that_lightgbm_wrote_is_a_model_and_no_table(tmp_path):
    (tmp_path / "model.txt").write_text("tree\nversion=v4\n")
    (tmp_path / "rows.txt").write_text("tree,version\n1,2\n")
    assert not resolve.looks_like_table(str(tmp_path / "model.txt"))
    assert resolve.looks_like_table(str(tmp_path / "rows.txt"))
    assert resolve.looks_like_table("absent.txt")


def test_a_table_is_pinned_where_it_lies_and_a_model_is_copied(store, tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    (tmp_path / "m.tar.gz").write_bytes(b"model")
    table = resolve.pin(str(tmp_path / "t.csv"), ("table",), store)
    assert (table.kind, table.uri, table.format) == ("table", str(tmp_path / "t.csv"), "csv")
    model = resolve.pin(tmp_path / "m.tar.gz", ("model",), store)
    assert (model.kind, model.name, model.format) == ("model", "m.tar.gz", "tar.gz")
    assert (
        model.digest == "sha256:" + hashlib.sha256(b"model").hexdigest()
        and store.read(model.digest) == b"model"
    )
    assert not store.has(table.digest)


def test_where_a_check_takes_either_the_name_decides(store, tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    (tmp_path / "m.json").write_text("{}")
    kinds = ("table", "model")
    assert resolve.pin(str(tmp_path / "t.csv"), kinds, store).kind == "table"
    assert resolve.pin(str(tmp_path / "m.json"), kinds, store).kind == "model"


def test_a_folder_of_code_is_pinned_whole(store, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("1")
    asset = resolve.pin(str(tmp_path / "code"), ("tree",), store)
    assert (asset.kind, asset.format, asset.digest) == ("tree", "folder", digest_tree(tmp_path / "code"))


def test_a_table_in_memory_and_what_is_pinned_already(store):
    frame = pd.DataFrame({"a": [1]})
    asset = resolve.pin(frame, ("table",), store)
    assert asset.kind == "table" and asset.digest.startswith("sha256:")
    assert resolve.pin(asset, ("table",), store) is asset
    with pytest.raises(UsageError, match="no model"):
        resolve.pin(frame, ("model",), store)


@pytest.mark.parametrize(
    ("source", "kinds", "error"),
    [
        ("no.csv", ("table",), Missing),
        ("no.pkl", ("model",), Missing),
        ("no", ("table", "model"), Missing),
        ("registry://m@1", ("model",), UsageError),
        ("/dev/null", ("model",), UsageError),
    ],
)
def test_what_is_not_there_is_one_sentence(store, source, kinds, error):
    with pytest.raises(error) as told:
        resolve.pin(source, kinds, store)
    assert "\n" not in str(told.value) and told.value.remedy or error is UsageError


def test_a_model_of_the_registry_is_no_table(store, tmp_path):
    from assay.works.home import Home

    home = Home.create(tmp_path, {})
    try:
        with pytest.raises(UsageError, match="is a model"):
            resolve.pin("registry://m@1", ("table",), store, home)
        with pytest.raises(Missing, match="no model"):
            resolve.pin("registry://m@1", ("model",), store, home)
    finally:
        home.close()


def test_a_table_that_changes_under_our_hands_is_noticed(store, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    inputs = {"t": resolve.pin(str(path), ("table",), store), "m": Asset("model", "m", "m.bin", "sha256:0")}
    resolve.still_as_pinned(inputs, None)
    path.write_text("a\n2\n")
    with pytest.raises(AssayError, match="changed while"):
        resolve.still_as_pinned(inputs, None)


def test_what_answers_at_a_url_is_no_tree(store):
    # it was asked for its files, and its refusal was a fault of ours
    with pytest.raises(UsageError, match="no files to look at"):
        resolve.pin("http://127.0.0.1:9/invocations", ("tree",), store)
