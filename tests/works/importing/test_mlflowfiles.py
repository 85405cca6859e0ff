"""MLflow's store of files: the same runs as its store in SQLite gives, and what is odd in it is told."""

from __future__ import annotations

import math

import pytest

from assay.kernel.errors import BadInput, UsageError
from assay.office.lineage import lineage
from assay.works.home import Home
from assay.works.importing import mlflowfiles
from assay.works.importing.keeping import import_

RUN = """artifact_uri: file:///m/1/{id}/artifacts
end_time: {end}
entry_point_name: ''
experiment_id: '1'
lifecycle_stage: {stage}
run_id: {id}
run_name: {name}
start_time: {start}
status: {status}
tags: []
user_id: ada
"""


@pytest.fixture
def store(tmp_path):
    """As MLflow 3 lays it out: two runs, a third that was deleted, a registered version with an alias."""
    root = tmp_path / "mlruns"

    def put(path, text):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    put("1/meta.yaml", "experiment_id: '1'\nlifecycle_stage: active\nname: hotel\n")
    put("1/bb/meta.yaml", RUN.format(id="bb", end=1764000160000, stage="active", name="second", start=1764000100000, status=4))  # fmt: skip
    put("1/aa/meta.yaml", RUN.format(id="aa", end=1764000060000, stage="active", name="first", start=1764000000000, status=3))  # fmt: skip
    put("1/cc/meta.yaml", RUN.format(id="cc", end="null", stage="deleted", name="gone", start=1, status=1))
    put("1/aa/params/max_depth", "6")
    put("1/aa/tags/team", "fraud")
    put("1/aa/tags/mlflow.source.git.commit", "abc123")
    put("1/aa/metrics/f1", "1 0.5 0\n3 0.8 2\n2 0.7 1\n")
    put("1/aa/metrics/train/loss", "1 nan 0\n")
    put("1/aa/metrics/odd", "no numbers here\n")
    put("1/aa/inputs/x1/meta.yaml", "destination_type: RUN\nsource_id: d1\nsource_type: DATASET\n")
    put("1/aa/artifacts/model/weights.bin", "large")
    put("1/datasets/d1/meta.yaml", "digest: 4a2\nname: guests\nsource: '{}'\n")
    put("models/hotel/meta.yaml", "name: hotel\n")
    put("models/hotel/version-3/meta.yaml", "name: hotel\nrun_id: aa\nversion: 3\n")
    put("models/hotel/aliases/champion", "3")
    put(".trash/9/meta.yaml", "experiment_id: '9'\nlifecycle_stage: deleted\nname: old\n")
    return root


def test_a_store_of_files_gives_what_one_in_sqlite_gives(store):
    first, second = mlflowfiles.read(store)
    assert (first.id, first.pipeline, first.actor, first.outcome) == ("aa", "hotel", "ada", "pass")
    assert (first.started, first.ended) == ("2025-11-24T16:00:00.000Z", "2025-11-24T16:01:00.000Z")
    assert first.params == {"max_depth": "6"}
    assert first.metrics["f1"] == 0.8 and math.isnan(first.metrics["train/loss"])  # of the last step
    assert [a.uri for a in first.inputs] == ["mlflow:datasets/guests/4a2"]
    assert [a.uri for a in first.outputs] == ["mlflow:models/hotel/3"]
    assert first.notes["tags"] == {"team": "fraud"} and first.notes["commit"] == "abc123"
    assert first.skipped == {"metric odd": "no line of its file holds a number"}
    assert (second.id, second.outcome, second.notes["name"]) == ("bb", "fail", "second")


def test_a_folder_of_runs_was_refused_as_no_file(store, tmp_path):
    home = Home.create(tmp_path / "home", {})
    try:
        found = import_(home, str(tmp_path), "ada")  # where `mlruns` lies
        assert (found["system"], found["runs"], found["new"], found["edges"]) == ("mlflow", 2, 2, 1)
        (edge,) = lineage(home.office, "mlflow:models/hotel/3", True)
        assert edge.source == "mlflow:datasets/guests/4a2"
        (store / "1/aa/artifacts/model/weights.bin").write_text("other")
        again = import_(home, str(store), "ada")
        assert (again["unchanged"], again["digest"]) == (2, found["digest"])  # artifacts are not read
        with pytest.raises(UsageError, match="holds no runs"):
            import_(home, str(store / "1/aa"), "ada")
    finally:
        home.close()


def test_links_out_of_a_store_are_not_followed(store, tmp_path):
    (tmp_path / "secret").write_text("s3cret")
    (store / "1/aa/params/stolen").symlink_to(tmp_path / "secret")
    (store / "1/aa/inputs/x2").mkdir()
    (store / "1/aa/inputs/x2/meta.yaml").write_text("source_id: ../../../x\n")
    (first, _) = mlflowfiles.read(store)
    assert "stolen" not in first.params and len(first.inputs) == 1
    assert first.skipped["input x2"] == "it names no data set"


def test_a_damaged_record_is_named(store):
    (store / "1/bb/meta.yaml").write_text("[1, 2]")
    with pytest.raises(BadInput, match="no record of MLflow's") as error:
        list(mlflowfiles.read(store))
    assert error.value.where.endswith("1/bb/meta.yaml")
