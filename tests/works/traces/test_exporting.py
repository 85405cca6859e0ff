from __future__ import annotations

import json
import threading

import pytest

from assay.kernel.errors import UsageError
from assay.methods.traces import otlp, xray
from assay.office import traces
from assay.works.call import call
from assay.works.home import Home
from assay.works.traces import intake, keeping


def spans_of(ran):
    result, home = ran
    return keeping.read(home, traces.of_run(home.office, result.id))


def test_a_run_goes_to_each_kind_of_file_and_comes_back(ran, tmp_path):
    result, home = ran
    for name, options, read in (
        ("t.json", {}, otlp.read_json),
        ("t.pb", {"encoding": "protobuf"}, otlp.read_protobuf),
        ("t.xray", {"format": "xray"}, xray.read_all),
    ):
        done = call("traces.export", {"run": result.id, "to": str(tmp_path / name), **options}, home=home)
        found = read((tmp_path / name).read_bytes()).spans
        key = lambda s: s.id
        assert sorted(found, key=key) == sorted(spans_of(ran), key=key), name
        event = call("log.tail", {"number": 1}, home=home)["events"][0]
        assert (event["seq"], event["action"]) == (done["event"], "traces.export")
        assert event["detail"]["digest"] == done["digest"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_the_official_reader_takes_the_file(ran, tmp_path):
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    result, home = ran
    call("traces.export", {"run": result.id, "to": str(tmp_path / "t.pb"), "encoding": "protobuf"}, home=home)
    official = TracesData.FromString((tmp_path / "t.pb").read_bytes())
    (told,) = official.resource_spans
    assert {a.key: a.value.string_value for a in told.resource.attributes}["service.name"] == "assay"
    assert {s.name for s in told.scope_spans[0].spans} == {s.name for s in spans_of(ran)}


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_one_office_sends_to_another(ran, tmp_path, encoding):
    result, home = ran
    other = Home.create(tmp_path, {"ASSAY_ACTOR": "bob"})
    up, out = threading.Event(), {}

    def run():
        intake.receive(
            other,
            "bob",
            "127.0.0.1",
            0,
            requests=1,
            seconds=20,
            ready=lambda u: (out.update(url=u), up.set()),
        )

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(10)
    done = call("traces.export", {"run": result.id, "to": out["url"], "encoding": encoding}, home=home)
    thread.join()
    assert (done["rejected"], done["requests"]) == (0, 1)
    assert keeping.read(other, traces.of(other.office, done["trace"])) == spans_of(ran)
    other.close()


def test_segments_go_to_a_file_and_a_file_that_cannot_be_is_told(ran, tmp_path):
    result, home = ran
    with pytest.raises(UsageError, match="written to a file"):
        call("traces.export", {"run": result.id, "to": "http://localhost:1", "format": "xray"}, home=home)
    (tmp_path / "f").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        call("traces.export", {"run": result.id, "to": str(tmp_path / "f" / "g")}, home=home)


def test_the_view_of_a_trace_holds_all_of_it(ran):
    result, home = ran
    shown = call("runs.trace", {"run": result.id[:12]}, home=home)
    assert shown["runs"] == [result.id] and shown["said"].startswith("of ")
    held = otlp.read_json(json.dumps(shown["otlp"]).encode()).spans
    assert held == spans_of(ran)
