"""Time traces: what recording costs a run, beside OpenTelemetry's SDK, and how fast spans are read and received.

    python benchmarks/tracing.py            ten rounds

OpenTelemetry's SDK comes from the development tools (`make .venv/.dev`). It records into memory, as ours does. Times are of
the processor; of a pair the runs take turns, and the median of their ratios is told. The run is a small
pipeline, about the least that `assay run` can be: what its trace costs is held against all that the command spends.
"""

from __future__ import annotations

import gc
import http.client
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assay.engines.tracing import Recorder
from assay.kernel.span import Scope, Span
from assay.methods.traces import otlp
from assay.methods.traces.path import timeline
from assay.office import traces
from assay.reports.timeline import svg
from assay.works.home import Home
from assay.works.traces import intake, keeping

SPANS = 2_000
_ACTOR = {"ASSAY_ACTOR": "ada"}


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def ours() -> None:
    recorder = Recorder(Scope())
    for number in range(SPANS // 10):
        with recorder.span("step", assay__step=f"s{number}"):
            for _ in range(9):
                with recorder.span("open table", assay__asset="t", assay__rows=number):
                    pass
    recorder.spans()


def theirs() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    tracer = provider.get_tracer("t")
    for number in range(SPANS // 10):
        with tracer.start_as_current_span("step", attributes={"assay.step": f"s{number}"}):
            for _ in range(9):
                with tracer.start_as_current_span(
                    "open table", attributes={"assay.asset": "t", "assay.rows": number}
                ):
                    pass


def run(folder: Path) -> tuple[float, Home, str]:
    """Carry out a small pipeline and return what it spent, its home and its id."""
    rows = "".join(f"{20 + i % 50},{'yes' if i % 4 else 'no'}\n" for i in range(200))
    (folder / "people.csv").write_text("age,paid\n" + rows)
    (folder / "assay.yaml").write_text(
        "name: small\ndata:\n  people: {source: people.csv}\nsteps:\n"
        "  profile: {check: data.profile, of: people, gate: none}\n  split: {treat: data.split, of: people, test: 0.25}\n"
    )
    Home.create(folder, _ACTOR).close()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()", "run", "--force"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    home = Home.open(folder / ".assay", _ACTOR)
    return spent, home, traces.listing(home.office, 1)[0].run


def share(rounds: int) -> None:
    """Say which share of a run its trace is: recorded, drawn, kept, and entered."""
    with tempfile.TemporaryDirectory() as name:
        spent, home, id = run(Path(name))
        spans = keeping.read(home, traces.of_run(home.office, id))
        per = statistics.median(timed(ours) / SPANS for _ in range(rounds))
        drawn = statistics.median(timed(lambda: svg(timeline(spans))) for _ in range(rounds))

        def enter(keep: bool) -> None:
            records = keeping.kept(home, spans, id, "ada") if keep else []
            with home.office.transaction() as tx:
                for record in records:
                    traces.put(tx, record)
                tx.record("bench", "x", actor="ada")

        kept = statistics.median(
            timed(lambda: enter(True)) - timed(lambda: enter(False)) for _ in range(3 * rounds)
        )
        whole = per * len(spans) + drawn + max(kept, 0)
        print(
            f"a run of {len(spans)} spans spends {spent:.2f} s; its trace {whole * 1000:.1f} ms of them ({whole / spent:.2%})"
        )
        home.close()


def reading(rounds: int) -> None:
    """Say how fast spans are read, and taken in over HTTP until they are kept."""
    scope = Scope({"service.name": "shop"}, "lib", "1")
    given = [
        Span(f"{n // 5 + 1:032x}", f"{n + 1:016x}", "GET /orders", 10**18 + n, 10**18 + n + 1000, kind="server",
             attributes={"http.request.method": "GET", "http.response.status_code": 200, "url.path": "/orders"}, scope=scope)
        for n in range(SPANS)
    ]  # fmt: skip
    for name, write, read in (
        ("JSON", otlp.write_json, otlp.read_json),
        ("protobuf", otlp.write_protobuf, otlp.read_protobuf),
    ):
        body = write(given)
        took = statistics.median(timed(lambda: read(body)) for _ in range(rounds))  # noqa: B023
        print(f"read from {name}: {SPANS / took:,.0f} spans a second ({len(body) / took / 1e6:.1f} MB/s)")
    with tempfile.TemporaryDirectory() as name:
        home = Home.create(Path(name), _ACTOR)
        body, up, where = otlp.write_protobuf(given), threading.Event(), []

        def ready(url: str) -> None:
            where.append(int(url.split(":")[2].split("/")[0]))
            up.set()

        arguments = {"ready": ready, "requests": rounds, "seconds": 120}
        thread = threading.Thread(target=intake.receive, args=(home, "ada", "127.0.0.1", 0), kwargs=arguments)
        thread.start()
        up.wait()
        began = time.process_time()
        for number in range(rounds):
            connection = http.client.HTTPConnection("127.0.0.1", where[0])
            fresh = body.replace(b"GET /orders", b"GET %07d" % number)
            connection.request("POST", "/v1/traces", fresh, {"Content-Type": "application/x-protobuf"})
            assert connection.getresponse().status == 200
            connection.close()
        thread.join()
        took = time.process_time() - began
        home.close()
        print(
            f"received and kept: {SPANS * rounds / took:,.0f} spans a second of the processor, {SPANS // 5} traces a request"
        )


def main(rounds: int = 10) -> None:
    """Print the figures."""
    ratios, mine = [], []
    ours()
    try:
        theirs()
    except ImportError:
        sys.exit("OpenTelemetry's SDK is not here: make .venv/.dev")
    for _ in range(rounds):
        one, other = timed(ours), timed(theirs)
        ratios.append(other / one)
        mine.append(one / SPANS * 1e6)
    print(
        f"a span: {statistics.median(mine):.1f} µs; OpenTelemetry's SDK takes {statistics.median(ratios):.1f} times as long"
    )
    share(rounds)
    reading(rounds)


if __name__ == "__main__":
    from peers import told

    told(__doc__)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
