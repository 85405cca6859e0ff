"""Approval by one, by two, and until a day: who may give it, what it is signed over, and when it has run out."""

from __future__ import annotations

import json
import threading

import pytest
from tests.works.inventory.conftest import enter

from assay.engines.keys import verifier
from assay.kernel.errors import Refused, UsageError
from assay.office import hallmark, ledger, registry, runs, verification
from assay.works.call import call
from assay.works.marking import place_of

TWO = "approvals: 2\napart: [registered, trained]\n"


def approve(home, who, name="m@1", **more):
    return call("model.approve", {"name": name, "reason": f"seen by {who}", **more}, home=home, actor=who)


def statement(home, name, kind="decided"):
    record = registry.get(home.office, name)
    raw = hallmark.kept(home.office, record, kind)["statement"].encode()
    check = verifier(home.keyring.public_pem("hallmark"))
    return hallmark.opened(record, raw, hallmark.DECIDED, check)


def sound(home, name="m@1"):
    found = call("model.verify", {"name": name}, home=home)
    return found["ok"], found["problems"]


def test_one_person_suffices_where_nothing_says_otherwise(home):
    assert approve(home, "ada")["status"] == "APPROVED"
    assert statement(home, "m@1")["says"] == "APPROVED" and sound(home) == (True, [])


def test_two_people_sign_a_statement_each_and_the_second_names_the_first(home, policy):
    policy(TWO)
    first = approve(home, "bob")
    assert (first["status"], first["awaited"], [a["by"] for a in first["pending"]]) == ("PENDING", 1, ["bob"])
    mark = first["pending"][0]["mark"]
    assert statement(home, "m@1", mark)["says"].startswith("APPROVES: 1 of 2")
    assert sound(home) == (True, [])
    second = approve(home, "cleo")
    assert (second["status"], second["decided_by"]) == ("APPROVED", "cleo")
    assert [a["by"] for a in second["approvals"]] == ["bob", "cleo"] and second["pending"] == []
    said = statement(home, "m@1")
    assert (said["says"], said["by"]) == ("APPROVED", "cleo")
    assert said["with"] == [{k: first["pending"][0][k] for k in ("by", "at", "statement")}]
    assert said["policy"] == call("inventory.policy", {}, home=home)["digest"]
    assert sound(home) == (True, [])


def test_whoever_registered_it_and_whoever_approved_it_is_no_second_person(home, policy):
    policy(TWO)
    approve(home, "bob")
    for who, why in (
        ("ada", "was registered by ada"), ("ADA ", "was registered by ADA"), ("bob", "has approved m@1 already"),
        ("Bob", "has approved m@1 already"), ("ｂｏｂ", "has approved m@1 already"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=why):
            approve(home, who)
    assert registry.get(home.office, "m@1").status == "PENDING"
    told = [e.outcome for e in ledger.tail(home.office, 50) if e.action == "model.approve"]
    assert told.count("denied") == 5 and told.count("done") == 1  # bob's


def test_a_name_in_look_alike_letters_was_a_second_person(home, policy):
    policy(TWO)
    approve(home, "bob")
    with pytest.raises(Refused, match="mixes Cyrillic and Latin letters in one word"):
        approve(home, "bоb")  # its second letter is Cyrillic
    with pytest.raises(Refused, match="has approved m@1 already"):
        approve(home, "b0b")
    assert registry.get(home.office, "m@1").status == "PENDING"


def test_whoever_trained_it_is_none_of_the_approvers(home, policy):
    with home.office.transaction() as tx:
        runs.begin(tx, "r1", "p", "tom", {})
        digest = registry.get(home.office, "m@1").files["model.bin"]
        runs.edge(tx, runs.Edge("sha256:data", "data", digest, "model", "model", "r1"))
        tx.record("step.train", "run/r1/model", actor="tom")
    policy(TWO)
    with pytest.raises(Refused, match="was trained by tom"):
        approve(home, "tom")


def test_two_at_once_are_one_order_and_no_approval_is_lost(home, policy):
    policy("approvals: 3\n")
    said = {}

    def ask(who):
        try:
            approve(home, who)
            said[who] = "given"
        except UsageError as error:
            said[who] = str(error)

    people = ("bob", "cleo", "dan")
    threads = [threading.Thread(target=ask, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = {who for who in people if said[who] == "given"}
    assert given and all("changed meanwhile" in said[who] for who in people if who not in given)
    for who in people:  # whoever was told to look again does
        if who not in given:
            approve(home, who)
    record = registry.get(home.office, "m@1")
    assert record.status == "APPROVED" and {a["by"] for a in record.approvals} == set(people)
    assert sound(home) == (True, [])


def test_an_approval_runs_out_wherever_it_is_read(home, clock, policy, tmp_path):
    policy("expires: 10d\nexport: approved\n")
    assert approve(home, "bob")["expires"] == "2026-01-11T00:00:00.000Z"
    clock.day = 10
    assert registry.get(home.office, "m@1").status == "APPROVED"
    clock.day = 11  # the very moment
    assert registry.get(home.office, "m@1").status == "EXPIRED"
    assert [r.status for r in registry.listing(home.office)] == ["EXPIRED", "PENDING", "PENDING"]
    assert [m["status"] for m in call("model.list", {"status": "expired"}, home=home)["models"]] == [
        "EXPIRED"
    ]
    found = call("model.verify", {"name": "m@1"}, home=home)
    assert (found["ok"], found["status"], found["expires"]) == (True, "EXPIRED", "2026-01-11T00:00:00.000Z")
    with pytest.raises(Refused, match="m@1 is EXPIRED"):
        call("model.export", {"name": "m@1", "to": str(tmp_path / "out")}, home=home)
    found = call("search", {"query": "models status = EXPIRED"}, home=home)
    assert [r["key"] for r in found["results"]] == ["m@1"]
    assert call("model.show", {"name": "m@1", "at": "2026-01-05"}, home=home)["status"] == "APPROVED"


def test_it_is_approved_again_and_the_sooner_of_two_ends_holds(home, clock, policy):
    policy("approvals: 2\nexpires: 30d\n")
    approve(home, "bob", expires="1y")
    approve(home, "cleo", expires="2026-01-05")
    assert registry.get(home.office, "m@1").expires == "2026-01-06T00:00:00.000Z"
    clock.day = 6
    assert approve(home, "bob")["status"] == "EXPIRED"  # one of two: it reads as it did
    assert approve(home, "cleo")["status"] == "APPROVED"
    assert registry.get(home.office, "m@1").expires == "2026-02-05T00:00:00.000Z"
    assert sound(home) == (True, [])


def test_an_end_that_is_none_or_past_is_refused(home):
    for said, why in (
        ("", "no time"), ("2025-12-31", "is over"), ("36h", "is over"), ("never", "no time"), ("monday", "no time"), ("soon", "no time"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            approve(home, "bob", expires=said)


def test_what_must_be_known_first_is_named(home, policy):
    policy('require: [owner, answers, tier]\nquestions: {harm: "Who is harmed?", data: "May it be used?"}\n')
    with pytest.raises(Refused, match="it has no owner; nobody has answered harm, data; it has no risk tier"):
        approve(home, "bob")
    call("model.describe", {"name": "m@1", "owners": ["Risk"], "tier": "low"}, home=home)
    call("model.answer", {"name": "m@1", "answers": {"harm": "Clerks.", "data": "Yes."}}, home=home)
    assert approve(home, "bob")["status"] == "APPROVED"


def test_a_tier_with_rules_of_its_own_is_not_gone_around_by_naming_none(home, policy):
    policy("by_tier: {high: {approvals: 2}}\n")
    with pytest.raises(Refused, match="it has no risk tier"):
        approve(home, "bob")
    call("model.describe", {"name": "m@1", "tier": "high"}, home=home)
    assert approve(home, "bob")["status"] == "PENDING"


def test_a_rejection_takes_the_approvals_that_were_given_with_it(home, policy):
    policy("approvals: 2\n")
    approve(home, "bob")
    found = call("model.reject", {"name": "m@1", "reason": "no"}, home=home, actor="eve")
    assert (found["status"], found["pending"], found["approvals"]) == ("REJECTED", [], [])
    assert approve(home, "cleo")["status"] == "REJECTED"  # one of two, anew
    assert [a["by"] for a in registry.get(home.office, "m@1").pending] == ["cleo"]
    assert sound(home) == (True, [])


def test_what_the_approvers_saw_does_not_change_beneath_them(home, policy):
    policy("approvals: 2\n")
    approve(home, "bob")
    call("model.describe", {"name": "m@1", "purpose": "another"}, home=home)
    assert registry.get(home.office, "m@1").pending == ()
    approve(home, "bob")
    approve(home, "cleo")
    call("model.describe", {"name": "m@1", "owners": ["Risk"]}, home=home)  # who owns it was not approved
    assert registry.get(home.office, "m@1").status == "APPROVED"
    call("model.answer", {"name": "m@1", "answers": {"harm": "Nobody."}}, home=home)
    left = registry.get(home.office, "m@1")
    assert (left.status, left.decided_by, left.expires, tuple(left.approvals)) == ("PENDING", None, None, ())
    assert hallmark.DECISION not in hallmark.marks(home.office, left)  # an export bears no approval any more
    assert ledger.tail(home.office, 1)[0].detail["approval"] == "no longer stands"
    assert sound(home) == (True, [])


def test_a_statement_of_an_approval_that_is_changed_or_put_there_is_found(home, policy):
    policy("approvals: 2\n")
    mark = approve(home, "bob")["pending"][0]["mark"]
    place = place_of(home, registry.get(home.office, "m@1"))
    path = place / f"{mark}.intoto.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"sig", b"sIg"))
    assert [p["kind"] for p in sound(home)[1]] == ["changed"]
    path.unlink()
    assert [p["kind"] for p in sound(home)[1]] == ["missing"]
    path.write_bytes(whole)
    (place / "approval-99.intoto.json").write_bytes(whole)
    assert [(p["kind"], p["file"]) for p in sound(home)[1]] == [("extra", "approval-99.intoto.json")]


def test_an_approval_begun_and_signed_is_settled_when_the_home_is_opened_again(home, policy, monkeypatch):
    from assay.works.inventory.deciding import Decide
    from assay.works.recovery import recover

    policy("approvals: 2\n")
    settle = Decide.settle

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Decide, "settle", die)
    monkeypatch.setattr("assay.office.actions._broken_off", die)  # the process is gone: nobody asks
    with pytest.raises(KeyboardInterrupt):
        approve(home, "bob")
    assert registry.get(home.office, "m@1").pending == ()
    monkeypatch.setattr(Decide, "settle", settle)
    recover(home)
    assert [a["by"] for a in registry.get(home.office, "m@1").pending] == ["bob"]
    assert sound(home) == (True, [])


def test_a_policy_that_is_open_to_others_is_not_obeyed(home, policy):
    policy("approvals: 1\n")
    home.root.chmod(0o777)
    with pytest.raises(Refused, match=r"registry\.yaml is not obeyed"):
        approve(home, "bob")


def test_the_row_of_an_approval_cannot_be_given_another_end(home, policy):
    policy("expires: 10d\n")
    approve(home, "bob")
    with home.office.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE packages SET value = replace(value, '2026-01-11', '2099-01-11')")
    assert {p.kind for p in verification.verify(home.office).problems} == {"row-edited"}


def test_the_package_of_a_stranger_tells_how_long_its_approval_holds(home, tmp_path):
    approve(home, "bob", expires="90d")
    call("model.export", {"name": "m@1", "to": str(tmp_path / "out")}, home=home)
    raw = json.loads((tmp_path / "out" / "decision.intoto.json").read_text())
    import base64

    said = json.loads(base64.b64decode(raw["payload"]))["predicate"]
    assert (said["says"], said["expires"]) == ("APPROVED", "2026-04-01T00:00:00.000Z")


def test_another_is_approved_by_a_name_that_moves(home):
    enter(home, "other")
    call("model.alias", {"name": "m@2", "alias": "champion"}, home=home)
    assert approve(home, "bob", "m@champion")["version"] == 2


def test_a_decision_that_the_policy_forbids_left_nothing_in_the_log(home, policy):
    policy(TWO)
    with pytest.raises(Refused):
        approve(home, "ada")
    with pytest.raises(Refused):
        approve(home, "bоb")  # in Cyrillic
    denied = [e for e in ledger.tail(home.office, 10) if e.outcome == "denied"]
    assert [(e.action, e.actor, e.subject) for e in denied] == [
        ("model.approve", "ada", "registry://m@1"), ("model.approve", "bоb", "registry://m@1"),
    ]  # fmt: skip
    assert "was registered by ada" in denied[0].detail["why"]
    assert verification.verify(home.office).ok


def test_what_is_denied_by_an_action_that_had_begun_is_told_once(home, tmp_path):
    with pytest.raises(Refused):
        call("log.query", {"sql": "DROP TABLE events"}, home=home)
    assert [e.outcome for e in ledger.tail(home.office, 10) if e.action == "log.query"] == ["denied"]
