"""What a server makes of a rollout: by the pace and the answers of both versions, and by monitors' alarms; models are stood in for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from assay.methods.routing.tally import Tally
from assay.office import endpoints, ledger, monitors
from assay.office.monitors import Execution
from assay.works.serving.rolling import Roller, Totals

PLAN = {"strategy": "canary", "steps": [0.2, 1.0], "every": 60, "least": 20}


def answered(values, seconds):
    made = Tally()
    made.values(values)
    for _ in values:
        made.seconds.add(seconds)
    return made


class Rolling:
    """An endpoint e whose v2 is at the first step; what either version answers is said by the test."""

    def __init__(self, home, does, **plan):
        self.home, self.at, self.totals = home, 0.0, {}
        self.roller = Roller(home, lambda: self.at)
        does("create", name="e", model="m@1", guard={"auth": "none", "schema": "off"}, **plan.pop("more", {}))
        self.ready()
        does("update", name="e", model="m@2", plan={**PLAN, **plan})
        self.ready()
        self.answers(v1=[0, 1] * 150)
        self.look()

    @property
    def record(self):
        return endpoints.get(self.home.office, "e")

    def ready(self):
        self.roller.ready(self.record)

    def answers(self, seconds=0.02, **more):
        for name, values in more.items():
            self.totals[name] = self.totals.get(name, Tally()).copy().plus(answered(values, seconds))

    def look(self, seconds=0.0):
        self.at += seconds
        arms = {a.name: a.digest for a in self.record.arms}
        self.roller.step(
            self.record,
            Totals(
                {("e", n): (t.rows, 0) for n, t in self.totals.items()},
                {("e", n, arms[n]): t for n, t in self.totals.items() if n in arms},
            ),
        )
        return self.record

    def told(self, action):
        return [e for e in ledger.tail(self.home.office, 9) if e.action == action]


@pytest.fixture
def rolling(home, does):
    return lambda **plan: Rolling(home, does, **plan)


def test_a_canary_that_answers_alike_goes_on_and_the_log_says_by_what(rolling):
    one = rolling()
    one.answers(v1=[0, 1] * 200, v2=[0, 1] * 50)
    assert one.look(61).rollout["at"] == 1
    step = one.told("endpoint.step")[-1].detail
    assert step["p95"] == [0.02004, 0.02004] and (step["outside"], step["of"], step["shift"]) == (0, 100, 0)
    one.look()
    one.answers(v2=[0, 1] * 50)  # the version before is asked no more: what it answered until then counts
    assert one.look(61).rollout is None and one.record.state == "in_service"


@pytest.mark.parametrize(
    ("seconds", "values", "why"),
    [
        (0.2, [0, 1] * 50, "95 of 100 answers came within"),
        (0.02, [0, 9] * 50, "50 of 100 answers are none that the version before gave"),
        (0.02, [0] * 400, "its answers lie 0.3"),
    ],
)
def test_a_canary_that_answered_late_or_otherwise_went_on_as_long_as_nothing_failed(
    rolling, seconds, values, why
):
    one = rolling()
    one.answers(seconds, v2=values)
    record = one.look(5)
    assert record.rollout is None and [a.package for a in record.arms] == ["m@1"] and why in record.reason
    assert one.told("endpoint.rollback")[-1].actor == "assay serve"


def test_what_is_not_to_be_held_is_not(rolling):
    one = rolling(slower=0, outside=1, shift=1, alarms="ignore")
    one.answers(0.5, v2=[9] * 400)
    assert one.look(61).rollout["at"] == 1


def test_other_shares_say_nothing_where_callers_stay_with_a_variant(rolling):
    one = rolling(more={"sticky": "header:x-user"})
    one.answers(v2=[0] * 400)
    assert one.look(61).rollout["at"] == 1


def alarm(home, record, status, start, end, key):
    with home.office.transaction() as tx:
        monitors.end(
            tx,
            Execution(
                key, "hourly", record.name, status, "schedule", end, start, end, tx.now, "x", outcome="fail"
            ),
            actor="assay monitor",
        )


def test_an_alarm_of_a_monitor_during_the_step_holds_it_up_until_the_next_look_finds_nothing(rolling, home):
    one = rolling()
    since = one.record.rollout["since"]
    one.answers(v2=[0, 1] * 50)
    alarm(home, one.record, "CompletedWithViolations", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z", "a")
    assert one.look(1).rollout["at"] == 0 and not one.told("endpoint.held")
    later = (datetime.fromisoformat(since) + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    alarm(home, one.record, "CompletedWithViolations", since, later, "b")
    for _ in range(2):
        assert one.look(60).rollout["at"] == 0
    held = one.told("endpoint.held")
    assert len(held) == 1 and held[0].detail["reason"] == "the monitor hourly found violations"
    alarm(home, one.record, "Completed", since, later, "c")
    assert one.look(1).rollout["at"] == 1


def test_a_rollout_that_an_earlier_version_began_is_judged_by_its_failures(rolling, home):
    one = rolling()
    with home.office.transaction() as tx:
        now = endpoints.current(tx, "e")
        old = {k: v for k, v in now.rollout.items() if k not in ("slower", "outside", "shift", "alarms")}
        endpoints.write(tx, replace(now, rollout=old), "endpoint.update", actor="ada")
    one.look()
    one.answers(2.0, v2=[9] * 400)
    assert one.look(61).rollout["at"] == 1
