from __future__ import annotations

import gzip

import pytest

from assay.kernel.errors import Broken, Missing
from assay.kernel.span import Scope, Span
from assay.office import traces
from assay.works.call import call
from assay.works.checking import carry_out
from assay.works.traces import keeping


def test_each_step_check_and_opening_is_a_span_of_the_callers_trace(ran):
    result, home = ran
    spans = keeping.read(home, traces.of_run(home.office, result.id))
    by = {s.id: s for s in spans}
    names = [(s.name, by[s.parent].name if s.parent in by else "") for s in spans]
    for pair in (("run small", ""), ("profile", "run small"), ("data.profile", "profile"), ("open table", "data.profile"),
                 ("split", "run small"), ("data.split", "split"), ("write report", "run small")):  # fmt: skip
        assert pair in names, pair
    root = spans[0]
    assert (root.trace, root.parent, root.state) == (
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00f067aa0ba902b7",
        "v=1",
    )
    assert root.attributes["assay.run"] == result.id and root.attributes["assay.outcome"] == "pass"
    assert root.scope.service == "assay"


def test_spans_are_tied_to_the_events_and_the_row_is_vouched_for(ran):
    result, home = ran
    (record,) = traces.of_run(home.office, result.id)
    events = {e["seq"]: e for e in call("log.tail", {"number": 100}, home=home)["events"]}
    for span in keeping.read(home, [record]):
        if "assay.step" in span.attributes:
            event = events[span.attributes["assay.event"]]
            assert event["subject"] == f"run/{result.id}/{span.name}"
    end = next(e for e in events.values() if e["action"] == "run.end")
    assert f"traces/{traces.key(record)}" in end["rows"]
    assert call("log.verify", {}, home=home)["ok"]


def test_a_check_by_itself_has_a_trace_too(ran, tmp_path):
    _, home = ran
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    carry_out("check", "data.profile", str(tmp_path / "t.csv"), {}, home=home)
    latest = next(r for r in traces.listing(home.office, 1))
    assert latest.name == "check data.profile" and latest.run.startswith("check-")
    shown = call("runs.trace", {"run": latest.run}, home=home)
    assert shown["said"].startswith("of ") and shown["runs"] == [latest.run]


def test_a_run_that_fails_says_so_and_one_without_a_home_records_nothing(home, tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    carry_out("check", "data.profile", str(tmp_path / "t.csv"), {}, home=None)
    assert traces.listing(home.office, 5) == []


def test_an_interrupted_run_keeps_the_spans_that_it_has(home, tmp_path):
    from tests.works.traces.conftest import ACTOR, PIPELINE, TABLE, Silent

    from assay.works.running import run_file

    class Stops(Silent):
        def ended(self, done):
            raise KeyboardInterrupt

    (tmp_path / "people.csv").write_text(TABLE)
    (tmp_path / "assay.yaml").write_text(PIPELINE)
    with pytest.raises(KeyboardInterrupt):
        run_file(tmp_path / "assay.yaml", start=tmp_path, environment=ACTOR, observer=Stops())
    (record,) = traces.listing(home.office, 9)
    found = {s.name: s for s in keeping.read(home, [record])}
    assert (found["run small"].status, found["run small"].message) == ("error", "interrupted")
    assert found["profile"].status == "unset" and "split" not in found


@pytest.mark.slow
def test_an_office_on_postgresql_keeps_traces_too(tmp_path, postgres):
    from assay.works.home import Home
    from assay.works.traces import intake

    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada", "ASSAY_DATABASE_URL": postgres})
    given = [span(n, trace=f"{n + 1:032x}") for n in range(700)]
    assert intake.enter(opened, "ada", given, source="otlp", action="traces.receive").traces == 700
    assert intake.enter(opened, "ada", given, source="otlp", action="traces.receive").known == 700
    assert len(traces.listing(opened.office, 5)) == 5
    assert keeping.read(opened, traces.of(opened.office, f"{5:032x}")) == [given[4]]
    assert call("log.query", {"sql": "SELECT count(*) FROM spans"}, home=opened)["rows"] == [[700]]
    assert call("log.verify", {}, home=opened)["ok"]
    opened.close()


@pytest.mark.slow
def test_the_trace_of_the_demo_costs_less_than_a_hundredth_and_names_what_was_waited_for(demo):
    """Recorded, drawn and kept, in seconds of the processor, against the seconds of the run."""
    import time

    from assay.engines.tracing import Recorder
    from assay.methods.traces.path import timeline
    from assay.reports.timeline import svg
    from assay.works.home import Home

    opened = Home.open(demo.folder / ".assay", {})
    spans = keeping.read(opened, traces.of_run(opened.office, demo.run["id"]))
    names = {s.name for s in spans}
    assert {
        "job train.py",
        "start worker",
        "load",
        "predict",
        "load, inside",
        "model.register",
        "model.scan",
    } <= names
    assert [s.name for s in spans if s.untrusted and not s.name.endswith(", inside")] == []
    drawn = timeline(spans)
    assert sum(seconds for _, seconds in drawn.slowest) <= drawn.seconds and len(drawn.rows) <= 60
    began = time.process_time()
    for _ in range(10):
        recorder = Recorder(Scope())
        for found in spans:
            with recorder.span(found.name, **{k.replace(".", "__"): v for k, v in found.attributes.items()}):
                pass
        svg(timeline(spans))
        keeping.kept(opened, spans, "r", "ada")
    assert (time.process_time() - began) / 10 < 0.01 * demo.run["seconds"]
    assert (
        "Where the time went"
        in (demo.folder / ".assay" / "runs" / demo.run["id"] / "report.html").read_text()
    )
    opened.close()


def span(number, **rest):
    base = {
        "trace": f"{1:032x}",
        "id": f"{number + 1:016x}",
        "name": "n",
        "start": 10**18 + number,
        "end": 10**18 + 5 * 10**9,
    }
    return Span(**base | {"scope": Scope({"service.name": "shop"})} | rest)


def test_a_document_of_several_traces_has_a_row_for_each(home):
    given = [span(1), span(2, parent=f"{2:016x}", status="error"), span(3, trace="ab" * 16)]
    records = keeping.kept(home, given, "", "ada", "otlp")
    assert [(r.trace, r.spans, r.errors, r.service) for r in records] == [
        (f"{1:032x}", 2, 1, "shop"),
        ("ab" * 16, 1, 0, "shop"),
    ]
    assert records[0].started == "2001-09-09T01:46:40.000Z" and records[0].seconds == pytest.approx(
        5, abs=1e-6
    )
    assert keeping.read(home, records) == given
    assert keeping.kept(home, [], "", "ada") == []


def test_the_same_spans_are_the_same_document_and_row(home):
    one, other = (keeping.kept(home, [span(1)], "", "ada", "otlp")[0] for _ in range(2))
    assert one == other and traces.key(one) == traces.key(other)


def test_a_document_that_was_edited_or_is_gone_is_told(home):
    (record,) = keeping.kept(home, [span(1)], "", "ada")
    path = home.store.path(record.document)
    path.chmod(0o600)
    path.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(Broken):
        keeping.read(home, [record])
    path.unlink()
    with pytest.raises(Missing, match="gone"):
        keeping.read(home, [record])
