from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier

import assay as library
from assay.checks.model.validate import check
from assay.kernel.errors import UsageError
from assay.methods import multilabel

NAMES = ["comedy", "drama", "war"]


def _rows(n=300, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3)) < [0.5, 0.3, 0.1]
    score = np.clip(truth * 0.4 + rng.random((n, 3)) * 0.6, 0, 1)
    return truth, score > 0.5, score


def _texts(rows, between=None):
    sets = [[n for n, yes in zip(NAMES, row, strict=True) if yes] for row in rows]
    return sets if between is None else [between.join(s) if s else between for s in sets]


def _expected(truth, said, score):
    return {
        "subset_accuracy": sk.accuracy_score(truth, said),
        "hamming_loss": sk.hamming_loss(truth, said),
        "micro_f1": sk.f1_score(truth, said, average="micro"),
        "macro_f1": sk.f1_score(truth, said, average="macro"),
        "weighted_f1": sk.f1_score(truth, said, average="weighted"),
        "jaccard": sk.jaccard_score(truth, said, average="samples", zero_division=1),
        "lrap": sk.label_ranking_average_precision_score(truth, score),
        "coverage_error": sk.coverage_error(truth, score),
        "ranking_loss": sk.label_ranking_loss(truth, score),
    }


def _held(report, truth, said, score):
    for name, value in _expected(truth, said, score).items():
        assert report.metric(name).value == pytest.approx(value), name
    for at, name in enumerate(NAMES):
        each = sk.precision_recall_fscore_support(
            truth[:, at], said[:, at], average="binary", zero_division=0
        )
        for metric, value in zip(("precision", "recall", "f1"), each[:3], strict=True):
            if metric == "precision" and not said[:, at].any():
                assert report.metric(metric, label=name).reason == "undefined"
                continue
            assert report.metric(metric, label=name).value == pytest.approx(value), (metric, name)
        told = report.metric("average_precision", label=name).value
        assert told == pytest.approx(sk.average_precision_score(truth[:, at], score[:, at]))
    assert report.data["problem"] == "multilabel" and report.data["metric"] == "macro_f1"


def test_lists_are_found_by_themselves_and_scored_as_scikit_learn_does(table, work):
    truth, said, score = _rows()
    data = pa.table(
        {"genres": _texts(truth), "told": _texts(said)} | {f"s{i}": score[:, i] for i in range(3)}
    )
    report = check(
        table(data), label="genres", predicted="told", scores=("s0", "s1", "s2"), slices=0, work=work
    )
    _held(report, truth, said, score)
    low, high = report.metric("micro_f1").interval
    assert low < report.metric("micro_f1").value < high


def test_texts_with_separators_and_columns_of_their_own_say_the_same(table, work):
    truth, said, score = _rows(seed=3)
    scores = {f"s{i}": score[:, i] for i in range(3)}
    texts = pa.table({"genres": _texts(truth, "; "), "told": _texts(said, ";")} | scores)
    given = {"scores": ("s0", "s1", "s2"), "slices": 0, "work": work}
    _held(check(table(texts), label="genres", predicted="told", multilabel=";", **given), truth, said, score)
    flags = {n: truth[:, i].astype(int) for i, n in enumerate(NAMES)}
    told = {f"p_{n}": said[:, i] for i, n in enumerate(NAMES)}
    report = check(
        table(pa.table(flags | told | scores)), label="comedy", labels=("drama", "war"),
        predicted="p_comedy", predictions=("p_drama", "p_war"), **given,
    )  # fmt: skip
    _held(report, truth, said, score)


@given(st.integers(1, 5), st.integers(1, 30), st.integers(0, 50), st.booleans())
def test_rankings_of_every_kind_of_row(labels, rows, seed, ties):
    rng = np.random.default_rng(seed)
    truth = rng.random((rows, labels)) < rng.random()
    score = rng.integers(0, 3, (rows, labels)).astype(float) if ties else rng.random((rows, labels))
    found = {k: v.mean() for k, v in multilabel.rankings(truth, score).items()}
    if labels > 1:  # scikit-learn takes one column for a label of two classes
        assert found["lrap"] == pytest.approx(sk.label_ranking_average_precision_score(truth, score))
        assert found["coverage_error"] == pytest.approx(sk.coverage_error(truth, score))
        assert found["ranking_loss"] == pytest.approx(sk.label_ranking_loss(truth, score))


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=5, random_state=0),
        OneVsRestClassifier(LogisticRegression()),
        MLPClassifier((8,), solver="lbfgs", max_iter=20, tol=1, random_state=0),
    ],
)
def test_models_that_answer_several_labels_are_asked(model):
    truth, _, score = _rows(200)
    frame = pd.DataFrame(score, columns=["a", "b", "c"])
    with np.errstate(all="ignore"):
        model.fit(frame, truth.astype(int))
    data = pa.table({c: frame[c].to_numpy() for c in frame} | {"genres": _texts(truth)})
    report = library.check("model.validate", model, data=data, label="genres", slices=0)
    chances = model.predict_proba(frame)
    chances = np.stack([c[:, 1] for c in chances], axis=1) if isinstance(chances, list) else chances
    _held(report.report, truth, model.predict(frame).astype(bool), chances)


def test_a_model_that_answers_otherwise_each_time_is_told():
    truth, _, score = _rows(60)
    rng = np.random.default_rng(0)

    def model(frame):
        return pd.DataFrame({"prediction": [";".join(rng.permutation(NAMES)[:1]) for _ in range(len(frame))]})

    data = pa.table({"a": score[:, 0], "genres": _texts(truth, ";")})
    report = library.check("model.validate", model, data=data, label="genres", multilabel=";", slices=0)
    assert "model.validate.unsteady" in [f.rule for f in report.findings]


def test_a_label_that_is_never_found_and_one_that_no_label_is_are_told(table, work):
    truth, said, _ = _rows()
    said[:, 2] = False
    told = [[*labels, "western"] if i < 20 else labels for i, labels in enumerate(_texts(said))]
    data = pa.table({"genres": _texts(truth), "told": told})
    report = check(table(data), label="genres", predicted="told", slices=0, work=work)
    never = next(f for f in report.findings if f.rule == "model.validate.labels_never_found")
    assert never.message == "1 of 3 labels are never found in a row that has them: war."
    strange = next(f for f in report.findings if f.rule == "model.validate.unknown_predictions")
    assert strange.count == 20
    assert report.metric("subset_accuracy").value < sk.accuracy_score(truth, said)
    assert report.metric("precision", label="war").reason == "undefined"


def test_what_cannot_be_read_as_labels_is_told(table, work):
    truth, said, _ = _rows(40)
    data = pa.table({"genres": _texts(truth), "told": _texts(said, ";"), "n": list(range(40))})
    with pytest.raises(UsageError, match="--multilabel"):
        check(table(data), label="genres", predicted="told", work=work)
    with pytest.raises(UsageError, match="n holds more than yes and no"):
        check(table(data), label="n", labels=("told",), predicted="told", work=work)
    with pytest.raises(UsageError, match="are none of the label's"):
        wrong = data.set_column(1, "told", pa.array([["x", "y"]] * 40))
        check(table(wrong), label="genres", predicted="told", work=work)
    with pytest.raises(UsageError, match="judged by themselves"):
        check(table(data), label="genres", predicted="told", positive=("war",), work=work)
