"""Requests of an endpoint as spans: those whose caller is traced, those that failed, and how they come into the office."""

from __future__ import annotations

import json

import pytest

from assay.kernel.serving import Answer
from assay.office import ledger, traces
from assay.works.call import call
from assay.works.serving import tracing
from assay.works.traces import keeping

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def served(does, stand, monkeypatch):
    monkeypatch.setattr(tracing.secrets, "randbelow", lambda _most: 1)  # the lot falls on none
    does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"})
    s = stand()
    s.publish()
    return s


def _recorded(s):
    s.gateway.settle()
    seq = tracing.record(s.home, "ada")
    return seq, [x for r in traces.listing(s.home.office, 100) for x in keeping.read(s.home, [r])]


def test_a_request_of_a_traced_caller_is_spans_below_the_callers(served):
    assert served.ask(traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="vendor=1").status == 200
    seq, spans = _recorded(served)
    root, *below = spans
    assert {s.trace for s in spans} == {TRACE} and (root.parent, root.kind) == (PARENT, "server")
    assert root.name == "POST e" and root.attributes["http.response.status_code"] == 200
    assert [s.name for s in below] == ["guards", "model v1", "capture"]
    assert all(s.parent == root.id and root.start <= s.start <= s.end <= root.end for s in below)
    assert all(a.end == b.start for a, b in zip(below, below[1:], strict=False))
    assert ledger.tail(served.home.office, 1)[0].seq == seq
    shown = call("traces.show", {"trace": TRACE[:8]}, home=served.home)
    assert "POST e" in json.dumps(shown)
    assert call("log.verify", {}, home=served.home)["ok"]


def test_a_request_that_nobody_traces_is_kept_only_where_it_failed(served):
    assert served.ask().status == 200 and served.ask(traceparent=f"00-{TRACE}-{PARENT}-00").status == 200
    assert served.ask(traceparent="00-nonsense").status == 200
    assert _recorded(served) == (None, [])
    served.does["v1"] = lambda question: Answer(500, b"{}", "application/json", variant="v1")
    assert served.ask().status == 500
    root = _recorded(served)[1][0]
    assert root.status == "error" and root.attributes["assay.variant"] == "v1" and root.parent == ""
    assert int(root.trace[:8], 16) == root.start // 10**9


def test_one_second_has_room_for_so_many_and_the_rest_is_counted(served, monkeypatch):
    monkeypatch.setattr(tracing, "PER_SECOND", 3)
    monkeypatch.setattr(tracing.time, "time_ns", lambda: 1_900_000_000 * 10**9)
    for _ in range(5):
        served.ask(traceparent=f"00-{TRACE}-{PARENT}-01")
    assert served.gateway.counts.spans.values == {("kept",): 3.0, ("left out",): 2.0}
    assert len([s for s in _recorded(served)[1] if s.kind == "server"]) == 3


def test_a_batch_that_is_entered_twice_is_known_and_a_torn_line_has_no_spans(served):
    served.ask(traceparent=f"00-{TRACE}-{PARENT}-01")
    served.gateway.settle()
    (path,) = (served.home.root / "serving" / "spans").glob("*.batch")
    raw = path.read_bytes()
    tracing.record(served.home, "ada")
    path.write_bytes(raw + raw[: len(raw) // 2])
    tracing.record(served.home, "ada")
    assert len(traces.listing(served.home.office, 100)) == 1 and not path.exists()
    for torn in (b"", b"[]", b"{}", b'{"wall":1,"took":1,"status":"x","marks":[],"about":{}}', b"\xff"):
        assert tracing.read(torn) == []
