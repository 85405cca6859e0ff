from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import pytest

from assay.kernel.span import UNTRUSTED, Scope, Span, SpanEvent
from assay.office import traces
from assay.works.call import call
from assay.works.traces import intake, keeping

DAY = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NS = int(DAY.timestamp()) * 10**9


def ask(home, sql, **rest):
    return call("log.query", {"sql": sql, **rest}, home=home)["rows"]


def span(number, day=0, **rest):
    start = NS + day * 86_400 * 10**9 + number
    base = {
        "trace": f"{day + 1:032x}",
        "id": f"{number + 1:016x}",
        "name": f"n{number}",
        "start": start,
        "end": start + 2_500_000_000,
    }
    return Span(**base | {"scope": Scope({"service.name": "shop"}, "lib")} | rest)


def test_spans_are_asked_in_sql_beside_the_runs_that_recorded_them(ran):
    result, home = ran
    asked = "SELECT s.name, r.outcome FROM spans s JOIN runs r ON r.id = s.run WHERE s.attributes->>'$.\"assay.step\"' IS NOT NULL ORDER BY s.time"
    assert ask(home, asked) == [["profile", "pass"], ["split", "pass"]]
    ((slowest, seconds),) = ask(home, "SELECT name, seconds FROM spans ORDER BY seconds DESC LIMIT 1")
    assert slowest == "run small" and seconds > 0


def test_what_was_received_lies_beside_and_odd_values_are_text(home):
    given = [
        span(1, status="error", message="no", kind="server",
             attributes={"n": math.nan, "b": b"\xff", UNTRUSTED: True, "l": (1, math.inf)}, events=(SpanEvent(NS, "e", {"k": 1}),)),
        span(2, parent=f"{2:016x}", end=0),
    ]  # fmt: skip
    intake.enter(home, "ada", given, source="otlp", action="traces.receive")
    rows = ask(
        home,
        "SELECT name, kind, service, seconds, status, untrusted, attributes, source, ended IS NULL FROM spans ORDER BY span",
    )
    assert rows == [
        ["n1", "server", "shop", 2.5, "error", True, '{"n": "nan", "b": "ff", "assay.untrusted": true, "l": [1, "inf"]}', "otlp", False],
        ["n2", "internal", "shop", None, "unset", False, None, "otlp", True],
    ]  # fmt: skip
    assert ask(home, "SELECT events->0->>'name', parent FROM spans ORDER BY span") == [
        ["e", None],
        [None, f"{2:016x}"],
    ]


@pytest.mark.slow
def test_what_is_outside_a_period_is_not_read(home):
    for day in (0, 5):
        intake.enter(home, "ada", [span(1, day)], source="otlp", action="traces.receive")
    late = traces.of(home.office, f"{1:032x}")[0]
    path = home.store.path(late.document)
    path.chmod(0o600)
    path.unlink()
    count = "SELECT count(*) FROM spans"
    assert ask(home, count, since="2026-03-04") == [[1]] and ask(home, count, until="2026-02-01") == [[0]]


def test_a_policy_prunes_documents_and_keeps_their_rows(home):
    for day in (0, 5):
        intake.enter(home, "ada", [span(1, day), span(2, day)], source="otlp", action="traces.receive")
    mixed = [span(3, 1), span(4, 6)]  # one document, of which a part is young
    intake.enter(home, "ada", mixed, source="otlp", action="traces.receive")
    call(
        "log.hold",
        {"name": "court", "why": "asked for", "sources": ["spans"], "until": "2026-03-01T12:00:00Z"},
        home=home,
    )
    retain = {"older_than": "2026-03-05", "policy": "short"}
    assert call("log.retain", retain, home=home)["documents"] == 0  # held, and young
    call("log.release", {"name": "court", "why": "over"}, home=home)
    dry = call("log.retain", retain | {"dry_run": True}, home=home)
    done = call("log.retain", retain, home=home)
    assert (dry["documents"], dry["spans"]) == (done["documents"], done["spans"]) == (1, 2)
    (gone,) = traces.of(home.office, f"{1:032x}")
    assert (gone.state, gone.policy, gone.spans) == ("pruned", "short", 2) and not home.store.has(
        gone.document
    )
    assert len(keeping.read(home, traces.of(home.office, f"{6:032x}"))) == 2
    assert len(keeping.read(home, traces.of(home.office, f"{2:032x}"))) == 1
    assert call("log.verify", {}, home=home)["ok"]
    assert {r.trace for r in traces.between(home.office, None, None)} == {f"{n:032x}" for n in (2, 6, 7)}


def test_a_run_is_searched_by_its_trace(ran):
    result, home = ran
    found = call("search", {"query": 'trace = "4bf92f3577b34da6a3ce929d0e0e4736"'}, home=home)
    assert [r["id"] for r in found["results"]] == [result.id]


def test_a_span_that_is_sent_again_with_others_is_counted_once(home):
    """A sender that was told to wait sends its batch again with what came meanwhile: another document, the same spans."""
    open_, ended = span(3, end=0), span(3)
    for given in ([span(1), open_], [span(1), span(2)], [span(2), ended]):
        intake.enter(home, "ada", given, source="otlp", action="traces.receive")
    rows = ask(home, "SELECT name, ended IS NULL, count(*) FROM spans GROUP BY ALL ORDER BY name")
    assert rows == [["n1", False, 1], ["n2", False, 1], ["n3", False, 1]]


def test_the_list_of_traces_counted_a_span_twice_that_was_sent_twice(home):
    failed = span(2, status="error")
    for given in ([span(1), failed], [failed, span(3, end=0)], [span(3)]):
        given = [replace(s, trace="cd" * 16) for s in given]
        intake.enter(home, "ada", given, source="otlp", action="traces.receive")
    (told,) = call("traces.list", {}, home=home)["traces"]
    assert (told["spans"], told["errors"]) == (3, 1)
    for record in traces.of(home.office, "cd" * 16):
        home.store.remove(record.document)  # of what is gone is told what it held
    (told,) = call("traces.list", {}, home=home)["traces"]
    assert (told["spans"], told["errors"]) == (5, 2)


def test_a_document_is_still_used_by_whatever_live_row_names_it_and_by_no_other(home):
    intake.enter(home, "ada", [span(1)], source="otlp", action="traces.receive")
    (given,) = traces.between(home.office, None, None)
    wanted, alike = "sha256:" + "a" * 64, "sha256:" + "a" * 16 + "b" * 48  # whose keys end alike
    rows = [(f"{n:032x}", wanted, "live") for n in range(50, 54)]
    rows += [("ef" * 16, alike, "live"), ("fe" * 16, wanted, "pruned")]
    with home.office.transaction() as tx:
        for trace, document, state in rows:
            traces.put(tx, replace(given, trace=trace, document=document, state=state))
        tx.record("test.act", "traces", actor="ada")
    assert traces.using(home.office, {wanted}) == {wanted: 4}
    assert traces.using(home.office, {alike, "sha256:" + "0" * 64}) == {alike: 1, "sha256:" + "0" * 64: 0}
    assert traces.using(home.office, set()) == {}
