"""Programs in a bucket: what the store refuses is a gap, and an object is read while it is here."""

import json

import pytest

from assay.doors.cli import main
from assay.engines import places

OPEN = "import pickle\npickle.load(open('x', 'rb'))\n"


def reviewed(url, capsys, *options):
    with pytest.raises(SystemExit) as done:
        main(["check", "code.review", url, "--format", "json", *options])
    return done.value.code, json.loads(capsys.readouterr().out)


def test_a_program_that_a_bucket_refuses_is_a_gap(s3, capsys):
    """It was told of nowhere, and the review passed. An archived object is refused until it is restored."""
    s3.put_object(Bucket=s3.bucket, Key="code/a.py", Body=OPEN)
    for name in ("b.py", "run", "picture.png", "tests/t.py"):
        s3.put_object(Bucket=s3.bucket, Key=f"code/{name}", Body=OPEN, StorageClass="GLACIER")
    code, report = reviewed(f"s3://{s3.bucket}/code", capsys, "--exclude", "tests/**")
    assert [f["rule"] for f in report["findings"]] == ["code.review.pickle_load"]
    assert sorted(s["what"] for s in report["coverage"]["skipped"]) == ["b.py", "run"]
    assert all("cannot be fetched" in s["why"] for s in report["coverage"]["skipped"])
    assert (code, report["coverage"]["examined"], report["metrics"][0]["value"]) == (1, 1, 3)


def test_an_object_is_reviewed_before_it_is_let_go(s3, capsys, monkeypatch):
    """All were fetched first, and the earliest of more than a GiB were gone when it came to them."""
    monkeypatch.setattr(places, "_KEPT", 100)
    for at in range(4):
        s3.put_object(Bucket=s3.bucket, Key=f"code/{at}.py", Body=OPEN)
    _, report = reviewed(f"s3://{s3.bucket}/code", capsys)
    assert len(report["findings"]) == 4 and report["coverage"]["skipped"] == []
