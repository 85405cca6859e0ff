from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.works.call import call
from assay.works.checking import carry_out


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, pd.DataFrame, Any]:
    """A linear model, which rests most on a, less on b, least on c, while all three vary alike."""
    import joblib
    from sklearn.linear_model import LogisticRegression

    folder = tmp_path_factory.mktemp("m")
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(1_000, 3)), columns=list("abc"))
    label = (3 * frame["a"] + 2 * frame["b"] + 0.3 * frame["c"] + random.normal(size=1_000) > 0).astype(int)
    model = LogisticRegression().fit(frame, label)
    joblib.dump(model, folder / "model.joblib")
    frame.to_csv(folder / "train.csv", index=False)
    return folder, frame, model


def captured(path: Path, frame: pd.DataFrame) -> Path:
    with path.open("w") as out:
        for n, row in enumerate(frame.itertuples(index=False)):
            sides = {
                "endpointInput": {"data": ",".join(map(repr, row)), "encoding": "CSV"},
                "endpointOutput": {"data": "1", "encoding": "CSV"},
            }
            out.write(json.dumps({"captureData": sides, "eventMetadata": {"eventId": str(n)}}) + "\n")
    return path


@pytest.mark.parametrize("kind", ["in memory", pytest.param("in the sandbox", marks=pytest.mark.slow)])
def test_answers_that_rest_on_another_feature_are_found(tmp_path, trained, kind):
    folder, frame, held = trained
    model = held if kind == "in memory" else str(folder / "model.joblib")
    told = call(
        "monitor.baseline",
        {"source": str(folder / "train.csv"), "to": str(tmp_path / "b"), "model": model},
        home=None,
    )
    assert "explainability_constraints.json" in told["files"]

    def attribution(window: pd.DataFrame, name: str):
        params = {"model": model, "against": str(tmp_path / "b"), "rows": 500}
        path = captured(tmp_path / f"{name}.jsonl", window)
        return carry_out("check", "traffic.attribution", str(path), params, home=None, keep=tmp_path / name)

    same = attribution(frame.head(300), "same")
    assert same.outcome == "pass" and same.report.metric("ndcg").value == pytest.approx(1.0)
    other = attribution(
        frame.head(300).assign(a=0.001, b=0.001), "other"
    )  # nothing varies but c, on which little rests
    (violation,) = other.report.data["violations"]
    assert (
        violation["description"]
        == f"Feature attribution drift {other.report.metric('ndcg').value} exceeds threshold 0.9"
    )
    assert other.outcome == "fail" and "c from 3 to 1" in other.report.findings[0].message
    written = json.loads((tmp_path / "other" / "constraint_violations.json").read_text())
    assert written == {"version": "1.0", "violations": [violation]}
