"""What the office keeps of images: their latest bill, and findings that are closed and opened again."""

import json

from tests.images import DEBIAN, mirror, record, stanza, tree

from assay.office import findings, inventories
from assay.works.checking import carry_out
from assay.works.home import Home

STATUS = stanza("zlib1g", "1.2.13", "zlib")
ZLIB = record("CVE-2026-1000", "Debian:12", "zlib", ("introduced", "0"), ("fixed", "1.2.14"))


def looked(home, image, **params):
    name = "image.vulnerabilities" if params else "image.sbom"
    return carry_out("check", name, image, {k: str(v) for k, v in params.items()}, home=home)


def test_the_latest_bill_of_an_image_is_kept_and_says_what_it_was_held_against(tmp_path):
    home = Home.create(tmp_path, {})
    root = tree(tmp_path / "app", {"etc/os-release": DEBIAN, "var/lib/dpkg/status": STATUS})
    looked(home, str(root))
    (kept,) = inventories.listing(home.office)
    assert (kept.name, kept.against) == ("app", "") and json.loads(home.store.read(kept.bill))["bomFormat"]
    judged = looked(home, kept.asset, advisories=mirror(tmp_path / "osv", ZLIB))
    assert [f.rule for f in judged.report.findings] == ["image.vulnerabilities.CVE-2026-1000"]
    (again,) = inventories.listing(home.office)
    assert again.bill == kept.bill and again.digest == kept.digest and again.against and again.report
    assert (
        next(a for a in judged.report.outputs if a.name == "sbom").digest == kept.bill
    )  # nothing is stored twice
    home.close()


def test_a_finding_that_was_closed_and_is_found_again_is_open(tmp_path):
    home = Home.create(tmp_path, {})
    root = tree(tmp_path / "app", {"etc/os-release": DEBIAN, "var/lib/dpkg/status": STATUS})
    looked(home, str(root), advisories=mirror(tmp_path / "osv", ZLIB))
    (found,) = findings.open_of(home.office, "app", "image.vulnerabilities")
    with home.office.transaction() as tx:
        findings.close(tx, found)
        tx.record("findings.close", "app", actor="ada")
    assert findings.open_of(home.office, "app", "image.vulnerabilities") == []
    (closed,) = findings.listing(home.office)
    assert closed.status == "closed" and closed.closed and closed.first_seen == found.first_seen
    looked(home, str(root), advisories=tmp_path / "osv")
    (again,) = findings.open_of(home.office, "app", "image.vulnerabilities")
    assert again.first_seen == found.first_seen
    home.close()
