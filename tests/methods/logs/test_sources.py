"""What each kind of log says in one record, and that what is wrong with one is a sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assay.methods.logs.sniff import SOURCES, sniff
from assay.methods.logs.source import bounded, moment

TRAIL = {
    "eventVersion": "1.08",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::123456789012:assumed-role/analyst/ada",
        "sessionContext": {
            "sessionIssuer": {"arn": "arn:aws:iam::123456789012:role/analyst"},
            "attributes": {"mfaAuthenticated": "true"},
        },
    },
    "eventTime": "2026-01-05T10:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "sourceIPAddress": "203.0.113.9",
    "eventID": "e-1",
    "readOnly": True,
}
AUDIT = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "a1",
    "stage": "ResponseComplete",
    "verb": "get",
    "user": {"username": "ada", "groups": ["x", "y"]},
    "objectRef": {"resource": "secrets", "namespace": "ml", "name": "key"},
    "responseStatus": {"code": 403},
    "stageTimestamp": "2026-01-05T10:00:00.223456Z",
    "annotations": {"authorization.k8s.io/decision": "forbid"},
}
COMBINED = (
    b'203.0.113.9 - ada [05/Jan/2026:10:00:00 +0100] "GET /m?x=1 HTTP/1.1" 200 512 "http://e/" "curl \\"8\\""'
)


def read(name, raw, **context):
    source = SOURCES[name]
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    values = source.read(raw, context)
    return dict(zip([c.name for c in source.all_columns()], values, strict=False))


def test_cloudtrail():
    got = read("cloudtrail", TRAIL)
    assert got["time"] == datetime(2026, 1, 5, 10, tzinfo=UTC) and got["id"] == "e-1"
    assert got["role_arn"] == "arn:aws:iam::123456789012:role/analyst" and got["mfa"] is True
    assert got["read_only"] is True and got["error_code"] is None


def test_access_in_both_formats():
    got = read("access", COMBINED)
    assert got["time"] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert (got["client"], got["user_name"], got["path"], got["query"]) == ("203.0.113.9", "ada", "/m", "x=1")
    assert (got["status"], got["bytes"], got["user_agent"]) == (200, 512, 'curl \\"8\\"')
    common = read("access", b'h - - [05/Jan/2026:10:00:00 +0000] "-" 408 -')
    assert (common["method"], common["bytes"], common["referer"]) == (None, None, None)


def test_kubernetes():
    got = read("kubernetes", AUDIT)
    assert got["id"] == "a1/ResponseComplete" and got["decision"] == "forbid" and got["groups"] == "x,y"
    assert got["time"] == datetime(2026, 1, 5, 10, 0, 0, 223456, tzinfo=UTC)


def test_otlp_takes_resource_and_scope_from_the_levels_above():
    document = {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "gate"}}]},
                "scopeLogs": [
                    {
                        "scope": {"name": "lib"},
                        "logRecords": [
                            {
                                "timeUnixNano": "1767607200123456789",
                                "severityNumber": 17,
                                "body": {
                                    "kvlistValue": {"values": [{"key": "a", "value": {"intValue": "3"}}]}
                                },
                                "attributes": [
                                    {"key": "b", "value": {"arrayValue": {"values": [{"boolValue": True}]}}}
                                ],
                            }
                        ],
                    }
                ],
            }
        ]
    }
    ((raw, context),) = SOURCES["otel"].opened(json.dumps(document).encode())
    got = read("otel", raw, **context)
    assert got["service"] == "gate" and got["scope"] == "lib" and got["time"].microsecond == 123456
    assert json.loads(got["body"]) == {"a": "3"} and json.loads(got["attributes"]) == {"b": [True]}


def test_cloudwatch_in_its_three_shapes():
    line = read("cloudwatch", b"2026-01-05T10:00:00.500Z hello world", folder="stream-1")
    assert line["message"] == "hello world" and line["log_stream"] == "stream-1"
    message = {
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s",
        "logEvents": [{"id": "7", "timestamp": 1767607200000, "message": "m"}],
    }  # fmt: skip
    ((raw, context),) = SOURCES["cloudwatch"].opened(json.dumps(message).encode())
    got = read("cloudwatch", raw, **context)
    assert (got["id"], got["log_group"], got["message"]) == ("7", "g", "m")
    answer = {
        "events": [
            {"eventId": "9", "timestamp": 1767607200000, "message": "m", "ingestionTime": 1767607200001}
        ]
    }
    ((raw, context),) = SOURCES["cloudwatch"].opened(json.dumps(answer).encode())
    assert read("cloudwatch", raw, **context)["ingested"].microsecond == 1000


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (1767607200, "2026-01-05T10:00:00+00:00"),
        (1767607200.25, "2026-01-05T10:00:00.250000+00:00"),
        (1767607200123, "2026-01-05T10:00:00.123000+00:00"),
        (1767607200123456789, "2026-01-05T10:00:00.123456+00:00"),
        ("2026-01-05T12:00:00+02:00", "2026-01-05T12:00:00+02:00"),
        ("2026-01-05 10:00:00", "2026-01-05T10:00:00+00:00"),
    ],
)
def test_a_time_is_told_by_its_size(given, text):
    assert moment(given).isoformat() == text


@pytest.mark.parametrize(
    "given", [None, True, "soon", 5, -1, "0001-01-01", 1e300, float("nan"), "9999-12-31T23:59:59Z"]
)
def test_what_is_no_time_is_refused(given):
    with pytest.raises(ValueError, match="time"):
        moment(given)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("cloudtrail", b"{}"),
        ("cloudtrail", b"[]"),
        ("cloudtrail", b'{"eventTime": 5, "eventID": "x"}'),
        ("cloudtrail", b'{"eventTime": "2026-01-05T10:00:00Z", "eventID": "x", "q": ' + b"[" * 100_000),
        ("cloudwatch", b"no time here"),
        ("cloudwatch", b'{"timestamp": 5, "message": "x"}'),
        ("access", b"garbage"),
        ("access", b'h - - [99/Jan/2026:10:00:00 +0000] "-" 408 -'),
        ("access", b"\xff\xfe"),
        ("kubernetes", b'{"auditID": "x"}'),
        ("otel", b'{"body": 1}'),
        ("otel", b'{"timeUnixNano": "x"}'),
        ("jsonl", b'{"a": 1}'),
        ("jsonl", b"[1]"),
    ],
)
def test_what_is_wrong_with_a_record_is_a_sentence(name, raw):
    with pytest.raises(ValueError):
        SOURCES[name].read(raw, {})


def test_a_record_is_bounded_in_size_and_depth():
    bounded(b'{"a": "' + b"[" * 1000 + b'"}')
    for raw in (b"[" * 101 + b"]" * 101, b"x" * (4 << 20) + b"x"):
        with pytest.raises(ValueError):
            bounded(raw)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (json.dumps({"Records": [TRAIL]}).encode(), "cloudtrail"),
        (json.dumps(TRAIL).encode(), "cloudtrail"),
        (json.dumps(AUDIT).encode(), "kubernetes"),
        (COMBINED, "access"),
        (b"2026-01-05T10:00:00.000Z START", "cloudwatch"),
        (b'{"messageType":"DATA_MESSAGE","logEvents":[', "cloudwatch"),
        (b'{"events":[{"timestamp":1767607200000,"message":"x"', "cloudwatch"),
        (b'{"resourceLogs":[', "otel"),
        (b'\xef\xbb\xbf{"level":"info"}', "jsonl"),
        (b"PAR1\xff\x00", None),
        (b"", None),
    ],
)
def test_a_format_is_told_by_how_a_file_begins(head, name):
    found = sniff(head)
    assert (found.name if found else None) == name


def test_a_digest_that_lies_beside_the_logs_of_cloudtrail_was_counted_as_a_bad_record():
    digest = (
        b'{"awsAccountId":"1","digestStartTime":"2026-01-05T09:00:00Z","digestS3Bucket":"b","logFiles":[]}'
    )
    kind = sniff(digest)
    assert kind is not None and kind.name == "cloudtrail"
    assert list(kind.opened(digest)) == []


def test_a_record_within_an_event_of_eventbridge_was_never_read():
    record = {"eventID": "e-1", "eventTime": "2026-01-05T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject"}  # fmt: skip
    event = {"version": "0", "id": "x", "detail-type": "AWS API Call via CloudTrail", "detail": record}
    raw = json.dumps(event).encode()
    kind = sniff(raw)
    assert kind is not None and kind.name == "cloudtrail"
    ((inner, context),) = kind.opened(raw)
    values = kind.read(inner, context)
    assert values[1:4] == ("e-1", "s3.amazonaws.com", "GetObject")
    plain = json.dumps(
        record | {"detail": "text", "detail-type": "none"}
    ).encode()  # one that is called so itself
    assert list(kind.opened(plain)) == [(plain, {})]
