"""assay.yaml read: every mistake gets one sentence with its line and the nearest name; the order follows the uses."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.works.fitting import present
from assay.works.pipeline import load

DATA = "data:\n  d: {source: d.csv}\n"


def _load(tmp_path, steps, head=DATA, sets=()):
    path = tmp_path / "assay.yaml"
    path.write_text(f"{head}steps:\n{steps}")
    return load(path, sets)


@pytest.mark.parametrize(
    ("steps", "line", "said"),
    [
        ("  a: {check: data.profil, of: d}\n", 4, "did you mean 'data.profile'?"),
        ("  a: {check: data.profile, of: e}\n", 4, "no data set or step called 'e'"),
        ("  a: {chek: data.profile, of: d}\n", 4, "'chek' in the step 'a' is no verb; did you mean 'check'?"),
        ("  a: {of: d}\n", 4, "says none of check, treat, train, do"),
        ("  a: {check: data.profile, treat: data.drop, of: d}\n", 4, "says check and treat"),
        (
            "  a: {check: data.mask, of: d}\n",
            4,
            "data.mask is a treatment, and no check; say treat data.mask",
        ),
        ("  a: {check: data.profile, of: d.train}\n", 4, "'d' is a data set and has no part 'train'"),
        ("  a: {check: model.explain, of: d, data: d}\n", 4, "works on a model, and d is a table"),
        ("  a: {do: model.register, of: d, as: x}\n", 4, "works on a model, and d is a table"),
        ("  a: {check: data.pii, of: d}\n  b: {treat: data.drop, of: a, columns: [x]}\n", 5, "only examines"),
        (
            "  m: {train: t.py, of: d}\n  a: {check: data.profile, of: m}\n",
            5,
            "works on a table, and m is a model",
        ),
        ("  a: {check: data.profile, of: d, of: d}\n", 4, "says 'of' twice"),
        ("\ta: {check: data.profile, of: d}\n", 4, "is indented with a tab; YAML wants spaces"),
        ("  a: {check: data.profile, of: d\n", None, "may not be closed"),
        ("  a: {check: data.leakage, of: d, label: [x, y]}\n", 4, "label takes one value and 2 were given"),
        ("  a: {check: data.profile}\n", 4, "has no `of:`"),
        ("  a: {check: data.profile, of: d, gate: hihg}\n", 4, "did you mean 'high'?"),
        ("  a:\n    check: data.bias\n    of: d\n    labl: x\n", 7, "did you mean 'label'?"),
        ("  a: {check: data.bias, of: d, label: x}\n", 4, "needs 'facet'"),
        ("  a: {treat: data.split, of: d, test: 7}\n", 4, "a number above 0 and below 1"),
        ("  a: {treat: data.split, of: d, test: lots}\n", 4, "'lots' is not that"),
        ("  a: {do: model.registr, of: d, as: x}\n", 4, "did you mean 'model.register'?"),
        ("  a: {treat: data.drop, of: b}\n  b: {treat: data.drop, of: a}\n", None, "circle"),
        ("  d: {check: data.profile, of: d}\n", 4, "names a data set and a step"),
        ("  a: [1, 2]\n", 4, "must be a mapping"),
        ("  'a b': {check: data.profile, of: d}\n", 4, "cannot name"),
        ("  a: {do: model.register, of: d, as: x}\n", 4, "works on a model, and d is a table"),
        ("  a: {check: data.bias, of: d, label: , facet: [b]}\n", 4, "needs 'label'"),
        ("  a: {check: data.profile, of: d, correlated: .inf}\n", 4, "'inf' is not that"),
        ("  a: {check: data.profile, of: d, correlated: .nan}\n", 4, "'nan' is not that"),
        ("  a: {check: data.profile, of: d, correlations: 1e400}\n", 4, "is not that"),
        ("  a: {check: data.profile, of: d, correlated: !!timestamp zz}\n", 4, "cannot be read"),
    ],
)
def test_a_mistake_gets_one_sentence_with_its_place(tmp_path, steps, line, said):
    with pytest.raises(UsageError) as error:
        _load(tmp_path, steps)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    if line:
        assert f"assay.yaml:{line}:" in str(error.value)


def test_a_gate_stands_before_every_other_use(tmp_path):
    found = _load(
        tmp_path,
        "  use: {treat: data.drop, of: d, columns: [a]}\n  gate: {check: data.profile, of: d}\n"
        "  told: {check: data.pii, of: d, gate: none}\n",
    )
    assert list(found.steps) == ["gate", "use", "told"]
    assert found.needs["use"].gates == {"gate"}
    assert found.needs["told"].gates == {"gate"}
    assert found.needs["gate"].all == frozenset()


def test_after_says_otherwise(tmp_path):
    found = _load(
        tmp_path,
        "  gate: {check: data.profile, of: d}\n  use: {treat: data.drop, of: d, columns: [a], after: []}\n",
    )
    assert found.needs["use"].all == frozenset()


def test_a_model_is_scanned_before_it_is_judged(tmp_path):
    (tmp_path / "train.py").write_text("")
    found = _load(
        tmp_path,
        "  validate: {check: model.validate, of: model, data: d, label: y}\n"
        "  bias: {check: model.bias, of: model, data: d, label: y, facet: [s], positive: 1}\n"
        "  register: {do: model.register, of: model, as: m}\n"
        "  scan: {check: model.scan, of: model}\n"
        "  model: {train: train.py, of: {train: d}}\n",
    )
    order = list(found.steps)
    assert order.index("model") < order.index("scan") < order.index("validate") < order.index("register")
    assert found.needs["validate"].gates == {"scan"}
    assert found.needs["register"].all == {"model", "scan", "validate", "bias"}


def test_gates_are_read(tmp_path):
    found = _load(
        tmp_path,
        "  a: {check: data.profile, of: d, gate: none}\n  b: {check: data.pii, of: d, gate: [medium, incomplete]}\n"
        "  c: {check: data.integrity, of: d}\n",
    )
    assert found.steps["a"].gate.at is None
    assert (found.steps["b"].gate.at, found.steps["b"].gate.allow_incomplete) == (Severity.MEDIUM, True)
    assert found.steps["c"].gate.at is Severity.HIGH


def test_set_changes_a_parameter_and_one_entry_of_a_mapping(tmp_path):
    (tmp_path / "t.py").write_text("")
    found = _load(
        tmp_path,
        "  m: {train: t.py, of: d, hyperparameters: {depth: 3, rate: 0.1}}\n  s: {treat: data.split, of: d, test: 0.5}\n",
        sets=("m.hyperparameters.depth=9", "s.test=0.25"),
    )
    assert found.steps["m"].params["hyperparameters"] == {"depth": 9, "rate": 0.1}
    assert found.steps["s"].params["test"] == 0.25
    with pytest.raises(UsageError, match="--set"):
        _load(tmp_path, "  s: {treat: data.split, of: d, test: 0.5}\n", sets=("x.test=1",))


def test_a_wrong_setting_has_its_line(tmp_path):
    head = DATA + "settings:\n  cores: 2\n  isolaton: partial\n"
    with pytest.raises(
        UsageError, match=r"assay.yaml:5: there is no setting 'isolaton'; did you mean 'isolation'"
    ):
        _load(tmp_path, "  a: {check: data.profile, of: d}\n", head)


@pytest.mark.parametrize(
    ("steps", "line", "said"),
    [
        ("  a: {check: data.profile, of: d}\n", 2, "there is no file '.*d.csv'; did you mean 'dd.csv'"),
        ("  m: {train: trian.py, of: e}\n", 5, "there is no file '.*trian.py'; did you mean 'train.py'"),
    ],
)
def test_a_file_that_is_not_there_is_named_before_anything_runs(tmp_path, steps, line, said):
    (tmp_path / "dd.csv").write_text("a\n1\n")
    (tmp_path / "train.py").write_text("")
    found = _load(tmp_path, steps, DATA + "  e: {source: dd.csv}\n")
    with pytest.raises(UsageError, match=f"assay.yaml:{line}: {said}"):
        present(found, found.steps)


def test_urls_patterns_and_tables_inside_files_are_asked_when_they_are_opened(tmp_path):
    head = "data:\n  d: {source: 'part-*.csv'}\n  e: {source: 's3://bucket/key'}\n  f: {source: 'x.db::t'}\n"
    found = _load(tmp_path, "".join(f"  {n}{n}: {{check: data.profile, of: {n}}}\n" for n in "def"), head)
    present(found, found.steps)


def test_nothing_after_a_colon_is_as_if_it_were_not_said(tmp_path):
    found = _load(tmp_path, "  a: {check: data.profile, of: d, correlated: }\n")
    assert "correlated" not in found.steps["a"].params


def test_an_empty_source_is_not_the_folder_itself(tmp_path):
    with pytest.raises(UsageError, match="has an empty `source`"):
        _load(tmp_path, "  a: {check: data.profile, of: d}\n", head="data: {d: ''}\n")


@pytest.mark.parametrize("value", ["!!timestamp zz", "[" * 5000, "*x", "{a: 1, a: 2}", "\ud800"])
def test_set_takes_what_is_no_yaml_as_a_text(tmp_path, value):
    steps = "  a: {check: data.bias, of: d, label: x, facet: [b]}\n"
    found = _load(tmp_path, steps, sets=(f"a.label={value}",))
    assert found.steps["a"].params["label"] == value
