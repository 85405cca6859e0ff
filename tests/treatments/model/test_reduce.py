"""model.reduce beside fairlearn used by hand; the model that it makes; parity kept; wrong inputs; a script of one's own."""

from __future__ import annotations

import json
import tarfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.engines import archives, reductions
from assay.engines.models.load import load
from assay.kernel.errors import Missing, UsageError
from assay.treatments.model.reduce import treat

pytest.importorskip("fairlearn")
ASKED = {"label": "hired", "positive": ("yes",), "facet": ("sex",), "rounds": 6, "trade": False}


@pytest.fixture
def frame(people):
    rng = np.random.default_rng(0)
    words = np.where(
        people.sex == "m",
        rng.choice(["rugby", "chess"], len(people)),
        rng.choice(["dance", "chess"], len(people)),
    )
    return people.drop(columns="score").assign(club=words)[:2000]


def reduced(frame, table, work, tmp_path, **options):
    made = treat(table(frame), work=work, **ASKED | options)
    archives.unpack(work.store.path(made.outputs["out"].digest), tmp_path / "model")
    assert made.outputs["out"].kind == "model"
    return load(tmp_path / "model"), made.report


def gap(told, sex):
    rates = told.groupby(sex.fillna("?")).mean()
    return float(rates.max() - rates.min())


@pytest.mark.parametrize(
    ("learner", "decide"),
    [("trees", "alone"), ("logistic", "lot"), pytest.param("trees", "mean", marks=pytest.mark.slow)],
)
def test_the_model_keeps_to_the_parity_and_looks_at_no_facet(frame, table, work, tmp_path, learner, decide):
    model, report = reduced(frame, table, work, tmp_path, learner=learner, decide=decide, bound=0.05)
    said = model.describe()
    assert set(said["features"]) == {"skill", "club"} and said["classes"] == ["no", "yes"]
    out = model.predict(pa.Table.from_pandas(frame[["skill", "club"]])).to_pandas()
    assert set(out.prediction) == {"no", "yes"} and out.score.between(0, 1).all()
    after = gap(out.prediction == "yes", frame.sex)
    assert after < 0.11 < 0.2 < gap(frame.hired == "yes", frame.sex)
    if decide != "lot":
        assert report.metric("constraint_violation").value == pytest.approx(after)
        assert ((out.prediction == "yes") == (out.score > 0.5)).all()
    assert report.metric("models_kept").value == said["detail"]["parts"]
    assert (report.metric("models_kept").value == 1) or decide != "alone"
    assert ("model.reduce.by_lot" in {f.rule for f in report.findings}) == (
        decide == "lot" and said["detail"]["parts"] > 1
    )


def test_the_lot_is_fairlearns_own_randomised_classifier(frame):
    from fairlearn.reductions import EqualizedOdds, ExponentiatedGradient
    from sklearn.linear_model import LogisticRegression

    x = (
        frame[["skill"]]
        .assign(chess=frame.club == "chess", dance=frame.club == "dance")
        .astype(float)
        .to_numpy()
    )
    yes, groups = (frame.hired == "yes").to_numpy(), frame.sex.fillna("?").to_numpy()

    def fresh():
        return LogisticRegression(C=1, solver="newton-cholesky", tol=1e-8)

    def learn(places, told, weights):
        model = fresh().fit(x[places], told, sample_weight=weights)
        return reductions.Part(lambda at: model.predict_proba(x[at])[:, 1], model)

    mine = reductions.reduce(
        learn, yes, groups, constraint="equalized_odds", method="exponentiated_gradient", bound=0.05, most=5
    )
    theirs = ExponentiatedGradient(fresh(), EqualizedOdds(difference_bound=0.05), eps=0.025, max_iter=5)
    theirs.fit(x, yes.astype(int), sensitive_features=groups)
    chance = theirs._pmf_predict(x)[:, 1]
    rows = np.arange(len(x))
    own = sum(c * (p.score(rows) > 0.5) for p, c in zip(mine.parts, mine.chances, strict=True))
    assert np.allclose(own, chance, atol=1e-5) and mine.fits >= len(mine.parts)


@pytest.mark.parametrize(
    "constraint", ["equalized_odds", "error_rate_parity", "bounded_group_loss", "true_positive_rate_parity"]
)
def test_every_constraint_and_the_grid(frame, table, work, tmp_path, constraint):
    method = "exponentiated_gradient" if constraint == "bounded_group_loss" else "grid_search"
    known = frame[frame.sex.notna()]
    _, report = reduced(
        known, table, work, tmp_path, constraint=constraint, method=method, learner="logistic", bound=0.3
    )
    assert report.metric("constraint_violation").value <= 0.3


@pytest.mark.slow
def test_the_trade_is_drawn(frame, table, work, tmp_path):
    _, report = reduced(frame, table, work, tmp_path, learner="logistic", trade=True, rounds=5, bound=0.05)
    points = report.data["trade"]
    assert [p["strength"] for p in points] == [None, 0.1, 0.05]
    name = "demographic_parity_difference"
    assert points[-1]["values"][name] < points[0]["values"][name] and report.charts[0].kind == "scatter"


def test_trees_alone_explain_themselves_and_nothing_of_the_package_is_code(frame, table, work, tmp_path):
    made = treat(table(frame[:500]), work=work, **ASKED | {"rounds": 2})
    path = work.store.path(made.outputs["out"].digest)
    with tarfile.open(path) as held:
        assert {n.rpartition(".")[2] for n in held.getnames() if "." in n} == {"json"}
    archives.unpack(path, tmp_path / "model")
    rows = pa.Table.from_pandas(frame[["skill", "club"]][:50])
    model = load(tmp_path / "model")
    values = model.contributions(rows).to_pandas()
    chance = 1 / (1 + np.exp(-values[["skill", "club", "bias"]].sum(axis=1)))
    assert np.allclose(chance, model.predict(rows).column("score").to_numpy(), atol=1e-5)
    raw = json.loads((tmp_path / "model" / "composition.json").read_text())
    for change, said in (({"parts": []}, "no part"), ({"answers": 1}, "what yes is"), ({"kind": "x"}, "kind"),
                         ({"parts": [{"kind": "trees", "file": "../../x", "chance": 1}]}, "outside"),
                         ({"schema": "y"}, "nothing that can be read")):  # fmt: skip
        (tmp_path / "model" / "composition.json").write_text(json.dumps(raw | change))
        with pytest.raises(ValueError, match=said):
            load(tmp_path / "model")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"hide": ("skill", "club", "one")}, UsageError, "no column to learn from"),
        ({"label": "club", "positive": ()}, UsageError, "which is good"),
        ({"facet": ("one",)}, UsageError, "nobody to compare"),
    ],
)
def test_what_cannot_be_reduced_is_said(frame, table, work, options, error, said):
    with pytest.raises(error, match=said):
        treat(table(frame.assign(one=1)), work=work, **ASKED | options)


def test_a_group_of_one_outcome_and_fairlearn_not_installed_are_said(frame, table, work, monkeypatch):
    alone = frame[:600].assign(hired=np.where(frame.sex[:600] == "f", "no", frame.hired[:600]))
    asked = ASKED | {"constraint": "equalized_odds", "rounds": 2, "learner": "logistic"}
    found = treat(table(alone), work=work, **asked).report.findings
    assert any("sex = f has one outcome only" in f.message for f in found)
    monkeypatch.setitem(__import__("sys").modules, "fairlearn", None)
    with pytest.raises(Missing, match="not installed.*pip install"):
        treat(table(pd.DataFrame({"a": [1]})), work=work, label="a", facet=("a",))


OWN = """
import os, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
frame = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")
label, weight = frame.pop("hired"), frame.pop("weight")
assert set(label) == LABELS, set(label)
model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(frame, label, sample_weight=weight)
joblib.dump(model, os.environ["SM_MODEL_DIR"] + "/model.joblib")
"""


@pytest.mark.slow
@pytest.mark.parametrize("good", ["yes", 0])
def test_ones_own_script_finds_the_label_as_it_is_written_and_is_held_to_the_parity(
    people, table, work, tmp_path, good
):
    """Also where the good outcome is the first of the model's classes: its scores are then those of the other."""
    import contextlib

    from assay.works.checking import bench
    from assay.works.settings import Settings
    from assay.works.trainers import hold_trainer, open_trainer

    frame = people[people.sex.notna()].drop(columns="score")[:1500]
    if good == 0:
        frame = frame.assign(hired=(frame.hired == "no").astype(int))
    script = tmp_path / "train.py"
    script.write_text(OWN.replace("LABELS", repr(set(frame.hired))))
    asked = ASKED | {"positive": (str(good),), "rounds": 2, "bound": 0.1}
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(bench(None, Settings().updated({"isolation": "partial"}, "test")))
        trainer = open_trainer(hold_trainer(script, None, place, None), place, place._private())
        made = treat(table(frame), work=work, **asked, trainer=trainer)
    archives.unpack(work.store.path(made.outputs["out"].digest), tmp_path / "model")
    out = load(tmp_path / "model").predict(pa.Table.from_pandas(frame[["skill"]])).to_pandas()
    assert (frame.hired.to_numpy() == out.prediction.to_numpy()).mean() > 0.7
    assert gap(out.prediction == good, frame.sex.reset_index(drop=True)) == pytest.approx(
        made.report.metric("constraint_violation").value
    )
    assert ((out.prediction == good) == (out.score > 0.5)).all()


def test_a_script_that_fails_is_told_as_such_and_not_as_rows_that_nothing_can_be_made_of(frame):
    from assay.kernel.errors import TrainingFailed

    def learn(places, told, weights):
        raise TrainingFailed("the script ended with exit code 1")

    yes, groups = (frame.hired == "yes").to_numpy(), frame.sex.fillna("?").to_numpy()
    with pytest.raises(TrainingFailed, match="^the script ended"):
        reductions.reduce(
            learn,
            yes,
            groups,
            constraint="demographic_parity",
            method="exponentiated_gradient",
            bound=0.1,
            most=2,
        )


@pytest.mark.slow
def test_a_model_that_is_trained_anew_is_no_part_since_its_file_is_still_what_it_was(
    frame, table, work, tmp_path
):
    """The part that was packed would have been the model as it was before."""
    import contextlib

    import joblib
    from sklearn.tree import DecisionTreeClassifier

    from assay.works.checking import bench
    from assay.works.settings import Settings
    from assay.works.trainers import hold_trainer, open_trainer

    data = frame[frame.sex.notna()].drop(columns="club")[:400]
    path = tmp_path / "model.joblib"
    joblib.dump(DecisionTreeClassifier(max_depth=2).fit(data[["skill"]], data.hired), path)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(bench(None, Settings().updated({"isolation": "partial"}, "test")))
        trainer = open_trainer(hold_trainer(path, None, place, None), place, place._private())
        with pytest.raises(UsageError, match="leaves no files.*give the script"):
            treat(table(data), work=work, **ASKED | {"rounds": 2}, trainer=trainer)
