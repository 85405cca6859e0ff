from __future__ import annotations

import os
import subprocess
import sys
import time

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost as xgb
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from assay.engines import archives
from assay.engines.models import open_model
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError


@pytest.fixture
def opened(tmp_path):
    """Open a model file in the sandbox."""
    models = []

    def open_(path, format=""):
        scratch = tmp_path / f"scratch{len(models)}"
        scratch.mkdir()
        asset = Asset("model", path.name, str(path), "sha256:0", format)
        model = open_model(path, asset, scratch=scratch, level="partial")
        models.append(model)
        return model

    yield open_
    for model in models:
        model.close()


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    kind = rng.choice(["red", "green", "blue"], 400)
    x, z = rng.normal(size=400), rng.normal(size=400)
    label = ((x + (kind == "red")) > 0.5).astype(int)
    return pd.DataFrame({"x": x, "z": z, "kind": kind}), label


def _booster(frame, label):
    categories = frame.assign(kind=frame.kind.astype("category"))
    return xgb.XGBClassifier(n_estimators=20, max_depth=3, enable_categorical=True).fit(
        categories, label
    ), categories


def test_xgboost_with_categories(opened, frame, tmp_path):
    table, label = frame
    model, categories = _booster(table, label)
    model.get_booster().save_model(tmp_path / "model.json")
    handle = opened(tmp_path / "model.json", "json")
    assert handle.info.framework == "xgboost" and handle.info.features == ("x", "z", "kind")
    arrow = pa.Table.from_pandas(table.assign(extra=1))
    answers = handle.predict(arrow)
    expected = model.predict_proba(categories)[:, 1]
    assert answers.column("score").to_numpy() == pytest.approx(expected, abs=1e-6)
    assert (answers.column("prediction").to_numpy() == (expected > 0.5)).all()
    contributions = handle.contributions(arrow)
    assert contributions.column_names == ["x", "z", "kind", "bias", "margin"]
    *parts, margin = (c.to_numpy() for c in contributions.columns)
    total = np.column_stack(parts).sum(axis=1)
    assert total == pytest.approx(margin, abs=1e-5)
    assert total == pytest.approx(np.log(expected / (1 - expected)), abs=1e-4)


def test_a_category_that_was_never_seen_is_missing(opened, frame, tmp_path):
    table, label = frame
    model, _ = _booster(table, label)
    model.get_booster().save_model(tmp_path / "model.json")
    handle = opened(tmp_path / "model.json", "json")
    odd = pa.Table.from_pandas(table.head(5).assign(kind="mauve"))
    none = pa.Table.from_pandas(table.head(5).assign(kind=None)).set_column(
        2, "kind", pa.nulls(5, pa.string())
    )
    assert handle.predict(odd).column("score").to_pylist() == handle.predict(none).column("score").to_pylist()


def test_scikit_learn_in_a_tar(opened, frame, tmp_path):
    table, label = frame
    numbers = table[["x", "z"]]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(numbers, np.where(label, "yes", "no"))
    folder = tmp_path / "m"
    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")
    archives.pack(folder, tmp_path / "model.tar.gz")
    handle = opened(tmp_path / "model.tar.gz", "tar.gz")
    assert handle.info.classes == ("no", "yes") and handle.info.task == "binary"
    answers = handle.predict(pa.Table.from_pandas(table))
    assert answers.column("prediction").to_pylist() == model.predict(numbers).tolist()
    assert answers.column("score").to_numpy() == pytest.approx(model.predict_proba(numbers)[:, 1])
    assert handle.contributions(pa.Table.from_pandas(table)) is None


def _scored(handle, table, of):
    """Ask, and hold the values to the answers: they add up, and are named by the data's own columns."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    score = handle.predict(arrow).column("score").to_numpy()
    found = handle.contributions(arrow, of=of)
    *parts, margin = (c.to_numpy() for c in found.columns)
    assert sum(parts) == pytest.approx(margin, abs=1e-5)
    assert margin == pytest.approx(np.log(score / (1 - score)), abs=1e-4)
    assert found.column_names == [*table.columns, "bias", "margin"]
    return score


def test_an_xgboost_that_learned_from_a_matrix_names_the_columns_of_the_data(opened, frame, tmp_path):
    # values were of f0 and f1, which stand in no table; a column too many ended in XGBoost's own stack
    table, label = frame
    model = xgb.XGBClassifier(n_estimators=5, max_depth=3).fit(table[["x", "z"]].to_numpy(), label)
    model.get_booster().save_model(tmp_path / "model.ubj")
    handle = opened(tmp_path / "model.ubj", "ubj")
    _scored(handle, table[["x", "z"]], "1")
    with pytest.raises(
        AssayError, match="takes 2 columns in the order of its training, not 3: name the label"
    ):
        handle.predict(pa.Table.from_pandas(table))
    with pytest.raises(AssayError, match="'kind' is none") as told:
        handle.predict(pa.Table.from_pandas(table[["x", "kind"]]))
    assert "ValueError" not in str(told.value)


def test_words_where_a_booster_learned_numbers_are_no_missing_values(opened, frame, tmp_path):
    # they were taken for missing, and it answered all the same
    table, label = frame
    coded = table.assign(kind=table.kind.map({"red": 0, "green": 1, "blue": 2}))
    xgb.XGBClassifier(n_estimators=5).fit(coded, label).get_booster().save_model(tmp_path / "model.json")
    handle = opened(tmp_path / "model.json", "json")
    texts = coded.assign(kind=coded.kind.astype(str).where(coded.index > 3))
    expected = handle.predict(pa.Table.from_pandas(coded.iloc[10:]))
    assert (
        handle.predict(pa.Table.from_pandas(texts.iloc[10:])) == expected
    )  # numbers written as texts are numbers
    with pytest.raises(AssayError, match="numbers in 'kind', which holds '(red|green|blue)'"):
        handle.predict(pa.Table.from_pandas(table))


def test_lightgbm_knows_its_categories_in_each_form_it_is_saved(opened, frame, tmp_path):
    # one saved by joblib was given texts, and refused them
    lightgbm = pytest.importorskip("lightgbm", reason="pip install 'assay[lightgbm]'")
    table, label = frame
    learned = table.assign(kind=table.kind.astype("category"), floor=pd.Categorical(np.arange(400) % 3))
    model = lightgbm.LGBMClassifier(n_estimators=9, verbose=-1).fit(learned, np.where(label, "yes", "no"))
    joblib.dump(model, tmp_path / "model.joblib")
    model.booster_.save_model(tmp_path / "model.txt")
    given = table.assign(floor=np.arange(400) % 3)
    for name, of in (("model.joblib", "yes"), ("model.txt", "1")):
        handle = opened(tmp_path / name, name.split(".")[1])
        assert _scored(handle, given, of) == pytest.approx(model.predict_proba(learned)[:, 1])
        few = given.head(3)  # of which one category alone is there
        assert _scored(handle, few, of) == pytest.approx(model.predict_proba(learned.head(3))[:, 1])


@pytest.mark.parametrize("library", ["lightgbm", "catboost", "sklearn"])
def test_what_learned_from_a_matrix_takes_columns_in_their_order(opened, frame, tmp_path, library):
    # LightGBM and CatBoost were asked for columns named Column_0 and 0; scikit-learn's values were of "0"
    module = pytest.importorskip(library)
    table, label = frame
    numbers, name = table[["x", "z"]].to_numpy(), "model.joblib"
    if library == "lightgbm":
        model, name = module.LGBMClassifier(n_estimators=9, verbose=-1).fit(numbers, label), "model.txt"
        model.booster_.save_model(tmp_path / name)
    elif library == "catboost":
        model, name = (
            module.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False),
            "model.cbm",
        )
        model.fit(numbers, label).save_model(str(tmp_path / name))
    else:
        model = LogisticRegression().fit(numbers, label)
        joblib.dump(model, tmp_path / name)
    handle = opened(tmp_path / name, name.split(".")[1])
    arrow = pa.Table.from_pandas(table[["x", "z"]])
    handle.background(arrow)
    assert _scored(handle, table[["x", "z"]], "1") == pytest.approx(
        model.predict_proba(numbers)[:, 1], abs=1e-6
    )
    if library == "sklearn":
        assert handle.inside()["names"] == ["x", "z"]


def test_an_inference_script(opened, tmp_path):
    folder = tmp_path / "m"
    (folder / "code").mkdir(parents=True)
    (folder / "w.txt").write_text("2")
    (folder / "code" / "inference.py").write_text(
        "def model_fn(d): return float(open(d + '/w.txt').read())\ndef predict_fn(frame, w):\n    print('noise')\n    return frame['x'] * w + 5\n"
    )
    archives.pack(folder, tmp_path / "model.tar.gz")
    handle = opened(tmp_path / "model.tar.gz", "tar.gz")
    assert handle.predict(pa.table({"x": [1.0, 2.0]})).column("prediction").to_pylist() == [7.0, 9.0]


def test_a_column_that_is_not_there_is_named(opened, frame, tmp_path):
    table, label = frame
    model, _ = _booster(table, label)
    model.get_booster().save_model(tmp_path / "model.json")
    handle = opened(tmp_path / "model.json", "json")
    with pytest.raises(AssayError, match="kind"):
        handle.predict(pa.Table.from_pandas(table[["x", "z"]]))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04garbage", b'{"learner": 1}'])
def test_what_is_no_model_is_one_sentence(opened, tmp_path, content):
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(AssayError) as error:
        opened(tmp_path / "model.bin", "bin")
    assert "\n" not in str(error.value)


def test_a_script_that_crashes_its_worker_is_one_sentence(opened, tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "inference.py").write_text("import os\ndef model_fn(d): os._exit(9)\n")
    archives.pack(folder, tmp_path / "model.tar.gz")
    with pytest.raises(AssayError, match="cannot be used"):
        opened(tmp_path / "model.tar.gz", "tar.gz")


@pytest.mark.slow
def test_a_model_that_hangs_is_ended_and_one_that_raises_is_quoted(tmp_path):
    from assay.engines.isolation import Limits

    for name, body, said in (
        ("hangs", "while True: pass", "not answered within its time"),
        ("raises", "raise ArithmeticError('no such\\nthing')", "ArithmeticError: no such"),
    ):
        (tmp_path / name / "m").mkdir(parents=True)
        script = f"def model_fn(d): return 1\ndef predict_fn(frame, model):\n    {body}\n"
        (tmp_path / name / "m" / "inference.py").write_text(script)
        asset = Asset("model", name, name, "sha256:0")
        (tmp_path / name / "scratch").mkdir()
        limits = Limits(memory=4 << 30, seconds=6)
        with (
            open_model(
                tmp_path / name / "m",
                asset,
                scratch=tmp_path / name / "scratch",
                level="partial",
                limits=limits,
            ) as model,
            pytest.raises(AssayError, match=said) as told,
        ):
            model.predict(pa.table({"x": [1.0]}))
        assert name in str(told.value)


@pytest.mark.slow
def test_trees_and_lines_are_explained_across_the_sandbox(opened, frame, tmp_path):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier

    from assay.kernel.handles import Transparent

    table, label = frame
    numbers, arrow = table[["x", "z"]], pa.Table.from_pandas(table)
    for name, model in (
        ("forest", RandomForestClassifier(5)),
        ("tree", DecisionTreeClassifier(max_depth=3)),
        ("line", make_pipeline(StandardScaler(), LogisticRegression())),
    ):
        joblib.dump(model.fit(numbers, np.where(label, "yes", "no")), tmp_path / f"{name}.joblib")
        handle = opened(tmp_path / f"{name}.joblib", "joblib")
        assert isinstance(handle, Transparent)
        handle.background(arrow)
        for of, score in (
            ("yes", model.predict_proba(numbers)[:, 1]),
            ("no", model.predict_proba(numbers)[:, 0]),
        ):
            found = handle.contributions(arrow, of=of)
            *parts, margin = (c.to_numpy() for c in found.columns)
            assert sum(parts) == pytest.approx(margin, abs=1e-9)
            assert margin == pytest.approx(np.log(score / (1 - score)) if name == "line" else score)
        inside = handle.inside()
        assert (inside or {}).get("kind") == {"forest": None, "tree": "tree", "line": "linear"}[name]
        assert handle.interactions(arrow.slice(0, 5)) is None
    with pytest.raises(AssayError, match="no class"):
        handle.contributions(arrow, of="perhaps")


def test_many_rows_cross_and_return(opened, tmp_path):
    import resource

    def used():
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(u.ru_utime + u.ru_stime for u in both)

    rng = np.random.default_rng(0)
    table = pa.table({f"x{i}": rng.normal(size=200_000) for i in range(10)})
    sample = table.slice(0, 2000).to_pandas()
    model = xgb.XGBRegressor(n_estimators=10, max_depth=4).fit(sample, sample["x0"])
    model.save_model(tmp_path / "model.json")
    handle = opened(tmp_path / "model.json", "json")
    start = used()
    assert handle.predict(table).num_rows == 200_000
    assert 0 < used() - start < 10  # of the processor, whatever else the machine does


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("write(b'A', b'null')", "says nothing"),
        ("write(b'A', b'[' * 100_000)", "says nothing"),
        (
            'write(b\'A\', b\'{"framework": {}, "format": 1, "features": 3, "classes": [], "task": "x"}\')',
            "says nothing",
        ),
        ("os.write(fd, b'A' + b'\\xff' * 8)", "cannot be used"),
        ("write(b'E', b'\\x1b[2Jcleared')", "cleared"),
        ("write(b'A', describe); write(b'A', b'')", "no predictions"),
        ("write(b'A', describe); write(b'A', b'ARROW1\\0\\0' + b'\\xff' * 100)", "no table"),
        ("write(b'A', describe); write(b'A', table(['x'] * 9))", "9 rows for 2"),
        ("write(b'A', describe); write(b'A', table([0.5, 0.5], 'zstd'))", "compressed"),
    ],
)
def test_a_worker_that_answers_by_itself_is_one_sentence(opened, tmp_path, code, said):
    """A script may find the pipe and write to it what it likes."""
    script = f"""
import os, struct, sys, time
import pyarrow as pa
def write(kind, body):
    os.write(fd, struct.pack(">cQ", kind, len(body)) + body)
def table(values, codec=None):
    made = pa.table({{"prediction": values}})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, made.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as out:
        out.write_table(made)
    return sink.getvalue().to_pybytes()
describe = b'{{"framework": "x", "format": "x", "features": [], "classes": [], "task": "binary"}}'
def model_fn(folder):
    global fd
    fd = next(f for f in range(3, 20) if os.path.exists(f"/proc/self/fd/{{f}}") and "pipe" in os.readlink(f"/proc/self/fd/{{f}}") and os.get_blocking(f) and __import__("fcntl").fcntl(f, 3) & 1)
    {code}
    time.sleep(60)
"""
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "inference.py").write_text(script)
    archives.pack(folder, tmp_path / "model.tar.gz")
    with pytest.raises(AssayError, match=said):
        handle = opened(tmp_path / "model.tar.gz", "tar.gz")
        handle.predict(pa.table({"x": [1.0, 2.0]}))


def test_a_model_that_does_not_answer_in_time_is_ended_and_told_how_to_get_more(tmp_path):
    """It hung for an hour, and nothing on the command line could shorten that."""
    (tmp_path / "m").mkdir()
    code = "import time\nclass M:\n    def predict(self, rows):\n        time.sleep(600)\ndef model_fn(folder):\n    return M()\n"
    (tmp_path / "m" / "inference.py").write_text(code)
    (tmp_path / "rows.csv").write_text("a,y\n" + "1,0\n2,1\n" * 20)
    started = time.monotonic()
    env = {"ASSAY_ANSWER_SECONDS": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "assay", "check", "model.validate", "m", "--data", "rows.csv", "--label", "y"],
        cwd=tmp_path, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert time.monotonic() - started < 60 and done.returncode == 2
    assert "has not answered within 2 seconds" in done.stderr + done.stdout
    assert "ASSAY_ANSWER_SECONDS" in done.stderr + done.stdout


@pytest.mark.slow
def test_what_a_model_is_asked_is_a_span_and_its_own_times_are_marked(frame, tmp_path):
    from assay.engines.tracing import Recorder
    from assay.kernel.span import Scope

    table, label = frame
    path = tmp_path / "m.json"
    xgb.XGBClassifier(n_estimators=2).fit(table[["x", "z"]], label).save_model(path)
    (tmp_path / "s").mkdir()
    recorder = Recorder(Scope())
    asset = Asset("model", path.name, str(path), "sha256:0", "json")
    with open_model(path, asset, scratch=tmp_path / "s", level="partial", recorder=recorder) as model:
        model.predict(pa.Table.from_pandas(table[["x", "z"]]))
    spans = recorder.spans()
    by = {s.id: s for s in spans}
    told = {(s.name, by[s.parent].name if s.parent else "") for s in spans}
    assert told == {
        ("start worker", ""), ("load", ""), ("load, inside", "load"), ("answer, inside", "load"), ("predict", ""),
        ("answer, inside", "predict"),
    }  # fmt: skip
    for span in spans:
        assert span.untrusted == span.name.endswith("inside")
        if span.untrusted:
            assert by[span.parent].start <= span.start <= span.end <= by[span.parent].end
    assert next(s for s in spans if s.name == "predict").attributes["assay.bytes.sent"] > 400
