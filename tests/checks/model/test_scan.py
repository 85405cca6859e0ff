"""Payloads are harmless and made here; nothing of them is ever loaded."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.methods.mxnet import encoder

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.severity import Severity
from assay.works.bench import FileTree


class Payload:
    def __reduce__(self):
        import os

        return os.getpid, ()


class Evaluated:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.fixture
def scanned(tmp_path, work):
    def scan(content, name="model.bin"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        return check(FileTree(Asset("tree", name, str(path), "sha256:0"), path), work=work)

    return scan


def _grave(report):
    return [f for f in report.findings if f.severity >= Severity.HIGH]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("payload", [Payload(), Evaluated(), [1, {"a": Payload()}]])
def test_a_payload_is_found_at_every_protocol(scanned, protocol, payload):
    found = _grave(scanned(pickle.dumps(payload, protocol)))
    assert found and any("getpid" in f.message or "eval" in f.message for f in found)


def _wrapped(payload):
    raw = pickle.dumps(payload)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as out:
        info = tarfile.TarInfo("model.joblib")
        info.size = len(raw)
        out.addfile(info, io.BytesIO(raw))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", raw)
    array = io.BytesIO()
    np.save(array, np.array([payload], dtype=object), allow_pickle=True)
    compressed = io.BytesIO()
    joblib.dump(payload, compressed, compress=("zlib", 3))
    return {
        "tar.gz": packed,
        "zip": zipped,
        "npy": array,
        "gz": io.BytesIO(gzip.compress(raw)),
        "joblib": compressed,
    }


@pytest.mark.parametrize("wrapping", ["tar.gz", "zip", "npy", "gz", "joblib"])
def test_a_payload_is_found_in_every_wrapping_whatever_its_name(scanned, wrapping):
    assert _grave(scanned(_wrapped(Payload())[wrapping].getvalue(), "innocent.txt"))


@pytest.mark.parametrize(
    "tail",
    [b"\xff\xff\xff", b"", b"garbage", pickle.dumps([1])[:-1]],
    ids=["broken", "none", "junk", "second cut"],
)
def test_a_payload_before_a_broken_end_is_found(scanned, tail):
    assert _grave(scanned(pickle.dumps(Payload())[:-1] + tail))


def test_a_payload_in_a_second_pickle_is_found(scanned):
    assert _grave(scanned(pickle.dumps([1]) + pickle.dumps(Payload())))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_real_models_are_clean(scanned, protocol):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    for model in (
        make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
        RandomForestClassifier(5).fit(x, y),
    ):
        report = scanned(pickle.dumps(model, protocol))
        assert not _grave(report), [f.message for f in report.findings]
        assert report.coverage.complete


def test_real_joblib_is_clean(scanned, tmp_path):
    rng = np.random.default_rng(0)
    model = LogisticRegression().fit(rng.normal(size=(40, 3)), rng.integers(0, 2, 40))
    for compress in (0, 3, ("gzip", 3), ("xz", 1)):
        joblib.dump(model, tmp_path / "m.joblib", compress=compress)
        report = scanned((tmp_path / "m.joblib").read_bytes(), "m.joblib")
        assert not _grave(report), [f.message for f in report.findings]


@pytest.mark.parametrize("content", [b"\x00" * 100, b"MZ" + bytes(100), b"\x7fELF" + bytes(100)])
def test_what_is_not_understood_is_never_a_pass(scanned, content):
    report = scanned(content)
    assert _grave(report) or not report.coverage.complete


def _tarred(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_what_linear_learner_leaves_passes(scanned):
    arrays = encoder.container({"arg:fc0_weight": np.ones((1, 4), "float32")})
    model = _zipped(symbol=json.dumps(encoder.symbol()), params=arrays)
    report = scanned(gzip.compress(_tarred(("model_algo-1", model))), "model.tar.gz")
    assert not report.findings and (report.coverage.examined, report.coverage.of) == (5, 5)


def test_a_zip_that_is_more_or_less_than_a_member_of_the_tar_is_told(scanned):
    model = _zipped(a="b")
    whole = _tarred(("model_algo-1", model))
    assert not _grave(scanned(whole))
    for odd in (
        _tarred(("model_algo-1", b"stub" + model)),
        whole.rstrip(b"\0") + _zipped(hidden=pickle.dumps(Payload())),
        _tarred(("model_algo-1", model[:-22])) + model,
    ):
        assert any(
            f.rule in ("model.scan.ambiguous_archive", "model.scan.not_understood")
            for f in _grave(scanned(odd))
        )


def test_mxnets_arrays_that_do_not_fill_their_file_are_not_understood(scanned):
    arrays = encoder.container({"w": np.ones(3, "float32")})
    assert not scanned(arrays).findings
    for content in (arrays + b"x", arrays[:-1]):
        assert [f.rule for f in _grave(scanned(content))] == ["model.scan.not_understood"]


def test_what_only_begins_as_a_saved_model_is_told_by_its_name(scanned):
    # it was bytes of an unknown format
    report = scanned(b"\x08\x01\x12\x90\x01\x0a\x0c\x12\x05serve", "saved_model.pb")
    (finding,) = [f for f in report.findings if f.rule.endswith("not_understood")]
    assert "SavedModel" in finding.message and not report.coverage.complete
