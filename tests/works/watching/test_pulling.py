"""What a registry says was pushed: only what the policy names is pulled, whatever a notice says; the queue lasts and is bounded."""

import hashlib
import json
import shutil
import threading
import urllib.request
from dataclasses import replace

import pytest
from tests.images import layer, mirror, oci_layout
from tests.works.watching.conftest import FILES
from tests.works.watching.test_arriving import ZLIB, watched

from assay.engines.watching.hooks import Busy
from assay.kernel.errors import UsageError
from assay.methods.watching.pushes import Pushed
from assay.office import arrivals, findings, inventories, ledger
from assay.works.call import call
from assay.works.home import Home
from assay.works.watching import pulling
from assay.works.watching.options import policy_of

SECRET = "a-token-that-nobody-guesses"


@pytest.fixture
def policy(home, registry, monkeypatch):
    host, _, _ = registry
    monkeypatch.setenv("HOOK", SECRET)
    (home.root / "watch.yaml").write_text(
        f"registries:\n  - {{host: '{host}', plain: true, repositories: ['team/*']}}\n"
        "hooks:\n  reg: {token: env:HOOK}\n"
    )
    return policy_of(home)


def test_what_is_pushed_is_noted_at_once_pulled_later_and_known_after(home, registry, policy, tmp_path):
    host, digest, asked = registry
    mirror(tmp_path / "osv", ZLIB)
    assert pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1", digest)]) == 1
    assert asked == [] and arrivals.waiting(home.office) == 1
    again = Home.open(home.root, {})  # the queue outlives who noted it
    found = watched(again, advisories={"mirror": str(tmp_path / "osv")})
    again.close()
    assert [(a["kind"], a["outcome"], a["checks"]) for a in found["arrivals"]] == [
        ("pushed", "fail", ["image.vulnerabilities"])
    ]
    assert {f.asset for f in findings.listing(home.office)} == {f"{host}/team/app:1"}  # a name that stays
    asked.clear()
    pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1", digest)])
    assert watched(home, advisories={"mirror": str(tmp_path / "osv")})["scanned"] == 0 and asked == []


def _index(tmp_path, host):
    """Push an index of two platforms to the registry, and return what is pushed: the images by their digests, then the index."""
    folder, two = tmp_path / "pushed", tmp_path / "two"
    oci_layout(two, [layer(FILES)], platforms=(("linux", "amd64"), ("linux", "arm64")), tag="")
    for blob in (two / "blobs" / "sha256").iterdir():
        shutil.copy(blob, folder / "blobs" / "sha256")
    raw = (two / "index.json").read_bytes()
    index = hashlib.sha256(raw).hexdigest()
    (folder / "blobs" / "sha256" / index).write_bytes(raw)
    inner = [m["digest"] for m in json.loads(raw)["manifests"]]
    return [Pushed(host, "team/app", "", one) for one in inner], Pushed(
        host, "team/app", "2", f"sha256:{index}"
    )


@pytest.mark.parametrize("order", ["together", "images first", "index first"])
def test_of_an_index_each_platform_is_examined_and_kept_once_whatever_is_told_first(
    home, registry, policy, tmp_path, order
):
    """The machine's own platform was looked into alone; and a registry that tells of each image of an index had all kept twice."""
    host, _, _ = registry
    inner, index = _index(tmp_path, host)
    mirror(tmp_path / "osv", ZLIB)
    turns = {"together": [[*inner, index]], "images first": [inner, [index]], "index first": [[index], inner]}
    found = []
    for turn in turns[order]:
        pulling.note(home, policy, "reg", turn)
        found += watched(home, advisories={"mirror": str(tmp_path / "osv")})["arrivals"]
    found = sorted(found, key=lambda a: len(a["checks"]))
    assert [len(a["checks"]) for a in found] == [1, 1, 2] and {a["outcome"] for a in found} == {"fail"}
    assert found[2]["digest"] == index.digest
    kept = {f"{host}/team/app:2#linux/{one}" for one in ("amd64", "arm64")}
    mirror(
        tmp_path / "osv", ZLIB, {**ZLIB, "id": "CVE-2026-7777"}
    )  # each is judged again, and opens nothing elsewhere
    assert watched(home, advisories={"mirror": str(tmp_path / "osv")})["rescanned"] == 2
    assert {r.name for r in inventories.listing(home.office) if not r.within} == kept
    opened = [f for f in findings.listing(home.office) if f.status == "open"]
    assert {f.asset for f in opened} == kept and len(opened) == 4


def test_what_has_no_tag_and_is_of_no_index_is_kept_by_its_digest(home, registry, policy, tmp_path):
    host, _, _ = registry
    inner, _ = _index(tmp_path, host)
    pulling.note(home, policy, "reg", inner)
    mirror(tmp_path / "osv", ZLIB)
    watched(home, advisories={"mirror": str(tmp_path / "osv")})
    kept = {f"{host}/team/app@{one.digest}" for one in inner}
    assert {r.name for r in inventories.listing(home.office)} == kept
    assert {f.asset for f in findings.listing(home.office)} == kept


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1:1", "localhost", "evil.example.org", "[::1]"])
def test_a_registry_that_the_policy_does_not_name_is_never_asked(home, registry, policy, host):
    _, digest, asked = registry
    assert pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1", digest)]) == 0
    assert arrivals.waiting(home.office) == 0 and watched(home, advisories={})["scanned"] == 0 and asked == []
    assert ledger.event(home.office, 0).outcome == "denied"


def test_a_repository_that_the_policy_does_not_name_is_not_pulled(home, registry, policy):
    host, digest, asked = registry
    assert pulling.note(home, policy, "reg", [Pushed(host, "other/app", "1", digest)]) == 0 and asked == []


def test_a_registry_that_is_taken_from_the_policy_is_not_asked_any_more(home, registry, policy):
    host, digest, asked = registry
    pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1", digest)])
    (home.root / "watch.yaml").write_text(
        "registries: [registry.example.org]\nhooks: {reg: {token: env:HOOK}}\n"
    )
    (found,) = watched(home, fail_on="high")["arrivals"]
    assert found["state"] == "failed" and "may be pulled from" in found["why"] and asked == []


def test_what_cannot_be_pulled_is_tried_again_later_and_then_given_up(home, registry, policy, monkeypatch):
    """A registry that was away for a minute would else have its images never looked into."""
    host, _, asked = registry
    pulling.note(home, policy, "reg", [Pushed(host, "team/gone", "7")])
    said = []
    found = watched(home, fail_on="high", warn=said.append)
    assert (found["scanned"], found["postponed"], found["passed"]) == (0, 1, False)
    assert len(said) == 1 and said[0].endswith(
        "/team/gone:7: the registry has no '7' of this name; it is tried again later"
    )
    asked.clear()
    assert watched(home, fail_on="high")["passed"] and asked == []  # it is not its time yet
    monkeypatch.setattr(pulling, "_PAUSES", (-1.0, -1.0))
    (waits,) = arrivals.listing(home.office)
    with home.office.transaction() as tx:
        arrivals.write(tx, replace(waits, at=tx.now))
        tx.record("test", "x", actor="ada")
    found = watched(home, fail_on="high")
    assert [a["state"] for a in found["arrivals"]] == ["failed"] and "registry has no" in found["arrivals"][
        0
    ]["why"]
    assert watched(home, fail_on="high")["scanned"] == 0


def test_the_queue_is_bounded(home, registry, policy, monkeypatch):
    host, _, _ = registry
    monkeypatch.setattr(pulling, "MOST", 2)
    pulling.note(home, policy, "reg", [Pushed(host, "team/app", f"{n}") for n in range(2)])
    with pytest.raises(Busy):
        pulling.note(home, policy, "reg", [Pushed(host, "team/app", "3")])
    assert arrivals.waiting(home.office) == 2
    pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1")])  # which waits already


def test_hooks_without_a_registry_or_a_secret_are_refused(home, monkeypatch):
    (home.root / "watch.yaml").write_text("hooks: {reg: {token: env:HOOK}}\n")
    monkeypatch.setenv("HOOK", SECRET)
    with pytest.raises(UsageError, match="no registry is"):
        pulling.callers(home, policy_of(home))
    (home.root / "watch.yaml").write_text(
        "registries: [a.example]\nhooks: {reg: {token: env:NOT_SET_ANYWHERE}}\n"
    )
    with pytest.raises(UsageError, match="is not there"):
        pulling.callers(home, policy_of(home))


def test_from_the_notice_to_the_finding_over_http(home, registry, policy, tmp_path):
    host, digest, _ = registry
    mirror(tmp_path / "osv", ZLIB)
    seen, answers = [], []

    def tell(found):
        seen.append(found)
        raise KeyboardInterrupt  # as a person ends it

    event = {
        "action": "push", "request": {"host": host},
        "target": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "repository": "team/app", "tag": "1", "digest": digest},
    }  # fmt: skip

    def notify(url):
        def send():
            request = urllib.request.Request(
                f"{url}/hooks/reg",
                json.dumps({"events": [event]}).encode(),
                {"Authorization": f"Bearer {SECRET}"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                answers.append((answer.status, json.loads(answer.read())))

        threading.Thread(target=send, daemon=True).start()

    call(
        "watch",
        {"listen": {"host": "127.0.0.1", "port": 0}, "seconds": 60.0, "every": 0.05, "tell": tell, "ready": notify,
         "advisories": {"mirror": str(tmp_path / "osv")}},
        home=home,
    )  # fmt: skip
    assert answers == [(202, {"noted": 1, "refused": 0, "passed_over": 0})]
    assert [s.arrival.outcome for s in seen if hasattr(s, "arrival")] == ["fail"]


def test_a_registry_is_shown_the_homes_login_where_the_policy_says_so_and_not_else(
    home, registry, policy, monkeypatch
):
    host, digest, asked = registry
    asked.wants.append("Basic YWRhOmEtcGFzc3dvcmQ=")  # ada:a-password
    pulling.note(home, policy, "reg", [Pushed(host, "team/app", "1", digest)])
    monkeypatch.setenv("ASSAY_REGISTRY_PASSWORD", "a-password")
    known = Home.open(home.root, {"ASSAY_REGISTRY_USER": f"ada@{host}"})
    assert watched(known, fail_on="high")["postponed"] == 1  # the logins are of the home's own commands
    (waits,) = arrivals.listing(home.office)
    with home.office.transaction() as tx:
        arrivals.write(tx, replace(waits, at=tx.now))
        tx.record("test", "x", actor="ada")
    written = (home.root / "watch.yaml").read_text()
    (home.root / "watch.yaml").write_text(written.replace("plain: true", "plain: true, login: true"))
    found = watched(known, fail_on="high")
    known.close()
    assert [a["outcome"] for a in found["arrivals"]] == ["pass"]
