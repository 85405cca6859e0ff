from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from sklearn.linear_model import LogisticRegression

import assay
from assay.kernel.errors import AssayError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(600, 3)), columns=list("abc"))
FRAME["y"] = (FRAME.a + RNG.normal(size=600) > 0).astype(int)
MODEL = LogisticRegression().fit(FRAME[["a", "b", "c"]], FRAME.y)


def _validate(model, **more):
    return assay.check("model.validate", model, data=FRAME, label="y", slices=0, **more)


@pytest.mark.slow
def test_an_estimator_a_booster_and_a_function_are_asked_as_they_are():
    from sklearn.metrics import f1_score, roc_auc_score

    scores = MODEL.predict_proba(FRAME[["a", "b", "c"]])[:, 1]
    result = _validate(MODEL)
    assert result.metric("f1").value == pytest.approx(f1_score(FRAME.y, scores > 0.5))
    assert result.metric("roc_auc").value == pytest.approx(roc_auc_score(FRAME.y, scores))
    given = []

    def function(frame):
        given.append(list(frame.columns))
        return 1 / (1 + np.exp(-frame.a))

    assert _validate(function, against=MODEL).metric("roc_auc").value == pytest.approx(
        roc_auc_score(FRAME.y, FRAME.a)
    )
    assert given and all(columns == ["a", "b", "c"] for columns in given)  # never the label
    booster = xgb.XGBClassifier(n_estimators=5).fit(FRAME[["a", "b", "c"]], FRAME.y)
    expected = booster.predict_proba(FRAME[["a", "b", "c"]])[:, 1]
    assert _validate(booster).metric("roc_auc").value == pytest.approx(
        roc_auc_score(FRAME.y, expected), abs=1e-6
    )
    assert assay.check("model.explain", MODEL, data=FRAME.head(50)).outcome == "pass"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda frame: frame.nothing, "AttributeError"),
        (lambda frame: 3, "one int and not an answer a row"),
        (lambda frame: frame.a.head(5), "answered 5 rows for 600"),
        (lambda frame: pd.DataFrame({"x": frame.a}), "without a column prediction"),
    ],
)
def test_a_function_that_fails_or_answers_otherwise_is_told_in_a_sentence(function, said):
    with pytest.raises(AssayError, match=said) as told:
        _validate(function)
    assert "\n" not in str(told.value)


def test_what_is_no_model_and_columns_that_are_missing():
    with pytest.raises(AssayError, match="a int in memory is no model"):
        assay.check("model.explain", 3, data=FRAME)
    with pytest.raises(AssayError, match="columns that the data does not have: a"):
        assay.check("model.validate", MODEL, data=FRAME.drop(columns="a"), label="y")
