from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from assay.methods.monitor.attribution import CHECK, analysis, constraints, ndcg, written


def test_the_documentations_example():
    old, new = (
        dict(zip("abc", (0.70, 0.50, 0.05), strict=True)),
        dict(zip("abc", (0.10, 0.20, 0.70), strict=True)),
    )
    assert ndcg(old, new) == pytest.approx(0.687640, abs=1e-6)
    assert ndcg(old, old) == 1.0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_it_is_scikit_learns(pairs):
    old = {str(i): float(a) for i, (a, _) in enumerate(pairs)}
    new = {str(i): float(b) for i, (_, b) in enumerate(pairs)}
    found = ndcg(old, new)
    if not any(old.values()):
        assert math.isnan(found)
        return
    names = sorted(old)
    assert found == pytest.approx(ndcg_score([[old[n] for n in names]], [[new[n] for n in names]]))


def test_a_feature_that_one_side_lacks_counts_as_nothing():
    assert ndcg({"a": 1.0}, {"b": 1.0}) == pytest.approx(1 / math.log2(3))
    assert ndcg({"a": 1.0, "b": 0.0}, {"a": 2.0}) == 1.0


def test_documents_are_clarifys():
    assert written(0.7639720923277322, "label0") == {
        "label": "label0",
        "metric_name": "shap",
        "constraint_check_type": CHECK,
        "description": "Feature attribution drift 0.7639720923277322 exceeds threshold 0.9",
    }
    made = analysis({"a": 0.5}, "label0", 0.1)
    assert made["explanations"]["kernel_shap"]["label0"] == {
        "global_shap_values": {"a": 0.5},
        "expected_value": 0.1,
    }
    assert constraints(made) == {"label0": {"a": 0.5}}
    with pytest.raises(ValueError, match="no feature attributions"):
        constraints({"explanations": {}})
    assert np.isfinite(ndcg({"a": -1.0}, {"a": -2.0}))
