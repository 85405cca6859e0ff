"""Requests of S3 as a hostile job writes them: only objects below what was named are read or written."""

from __future__ import annotations

import pytest

from assay.engines.egress.objects import Asked, Prefix

OF = (Prefix("data", "2026/"), Prefix("open"))
HASHED = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")


def refused(method, target, *headers, writes=False):
    path, _, query = target.partition("?")
    return Asked.read(method, path, query).refused(OF, [HASHED, *headers], writes=writes)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/data/2026/a.csv"),
        ("HEAD", "/data/2026/a%20b/c.csv?versionId=3"),
        ("GET", "/data/2026/a.csv?response-content-type=text%2Fplain&x-id=GetObject"),
        ("GET", "/data?list-type=2&prefix=2026%2F&delimiter=%2F"),
        ("GET", "/open?list-type=2"),
        ("GET", "/open/any/key"),
        ("HEAD", "/data"),
        ("GET", "/data?location"),
        ("GET", "/data/2026/100%25/a;b.csv"),
        ("GET", "/data?list-type=2&prefix=2026%2Fa%3Bb"),
        ("GET", "/data/2026%2Fa.csv"),  # a slash is a slash however it is written
    ],
)
def test_what_was_named_is_read(method, target):
    assert refused(method, target) == ""


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/other/2026/a"),
        ("GET", "/data/2025/a"),
        ("GET", "/data/2026"),
        ("GET", "/data/2026/../2025/a"),
        ("GET", "/data/2026/%2e%2e/2025/a"),
        ("GET", "/data/2026/./a"),
        ("GET", "/data/2026/%252e%252e/2025/a"),
        ("GET", "/data/2026/%252E%252e%252f2025/a"),
        ("GET", "/data/2026/..;a/2025/a"),
        ("GET", "/data%2F2025/a"),
        ("GET", "/data?list-type=2"),
        ("GET", "/data?list-type=2&prefix=202"),
        ("GET", "/data?list-type=2&prefix="),
        ("GET", "/data?versions&prefix=2026/"),
        ("GET", "/data?policy"),
        ("GET", "/data/2026/a?acl"),
        ("GET", "/data/2026/a?torrent"),
        ("GET", "/"),
        ("GET", "/data/"),
        ("PUT", "/data/2026/a"),
        ("DELETE", "/data/2026/a"),
    ],
)
def test_what_was_not_named_is_not(method, target):
    assert refused(method, target)


def test_who_may_write_writes_objects_and_removes_none():
    for method, target in (
        ("PUT", "/data/2026/a"), ("PUT", "/data/2026/a?partNumber=1&uploadId=x"), ("POST", "/data/2026/a?uploads"),
        ("POST", "/data/2026/a?uploadId=x"), ("DELETE", "/data/2026/a?uploadId=x"),
    ):  # fmt: skip
        assert refused(method, target, writes=True) == "" and refused(method, target)
    for method, target in (
        ("PUT", "/data/2025/a"), ("PUT", "/data"), ("PUT", "/data?policy"), ("PUT", "/data/2026/a?acl"), ("DELETE", "/data/2026/a"),
        ("DELETE", "/data"), ("POST", "/data?delete"), ("POST", "/data/2026/a?select&select-type=2"), ("POST", "/data/2026/a"),
        ("PUT", "/data/2026/a?tagging"), ("DELETE", "/data/2026/a?versionId=1"),
    ):  # fmt: skip
        assert refused(method, target, writes=True), target


def test_a_copy_reads_only_what_was_named_too():
    for source in ("/data/2026/b", "data/2026/b", "/open/x?versionId=2", "data%2F2026%2Fb"):
        assert refused("PUT", "/data/2026/a", ("x-amz-copy-source", source), writes=True) == ""
    for source in (
        "/data/2025/b",
        "other/b",
        "/data/2026/../2025/b",
        "",
        "arn:aws:s3:us-east-1:1:accesspoint/x/object/y",
    ):
        assert refused("PUT", "/data/2026/a", ("x-amz-copy-source", source), writes=True), source


def test_a_plus_is_judged_in_both_readings():
    """S3 takes a bare + of a path for a space, and other stores for itself."""
    of = (Prefix("data", "a+b/"), Prefix("open", "c/"))

    def why(path, *headers):
        return Asked.read("PUT", path, "").refused(of, [HASHED, *headers], writes=True)

    assert why("/data/a%2Bb/x") == "" and why("/open/c/d+e") == "" and why("/open/c/d%2Be") == ""
    assert why("/data/a+b/x") == "no prefix of this job"
    assert why("/data/a%2Bb/x", ("x-amz-copy-source", "/data/a%2Bb/y")) == ""
    assert why("/data/a%2Bb/x", ("x-amz-copy-source", "/data/a+b/y")).startswith("it copies from")


def test_nobody_is_given_access_by_a_header():
    for name, value in (
        ("x-amz-acl", "public-read"), ("X-Amz-Grant-Read", "uri=all"), ("x-amz-website-redirect-location", "http://a.example"),
        ("x-amz-tagging", "a=b"), ("x-amz-bypass-governance-retention", "true"), ("x-amz-object-lock-mode", "GOVERNANCE"),
    ):  # fmt: skip
        assert refused("PUT", "/data/2026/a", (name, value), writes=True), name
    assert refused("PUT", "/data/2026/a", ("x-amz-acl", "private"), ("x-amz-meta-x", "y"), writes=True) == ""


@pytest.mark.parametrize(
    ("path", "query"),
    [("data/a", ""), ("/data/%ff", ""), ("/data/a%00", ""), ("/data/a%0d%0ab", ""), ("/data/a%5c", ""), ("/data", "prefix=a&prefix=b"),
     ("/data", "prefix=a&%70refix=b"), ("/data", "list-type=2&prefix=2026/;prefix=2025/")],
)  # fmt: skip
def test_what_two_could_read_differently_is_no_request(path, query):
    with pytest.raises(ValueError):
        Asked.read("GET", path, query)
