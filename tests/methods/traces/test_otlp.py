from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.span import KINDS, STATUSES, Link, Scope, Span, SpanEvent
from assay.methods.traces import otlp
from assay.methods.traces.bounds import Bounds
from assay.methods.traces.protobuf import Malformed

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
# opentelemetry-proto, examples/trace.json, abridged
EXAMPLE = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "my.library", "version": "1.0.0"},
                    "spans": [
                        {
                            "traceId": TRACE.upper(),
                            "spanId": SPAN.upper(),
                            "parentSpanId": "EEE19B7EC3C1B173",
                            "flags": 1,
                            "name": "I'm a server span",
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": "1544712661000000000",
                            "kind": 2,
                            "attributes": [{"key": "my.span.attr", "value": {"stringValue": "some value"}}],
                        }
                    ],
                }
            ],
        }
    ]
}


def one(**changes):
    raw = json.loads(json.dumps(EXAMPLE))
    raw["resourceSpans"][0]["scopeSpans"][0]["spans"][0] |= changes
    return json.dumps(raw).encode()


def test_the_example_of_the_protocol_is_read():
    (span,) = otlp.read_json(one()).spans
    assert (span.trace, span.id, span.parent, span.kind) == (TRACE, SPAN, "eee19b7ec3c1b173", "server")
    assert (span.name, span.seconds, span.flags) == ("I'm a server span", 1.0, 1)
    assert span.scope.service == "my.service" and (span.scope.name, span.scope.version) == (
        "my.library",
        "1.0.0",
    )
    assert span.attributes == {"my.span.attr": "some value"}


values = st.recursive(
    st.one_of(
        st.text(max_size=20), st.booleans(), st.integers(-(1 << 63), (1 << 63) - 1), st.none(), st.binary(max_size=9),
        st.floats(allow_nan=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)  # fmt: skip
attributes = st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=4)
ids = st.integers(1, (1 << 64) - 1).map(lambda n: f"{n:016x}")
traces = st.integers(1, (1 << 128) - 1).map(lambda n: f"{n:032x}")
counts = st.integers(0, 2**32 - 1)
times = st.integers(0, 2**64 - 1)
spans = st.builds(
    Span, traces, ids, st.text(max_size=20), times, times, st.one_of(st.just(""), ids), st.sampled_from(KINDS),
    st.sampled_from(STATUSES), st.text(max_size=9), attributes,
    st.lists(st.builds(SpanEvent, times, st.text(max_size=9), attributes, counts), max_size=2).map(tuple),
    st.lists(st.builds(Link, traces, ids, st.text(max_size=9), attributes, counts, counts), max_size=2).map(tuple),
    st.text(max_size=9), counts, st.tuples(counts, counts, counts),
    st.builds(Scope, attributes, st.text(max_size=5), st.text(max_size=5), attributes, st.text(max_size=5), st.text(max_size=5)),
)  # fmt: skip


def same(found, given):
    return sorted(map(repr, found)) == sorted(map(repr, given))


@given(st.lists(spans, max_size=3))
@settings(max_examples=20)
def test_what_is_written_is_read_again_and_the_official_reader_agrees(given_):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    packed = otlp.write_protobuf(given_)
    assert same(otlp.read_protobuf(packed).spans, given_)
    assert same(otlp.read_json(otlp.write_json(given_)).spans, given_)
    official = ExportTraceServiceRequest.FromString(packed)
    assert official.SerializeToString() == packed
    told = [s for r in official.resource_spans for p in r.scope_spans for s in p.spans]
    assert sorted(
        (s.trace_id.hex(), s.span_id.hex(), s.name, s.start_time_unix_nano, s.kind) for s in told
    ) == sorted((s.trace, s.id, s.name, s.start, KINDS.index(s.kind)) for s in given_)


def test_our_json_is_read_by_the_official_reader():
    """Google's JSON reader wants ids as base64; all else is the same."""
    import base64

    from google.protobuf import json_format
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    (span,) = otlp.read_json(one(attributes=[{"key": "n", "value": {"intValue": "-5"}}])).spans
    raw = json.loads(otlp.write_json([span]))
    told = raw["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    for name in ("traceId", "spanId", "parentSpanId"):
        told[name] = base64.b64encode(bytes.fromhex(told[name])).decode()
    official = json_format.ParseDict(raw, TracesData())
    assert official.SerializeToString() == otlp.write_protobuf([span])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"traceId": "0" * 32}, "traceId"),
        ({"traceId": "ab"}, "traceId"),
        ({"traceId": None}, "traceId"),
        ({"traceId": "x" * 10**6}, "traceId"),
        ({"spanId": "g" * 16}, "spanId"),
        ({"spanId": 5}, "spanId"),
        ({"parentSpanId": "abc"}, "parentSpanId"),
    ],
)
def test_a_span_whose_ids_are_none_is_rejected_and_counted(changes, why):
    found = otlp.read_json(one(**changes))
    assert not found.spans and found.rejected == 1 and why in found.why


def test_spans_that_are_none_are_rejected():
    raw = {"resourceSpans": [{"scopeSpans": [{"spans": [1, None, [], {}]}, 7]}, "x"]}
    assert otlp.read_json(json.dumps(raw).encode()).rejected == 4


def test_odd_values_are_borne():
    found = otlp.read_json(
        one(
            startTimeUnixNano="soon",
            endTimeUnixNano=-5,
            kind="SPAN_KIND_CLIENT",
            status={"code": 99, "message": 7},
            name=None,
            flags="x",
            parentSpanId="0" * 16,
            events="x",
            links=[{"traceId": "x"}],
            attributes=[
                {"key": "a", "value": {"intValue": "9" * 30}},
                {"key": "b", "value": {"doubleValue": "NaN"}},
                {"key": "c", "value": {"bytesValue": "!"}},
                {"key": "d", "value": 5},
                {"key": "", "value": {"stringValue": "x"}},
                {"value": {}},
                5,
                {"key": "e", "value": {"doubleValue": "Infinity"}},
                {"key": "f", "value": {"doubleValue": 10**400}},
            ],
        )
    )
    (span,) = found.spans
    assert (span.start, span.end, span.kind, span.status, span.parent) == (0, 0, "client", "unset", "")
    assert math.isnan(span.attributes.pop("b"))
    assert span.attributes == {"a": None, "c": b"", "d": None, "e": math.inf, "f": None}
    assert span.dropped == (3, 0, 0)


def test_what_is_beyond_a_bound_is_cut_and_counted():
    bounds = Bounds(spans=1, attributes=2, events=1, links=1, text=5)
    many = [{"key": f"k{n}", "value": {"stringValue": "x" * 50}} for n in range(6)]
    link = {"traceId": TRACE, "spanId": SPAN}
    found = otlp.read_json(one(attributes=many, events=[{"name": "e"}] * 4, links=[link] * 3), bounds)
    (span,) = found.spans
    assert span.attributes == {"k0": "x" * 5, "k1": "x" * 5} and span.dropped == (4, 3, 2)
    raw = json.loads(one())
    raw["resourceSpans"] *= 3
    assert otlp.read_json(json.dumps(raw).encode(), bounds).rejected == 2


def test_values_that_nest_too_deep_are_left_out():
    value: dict = {"stringValue": "deep"}
    for _ in range(30):
        value = {"arrayValue": {"values": [value]}}
    (span,) = otlp.read_json(one(attributes=[{"key": "k", "value": value}])).spans
    text = repr(span.attributes["k"])
    assert "deep" not in text and text.count("(") == 16


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"x",
        b"[]",
        b"5",
        b'{"resourceSpans": 5}',
        b"[" * 100_000,
        b'{"resourceSpans": [',
        b"\xff",
        b'"' + b"\xff" * 9 + b'"',
    ],
)
def test_what_is_no_document_is_refused(document):
    with pytest.raises(Malformed):
        otlp.read_json(document)


def test_a_document_of_too_many_objects_or_bytes_is_refused_before_it_is_read():
    with pytest.raises(Malformed, match="objects"):
        otlp.read_json(b"[" + b"{}," * 2_000 + b"{}]", Bounds(objects=1_000))
    for read in (otlp.read_json, otlp.read_protobuf):
        with pytest.raises(Malformed, match="larger"):
            read(b" " * 2_000_000, Bounds(document=1 << 20))


KEYS = st.sampled_from(
    ["resourceSpans", "scopeSpans", "spans", "scope", "resource", "attributes", "key", "value", "traceId", "spanId", "events",
     "links", "status", "code", "arrayValue", "kvlistValue", "values", "stringValue", "intValue", "bytesValue", "name", "kind"]
)  # fmt: skip
anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.just("ab" * 16),
        st.just("cd" * 8),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


@given(anything)
@settings(max_examples=150)
def test_whatever_json_says_it_is_read_or_left_out(found):
    whole = {
        "resourceSpans": [
            {"scopeSpans": [{"spans": [found, {"traceId": TRACE, "spanId": SPAN, "attributes": found}]}]},
            found,
        ]
    }
    spans = otlp.read(whole).spans
    assert all(len(s.trace) == 32 and len(s.id) == 16 for s in spans)
    otlp.write_protobuf(spans)
    otlp.write_json(spans)
