"""From training to an answer over HTTP, each framework as a user serves it: answers equal to the library's own, in every form.

The files are registered, approved and served from the command line; the last model is a pipeline's, whose training data was
treated, and is asked with raw rows.
"""

from __future__ import annotations

import http.client
import io
import json
import signal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.doors.gateway.test_serve import Served, until

pytestmark = pytest.mark.slow
NAMES = [f"x{i}" for i in range(4)]
TRAIN = """
import glob, os
import pandas as pd
import xgboost
frame = pd.concat([pd.read_csv(p) for p in sorted(glob.glob(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "*.csv")))])
model = xgboost.XGBClassifier(n_estimators=15, max_depth=3, n_jobs=1).fit(frame[["pc1", "pc2", "age"]], frame["good"])
model.get_booster().save_model(os.path.join(os.environ["SM_MODEL_DIR"], "model.json"))
"""
PIPELINE = """
name: prepared
data:
  raw: {source: raw.csv}
settings: {isolation: partial}
steps:
  apart:    {treat: data.decorrelate, of: raw, facet: [group], columns: [pay, hours], gate: none}
  parts:    {treat: data.pca, of: apart, columns: [pay, hours], keep: [age, good], components: 2, gate: none}
  split:    {treat: data.split, of: parts, test: 0.25, seed: 7}
  model:    {train: train.py, of: {train: split.train}, isolation: partial}
  scan:     {check: model.scan, of: model}
  validate: {check: model.validate, of: model, data: split.test, label: good, gate: none}
  register: {do: model.register, of: model, as: prepared}
"""


def _rows():
    rng = np.random.default_rng(5)
    x = pd.DataFrame(rng.normal(size=(300, 4)).round(3), columns=NAMES)
    return x, ((x["x0"] + x["x1"] * x["x2"]) > 0).astype(int)


def lightgbm(folder):
    library = pytest.importorskip("lightgbm", reason="pip install 'assay[lightgbm]'")
    x, y = _rows()
    model = library.LGBMClassifier(n_estimators=20, num_leaves=7, n_jobs=1, verbose=-1).fit(x, y)
    model.booster_.save_model(folder / "lightgbm.txt")
    return folder / "lightgbm.txt", model.predict_proba(x)[:, 1]


def catboost(folder):
    library = pytest.importorskip("catboost", reason="pip install 'assay[catboost]'")
    x, y = _rows()
    model = library.CatBoostClassifier(
        iterations=20, depth=3, verbose=False, thread_count=1, allow_writing_files=False
    )
    model.fit(x, y)
    model.save_model(str(folder / "model.cbm"))
    return folder / "model.cbm", model.predict_proba(x)[:, 1]


def sklearn(folder):
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    x, y = _rows()
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression()).fit(x, y)
    joblib.dump(model, folder / "pipeline.joblib")
    return folder / "pipeline.joblib", model.predict_proba(x)[:, 1]


def onnx(folder):
    """A logistic regression in ONNX, built node by node, beside onnxruntime's own answer."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'assay[onnx]'")
    library = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 1], [1.0, -0.5, 0.25, 0.1])
    bias = helper.make_tensor("b", TensorProto.FLOAT, [1], [0.2])
    nodes = [
        helper.make_node("MatMul", ["input", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["a"]),
        helper.make_node("Sigmoid", ["a"], ["score"]),
    ]  # fmt: skip
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, 4])
    told = helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph(nodes, "logistic", [given], [told], [weights, bias])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    library.save(made, str(folder / "logistic.onnx"))
    asked = onnxruntime.InferenceSession(str(folder / "logistic.onnx"))
    x = _rows()[0].to_numpy(np.float32)
    return folder / "logistic.onnx", asked.run(None, {"input": x})[0].ravel()


def bodies(frame):
    """The first rows in five forms, columns named where the form can."""
    arrow, parquet = io.BytesIO(), io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(arrow, table.schema) as out:
        out.write_table(table)
    pq.write_table(table, parquet)
    return {
        "text/csv": frame.to_csv(index=False, header=False).encode(),
        "application/json": json.dumps({"instances": frame.to_numpy().tolist()}).encode(),
        "application/jsonlines": frame.to_json(orient="records", lines=True).encode(),
        "application/x-parquet": parquet.getvalue(),
        "application/vnd.apache.arrow.stream": arrow.getvalue(),
    }


def ask(served, name, body, kind):
    """Return what an endpoint answers, as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    try:
        headers = {"content-type": kind, "accept": "application/json"}
        connection.request("POST", f"/endpoints/{name}/invocations", body, headers)
        found = connection.getresponse()
        return found.status, json.loads(found.read())
    finally:
        connection.close()


def numbers(told):
    """The score of each row, its prediction where there is none."""
    return [t.get("score", t["prediction"]) for t in told["predictions"]]


@pytest.fixture
def serving(assay, tmp_path):
    """Start a server of a home in which a model is approved and an endpoint of its name asks for it."""
    made = []

    def serve(name):
        assay(tmp_path, "model", "approve", name, "--reason", "seen")
        assay(
            tmp_path,
            "endpoint",
            "create",
            name,
            "--model",
            f"{name}@1",
            "--auth",
            "none",
            "--firewall",
            "off",
            "--rate",
            "0",
        )
        made.append(Served(tmp_path))
        return made[-1]

    yield serve
    for one in made:
        assert one.end()[0] in (0, -signal.SIGTERM)


@pytest.mark.parametrize("make", [lightgbm, onnx, catboost, sklearn])
def test_an_endpoint_answers_as_the_library_does_in_every_form(assay, tmp_path, serving, make):
    path, expected = make(tmp_path)
    assay(tmp_path, "init", ".")
    assay(tmp_path, "model", "register", str(path), "--as", "m")
    served = serving("m")
    frame = _rows()[0].head(6)
    until(lambda: ask(served, "m", bodies(frame)["text/csv"], "text/csv")[0] == 200)
    for kind, body in bodies(frame).items():
        status, told = ask(served, "m", body, kind)
        assert status == 200, (kind, told)
        assert np.allclose(np.ravel(numbers(told)), expected[:6], atol=1e-5), kind


def test_what_was_fitted_runs_before_the_model_at_the_endpoint(assay, tmp_path, serving):
    rng = np.random.default_rng(9)
    group = rng.choice(["a", "b"], 600)
    raw = pd.DataFrame({
        "group": group, "pay": (rng.normal(10, 2, 600) + 3 * (group == "a")).round(3), "hours": rng.normal(40, 5, 600).round(3),
        "age": rng.integers(18, 70, 600),
    })  # fmt: skip
    raw["good"] = ((raw["pay"] + raw["age"] / 20) > 13).astype(int)
    raw.to_csv(tmp_path / "raw.csv", index=False)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "assay.yaml").write_text(PIPELINE)
    assay(tmp_path, "init", ".")
    (tmp_path / "assay.yaml").write_text(PIPELINE)
    done = assay.run(tmp_path, "run")
    said = done.stdout + done.stderr
    assert "applies apart (data.decorrelate), parts (data.pca)" in " ".join(said.split())
    (package,) = (tmp_path / ".assay" / "packages" / "prepared").glob("*/package")
    schema = json.loads((package / "input_schema.json").read_bytes())
    assert [f["name"] for f in schema["features"]] == ["age", "group", "pay", "hours"]
    # What the model itself says of the rows that training saw, by the treatments' own command line
    frame = raw.head(8)
    whole = _expected(assay, tmp_path, raw)
    expected = whole[:8]
    served = serving("prepared")
    asked = frame[["age", "group", "pay", "hours"]]
    until(lambda: ask(served, "prepared", bodies(asked)["text/csv"], "text/csv")[0] == 200)
    for kind, body in bodies(asked).items():
        status, told = ask(served, "prepared", body, kind)
        assert status == 200, (kind, told)
        assert np.allclose(numbers(told), expected, atol=1e-6), kind
    status, told = ask(served, "prepared", b'{"pc1": 1, "pc2": 2, "age": 3}', "application/json")
    assert status == 400
    # and a check that asks the registered model asks it with raw rows too
    found = assay.json(tmp_path, "check", "model.validate", "registry://prepared@1", "--data", "raw.csv", "--label", "good",
                       "--fail-on", "none")  # fmt: skip
    assert next(m["value"] for m in found["metrics"] if m["name"] == "accuracy") == pytest.approx(
        ((whole > 0.5) == raw["good"]).mean()
    )


def _expected(assay, folder, raw):
    """The scores of the model about rows that its pipeline's treatments made."""
    import tarfile

    import xgboost

    raw.to_csv(folder / "again.csv", index=False)
    assay(folder, "treat", "data.decorrelate", "again.csv", "--facet", "group", "--columns", "pay", "--columns", "hours",
          "-o", "apart.parquet")  # fmt: skip
    assay(folder, "treat", "data.pca", "apart.parquet", "--columns", "pay", "--columns", "hours", "--keep", "age", "--keep", "good",
          "--components", "2", "-o", "parts.parquet")  # fmt: skip
    (archive,) = (folder / ".assay" / "packages" / "prepared").glob("*/package/model*")
    with tarfile.open(archive) as source:
        source.extractall(folder / "unpacked", filter="data")
    booster = xgboost.Booster(model_file=str(folder / "unpacked" / "model.json"))
    parts = pd.read_parquet(folder / "parts.parquet")[["pc1", "pc2", "age"]]
    return booster.inplace_predict(parts.to_numpy(), validate_features=False)
