"""Linear Learner without MXNet: containers are written by an encoder that the tests keep apart from the reader."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.methods.mxnet import encoder

from assay.engines.models import open_model
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(50, 4)).astype("float32")
TABLE = pa.table({f"c{i}": X[:, i] for i in range(4)})


def _archive(weights, bias, loss, **about):
    """A model.tar.gz as the training job leaves it: a tar of a zip."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("additional-params.json", json.dumps(about))
        archive.writestr("manifest.json", json.dumps({"algorithm": "linear-learner"}))
        archive.writestr("mx-mod-symbol.json", json.dumps(encoder.symbol(loss, len(bias))))
        archive.writestr(
            "mx-mod-0000.params", encoder.container({"arg:fc0_weight": weights, "arg:fc0_bias": bias})
        )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("model_algo-1")
        member.size = len(inner.getvalue())
        tar.addfile(member, io.BytesIO(inner.getvalue()))
    return out.getvalue()


@pytest.fixture
def opened(tmp_path):
    """Open the bytes of a model.tar.gz in the sandbox."""
    models = []

    def open_(content):
        path = tmp_path / "model.tar.gz"
        path.write_bytes(content)
        scratch = tmp_path / f"scratch{len(models)}"
        scratch.mkdir()
        models.append(
            open_model(path, Asset("model", "m", str(path), "sha256:0"), scratch=scratch, level="partial")
        )
        return models[-1]

    yield open_
    for model in models:
        model.close()


def test_a_binary_classifier_as_the_training_leaves_it(opened):
    w, b = RNG.normal(size=(1, 4)).astype("float32"), np.float32([0.3])
    model = opened(
        _archive(w, b, "LogisticRegressionOutput", predictor_type="binary_classifier", threshold=0.7)
    )
    assert (model.info.framework, model.info.task, model.info.classes) == (
        "sagemaker-linear-learner",
        "binary",
        (0, 1),
    )
    answers = model.predict(TABLE)
    expected = 1 / (1 + np.exp(-(X.astype(float) @ w.T.astype(float) + b).ravel()))
    assert answers.column("score").to_numpy() == pytest.approx(expected, abs=1e-6)
    assert answers.column("prediction").to_pylist() == (expected > 0.7).astype(int).tolist()


def test_several_classes_and_a_regression(opened):
    w, b = RNG.normal(size=(3, 4)).astype("float32"), np.float32([0.1, -0.2, 0])
    answers = opened(_archive(w, b, "SoftmaxOutput")).predict(TABLE)
    z = X.astype(float) @ w.T.astype(float) + b
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    got = np.column_stack([answers.column(f"score_{k}").to_numpy() for k in range(3)])
    assert got == pytest.approx(expected, abs=1e-6)
    assert answers.column("prediction").to_pylist() == expected.argmax(axis=1).tolist()
    one = opened(_archive(w[:1], b[:1], "LinearRegressionOutput", predictor_type="regressor"))
    assert one.info.task == "regression"
    assert one.predict(TABLE).column("prediction").to_numpy() == pytest.approx(z[:, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.drop_columns("c3"), "takes 4 columns in the order of its training, not 3"),
        (TABLE.set_column(1, "c1", pa.array(["a"] * 50)), "takes numbers, and 'c1' is none"),
        (TABLE.set_column(1, "c1", pa.array([None] * 50, pa.float64())), "takes no missing values, and 'c1'"),
    ],
)
def test_columns_that_it_cannot_take_are_named(opened, table, said):
    model = opened(_archive(np.ones((1, 4), "float32"), np.float32([0]), "LogisticRegressionOutput"))
    with pytest.raises(AssayError, match=said):
        model.predict(table)


def test_validate_gives_it_all_columns_but_the_label(opened, tmp_path):
    from assay.methods.predictions import gather

    w = RNG.normal(size=(1, 4)).astype("float32")
    model = opened(_archive(w, np.float32([0]), "LogisticRegressionOutput"))
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=1)

    class Data:
        def arrow(self):
            return pa.Table.from_pandas(frame)

    _, prediction, _ = gather(model, Data(), None, None, "y")
    assert prediction.to_pylist() == (X.astype(float) @ w[0].astype(float) > 0).astype(int).tolist()


@pytest.mark.parametrize(
    ("loss", "outputs", "unit"),
    [
        ("LogisticRegressionOutput", 1, "log-odds"),
        ("LinearRegressionOutput", 1, "output"),
        ("SoftmaxOutput", 3, "log-odds"),
    ],
)
def test_its_values_are_linear_and_of_what_the_last_function_is_given(opened, loss, outputs, unit):
    weights = RNG.normal(size=(outputs, 4)).astype("float32")
    bias = RNG.normal(size=outputs).astype("float32")
    model = opened(_archive(weights, bias, loss))
    assert model.contributions(TABLE) is None
    model.background(TABLE.slice(0, 20))
    found = model.contributions(TABLE)
    raw = X @ weights.T + bias
    wanted = raw.argmax(axis=1)
    values = np.column_stack([c.to_numpy() for c in found.columns])
    assert json.loads(found.schema.metadata[b"assay"])["unit"] == unit
    assert values[:, :4] == pytest.approx((X - X[:20].mean(axis=0)) * weights[wanted], abs=1e-5)
    assert values[:, 4] == pytest.approx((raw[:20].mean(axis=0))[wanted], abs=1e-5)
    assert values[:, 5] == pytest.approx(raw[np.arange(50), wanted], abs=1e-5)
    inside = model.inside()  # it was shown as a tree that answers alike
    assert inside["kind"] == "linear" and inside["names"] == TABLE.column_names and inside["unit"] == unit
    assert np.array(inside["coefficients"]) == pytest.approx(weights, abs=1e-5)
    assert inside["intercept"] == pytest.approx(bias, abs=1e-5)
