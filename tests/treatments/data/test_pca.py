"""data.pca beside scikit-learn: components, variance, whitening, reconstruction; what was fitted is applied again."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.treatment import Fitted
from assay.treatments.data.pca import treat
from assay.works.bench import FileTree


def _frame(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)) @ rng.normal(size=(3, 6)) + 0.1 * rng.normal(size=(rows, 6))
    frame = pd.DataFrame(x * [1, 10, 100, 1, 1, 1] + 1e6, columns=list("abcdef"))
    return frame.assign(label=(x[:, 0] > 0).astype(int), word="w")


def pca(frame, table, work, **options):
    made = treat(table(frame), work=work, **options)
    read = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    return read, made


def same_but_for_signs(ours, theirs):
    signs = np.sign((ours * theirs).sum(axis=0))
    return np.asarray(ours) == pytest.approx(np.asarray(theirs) * signs, abs=1e-6)


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("whiten", [True, False])
def test_components_are_scikit_learns(table, work, standardise, whiten):
    frame = _frame()
    out, made = pca(
        frame, table, work, keep=("label", "word"), components=3, standardise=standardise, whiten=whiten
    )
    x = frame[list("abcdef")].to_numpy()
    x = StandardScaler().fit_transform(x) if standardise else x
    model = PCA(3, whiten=whiten, svd_solver="full").fit(x)
    assert list(out) == ["pc1", "pc2", "pc3", "label", "word"]
    assert same_but_for_signs(out[["pc1", "pc2", "pc3"]].to_numpy(), model.transform(x))
    held = made.report.metric("variance_held").value
    assert held == pytest.approx(model.explained_variance_ratio_.sum(), abs=1e-9)
    back = model.inverse_transform(model.transform(x))
    for place, name in enumerate("abcdef"):
        scale = frame[name].std(ddof=0) if standardise else 1
        rmse = np.sqrt(((x - back)[:, place] ** 2).mean()) * scale
        assert made.report.metric("reconstruction_rmse", column=name).value == pytest.approx(rmse, rel=1e-5)


def test_as_many_components_as_the_share_needs(table, work):
    frame = _frame()
    x = StandardScaler().fit_transform(frame[list("abcdef")])
    for share in (0.5, 0.9, 0.999, 1.0):
        _, made = pca(frame, table, work, columns=tuple("abcdef"), variance=share)
        ratio = np.cumsum(PCA().fit(x).explained_variance_ratio_)
        assert made.report.metric("components").value == int((ratio < share - 1e-12).sum()) + 1
    assert made.report.metric("reconstruction_error").value == pytest.approx(0, abs=1e-9)


def test_what_was_fitted_is_applied_to_other_rows(table, work, tmp_path):
    train, other = _frame(), _frame(200, 1)
    _, made = pca(train, table, work, columns=tuple("abcdef"), components=2)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    out, again = pca(other, table, work, fitted=tree, keep=("label",))
    scaler = StandardScaler().fit(train[list("abcdef")].to_numpy())
    model = PCA(2, svd_solver="full").fit(scaler.transform(train[list("abcdef")].to_numpy()))
    expected = model.transform(scaler.transform(other[list("abcdef")].to_numpy()))
    assert same_but_for_signs(out[["pc1", "pc2"]].to_numpy(), expected) and list(again.outputs) == ["out"]
    with pytest.raises(Missing, match="'a'"):
        pca(other.drop(columns="a"), table, work, fitted=tree)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: b"not json",
        lambda raw: b"[" * 100_000,
        lambda raw: json.dumps(raw | {"treatment": "data.mask"}).encode(),
        lambda raw: json.dumps(raw | {"learnt": raw["learnt"] | {"mean": [0]}}).encode(),
        lambda raw: json.dumps(raw | {"learnt": raw["learnt"] | {"scale": ["x"] * 6}}).encode(),
        lambda raw: json.dumps(raw | {"learnt": raw["learnt"] | {"scale": [0.0] * 6}}).encode(),
    ],
)
def test_a_spoilt_transform_is_refused(table, work, tmp_path, spoil):
    _, made = pca(_frame(), table, work, columns=tuple("abcdef"), components=2)
    raw = work.store.path(made.outputs["fitted"].digest).read_bytes()
    assert Fitted.from_bytes(raw, "data.pca").to_bytes() == raw
    path = tmp_path / "fitted.json"
    path.write_bytes(spoil(json.loads(raw)))
    with pytest.raises(BadInput, match="cannot be applied"):
        pca(_frame(), table, work, fitted=FileTree(Asset("file", "fitted", str(path)), path))


def test_a_sensitive_column_that_components_tell_is_a_finding(table, work):
    rng = np.random.default_rng(2)
    frame = _frame()
    frame["sex"] = np.where(frame.label == 1, "f", "m")
    frame["lot"] = rng.choice(["x", "y"], len(frame))
    _, made = pca(frame, table, work, columns=tuple("abcdef"), sensitive=("sex", "lot"))
    assert [f.where["column"] for f in made.report.findings if f.rule == "data.pca.told"] == ["sex"]
    assert made.report.metric("told_right", sensitive="sex").value > 0.85
    guess = made.report.metric("constant_guess", sensitive="lot").value
    assert guess == pytest.approx(frame.lot.value_counts(normalize=True).max())


def test_missing_values_count_as_the_mean_and_constants_are_left_out(table, work):
    frame = _frame().assign(k=5.0)
    frame.loc[::7, "a"] = None
    out, made = pca(frame, table, work, columns=(*"abcdef", "k"), components=2)
    filled = frame[list("abcdef")].fillna(frame[list("abcdef")].mean())
    scaled = (filled - filled.mean()) / frame[list("abcdef")].std(ddof=0)
    assert same_but_for_signs(out.to_numpy(), PCA(2, svd_solver="full").fit_transform(scaled.to_numpy()))
    assert made.report.metric("columns").value == 6


def test_mistakes(table, work):
    frame = _frame()
    for options, error in (
        ({"columns": ("word",)}, UsageError),
        ({"columns": ("zz",)}, Missing),
        ({"columns": ("a",), "keep": ("pc1",)}, UsageError),
    ):
        with pytest.raises(error):
            pca(frame.assign(pc1=1.0), table, work, **options)
    with pytest.raises(UsageError, match="varies"):
        pca(pd.DataFrame({"a": [1, 1]}), table, work)
    with pytest.raises(BadInput):
        pca(frame.iloc[:0], table, work)


def test_on_the_command_line_it_lies_beside_and_is_applied(tmp_path):
    _frame(80).to_csv(tmp_path / "t.csv", index=False)
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()", "treat", "data.pca", "t.csv"]
    for more in (
        ["--components", "2", "-o", "one.parquet"],
        ["--fitted", "one.fitted.json", "-o", "two.parquet"],
    ):
        done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    one, two = (pd.read_parquet(tmp_path / f"{n}.parquet") for n in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
