"""Integrated gradients through the sandbox: a script whose network is written in NumPy, and gives its gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.checks.model.explain import check
from assay.engines.models import open_model
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError

NETWORK = """
import numpy as np
RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.normal(size=(3, 6)), RNG.normal(size=6)

def model_fn(folder):
    return FIRST, SECOND

def predict_fn(frame, model):
    return np.maximum(frame.to_numpy() @ model[0], 0) @ model[1] + 5
"""
GRADIENT = """
def gradient_fn(frame, model):
    hidden = frame.to_numpy() @ model[0]
    return np.maximum(hidden, 0) @ model[1] + 5, ((hidden > 0) * model[1]) @ model[0].T
"""
FRAME = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 3)), columns=["a", "b", "c"])


@pytest.fixture
def script(tmp_path):
    """Open an inference script in the sandbox."""
    held = []

    def open_(source, spec=""):
        folder = tmp_path / f"model{len(held)}"
        folder.mkdir()
        (folder / "inference.py").write_text(source)
        if spec:
            (folder / "assay.json").write_text(spec)
        scratch = tmp_path / f"scratch{len(held)}"
        scratch.mkdir()
        held.append(
            open_model(folder, Asset("model", "net", "", "sha256:0"), scratch=scratch, level="partial")
        )
        return held[-1]

    yield open_
    for model in held:
        model.close()


def _exact(x, b):
    """Each rectifier is on along one part of the path."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(3, 6)), rng.normal(size=6)
    start, end = b @ first, x @ first
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = np.nan_to_num(np.clip(-start / (end - start), 0, 1))
    on = np.where(start > 0, np.where(end > 0, 1, turn), np.where(end > 0, 1 - turn, 0))
    return (x - b) * ((on * second) @ first.T)


def _row(report, row):
    return [m.value for m in sorted(_shap(report, row), key=lambda m: m.of["feature"])]


def _shap(report, row):
    return [
        m for m in report.metrics if m.name == "shap" and m.of["row"] == row and m.of["feature"] != "base"
    ]


def test_a_script_that_gives_gradients_is_integrated(script, table, work):
    model = script(NETWORK + GRADIENT)
    report = check(model, data=table(FRAME), row=(3,), work=work)
    assert report.data["method"] == "integrated gradients against the mean of 40 rows"
    assert report.data["baseline"] == "the mean of 40 rows" and not report.findings
    assert _row(report, 3) == pytest.approx(
        _exact(FRAME.to_numpy()[2], FRAME.to_numpy().mean(axis=0)), abs=1e-4
    )
    assert report.metric("additivity").value < 1e-5
    zeros = check(model, data=table(FRAME), row=(3,), method="gradients", baseline="zeros", work=work)
    assert _row(zeros, 3) == pytest.approx(_exact(FRAME.to_numpy()[2], np.zeros(3)), abs=1e-4)
    several = check(model, data=table(FRAME), row=(3,), baseline="rows", work=work)
    assert several.data["method"] == "expected gradients against 20 rows of the data, averaged"
    truth = np.mean([_exact(FRAME.to_numpy()[2], b) for b in FRAME.to_numpy()[::2]], axis=0)
    assert _row(several, 3) == pytest.approx(truth, abs=1e-4)


def test_gradients_that_are_not_of_the_answers_are_a_finding(script, table, work):
    wrong = GRADIENT.replace("model[1] + 5,", "model[1] + 6,")
    report = check(script(NETWORK + wrong), data=table(FRAME), work=work)
    assert "model.explain.other_answers" in {f.rule for f in report.findings}
    steep = GRADIENT.replace("model[0].T", "model[0].T * 2")
    report = check(script(NETWORK + steep), data=table(FRAME), work=work)
    assert "model.explain.additivity" in {f.rule for f in report.findings}


def test_without_gradients_it_is_sampled_and_asking_for_them_says_so(script, table, work):
    model = script(NETWORK)
    assert "subset" in check(model, data=table(FRAME), work=work).data["method"]
    with pytest.raises(UsageError, match="gives no gradients"):
        check(model, data=table(FRAME), method="gradients", work=work)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def gradient_fn(frame, model):\n    raise RuntimeError('no way')", "RuntimeError: no way"),
        (
            "def gradient_fn(frame, model):\n    return np.zeros(len(frame)), np.zeros(len(frame))",
            "cannot reshape",
        ),
        (GRADIENT.replace("model[1] + 5,", "model[1] * np.nan,"), "not all finite"),
    ],
)
def test_gradients_that_cannot_be_are_named(script, table, work, source, why):
    with pytest.raises(AssayError, match=why):
        check(script(NETWORK + source), data=table(FRAME), row=(1,), work=work)
