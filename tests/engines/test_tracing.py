from __future__ import annotations

import threading
import time

import pytest

from assay.engines import tracing
from assay.engines.tracing import Recorder, spanned
from assay.kernel.errors import BadInput
from assay.kernel.span import Caller, Scope


def named(recorder):
    return {s.name: s for s in recorder.spans()}


def test_spans_nest_and_lie_within_one_another():
    recorder = Recorder(Scope({"service.name": "t"}))
    with recorder.span("run", assay__run="r1") as run:
        with recorder.span("step", "client", empty=None):
            pass
        run.happened("seen", row__count=3)
    found = named(recorder)
    assert found["step"].parent == found["run"].id and found["run"].parent == ""
    assert found["run"].start <= found["step"].start <= found["step"].end <= found["run"].end
    assert found["run"].attributes == {"assay.run": "r1"} and found["step"].attributes == {}
    assert [(e.name, dict(e.attributes)) for e in found["run"].events] == [("seen", {"row.count": 3})]
    assert {s.trace for s in found.values()} == {recorder.trace} and found["step"].kind == "client"


def test_a_traces_id_begins_with_the_second_it_began_in():
    recorder = Recorder(Scope())
    assert abs(int(recorder.trace[:8], 16) - time.time()) < 60 and len(recorder.trace) == 32


def test_a_run_joins_the_trace_of_its_caller():
    recorder = Recorder(Scope(), Caller("ab" * 16, "cd" * 8, 1, "v=1"))
    with recorder.span("run"):
        assert recorder.caller_of().trace == "ab" * 16
    (run,) = recorder.spans()
    assert (run.trace, run.parent, run.state) == ("ab" * 16, "cd" * 8, "v=1")


def test_an_error_is_the_status_and_values_of_rows_are_not_told():
    recorder = Recorder(Scope())
    with pytest.raises(ZeroDivisionError), recorder.span("bad"):
        raise ZeroDivisionError("ada@example.com")
    with pytest.raises(BadInput), recorder.span("worse"):
        raise BadInput("row 3 holds ada@example.com", kept="row 3 holds a value")
    with pytest.raises(KeyboardInterrupt), recorder.span("stopped"):
        raise KeyboardInterrupt
    found = named(recorder)
    assert [(found[n].status, found[n].message) for n in ("bad", "worse", "stopped")] == [
        ("error", "ZeroDivisionError"),
        ("error", "row 3 holds a value"),
        ("error", "interrupted"),
    ]


def test_stages_follow_one_another_and_hold_what_happens_in_them():
    recorder = Recorder(Scope())
    with recorder.span("check"):
        recorder.stage("rows")
        recorder.stage("rows")
        with recorder.span("predict"):
            time.sleep(0.002)
        recorder.stage("columns")
        time.sleep(0.002)
        recorder.stage("a blink")
    found = named(recorder)
    assert set(found) == {"check", "rows", "predict", "columns"}  # what took no time is no stage
    assert found["predict"].parent == found["rows"].id and found["rows"].parent == found["check"].id
    assert found["rows"].end <= found["columns"].start


def test_of_many_alike_some_are_kept_and_the_rest_is_counted():
    recorder = Recorder(Scope())
    with recorder.span("step"):
        for _ in range(tracing.ALIKE + 7):
            with recorder.span("predict"), recorder.span("inner"):
                pass
    found = recorder.spans()
    assert sum(s.name == "predict" for s in found) == sum(s.name == "inner" for s in found) == tracing.ALIKE
    assert recorder.dropped == 14
    (step,) = [s for s in found if s.name == "step"]
    assert step.attributes["assay.left_out"][0].startswith("predict: 7 in ")


def test_different_names_and_spans_in_all_are_bounded(monkeypatch):
    recorder = Recorder(Scope())
    with recorder.span("step"):
        for number in range(tracing.NAMES + 5):
            with recorder.span(f"column {number}"):
                pass
    assert len(recorder.spans()) == tracing.NAMES + 1
    monkeypatch.setattr(tracing, "MOST", 3)
    recorder = Recorder(Scope())
    for number in range(9):
        with recorder.span(f"n{number}"):
            pass
    assert len(recorder.spans()) == 3 and recorder.dropped == 6


def test_threads_record_below_what_their_maker_has_open():
    recorder = Recorder(Scope())

    def work(number):
        for _ in range(20):
            with recorder.span(f"thread {number}"), recorder.span(f"inner {number}"):
                pass

    with recorder.span("run"):
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spans = recorder.spans()
    by = {s.id: s for s in spans}
    assert len(spans) == 1 + 8 * 40
    for span in spans:
        if span.name.startswith("thread"):
            assert by[span.parent].name == "run"
        if span.name.startswith("inner"):
            assert by[span.parent].name == span.name.replace("inner", "thread")


def test_what_is_told_from_inside_is_marked_and_lies_within_the_job():
    recorder = Recorder(Scope())
    with recorder.span("job") as job:
        now = recorder.now()
        recorder.told(
            job, [("fit", 1, 1 << 62), ("epoch", now - 5, now - 1), ("later", now + 10**12, now + 10**13)]
        )
    found = named(recorder)
    for name in ("fit", "epoch", "later"):
        assert (
            found[name].untrusted
            and found["job"].start <= found[name].start <= found[name].end <= found["job"].end
        )
    assert found["epoch"].parent == found["fit"].id and found["fit"].parent == found["job"].id
    assert not found["job"].untrusted


def test_what_is_open_ends_now_where_it_is_asked():
    recorder = Recorder(Scope())
    with recorder.span("run"):
        recorder.stage("rows")
        spans = recorder.spans()
        assert [s.name for s in spans] == ["run", "rows"] and all(s.end >= s.start > 0 for s in spans)
    assert [s.name for s in recorder.spans()] == ["run"]


def test_a_run_within_another_is_told_with_what_is_below_it_alone():
    recorder = Recorder(Scope())
    with recorder.span("before"):
        pass
    with recorder.span("sweep"):
        with recorder.span("trial") as trial:
            with recorder.span("fit"):
                recorder.stage("epoch")
                time.sleep(0.002)
            assert [s.name for s in recorder.spans(trial)] == ["trial", "fit", "epoch"]
    assert len(recorder.spans()) == 5


def test_long_texts_are_cut_and_odd_values_are_told_as_text():
    recorder = Recorder(Scope())
    with recorder.span(
        "n" * 5000, text="x" * 5000, path=threading, many=list(range(500)), of={"a": (1, b"x")}
    ):
        pass
    (span,) = recorder.spans()
    assert len(span.name) == len(span.attributes["text"]) == tracing.TEXT
    assert len(span.attributes["many"]) == tracing.ALIKE and span.attributes["of"] == {"a": (1, "b'x'")}


def test_without_a_recorder_nothing_is_recorded():
    with spanned(None, "step") as span:
        assert span is None
