"""Segment documents, beside the examples of AWS's own page and beside moto, another reader of them."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.span import Link, Scope, Span, SpanEvent
from assay.methods.traces import xray
from assay.methods.traces.bounds import Bounds
from assay.methods.traces.protobuf import Malformed

S = 10**9
# docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html, "Minimally complete segment"
MINIMAL = {
    "name": "example.com",
    "id": "70de5b6f19ff9a0a",
    "start_time": 1.478293361271e9,
    "trace_id": "1-581cf771-a006649127e371903a2de979",
    "end_time": 1.478293361449e9,
}
# the same page, "Segment with HTTP, annotation and metadata" put together, and a subsegment "DynamoDB"
FULL = {
    "id": "6b55dcc497934f1a",
    "start_time": 1484789387.126,
    "end_time": 1484789387.535,
    "trace_id": "1-5880168b-fd5158284b67678a3bb5a78c",
    "name": "www.example.com",
    "origin": "AWS::EC2::Instance",
    "user": "5P3Y",
    "http": {
        "request": {"method": "POST", "client_ip": "78.255.233.48", "url": "http://www.example.com/api/user",
                    "user_agent": "Mozilla/5.0", "x_forwarded_for": True},
        "response": {"status": 503, "content_length": 12},
    },
    "fault": True,
    "annotations": {"customer_category": 124, "zip_code": "98101", "internal": True},
    "metadata": {"debug": {"test": "Metadata string."}},
    "aws": {"xray": {"sdk": "X-Ray for Java"}, "ec2": {"instance_id": "i-0b5a4678fc325bg98"}},
    "subsegments": [
        {
            "id": "53995c3f42cd8ad8", "start_time": 1484789387.2, "end_time": 1484789387.3, "name": "DynamoDB",
            "namespace": "aws", "http": {"response": {"content_length": 60, "status": 200}},
            "aws": {"table_name": "scorekeep-user", "operation": "UpdateItem", "request_id": "UBQNSO5AEM8T4FDA4RQDEB94OVTDRVV4"},
        },
        {
            "id": "53995c3f42cd8ad9", "start_time": 1484789387.3, "end_time": 1484789387.4, "name": "ebdb@db",
            "namespace": "remote", "throttle": True,
            "sql": {"url": "jdbc:postgresql://db:5432/ebdb", "database_type": "PostgreSQL", "user": "dbuser",
                    "sanitized_query": "SELECT * FROM customers WHERE id = ?;"},
            "cause": {"exceptions": [{"id": "81ad7fa51d4bc7b0", "message": "slow", "type": "Busy",
                                      "stack": [{"path": "a.py", "line": 3, "label": "go"}]}]},
        },
    ],
}  # fmt: skip


def read(*documents, bounds=Bounds()):
    return xray.read_all(b"\n".join(json.dumps(d).encode() for d in documents), bounds)


def test_ids_both_ways():
    (span,) = read(MINIMAL).spans
    assert (span.trace, span.id) == ("581cf771a006649127e371903a2de979", "70de5b6f19ff9a0a")
    assert xray.trace_id(span.trace) == MINIMAL["trace_id"]
    (document,) = xray.documents([span])
    assert json.loads(document) == MINIMAL


def test_times_are_exact_to_the_nanosecond():
    text = json.dumps(MINIMAL).replace("1478293361.271", "1478293361.271000001")
    (span,) = xray.read_all(text.encode()).spans
    assert (span.start, span.end) == (1478293361271000001, 1478293361449000000)
    assert b'"start_time":1478293361.271000001,' in xray.documents([span])[0]


def test_a_segment_is_read_with_the_fields_names_of_opentelemetry():
    found = read(FULL).spans
    segment, dynamo, sql = found
    assert (segment.kind, segment.status, segment.scope.service) == ("server", "error", "www.example.com")
    told = segment.attributes
    assert told["http.request.method"] == "POST" and told["http.response.status_code"] == 503
    assert told["url.full"] == "http://www.example.com/api/user" and told["client.address"] == "78.255.233.48"
    assert (told["customer_category"], told["zip_code"], told["enduser.id"]) == (124, "98101", "5P3Y")
    assert told["aws.xray.annotations"] == ("customer_category", "zip_code", "internal")
    assert told["aws.xray.metadata.debug"] == '{"test": "Metadata string."}'
    assert (dynamo.parent, dynamo.kind, dynamo.status) == (segment.id, "client", "unset")
    assert sql.attributes["db.query.text"].startswith("SELECT") and sql.status == "error"
    (event,) = sql.events
    assert (event.attributes["exception.type"], event.attributes["exception.stacktrace"]) == (
        "Busy",
        "a.py:3 go",
    )


def test_what_was_read_is_written_again():
    (document,) = xray.documents(read(FULL).spans)
    again = json.loads(document)
    for kind in (
        "http",
        "annotations",
        "metadata",
        "aws",
        "origin",
        "user",
        "fault",
        "name",
        "id",
        "trace_id",
    ):
        assert again[kind] == FULL[kind], kind
    for mine, theirs in zip(again["subsegments"], FULL["subsegments"], strict=True):
        theirs = dict(theirs)
        mine.pop("cause", None), theirs.pop("cause", None)  # the ids of exceptions are drawn anew
        assert mine == theirs


def test_a_segment_that_is_under_way_has_not_ended():
    raw = {k: v for k, v in MINIMAL.items() if k != "end_time"} | {"in_progress": True}
    (span,) = read(raw).spans
    assert span.end == 0 and json.loads(xray.documents([span])[0])["in_progress"] is True


def test_each_way_to_hold_several_documents_is_read():
    other = MINIMAL | {"id": "70de5b6f19ff9a0b"}
    lines = b"\n".join(json.dumps(d).encode() for d in (MINIMAL, other))
    batch = {
        "Traces": [
            {"Id": "1", "Segments": [{"Id": d["id"], "Document": json.dumps(d)} for d in (MINIMAL, other)]}
        ]
    }
    daemon = b'{"format": "json", "version": 1}\n' + json.dumps(MINIMAL).encode() + b"\n"
    listed = json.dumps([MINIMAL, json.dumps(other)]).encode()
    whole = json.dumps(batch, indent=2).encode()
    for content, count in (
        (lines, 2),
        (whole, 2),
        (daemon, 1),
        (listed, 2),
        (json.dumps(FULL, indent=1).encode(), 3),
    ):
        assert len(xray.read_all(content).spans) == count, content[:50]


def test_an_independent_subsegment():
    raw = MINIMAL | {"type": "subsegment", "parent_id": "53995c3f42cd8ad8"}
    (span,) = read(raw).spans
    assert span.parent == "53995c3f42cd8ad8" and span.scope.service == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"trace_id": "581cf771a006649127e371903a2de979"},
        {"trace_id": "1-581cf771-a0"},
        {"id": "x"},
        {"id": 5},
        {"start_time": "soon"},
        {"start_time": None},
        {"name": None},
        {"subsegments": [{"id": "53995c3f42cd8ad8"}]},
        {"parent_id": "x"},
        {"annotations": 5},
    ],
)
def test_what_is_no_segment_is_rejected_and_the_others_are_read(changes):
    found = read(MINIMAL | changes, MINIMAL)
    assert found.rejected == 1 and found.why and len(found.spans) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"[1]", b"[" * 100_000, b'{"Traces": 5}', b'{"Traces": [{"Segments": [5]}]}', b"\xff"],
)
def test_what_holds_no_segments_is_refused_or_rejected(content):
    try:
        assert not xray.read_all(content).spans
    except Malformed:
        pass


def test_odd_numbers_and_depths_are_borne():
    odd = json.dumps(MINIMAL).replace("1478293361.271", "1e999999").replace("1478293361.449", "-5")
    (span,) = xray.read_all(odd.encode()).spans
    assert (span.start, span.end) == (0, 0)
    deep: dict = {"k": 1}
    for _ in range(300):
        deep = {"k": deep}
    assert read(MINIMAL | {"metadata": {"a": deep}}).spans
    nested = MINIMAL
    for n in range(200):
        nested = MINIMAL | {"id": f"{n + 1:016x}", "subsegments": [nested]}
    found = read(nested)
    assert len(found.spans) == 201
    assert read(FULL, bounds=Bounds(spans=2)).rejected == 1


def span(id, parent="", start=0, end=10, **rest):
    base = {
        "trace": "6b0ab932bad10c236a0b4c6ae22222a4",
        "id": f"{id:016x}",
        "name": "work",
        "start": start * S,
        "end": end * S,
    }
    parent = f"{parent:016x}" if parent else ""
    return Span(**base | {"parent": parent, "scope": OWN} | rest)


OWN = Scope({"service.name": "shop", "service.version": "3"}, "lib", "1.0")


def test_spans_of_our_own_come_back_as_they_were():
    given_ = [
        span(1, kind="server", name="GET /{id} <odd>", attributes={"http.method": "GET", "http.status_code": 404, "list": (1, 2.5, None)},
             status="error", message="gone", state="a=b", flags=1),
        span(2, 1, 1, 5, kind="client", events=(SpanEvent(2 * S, "e", {"a": True}),), dropped=(1, 0, 0)),
        span(3, 2, 2, 3, links=(Link("ab" * 16, "cd" * 8, "", {"k": "v"}),), status="ok"),
        span(4, 1, 5, 6, scope=Scope({"service.name": "bank"})),
    ]  # fmt: skip
    documents = xray.documents(given_)
    told = [json.loads(d) for d in documents]
    assert [d["name"] for d in told] == ["shop", "work"]  # what serves, and what another service did
    assert told[0]["error"] is True and told[0]["http"] == {
        "request": {"method": "GET"},
        "response": {"status": 404},
    }
    assert told[0]["service"] == {"version": "3"} and told[1]["parent_id"] == f"{1:016x}"
    assert told[0]["subsegments"][0]["namespace"] == "remote"
    back = xray.read_all(b"\n".join(documents)).spans
    assert sorted(back, key=lambda s: s.id) == given_


@pytest.mark.parametrize(
    ("status", "flags"), [(404, {"error"}), (429, {"error", "throttle"}), (503, {"fault"}), (None, {"fault"})]
)
def test_whose_error_it_was(status, flags):
    attributes = {"http.response.status_code": status} if status else {}
    (document,) = xray.documents([span(1, status="error", attributes=attributes)])
    assert set(json.loads(document)) & {"fault", "error", "throttle"} == flags


def test_no_document_is_larger_than_xray_takes_and_nothing_is_lost():
    text = {f"k{n}": "é" * 400 for n in range(20)}
    given_ = [span(1)] + [span(n, n // 2 if n > 3 else 1, attributes=text) for n in range(2, 120)]
    documents = xray.documents(given_)
    assert max(map(len, documents)) <= xray.MOST and len(documents) > 1
    assert {json.loads(d).get("type") for d in documents} == {None, "subsegment"}
    back = xray.read_all(b"\n".join(documents)).spans
    assert sorted(back, key=lambda s: s.id) == given_


def test_a_span_that_is_too_large_lets_metadata_go():
    huge = {f"k{n}": "x" * 4000 for n in range(100)}
    (document,) = xray.documents([span(1, attributes=huge)])
    assert len(document) <= xray.MOST and json.loads(document)["metadata"]["otel"]["cut"] is True


def test_deep_traces_and_circles_are_written():
    deep = [span(n + 1, n) for n in range(300)]
    documents = xray.documents(deep)
    assert len(xray.read_all(b"\n".join(documents)).spans) == 300
    ring = [span(1, 2), span(2, 1), span(3, 3)]
    assert len(xray.read_all(b"\n".join(xray.documents(ring))).spans) == 3


names = st.text(max_size=30)


@given(
    st.lists(
        st.tuples(st.integers(0, 8), names, st.integers(0, 50), st.dictionaries(names, names, max_size=2)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=30)
def test_whatever_spans_say_their_documents_keep_the_rules(raw):
    given_ = [
        span(n + 1, parent, at, at + 1, name=name, attributes=attributes)
        for n, (parent, name, at, attributes) in enumerate(raw)
    ]
    for document in xray.documents(given_):
        todo = [json.loads(document)]
        while todo:
            part = todo.pop()
            assert re.fullmatch(r"[\w\s.:/%&#=+\\\-@]{1,200}", part["name"], re.ASCII)
            assert all(re.fullmatch(r"\w+", k, re.ASCII) for k in part.get("annotations", {}))
            todo += part.get("subsegments", [])


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*FULL, "otel", "kind", "events", "request"]), inner, max_size=4)),
    max_leaves=12,
))  # fmt: skip
@settings(max_examples=80)
def test_whatever_a_document_says_it_is_read_or_rejected(found):
    for raw in (
        found,
        MINIMAL | {"metadata": {"otel": found}, "http": found},
        MINIMAL
        | {"metadata": {"otel": {"kind": "server", "attributes": found, "events": found, "links": found}}},
    ):
        try:
            spans = xray.read_all(json.dumps(raw).encode()).spans
        except Malformed:
            continue
        xray.documents(spans)


@pytest.mark.slow
def test_another_reader_takes_our_documents():
    """moto's X-Ray takes them as the service does, and gives back a trace of the same segments."""
    moto = pytest.importorskip("moto")
    boto3 = pytest.importorskip("boto3")
    given_ = [
        span(1, kind="server"),
        span(2, 1, 2, 3, attributes={"assay.run": "r"}),
        span(3, 1, scope=Scope()),
    ]
    documents = [d.decode() for d in xray.documents(given_)]
    with moto.mock_aws():
        client = boto3.client("xray", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        assert client.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"] == []
        answer = client.batch_get_traces(TraceIds=[xray.trace_id(given_[0].trace)])
    answer.pop("ResponseMetadata")
    back = xray.read_all(json.dumps(answer, default=str).encode()).spans
    assert sorted(back, key=lambda s: s.id) == given_
