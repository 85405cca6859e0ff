from __future__ import annotations

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from assay.office.runs import Edge
from assay.works.lineage import as_dot, as_mermaid, as_openlineage, as_prov

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
    edges = re.findall(rf"^  (n\d+) -> (n\d+) \[label={_QUOTED}\];$", text, re.M)
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


def test_openlineage_has_an_event_for_each_step_of_each_run():
    events = as_openlineage(EDGES, "home", "2026-01-01T00:00:00Z")
    assert [e["job"]["name"] for e in events] == ["clean", "split", "split"]
    for event in events:
        assert event["eventType"] == "COMPLETE" and event["eventTime"] == "2026-01-01T00:00:00Z"
        assert uuid.UUID(event["run"]["runId"])
        assert event["schemaURL"].startswith("https://openlineage.io/spec/")
        assert {d["namespace"] for d in event["inputs"] + event["outputs"]} == {"assay/home"}
    assert [d["name"] for d in events[1]["outputs"]] == ["split.train", "split.test"]
    assert [d["name"] for d in events[1]["inputs"]] == ["clean"]
    version = events[1]["inputs"][0]["facets"]["version"]
    assert version["datasetVersion"] == "sha256:b" and version["_schemaURL"].startswith(
        "https://openlineage.io/"
    )
    assert len({e["run"]["runId"] for e in events}) == 3
    again = as_openlineage(EDGES, "home", "2030-01-01T00:00:00Z")
    assert [e["run"]["runId"] for e in again] == [e["run"]["runId"] for e in events]


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
    said = as_prov([*EDGES, Edge("sha256:a", "bookings", "x", "wiki", "", "", "SameAs", "ada")], "home")
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
