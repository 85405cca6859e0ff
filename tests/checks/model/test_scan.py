"""Payloads are harmless and made here; nothing of them is ever loaded."""

from __future__ import annotations

import gzip
import io
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
