from __future__ import annotations

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from assay.office.runs import Edge
from assay.works.lineage import as_dot, as_openlineage

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
