"""Signatures beside botocore's own: what it signs is verified here, and what is signed here is what it signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.egress import sigv4
from assay.engines.egress.sigv4 import Keys

auth = pytest.importorskip("botocore.auth")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = Keys("ASSAYABC", "a secret")


def by_botocore(method, url, headers=None, body=b"", keys=KEYS, region="eu-central-1"):
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    signer = auth.S3SigV4Auth(Credentials(keys.key, keys.secret, keys.token or None), "s3", region)
    signer.add_auth(request)
    return {"host": request.url.split("/")[2], **{k.lower(): v for k, v in request.headers.items()}}


URLS = [
    ("GET", "http://127.0.0.1:3128/bucket/a/key.csv"),
    ("PUT", "http://127.0.0.1:3128/bucket/a%20b/%C3%BC.csv"),
    ("GET", "http://127.0.0.1:3128/bucket?list-type=2&prefix=a%2Fb&delimiter=%2F&list=1"),
    ("POST", "http://127.0.0.1:3128/bucket/key?uploads"),
]


@pytest.mark.parametrize(("method", "url"), URLS)
@pytest.mark.parametrize("token", ["", "a/session=="])
def test_each_gives_the_others_signature(method, url, token):
    keys = Keys(KEYS.key, KEYS.secret, token)
    sent = by_botocore(method, url, {"x-amz-meta-a": "two   words"}, keys=keys)
    path, _, query = url.removeprefix("http://127.0.0.1:3128").partition("?")
    when = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert sigv4.verified(method, path, query, list(sent.items()), keys, when) == ""
    own = {n: v for n, v in sent.items() if n not in ("authorization", "x-amz-date", "x-amz-security-token")}
    made = sigv4.signed(method, path, query, own, keys, "eu-central-1", when)
    assert made["authorization"].replace(", ", ",") == sent["authorization"].replace(", ", ",")


def test_what_is_changed_afterwards_is_refused():
    sent = by_botocore("GET", "http://127.0.0.1:3128/bucket/a?versionId=1")
    when = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def asked(method="GET", path="/bucket/a", query="versionId=1", keys=KEYS, late=0.0, **more):
        headers = [(n, v) for n, v in {**sent, **more}.items() if v is not None]
        return sigv4.verified(method, path, query, headers, keys, when + timedelta(seconds=late))

    assert asked() == ""
    for wrong in (
        {"method": "PUT"}, {"path": "/bucket/b"}, {"query": "versionId=2"}, {"keys": Keys(KEYS.key, "another")},
        {"keys": Keys("ASSAYXYZ", KEYS.secret)}, {"late": 901.0}, {"late": -901.0}, {"host": "elsewhere"},
        {"x-amz-meta-b": "not signed"}, {"x-amz-date": None}, {"authorization": None}, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
        {"authorization": "AWS4-HMAC-SHA256 Credential=x"}, {"x-amz-date": "yesterday"},
    ):  # fmt: skip
        assert asked(**wrong) != "", wrong


@settings(max_examples=60)
@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_nothing_that_is_no_signature_raises(said, path, query):
    headers = [("Authorization", said), ("Host", "a"), ("x-amz-date", said), ("x-amz-content-sha256", said)]
    assert sigv4.verified("GET", path, query, headers, KEYS, NOW)
