from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.checks.model.explain import check
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import ModelInfo

FRAME = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "c"])


class Linear:
    """3a - 2b + 0c: its Shapley values are known."""

    asset = Asset("model", "linear", "", "sha256:0")
    info = ModelInfo("script", "script", ("a", "b", "c"))
    weights = np.array([3.0, -2.0, 0.0])

    def predict(self, data):
        values = np.column_stack([data.column(n).to_numpy() for n in self.info.features])
        return pa.table({"prediction": values @ self.weights})

    def contributions(self, data, *, of=None):
        return None


class Exact(Linear):
    def predict(self, data):
        values = np.column_stack([data.column(n).to_numpy() for n in self.info.features])
        return pa.table({"prediction": values @ self.weights + 0.5})

    def contributions(self, data, *, of=None):
        return pa.table(
            {n: data.column(n).to_numpy() * w for n, w in zip("abc", self.weights, strict=True)}
            | {"bias": np.full(data.num_rows, 0.5), "margin": self.predict(data)["prediction"].to_numpy()}
        )


def test_exact_values_are_used_where_the_model_has_them(table, work):
    report = check(Exact(), data=table(FRAME), work=work)
    assert report.metric("mean_abs_shap", feature="a").value == pytest.approx((FRAME.a.abs() * 3).mean())
    assert report.metric("mean_abs_shap", feature="c").value == 0
    assert report.data["order"] == ["a", "b", "c"]
    assert [c.kind for c in report.charts] == ["bar", "waterfall", "waterfall"]


def test_sampled_values_of_a_linear_model_are_near_the_true_ones(table, work):
    report = check(Linear(), data=table(FRAME), method="permutation", work=work)
    truth = ((FRAME.a - FRAME.a.mean()) * 3).abs().mean()
    assert report.metric("mean_abs_shap", feature="a").value == pytest.approx(truth, rel=0.25)
    assert report.metric("mean_abs_shap", feature="c").value == pytest.approx(0, abs=1e-12)
    assert report.metric("sampling_error").value > 0


def test_efficiency_holds_exactly():
    from assay.methods.shapley import sampled

    rng = np.random.default_rng(1)
    rows, behind = rng.normal(size=(6, 4)), rng.normal(size=(9, 4))

    def model(x):
        return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) - x[:, 3] ** 2

    values, _, base = sampled(6, 4, 9, lambda r, o, m: model(np.where(m, rows[r], behind[o])), rng, pairs=3)
    assert values.sum(axis=1) + base == pytest.approx(model(rows))


def test_the_row_asked_for_is_explained(table, work):
    report = check(Exact(), data=table(FRAME), row=(5,), work=work)
    assert [c.title for c in report.charts][1:] == ["Row 5"]
    with pytest.raises(UsageError, match="80"):
        check(Exact(), data=table(FRAME), row=(81,), work=work)


@pytest.mark.parametrize("method", ["auto", "kernel"])
def test_few_features_are_asked_about_in_every_subset(table, work, method):
    """Eight subsets and eighty background rows: the values are exact, and the budget is told."""
    report = check(Linear(), data=table(FRAME), method=method, work=work)
    assert report.metric("additivity").value < 1e-12
    assert report.data["asked"] == 60 * 8 * 80 + 60
    values = read(report, work)
    rows = values.column("row").to_numpy() - 1
    truth = (FRAME.a[rows] - FRAME.a.mean()) * 3
    assert values.column("a").to_numpy() == pytest.approx(truth.to_numpy())


def read(report, work):
    """The table of values that a report keeps."""
    import io

    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(work.store.read(report.outputs[0].digest)))
