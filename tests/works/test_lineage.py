from __future__ import annotations

import json
import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.asset import Asset
from assay.office.registry import PackageRecord
from assay.office.runs import Edge, RunRecord, StepRecord
from assay.works.importing import openlineage
from assay.works.lineage.drawings import as_dot, as_mermaid
from assay.works.lineage.openlineage import as_openlineage
from assay.works.lineage.prov import as_prov
from assay.works.lineage.told import Stepped, Told

EDGES = [
    Edge("sha256:a", "bookings", "sha256:b", "clean", "clean", "r1"),
    Edge("sha256:b", "clean", "sha256:c", "split.train", "split", "r1"),
    Edge("sha256:b", "clean", "sha256:d", "split.test", "split", "r1"),
    Edge("sha256:b", "clean", "sha256:e", "model", "split", "r2"),
]
_QUOTED = r'"((?:[^"\\]|\\.)*)"'


def graph(text):
    """Read the drawing back: (labels by urn, edges as (from, to, step))."""
    nodes = {}
    for match in re.finditer(rf"^  (n\d+) \[label={_QUOTED}, tooltip={_QUOTED}\];$", text, re.M):
        nodes[match[1]] = tuple(re.sub(r"\\(.)", r"\1", t) for t in match.groups()[1:])
    edges = re.findall(rf"^  (n\d+) -> (n\d+) \[label={_QUOTED}(?:, style=dotted)?\];$", text, re.M)
    return nodes, [(nodes[a][1], nodes[b][1], re.sub(r"\\(.)", r"\1", s)) for a, b, s in edges]


def test_a_drawing_says_all_and_only_the_edges():
    nodes, edges = graph(as_dot(EDGES))
    assert {label for label, _ in nodes.values()} == {
        "bookings",
        "clean",
        "split.train",
        "split.test",
        "model",
    }
    assert edges == [(e.source, e.target, e.step) for e in EDGES]


@given(st.lists(st.tuples(*[st.text(max_size=12)] * 3), min_size=1, max_size=6))
def test_no_name_breaks_out_of_its_quotes(names):
    made = [Edge(f"u{i}", a, f"v{i}", b, s, "r") for i, (a, b, s) in enumerate(names)]
    text = as_dot(made)
    nodes, edges = graph(text)
    assert len(nodes) == 2 * len(made) and len(edges) == len(made)
    assert len(text.splitlines()) == 3 + 3 * len(made)


def test_openlineage_begins_and_ends_each_step_of_each_run():
    events = as_openlineage(Told(EDGES), "home", "2026-01-01T00:00:00Z")
    assert [e["job"]["name"] for e in events] == ["clean", "clean", "split", "split", "split", "split"]
    assert [e["eventType"] for e in events] == ["START", "COMPLETE"] * 3
    for event in events:
        assert event["eventTime"] == "2026-01-01T00:00:00Z"
        assert uuid.UUID(event["run"]["runId"])
        assert event["schemaURL"].startswith("https://openlineage.io/spec/")
        assert {d["namespace"] for d in event["inputs"] + event["outputs"]} == {"assay/home"}
    assert [d["name"] for d in events[3]["outputs"]] == ["split.train", "split.test"]
    assert [d["name"] for d in events[3]["inputs"]] == ["clean"] and events[2]["outputs"] == []
    version = events[3]["inputs"][0]["facets"]["version"]
    assert version["datasetVersion"] == "sha256:b" and version["_schemaURL"].startswith(
        "https://openlineage.io/"
    )
    assert len({e["run"]["runId"] for e in events}) == 3
    again = as_openlineage(Told(EDGES), "home", "2030-01-01T00:00:00Z")
    assert [e["run"]["runId"] for e in again] == [e["run"]["runId"] for e in events]


def _known(outcome="pass", **report):
    """A step of a run of which a report says something."""
    run = RunRecord("r1", "hotel", "ada", outcome, "2026-03-01T10:00:00.000Z", "2026-03-01T10:01:00.000Z")
    step = StepRecord("r1", "split", "train", outcome, False, "", {}, {}, None, 2.5)
    return Stepped(step, run, {"started": "2026-03-01T10:00:07.000Z", **report})


def test_openlineage_facets_tell_parameters_metrics_parent_rows_and_the_model():
    package = PackageRecord("hotel", 3, "PENDING", "sha256:p", {}, "ada", "2026", 1, 1, tier="high")
    columns = [{"name": "age", "type": "integer"}, {"name": "paid", "type": "text"}]
    metrics = [{"name": "auc", "value": 0.8, "of": {}}, {"name": "auc", "value": 0.7, "of": {"group": "a"}}]
    known = _known(params={"hyperparameters": {"depth": 6}, "script": "t.py"}, metrics=metrics, seed=7)
    edges = [EDGES[1], Edge("sha256:b", "clean", "registry://hotel@3", "hotel@3", "split", "r1")]
    found = as_openlineage(
        Told(
            edges, {("r1", "split"): known}, {"sha256:b": Asset("table", "clean", "/data/clean.csv", "sha256:b")},
            {"sha256:b": {"rows": 40, "columns": columns}}, {"registry://hotel@3": package},
            {"registry://hotel@3": {"model.validate": {"roc_auc": 0.81}}},
        ),
        "home", "2030",
    )  # fmt: skip
    assert [(e["eventType"], e["eventTime"], e["job"]["name"]) for e in found] == [
        ("START", "2026-03-01T10:00:00.000Z", "hotel"), ("START", "2026-03-01T10:00:07.000Z", "split"),
        ("COMPLETE", "2026-03-01T10:00:09.500Z", "split"), ("COMPLETE", "2026-03-01T10:01:00.000Z", "hotel"),
    ]  # fmt: skip
    last = found[2]["run"]["facets"]
    assert (
        last["parent"]["run"]["runId"] == found[0]["run"]["runId"]
        and last["parent"]["job"]["name"] == "hotel"
    )
    given = {p["key"]: p["value"] for p in last["executionParameters"]["parameters"]}
    assert given == {"depth": "6", "script": "t.py"}
    assert last["assay_metrics"]["metrics"] == [{"key": "auc", "value": 0.8}]
    assert "assay_metrics" not in found[1]["run"]["facets"] and last["assay_metrics"]["seed"] == 7
    (read,) = found[2]["inputs"]
    assert [f["name"] for f in read["facets"]["schema"]["fields"]] == ["age", "paid"]
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 40
    assert read["facets"]["dataSource"]["uri"] == "file:///data/clean.csv"
    assert read["facets"]["datasetType"]["datasetType"] == "TABLE"
    model = found[2]["outputs"][1]["facets"]
    assert model["datasetType"]["datasetType"] == "MODEL"
    assert model["assay_model"]["metrics"] == {"model.validate": {"roc_auc": 0.81}}
    assert (model["assay_model"]["tier"], model["assay_model"]["version"]) == ("high", 3)


def test_a_step_that_broke_fails_with_its_error_and_one_whose_gate_failed_is_complete():
    for outcome, ends in (("error", "FAIL"), ("fail", "COMPLETE"), ("interrupted", "ABORT")):
        known = {("r1", "split"): _known(outcome, error="no such file" if outcome == "error" else None)}
        events = as_openlineage(Told(EDGES[1:2], known), "home", "2030")
        assert [e["eventType"] for e in events] == ["START", "START", ends, ends]
        assert ("errorMessage" in events[2]["run"]["facets"]) == (outcome == "error")


def test_what_is_exported_is_taken_in_again_with_its_parameters_and_metrics(tmp_path):
    known = _known(params={"depth": 6}, metrics=[{"name": "auc", "value": 0.8}], data={"tags": {"team": "a"}})
    path = tmp_path / "events.json"
    path.write_text(json.dumps(as_openlineage(Told(EDGES[1:2], {("r1", "split"): known}), "home", "2030")))
    whole, step = openlineage.read(path)
    assert (step.params, step.metrics, step.parent) == ({"depth": "6"}, {"auc": 0.8}, whole.id)
    assert step.notes["tags"] == {"team": "a"} and not whole.parent
    (read,) = [a.digest or a.uri for a in step.inputs]
    assert read.endswith("sha256:b") and step.ended == "2026-03-01T10:00:09.500Z"


def test_a_dotted_arrow_of_graphviz_had_no_label():
    said = as_dot([Edge("sha256:a", "bookings", "x", "wiki", "", "", "SameAs", "ada")])
    assert '[label="SameAs", style=dotted];' in said


def test_mermaid_says_all_and_only_the_edges():
    said = as_mermaid([*EDGES, Edge("sha256:a", "bookings", "x", 'wiki "page"', "", "", "SameAs", "ada")])
    lines = said.splitlines()
    assert lines[0] == "flowchart LR" and len(lines) == 1 + 6 + 5
    assert '  n0 -->|"clean"| n1' in lines and '  n0 -.->|"SameAs"| n5' in lines
    assert '  n5["wiki #34;page#34;"]' in lines


@given(st.lists(st.tuples(*[st.text(max_size=12)] * 3), min_size=1, max_size=6))
def test_no_name_breaks_out_of_a_mermaid_box(names):
    made = [Edge(f"u{i}", a, f"v{i}", b, s, "r") for i, (a, b, s) in enumerate(names)]
    lines = as_mermaid(made).splitlines()
    assert len(lines) == 1 + 3 * len(made)
    assert all(re.fullmatch(r'  n\d+(\["[^"]*"\]| -->\|"[^"]*"\| n\d+)', line) for line in lines[1:])


def test_prov_is_one_activity_a_step_with_what_it_used_and_made():
    said = as_prov(Told([*EDGES, Edge("sha256:a", "bookings", "x", "wiki", "", "", "SameAs", "ada")]), "home")
    labels = {k: v["prov:label"] for k, v in said["entity"].items()}
    assert sorted(labels.values()) == ["bookings", "clean", "model", "split.test", "split.train", "wiki"]
    steps = {k: (v["prov:label"], v["assay:run"]) for k, v in said["activity"].items()}
    assert sorted(steps.values()) == [("clean", "r1"), ("split", "r1"), ("split", "r2")]
    made = {(steps[g["prov:activity"]], labels[g["prov:entity"]]) for g in said["wasGeneratedBy"].values()}
    assert (("split", "r1"), "split.test") in made and len(made) == 4
    used = {(steps[u["prov:activity"]], labels[u["prov:entity"]]) for u in said["used"].values()}
    assert used == {(("clean", "r1"), "bookings"), (("split", "r1"), "clean"), (("split", "r2"), "clean")}
    assert [
        (labels[a["prov:alternate1"]], labels[a["prov:alternate2"]]) for a in said["alternateOf"].values()
    ] == [("bookings", "wiki")]


def test_prov_says_who_ran_a_step_and_when():
    said = as_prov(Told(EDGES[1:2], {("r1", "split"): _known()}), "home")
    (activity,) = said["activity"].values()
    assert (activity["prov:startTime"], activity["prov:endTime"]) == (
        "2026-03-01T10:00:07.000Z", "2026-03-01T10:00:09.500Z",
    )  # fmt: skip
    assert [a["prov:label"] for a in said["agent"].values()] == ["ada"]
    assert list(said["wasAssociatedWith"].values()) == [
        {"prov:activity": "assay:step0", "prov:agent": "assay:agent0"}
    ]
