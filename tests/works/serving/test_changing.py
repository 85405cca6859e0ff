"""Endpoints made and changed: what each change leaves, what the log says of it, and what is refused."""

from __future__ import annotations

import pytest

from assay.kernel.errors import Missing, Refused, UsageError
from assay.office import ledger, verification
from assay.works.call import call


def shares(found):
    return {v["name"]: v["weight"] for v in found["variants"] if not v["shadow"]}


def serving(home, name="e"):
    """As a server leaves an endpoint whose models it has started."""
    from dataclasses import replace

    from assay.office import endpoints

    with home.office.transaction() as tx:
        now = replace(endpoints.current(tx, name), state="in_service")
        endpoints.write(tx, now, "endpoint.ready", actor="ada")


def test_an_endpoint_is_made_shown_and_listed(home, does):
    made = does("create", name="e", model="m@1", reason="first")
    assert (made["state"], made["stage"], made["revision"]) == ("creating", "production", 1)
    assert made["variants"][0] | {"digest": ""} == {
        "name": "v1", "package": "m@1", "digest": "", "weight": 1.0, "shadow": False, "replicas": 1,
    }  # fmt: skip
    assert does("show", name="e") == made and does("list")["endpoints"][0]["name"] == "e"
    event = ledger.tail(home.office, 1)[0]
    assert (event.seq, event.action, event.subject, event.actor) == (
        made["event"],
        "endpoint.create",
        "endpoint://e",
        "bob",
    )
    assert event.inputs == {"variant:v1": made["variants"][0]["digest"]} and event.detail["reason"] == "first"
    assert not verification.verify(home.office).problems


@pytest.mark.parametrize("name", ["m@4", "m@5"])
def test_what_may_not_be_deployed_makes_no_endpoint(home, does, name):
    with pytest.raises(Refused):
        does("create", name="e", model=name)
    assert does("list")["endpoints"] == []


def test_a_second_endpoint_of_the_name_is_refused_until_the_first_is_deleted(home, does):
    does("create", name="e", model="m@1")
    with pytest.raises(UsageError, match="there is an endpoint e already"):
        does("create", name="e", model="m@2")
    assert does("delete", name="e")["state"] == "deleted"
    with pytest.raises(Missing, match="no endpoint 'e'"):
        does("update", name="e", model="m@2")
    assert does("create", name="e", model="m@2")["revision"] == 3


@pytest.mark.parametrize("name", ["", "-e", "e-", "a b", "e/..", "x" * 65, "é"])
def test_a_name_that_no_endpoint_can_have_is_refused(does, name):
    with pytest.raises(UsageError, match="cannot be called"):
        does("create", name=name, model="m@1")


def test_several_variants_and_a_shadow(home, does):
    made = does(
        "create", name="e", variants=[
            {"package": "m@1", "name": "champion", "weight": 0.9},
            {"package": "m@2", "name": "challenger", "weight": 0.1},
            {"package": "m@3", "shadow": True},
        ],
    )  # fmt: skip
    assert shares(made) == {"champion": 0.9, "challenger": 0.1}
    assert [v["name"] for v in made["variants"] if v["shadow"]] == ["v3"]
    assert shares(does("traffic", name="e", weights={"challenger": 0.9, "champion": 0.1})) == {
        "champion": 0.1,
        "challenger": 0.9,
    }
    for weights, said in ({"nobody": 1}, "no variant 'nobody'"), ({"v3": 1}, "is a shadow"), (
        {"champion": 0, "challenger": 0}, "nobody would answer"), ({"champion": -1}, "share of champion"), ({}, "no share"):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            does("traffic", name="e", weights=weights)
    assert shares(does("rollback", name="e")) == {"champion": 0.9, "challenger": 0.1}


def test_shadows_alone_answer_nobody(does):
    with pytest.raises(UsageError, match="all variants are shadows"):
        does("create", name="e", variants=[{"package": "m@1", "shadow": True}])


def test_an_update_at_once_keeps_what_was_before_and_a_rollback_returns_to_it(home, does):
    first = does("create", name="e", model="m@1")
    serving(home)
    second = does("update", name="e", model="m@2", reason="better")
    assert second["state"] == "updating" and second["previous"]["variants"] == first["variants"]
    back = does("rollback", name="e", reason="worse")
    assert back["variants"] == first["variants"] and back["previous"]["variants"] == second["variants"]
    assert does("rollback", name="e")["variants"] == second["variants"]
    assert [e.action for e in ledger.tail(home.office, 3)] == [
        "endpoint.update",
        "endpoint.rollback",
        "endpoint.rollback",
    ]


def test_a_rollback_to_what_may_no_longer_be_deployed_is_refused(home, does):
    does("create", name="e", model="m@1")
    serving(home)
    does("update", name="e", model="m@2")
    call("model.archive", {"name": "m@1", "reason": "broken"}, home=home)
    with pytest.raises(Refused, match="m@1 was archived"):
        does("rollback", name="e")


def test_a_rollback_of_nothing_says_so(does):
    does("create", name="e", model="m@1")
    with pytest.raises(UsageError, match="no configuration before"):
        does("rollback", name="e")


def test_a_canary_begins_with_its_first_step_and_no_other_change_is_made_meanwhile(home, does):
    does("create", name="e", model="m@1")
    serving(home)
    found = does(
        "update", name="e", model="m@2", plan={"strategy": "canary", "steps": [0.2, 1.0], "every": 5}
    )
    assert shares(found) == {"v1": 0.8, "v2": 0.2} and found["rollout"]["at"] == 0
    with pytest.raises(Refused, match="being rolled out"):
        does("update", name="e", model="m@3")
    with pytest.raises(Refused, match="being rolled out"):
        does("traffic", name="e", weights={"v1": 1})
    back = does("rollback", name="e")
    assert shares(back) == {"v1": 1.0} and back["rollout"] is None and back["previous"] is None


def test_two_models_of_one_variants_name_are_not_mixed(home, does):
    does("create", name="e", variants=[{"package": "m@1", "name": "main"}])
    serving(home)
    with pytest.raises(UsageError, match="two different variants would be called main"):
        does("update", name="e", variants=[{"package": "m@2", "name": "main"}], plan={"strategy": "canary"})


def test_promoting_a_shadow_lets_it_answer_everything(home, does):
    does("create", name="e", variants=[{"package": "m@1"}, {"package": "m@2", "shadow": True}])
    serving(home)
    found = does("promote", name="e", variant="v2", plan={"strategy": "canary", "steps": [0.5, 1]})
    assert shares(found) == {"v1": 0.5, "v2": 0.5}
    back = does("rollback", name="e")
    assert [(v["name"], v["shadow"]) for v in back["variants"]] == [("v1", False), ("v2", True)]


def test_an_alpha_endpoint_is_promoted_into_production_once(home, does):
    assert does("create", name="e", model="m@1", stage="alpha")["stage"] == "alpha"
    assert does("promote", name="e")["stage"] == "production"
    with pytest.raises(UsageError, match="in production already"):
        does("promote", name="e")


def test_guards_capture_fallback_and_blocked_callers_are_kept(home, does):
    does("create", name="e", model="m@1", guard={"rate": 5, "schema": "off"}, sticky="header:X-Session")
    found = does(
        "update", name="e", guard={"body": 1000}, capture={"percent": 50}, blocked={"token/a": 60, "b": "2027-01-01T00:00:00Z"},
        fallback={"when": "always", "rules": [{"column": "x", "op": ">", "value": 1, "then": "yes"}], "else": "no"},
    )  # fmt: skip
    assert (found["guard"]["rate"], found["guard"]["body"], found["guard"]["schema"]) == (5.0, 1000, "off")
    assert found["capture"]["percent"] == 50 and found["sticky"] == {"header": "x-session"}
    assert found["blocked"] == {"token/a": "2026-01-01T00:01:00.000Z", "b": "2027-01-01T00:00:00.000Z"}
    assert does("update", name="e", blocked={"b": None}, fallback={})["fallback"] == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"guard": {"auht": "none"}}, "no 'auht'; did you mean 'auth'"),
        ({"guard": {"schema": "maybe"}}, "schema cannot be 'maybe'"),
        ({"guard": {"rate": -1}}, "rate is -1; it takes from 0"),
        ({"guard": {"rate": float("nan")}}, "rate is nan"),
        ({"guard": {"body": True}}, "body is True"),
        ({"capture": {"percent": 101}}, "percent is 101"),
        ({"guard": {"concurrency": "1"}}, "concurrency is '1'; it takes a whole number"),
        ({"guard": {"concurrency": 1.5}}, "concurrency is 1.5; it takes a whole number"),
        ({"guard": {"rate": "5"}}, "rate is '5'; it takes a number"),
        ({"sticky": "ip"}, "known again by 'ip'"),
        ({"sticky": "header:Authorization"}, "bears a credential"),
        ({"sticky": "header:X-Amz-Security-Token"}, "bears a credential"),
        ({"blocked": {"": 60}}, "no caller is called ''"),
        ({"blocked": {"a\nb": 60}}, "no caller is called"),
        ({"blocked": {"a" * 301: 60}}, "no caller is called"),
        ({"blocked": {"a": -1}}, "cannot be blocked until '-1'"),
        ({"blocked": {"a": True}}, "cannot be blocked until 'True'"),
        ({"blocked": {"a": "2020-01-01T00:00:00Z"}}, "cannot be blocked until '2020"),
        ({"fallback": {"when": "failed"}}, "what it answers else"),
        ({"blocked": {"a": "soon"}}, "cannot be blocked until 'soon'"),
        ({}, "nothing is changed"),
        ({"model": "m@2", "plan": {"strategy": "slowly"}}, "no strategy 'slowly'"),
        ({"model": "m@2", "plan": {"strategy": "canary", "steps": [0.5, 0.2, 1]}}, "steps rise"),
    ],
)
def test_what_makes_no_sense_changes_nothing(home, does, given, said):
    made = does("create", name="e", model="m@1")
    with pytest.raises(UsageError, match=said):
        does("update", name="e", **given)
    assert does("show", name="e") == made


def test_a_guard_that_cannot_be_opened_makes_no_endpoint(home, does):
    with pytest.raises(Refused, match="no input schema"):
        does("create", name="e", model="m@1", guard={"schema": "block"})
    does("create", name="e", model="m@1")
    with pytest.raises(Refused, match="no input schema"):
        does("update", name="e", guard={"schema": "block"})


def test_an_endpoint_tells_what_became_of_its_models(home, does, clock):
    assert does("create", name="e", model="m@1")["packages"] == {"m@1": "APPROVED"}
    clock.day = 60
    assert does("show", name="e")["packages"] == {"m@1": "EXPIRED"}


def test_an_endpoint_is_shown_as_it_was(home, does, clock):
    made = does("create", name="e", model="m@1")
    clock.day = 5
    does("update", name="e", model="m@2")
    then = call("endpoint.show", {"name": "e", "at": f"event:{made['event']}"}, home=home)
    assert then["variants"] == made["variants"]


def test_one_endpoint_that_could_not_be_read_hid_all_others(home, does):
    import sqlalchemy as sa

    does("create", name="e", model="m@1")
    does("create", name="f", model="m@1")
    with sa.create_engine(f"sqlite:///{home.root / 'office.db'}").begin() as forger:
        forger.execute(sa.text("UPDATE endpoints SET value = '[1]' WHERE key = 'e'"))
    found = does("list")
    assert [e["name"] for e in found["endpoints"]] == ["f"] and found["unreadable"] == ["e"]
    with pytest.raises(Missing, match="no endpoint 'g'"):
        does("show", name="g")
