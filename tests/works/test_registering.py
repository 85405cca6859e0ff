"""A model registered, decided upon and exported: once, and whole whenever it is cut short."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import textwrap

import pytest

from assay.kernel.errors import Refused, UsageError
from assay.office import ledger
from assay.works.call import call
from assay.works.home import Home


@pytest.fixture
def home(tmp_path):
    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield opened
    opened.close()


@pytest.fixture
def model(tmp_path):
    """A model of four numbers, in a format that holds nothing but numbers."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(16))
    return str(path)


@pytest.fixture
def registered(home, model):
    return call("model.register", {"file": model, "name": "m"}, home=home)


def said(home, *names):
    return [(e.action, e.outcome) for e in ledger.tail(home.office, 100) if e.action in names]


def cut_short(tmp_path, action, params, where):
    """Carry an action out in another process, which is killed in the middle; then open the home again."""
    code = textwrap.dedent(
        f"""
        import os
        from pathlib import Path
        from assay.works.call import call
        from assay.works.home import Home
        {where} = lambda *a, **k: os._exit(9)
        home = Home.open(Path({str(tmp_path / ".assay")!r}), {{"ASSAY_ACTOR": "ada"}})
        call({action!r}, {params!r}, home=home)
        """
    )
    prelude = "from assay.office import actions\nfrom assay.works import marking, exporting, registering\nfrom assay.works.inventory import deciding\n"
    done = subprocess.run([sys.executable, "-c", prelude + code], check=False, capture_output=True)
    assert done.returncode == 9, done.stderr.decode()
    return Home.open(tmp_path / ".assay", {"ASSAY_ACTOR": "ada"})


def test_registering_is_two_actions_each_begun_and_done(home, registered):
    assert said(home, "model.register", "hallmark.strike") == [
        ("model.register", "begun"),
        ("model.register", "done"),
        ("hallmark.strike", "begun"),
        ("hallmark.strike", "done"),
    ]
    assert (registered["version"], registered["status"], registered["new"]) == (1, "PENDING", True)
    assert call("model.verify", {"name": "m"}, home=home)["ok"]


def test_registering_the_very_same_again_is_the_same_version(home, model, registered):
    again = call("model.register", {"file": model, "name": "m"}, home=home)
    assert (again["version"], again["new"], again["digest"]) == (1, False, registered["digest"])
    assert len(said(home, "model.register", "hallmark.strike")) == 4
    other = call("model.register", {"file": model, "name": "m", "owner": "risk"}, home=home)
    assert (other["version"], other["new"]) == (2, True)


def test_the_hallmark_names_the_event_that_entered_the_package(home, registered):
    event = ledger.event(home.office, registered["entered"])
    assert (event.action, event.outcome, event.subject) == ("model.register", "done", "registry://m@1")
    assert event.inputs["package"] == registered["digest"]


def test_an_approval_is_signed_over_the_event_in_which_it_was_begun(home, registered):
    import base64

    call("model.approve", {"name": "m", "reason": "checked by hand"}, home=home)
    path = home.root / "packages" / "m" / "1" / "decision.intoto.json"
    payload = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    place = payload["predicate"]["ledger"]
    event = ledger.event(home.office, place["seq"])
    assert (event.action, event.outcome) == ("model.approve", "begun")
    assert event.detail["order"]["reason"] == "checked by hand"
    assert place["leaf"] == ledger.leaf(home.office, place["seq"])


def test_two_people_where_the_policy_asks_for_two(tmp_path, home, registered):
    strict = Home.open(home.root, {"ASSAY_ACTOR": "ada", "ASSAY_FOUR_EYES": "true"})
    with pytest.raises(Refused, match="another person"):
        call("model.approve", {"name": "m", "reason": "mine"}, home=strict)
    assert said(strict, "model.approve") == [("model.approve", "denied")]
    assert (
        call("model.approve", {"name": "m", "reason": "x"}, home=strict, actor="bob")["decided_by"] == "bob"
    )
    strict.close()


def test_a_decision_upon_what_has_changed_meanwhile_is_refused(home, registered):
    from assay.office import actions, registry
    from assay.works.inventory.deciding import Decide

    seen = registry.get(home.office, "m")
    call("model.reject", {"name": "m", "reason": "no"}, home=home)
    with pytest.raises(UsageError, match="changed meanwhile"):
        actions.carry_out(home.office, Decide(home, seen, "APPROVED", "bob", "yes"))
    assert registry.get(home.office, "m").status == "REJECTED"
    assert call("model.verify", {"name": "m"}, home=home)["ok"]


@pytest.mark.parametrize("where", ["registering.package.build", "registering.package.keep", "actions._done"])
def test_a_registration_cut_short_has_not_happened_and_is_done_again(tmp_path, home, model, where):
    again = cut_short(tmp_path, "model.register", {"file": model, "name": "m"}, where)
    assert said(again, "model.register") == [("model.register", "begun"), ("model.register", "failed")]
    assert call("model.list", {}, home=again)["models"] == []
    assert call("model.register", {"file": model, "name": "m"}, home=again)["version"] == 1
    assert call("model.verify", {"name": "m"}, home=again)["ok"]
    again.close()


def test_an_approval_killed_after_it_was_signed_has_happened(tmp_path, home, registered):
    again = cut_short(tmp_path, "model.approve", {"name": "m", "reason": "fine"}, "actions._done")
    found = call("model.show", {"name": "m"}, home=again)
    assert (found["status"], found["decided_by"], found["reason"]) == ("APPROVED", "ada", "fine")
    assert said(again, "model.approve") == [("model.approve", "begun"), ("model.approve", "done")]
    assert call("model.verify", {"name": "m"}, home=again)["ok"]
    again.close()


def test_an_approval_killed_before_it_was_signed_has_not(tmp_path, home, registered):
    again = cut_short(tmp_path, "model.approve", {"name": "m", "reason": "fine"}, "deciding.put_mark")
    assert call("model.show", {"name": "m"}, home=again)["status"] == "PENDING"
    assert said(again, "model.approve") == [("model.approve", "begun"), ("model.approve", "failed")]
    call("model.approve", {"name": "m", "reason": "fine"}, home=again)
    assert call("model.verify", {"name": "m"}, home=again)["ok"]
    again.close()


@pytest.mark.parametrize(
    ("where", "outcome"), [("actions._done", "done"), ("exporting.package.lay_out", "failed")]
)
def test_an_export_cut_short_is_asked_too(tmp_path, home, registered, where, outcome):
    to = str(tmp_path / "out")
    again = cut_short(tmp_path, "model.export", {"name": "m", "to": to}, where)
    assert said(again, "model.export") == [("model.export", "begun"), ("model.export", outcome)]
    again.close()


def test_a_run_whose_process_is_gone_was_interrupted(tmp_path, home):
    from assay.office import runs

    with home.office.transaction() as tx:
        runs.begin(tx, "r1", "p", "ada", {})
    home.close()
    assert [r["outcome"] for r in call("runs.list", {}, home=home)["runs"]] == ["interrupted"]


def _packages(tmp_path):
    return tmp_path / ".assay" / "packages" / "m"


def test_the_hallmark_is_over_what_was_registered_and_not_over_what_lies_there(tmp_path, home, model):
    """A folder put there before the registration was signed as it lay."""
    from assay.engines.keys import verifier
    from assay.office import hallmark, registry, signing

    planted = _packages(tmp_path) / "1" / "package"
    planted.mkdir(parents=True)
    (planted / "evil.txt").write_text("x")
    call("model.register", {"file": model, "name": "m"}, home=home)
    record = registry.get(home.office, "m@1")
    bundle = hallmark.marks(home.office, record)[hallmark.BUNDLE].encode()
    signed = signing.signed_digests(bundle, verifier(home.keyring.public_pem("hallmark")))
    assert "evil.txt" not in signed and signed.keys() == record.files.keys()
    found = call("model.verify", {"name": "m"}, home=home)
    assert not found["ok"] and {p["kind"] for p in found["problems"]} == {"extra", "missing"}


def test_an_export_holds_what_was_registered_and_follows_no_link(tmp_path, home, registered):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (_packages(tmp_path) / "1" / "package" / "more").symlink_to(secret)
    (_packages(tmp_path) / "1" / "model.sig").write_text("{}")
    call("model.export", {"name": "m", "to": str(tmp_path / "out")}, home=home)
    assert not (tmp_path / "out" / "package" / "more").exists()
    assert json.loads((tmp_path / "out" / "model.sig").read_text())["dsseEnvelope"]


def test_a_mark_that_the_office_did_not_make_is_no_hallmark(tmp_path, home, registered):
    decision = _packages(tmp_path) / "1" / "decision.intoto.json"
    decision.write_text("{}")
    found = call("model.verify", {"name": "m"}, home=home)
    assert [(p["kind"], p["file"]) for p in found["problems"]] == [("extra", "decision.intoto.json")]


def test_a_pipe_in_a_package_is_extra(tmp_path, home, registered):
    import os

    os.mkfifo(_packages(tmp_path) / "1" / "package" / "pipe")
    found = call("model.verify", {"name": "m"}, home=home)
    assert [p["kind"] for p in found["problems"]] == ["extra"]


@pytest.mark.parametrize("key", ["ledger", "hallmark"])
def test_a_key_that_is_gone_is_told_and_none_is_made_in_its_place(tmp_path, home, registered, key):
    from assay.kernel.errors import Broken

    home.close()
    (tmp_path / ".assay" / "keys" / f"{key}.pem").unlink()
    again = Home.open(home.root, {"ASSAY_ACTOR": "ada"})
    with pytest.raises(Broken, match=f"{key} key is gone"):
        call("model.verify", {"name": "m"}, home=again)
    assert not (tmp_path / ".assay" / "keys" / f"{key}.pem").exists()
    again.close()
