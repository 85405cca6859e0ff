"""The page of a monitor: figures over time, its windows, and what was done about them."""

from __future__ import annotations

from dataclasses import replace

from assay.office.monitors import Execution
from assay.works.monitoring import showing


def looked(hour: int, **said) -> Execution:
    one = Execution(
        key=f"m/{hour}", monitor="m", endpoint="", status="Completed", trigger="schedule",
        scheduled=f"2026-11-02T{hour:02d}:00:00.000Z", start=f"2026-11-02T{hour - 1:02d}:00:00.000Z",
        end=f"2026-11-02T{hour:02d}:00:00.000Z", started="2026-11-02T23:00:00.000Z", holder="h",
    )  # fmt: skip
    return replace(one, outcome="pass", rows=10, ended="2026-11-02T23:00:01.000Z", **said)


def test_windows_in_which_nothing_came_are_one_line_and_the_figure_of_violations_is_drawn_once():
    found = [
        looked(9, figures={"violations": 1.0, "ndcg": 0.5}),
        *(replace(looked(hour), rows=0) for hour in (8, 7, 6, 5)),
        looked(4, figures={"violations": 0.0, "ndcg": 0.9}),
    ]
    assert [c.title for c in showing.drawn(found)] == ["Violations", "ndcg"]
    rows = showing._executions(found).data
    assert [r["window until"][11:] for r in rows] == ["09:00", "08:00", "04:00"]
    assert rows[1]["why"] == "no row came in 4 windows"


def test_what_policy_did_and_what_was_held_back_stand_on_the_page():
    deeds = (
        {"key": "a", "verb": "alert", "rule": "r", "part": "0-alert:ops", "state": "done", "why": ""},
        {
            "key": "b",
            "verb": "rollback",
            "rule": "r",
            "part": "1-rollback",
            "state": "held",
            "why": "it waits 6h",
        },
    )
    rows = showing._deeds([looked(9, actions=deeds)]).data
    assert [(r["what"], r["state"], r["why"]) for r in rows] == [
        ("alert ops", "done", ""),
        ("rollback", "held back", "it waits 6h"),
    ]


def test_the_axis_has_the_unit_that_its_windows_fill():
    assert showing._axis([looked(1), looked(2)]).unit == "minutes"
    assert showing._axis([looked(1), looked(20)]).unit == "hours"
    long = replace(looked(1), end="2026-11-20T00:00:00.000Z")
    axis = showing._axis([looked(1), long])
    assert axis.unit == "days" and 17 < axis.of(long) < 18
