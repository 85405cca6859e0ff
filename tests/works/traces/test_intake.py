"""Spans received and kept: from the unmodified exporter of OpenTelemetry, over real HTTP, and from several senders at once."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
import urllib.parse

import pytest

from assay.engines.otlp.receiving import Busy, Full, Taken
from assay.kernel.errors import Broken
from assay.kernel.span import Scope, Span
from assay.methods.traces import otlp
from assay.office import traces
from assay.works.call import call
from assay.works.traces import intake, keeping

OWN = Scope({"service.name": "shop"})


def span(number, trace=1, **rest):
    base = {
        "trace": f"{trace:032x}",
        "id": f"{number + 1:016x}",
        "name": "n",
        "start": 10**18 + number,
        "end": 10**18 + 5 * 10**9,
    }
    return Span(**base | {"scope": OWN} | rest)


@contextlib.contextmanager
def listening(home, **rest):
    """Run the receiver as the command does, but in a thread; gives its URL and, afterwards, what it did."""
    up, out = threading.Event(), {}

    def ready(url):
        out["url"] = url
        up.set()

    def run():
        out["done"] = intake.receive(home, "ada", "127.0.0.1", 0, ready=ready, seconds=20, **rest)

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(10)
    yield out
    thread.join()


def post(url, spans):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("POST", parts.path, otlp.write_json(spans), {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_the_unmodified_exporter_of_opentelemetry_is_received(home, compression):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode

    with listening(home, requests=3) as out:
        provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
        exporter = OTLPSpanExporter(out["url"], compression=Compression(compression), timeout=10)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("lib", "1.2")
        with tracer.start_as_current_span(
            "order", kind=SpanKind.SERVER, attributes={"n": 3, "of": ["a", "b"]}
        ) as root:
            with tracer.start_as_current_span("pay") as paid:
                paid.record_exception(ValueError("no money"))
                paid.set_status(Status(StatusCode.ERROR, "refused"))
            with tracer.start_as_current_span("ship"):
                pass
            context = root.get_span_context()
        provider.shutdown()
    assert out["done"].done.spans == 3
    records = traces.of(home.office, f"{context.trace_id:032x}")
    found = {s.name: s for s in keeping.read(home, records)}
    assert (found["order"].kind, found["order"].attributes) == ("server", {"n": 3, "of": ("a", "b")})
    assert found["pay"].parent == found["order"].id == f"{context.span_id:016x}"
    assert (found["pay"].status, found["pay"].message) == ("error", "refused")
    assert found["pay"].events[0].attributes["exception.message"] == "no money"
    scope = found["ship"].scope
    assert (scope.service, scope.name, scope.version) == ("shop", "lib", "1.2")
    assert call("log.verify", {}, home=home)["ok"]


def test_senders_at_once_are_answered_when_what_they_sent_is_kept(home):
    answered = []
    with listening(home, requests=24) as out:

        def send(number):
            status = post(out["url"], [span(number * 10 + n, trace=number + 1) for n in range(5)])
            answered.append((number, status))

        threads = [threading.Thread(target=send, args=(n,)) for n in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answered) == [(n, 200) for n in range(24)]
    assert out["done"].done.spans == 120 and out["done"].requests == 24
    assert (
        len(keeping.read(home, [r for n in range(24) for r in traces.of(home.office, f"{n + 1:032x}")]))
        == 120
    )
    assert call("log.verify", {}, home=home)["ok"]


def test_what_is_sent_again_is_kept_once(home):
    first = intake.enter(home, "ada", [span(1), span(2)], source="otlp", action="traces.receive")
    again = intake.enter(home, "ada", [span(1), span(2)], source="otlp", action="traces.receive")
    assert (first.spans, first.known, first.traces) == (2, 0, 1) and (again.spans, again.known) == (0, 2)
    assert len(traces.listing(home.office, 9)) == 1


def test_many_traces_at_once_are_vouched_for_by_several_events(home, monkeypatch):
    monkeypatch.setattr(intake, "_ROWS", 4)
    intake.enter(
        home, "ada", [span(n, trace=n + 1) for n in range(10)], source="otlp", action="traces.receive"
    )
    events = [
        e for e in call("log.tail", {"number": 50}, home=home)["events"] if e["action"] == "traces.receive"
    ]
    assert [e["detail"]["traces"] for e in events] == [4, 4, 2]
    assert call("log.verify", {}, home=home)["ok"]


def test_a_disk_that_is_full_is_told_to_the_sender_and_the_next_is_kept(home, monkeypatch):
    waiting = intake.Intake(home, "ada", 1 << 30)
    errors = []

    def send():
        try:
            waiting.keep(Taken([span(1)], 0, "", 10))
        except Broken as error:
            errors.append(str(error))

    def full(*args, **rest):
        raise Broken("no space is left there")

    for broken in (True, False):
        with monkeypatch.context() as patch:
            if broken:
                patch.setattr(intake, "enter", full)
            thread = threading.Thread(target=send)
            thread.start()
            end = time.monotonic() + 5
            while thread.is_alive() and time.monotonic() < end:
                waiting.write(0.05)
            thread.join()
    assert errors == ["no space is left there"] and waiting.done.spans == 1


def test_an_interrupt_while_spans_are_written_is_no_answer_that_they_are_kept(home, monkeypatch):
    """It was: whoever waited was woken without an error."""
    waiting, errors = intake.Intake(home, "ada", 1 << 30), []

    def send():
        try:
            waiting.keep(Taken([span(1)], 0, "", 10))
        except Broken as error:
            errors.append(str(error))

    def interrupted(*args, **rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(intake, "enter", interrupted)
    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            waiting.write(0.05)
    thread.join()
    assert len(errors) == 1 and "stopped" in errors[0]


def test_no_more_waits_or_is_kept_than_may(home, monkeypatch):
    waiting = intake.Intake(home, "ada", 0)
    waiting.done.bytes = 5
    with pytest.raises(Full):
        waiting.keep(Taken([span(1)], 0, "", 10))
    waiting = intake.Intake(home, "ada", 1 << 30)
    monkeypatch.setattr(intake, "_PATIENCE", 0.01)
    monkeypatch.setattr(intake, "_WAITING", 3)
    with pytest.raises(Busy, match="in time"):
        waiting.keep(Taken([span(n) for n in range(3)], 0, "", 10))
    with pytest.raises(Busy, match="too many spans"):
        waiting.keep(Taken([span(1)], 0, "", 10))
    waiting.write(0.05)  # they are kept all the same, once
    assert waiting.done.spans == 3


def test_it_is_closed_while_its_queue_is_full_and_keeps_what_waits(home, monkeypatch):
    """Who closes it is who empties it: it waited for itself."""
    monkeypatch.setattr(intake, "_PATIENCE", 0.0)
    monkeypatch.setattr(intake, "_REQUESTS", 3)
    waiting = intake.Intake(home, "ada", 1 << 30)
    for number in range(3):
        with pytest.raises(Busy, match="not kept in time"):
            waiting.keep(Taken([span(number)], 0, "", 1))
    closing = threading.Thread(target=waiting.close, daemon=True)
    closing.start()
    closing.join(5)
    assert not closing.is_alive()
    while waiting.write(0.05):
        continue
    assert (waiting.done.spans, waiting.requests) == (3, 3)
