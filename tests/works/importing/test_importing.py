"""Runs of other systems: a store with MLflow's own tables, and events as other tools print them."""

import datetime as dt
import json
import sqlite3

import pytest

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.search.parse import parse
from assay.office import runs, verification
from assay.office.lineage import lineage
from assay.works.home import Home
from assay.works.importing.keeping import import_
from assay.works.searching import search

# As MLflow 3 makes them, of the columns that matter; the constraints are left out
TABLES = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), user_id VARCHAR(256), status VARCHAR(9),
  start_time BIGINT, end_time BIGINT, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER);
CREATE TABLE params (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE tags (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE latest_metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid VARCHAR(32));
CREATE TABLE datasets (dataset_uuid VARCHAR(36), experiment_id INTEGER, name VARCHAR(500), digest VARCHAR(36), dataset_source TEXT);
CREATE TABLE inputs (input_uuid VARCHAR(36), source_type VARCHAR(36), source_id VARCHAR(36), destination_type VARCHAR(36), destination_id VARCHAR(36));
CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, run_id VARCHAR(32));
INSERT INTO experiments VALUES (1, 'hotel', 'active');
INSERT INTO runs VALUES
  ('aa', 'first', 'ada', 'FINISHED', 1764000000000, 1764000060000, 'active', 's3://b/1', 1),
  ('bb', NULL, 'ben', 'FAILED', 1764000100000, NULL, 'active', 's3://b/2', 1),
  ('cc', NULL, 'ben', 'FINISHED', 1764000200000, NULL, 'deleted', 's3://b/3', 1);
INSERT INTO params VALUES ('max_depth', '6', 'aa');
INSERT INTO tags VALUES ('team', 'fraud', 'aa'), ('mlflow.source.git.commit', 'abc123', 'aa');
INSERT INTO latest_metrics VALUES ('f1', 0.8, 0, 1, 0, 'aa'), ('loss', 0.0, 0, 1, 1, 'aa');
INSERT INTO datasets VALUES ('d1', 1, 'guests', '4a2', '{}');
INSERT INTO inputs VALUES ('i1', 'DATASET', 'd1', 'RUN', 'aa');
INSERT INTO model_versions VALUES ('hotel', 3, 'aa');
"""
EVENTS = [
    {"eventType": "START", "eventTime": "2026-01-01T00:00:00Z", "run": {"runId": "r1"}, "job": {"namespace": "n", "name": "load"},
     "inputs": [{"namespace": "s3://b", "name": "raw.csv"}], "producer": "https://airflow"},
    {"eventType": "FAIL", "eventTime": "2026-01-01T00:05:00Z",
     "run": {"runId": "r1", "facets": {"errorMessage": {"message": "disk full"}}}, "job": {"namespace": "n", "name": "load"},
     "outputs": [{"namespace": "db", "name": "t", "facets": {"version": {"datasetVersion": "7"}}}], "producer": "https://airflow"},
]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    found = Home.create(tmp_path / "home", {})
    yield found
    found.close()


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as con:
        con.executescript(TABLES)
    con.close()
    return path


def _counts(told):
    return {k: told[k] for k in ("runs", "new", "changed", "unchanged", "edges")}


def test_one_value_that_is_no_number_refused_a_whole_store(home, store):
    with sqlite3.connect(store) as con:
        con.execute(
            "INSERT INTO latest_metrics VALUES ('odd', x'00ff', 0, 1, 0, 'aa'), ('text', 'high', 0, 1, 0, 'aa')"
        )
        con.execute("INSERT INTO latest_metrics VALUES ('none', NULL, 0, 1, 0, 'bb')")
        con.execute("INSERT INTO model_versions VALUES ('hotel', x'03', 'aa')")
    con.close()
    told = import_(home, str(store), "ada")
    assert _counts(told) | {"skipped": told["skipped"]} == {
        "runs": 2, "new": 2, "changed": 0, "unchanged": 0, "edges": 1, "skipped": 4,
    }  # fmt: skip
    assert {"run": "bb", "what": "metric none", "why": "its value is nothing and no number"} in told[
        "left_out"
    ]
    report = json.loads(home.store.read(runs.get(home.office, "mlflow-aa").report))
    assert {s["what"]: s["why"] for s in report["coverage"]["skipped"]} == {
        "metric odd": "its value is bytes and no number",
        "metric text": "its value is text and no number",
        "a version of hotel": "its number is none",
    }
    assert [m["name"] for m in report["metrics"] if m["value"] is not None] == ["f1"]
    assert import_(home, str(store), "ada")["unchanged"] == 2


def test_runs_are_held_a_page_at_a_time_and_given_in_the_order_of_their_times(store, monkeypatch):
    from assay.works.importing import mlflow

    monkeypatch.setattr(mlflow, "_PAGE", 7)
    with sqlite3.connect(store) as con:
        rows = [(f"r{n:03d}", 1764000000000 + (n * 37 % 50) * 1000) for n in range(50)]
        con.executemany(
            "INSERT INTO runs VALUES (?, NULL, 'ada', 'FINISHED', ?, NULL, 'active', 's3://b', 1)", rows
        )
    con.close()
    found = list(mlflow.read(store))
    assert len(found) == 52 and {r.id for r in found} == {"aa", "bb", *(id_ for id_, _ in rows)}
    assert [(r.started, r.id) for r in found] == sorted((r.started, r.id) for r in found)


def _keys(home, text):
    return [r["key"] for r in search(home, parse(text, dt.datetime.now(dt.UTC)))[0].records]


def test_mlflow_s_runs_are_found_by_what_they_logged(home, store):
    told = import_(home, str(store), "ada")
    assert told["system"] == "mlflow" and _counts(told) == {
        "runs": 2,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "edges": 1,
    }
    assert _keys(home, "runs metrics.f1 >= 0.8 params.max_depth = 6 detail.tags.team = fraud") == [
        "mlflow-aa"
    ]
    assert _keys(home, "runs metrics.loss exists") == []  # it was no number
    assert _keys(home, "runs outcome = fail actor = ben pipeline = hotel") == ["mlflow-bb"]
    assert runs.get(home.office, "mlflow-aa").detail["commit"] == "abc123"
    (edge,) = lineage(home.office, "mlflow:models/hotel/3", True)
    assert (edge.from_name, edge.to_name, edge.run) == ("guests", "hotel@3", "mlflow-aa")
    assert verification.verify(home.office).ok


def test_what_is_here_is_left_and_what_changed_is_told(home, store):
    import_(home, str(store), "ada")
    before = verification.verify(home.office)
    assert _counts(import_(home, f"sqlite:///{store}", "ada"))["unchanged"] == 2
    assert verification.verify(home.office).size == before.size
    with sqlite3.connect(store) as con:
        con.execute("UPDATE runs SET status = 'FINISHED' WHERE run_uuid = 'bb'")
    con.close()
    told = _counts(import_(home, str(store), "ada"))
    assert (told["changed"], told["unchanged"]) == (1, 1)
    assert _keys(home, "runs outcome = fail") == [] and verification.verify(home.office).ok


def test_a_view_in_the_place_of_a_table_is_not_asked(home, store):
    """A view may give rows without end."""
    with sqlite3.connect(store) as con:
        con.executescript("""DROP TABLE tags; CREATE VIEW tags AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT 'k' || i AS key, 'v' AS value, 'aa' AS run_uuid FROM n""")
    con.close()
    with pytest.raises(UsageError, match="neither a SQLite store"):
        import_(home, str(store), "ada")


def test_a_value_larger_than_any_is_refused_and_not_read(home, store):
    with sqlite3.connect(store) as con:
        con.execute("INSERT INTO params VALUES ('big', zeroblob(?), 'aa')", [(16 << 20) + 1])
    con.close()
    with pytest.raises(BadInput, match="too big"):
        import_(home, str(store), "ada")


def test_a_store_of_mlflow_1_has_no_data_sets_and_no_names(home, tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as con:
        con.executescript(TABLES)
        con.executescript(
            "DROP TABLE datasets; DROP TABLE inputs; DROP TABLE model_versions; ALTER TABLE runs DROP COLUMN name"
        )
    con.close()
    assert _counts(import_(home, str(path), "ada"))["new"] == 2


@pytest.mark.parametrize("how", ["lines", "list", "ours"])
def test_openlineage_s_events_of_a_run_are_one_run(home, tmp_path, how):
    path = tmp_path / "events.json"
    text = {
        "lines": "".join(json.dumps(e) + "\n" for e in EVENTS),
        "list": json.dumps(EVENTS, indent=1),
        "ours": json.dumps({"schema": "assay.events/1", "events": EVENTS}, indent=1),
    }[how]
    path.write_text(text)
    assert _counts(import_(home, str(path), "ada")) == {
        "runs": 1,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "edges": 1,
    }
    found = runs.get(home.office, "openlineage-r1")
    assert (found.pipeline, found.outcome, found.started, found.ended) == (
        "load", "fail", "2026-01-01T00:00:00.000Z", "2026-01-01T00:05:00.000Z",
    )  # fmt: skip
    assert found.detail["error"] == "disk full"
    (edge,) = lineage(home.office, "openlineage:db/t@7", True)
    assert edge.source == "openlineage:s3://b/raw.csv"


def test_events_of_other_zones_are_ordered_by_when_they_happened(home, tmp_path):
    path = tmp_path / "events.json"
    start, fail = (e | {"run": {"runId": "r1"}} for e in (EVENTS[0], EVENTS[-1]))
    start["eventTime"], fail["eventTime"] = "2026-01-01T12:00:00+02:00", "2026-01-01T10:30:00.123456789Z"
    path.write_text(json.dumps([start, fail]))
    import_(home, str(path), "ada")
    found = runs.get(home.office, "openlineage-r1")
    assert (found.outcome, found.started, found.ended) == (
        "fail", "2026-01-01T10:00:00.000Z", "2026-01-01T10:30:00.123Z",
    )  # fmt: skip


@pytest.mark.parametrize("odd", ["boom", 7, ["x"], {"version": "1.0", "errorMessage": "boom"}])
def test_facets_of_another_shape_are_left_out_and_the_run_is_taken_in(home, tmp_path, odd):
    path = tmp_path / "events.json"
    event = EVENTS[0] | {"eventTime": "yesterday", "run": {"runId": "r9", "facets": odd}}
    path.write_text(json.dumps(event | {"inputs": [{"namespace": "db", "name": "t", "facets": odd}]}))
    assert import_(home, str(path), "ada")["new"] == 1
    found = runs.get(home.office, "openlineage-r9")
    assert (found.started, found.detail.get("error")) == ("1970-01-01T00:00:00.000Z", None)


def test_a_run_that_made_more_than_any_does_is_refused_before_its_edges_are_made(home, tmp_path):
    """200,000 outputs of one event took more than twenty seconds, and each with an input would have been an edge."""
    path = tmp_path / "events.json"
    made = [{"namespace": "n", "name": f"t{n}"} for n in range(1_001)]
    path.write_text(json.dumps(EVENTS[0] | {"outputs": made}))
    with pytest.raises(BadInput, match="more than 1,000 outputs"):
        import_(home, str(path), "ada")


def test_what_assay_prints_of_its_lineage_comes_back_under_the_same_digests(home, tmp_path):
    from assay.office.runs import Edge
    from assay.works.lineage.openlineage import as_openlineage
    from assay.works.lineage.told import Told

    edges = [Edge("sha256:" + "a" * 64, "raw", "sha256:" + "b" * 64, "clean", "clean", "r")]
    path = tmp_path / "e.json"
    events = as_openlineage(Told(edges), "other", "2026-01-01T00:00:00Z")
    path.write_text("\n".join(json.dumps(e) for e in events))
    import_(home, str(path), "ada")
    (edge,) = lineage(home.office, "sha256:" + "b" * 64, True)
    assert edge.source == "sha256:" + "a" * 64


def test_what_is_no_store_and_no_events_is_refused(home, tmp_path, store):
    with pytest.raises(Missing):
        import_(home, str(tmp_path / "none"), "ada")
    other = tmp_path / "x.txt"
    for content in (b"", b"hello", b"SQLite format 3\0" + b"x" * 100, b'{"eventType": 1, "runId": }'):
        other.write_bytes(content)
        with pytest.raises((UsageError, BadInput)):
            import_(home, str(other), "ada")
    other.write_text(json.dumps(EVENTS[0]) + "\n" + '{"eventType": "START"}\n')
    with pytest.raises(BadInput, match="no run event") as error:
        import_(home, str(other), "ada")
    assert error.value.where.endswith(":2")
    with pytest.raises(Missing, match="log is empty"):  # nothing half taken in
        verification.verify(home.office)
    cut = store.read_bytes()
    store.write_bytes(cut[: len(cut) // 2])
    with pytest.raises((BadInput, UsageError)):
        import_(home, str(store), "ada")


@pytest.mark.parametrize("facets", [[1], "x", {"errorMessage": ["x"]}, {"errorMessage": 5}])
def test_facets_of_another_shape_did_end_in_a_type_error(home, tmp_path, facets):
    event = EVENTS[0] | {"run": {"runId": "r1", "facets": facets}}
    event["inputs"] = [{"name": "t", "facets": facets}, {"name": "u", "facets": {"version": facets}}]
    path = tmp_path / "events.json"
    path.write_text(json.dumps(event))
    assert import_(home, str(path), "ada")["new"] == 1
