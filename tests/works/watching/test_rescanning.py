"""Advisories that change: stored bills judged again without their images, what is new told, what is gone closed."""

import shutil

from tests.images import docker_save, layer, mirror, record
from tests.works.watching.conftest import FILES
from tests.works.watching.test_arriving import ZLIB, watched

from assay.office import actions, findings

SECOND = record("CVE-2026-2000", "Debian:12", "zlib", ("introduced", "0"), ("fixed", "1.2.15"))
POLICY = "alert: [security]\n"


def states(home):
    return {f.rule[-13:]: f.status for f in findings.listing(home.office, check="image.vulnerabilities")}


def judged_without_its_ecosystem(home, tmp_path):
    """Judge an image that has one finding, and again by a mirror that knows only another ecosystem; return the mirror."""
    box, osv = tmp_path / "box", tmp_path / "osv"
    box.mkdir()
    docker_save(box / "saved.tar", [layer(FILES)])
    mirror(osv, ZLIB)
    watched(home, box, advisories={"mirror": str(osv)})
    shutil.rmtree(osv)
    mirror(osv, record("GHSA-1", "PyPI", "other", ("introduced", "0")))
    watched(home, advisories={"mirror": str(osv)})
    return osv


def test_new_advisories_are_told_and_withdrawn_ones_closed_without_the_image(home, tmp_path, told):
    (home.root / "watch.yaml").write_text(POLICY)
    box, osv = tmp_path / "box", tmp_path / "osv"
    box.mkdir()
    docker_save(box / "saved.tar", [layer(FILES)])
    mirror(osv, ZLIB)
    given = {"advisories": {"mirror": str(osv)}}
    watched(home, box, **given)
    assert states(home) == {"CVE-2026-1000": "open"}
    assert [t["title"] for t in told] == ["saved.tar arrived: 1 finding"]
    shutil.rmtree(box)  # the image is gone
    mirror(osv, SECOND)
    found = watched(home, **given)
    assert found["rescanned"] == 1 and [f["rule"] for f in found["images"][0]["new"]] == [
        "image.vulnerabilities.CVE-2026-2000"
    ]
    assert (
        told[-1]["title"] == "app:1: 1 new or graver vulnerability"
        and "CVE-2026-2000" in told[-1]["findings"][0]
    )
    assert "CVE-2026-1000" not in str(told[-1]["findings"])
    assert watched(home, **given)["rescanned"] == 0  # nothing has changed since
    mirror(osv, ZLIB | {"withdrawn": "2026-02-01T00:00:00Z", "modified": "2026-02-01T00:00:00Z"})
    found = watched(home, **given)
    assert [c["rule"] for c in found["images"][0]["closed"]] == ["image.vulnerabilities.CVE-2026-1000"]
    assert states(home) == {"CVE-2026-1000": "closed", "CVE-2026-2000": "open"} and len(told) == 2
    assert [a.state for a in actions.named(home.office, "watch.alert")] == ["done", "done"]


def test_a_mirror_that_lost_an_ecosystem_or_cannot_be_read_closes_nothing(home, tmp_path):
    osv = judged_without_its_ecosystem(home, tmp_path)
    assert states(home) == {"CVE-2026-1000": "open"}
    mirror(osv, record("CVE-9", "Debian:12", "other", ("introduced", "0")))
    (osv / "broken.json").write_text("{")
    watched(home, advisories={"mirror": str(osv)})
    assert states(home) == {"CVE-2026-1000": "open"}
    (osv / "broken.json").unlink()
    watched(home, advisories={"mirror": str(osv)})
    assert states(home) == {"CVE-2026-1000": "closed"}


def test_more_packages_unjudged_than_are_named_closed_what_they_had(home, tmp_path, monkeypatch):
    monkeypatch.setattr("assay.checks.image.vulnerabilities._MOST", 0)
    judged_without_its_ecosystem(home, tmp_path)
    assert states(home) == {"CVE-2026-1000": "open"}


def test_a_new_version_of_an_image_closes_what_it_no_longer_has(home, tmp_path):
    box, osv = tmp_path / "box", tmp_path / "osv"
    box.mkdir()
    mirror(osv, ZLIB)
    docker_save(box / "one.tar", [layer(FILES)])
    watched(home, box, advisories={"mirror": str(osv)})
    mended = FILES | {"var/lib/dpkg/status": FILES["var/lib/dpkg/status"].replace("1.2.13", "1.2.14")}
    docker_save(box / "two.tar", [layer(mended)])  # under the same tag
    watched(home, box, advisories={"mirror": str(osv)})
    assert states(home) == {"CVE-2026-1000": "closed"}


def test_an_alert_that_nobody_takes_is_kept_as_failed_and_sent_again(home, tmp_path, told, monkeypatch):
    import time

    from assay.works.watching import telling

    (home.root / "watch.yaml").write_text(POLICY)
    right = (home.root / "channels.yaml").read_text()
    (home.root / "channels.yaml").write_text(right.replace("hosts: [127.0.0.1]", "hosts: [example.org]"))
    box = tmp_path / "box"
    box.mkdir()
    docker_save(box / "saved.tar", [layer(FILES)])
    mirror(tmp_path / "osv", ZLIB)
    found = watched(home, box, advisories={"mirror": str(tmp_path / "osv")})
    assert "security" in found["wrong"][0] and told == []
    (home.root / "channels.yaml").write_text(right)
    assert telling.again(home, time.time()) == 0 and telling.again(home, time.time() + 61) == 1
    assert [t["title"] for t in told] == ["saved.tar arrived: 1 finding"]


def test_one_that_is_exploited_by_now_is_told_though_it_was_open(home, tmp_path, told):
    (home.root / "watch.yaml").write_text(POLICY)
    box, osv, kev = tmp_path / "box", tmp_path / "osv", tmp_path / "kev.json"
    box.mkdir()
    docker_save(box / "saved.tar", [layer(FILES)])
    mirror(osv, ZLIB)
    kev.write_text('{"vulnerabilities": [{"cveID": "CVE-2020-0001"}]}')
    given = {"advisories": {"mirror": str(osv), "kev": str(kev)}}
    watched(home, box, **given)
    assert watched(home, **given)["rescanned"] == 0 and len(told) == 1
    kev.write_text('{"vulnerabilities": [{"cveID": "CVE-2026-1000"}]}')
    found = watched(home, **given)
    assert [f["severity"] for f in found["images"][0]["new"]] == ["critical"]
    assert told[-1]["title"] == "app:1: 1 new or graver vulnerability" and told[-1]["severity"] == "critical"
    assert watched(home, **given)["rescanned"] == 0
