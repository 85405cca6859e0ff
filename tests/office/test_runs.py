"""Runs, steps and lineage in the office, beside a search of our own through the edges."""

from __future__ import annotations

import random

import pytest

from assay.kernel.asset import Asset
from assay.kernel.errors import Missing
from assay.office import catalogue, ledger, runs, verification
from assay.office.lineage import lineage


def asset(name, version=0):
    return Asset("table", name, f"{name}.csv", f"sha256:{name:>062}{version:02}", "csv")


def record(run, name, inputs, outputs, **more):
    given = {
        "uses": "data.thing",
        "outcome": "pass",
        "cached": False,
        "key": "",
        "report": None,
        "seconds": 0.1,
    }
    return runs.StepRecord(run=run, name=name, inputs=inputs, outputs=outputs, **(given | more))


@pytest.fixture
def fresh(opened):
    return opened()


def done(office, step):
    with office.transaction() as tx:
        runs.step(tx, step, actor="ada")


def test_a_run_begins_and_ends_and_each_is_an_event(fresh):
    with fresh.transaction() as tx:
        runs.begin(tx, "r1", "bookings", "ada", {"seed": 7})
    assert [r.id for r in runs.under_way(fresh)] == ["r1"]
    with fresh.transaction() as tx:
        runs.end(tx, "r1", "pass", "report.html", "bookings@1")
    found = runs.get(fresh, "r")
    assert (found.outcome, found.report, found.model, found.actor) == (
        "pass",
        "report.html",
        "bookings@1",
        "ada",
    )
    assert found.detail == {"seed": 7} and found.ended
    assert runs.under_way(fresh) == []
    assert [(e.action, e.outcome) for e in ledger.tail(fresh, 2)] == [
        ("run.begin", "begun"),
        ("run.end", "pass"),
    ]
    with pytest.raises(Missing), fresh.transaction() as tx:
        runs.end(tx, "never", "pass", None, None)


def test_a_run_is_named_by_its_beginning_and_only_where_that_is_clear(fresh):
    for name in ("ab1", "ab2", "a%c"):
        with fresh.transaction() as tx:
            runs.begin(tx, name, "p", "ada", {})
    assert runs.get(fresh, "ab1").id == "ab1" and runs.get(fresh, "a%").id == "a%c"
    for wrong, said in (("ab", "several"), ("%", "no run"), ("x", "no run")):
        with pytest.raises(Missing, match=said):
            runs.get(fresh, wrong)
    assert len(runs.listing(fresh, 2)) == 2
    assert runs.get(fresh, "").id == runs.listing(fresh, 1)[0].id


def test_a_step_is_known_by_its_key_unless_it_failed_or_was_reused_itself(fresh):
    a, b = asset("a"), asset("b")
    done(fresh, record("r", "one", {"t": a}, {"out": b}, key="k1"))
    done(fresh, record("r", "two", {}, {}, key="k2", outcome="error"))
    done(fresh, record("r", "three", {}, {}, key="k3", outcome="stopped"))
    done(fresh, record("r", "four", {}, {}, key="k4", cached=True))
    done(fresh, record("r", "five", {}, {}, key="k5", outcome="fail"))
    done(fresh, record("r", "six", {}, {}, key=""))
    found = runs.known(fresh, "k1")
    assert found is not None and found.outputs == {"out": b} and found.inputs == {"t": a}
    assert runs.known(fresh, "k5") is not None  # a gate's no is an answer too
    assert [runs.known(fresh, k) for k in ("k2", "k3", "k4", "")] == [None] * 4


def test_lineage_is_all_that_can_be_reached_and_nothing_else(fresh):
    lot = random.Random(5)
    names = [f"n{i}" for i in range(14)]
    edges = set()
    for number in range(14):
        inputs = {
            f"i{k}": asset(n) for k, n in enumerate(lot.sample(names[:number] or ["n0"], k=min(number, 2)))
        }
        outputs = {"out": asset(names[number])}
        done(fresh, record("r", f"s{number}", inputs, outputs))
        edges |= {(i.name, names[number]) for i in inputs.values()}

    def reached(start, up):
        seen, todo = set(), [start]
        while todo:
            at = todo.pop()
            for source, target in edges:
                this, other = (target, source) if up else (source, target)
                if this == at and (source, target) not in seen:
                    seen.add((source, target))
                    todo.append(other)
        return seen

    for name in names:
        if not any(name in e for e in edges):
            continue
        for up in (True, False):
            found = {(e.from_name, e.to_name) for e in lineage(fresh, name, up)}
            by_digest = lineage(fresh, asset(name).digest, up)
            assert found == reached(name, up) == {(e.from_name, e.to_name) for e in by_digest}


def test_a_circle_of_edges_ends(fresh):
    a, b = asset("a"), asset("b")
    done(fresh, record("r", "there", {"t": a}, {"out": b}))
    done(fresh, record("r", "back", {"t": b}, {"out": a}))
    assert len(lineage(fresh, "a", True)) == 2
    with pytest.raises(Missing, match="nothing is known"):
        lineage(fresh, "c", True)


def test_what_was_reused_draws_no_second_edge(fresh):
    a, b = asset("a"), asset("b")
    done(fresh, record("r1", "s", {"t": a}, {"out": b}))
    done(fresh, record("r2", "s", {"t": a}, {"out": b}, cached=True))
    assert [e.run for e in lineage(fresh, "b", True)] == ["r1"]


def test_the_catalogue_keeps_every_version_and_gives_the_latest(fresh):
    now = iter(f"2026-01-01T00:00:0{i}Z" for i in range(10))
    fresh.clock = lambda: next(now)
    for version in (0, 1, 1):
        with fresh.transaction() as tx:
            catalogue.put(tx, asset("t", version))
            tx.record("test.act", "t", actor="ada")
    assert catalogue.get(fresh, "t") == asset("t", 1) and catalogue.get(fresh, "u") is None
    assert catalogue.listing(fresh) == [asset("t", 1), asset("t", 0)]
    assert verification.verify(fresh).ok
