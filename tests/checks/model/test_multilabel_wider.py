"""Several labels a row: found by themselves in texts, compared, made worse and trained anew as one label is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.tree import DecisionTreeClassifier

from assay.checks.model.validate import check
from assay.engines.models.inmemory import InMemoryModel, pin
from assay.engines.models.inmemory import pin as pin_model
from assay.engines.trainers.inmemory import InMemoryTrainer
from assay.kernel.errors import UsageError
from assay.methods import multilabel
from assay.methods.folds import Plan, drawn

NAMES = ["red", "green", "blue"]


def _data(rows=240, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)).round(3)
    truth = (x[:, :3] + 0.5 * rng.normal(size=(rows, 3)) > [0, 0.4, 0.8]).astype(int)
    return pd.DataFrame(x, columns=list("abcd")), truth


def _texts(rows):
    return [";".join(n for n, yes in zip(NAMES, row, strict=True) if yes) for row in rows]


def _model(source):
    return InMemoryModel(pin_model(source), source)


def _fitted(rows=240, seed=1):
    x, truth = _data(rows, seed)
    return MultiOutputClassifier(LogisticRegression()).fit(x, truth)


def _flags(x, truth):
    return pd.concat([x, pd.DataFrame(truth, columns=NAMES)], axis=1)


def test_texts_that_hold_several_labels_are_found_by_themselves(table, work):
    """They were judged as classes of their own: red;blue was neither red nor blue."""
    x, truth = _data()
    truth[:, 0] |= ~truth.any(axis=1)  # no row without a label
    said = np.roll(truth, 1, axis=0)
    frame = x.assign(tags=_texts(truth), p=_texts(said))
    report = check(table(frame), label="tags", predicted="p", slices=0, work=work)
    assert report.data["problem"] == "multilabel"
    assert report.metric("macro_f1").value == pytest.approx(sk.f1_score(truth, said, average="macro"))
    assert "3 labels, with ; between them" in report.findings[-1].message or any(
        "3 labels, with ; between them" in f.message for f in report.findings
    )
    one = check(table(frame), label="tags", predicted="p", multilabel="", slices=0, work=work)
    assert one.data["problem"] == "multiclass", "who knows better says so"


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["a", "b", "a;b", "b;c", "c"], ";"),
        (["a|b|c", "a", "b|c", "c|a", "b"], "|"),
        (["Bern, CH", "Chur, CH", "Lyon, FR", "Nice, FR"], None),  # a town stands in one text
        (["red|s", "red|l", "blue|s", "blue|l", "red|m", "blue|m"], None),  # always two parts
        ([f"{a},{b}" for a in range(4) for b in range(4)] + ["1", "2", "3", "0"], None),  # decimal commas
        (["yes", "no"], None),
        ([None, ""], None),
    ],
)
def test_what_stands_between_labels_is_found_where_parts_come_back(texts, mark):
    assert multilabel.between(pa.chunked_array([pa.array(texts * 3, pa.string())])) == mark


def test_an_answer_of_no_label_counts_where_a_text_is_empty(table, work):
    """A CSV has nothing there, so such rows were left out, and a model that finds no label looked better."""
    x, truth = _data()
    truth[:, 0] |= ~truth.any(axis=1)
    said = truth.copy()
    said[::4] = 0
    frame = x.assign(tags=_texts(truth), p=[t or None for t in _texts(said)])
    report = check(table(frame), label="tags", predicted="p", slices=0, work=work)
    assert report.metric("subset_accuracy").value == pytest.approx(sk.accuracy_score(truth, said))
    assert report.coverage.complete and report.coverage.of == len(frame)


def test_models_of_several_labels_are_compared_and_held_against_their_training_data(table, work):
    x, truth = _data()
    seen_x, seen = _data(seed=1)
    good = _fitted()
    bad = MultiOutputClassifier(DecisionTreeClassifier(max_depth=1)).fit(seen_x[["d"]].assign(a=0, b=0, c=0)[list("abcd")], seen)  # fmt: skip
    columns = {"label": "red", "labels": ("green", "blue"), "slices": 0, "robustness": True, "work": work}
    report = check(
        _model(good), data=table(_flags(x, truth)), training=table(_flags(seen_x, seen)),
        against=_model(bad), **columns,
    )  # fmt: skip
    mine, other = good.predict(x), bad.predict(x)
    gap = sk.f1_score(truth, mine, average="macro") - sk.f1_score(truth, other, average="macro")
    assert next(m for m in report.metrics if m.name == "macro_f1_difference").value == pytest.approx(gap)
    assert report.data["comparison"]["better"]
    trained = sk.f1_score(seen, good.predict(seen_x), average="macro")
    assert report.metric("macro_f1", data="training").value == pytest.approx(trained)
    assert report.metric("rows_in_training", alike="exactly").value == 0
    assert report.metric("macro_f1_under", data="a shuffled").value < report.metric("macro_f1").value - 0.1


def test_a_way_of_training_on_several_labels_is_judged_on_folds(table, work):
    """It was refused."""
    x, truth = _data()
    source = MultiOutputClassifier(LogisticRegression())
    trainer = InMemoryTrainer(pin(source), source)
    report = check(
        table(_flags(x, truth)), label="red", labels=("green", "blue"), retrain=trainer, scheme="kfold",
        folds=3, slices=0, work=work,
    )  # fmt: skip
    expected = []
    for fold in drawn(Plan("kfold", 3), len(x), work.rng("folds")):
        said = source.fit(x.iloc[fold.train], truth[fold.train]).predict(x.iloc[fold.test])
        expected.append(sk.f1_score(truth[fold.test], said, average="macro"))
    assert [m.value for m in report.metrics if m.name == "macro_f1" and "fold" in m.of] == pytest.approx(
        expected
    )
    assert report.metric("macro_f1").value == pytest.approx(np.mean(expected))


def test_lists_are_not_learned_by_an_estimator_and_the_way_out_is_named(table, work):
    x, truth = _data(60)
    data = pa.Table.from_pandas(x).append_column("tags", pa.array([t.split(";") for t in _texts(truth)]))
    source = MultiOutputClassifier(LogisticRegression())
    trainer = InMemoryTrainer(pin(source), source)
    report = check(table(data), label="tags", retrain=trainer, folds=2, slices=0, work=work)
    assert any("columns of 0 and 1" in f.message and "--labels" in f.message for f in report.findings)


def test_a_column_does_not_hold_a_rivals_answers_of_several_columns(table, work):
    x, truth = _data(60)
    frame = _flags(x, truth).assign(**{f"p_{n}": truth[:, i] for i, n in enumerate(NAMES)})
    with pytest.raises(UsageError, match="name the model with --against"):
        check(
            table(frame), label="red", labels=("green", "blue"), predicted="p_red",
            predictions=("p_green", "p_blue"), against_predicted="p_red", work=work,
        )  # fmt: skip
