"""Corrective actions: decided by policy, carried out once, held back so that nothing flaps, proposed to people."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
from tests.works.monitoring.conftest import START, at, rows, write

from assay.kernel.errors import AssayError, Refused, UsageError
from assay.office import actions, endpoints, ledger, monitors, verification
from assay.works import recovery
from assay.works.call import call
from assay.works.monitoring import carrying
from assay.works.remedies import acting
from assay.works.remedies.remedy import Order
from assay.works.remedies.serving import Rollback

from .conftest import serve

BACK = "rules:\n- {name: bad, when: {severity: high}, do: [rollback], cooldown: 1h}\n"


def test_a_violation_rolls_the_endpoint_back_and_the_log_says_who_and_why(home, watch, variants, deeds):
    done = watch(BACK, until=3, since=1)
    assert [e.status for e in done] == ["Completed", "CompletedWithViolations"]
    assert variants() == {"m@1": 1.0} and deeds() == [("rollback", "done")]
    shown = call("endpoint.show", {"name": "shop"}, home=home)
    assert shown["reason"].startswith("rule bad of monitor m, window until 2026-11-02T03:00")
    events = ledger.tail(home.office, 20)
    assert {"remedy.rollback", "endpoint.rollback", "monitor.act"} <= {e.action for e in events}
    assert {e.actor for e in events if e.action.startswith(("remedy", "endpoint.roll"))} == {"monitor:m"}
    assert verification.verify(home.office).ok


def test_so_many_windows_one_after_another(home, watch, variants, deeds):
    policy = BACK.replace("severity: high", "severity: high, consecutive: 2")
    watch(policy, until=3)
    assert deeds() == [] and variants() == {"m@2": 1.0}
    carrying.run_due(home, "m", "ada", at(4))
    assert deeds() == [("rollback", "done")] and variants() == {"m@1": 1.0}


def test_a_cool_down_holds_the_next_back_and_says_so(home, watch, deeds):
    done = watch(BACK)
    assert [e.status for e in done] == ["CompletedWithViolations"] * 2 and deeds() == [("rollback", "done")]
    assert done[1].actions[0]["state"] == "held" and "the rule waits 1h" in done[1].actions[0]["why"]


@pytest.mark.slow
def test_a_limit_a_day_stops_flapping(home, watch, deeds):
    rule = "rules:\n- {when: {severity: high}, do: [{fallback: 0}], cooldown: 0, per_day: 1}\n"
    done = watch(rule)
    assert deeds() == [("fallback", "done")] and "1 times within a day" in done[1].actions[0]["why"]


@pytest.mark.slow
def test_what_was_rolled_back_to_is_never_rolled_forth_again(home, watch, variants):
    watch(BACK.replace("cooldown: 1h", "cooldown: 0"))
    assert variants() == {"m@1": 1.0}
    second = call("monitor.actions", {}, home=home)["actions"][0]
    assert second["state"] == "failed" and "what was before that was bad" in second["detail"]["why"]


@pytest.mark.slow
def test_the_same_execution_acts_once_however_often_it_is_asked(home, watch, deeds):
    watch(BACK, until=3)
    execution = monitors.executions(home.office, "m")[0]
    monitor = monitors.get(home.office, "m")
    assert [o.state for o in acting.act(home, monitor, execution)] == ["done"]
    assert deeds() == [("rollback", "done")]


@pytest.mark.slow
def test_a_window_that_is_looked_at_again_is_not_acted_on_again(home, watch, deeds):
    watch(BACK.replace("cooldown: 1h", "cooldown: 0"), until=3)
    window = {"name": "m", "start": "2026-11-02T02:00:00Z", "end": "2026-11-02T03:00:00Z"}
    asked = call("monitor.run", window, home=home)
    assert asked["acted"] == "" and deeds() == [("rollback", "done")]  # nobody asked it to act
    again = call("monitor.run", {**window, "act": True}, home=home)
    assert again["actions"][0]["why"] == "it was done about this window already"


@pytest.mark.slow
def test_one_killed_between_looking_and_acting_acts_when_it_is_run_next(home, watch, deeds, variants):
    watch("rules:\n- {name: other, when: {severity: critical}, do: rollback}\n", until=3)
    execution = monitors.executions(home.office, "m")[0]
    digest = home.store.put_bytes(BACK.encode())
    with home.office.transaction() as tx:  # as it was left before policy was held against it
        monitors.write_execution(tx, replace(execution, acted="", actions=()))
        monitors.make(tx, replace(monitors.get(home.office, "m"), policy=digest), actor="ada")
    assert carrying.run_due(home, "m", "ada", at(3)) == []
    assert deeds() == [("rollback", "done")] and variants() == {"m@1": 1.0}


def test_a_rollback_that_was_cut_short_after_it_happened_is_found_to_have_happened(home, watch, variants):
    watch("rules:\n- {name: other, when: {severity: critical}, do: rollback}\n", until=3)
    execution = monitors.executions(home.office, "m")[0]
    order = Order("rollback", "m", execution.key, "shop", "bad", "0-rollback", execution.started, {})
    act = Rollback(home, order, "monitor:m")
    _, begun = actions._begin(home.office, act)
    act.do(begun)  # and then the process was gone
    recovery._actions(home)
    record = actions.get(home.office, order.key)
    assert record.state == "done" and record.detail["revision"] == endpoints.get(home.office, "shop").revision
    other = replace(order, part="1-rollback")
    actions._begin(home.office, Rollback(home, other, "monitor:m"))  # gone before it happened
    recovery._actions(home)
    assert actions.get(home.office, other.key).state == "failed" and variants() == {"m@1": 1.0}


def test_a_proposal_waits_for_a_person_and_is_carried_out_in_their_name(home, watch, variants, deeds):
    watch(
        BACK + "  mode: propose\n"
        if False
        else BACK.replace("do: [rollback]", "do: [rollback], mode: propose")
    )
    assert deeds() == [("rollback", "proposed")] and variants() == {
        "m@2": 1.0
    }  # once, though two windows were bad
    (waiting,) = call("monitor.actions", {"states": ["proposed"]}, home=home)["actions"]
    done = call("monitor.accept", {"id": waiting["id"]}, home=home, actor="eve")
    assert done["state"] == "done" and variants() == {"m@1": 1.0}
    assert ledger.tail(home.office, 1)[0].actor == "eve"
    with pytest.raises(UsageError, match="no proposal"):
        call("monitor.accept", {"id": waiting["id"]}, home=home)


@pytest.mark.slow
def test_a_proposal_may_be_declined_with_a_reason(home, watch, variants, deeds):
    watch(BACK.replace("do: [rollback]", "do: [rollback], mode: propose"), until=3)
    (waiting,) = call("monitor.actions", {}, home=home)["actions"]
    with pytest.raises(UsageError, match="needs its reason"):
        call("monitor.decline", {"id": waiting["id"], "reason": " "}, home=home)
    gone = call("monitor.decline", {"id": waiting["id"], "reason": "a holiday"}, home=home, actor="eve")
    assert (gone["state"], gone["actor"]) == ("declined", "eve") and variants() == {"m@2": 1.0}
    with pytest.raises(AssayError, match="no corrective action"):
        call("monitor.accept", {"id": "00000000"}, home=home)


def test_an_alert_tells_which_column_since_when_and_is_sent_once(home, watch, hook, deeds):
    watch("rules:\n- {name: tell, when: {severity: high}, do: [{alert: [ops]}], cooldown: 1d}\n", since=1)
    (told,) = hook.got
    assert told["title"] == "shop: 1 violation in lead" and told["severity"] == "high"
    assert told["findings"][0].startswith("lead is below 0 in 51 % of the rows, since 2026-11-02T02:01")
    assert told["key"] == "m/2026-11-02T03:00:00.000Z/tell" and deeds() == [("alert", "done")]
    assert "hush" not in "".join(map(str, ledger.tail(home.office, 50)))


def _bad_in(folder, *hours):
    """Write a log of seven hours, of which some have lead times below 0."""
    found = enumerate(rows(START, 7, 60))
    write(
        folder / "log.parquet", [(at, -lead if n // 60 in hours else lead, *r) for n, (at, lead, *r) in found]
    )


def test_whoever_was_told_is_told_once_that_it_is_over_and_what_comes_then_is_another_matter(
    home, watch, hook, deeds, tmp_path
):
    _bad_in(tmp_path, 2, 3, 6)
    watch("rules:\n- {name: tell, when: {severity: high}, do: [{alert: [ops]}], cooldown: 0}\n", until=7)
    assert [(told["over"], told["matter"][2:12], told["matter"][13:15]) for told in hook.got] == [
        (False, "2026-11-02", "03"),
        (False, "2026-11-02", "03"),
        (True, "2026-11-02", "03"),
        (False, "2026-11-02", "07"),
    ]
    assert "over" in hook.got[2]["title"] and len({told["key"] for told in hook.got}) == 4
    assert deeds() == [("alert", "done"), ("alert", "done"), ("resolve", "done"), ("alert", "done")]
    assert verification.verify(home.office).ok


def test_that_it_is_over_is_sent_again_where_nobody_took_it(home, watch, hook, deeds, tmp_path, monkeypatch):
    monkeypatch.setattr("assay.engines.alerting.trying.TRIES", 1)
    _bad_in(tmp_path, 2)
    hook.answers = [204, 503]
    watch("rules:\n- {name: tell, when: {severity: high}, do: [{alert: [ops]}], cooldown: 0}\n")
    assert deeds() == [("alert", "done"), ("resolve", "failed")]
    hook.answers = [204]
    monitor = monitors.get(home.office, "m")
    quiet = next(e for e in monitors.executions(home.office, "m") if e.status == "Completed")
    sent = len(hook.got)
    assert [o.state for o in acting.act(home, monitor, quiet)] == ["failed"]  # its pause is not over
    assert len(hook.got) == sent
    assert acting.send_again(home, time.time() + 61) == 1 and hook.got[-1]["over"]
    assert deeds() == [("alert", "done"), ("resolve", "done")]


@pytest.mark.slow
def test_an_alert_that_nobody_took_is_shown_and_sent_again_later(home, watch, hook, deeds, monkeypatch):
    monkeypatch.setattr("assay.engines.alerting.trying.TRIES", 1)
    hook.answers = [503]
    watch(
        "rules:\n- {name: tell, when: {severity: high}, do: [{alert: ops}, rollback], cooldown: 1d}\n",
        until=3,
    )
    assert deeds() == [("alert", "failed"), ("rollback", "done")]  # the one holds up no other
    assert (
        "status 503"
        in call("monitor.actions", {"states": ["failed"]}, home=home)["actions"][0]["detail"]["why"]
    )
    assert acting.undelivered(home, time.time()) == []  # not at once
    later = time.time() + 61
    hook.answers = [500]
    assert acting.send_again(home, later) == 0 and acting.undelivered(home, later + 60) == []
    hook.answers = [200]
    assert acting.send_again(home, later + 301) == 1
    assert ("alert", "done") in deeds() and acting.undelivered(home, later + 10**6) == []


@pytest.mark.slow
def test_a_secret_that_is_not_there_is_told_without_it(home, watch, hook, monkeypatch):
    monkeypatch.delenv("OPS_SECRET")
    watch("rules:\n- {when: {severity: high}, do: [{alert: ops}]}\n", until=3)
    (told,) = call("monitor.actions", {}, home=home)["actions"]
    assert told["state"] == "failed" and "the environment has no OPS_SECRET" in told["detail"]["why"]
    assert hook.got == []


@pytest.mark.slow
def test_a_finding_names_the_column_since_when_and_from_whom(home, watch):
    watch("rules:\n- {name: input, when: {severity: high}, do: finding}\n", until=3, since=1)
    found = call("findings.list", {"check": "monitor.diagnosis"}, home=home)["findings"]
    assert [(f["rule"], f["severity"], f["where"]["column"]) for f in found] == [
        ("monitor.diagnosis.input", "high", "lead")
    ]
    assert "lead is below 0" in found[0]["message"] and found[0]["asset"] == "shop"


@pytest.mark.slow
def test_traffic_is_shifted_a_rule_put_in_its_place_and_a_sender_refused(home, tmp_path, deeds):
    diagnosis = {
        "columns": [{"column": "lead", "callers": [{"name": "app", "carries": True, "share": 0.9}, {"name": "web", "carries": False, "share": 0.9}]}],
        "variants": ["v2"],
    }  # fmt: skip
    call(
        "endpoint.update",
        {"name": "shop", "variants": [{"package": "m@2", "name": "v2"}, {"package": "m@3", "name": "v3"}]},
        home=home,
    )
    serve(home)
    with home.office.transaction() as tx:
        monitor = monitors.Monitor(
            "m", "shop", "data.quality", "@hourly", 3600, 0, "a", "2026-01-01T00:00:00.000Z", "", 0
        )
        monitors.make(tx, monitor, actor="a")
        moment = "2026-11-02T03:00:00.000Z"
        execution = monitors.Execution(
            "m/x", "m", "shop", "CompletedWithViolations", "schedule", moment, moment, moment, moment, "h"
        )
        monitors.begin(tx, monitor, execution, actor="a", cursor=None)
    digest = home.store.put_bytes(json.dumps(diagnosis).encode())

    def do(verb, **said):
        order = Order(verb, "m", "m/x", "shop", "r", f"0-{verb}", moment, said, digest)
        return actions.carry_out(home.office, acting.KINDS[verb](home, order, "monitor:m")).detail

    assert do("shift", away=True)["weights"] == {"v2": 0.0, "v3": 1.0}
    assert do("quarantine", **{"for": 3600, "share": 0.5, "most": 5})["blocked"] == ["app"]
    do("fallback", when="always", rules=[], **{"else": 0})
    now = endpoints.get(home.office, "shop")
    assert {v.name: v.weight for v in now.arms} == {"v2": 0.0, "v3": 1.0}
    assert list(now.blocked) == ["app"] and now.fallback == {"when": "always", "rules": [], "else": 0}
    assert set(deeds()) == {("shift", "done"), ("quarantine", "done"), ("fallback", "done")}


@pytest.mark.slow
def test_where_nobody_stands_out_nobody_is_refused(home, watch):
    watch("rules:\n- {when: {severity: high}, do: [{quarantine: 1h}, {shift: {away: true}}]}\n", until=3)
    shift, quarantine = call("monitor.actions", {}, home=home)["actions"]
    assert (quarantine["state"], quarantine["detail"]["blocked"]) == ("done", [])
    assert shift["state"] == "failed" and "no variant stands out" in shift["detail"]["why"]
    assert endpoints.get(home.office, "shop").blocked == {}


@pytest.mark.parametrize(
    ("policy", "said", "why"),
    [
        ("rules:\n- {when: {}, do: [{alert: [ops]}]}", {}, "no channel 'ops'"),
        (
            "rules:\n- {when: {}, do: [{fallback: {answer: 0, rules: [{column: a, op: '~', value: 1, then: 1}]}}]}",
            {},
            "compares by",
        ),
        ("rules:\n- {when: {}, do: [{retrain: {pipeline: none.yaml, data: d, label: y}}]}", {}, "no file"),
        ("rules:\n- {when: {}, do: rollback}", {"endpoint": ""}, "no endpoint to rollback"),
        ("rules:\n- {when: {}, do: explode}", {}, "explode"),
    ],
)
def test_a_policy_that_cannot_be_obeyed_makes_no_monitor(home, watch, policy, said, why):
    with pytest.raises(AssayError, match=why) as told:
        watch(policy, **said)
    assert "m.policy.yaml:2" in told.value.where
    assert call("monitor.list", {}, home=home)["monitors"] == []


def test_channels_of_a_home_that_others_may_write_are_not_obeyed(home, watch, hook):
    home.root.chmod(0o777)
    with pytest.raises(Refused, match=r"channels.yaml is not obeyed"):
        watch("rules:\n- {when: {}, do: [{alert: ops}]}\n")
