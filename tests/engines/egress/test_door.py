"""A job that reads and writes a bucket with a credential of its own, which opens nothing but its proxy and ends with it."""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from assay.engines.egress.credential import Credential, Wanted, session_policy
from assay.engines.egress.objects import Prefix
from assay.engines.egress.policy import Egress, read_network
from assay.engines.isolation import Grant, Limits, run
from assay.kernel.errors import UsageError

ROLE = "arn:aws:iam::123456789012:role/jobs"


def egress_to(s3, credential, *, seconds=60.0, path="/2026/"):
    stores, ranges = read_network({"allow": [f"s3://{s3.bucket}{path}"], "credential": credential})
    egress = Egress(stores, ranges, seconds)
    egress.credential = Credential.mint(Wanted.read(credential), egress.prefixes, egress.job, seconds)
    return egress


def job(code, egress, tmp_path):
    log = tmp_path / "log"
    made = Grant(egress=egress, limits=Limits(seconds=60))
    ended = run([sys.executable, "-c", textwrap.dedent(code)], made, log=log)
    assert ended.level == "full"
    return log.read_text()


READS = """
    import os, boto3, botocore
    from botocore.config import Config
    s3 = boto3.client("s3", config=Config(retries={{"max_attempts": 0}}))
    print(sorted(k for k in os.environ if k.startswith("AWS_")))
    def tried(name, **asked):
        try:
            back = getattr(s3, name)(Bucket="{bucket}", **asked)
            print(name, asked["Key"] if "Key" in asked else "", back["Body"].read().decode() if "Body" in back else sorted(o["Key"] for o in back.get("Contents", [])))
        except botocore.exceptions.ClientError as error:
            print(name, error.response["Error"]["Code"], error.response["Error"].get("Message"))
    tried("get_object", Key="2026/rows.csv")
    tried("list_objects_v2", Prefix="2026/")
    tried("get_object", Key="2025/rows.csv")
    tried("list_objects_v2")
    tried("put_object", Key="2026/out.csv", Body=b"made" * 1000)
    tried("delete_object", Key="2026/rows.csv")
    tried("get_bucket_policy")
"""


def test_a_job_reads_what_was_named_and_holds_no_credential_of_this_machine(s3, tmp_path):
    for key in ("2026/rows.csv", "2025/rows.csv"):
        s3.put_object(Bucket=s3.bucket, Key=key, Body=key.encode())
    egress = egress_to(s3, "read")
    said = job(READS.format(bucket=s3.bucket), egress, tmp_path)
    lines = said.splitlines()
    assert "get_object 2026/rows.csv 2026/rows.csv" in lines, said
    assert "list_objects_v2  ['2026/rows.csv']" in lines
    assert "get_object AccessDenied no prefix of this job" in lines
    assert "list_objects_v2 AccessDenied no prefix of this job" in lines
    assert "put_object AccessDenied the job's credential only reads" in lines
    assert "delete_object AccessDenied the job's credential only reads" in lines
    assert "testing" not in said and "AWS_SESSION_TOKEN" not in lines[0]
    taken = [(d.allowed, d.method, d.target) for d in egress.decisions]
    assert taken[:2] == [
        (True, "GET", f"s3://{s3.bucket}/2026/rows.csv"), (True, "GET", f"s3://{s3.bucket}/"),
    ]  # fmt: skip
    assert [d.allowed for d in egress.decisions[2:]] == [False] * 5
    assert not egress.alive  # it ended with the job


@pytest.mark.slow
def test_a_job_that_may_write_writes_below_its_prefix(s3, tmp_path):
    egress = egress_to(s3, {"access": "write"})
    code = """
        import boto3, io, os
        s3 = boto3.client("s3")
        s3.put_object(Bucket="{bucket}", Key="2026/a b/ü.csv", Body=b"made")
        from boto3.s3.transfer import TransferConfig
        big = io.BytesIO(os.urandom(6 << 20))
        s3.upload_fileobj(big, "{bucket}", "2026/big", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
        print("done")
    """
    said = job(code.format(bucket=s3.bucket), egress, tmp_path)
    assert said.endswith("done\n"), said
    assert s3.get_object(Bucket=s3.bucket, Key="2026/a b/ü.csv")["Body"].read() == b"made"
    assert s3.head_object(Bucket=s3.bucket, Key="2026/big")["ContentLength"] == 6 << 20
    assert all(d.allowed for d in egress.decisions)


def test_a_role_is_assumed_for_these_prefixes_alone_until_the_job_is_over(s3):
    from moto.sts.models import sts_backends

    stores, _ = read_network({"allow": [f"s3://{s3.bucket}/2026/"], "credential": {"role": ROLE}})
    egress = Egress(stores, (), 120.0)
    before = datetime.now(UTC)
    made = Credential.mint(Wanted.read({"role": ROLE}), egress.prefixes, egress.job, 120.0)
    role = next(
        r
        for backends in sts_backends.values()
        for backend in backends.values()
        for r in backend.assumed_roles
        if r.access_key_id == made.keys().key
    )
    assert role.session_name == f"assay-{egress.job}" and role.arn.endswith("/jobs/" + role.session_name)
    policy = json.loads(role.policy)
    until = policy["Statement"][0]["Condition"]["DateLessThan"]["aws:CurrentTime"]
    left = datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - before
    assert 110 < left.total_seconds() <= 121  # STS itself gives no session of less than 900 s
    assert policy["Statement"][0]["Resource"] == [f"arn:aws:s3:::{s3.bucket}/2026/*"]
    assert made.keys().token and made.keys().secret != "testing"
    told = made.told()
    assert told["signed_with"] == ROLE and told["session"] == made.keys().key
    assert made.keys().secret not in json.dumps(told) and made.keys().token not in json.dumps(told)


def test_the_policy_of_a_session_allows_reading_and_only_then_writing():
    until = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    prefixes = (Prefix("data", "a/"), Prefix("data", "b/"), Prefix("open"))
    reads = json.loads(session_policy(prefixes, until))["Statement"]
    writes = json.loads(session_policy(prefixes, until, writes=True, role="arn:aws-cn:iam::1:role/x"))[
        "Statement"
    ]
    assert reads[0]["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
    assert reads[0]["Resource"] == ["arn:aws:s3:::data/a/*", "arn:aws:s3:::data/b/*", "arn:aws:s3:::open/*"]
    assert "s3:PutObject" in writes[0]["Action"] and writes[0]["Resource"][0] == "arn:aws-cn:s3:::data/a/*"
    lists = {s["Resource"]: s["Condition"] for s in reads if s["Action"] == "s3:ListBucket"}
    assert lists["arn:aws:s3:::data"]["StringLike"] == {"s3:prefix": ["a/*", "b/*"]}
    assert "StringLike" not in lists["arn:aws:s3:::open"]
    assert all(
        s["Condition"]["DateLessThan"]["aws:CurrentTime"] == "2026-01-02T03:04:05Z" for s in reads + writes
    )
    assert all(
        "*" not in a and a != "s3:DeleteObject"
        for s in reads + writes
        for a in [s["Action"]]
        for a in ([a] if isinstance(a, str) else a)
    )


def test_the_longest_session_is_asked_for_anew_before_it_ends(s3):
    made = Credential.mint(Wanted.read({"role": ROLE}), (Prefix(s3.bucket, "a/"),), "abc", 10 * 3600.0)
    first = made.keys()
    assert made.keys() is first
    made._ends = datetime.now(UTC)
    assert made.keys().key != first.key


def test_a_role_that_cannot_be_assumed_is_told(s3, monkeypatch):
    """Nobody answers at STS, when it is asked first or anew while the job runs."""
    made = Credential.mint(Wanted.read({"role": ROLE}), (Prefix(s3.bucket),), "abc", 60.0)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UsageError, match="credential"):
        Credential.mint(Wanted.read({"role": ROLE}), (Prefix(s3.bucket),), "abc", 60.0)
    made._ends = datetime.now(UTC)
    with pytest.raises(UsageError, match="no credential for S3"):
        made.keys()


def test_a_machine_without_a_credential_mints_none(s3, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with pytest.raises(UsageError, match="no credential"):
        Credential.mint(Wanted.read("read"), (Prefix(s3.bucket),), "abc", 60.0)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"allow": ["s3://data/2026/"]}, "prefix"),
        ({"allow": ["https://a.example"], "credential": "read"}, "no s3://"),
        ({"allow": ["s3://data/*"], "credential": "read"}, "names no store"),
        ({"allow": ["s3://data/${aws:username}/"], "credential": "read"}, "names no store"),
        ({"allow": ["s3://data/a?b"], "credential": "read"}, "names no store"),
    ],
)
def test_a_prefix_says_no_more_than_itself_and_needs_a_credential(given, match):
    with pytest.raises(UsageError, match=re.escape(match)):
        read_network(given)


@pytest.mark.parametrize(
    "given",
    [
        "all",
        {"acess": "read"},
        {"role": "jobs"},
        {"region": "EU/1"},
        {"endpoint": "s3.example"},
        7,
        {"endpoint": "http://a:b@c/"},
    ],
)
def test_what_is_no_credential_is_a_mistake(given):
    with pytest.raises(UsageError):
        Wanted.read(given)


def test_one_of_several_workers_that_ends_does_not_end_it_for_the_others():
    """The first worker to end took the way out from all."""
    egress = Egress((), ())
    closed = []
    egress.closed = lambda: closed.append(True)
    egress.begin()
    egress.begin()
    egress.end()
    assert egress.knows(egress.token) and not closed
    egress.end()
    assert not egress.knows(egress.token) and closed == [True]
    egress.begin()
    assert not egress.alive


def test_with_a_credential_a_bucket_is_reached_in_no_other_way(s3):
    """A tunnel would carry keys that the job brought itself, to any key of the bucket."""
    egress = egress_to(s3, "read", path="/")
    host = f"{s3.bucket}.s3.us-east-1.amazonaws.com"
    assert egress.addresses("https", host, 443) == ((), "no store of this job")
