"""Texts explained by their words: models whose words' parts are known."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from assay.checks.model.explain import check
from assay.engines.models.inmemory import InMemoryModel, pin
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.handles import ModelInfo

WEIGHTS = {"good": 2.0, "warm": 1.0, "bad": -1.5, "cold": -0.5}
FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "said": ["A good room, good and warm!", "Bad. And cold.", "", "warm " * 30 + "\n\n" + "bad, " * 60],
        "stars": [5, 1, 3, 2],
    }
)


class Bag:
    """A number a word, added up, and the stars: what each word brings is known. asked: texts it was asked about."""

    asset = Asset("model", "bag", "", "sha256:0")
    info = ModelInfo("script", "script", ("said", "stars"))

    def __init__(self):
        self.asked = 0

    def predict(self, data):
        self.asked += data.num_rows
        texts = [t or "" for t in data.column("said").to_pylist()]
        words = [sum(WEIGHTS.get(w.strip(",.!").lower(), 0) for w in t.split()) for t in texts]
        return pa.table({"prediction": np.array(words) + 10.0 * data.column("stars").to_numpy()})

    def contributions(self, data, *, of=None):
        raise AssertionError("words are not asked for as columns")


def _values(report):
    return [(m.of["word"], m.value) for m in report.metrics if m.name == "shap"]


def test_each_word_brings_its_weight(table, work):
    report = check(Bag(), data=table(FRAME), text="said", row=(1,), work=work)
    found = dict(_values(report))
    assert found["warm"] == pytest.approx(1) and found["room"] == pytest.approx(0, abs=1e-9)
    assert [v for w, v in _values(report) if w == "good"] == pytest.approx([2, 2])
    assert report.metric("base", row=1).value == 50 and report.metric("additivity").value < 1e-12
    assert report.metric("mean_abs_shap", feature="good").value == pytest.approx(4)
    assert report.data["method"].startswith("exact Shapley values over 64 subsets")
    (chart,) = [c for c in report.charts if c.kind == "text"]
    assert "".join(r["text"] for r in chart.data) == FRAME.said[0]
    assert report.coverage.complete


def test_a_long_text_is_told_by_words_in_sentences(table, work):
    model = Bag()
    report = check(model, data=table(FRAME), text="said", row=(4,), budget=2_000, work=work)
    assert report.data["method"].startswith("sampled Owen values")
    assert _values(report)[0] == ("bad", pytest.approx(-1.5)) and model.asked < 2_100
    assert report.metric("mean_abs_shap", feature="bad").value == pytest.approx(90)


def test_a_text_too_long_for_the_budget_is_told_by_sentences(table, work):
    report = check(Bag(), data=table(FRAME), text="said", row=(4,), budget=300, work=work)
    assert [v for _, v in _values(report)] == pytest.approx([-90, 30])
    assert {len(c.data) for c in report.charts if c.kind == "text"} == {2}


def test_the_budget_holds(table, work):
    words = " ".join(f"w{i} good" for i in range(40))
    model = Bag()
    report = check(
        model, data=table(pd.DataFrame({"said": [words], "stars": [1]})), text="said", budget=3_000, work=work
    )
    assert model.asked <= 3_000 + 10 and report.metric("rows_asked").value <= 3_000


def test_rows_without_a_word_are_told_as_not_examined(table, work):
    report = check(Bag(), data=table(FRAME), text="said", work=work)
    assert [s.what for s in report.coverage.skipped] == ["row 3"] and not report.coverage.complete
    with pytest.raises(UsageError, match="row 3 cannot be explained: its text is empty"):
        check(Bag(), data=table(FRAME), text="said", row=(3,), work=work)


def test_words_can_be_masked_by_a_token(table, work):
    class Counting(Bag):
        def predict(self, data):
            found = [float(len(t.split())) for t in data.column("said").to_pylist()]
            return pa.table({"prediction": found})

    frame = pd.DataFrame({"said": ["one two three"], "stars": [0]})
    left = check(Counting(), data=table(frame), text="said", row=(1,), work=work)
    masked = check(Counting(), data=table(frame), text="said", row=(1,), mask="[MASK]", work=work)
    assert left.metric("mean_abs_shap", feature="two").value == 1
    assert masked.metric("mean_abs_shap", feature="two").value == 0
    assert masked.data["masked_by"] == "the token [MASK]"


def test_a_token_that_the_model_names_is_used(table, work):
    class Masked(Bag):
        info = ModelInfo("script", "script", ("said", "stars"), detail={"mask_token": "<unk>"})

    assert (
        check(Masked(), data=table(FRAME), text="said", row=(2,), work=work)
        .data["masked_by"]
        .endswith("<unk>")
    )


def test_sampled_words_are_near_the_true_ones(table, work):
    """Of log-odds that are a sum, the values in probability are compared with every subset's."""
    from itertools import product

    class Logistic(Bag):
        info = ModelInfo("script", "script", ("said", "stars"), (0, 1), "binary")

        def predict(self, data):
            odds = super().predict(data)["prediction"].to_numpy() - 10.0 * data.column("stars").to_numpy()
            score = 1 / (1 + np.exp(-odds))
            return pa.table({"prediction": (score > 0.5).astype(int), "score": score})

    words = "good room bad warm cold good bad cold warm bad good cold warm".split()
    report = check(
        Logistic(),
        data=table(pd.DataFrame({"said": [" ".join(words)], "stars": [0]})),
        text="said",
        row=(1,),
        budget=2_500,
        work=work,
    )
    weight = np.array([WEIGHTS.get(w, 0) for w in words])
    masks = np.array(list(product([0, 1], repeat=len(words))))
    worth = 1 / (1 + np.exp(-(masks @ weight)))
    from math import factorial

    n, size = len(words), masks.sum(axis=1)
    share = np.array(
        [factorial(int(s)) * factorial(n - int(s) - 1) / factorial(n) if s < n else 0 for s in size]
    )
    code = masks @ (1 << np.arange(n)[::-1])
    at = np.argsort(code)
    truth = []
    for j in range(n):
        out = masks[:, j] == 0
        plus = at[code[out] + (1 << (n - 1 - j))]
        truth.append(float((share[out] * (worth[plus] - worth[out])).sum()))
    found = {m.of["place"]: m for m in report.metrics if m.name == "shap"}
    assert "kernel" in report.data["method"] and len(found) == n
    for place, value in enumerate(truth, 1):
        low, high = found[place].interval
        assert low - (high - low) <= value <= high + (high - low) and high - low < 0.06


def test_a_pipeline_of_texts_is_asked_about_the_text_alone(table, work, tmp_path):
    texts = pd.DataFrame(
        {"said": ["good warm room", "bad cold room", "good room", "cold room"] * 5, "kept": [1, 0, 1, 0] * 5}
    )
    plain = make_pipeline(CountVectorizer(), LinearRegression()).fit(texts.said, texts.kept)
    model = InMemoryModel(pin(plain), plain)
    report = check(model, data=table(texts), text="said", row=(1,), work=work)
    weight = dict(zip(plain[0].get_feature_names_out(), plain[1].coef_, strict=True))
    assert dict(_values(report)) == pytest.approx({w: weight[w] for w in ("good", "warm", "room")}, abs=1e-9)
    twice = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts.said, texts.kept)
    report = check(
        InMemoryModel(pin(twice), twice), data=table(texts), text="said", answer="0", row=(2,), work=work
    )
    assert dict(_values(report))["cold"] > 0


def test_what_is_no_text_is_said(table, work):
    with pytest.raises(UsageError, match="stars holds int64 and no text"):
        check(Bag(), data=table(FRAME), text="stars", work=work)
    with pytest.raises(UsageError, match="does not go by the column other"):
        check(Bag(), data=table(FRAME.assign(other="x")), text="other", work=work)
    with pytest.raises(UsageError, match="--mask"):
        check(Bag(), data=table(FRAME), mask="x", work=work)


def test_a_model_that_raises_is_named(table, work):
    def broken(frame):
        if frame.said.str.len().min() < 3:
            raise RuntimeError("no text this short")
        return np.zeros(len(frame))

    with pytest.raises(AssayError, match="broken: RuntimeError: no text this short"):
        check(InMemoryModel(pin(broken), broken), data=table(FRAME[:2]), text="said", row=(1,), work=work)


def test_answers_that_change_are_a_finding(table, work):
    rng = np.random.default_rng(0)

    class Fickle(Bag):
        def predict(self, data):
            return pa.table({"prediction": rng.normal(size=data.num_rows)})

    report = check(Fickle(), data=table(FRAME), text="said", row=(1,), work=work)
    assert {"model.explain.unsteady", "model.explain.additivity"} <= {f.rule for f in report.findings}


@pytest.mark.slow
def test_from_the_command_line(assay, tmp_path):
    texts = pd.DataFrame(
        {
            "review": ["good warm room", "bad cold room", "good room", "cold room"] * 5,
            "kept": [1, 0, 1, 0] * 5,
        }
    )
    joblib.dump(
        make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts.review, texts.kept),
        tmp_path / "m.joblib",
    )
    texts.to_csv(tmp_path / "reviews.csv", index=False)
    args = ("check", "model.explain", "m.joblib", "--data", "reviews.csv", "--text", "review", "--row", "2")
    said = assay(tmp_path, *args)
    assert "bad (-" in said and "raised most" in said and max(map(len, said.splitlines())) <= 80
    assert "reads one text" not in said
    page = assay(tmp_path, *args, "--format", "html")
    assert 'stroke-dasharray="3 2"' in page and ">cold</text>" in page


def test_a_word_is_quoted_where_sentences_name_it(table, work):
    # "for good speak helpful and and" read as our own words
    report = check(Bag(), data=table(FRAME), text="said", row=(1,), voice="stakeholder", work=work)
    said = " ".join(f.message for f in report.findings if f.rule.endswith("in_words"))
    assert "Row 1 is answered 55: raised by “good” and “warm”." in said
