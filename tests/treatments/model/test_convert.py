"""model.convert: what comes out holds no code, answers as before, and is scanned clean; what the scan refuses is not loaded."""

from __future__ import annotations

import json
import os
import pickle
import tarfile

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assay.checks.model.scan import check
from assay.engines.models import open_model
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.severity import Severity
from assay.treatments.model.convert import treat
from assay.works.bench import FileTree


@pytest.fixture
def rows():
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(80, 3)), columns=list("abc"))
    return frame, np.where(frame.a * frame.b > 0, "yes", "no")


def _kept(tmp_path, model):
    path = tmp_path / "model.joblib"
    joblib.dump(model, path)
    return path


def _treated(path, table, frame, work):
    with open_model(
        path, Asset("model", path.name, str(path), "sha256:0"), scratch=work.scratch, level="partial"
    ) as opened:
        return treat(opened, data=None if frame is None else table(frame), work=work)


def _clean(made, work):
    path = work.store.path(made.outputs["out"].digest)
    report = check(FileTree(Asset("tree", "out", str(path), "sha256:0"), path), work=work)
    assert not [f for f in report.findings if f.severity >= Severity.HIGH], report.findings
    assert report.coverage.complete
    return report.data["formats"]


@pytest.mark.slow
def test_an_estimator_becomes_skops_and_answers_alike(rows, table, work, tmp_path):
    frame, label = rows
    path = _kept(tmp_path, make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, label))
    made = _treated(path, table, frame, work)
    assert made.report.data["form"] == "skops" and made.report.metric("differing").value == 0
    assert made.report.coverage.complete and "pickle" not in _clean(made, work)


def test_a_booster_becomes_its_own_json_and_what_was_not_compared_is_told(rows, table, work, tmp_path):
    import xgboost

    frame, label = rows
    path = _kept(tmp_path, xgboost.XGBClassifier(n_estimators=3).fit(frame, (label == "yes").astype(int)))
    made = _treated(path, table, None, work)
    assert made.report.data["form"] == "xgboost-json" and not made.report.coverage.complete
    formats = _clean(made, work)
    assert "json" in formats and "pickle" not in formats


@pytest.mark.slow
def test_classes_that_a_boosters_file_cannot_hold_are_told_and_nothing_is_made(rows, table, work, tmp_path):
    import xgboost

    frame, label = rows
    model = xgboost.XGBClassifier(n_estimators=2).fit(frame, (label == "yes").astype(int))
    path = tmp_path / "model.ubj"
    model.save_model(path)
    made = _treated(path, table, frame, work)
    assert made.report.metric("largest_difference").value == 0
    from assay.engines.models.boosters import XgboostModel
    from assay.engines.models.converted import converted

    with pytest.raises(ValueError, match="fit it to 0, 1"):
        converted(XgboostModel(model.get_booster(), ["no", "yes"]))


def _contents(path, work):
    """What a file of arrays and plain values becomes: the report, the safetensors' header by name, and its bytes."""
    with open_model(
        path,
        Asset("model", path.name, str(path), "sha256:0", path.suffix[1:]),
        scratch=work.scratch, level="partial", answers=False,
    ) as opened:  # fmt: skip
        made = treat(opened, data=None, work=work)
    with tarfile.open(work.store.path(made.outputs["out"].digest)) as packed:
        (name,) = packed.getnames()
        raw = packed.extractfile(name).read()
    return made.report, name, raw


def test_arrays_and_values_of_a_pickle_become_safetensors(work, tmp_path):
    path = tmp_path / "kept.pkl"
    held = {
        "w": np.arange(6.0).reshape(2, 3).T,
        "layers": [{"b": np.ones(2, ">i4")}],
        "epoch": 3,
        "name": "one",
    }
    path.write_bytes(pickle.dumps(held))
    report, name, raw = _contents(path, work)
    assert name == "model.safetensors" and report.coverage.complete
    assert (report.metric("arrays").value, report.metric("values").value) == (2, 2)
    length = int.from_bytes(raw[:8], "little")
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    assert header["__metadata__"] == {"epoch": "3", "name": "one", "format": "np"}
    for name, kind, want in (("w", "<f8", held["w"]), ("layers.0.b", "<i4", held["layers"][0]["b"])):
        start, end = header[name]["data_offsets"]
        np.testing.assert_array_equal(
            np.frombuffer(data[start:end], kind).reshape(header[name]["shape"]), want
        )


def test_plain_values_alone_become_json(work, tmp_path):
    path = tmp_path / "kept.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2.5, {"b": None}], "c": True}))
    report, name, raw = _contents(path, work)
    assert (name, json.loads(raw)) == ("contents.json", {"a": [1, 2.5, {"b": None}], "c": True})
    assert report.data["form"] == "json"


def test_what_answers_nothing_is_refused_by_whoever_asks_it(tmp_path, work):
    path = tmp_path / "kept.npz"
    np.savez(path, a=np.arange(3))
    with pytest.raises(BadInput, match="holds arrays alone"):
        open_model(
            path, Asset("model", "kept", str(path), "sha256:0", "npz"), scratch=work.scratch, level="partial"
        )


def test_what_is_in_memory_has_no_file(work):
    with pytest.raises(UsageError, match="no file"):
        treat(object(), work=work)


def test_a_model_that_holds_no_code_already_says_so():
    from assay.engines.models.converted import converted

    class Onnx:
        def describe(self):
            return {"framework": "onnx"}

    with pytest.raises(ValueError, match="already"):
        converted(Onnx())


@pytest.mark.slow
def test_a_model_whose_answers_are_others_after_is_told(rows, table, work, tmp_path):
    """The comparison is of the file that is made: here the one asked before is another model."""
    import xgboost

    from assay.treatments.model.convert import _compared

    frame, label = rows
    for name, depth in (("one", 1), ("two", 4)):
        (tmp_path / name).mkdir()
        xgboost.XGBClassifier(n_estimators=3, max_depth=depth).fit(
            frame, (label == "yes").astype(int)
        ).save_model(tmp_path / name / "model.json")
    with open_model(
        tmp_path / "one", Asset("model", "one", "", "sha256:0"), scratch=work.scratch, level="partial"
    ) as one:
        findings, metrics, count = _compared(one, table(frame).arrow(), tmp_path / "two", 1e-6, work)
    assert count == 80 and findings[0].severity == Severity.HIGH
    assert next(m for m in metrics if m.name == "differing").value > 0


@pytest.mark.slow
def test_what_the_scan_refuses_is_never_loaded(assay, tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "marker"),)

    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Payload()))
    said = assay.fails(tmp_path, "treat", "model.convert", "model.pkl", "-o", "out.tar.gz", code=1)
    assert "is not loaded" in said and not (tmp_path / "marker").exists()
    assert not (tmp_path / "out.tar.gz").exists()


def test_a_table_without_rows_is_no_comparison(rows, table, work, tmp_path):
    from assay.treatments.model.convert import _compared

    with pytest.raises(BadInput, match="no row"):
        _compared(object(), table(rows[0].iloc[:0]).arrow(), tmp_path, 0.0, work)
