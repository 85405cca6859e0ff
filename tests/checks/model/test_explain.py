from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.checks.model.explain import check
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
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
    fall = next(c for c in report.charts if c.title == "Row 5")
    assert [(m.of["feature"], m.value) for m in report.metrics if m.name == "shap"] == [
        (part["feature"], part["value"]) for part in fall.data
    ]
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


class Loan(Linear):
    """Approves at income - debt ≥ 30, owners at 20; its own values are those of its margin."""

    asset = Asset("model", "loan", "", "sha256:0")
    info = ModelInfo("script", "script", ("income", "debt", "home", "age"), ("no", "yes"), "binary")

    def margin(self, data):
        frame = data.to_pandas()
        return np.column_stack(
            [(frame.income - 60) / 10, (20 - frame.debt) / 10, (frame.home == "owns") * 1.0 - 0.4]
        )

    def predict(self, data):
        score = 1 / (1 + np.exp(-self.margin(data).sum(axis=1)))
        return pa.table({"prediction": np.where(score > 0.5, "yes", "no"), "score": score})


class LoanWithValues(Loan):
    """Its values are worked out: a linear model against a background of nothing."""

    def contributions(self, data, *, of=None):
        sign = -1 if of == "no" else 1
        parts = sign * self.margin(data)
        columns = dict(zip(("income", "debt", "home"), parts.T, strict=True))
        rest = {"age": np.zeros(len(parts)), "bias": np.zeros(len(parts)), "margin": parts.sum(axis=1)}
        return pa.table(columns | rest).replace_schema_metadata({"assay": '{"unit": "log-odds"}'})


_R = np.random.default_rng(4)
PEOPLE = pd.DataFrame(
    {
        "income": _R.integers(10, 110, 200),
        "debt": _R.normal(20, 8, 200),
        "home": _R.choice(["owns", "rents"], 200),
        "age": _R.integers(20, 70, 200),
        "sex": _R.choice(["f", "m"], 200),
    }
)
PEOPLE.loc[0] = [25, 35.0, "rents", 40, "f"]


def _rules(report):
    return {f.rule.removeprefix("model.explain.") for f in report.findings}


def test_changes_are_verified_and_leave_what_is_fixed(table, work):
    report = check(
        LoanWithValues(),
        data=table(PEOPLE),
        row=(1,),
        want="yes",
        fixed=("age", "home"),
        reasons=2,
        work=work,
    )
    changes = [m for m in report.metrics if m.name == "change"]
    assert changes and all("home" not in m.of["change"] and "age" not in m.of["change"] for m in changes)
    for metric in changes:
        asked = PEOPLE.head(1).copy()
        for part in metric.of["change"].split("; "):
            name, _, new = part.partition(": ")
            asked[name] = float(new.partition(" → ")[2])
        assert LoanWithValues().predict(pa.Table.from_pandas(asked))["prediction"].to_pylist() == ["yes"]
    reasons = [m.of["reason"] for m in report.metrics if m.name == "shortfall"]
    assert len(reasons) == 2
    assert reasons[0].startswith("income is 25; those answered so have ")
    assert reasons[1].startswith("debt is 35; those answered so have ")


def test_reasons_are_measured_against_the_approved(table, work):
    report = check(LoanWithValues(), data=table(PEOPLE), row=(1,), want="yes", reasons=1, work=work)
    yes = PEOPLE[LoanWithValues().margin(pa.Table.from_pandas(PEOPLE)).sum(axis=1) > 0]
    assert report.metric("shortfall").value == pytest.approx((yes.income.mean() - 25) / 10)


def test_a_protected_reason_is_a_finding_and_is_not_left_out(table, work):
    report = check(
        LoanWithValues(),
        data=table(PEOPLE),
        row=(1,),
        want="yes",
        reasons=2,
        protected=("debt",),
        work=work,
    )
    finding = next(f for f in report.findings if f.rule == "model.explain.protected_reason")
    assert str(finding.severity) == "high" and finding.where == {"row": 1, "column": "debt"}
    assert any(m.of["reason"].startswith("debt is 35") for m in report.metrics if m.name == "shortfall")
    changes = [m.of["change"] for m in report.metrics if m.name == "change"]
    assert changes and not any("debt" in c for c in changes)


def test_reasons_carry_the_codes_of_a_notice(table, work, tmp_path):
    (tmp_path / "codes.yaml").write_text(
        "reasons:\n  income: {code: 007, says: Income insufficient}\n  sex: protected\n"
    )
    asked = {"data": table(PEOPLE), "row": (1,), "want": "yes", "reasons": 2, "work": work}
    report = check(LoanWithValues(), codes=tmp_path / "codes.yaml", **asked)
    told = [m.of for m in report.metrics if m.name == "shortfall"]
    assert told[0]["code"] == "007" and told[0]["reason"].startswith("Income insufficient (income is 25; ")
    assert "code" not in told[1] and "uncoded_reason" in _rules(report)
    (tmp_path / "codes.yaml").write_text("reasons:\n  income: {says: Income insufficient}\n")
    with pytest.raises(UsageError, match="income has no code") as error:
        check(LoanWithValues(), codes=tmp_path / "codes.yaml", **asked)
    assert error.value.where.endswith("codes.yaml:2")


def test_an_answer_is_wanted_that_it_never_gives(table, work):
    with pytest.raises(UsageError, match="never answers perhaps.*no, yes"):
        check(Loan(), data=table(PEOPLE), row=(1,), want="perhaps", work=work)
    with pytest.raises(UsageError, match="--row"):
        check(Loan(), data=table(PEOPLE), want="yes", work=work)
    with pytest.raises(UsageError, match="--want"):
        check(Loan(), data=table(PEOPLE), row=(1,), reasons=4, work=work)


def test_a_number_is_wanted_within_a_bound(table, work):
    report = check(Linear(), data=table(FRAME), row=(3,), want=">= 4", work=work)
    change = next(m for m in report.metrics if m.name == "change").of["change"]
    assert change.startswith(("a: ", "b: "))
    assert next(c for c in report.charts if c.kind == "table").alt.startswith("Row 3 would be answered >= 4")


def test_what_is_answered_as_wanted_is_said(table, work):
    rich = PEOPLE.assign(income=109)
    report = check(LoanWithValues(), data=table(rich), row=(2,), want="yes", reasons=4, work=work)
    assert "as_wanted" in _rules(report)


def test_what_cannot_be_had_is_said(table, work):
    report = check(
        LoanWithValues(), data=table(PEOPLE), row=(1,), want="yes", fixed=("income", "debt"), work=work
    )
    assert "unmoved" in _rules(report)


def test_values_that_do_not_add_up_are_grave(table, work):
    class Off(Exact):
        def contributions(self, data, *, of=None):
            found = super().contributions(data)
            return found.set_column(0, "a", pa.array(found.column("a").to_numpy() * 1.001))

    report = check(Off(), data=table(FRAME), work=work)
    assert "additivity" in _rules(report) and str(report.worst()) == "high"
    assert report.metric("additivity").value > 1e-5


def test_a_model_that_explains_other_answers_than_its_own_is_grave(table, work):
    class Liar(LoanWithValues):
        def contributions(self, data, *, of=None):
            found = super().contributions(data)
            index = found.column_names.index("margin")
            moved = found.set_column(index, "margin", pa.array(found.column("margin").to_numpy() + 1))
            return moved.set_column(index - 1, "bias", pa.array(np.ones(len(found))))

    report = check(Liar(), data=table(PEOPLE), work=work)
    assert "other_answers" in _rules(report) and "additivity" not in _rules(report)
    assert "other_answers" not in _rules(check(LoanWithValues(), data=table(PEOPLE), work=work))


@pytest.mark.parametrize("answer", ["no", "yes"])
def test_either_class_may_be_explained(table, work, answer):
    report = check(LoanWithValues(), data=table(PEOPLE), answer=answer, work=work)
    assert "other_answers" not in _rules(report)
    sampled = check(Loan(), data=table(PEOPLE), answer=answer, samples=5, work=work)
    assert sampled.metric("additivity").value < 1e-9
    one = read(sampled, work).to_pandas().set_index("row")
    high = PEOPLE.income.idxmax() + 1
    if high in one.index:
        assert (one.loc[high, "income"] > 0) == (answer == "yes")


def test_answers_by_lot_are_grave(table, work):
    class Lot(Linear):
        def predict(self, data):
            return pa.table({"prediction": np.random.default_rng().random(data.num_rows)})

    assert "unsteady" in _rules(check(Lot(), data=table(FRAME), samples=2, work=work))
    assert "unsteady" not in _rules(check(Linear(), data=table(FRAME), samples=2, work=work))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_answers_that_are_no_numbers_are_told(table, work, bad):
    class Lost(Linear):
        def predict(self, data):
            found = super().predict(data)["prediction"].to_numpy().copy()
            found[0] = bad
            return pa.table({"prediction": found})

    with pytest.raises(AssayError, match="no finite number"):
        check(Lost(), data=table(FRAME), work=work)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"bias": [0.0], "margin": [0.0]}, "no feature"),
        ({"a": ["x"], "bias": [0.0], "margin": [0.0]}, "numbers are wanted"),
        ({"a": [np.nan], "bias": [0.0], "margin": [0.0]}, "not all finite"),
    ],
)
def test_contributions_of_another_shape_are_told(table, work, columns, said):
    class Odd(Linear):
        def contributions(self, data, *, of=None):
            return pa.table({k: v * data.num_rows for k, v in columns.items()})

    with pytest.raises(AssayError, match=said):
        check(Odd(), data=table(FRAME), work=work)


@pytest.mark.parametrize("about", [b"\xff", b"[1]", b"[" * 4000, b'{"unit": 3}'])
def test_what_contributions_say_of_themselves_may_be_anything(table, work, about):
    class Odd(Exact):
        def contributions(self, data, *, of=None):
            return super().contributions(data).replace_schema_metadata({b"assay": about})

    assert check(Odd(), data=table(FRAME), work=work).metric("additivity").value < 1e-9


def test_constant_features_missing_values_and_one_value_answers(table, work):
    class Still(Linear):
        weights = np.zeros(3)

        def predict(self, data):
            return pa.table({"prediction": np.zeros(data.num_rows)})

    frame = FRAME.assign(b=1.0, c=None)
    report = check(Still(), data=table(frame), work=work)
    assert {"goes_by_nothing", "constant_feature"} <= _rules(report)
    finding = next(f for f in report.findings if f.rule.endswith("constant_feature"))
    assert finding.count == 2 and "b, c" in finding.message


def test_one_row_and_no_row(table, work):
    with pytest.raises(UsageError, match="nothing to be measured against"):
        check(Linear(), data=table(FRAME.head(1)), work=work)
    alone = check(Exact(), data=table(FRAME.head(1)), work=work)
    assert alone.metric("mean_abs_shap", feature="a").interval is None
    with pytest.raises(AssayError, match="no row to explain"):
        check(Exact(), data=table(FRAME.head(0)), work=work)


@pytest.mark.slow
def test_two_thousand_features_stay_within_the_budget(table, work):
    class Wide(Linear):
        info = ModelInfo("script", "script", tuple(f"f{i}" for i in range(2000)))

        def predict(self, data):
            return pa.table({"prediction": data.column("f7").to_numpy() * 2})

    wide = pa.table({f"f{i}": np.random.default_rng(i).normal(size=20) for i in range(2000)})
    report = check(Wide(), data=table(wide), budget=9_000, work=work)
    assert report.metric("rows_asked").value <= 9_000
    assert report.data["order"][0] == "f7" and report.coverage.examined == 1
    with pytest.raises(UsageError, match="--budget 8004"):
        check(Wide(), data=table(wide), budget=5_000, work=work)


def test_effects_interactions_and_shuffling(table, work):
    class Product(Linear):
        def predict(self, data):
            x = [data.column(n).to_numpy() for n in "abc"]
            return pa.table({"prediction": x[0] * x[1] + x[2]})

    frame = FRAME.assign(y=FRAME.a * FRAME.b + FRAME.c)
    report = check(
        Product(), data=table(frame), feature=("c",), interactions=True, permute=4, label="y", work=work
    )
    pairs = {frozenset(m.of["pair"].split(" × ")): m.value for m in report.metrics if m.name == "h_squared"}
    assert pairs[frozenset("ab")] > 0.5 and pairs[frozenset("ac")] < 1e-12
    grid = FRAME.c.max() - FRAME.c.min()
    assert report.metric("partial_dependence_swing", along="c").value == pytest.approx(grid)
    assert report.metric("ale_swing", along="c").value == pytest.approx(grid)
    assert report.metric("permutation_importance", feature="c").value == pytest.approx(
        2 * FRAME.c.var() / frame.y.var(), rel=0.3
    )
    assert report.metric("permutation_importance", feature="c").interval is not None
    titles = [c.title for c in report.charts]
    assert sum("Partial dependence" in t or "Accumulated" in t for t in titles) == 2


def test_groups_that_are_judged_by_other_things_are_told(table, work):
    class Unequal(Linear):
        info = ModelInfo("script", "script", ("a", "b", "sex"))

        def contributions(self, data, *, of=None):
            woman = np.array(data.column("sex").to_pylist()) == "f"
            a = np.where(woman, 5, 1) * data.column("a").to_numpy()
            b = data.column("b").to_numpy()
            zero = np.zeros(len(a))
            return pa.table({"a": a, "b": b, "sex": zero, "bias": zero, "margin": a + b})

        def predict(self, data):
            return pa.table({"prediction": self.contributions(data)["margin"]})

    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(600, 2)), columns=["a", "b"]).assign(
        sex=["f", "m"] * 300
    )
    report = check(Unequal(), data=table(frame), cohort=("sex",), work=work)
    told = [f for f in report.findings if f.rule == "model.explain.cohort"]
    assert {f.where["column"] for f in told} == {"a", "b"}
    said = next(f.message for f in told if f.where["column"] == "a")
    assert said.startswith("Where sex is ") and "a makes up" in said
    women = report.metric("cohort_mean_abs_shap", group="f", feature="a").value
    assert women == pytest.approx(5 * frame.a[frame.sex == "f"].abs().mean())
    with pytest.raises(UsageError, match="600 groups"):
        check(Unequal(), data=table(frame.assign(id=range(600))), cohort=("id",), work=work)


def test_the_interval_of_importance_holds_the_truth(table, work):
    wide = pd.DataFrame(np.random.default_rng(5).normal(size=(2000, 3)), columns=list("abc"))
    metric = check(Exact(), data=table(wide), work=work).metric("mean_abs_shap", feature="a")
    low, high = metric.interval
    assert low < 3 * np.sqrt(2 / np.pi) < high and high - low == pytest.approx(
        4 * 3 * 0.603 / 2000**0.5, rel=0.2
    )


def test_rows_may_be_bounded_and_the_one_asked_for_is_among_them(table, work):
    report = check(Exact(), data=table(FRAME), most=10, row=(77,), work=work)
    rows = read(report, work).column("row").to_pylist()
    assert 77 in rows and len(rows) in (10, 11)


def test_the_inside_is_a_small_tree_where_there_is_nothing_else(table, work):
    report = check(Linear(), data=table(FRAME), inside=True, depth=4, work=work)
    assert report.data["inside"] == "a small tree that answers alike"
    assert report.metric("surrogate_fidelity").value > 0.4


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "tree"},
        {
            "kind": "tree",
            "left": [0],
            "right": [0],
            "feature": [0],
            "threshold": [0],
            "cover": [1],
            "value": [[1]],
            "names": ["a"],
            "classes": [],
        },
        {"kind": "linear", "coefficients": [[1, 2]], "intercept": [0], "names": ["a"], "classes": []},
        {"kind": "linear", "coefficients": "x", "intercept": [0], "names": ["a"], "classes": []},
        {"kind": 7},
    ],
)
def test_an_inside_that_makes_no_sense_is_not_believed(table, work, raw):
    class Odd(Linear):
        def background(self, data):
            return None

        def interactions(self, data, *, of=None):
            return None

        def inside(self):
            return raw

    report = check(Odd(), data=table(FRAME), inside=True, work=work)
    assert report.data["inside"] == "a small tree that answers alike"


def test_for_people_who_decide_it_is_one_page_and_every_finding_stays(table, work):
    def told(voice):
        return check(
            LoanWithValues(), data=table(PEOPLE), row=(1,), want="yes", reasons=2, voice=voice, work=work
        )

    engineer, page = told("engineer"), told("stakeholder")
    assert _rules(engineer) <= _rules(page)
    assert {m.name for m in page.metrics} == {"share"}
    assert sum(m.value for m in page.metrics) == pytest.approx(1)
    said = " ".join(f.message for f in page.findings if f.rule.endswith("in_words"))
    assert "goes most by income" in said and "Why" not in said and "because income is 25" in said
    for jargon in ("SHAP", "log-odds", "margin", "additiv"):
        assert jargon not in said


def test_more_features_than_subsets_can_be_asked_about_are_weighed_by_coalitions(table, work):
    class Wider(Linear):
        info = ModelInfo("script", "script", tuple(f"f{i}" for i in range(24)))

        def predict(self, data):
            return pa.table({"prediction": data.column("f3").to_numpy() * data.column("f4").to_numpy()})

    wide = pa.table({f"f{i}": np.random.default_rng(i).normal(size=60) for i in range(24)})
    report = check(Wider(), data=table(wide), budget=60_000, samples=20, work=work)
    assert report.data["method"] == "kernel SHAP of 20 rows" and report.data["background"] == 31
    assert report.metric("rows_asked").value <= 60_000
    assert set(report.data["order"][:2]) == {"f3", "f4"}
    assert report.metric("additivity").value < 1e-9 and report.metric("sampling_error").value > 0


class Nameless(Linear):
    """Takes two columns by their place."""

    info = ModelInfo("script", "script", ())

    def predict(self, data):
        if data.num_columns != 2:
            raise AssertionError(f"it was given {data.column_names}")
        return pa.table({"prediction": data.column(0).to_numpy() - data.column(1).to_numpy()})


def test_the_label_is_no_feature_to_a_model_that_names_none(table, work):
    # it was given the truth as a feature, or failed on it
    rows = FRAME[["a", "b"]].assign(truth=FRAME.a - FRAME.b)
    rows["b"] *= 3
    report = check(Nameless(), data=table(rows), label="truth", permute=2, row=(2,), want=">= 100", work=work)
    assert report.data["order"] == ["b", "a"]
    assert report.metric("permutation_importance", feature="b").value > 0


def test_changes_keep_the_columns_of_a_model_that_knows_them_by_place(table, work):
    # they stood in order of importance, and the model was asked with the wrong values
    rows = FRAME[["a", "b"]].assign(b=FRAME.b * 3)
    low = int((rows.a - rows.b).argmin())
    report = check(Nameless(), data=table(rows), row=(low + 1,), want=">= 0", work=work)
    (change,) = [m for m in report.metrics if m.name == "change"][:1]
    name, _, to = change.of["change"].replace(" → ", ": ").split(": ")
    changed = {**rows.loc[low].to_dict(), name: float(to)}
    assert changed["a"] - changed["b"] >= -0.01


def test_a_row_says_what_it_is_answered_and_of_which_class_its_values_are(table, work):
    # an engineer read -5.05 log-odds, and not of what
    class Two(Exact):
        info = ModelInfo("script", "script", ("a", "b", "c"), ("no", "yes"), "binary")

        def predict(self, data):
            margin = Exact.predict(self, data)["prediction"].to_numpy()
            return pa.table(
                {"prediction": np.where(margin > 0, "yes", "no"), "score": 1 / (1 + np.exp(-margin))}
            )

        def contributions(self, data, *, of=None):
            found = {n: data.column(n).to_numpy() * w for n, w in zip("abc", self.weights, strict=True)}
            margin = Exact.predict(self, data)["prediction"].to_numpy()
            return pa.table(found | {"bias": np.full(data.num_rows, 0.5), "margin": margin})

    at = int(FRAME.a.argmin())
    report = check(Two(), data=table(FRAME), row=(at + 1,), work=work)
    (told,) = [m for m in report.metrics if m.name == "answer"]
    assert told.of == {"row": at + 1, "says": "no", "values of": "yes"}
    assert told.value == pytest.approx(FRAME.a[at] * 3 - FRAME.b[at] * 2 + 0.5)
    (fall,) = [c for c in report.charts if c.kind == "waterfall"]
    assert "margin of yes" in fall.alt and fall.alt.endswith("It answers no.")
    number = check(Exact(), data=table(FRAME), row=(1,), work=work)
    (told,) = [m for m in number.metrics if m.name == "answer"]
    assert "values of" not in told.of and float(told.of["says"]) == pytest.approx(told.value, rel=1e-4)


def test_bars_of_two_groups_stand_beside_each_other_feature_by_feature(table, work):
    # all bars of one group came first, each feature's name twice
    rows = FRAME.assign(sex=["F", "M"] * 40)
    report = check(Exact(), data=table(rows), cohort=("sex",), work=work)
    (chart,) = [c for c in report.charts if c.kind == "grouped_bar"]
    assert [r["feature"] for r in chart.data] == ["a", "a", "b", "b", "c", "c"]


def test_single_rows_of_a_partial_dependence_are_called_by_their_own_numbers(table, work):
    # "a row (18)" was the 18th of a sample
    rows = pd.DataFrame({"a": np.arange(1000.0), "b": np.arange(1000.0) * 10, "c": 0.0})
    report = check(Exact(), data=table(rows), feature=("a",), work=work)
    (chart,) = [c for c in report.charts if c.title.startswith("Partial dependence")]
    lines = {r["line"]: r for r in chart.data if r["line"] != "mean" and r["value"] == 0.0}
    assert lines and max(int(n.split()[1]) for n in lines) > 200
    for name, point in lines.items():
        assert point["answer"] == pytest.approx(-2 * 10 * (int(name.split()[1]) - 1) + 0.5)


def test_every_subset_is_asked_about_where_fewer_rows_behind_allow_it(table, work):
    # six features were sampled against 200 rows, with an error, where every subset against 156 has none
    rows = pd.DataFrame(np.random.default_rng(3).normal(size=(400, 6)), columns=list("abcdef"))

    class Six(Linear):
        info = ModelInfo("script", "script", tuple("abcdef"))

        def predict(self, data):
            return pa.table({"prediction": data.column("a").to_numpy() * data.column("b").to_numpy()})

    report = check(Six(), data=table(rows), samples=20, budget=200_000, work=work)
    assert "every subset" in report.data["method"] and report.data["background"] == 156
    assert "sampling_error" not in {m.name for m in report.metrics}
    assert report.metric("mean_abs_shap", feature="c").value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("features", [9, 14, 24])
def test_no_more_rows_are_asked_about_than_the_budget_and_what_checks_them(table, work, features):
    # sizes of coalitions taken whole made it a twentieth more
    names = [f"f{i}" for i in range(features)]

    class Wide(Linear):
        info = ModelInfo("script", "script", tuple(names))

        def predict(self, data):
            return pa.table({"prediction": data.column("f1").to_numpy() * data.column("f2").to_numpy()})

    rows = pd.DataFrame(np.random.default_rng(3).normal(size=(250, features)), columns=names)
    report = check(Wide(), data=table(rows), samples=20, budget=30_000, row=(4,), work=work)
    assert report.metric("rows_asked").value <= 30_000 + 20
    told = [m for m in report.metrics if m.name == "shap" and m.of["feature"].startswith("f2 ")]
    assert told[0].interval is not None and told[0].interval[0] < told[0].value < told[0].interval[1]
