"""The examples, run as a user runs them, recomputed from their data by hand: pandas, SciPy, scikit-learn, XGBoost."""

from __future__ import annotations

import json
import math
import shutil
import tarfile
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from scipy import stats
from scipy.spatial.distance import cdist, jensenshannon
from sklearn import metrics as sk
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

EXAMPLES = Path(__file__).parents[2] / "src" / "assay" / "examples"


@dataclass(frozen=True)
class Example:
    """What an example is about."""

    source: str
    label: str
    positive: object
    facets: tuple[str, ...]
    stratum: str  # the group variable of the conditional metrics
    drops: tuple[str, ...]
    learnt: tuple[str, str] = ("split", "train")  # the step and its output that the first model learnt from


ABOUT = {
    "bookings": Example(
        "bookings.csv.gz", "is_canceled", 0, ("customer_type",), "market_segment", ("reservation_status",)
    ),
    "income": Example("adult.csv.gz", "income", ">50K", ("sex", "race"), "education", (), ("parts", "train")),
}


@pytest.fixture(scope="module", params=["bookings", pytest.param("income", marks=pytest.mark.slow)])
def ran(request, assay, demo, tmp_path_factory):
    """(what it is about, the finished run, its source as pandas reads it)."""
    about = ABOUT[request.param]
    if request.param == "bookings":
        done = demo
    else:
        folder = tmp_path_factory.mktemp("income") / "income"
        shutil.copytree(EXAMPLES / "income", folder)
        done = type(demo)(folder, assay.json(folder, "run", "assay.yaml"))
    return about, done, pd.read_csv(EXAMPLES / request.param / about.source)


@pytest.fixture(scope="module")
def parts(ran):
    """The training and the test table, as the split left them."""
    return tuple(pd.read_parquet(ran[1].output("split", name)) for name in ("train", "test"))


@pytest.fixture(scope="module")
def learnt(ran):
    """The table that the model learnt from."""
    return pd.read_parquet(ran[1].output(*ran[0].learnt))


@pytest.fixture(scope="module")
def booster(ran, tmp_path_factory):
    """The trained model, loaded by XGBoost itself."""
    folder = tmp_path_factory.mktemp("model")
    with tarfile.open(ran[1].output("model")) as archive:
        archive.extract("model.json", folder, filter="data")
    return xgb.Booster(model_file=folder / "model.json")


def matrix(booster, table, train):
    """The table as the model's own library takes it: text as the categories of the training data."""
    data = table[booster.feature_names].copy()
    for name, kind in zip(booster.feature_names, booster.feature_types, strict=True):
        if kind == "c":
            known = sorted(train[name].dropna().astype(str).unique())
            data[name] = data[name].where(data[name].isin(known)).astype(pd.CategoricalDtype(known))
        elif data[name].dtype == bool:
            data[name] = data[name].astype(int)
    return xgb.DMatrix(data, enable_categorical=True)


@pytest.fixture(scope="module")
def answers(ran, parts, learnt, booster):
    """(observed positive, predicted positive, score of 1) in each row of the test table."""
    about, test = ran[0], parts[1]
    score = booster.predict(matrix(booster, test, learnt)).astype(float)
    one = 1 if about.positive == 0 else about.positive  # what the model calls 1
    observed = (test[about.label] == one).to_numpy()
    return observed, score > 0.5, score


def test_the_profile_of_every_column(ran):
    about, done, frame = ran
    assert done.metric("profile", "rows") == len(frame)
    assert done.metric("profile", "duplicate_rows") == frame.duplicated().sum()
    assert done.metric("profile", "missing_cells") == frame.isna().sum().sum()
    found = done.report("profile")["data"]["columns"]
    assert list(found) == list(frame)
    for name in frame:
        column = frame[name]
        assert found[name]["missing"] == column.isna().sum(), name
        assert found[name]["distinct"] == column.nunique(), name
        counts = column.value_counts()
        assert [t["count"] for t in found[name]["top"][:5]] == counts.iloc[
            : len(found[name]["top"][:5])
        ].tolist()
        if column.dtype == bool or not pd.api.types.is_numeric_dtype(column):
            continue
        values = column.dropna()
        by_hand = {
            "mean": values.mean(),
            "std": values.std(),
            "min": values.min(),
            "max": values.max(),
            "zeros": (values == 0).sum(),
            "sum": sum(values.tolist()) if values.dtype == int else values.sum(),  # int64 would overflow
            "mad": stats.median_abs_deviation(values),
            **{f"q{q:02d}": values.quantile(q / 100) for q in (5, 25, 50, 75, 95)},
        }
        if values.nunique() > 1:
            by_hand |= {"skewness": values.skew(), "kurtosis": values.kurt()}
        for figure, expected in by_hand.items():
            said = found[name][figure]
            said = int(said) if isinstance(said, str) else said  # past 2**53 JSON holds it as text
            assert said == pytest.approx(expected, rel=1e-9, abs=1e-9), (name, figure)


def _cramers_v(a, b):
    """Bias-corrected (Bergsma 2013), from SciPy's chi-square."""
    table = pd.crosstab(a, b)
    n, (r, k) = table.to_numpy().sum(), table.shape
    phi = stats.chi2_contingency(table, correction=False)[0] / n
    phi = max(0.0, phi - (r - 1) * (k - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    return math.sqrt(phi / min(rows - 1, columns - 1))


def _correlation_ratio(category, number):
    groups = [number[category == c] for c in category.unique()]
    between = sum(len(g) * (g.mean() - number.mean()) ** 2 for g in groups)
    return math.sqrt(between / ((number - number.mean()) ** 2).sum())


@pytest.mark.slow
def test_how_the_columns_go_together(ran):
    _, done, frame = ran
    seen = set()
    for pair in done.report("profile")["data"]["correlations"]:
        both = frame[[pair["a"], pair["b"]]].dropna()
        a, b = both[pair["a"]], both[pair["b"]]
        assert pair["rows"] == len(both)
        if pair["value"] is None:
            assert a.nunique() < 2 or b.nunique() < 2, pair
            continue
        seen.add(pair["measure"])
        if pair["measure"] == "pearson":
            expected = stats.pearsonr(a, b)[0]
        elif pair["measure"] == "spearman":
            expected = stats.spearmanr(a, b)[0]
        elif pair["measure"] == "cramers_v":
            expected = _cramers_v(a, b)
        else:
            assert pair["measure"] == "correlation_ratio"
            is_number = pd.api.types.is_numeric_dtype(a) and a.dtype != bool
            number, category = (a, b) if is_number else (b, a)
            expected = _correlation_ratio(category, number)
        assert pair["value"] == pytest.approx(expected, abs=1e-9), pair
    assert seen == {"pearson", "spearman", "cramers_v", "correlation_ratio"}


def test_repairs_are_exactly_the_rows_that_contradict(ran):
    about, done, frame = ran
    clean = pd.read_parquet(done.output("clean")) if about.label == "is_canceled" else None
    flags = [f for f in done.report("integrity")["findings"] if f["rule"] == "data.integrity.derived_flag"]
    if clean is None:
        assert flags == []
        return
    wrong = (frame.booking_changes > 0) != frame.has_booking_changes
    assert [f["count"] for f in flags] == [wrong.sum()] == [137]
    failing = pd.read_parquet(done.object(done.report("integrity")["outputs"][0]["digest"]))
    assert sorted(failing["row"]) == [int(i) + 1 for i in np.flatnonzero(wrong)]
    assert done.metric("clean", "rows_changed") == 137
    assert (clean.has_booking_changes == (frame.booking_changes > 0)).all()
    pd.testing.assert_frame_equal(
        clean.drop(columns="has_booking_changes"),
        frame.drop(columns="has_booking_changes"),
        check_dtype=False,
    )


def test_people_are_found_and_nothing_of_them_is_left(ran):
    about, done, frame = ran
    step = "people" if about.label == "is_canceled" else "personal"
    found = {f["where"]["column"]: f["rule"] for f in done.report(step)["findings"]}
    if step == "personal":
        assert found == {"race": "data.pii.ethnicity"}
        return
    assert found == {
        "name": "data.pii.name",
        "email": "data.pii.email",
        "phone_number": "data.pii.phone",
        "credit_card": "data.pii.card",
    }
    masked = pd.read_parquet(done.output("masked"))
    for name in found:
        assert not set(masked[name].astype(str)) & set(frame[name].astype(str)), name
    local, mask = frame.email.str.split("@").str, masked.email.str.split("@").str
    assert (local[1] == mask[1]).all() and (mask[0] == local[0].str.replace(r".", "*", regex=True)).all()
    cards = frame.credit_card.astype(str)
    assert (masked.credit_card == "*" * 12 + cards.str[-4:]).all()
    assert (masked.name == "****").all()


def test_what_gives_the_answer_away_and_how_strongly(ran):
    """Beside a decision tree on one column, judged on rows that it did not learn from."""
    about, done, frame = ran
    report = done.report("leakage")
    settled = [
        c
        for c in frame
        if c != about.label
        and frame[c].nunique() <= 20
        and (frame.groupby(c)[about.label].nunique() == 1).all()
    ]
    assert report["data"]["drop"] == sorted(about.drops) == sorted(settled)
    fold = np.random.default_rng(11).permutation(np.arange(len(frame)) % 5)
    target = frame[about.label].to_numpy()
    compared = 0
    for name, strength in report["data"]["strength"].items():
        if (
            frame[name].nunique() > 64
        ):  # numbers go into bins, names keep to their folds: other ways of learning
            continue
        values = OrdinalEncoder(encoded_missing_value=-1).fit_transform(frame[[name]].astype(object))
        said = np.empty(len(frame), dtype=object)
        for part in range(5):
            learn, test = fold != part, fold == part
            tree = DecisionTreeClassifier(min_samples_leaf=5, class_weight="balanced", random_state=0)
            said[test] = tree.fit(values[learn], target[learn]).predict(values[test])
        score = max(0.0, 2 * sk.balanced_accuracy_score(target, said.astype(target.dtype)) - 1)
        assert strength == pytest.approx(score, abs=0.05), name
        compared += 1
    assert compared > 8


def test_the_split_is_exact(ran, parts):
    about, done, frame = ran
    train, test = parts
    assert len(train) + len(test) == len(frame)
    for value, count in frame[about.label].value_counts().items():
        assert abs((test[about.label] == value).sum() - 0.25 * count) < 1
    whole = pd.read_parquet(done.output("safe"))
    both = pd.concat([train, test]).sort_values(list(whole.columns)).reset_index(drop=True)
    pd.testing.assert_frame_equal(both, whole.sort_values(list(whole.columns)).reset_index(drop=True))


def _pre_training(good, d, strata):
    a = ~d
    pa, pd_ = good[a].mean(), good[d].mean()
    p, q = np.array([pa, 1 - pa]), np.array([pd_, 1 - pd_])
    rejected, accepted = ~good, good
    cddl = sum(
        s.sum() * (d[s & rejected].mean() - d[s & accepted].mean())
        for s in (strata == v for v in np.unique(strata))
        if (s & rejected).any() and (s & accepted).any()
    )
    for s in (strata == v for v in np.unique(strata)):  # a stratum of one outcome: the empty share is 0
        if not (s & accepted).any():
            cddl += s.sum() * d[s & rejected].mean()
        if not (s & rejected).any():
            cddl -= s.sum() * d[s & accepted].mean()
    return {
        "CI": (a.sum() - d.sum()) / len(d),
        "DPL": pa - pd_,
        "KL": stats.entropy(p, q),
        "JS": jensenshannon(p, q) ** 2,
        "LP": np.linalg.norm(p - q),
        "TVD": np.abs(p - q).sum() / 2,
        "KS": np.abs(p - q).max(),
        "CDDL": cddl / len(d),
    }


def _votes(others, said, asked, k=5):
    """What the k nearest were told; the rows as near as the k-th share what is left of k."""
    out, said = np.empty(len(asked)), said.astype(float)
    for first in range(0, len(asked), 500):
        apart = cdist(asked[first : first + 500], others, "sqeuclidean")
        kth = np.partition(apart, k - 1, axis=1)[:, k - 1 : k]
        nearer, level = apart < kth * (1 - 1e-9), np.abs(apart - kth) <= kth * 1e-9
        left = (k - nearer.sum(axis=1)) / level.sum(axis=1)
        out[first : first + 500] = (nearer.astype(float) @ said + left * (level.astype(float) @ said)) / k
    return out


def _post_training(observed, said, d, strata, features):
    a = ~d
    (tn_a, fp_a, fn_a, tp_a), (tn_d, fp_d, fn_d, tp_d) = (
        sk.confusion_matrix(observed[g], said[g], labels=[False, True]).ravel() for g in (a, d)
    )
    benefit = said.astype(int) - observed.astype(int) + 1
    vote = _votes(features[a], said[a], features[d])
    against, for_ = (~said[d] & (vote > 0.5)).sum(), (said[d] & (vote < 0.5)).sum()
    return {
        "DPPL": said[a].mean() - said[d].mean(),
        "DI": said[d].mean() / said[a].mean(),
        "DCA": observed[a].sum() / said[a].sum() - observed[d].sum() / said[d].sum(),
        "DCR": (~observed[d]).sum() / (~said[d]).sum() - (~observed[a]).sum() / (~said[a]).sum(),
        "AD": sk.accuracy_score(observed[a], said[a]) - sk.accuracy_score(observed[d], said[d]),
        "RD": sk.recall_score(observed[a], said[a]) - sk.recall_score(observed[d], said[d]),
        "DAR": sk.precision_score(observed[a], said[a]) - sk.precision_score(observed[d], said[d]),
        "DRR": tn_d / (tn_d + fn_d) - tn_a / (tn_a + fn_a),
        "SD": tn_d / (tn_d + fp_d) - tn_a / (tn_a + fp_a),
        "TE": fn_d / fp_d - fn_a / fp_a,
        "CDDPL": _pre_training(said, d, strata)["CDDL"],
        "FT": (int(against) - int(for_)) / d.sum(),
        "GE": 0.5 * benefit.var() / benefit.mean() ** 2,
    }


def _options(about):
    out = ["--label", about.label, "--positive", str(about.positive), "--group-variable", about.stratum]
    for facet in about.facets:
        out += ["--facet", facet]
    return [*out, "--fail-on", "critical"]


def _compared(report, facet, column, by_hand, least):
    """Hold every group's metrics against those by hand; ``least`` says how many rows a group needs for it."""
    groups = [g for g, n in column.value_counts().items() if n >= least]
    assert groups
    for group in groups:
        expected = by_hand((column == group).to_numpy())
        of = {"facet": facet, "group": str(group)}
        found = {m["name"]: m for m in report["metrics"] if of.items() <= m["of"].items()}
        for name, value in expected.items():
            if math.isfinite(value):
                assert found[name]["value"] == pytest.approx(value, abs=1e-9), (facet, group, name)
            else:
                assert found[name]["value"] is None and found[name]["reason"] in (
                    "infinite",
                    "-infinite",
                    "undefined",
                )
            low_high = found[name]["interval"]
            assert low_high is None or low_high[0] <= value <= low_high[1], (facet, group, name)


def test_all_eight_metrics_before_training(ran, learnt, assay, tmp_path):
    """From the run's report, and with a group variable from the command itself."""
    about, done, _ = ran
    train = learnt
    shutil.copyfile(done.output(*about.learnt), tmp_path / "train.parquet")
    asked = assay.json(tmp_path, "check", "data.bias", "train.parquet", *_options(about))
    good = (train[about.label] == about.positive).to_numpy()
    strata = train[about.stratum].to_numpy()
    for facet in about.facets:

        def by_hand(d):
            return _pre_training(good, d, strata)

        _compared(asked, facet, train[facet], by_hand, 30)

        def without(d):
            return {k: v for k, v in _pre_training(good, d, strata).items() if k != "CDDL"}

        _compared(done.report("before"), facet, train[facet], without, 30)


@pytest.mark.slow
def test_all_thirteen_metrics_after_training(ran, parts, answers, assay, tmp_path):
    about, done, _ = ran
    test = parts[1]
    observed, said, score = answers
    if about.positive == 0:
        observed, said = ~observed, ~said
    hidden = {about.label, *about.facets}
    numeric = [c for c in test if c not in hidden and pd.api.types.is_numeric_dtype(test[c])]
    features = np.nan_to_num(test[numeric].to_numpy(dtype=float))
    strata = test[about.stratum].to_numpy()
    shutil.copytree(done.folder, tmp_path / "home")
    shutil.copyfile(done.output("split", "test"), tmp_path / "home" / "test.parquet")
    # the first model's own file: the one that is registered may be another, mitigated one
    shutil.copyfile(done.output("model"), tmp_path / "home" / "first.tar.gz")
    asked = assay.json(
        tmp_path / "home", "check", "model.bias", "first.tar.gz", "--data", "test.parquet", *_options(about)
    )
    for facet in about.facets:

        def by_hand(d):
            with np.errstate(divide="ignore", invalid="ignore"):
                return _post_training(observed, said, d, strata, features)

        _compared(asked, facet, test[facet], by_hand, 100)

        def without(d):
            return {k: v for k, v in by_hand(d).items() if k != "CDDPL"}

        _compared(done.report("after"), facet, test[facet], without, 100)


def test_the_validation(ran, parts, learnt, booster, answers):
    about, done, _ = ran
    train, test = learnt, parts[1]
    observed, said, score = answers
    expected = {
        "accuracy": sk.accuracy_score(observed, said),
        "balanced_accuracy": sk.balanced_accuracy_score(observed, said),
        "precision": sk.precision_score(observed, said),
        "recall": sk.recall_score(observed, said),
        "f1": sk.f1_score(observed, said),
        "macro_f1": sk.f1_score(observed, said, average="macro"),
        "mcc": sk.matthews_corrcoef(observed, said),
        "roc_auc": sk.roc_auc_score(observed, score),
        "pr_auc": sk.average_precision_score(observed, score),
        "brier": sk.brier_score_loss(observed, score),
        "log_loss": sk.log_loss(observed, score),
    }
    bins = np.minimum((score * 10).astype(int), 9)
    expected["ece"] = sum(
        (bins == b).mean() * abs(score[bins == b].mean() - observed[bins == b].mean())
        for b in np.unique(bins)
    )
    report = done.report("validate")
    found = {m["name"]: m for m in report["metrics"] if not m["of"]}
    for name, value in expected.items():
        assert found[name]["value"] == pytest.approx(value, rel=1e-6), name
    low, high = found["accuracy"]["interval"]  # by the bootstrap, as wide as the normal approximation
    share = expected["accuracy"]
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(share * (1 - share) / len(test)), rel=0.25)
    one = 1 if about.positive == 0 else about.positive
    seen = sk.f1_score(train[about.label] == one, booster.predict(matrix(booster, train, train)) > 0.5)
    assert done.metric("validate", "f1", data="training") == pytest.approx(seen)
    assert done.metric("validate", "generalisation_gap") == pytest.approx(seen - expected["f1"])
    common = observed.mean()
    assert done.metric("validate", "accuracy", model="constant guess") == pytest.approx(
        max(common, 1 - common)
    )


def test_the_explanation(ran, parts, learnt, booster):
    """The values are the model library's own; each row's add up to the model's margin."""
    about, done, _ = ran
    if about.label == "income":
        pytest.skip("the model that is explained is a mixture of trees that fairlearn made")
    train, test = learnt, parts[1]
    data = matrix(booster, test, train)
    values = booster.predict(data, pred_contribs=True)
    kept = pd.read_parquet(done.object(done.report("explain")["outputs"][0]["digest"]))
    assert kept["row"].tolist() == list(range(1, len(test) + 1))
    np.testing.assert_allclose(kept[booster.feature_names].to_numpy(), values[:, :-1], atol=1e-6)
    margin = booster.predict(data, output_margin=True)
    np.testing.assert_allclose(kept[booster.feature_names].sum(axis=1) + values[:, -1], margin, atol=1e-3)
    for name, mean in zip(
        booster.feature_names, np.abs(values[:, :-1].astype(np.float64)).mean(axis=0), strict=True
    ):
        assert done.metric("explain", "mean_abs_shap", feature=name) == pytest.approx(mean, abs=1e-6)


def _expected(tree, row, known):
    """The value of a tree where only ``known`` features are held: elsewhere both ways, by the rows that went there."""

    def value(node):
        left, right = tree["left_children"][node], tree["right_children"][node]
        if left == -1:
            return tree["base_weights"][node]
        feature = tree["split_indices"][node]
        if feature in known:
            return value(left if row[feature] < np.float32(tree["split_conditions"][node]) else right)
        weight = tree["sum_hessian"]
        return (weight[left] * value(left) + weight[right] * value(right)) / weight[node]

    return value(0)


@pytest.mark.slow
def test_exact_values_by_every_subset_of_the_features(assay, tmp_path):
    """Shapley values from their definition, over the trees read from the model's JSON (Lundberg et al. 2020)."""
    names = ["age", "education_num", "hours_per_week", "capital_gain"]
    frame = pd.read_csv(EXAMPLES / "income" / "adult.csv.gz").head(3000)
    label = (frame.income == ">50K").astype(int)
    data = xgb.DMatrix(frame[names].astype(float), label)
    booster = xgb.train({"max_depth": 4, "objective": "binary:logistic", "seed": 7}, data, 8)
    booster.save_model(tmp_path / "model.json")
    frame[names].head(12).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "home").mkdir()
    assay(tmp_path / "home", "init")
    report = assay.json(
        tmp_path / "home",
        "check",
        "model.explain",
        "../model.json",
        "--data",
        "../t.csv",
        "--fail-on",
        "critical",
    )
    digest = report["outputs"][0]["digest"].removeprefix("sha256:")
    kept = pd.read_parquet(tmp_path / "home" / ".assay" / "objects" / digest[:2] / digest[2:])
    trees = json.loads((tmp_path / "model.json").read_text())["learner"]["gradient_booster"]["model"]["trees"]
    everyone = range(len(names))
    for number, row in enumerate(frame[names].head(12).to_numpy(dtype=np.float32)):
        for feature in everyone:
            others = [i for i in everyone if i != feature]
            total = 0.0
            for size in range(len(names)):
                share = (
                    math.factorial(size) * math.factorial(len(names) - size - 1) / math.factorial(len(names))
                )
                for chosen in combinations(others, size):
                    total += share * sum(
                        _expected(t, row, {*chosen, feature}) - _expected(t, row, {*chosen}) for t in trees
                    )
            assert kept[names[feature]][number] == pytest.approx(total, abs=1e-5)
