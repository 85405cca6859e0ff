"""Records of a mirror that are not as they should be: each is named, none ends the check, and the others are judged."""

import json

import pytest
from tests.images import DEBIAN, mirror, record, stanza, tree

import assay
from assay.engines.advisories import index
from assay.engines.advisories import mirror as mirrors
from assay.kernel.asset import Asset

IMAGE = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": stanza("libssl3", "3.0.11", "openssl")}
GOOD = record(
    "CVE-1",
    "Debian:12",
    "openssl",
    ("introduced", "0"),
    ("fixed", "3.1"),
    references=[{"url": "https://x.example"}],
)
LISTED = {"package": {"ecosystem": "Debian:12", "name": "openssl"}}


def examined(tmp_path, *records, raw=None):
    folder = mirror(tmp_path / "osv", *records)
    folder.mkdir(exist_ok=True)
    if raw is not None:
        (folder / "many.json").write_text(raw)
    return assay.check("image.vulnerabilities", str(tree(tmp_path / "root", IMAGE)), advisories=str(folder))


def said(result):
    return " ".join(f"{s.what} {s.why}" for s in result.report.coverage.skipped)


@pytest.mark.parametrize(
    "part",
    [
        {"ranges": 7}, {"ranges": [7]}, {"ranges": {}}, {"ranges": [{"type": "ECOSYSTEM", "events": 7}]},
        {"ranges": [{"type": "ECOSYSTEM", "events": [7]}]}, {"ranges": [{"type": 7, "events": [{"introduced": []}]}]},
        {"versions": 7}, {"versions": {"3.0.11": 1}}, {"ranges": [{"events": [{"introduced": 3}]}]},
        {"versions": ["3.0.11"], "ranges": 7}, {"versions": [["3.0.11"], {}, None, 7], "ranges": 7},
    ],
)  # fmt: skip
def test_an_entry_of_another_shape_is_named_and_the_other_record_judged(tmp_path, part):
    result = examined(tmp_path, GOOD, {**GOOD, "id": "CVE-BAD", "affected": [{**LISTED, **part}]})
    assert [f.rule for f in result.findings] == ["image.vulnerabilities.CVE-1"]
    assert "CVE-BAD" in said(result) and result.outcome == "fail"
    assert "upgrade to 3.1" in result.findings[0].remedy


@pytest.mark.parametrize(
    "more",
    [{"affected": 7}, {"id": 7}, {"withdrawn": True}, {"modified": []}, {"affected": [{"package": "openssl"}]},
     {"id": "CVE-BAD" + "x" * 500}, {"summary": 7}],
)  # fmt: skip
def test_a_record_that_is_none_is_named_by_its_file_and_the_others_of_its_file_are_read(tmp_path, more):
    """One record that could not be decoded took the whole file of a thousand with it."""
    bad = {**GOOD, "id": "CVE-BAD", **more}
    result = examined(tmp_path, raw=json.dumps([{**GOOD, "id": "CVE-0"}, bad, GOOD]))
    assert {f.rule for f in result.findings} >= {"image.vulnerabilities.CVE-0", "image.vulnerabilities.CVE-1"}
    assert "many.json" in said(result) and ("CVE-BAD" in said(result) or "id" in more)


@pytest.mark.parametrize("more", [{"references": 7}, {"references": [7, {"url": 7}]}, {"aliases": 7}, {"severity": {"score": []}}, {"database_specific": []}])  # fmt: skip
def test_what_else_a_record_says_may_be_of_any_shape(tmp_path, more):
    assert [f.rule for f in examined(tmp_path, {**GOOD, **more}).findings] == ["image.vulnerabilities.CVE-1"]


def filled(tmp_path, *documents):
    folder = tree(tmp_path / "osv", {f"{n}.json": json.dumps(d) for n, d in enumerate(documents)})
    index.build(Asset("advisories", "osv", str(folder)), tmp_path / "a.sqlite")
    return index.Index(Asset("advisories", "osv", ""), tmp_path / "a.sqlite")


def test_a_record_that_was_withdrawn_since_leaves_nothing(tmp_path):
    other = record("CVE-2", "Debian:12", "openssl", ("introduced", "0"))
    later = {**GOOD, "modified": "2026-02-01T00:00:00Z", "withdrawn": "2026-02-01T00:00:00Z"}
    made = filled(tmp_path, GOOD, other, later)
    assert made.records == 1 and made.record("CVE-1") == {}
    assert [entry["id"] for _, _, entry in made.about("Debian", ["openssl"])] == ["CVE-2"]


def test_of_a_record_that_is_there_several_times_the_newest_is_kept(tmp_path):
    """Rows of others that were written where the older one's had been must stay."""
    newer = record("CVE-1", "Debian:12", "zlib", ("introduced", "0")) | {"modified": "2026-03-01T00:00:00Z"}
    others = [record(f"CVE-{n}", "Debian:12", "zlib", ("introduced", "0")) for n in (2, 3)]
    newest = {**GOOD, "modified": "2026-04-01T00:00:00Z"}
    made = filled(tmp_path, GOOD, others[0], newer, others[1], newest, newer)
    assert [entry["id"] for _, _, entry in made.about("Debian", ["openssl"])] == ["CVE-1"]
    assert [entry["id"] for _, _, entry in made.about("Debian", ["zlib"])] == ["CVE-2", "CVE-3"]
    assert made.records == 3


def test_of_what_cannot_be_read_by_the_thousand_the_first_is_kept_and_the_rest_counted():
    told = mirrors.Problems()
    for n in range(5_000):
        told.add(f"{n}: " + "x" * 10_000)
    assert told.count == 5_000 and len(told.shown) == 20 and max(map(len, told.shown)) == 300


def test_more_ecosystems_than_there_are_is_no_mirror(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_ECOSYSTEMS", 3)
    with pytest.raises(assay.AssayError, match="more than 3 ecosystems"):
        filled(tmp_path, *(record(f"A-{n}", f"E{n}", "a", ("introduced", "0")) for n in range(5)))
