"""The guards that an endpoint asks for, over HTTP: what they stop, what they note, and what the log keeps of it."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

from assay.engines.firewall import library, rules
from assay.engines.firewall.firewall import standing
from assay.kernel.serving import Answer
from assay.works.serving import guards, journal

STATE, SAID = standing()
pytestmark = pytest.mark.skipif(STATE == "missing", reason=SAID)
XSS = b'note\n"<script>alert(4111111111111111)</script>"\n'


@pytest.fixture
def serving(does, stand):
    def make(between=None, **guard):
        does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off", **guard})
        if between is not None:
            between()
        one = stand()
        one.publish()
        one.does["v1"] = lambda question: Answer(200, b"fine", "text/plain")
        return one

    return make


def logged(s):
    """Return what the log's object says of requests, and its summary."""
    s.gateway.recording.journal.turn()
    raw = b"".join(p.read_bytes() for p in sorted(s.journal_folder.glob("*.batch")))
    return [json.loads(line) for line in raw.splitlines()], journal.summary(raw)


def test_an_attack_is_stopped_and_explained_and_a_plain_question_is_answered(serving):
    s = serving(firewall="block")
    assert s.ask(b"note\nquiet room\n").status == 200
    assert s.ask(gzip.compress(b"note\nquiet room\n"), content_encoding="gzip").status == 200
    found = s.ask(XSS)
    assert found.status == 403 and not [q for _, q in s.asked if b"script" in q.body]
    assert found.body["rule"].startswith("firewall.941") and "41111111" not in json.dumps(found.body)
    assert s.ask(b"1,2\n", path="/endpoints/e/invocations?a=%3Cscript%3Ealert(1)%3C/script%3E").status == 403
    assert s.ask(b"1,2\n", referer="${jndi:ldap://a.invalid/x}").body["rule"] == "patch.log4shell"
    assert s.ask(b'{"instances": [{"py/object": "a.B"}]}', content_type="application/json").status == 403
    entries, told = logged(s)
    stopped = next(e for e in entries if e.get("rule", "").startswith("firewall.941"))
    assert (
        "XSS" in stopped["message"] and "ARGS:" in stopped["detail"] and "41111111" not in json.dumps(entries)
    )
    assert sum(told["refused"].values()) == 4


def test_rules_that_were_edited_waited_for_a_restart(serving, home, capsys):
    s = serving(firewall="block")
    asked = {"referer": "${jndi:ldap://a.invalid/x}"}
    assert s.ask(b"1,2\n", **asked).body["rule"] == "patch.log4shell"
    file = home.root / "firewall.yaml"
    file.write_text(
        "patches:\n  ours: {title: An old page, path: '/admin', test: {path: /admin}, harmless: {path: /a}}\n"
    )
    file.chmod(0o600)
    s.publish()
    assert s.ask(b"1,2\n", path="/endpoints/e/invocations?a=/admin").body["rule"] == "patch.ours"
    file.write_text("shields: {patches: perhaps}\n")
    s.publish()  # what cannot be read changes nothing, and is told
    assert s.ask(b"1,2\n", path="/endpoints/e/invocations?a=/admin").body["rule"] == "patch.ours"
    said = capsys.readouterr().err
    assert said.count("the guards of e are as they were: ") == 1 and "patches cannot be 'perhaps'" in said
    file.unlink()
    s.publish()
    assert s.ask(b"1,2\n", path="/endpoints/e/invocations?a=/admin").status == 200


def test_an_update_of_the_core_rule_set_waited_for_a_restart(serving, home, tmp_path):
    found = rules.find(None)
    shutil.copytree(found.folder / "rules", tmp_path / "crs" / "rules")
    shutil.copy(found.setup, tmp_path / "crs" / "crs-setup.conf")

    def elsewhere():
        (home.root / "firewall.yaml").write_text(f"crs: {{folder: {tmp_path / 'crs'}}}\n")
        (home.root / "firewall.yaml").chmod(0o600)

    s = serving(elsewhere, firewall="block")
    asked = {"path": "/endpoints/e/invocations?a=unheard-of"}
    assert s.ask(b"1,2\n", **asked).status == 200
    fresh = tmp_path / "crs" / "rules" / "REQUEST-999-NEW.conf"
    fresh.write_text(
        'SecRule ARGS "@contains unheard-of" "id:999001,phase:2,log,deny,status:403,severity:2,msg:\'It is new\'"\n'
    )
    s.publish()
    assert s.ask(b"1,2\n", **asked).status == 403
    fresh.unlink()
    s.publish()
    assert s.ask(b"1,2\n", **asked).status == 200
    assert len([held for key, held in guards._open.items() if key[0] == tmp_path / "crs"]) == 1


def test_what_is_only_detected_is_answered_and_told(serving):
    s = serving(firewall="detect")
    assert s.ask(XSS).status == 200
    entries, told = logged(s)
    assert [e["noted"][:12] for e in entries if "noted" in e] == ["firewall.941"]
    assert "XSS" in next(e for e in entries if "noted" in e)["message"]
    assert sum(told["noted"].values()) == 1 and told["refused"] == {}


def test_without_the_library_an_endpoint_that_asks_for_it_answers_nobody(serving, monkeypatch, does):
    def lose():
        monkeypatch.setattr(library, "NAMES", ("libnothing.so",))
        monkeypatch.setattr(library, "_loaded", None)
        monkeypatch.setattr(guards, "_open", {})

    s = serving(lose, firewall="block")
    assert s.ask(b"1,2\n").status == 503
    assert "apt install libmodsecurity3" in s.gateway.ready()["e"]
    made = does("create", name="other", model="m@1", guard={"firewall": "block", "schema": "off"})
    assert (
        made["guard"]["firewall"] == "block"
    )  # its server may have the library, whoever types this need not


def test_rules_that_let_an_attack_pass_keep_an_endpoint_closed(serving, home, tmp_path, monkeypatch):
    def spoil():
        monkeypatch.setattr(guards, "_open", {})
        (home.root / "firewall.yaml").write_text(f"crs: {{folder: {tmp_path / 'empty'}}}\n")
        rules = tmp_path / "empty" / "rules"
        rules.mkdir(parents=True)
        (rules / "none.conf").write_text('SecAction "id:1,phase:1,pass,nolog"\n')
        (tmp_path / "empty" / "crs-setup.conf").write_text("")

    s = serving(spoil, firewall="block")
    assert s.ask(b"1,2\n").status == 503 and "lets" in s.gateway.ready()["e"]
