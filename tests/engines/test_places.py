"""Programs in a bucket: what the store refuses is a gap, and an object is read while it is here."""

import json

import pytest

from assay.doors.cli import main
from assay.engines import places
from assay.kernel.errors import Missing
from assay.works.picking import picked

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


def test_what_lies_in_a_bucket_is_scanned_by_what_it_is_called(s3):
    """Code in a bucket was taken for models, and passed."""
    for key in ("p/src/train.py", "p/m.pkl", "p/rows.csv", "p/notes.md"):
        s3.put_object(Bucket=s3.bucket, Key=key, Body=b"x = 1\n")
    url = f"s3://{s3.bucket}"
    found = picked(f"{url}/p")
    assert [w.check for w in found.checks] == ["code.secrets", "code.review", "model.scan"]
    assert found.tables == (f"{url}/p/rows.csv",)
    assert [w.check for w in picked(f"{url}/p/src/train.py").checks] == ["code.secrets", "code.review"]
    assert [w.check for w in picked(f"{url}/p/m.pkl").checks] == ["model.scan"]
    with pytest.raises(Missing, match="no object under that name"):
        picked(f"{url}/nothing")
